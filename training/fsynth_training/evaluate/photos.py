"""Photographs of people whom the weights never saw: what every measurement starts from."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from fsynth import encoder
from fsynth.encoder import encode_both_sides
from fsynth.errors import ArgumentError
from fsynth.faces import LANDMARKS_65


@dataclass(frozen=True, eq=False)
class EvaluationPhotos:
    """N photographs in which a face was found.

    Attributes:
        aligned: (N, 224, 224, 3) uint8 sRGB, aligned faces.
        mesh: (N, 468, 3) float32, the FaceMesh points in pixels of ``aligned``.
        features: by the encoder's name, (N, W) float32, what that encoder sees in both sides of the face.
        identity: (N,) str. expression: (N,) str, "neutral", "smiling" or "" where it is not known.
        name: (N,) str, of the file, for messages and captions.
    """

    aligned: np.ndarray
    mesh: np.ndarray
    features: dict[str, np.ndarray]
    identity: np.ndarray
    expression: np.ndarray
    name: np.ndarray

    def __len__(self) -> int:
        return len(self.identity)

    @property
    def landmarks(self) -> np.ndarray:
        """(N, 65, 2) float32 (x, y) in pixels of ``aligned``."""
        return self.mesh[:, LANDMARKS_65, :2]

    def select(self, rows: np.ndarray) -> EvaluationPhotos:
        """The photographs that ``rows`` (indices or a mask) picks."""
        columns = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "features"}
        picked = {name: column[rows] for name, column in columns.items()}
        return EvaluationPhotos(features={name: f[rows] for name, f in self.features.items()}, **picked)

    def features_for(self, encoder: str) -> np.ndarray:
        """(N, W) float32: the features of ``encoder``.

        Raises:
            ArgumentError: they were not computed.
        """
        if encoder not in self.features:
            raise ArgumentError(
                f"The photographs were read without the features of the encoder {encoder!r}: read them again."
            )
        return self.features[encoder]

    def seen_again(self, images: np.ndarray, mesh: np.ndarray | None = None) -> EvaluationPhotos:
        """The same people in other ``images`` (N, 224, 224, 3), with other ``mesh`` if given, encoded anew."""
        meshes = self.mesh if mesh is None else mesh
        features = {}
        for name in self.features:
            network = encoder.load(name)
            chips = [network.crop(image, points) for image, points in zip(images, meshes, strict=True)]
            features[name] = encode_both_sides(network, np.stack(chips))
        return replace(self, aligned=images, mesh=meshes, features=features)

    def digest(self) -> str:
        """sha256 of the pixels and of whose they are: what measurements of these photographs are kept under."""
        state = hashlib.sha256(b"features of both sides")
        for column in (self.aligned, self.mesh, self.identity.astype(str), self.expression.astype(str)):
            state.update(np.ascontiguousarray(column).tobytes())
        return state.hexdigest()


def from_prepared(path: Path) -> EvaluationPhotos:
    """The photographs of a file that ``fsynth_training.dataset.prepare.cached`` wrote (FaceRes features)."""
    with np.load(path) as data:
        london = data["source"] == "london"
        return EvaluationPhotos(
            aligned=data["aligned"],
            mesh=data["mesh"],
            features={"faceres": data["features"][:, :2].mean(axis=1)},
            identity=data["identity"],
            expression=np.where(london, np.where(data["smiling"], "smiling", "neutral"), ""),
            name=data["path"],
        )


def joined(first: EvaluationPhotos, second: EvaluationPhotos) -> EvaluationPhotos:
    """The photographs of both, with the features that both have."""
    columns = {f.name: (getattr(first, f.name), getattr(second, f.name)) for f in fields(first) if f.name != "features"}
    features = {name: np.concatenate([rows, second.features[name]]) for name, rows in first.features.items()}
    return EvaluationPhotos(features=features, **{name: np.concatenate(pair) for name, pair in columns.items()})

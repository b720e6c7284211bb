"""Photographs to arrays: aligned faces, landmarks, person masks and identity features of whole sets, cached on disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

from fsynth import encoder
from fsynth.errors import FsynthError, NoFaceError
from fsynth.faces import AlignedFace, align, find_faces, read_photo
from fsynth_training.dataset.augment_photo import augment
from fsynth_training.dataset.open_sets import Photograph


@dataclass(frozen=True, eq=False)
class PreparedSet:
    """Arrays of N photographs in which a face was found.

    Attributes:
        aligned: (N, 224, 224, 3) uint8 sRGB, aligned faces.
        landmarks: (N, 65, 2) float32 (x, y) pixels of the aligned face.
        mesh: (N, 468, 3) float32, the whole mesh in aligned pixels.
        features: (N, 2, 1024) float32, FaceRes features of the photo and of its mirror image.
        augmented: (N, A, 1024) float32, features of A augmented views (colour, blur, noise, occlusion, low resolution).
        source, identity: (N,) str. smiling: (N,) bool. path: (N,) str.
    """

    aligned: np.ndarray
    landmarks: np.ndarray
    mesh: np.ndarray
    features: np.ndarray
    augmented: np.ndarray
    source: np.ndarray
    identity: np.ndarray
    smiling: np.ndarray
    path: np.ndarray


def prepare(photographs: Iterable[Photograph], *, augmentations: int, seed: int = 0) -> PreparedSet:
    """Find the largest face of each photograph, align it and encode it; photos without a face are named and skipped.

    Raises:
        NoFaceError: there is a face in none of them.
    """
    faceres = encoder.load("faceres")
    rows: list[tuple[np.ndarray, ...]] = []
    kept: list[Photograph] = []
    for number, photograph in enumerate(photographs):
        try:
            photo = read_photo(photograph.path)
            faces = find_faces(photo)
        except FsynthError as error:
            print(f"skipped {photograph.path.name}: {error}")
            continue
        if not faces:
            print(f"skipped {photograph.path.name}: no face found")
            continue
        aligned = align(photo, faces[0])
        rng = np.random.default_rng((seed, number))
        chip = faceres.crop(photo, faces[0].mesh)
        chips = [chip, chip[:, ::-1], *(augment(chip, rng) for _ in range(augmentations))]
        features = faceres.encode(np.stack(chips))
        rows.append((aligned.image, aligned.landmarks, _mesh_in_crop(aligned), features[:2], features[2:]))
        kept.append(photograph)
    if not rows:
        raise NoFaceError("There is a face in none of the photographs, or there are none: give others.")
    aligned_images, landmarks, meshes, plain, degraded = (np.stack(column) for column in zip(*rows, strict=True))
    return PreparedSet(
        aligned=aligned_images,
        landmarks=landmarks.astype(np.float32),
        mesh=meshes.astype(np.float32),
        features=plain,
        augmented=degraded,
        source=np.array([p.source for p in kept]),
        identity=np.array([p.identity for p in kept]),
        smiling=np.array([p.smiling for p in kept]),
        path=np.array([f"{p.source}/{p.path.name}" for p in kept]),
    )


def _mesh_in_crop(aligned: AlignedFace) -> np.ndarray:
    depth = aligned.face.mesh[:, 2:] * np.sqrt(np.linalg.det(aligned.transform[:, :2]))
    return np.concatenate([aligned.to_crop(aligned.face.mesh[:, :2]), depth], axis=1)


def cached(path: Path, photographs: Iterable[Photograph], *, augmentations: int) -> PreparedSet:
    """``prepare``, or what an earlier call wrote to ``path`` (.npz)."""
    if not path.exists():
        prepared = prepare(photographs, augmentations=augmentations)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.partial")
        with partial.open("wb") as file:
            np.savez(file, **vars(prepared))
        partial.replace(path)
    with np.load(path) as data:
        return PreparedSet(**{name: data[name] for name in PreparedSet.__dataclass_fields__})


def person_masks(aligned: np.ndarray, selfie_model: Path) -> np.ndarray:
    """How much of each pixel is person, by MediaPipe's selfie segmentation.

    Args:
        aligned: (N, 224, 224, 3) uint8.
        selfie_model: the ONNX file that ``python -m fsynth_training.convert`` makes of it.

    Returns:
        (N, 224, 224) float32, 0..1.
    """
    session = onnxruntime.InferenceSession(selfie_model, providers=["CPUExecutionProvider"])
    masks = []
    for image in aligned:
        view = np.asarray(Image.fromarray(image).resize((256, 256), Image.Resampling.BILINEAR), np.float32)
        (mask,) = session.run(None, {"image": view[None] / 255})
        resized = Image.fromarray(mask[0, :, :, 0]).resize((224, 224), Image.Resampling.BILINEAR)
        masks.append(np.clip(np.asarray(resized), 0, 1))
    return np.stack(masks)

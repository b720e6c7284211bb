"""The recognisers that say how alike two faces are, and when two photographs show the same person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth import encoder
from fsynth.encoder import Encoder
from fsynth.errors import ArgumentError

FACERES_SAME_PERSON = 0.987
"""Distance of FaceRes' unit vectors at which of the LFW test photos (1,800 pairs of one person, 449,000 of two) as many
pairs of one person are further apart as pairs of two are nearer: 2.6 %."""


@dataclass(frozen=True)
class Judge:
    """An encoder whose embeddings are compared by Euclidean distance.

    Attributes:
        encoder: the network.
        unit: whether embeddings are brought to length 1, as a network trained with a softmax wants it.
        same_person_distance: below this two embeddings count as one person's.
        threshold_source: where that number comes from.
    """

    encoder: Encoder
    unit: bool
    same_person_distance: float
    threshold_source: str

    @property
    def name(self) -> str:
        """The encoder's name."""
        return self.encoder.name

    def embed(self, images: np.ndarray, meshes: np.ndarray) -> np.ndarray:
        """Embeddings (N, W) of the faces in ``images`` (N, H, W, 3) uint8 with ``meshes`` (N, 468, 3)."""
        pairs = zip(images, meshes, strict=True)
        vectors = self.encoder.encode(np.stack([self.encoder.crop(image, mesh) for image, mesh in pairs]))
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True) if self.unit else vectors


def load(name: str) -> Judge:
    """The judge ``name``: "dlib" or "faceres".

    Raises:
        ArgumentError: there is no judge of this name.
    """
    if name == "dlib":
        network = encoder.DlibResNet()
        return Judge(network, False, network.same_person_distance, "published with the network")
    if name == "faceres":
        return Judge(encoder.load("faceres"), True, FACERES_SAME_PERSON, "equal error rate on the LFW test photos")
    raise ArgumentError(f"There is no judge {name!r}: give dlib or faceres.")

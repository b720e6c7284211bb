"""Draws docs/pictures/morphs.jpg: ``python docs/pictures/morphs.py DATASET``, a dataset of ``fsynth train prepare``.

The people in it do not exist: their features are mixtures of several people's, and their faces are what the default
weights make of those. They are then morphed as a dataset of photographs is.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

import fsynth
from fsynth_training.augment.config import AugmentConfig
from fsynth_training.augment.morphs import composite_texture, morphed_face, to_bytes
from fsynth_training.augment.source import prepare
from fsynth_training.dataset.store import Dataset

HERE = Path(__file__).parent
PEOPLE, MIXED, ROWS = 60, 3, 4
GAP = 6


def synthetic_people(dataset: Dataset, rng: np.random.Generator) -> Dataset:
    """``PEOPLE`` synthesised people in the place of the dataset's."""
    rows = rng.integers(len(dataset.target_features), size=(PEOPLE, MIXED))
    mean = dataset.target_features.mean(axis=0)
    mixture = np.einsum("nm,nmw->nw", rng.dirichlet(np.ones(MIXED), PEOPLE), dataset.target_features[rows] - mean)
    decoded = fsynth.load().decode((mean + 1.2 * mixture).astype(np.float32))
    people = np.arange(PEOPLE, dtype=np.int32)
    features = np.zeros((PEOPLE, 1, dataset.feature_width), np.float32)
    return replace(
        dataset,
        textures=to_bytes(decoded.textures),
        mattes=np.full(decoded.textures.shape[:3], 255, np.uint8),
        landmarks=decoded.landmarks.astype(np.float32),
        target_identity=people,
        target_features=features[:, 0],
        features=features,
        photo_identity=people,
        photo_target=people,
        view_mirrored=np.zeros((PEOPLE, 1), bool),
        validation=np.zeros(PEOPLE, bool),
        photos=(),
    )


def main() -> None:
    """One row a morph: A, B, their blend, the blend pasted onto A (Eq. 3), and that warped to the morph's landmarks."""
    people = synthetic_people(Dataset.open(sys.argv[1], verify=False), np.random.default_rng(5))
    with tempfile.TemporaryDirectory() as folder:
        source = prepare(people, AugmentConfig(neighbours=20, features=False), Path(folder))
        rows = []
        for index in range(ROWS):
            face = morphed_face(source, index)
            morph, textures = face.morph, people.textures / np.float32(255)
            a, b = textures[morph.face], textures[morph.neighbour]
            blend = a + np.float32(morph.texture_weight) * (b - a)
            pasted = composite_texture(source, morph)
            rows.append([to_bytes(picture) for picture in (a, b, blend, pasted)] + [face.image])
    padded = np.pad(np.array(rows), ((0, 0), (0, 0), (0, GAP), (0, GAP), (0, 0)), constant_values=255)
    sheet = padded.transpose(0, 2, 1, 3, 4).reshape(ROWS * padded.shape[2], -1, 3)[:-GAP, :-GAP]
    Image.fromarray(np.ascontiguousarray(sheet)).save(HERE / "morphs.jpg", quality=92)


if __name__ == "__main__":
    main()

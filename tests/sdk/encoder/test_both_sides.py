"""Features of a face and its mirror image."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fsynth import encoder
from fsynth.encoder import encode_both_sides
from fsynth.faces import find_faces, read_photo


def test_they_are_the_mean_of_both_and_the_same_for_both(astronaut: Path) -> None:
    faceres = encoder.load("faceres")
    photo = read_photo(astronaut)
    chip = faceres.crop(photo, find_faces(photo)[0].mesh)
    chips = np.stack([chip, chip[:, ::-1], chip // 2])

    found = encode_both_sides(faceres, chips)

    each = faceres.encode(np.stack([chip, chip[:, ::-1]]))
    np.testing.assert_allclose(found[0], each.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
    assert np.abs(found[0] - each[0]).max() > 0.01
    assert found.shape == (3, faceres.feature_width)
    assert found.dtype == np.float32


def test_the_normalizer_shows_them_to_the_decoder(astronaut: Path) -> None:
    import fsynth

    normalizer = fsynth.load()
    face = normalizer(astronaut)

    assert normalizer.engine.encoder is not None
    photo = read_photo(astronaut)
    chip = normalizer.engine.encoder.crop(photo, find_faces(photo)[0].mesh)
    np.testing.assert_allclose(face.features, encode_both_sides(normalizer.engine, chip[None])[0], atol=1e-4)

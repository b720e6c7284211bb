"""Features as the normalizer shows them, in place of a photo's two sides."""

from __future__ import annotations

import numpy as np
from tests.training.fit.studio import studio

from fsynth_training.dataset.geometry import Geometry
from fsynth_training.fit.both_sides import both_sides
from fsynth_training.fit.face_space import labelled_views
from fsynth_training.fit.feature_pool import feature_pool
from fsynth_training.fit.nuisances import nuisances_of


def test_a_photo_and_its_mirror_image_give_way_to_their_mean(rng: np.random.Generator) -> None:
    features = rng.random((4, 3, 5)).astype(np.float32)
    before = features.copy()

    found = both_sides(features)

    mean = (before[:, 0] + before[:, 1]) / 2
    np.testing.assert_allclose(found, np.stack([mean, mean, before[:, 2]], axis=1), atol=1e-7)
    np.testing.assert_array_equal(features, before)


def test_all_that_is_fitted_sees_them(geometry: Geometry) -> None:
    dataset = studio(geometry)
    dataset.features[:, 1] *= 1.5  # in this set both sides are alike
    mean = dataset.features[:, :2].mean(axis=1)

    np.testing.assert_allclose(feature_pool(dataset, np.zeros((14, 1))).inputs.reshape(9, 3, -1)[:, 0], mean)
    np.testing.assert_allclose(labelled_views(dataset).features.reshape(7, 3, -1)[:, 1], mean[:7])
    np.testing.assert_allclose(nuisances_of(dataset).features[0], mean[0])

from __future__ import annotations

import numpy as np

from fsynth.encoder.chips import BATCH_SIZE, encode_in_batches


def test_batches_are_bounded_and_keep_their_order() -> None:
    sizes = []

    def encode(chips: np.ndarray) -> np.ndarray:
        sizes.append(len(chips))
        return chips[:, 0, 0, :2].astype(np.float32)

    chips = np.zeros((2 * BATCH_SIZE + 1, 4, 4, 3), np.uint8)
    chips[:, 0, 0, 0] = np.arange(len(chips))
    features = encode_in_batches(chips, 4, 2, encode)
    assert sizes == [BATCH_SIZE, BATCH_SIZE, 1]
    np.testing.assert_array_equal(features[:, 0], np.arange(len(chips)))

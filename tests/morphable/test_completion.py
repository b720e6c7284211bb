from __future__ import annotations

import numpy as np

from fsynth_morphable.completion import complete, edges_of


def strip(length: int) -> np.ndarray:
    """Triangles of two rows of vertices: 0, 1, ... above length, length + 1, ..."""
    near, far = np.arange(length - 1), np.arange(length - 1) + length
    return np.concatenate([np.stack([near, near + 1, far], 1), np.stack([near + 1, far + 1, far], 1)])


def test_keeps_what_is_known_and_goes_on_smoothly() -> None:
    colours = np.full((40, 3), np.nan_to_num(np.nan))
    confidence = np.zeros(40)
    for row, value in ((0, 0.2), (20, 0.2), (19, 0.8), (39, 0.8)):
        colours[row], confidence[row] = value, 1e4
    completed = complete(colours, confidence, edges_of(strip(20)), steps=300)
    np.testing.assert_allclose(completed[[0, 20]], 0.2, atol=1e-3)
    np.testing.assert_allclose(completed[[19, 39]], 0.8, atol=1e-3)
    assert (np.diff(completed[:20, 0]) > 0).all()
    np.testing.assert_allclose(completed[:20], completed[20:], atol=0.02)


def test_solves_the_system_it_states() -> None:
    rng = np.random.default_rng(0)
    triangles = strip(12)
    colours, confidence = rng.random((24, 3)), rng.random(24) * (rng.random(24) > 0.5)
    laplacian = np.zeros((24, 24))
    for a, b in {tuple(sorted(pair)) for t in triangles for pair in (t[[0, 1]], t[[1, 2]], t[[2, 0]])}:
        laplacian[[a, b, a, b], [a, b, b, a]] += [1, 1, -1, -1]
    mean = np.average(colours, axis=0, weights=confidence)
    system = laplacian + np.diag(confidence + 0.01)
    expected = np.linalg.solve(system, confidence[:, None] * colours + 0.01 * mean)
    np.testing.assert_allclose(complete(colours, confidence, edges_of(triangles), steps=200), expected, atol=1e-5)


def test_vertices_apart_from_all_that_is_known_get_the_mean() -> None:
    triangles = np.array([[0, 1, 2], [3, 4, 5]])
    colours = np.array([[0.2, 0.4, 0.6]] * 3 + [[0, 0, 0]] * 3)
    completed = complete(colours, np.array([1, 1, 1, 0, 0, 0.0]), edges_of(triangles))
    np.testing.assert_allclose(completed, np.broadcast_to([0.2, 0.4, 0.6], (6, 3)), atol=1e-5)

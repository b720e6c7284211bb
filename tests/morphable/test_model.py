from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from fsynth_morphable.errors import ArgumentError
from fsynth_morphable.model import LandmarkPoints, MorphableModel, triangulate
from fsynth_morphable.subdivision import Subdivision

SQUARE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [2, 0, 0]], np.float32)
POLYGONS = np.array([[0, 1, 2, 3], [1, 4, 2, -1]], np.int32)


@pytest.fixture
def model() -> MorphableModel:
    rng = np.random.default_rng(0)
    return MorphableModel(
        name="square",
        licence="CC0",
        source="here",
        mean=SQUARE,
        identity=rng.normal(size=(3, 5, 3)).astype(np.float32),
        expression=rng.normal(size=(2, 5, 3)).astype(np.float32),
        expression_names=("up", "down"),
        polygons=POLYGONS,
        part_names=("skin", "teeth"),
        polygon_part=np.array([0, 1]),
        colour_mean=np.full((5, 3), 0.5, np.float32),
        colour_basis=rng.normal(size=(2, 5, 3)).astype(np.float32),
        landmarks=LandmarkPoints(np.array([[0, 1, 2], [4, 4, 4]]), np.array([[0.5, 0.25, 0.25], [1, 0, 0]])),
    )


def test_vertices_are_the_mean_plus_modes(model: MorphableModel) -> None:
    np.testing.assert_array_equal(model.vertices(), SQUARE)
    expected = SQUARE + 2 * model.identity[0] - model.identity[2] + 0.5 * model.expression[1]
    found = model.vertices(np.array([2.0, 0, -1]), np.array([0, 0.5]))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert found.dtype == np.float32


def test_coefficients_left_out_are_zero(model: MorphableModel) -> None:
    np.testing.assert_array_equal(model.vertices(np.array([1.5])), model.vertices(np.array([1.5, 0, 0])))
    with pytest.raises(ArgumentError, match="`identity` must be at most 3 numbers"):
        model.vertices(np.zeros(4))
    with pytest.raises(ArgumentError, match="`expression` must be at most 2 numbers"):
        model.vertices(expression=np.zeros((2, 1)))


def test_colours_stay_colours(model: MorphableModel) -> None:
    colours = model.colours(np.array([3.0, -2]))
    assert colours.min() == 0
    assert colours.max() == 1
    with pytest.raises(ArgumentError, match="has no colours"):
        dataclasses.replace(model, colour_mean=None).colours()


def test_landmarks_follow_the_head(model: MorphableModel) -> None:
    identity = np.array([1.0, 2, 3])
    head = model.vertices(identity)
    np.testing.assert_allclose(model.landmark_positions(identity)[0], [0.5, 0.25, 0.25] @ head[:3], rtol=1e-5)
    np.testing.assert_allclose(model.landmark_positions(identity)[1], head[4], rtol=1e-6)
    with pytest.raises(ArgumentError, match="has no landmarks"):
        dataclasses.replace(model, landmarks=None).landmark_positions()


def test_subdivides_the_combined_head(model: MorphableModel) -> None:
    subdivision = Subdivision.catmull_clark(POLYGONS, 5, 1)
    fine = dataclasses.replace(
        model,
        subdivision=subdivision,
        polygons=subdivision.polygons,
        polygon_part=model.polygon_part[subdivision.parents],
    )
    head = fine.vertices(np.array([1.0]))
    assert len(head) == subdivision.polygons.max() + 1
    np.testing.assert_allclose(head, subdivision.apply(model.vertices(np.array([1.0]))), rtol=1e-6)


def test_parts(model: MorphableModel) -> None:
    np.testing.assert_array_equal(model.in_parts("teeth", "tongue"), [False, True])


def test_triangles_of_quads_and_triangles() -> None:
    triangles, polygon = triangulate(POLYGONS)
    np.testing.assert_array_equal(triangles, [[0, 1, 2], [0, 2, 3], [1, 4, 2]])
    np.testing.assert_array_equal(polygon, [0, 0, 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mean": np.zeros((0, 3))}, "`identity` must have the shape"),
        ({"identity": np.zeros((3, 4, 3))}, r"`identity` must have the shape \(any, 5, 3\), it has \(3, 4, 3\)"),
        ({"expression_names": ("up",)}, r"`expression` must have the shape \(1, 5, 3\)"),
        ({"mean": np.full((5, 3), np.nan)}, "`mean` must be finite"),
        ({"polygons": POLYGONS + 1}, "`polygons` must count from 0 to 4, it goes from 1 to 5"),
        ({"polygons": np.array([[-1, 1, 2, 3], [0, 1, 2, 3]])}, "`polygons` must count from 0 to 4"),
        ({"polygon_part": np.array([0, 2])}, "`polygon_part` must be rows of `part_names`"),
        ({"uvs": np.zeros((4, 2))}, "must be given together"),
        ({"uvs": np.zeros((4, 2)), "uv_polygons": POLYGONS}, "`uv_polygons` must count from 0 to 3"),
        ({"colour_mean": np.zeros((4, 3))}, "`colour_mean` must have the shape"),
        (
            {"landmarks": LandmarkPoints(np.array([[5]]), np.ones((1, 1)))},
            "`landmarks.vertices` must count from 0 to 4",
        ),
    ],
)
def test_arrays_that_do_not_fit(model: MorphableModel, change: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        dataclasses.replace(model, **change)


def test_weights_of_landmarks() -> None:
    with pytest.raises(ArgumentError, match="must add up to 1"):
        LandmarkPoints(np.array([[0, 1]]), np.array([[0.5, 0.6]]))
    with pytest.raises(ArgumentError, match="must have the same shape"):
        LandmarkPoints(np.array([[0, 1]]), np.array([[1.0]]))
    with pytest.raises(ArgumentError, match="must be integers"):
        LandmarkPoints(np.array([[0.0]]), np.array([[1.0]]))

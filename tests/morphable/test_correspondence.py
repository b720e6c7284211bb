from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from fsynth_morphable import correspondence, landmarks
from fsynth_morphable.camera import Camera
from fsynth_morphable.correspondence import is_symmetric, vote_landmarks
from fsynth_morphable.errors import ArgumentError, LandmarksError
from fsynth_morphable.formats import ict
from fsynth_morphable.model import MorphableModel
from fsynth_morphable.raycast import MeanHead

pytestmark = pytest.mark.requires_extra("models")


@pytest.fixture
def cameras(monkeypatch: pytest.MonkeyPatch) -> list[Camera]:
    """The cameras of all pictures, as they are taken."""
    taken: list[Camera] = []
    render = MeanHead.render

    def remember(self: MeanHead, camera: Camera, light: np.ndarray) -> object:
        taken.append(camera)
        return render(self, camera, light)

    monkeypatch.setattr(MeanHead, "render", remember)
    monkeypatch.setattr(correspondence, "IMAGE_SIZE", 64)
    return taken


@pytest.fixture
def truth(small_model: MorphableModel) -> np.ndarray:
    """65 points on the surface that face the camera, in mirrored pairs (65, 3)."""
    assert small_model.landmarks is not None
    points = small_model.landmarks.of(small_model.mean.astype(np.float64)) * [0.6, 0.6, 1]
    points[:27, 0] = -np.abs(points[:27, 0])
    points[27:54] = points[:27] * [-1, 1, 1]
    points[54:, 0] = 0
    found = MeanHead(small_model).from_front(points)
    return MeanHead(small_model).positions(found)


def test_the_order_is_that_of_the_faces() -> None:
    from fsynth.faces import landmarks as of_faces

    assert len(of_faces.LANDMARKS_65) == landmarks.COUNT
    np.testing.assert_array_equal(of_faces.MIRROR_65, landmarks.MIRROR)
    assert [of_faces.LANDMARKS_65[row] for row in landmarks.OUTER_EYES] == [33, 263]
    assert [list(of_faces.LANDMARKS_65[rows]) for rows in landmarks.EYES] == [[33, 133], [263, 362]]


@pytest.mark.parametrize("points", ["surface", "vertex"])
def test_finds_the_points_that_are_detected(
    small_model: MorphableModel, cameras: list[Camera], truth: np.ndarray, points: str
) -> None:
    rng = np.random.default_rng(0)

    def detect(image: np.ndarray) -> np.ndarray:
        return cameras[-1].project(truth)[0] + rng.normal(0, 0.2, (65, 2))

    voted = vote_landmarks(small_model, detect, views=10, points=points)  # type: ignore[arg-type]
    distance = np.linalg.norm(voted.of(small_model.mean.astype(np.float64)) - truth, axis=1)
    # Grid cells are 7 x 10 mm, so a vertex is up to 6 mm off; of the noise of 0.7 mm ten views leave 0.2 mm.
    assert np.median(distance) < (0.0006 if points == "surface" else 0.006)
    assert distance.max() < (0.002 if points == "surface" else 0.012)
    assert voted.vertices.shape[1] == (3 if points == "surface" else 1)


def test_outliers_do_not_count(small_model: MorphableModel, cameras: list[Camera], truth: np.ndarray) -> None:
    rng = np.random.default_rng(1)

    def detect(image: np.ndarray) -> np.ndarray:
        found = cameras[-1].project(truth)[0]
        wrong = rng.random(65) < 0.15
        return np.where(wrong[:, None], rng.uniform(10, 54, (65, 2)), found)

    voted = vote_landmarks(small_model, detect, views=20)
    distance = np.linalg.norm(voted.of(small_model.mean.astype(np.float64)) - truth, axis=1)
    assert np.median(distance) < 0.001


def test_a_symmetric_model_gets_symmetric_landmarks(
    small_model: MorphableModel, cameras: list[Camera], truth: np.ndarray
) -> None:
    assert is_symmetric(small_model.mean)
    assert not is_symmetric(small_model.mean + small_model.identity[0])
    rng = np.random.default_rng(2)
    voted = vote_landmarks(
        small_model, lambda image: cameras[-1].project(truth)[0] + rng.normal(0, 0.5, (65, 2)), views=4
    )
    found = voted.of(small_model.mean.astype(np.float64))
    np.testing.assert_allclose(found[landmarks.MIRROR] * [-1, 1, 1], found, atol=2e-4)


def test_the_same_seed_gives_the_same(small_model: MorphableModel, cameras: list[Camera], truth: np.ndarray) -> None:
    first, second = (
        vote_landmarks(small_model, lambda image: cameras[-1].project(truth)[0], seed=3, views=2) for _ in range(2)
    )
    np.testing.assert_array_equal(first.vertices, second.vertices)
    np.testing.assert_array_equal(first.weights, second.weights)


def test_points_are_of_the_control_mesh(small_model: MorphableModel, cameras: list[Camera], truth: np.ndarray) -> None:
    from fsynth_morphable.subdivision import Subdivision

    subdivision = Subdivision.catmull_clark(small_model.polygons, len(small_model.mean), 1)
    fine = dataclasses.replace(
        small_model,
        subdivision=subdivision,
        polygons=subdivision.polygons,
        polygon_part=small_model.polygon_part[subdivision.parents],
    )
    voted = vote_landmarks(fine, lambda image: cameras[-1].project(truth)[0], views=4)
    assert voted.vertices.max() < len(small_model.mean)
    distance = np.linalg.norm(dataclasses.replace(fine, landmarks=voted).landmark_positions() - truth, axis=1)
    assert np.median(distance) < 0.001


def test_views_without_a_face(small_model: MorphableModel, cameras: list[Camera], truth: np.ndarray) -> None:
    def rarely(image: np.ndarray) -> np.ndarray | None:
        return cameras[-1].project(truth)[0] if len(cameras) == 1 else None

    with pytest.raises(LandmarksError, match="A face was seen in only 0 of 4 views of the mean head of small"):
        vote_landmarks(small_model, rarely, views=4)


def test_detectors_of_other_landmarks(small_model: MorphableModel, cameras: list[Camera]) -> None:
    with pytest.raises(LandmarksError, match=r"`detect` must give \(65, 2\) finite numbers, it gave \(68, 2\)"):
        vote_landmarks(small_model, lambda image: np.zeros((68, 2)))


def test_bad_arguments(small_model: MorphableModel) -> None:
    with pytest.raises(ArgumentError, match="`views` must be 1 or more"):
        vote_landmarks(small_model, lambda image: None, views=0)


@pytest.mark.requires_shared
def test_the_real_detector_on_the_real_model(shared: Path) -> None:
    """Few views; benchmarks/correspondence.py has the figures."""
    import json

    from fsynth.faces import find_faces
    from fsynth.faces.landmarks import LANDMARKS_65

    folder = shared / "data" / "morphable" / "ict_facekit"
    model = ict.read(folder)

    def detect(image: np.ndarray) -> np.ndarray | None:
        faces = find_faces(image, smallest_share=1)
        return faces[0].mesh[LANDMARKS_65, :2] if faces else None

    voted = vote_landmarks(model, detect, views=2).of(model.mean.astype(np.float64))
    rows = json.loads((folder / "FaceXModel" / "vertex_indices.json").read_text())["idx_to_landmark_verts"]
    of_68 = model.mean[rows]
    same = {36: 33, 39: 133, 42: 362, 45: 263, 30: 4, 33: 2, 48: 61, 54: 291, 51: 0, 57: 17}
    rows_65 = [int(np.flatnonzero(LANDMARKS_65 == point)[0]) for point in same.values()]
    distance = np.linalg.norm(voted[rows_65] - of_68[list(same)], axis=1)
    assert np.median(distance) < 0.03 * np.linalg.norm(of_68[36] - of_68[45])

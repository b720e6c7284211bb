from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fsynth.errors import ArgumentError, PhotoError
from fsynth.faces import Face, apply_transform, eye_centres, find_faces
from fsynth.faces.resample import resample


def _turned(photo: np.ndarray, degrees: float) -> tuple[np.ndarray, np.ndarray]:
    """The photo turned about its middle on a canvas that holds all of it, and the transform."""
    height, width = photo.shape[:2]
    angle, side = np.deg2rad(degrees), int(np.hypot(height, width)) + 1
    linear = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    shift = np.full(2, (side - 1) / 2) - linear @ [(width - 1) / 2, (height - 1) / 2]
    transform = np.concatenate([linear, shift[:, None]], axis=1)
    return resample(photo, transform, side, side), transform


def test_face_of_the_portrait(portrait: np.ndarray, face: Face) -> None:
    assert len(find_faces(portrait)) == 1
    assert face.box.shape == (4,)
    assert face.mesh.shape == (468, 3)
    assert face.mesh.dtype == np.float32
    assert 0.8 < face.score <= 1
    # The middles between the eye corners, placed by hand on the picture enlarged twelve times.
    np.testing.assert_allclose(eye_centres(face.mesh), [[202.5, 101.5], [247.5, 104]], atol=1.5)
    np.testing.assert_array_equal(face.box[:2], face.mesh[:, :2].min(axis=0))
    np.testing.assert_array_equal(face.box[2:], face.mesh[:, :2].max(axis=0))


def test_path_image_and_array_agree(astronaut: Path, portrait: np.ndarray, face: Face) -> None:
    for photo in (astronaut, str(astronaut), Image.open(astronaut)):
        (found,) = find_faces(photo)
        np.testing.assert_array_equal(found.mesh, face.mesh)


@pytest.mark.parametrize("degrees", [-90, -45, -20, 20, 45, 90, 135, 160, 180, 200])
def test_turned_photos(portrait: np.ndarray, face: Face, degrees: float) -> None:
    photo, transform = _turned(portrait, degrees)
    (found,) = find_faces(photo)
    apart = np.linalg.norm(found.mesh[:, :2] - apply_transform(transform, face.mesh[:, :2]), axis=1)
    assert apart.mean() < 1.5  # px, of 44 between the eyes
    assert apart.max() < 5


@pytest.mark.parametrize("scale", [0.3, 0.6, 2.0, 6.0])
def test_scaled_photos(portrait: np.ndarray, face: Face, scale: float) -> None:
    size = round(512 * scale)
    photo = np.asarray(Image.fromarray(portrait).resize((size, size), Image.Resampling.LANCZOS))
    (found,) = find_faces(photo)
    expected = (eye_centres(face.mesh) + 0.5) * size / 512 - 0.5
    assert np.abs(eye_centres(found.mesh) - expected).max() < 0.06 * 44 * scale


@pytest.fixture(scope="module")
def head(portrait: np.ndarray) -> np.ndarray:
    """(210, 190, 3): the head alone."""
    return portrait[10:220, 130:320]


def _group(head: np.ndarray, size: tuple[int, int], sizes: list[int], rng: np.random.Generator) -> tuple:
    """A canvas with heads of the given interocular distances (px) at random places, and their boxes' middles."""
    canvas = np.asarray(Image.fromarray(rng.integers(60, 190, (9, 13, 3)).astype(np.uint8)).resize(size)).copy()
    columns = 6
    cell = np.array([size[0] // columns, size[1] // -(-len(sizes) // columns)])
    middles = []
    for index, interocular in enumerate(sizes):
        scale = interocular / 43.7
        small = Image.fromarray(head).resize((round(190 * scale), round(210 * scale)), Image.Resampling.LANCZOS)
        free = cell - small.size
        corner = cell * [index % columns, index // columns] + rng.integers(0, free)
        canvas[corner[1] : corner[1] + small.height, corner[0] : corner[0] + small.width] = small
        middles.append(corner + np.array([95, 92.75]) * scale)  # midpoint of the eyes
    return canvas, np.array(middles)


def test_small_faces_of_a_large_group(head: np.ndarray) -> None:
    sizes = [16, 18, 20, 24, 24, 24, 28, 32, 36, 40, 50, 60] * 2
    photo, middles = _group(head, (4500, 3000), sizes, np.random.default_rng(3))
    faces = find_faces(photo)
    found = np.array([eye_centres(face.mesh).mean(axis=0) for face in faces])
    distances = np.linalg.norm(found[:, None] - middles[None], axis=2)
    assert len(faces) == len(sizes)  # none missed, none twice, none invented
    assert (distances.min(axis=0) < 0.15 * np.array(sizes)).all()
    areas = [np.prod(face.box[2:] - face.box[:2]) for face in faces]
    assert areas == sorted(areas, reverse=True)


def test_a_large_and_a_smaller_face(head: np.ndarray) -> None:
    photo, _ = _group(head, (3000, 2000), [90, 30, 45], np.random.default_rng(5))
    assert len(find_faces(photo)) == 3


def _pictures_without_a_face() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    clouds = [
        np.asarray(Image.fromarray(rng.integers(0, 256, (n, n, 3)).astype(np.uint8)).resize((900, 700)))
        for n in (5, 12, 30, 80)
    ]
    y, x = np.mgrid[0:600, 0:800]
    stripes = np.repeat(((np.sin(x / 9) + np.cos(y / 7)) * 60 + 127)[..., None], 3, axis=2).astype(np.uint8)
    return {
        "black": np.zeros((300, 400, 3), np.uint8),
        "white": np.full((1, 1, 3), 255, np.uint8),
        "line": np.full((3, 4000, 3), 90, np.uint8),
        "noise": rng.integers(0, 256, (500, 700, 3)).astype(np.uint8),
        "stripes": stripes,
        **{f"clouds {index}": cloud for index, cloud in enumerate(clouds)},
    }


@pytest.mark.parametrize("name", _pictures_without_a_face())
def test_no_face(name: str) -> None:
    assert find_faces(_pictures_without_a_face()[name]) == []


@pytest.mark.parametrize("name", ["brick", "chelsea", "coffee", "coins", "grass", "gravel", "moon", "rocket", "text"])
def test_no_face_in_real_pictures(name: str) -> None:
    data = pytest.importorskip("skimage.data", reason="needs scikit-image (extra dev) for its test photographs")
    photo = getattr(data, name)()
    assert find_faces(np.asarray(Image.fromarray(photo).convert("RGB"))) == []


def test_a_face_cut_off_by_the_edge(portrait: np.ndarray, face: Face) -> None:
    """Down to half a face: found where it is, or not at all; nothing crashes."""
    whole = eye_centres(face.mesh)
    for left, top in ((180, 0), (200, 0), (224, 0), (250, 0), (0, 85), (0, 108), (0, 150)):
        for found in find_faces(portrait[top:, left:]):
            assert np.abs(eye_centres(found.mesh) + np.array([left, top]) - whole).max() < 15
    assert len(find_faces(portrait[85:, :])) == 1  # cut at the forehead


def test_a_face_that_fills_the_photo(portrait: np.ndarray, face: Face) -> None:
    left, top, right, bottom = face.box.round().astype(int)
    (found,) = find_faces(portrait[top:bottom, left:right])
    assert np.abs(eye_centres(found.mesh) + np.array([left, top]) - eye_centres(face.mesh)).max() < 4


def test_a_drawing_may_be_found_or_not() -> None:
    y, x = np.mgrid[0:400, 0:400]
    drawing = np.full((400, 400, 3), 255, np.uint8)
    for middle, radius, colour in (((200, 200), 150, 230), ((150, 160), 18, 20), ((250, 160), 18, 20)):
        drawing[np.hypot(x - middle[0], y - middle[1]) < radius] = colour
    drawing[(abs(y - 270) < 6) & (abs(x - 200) < 60)] = 60
    for found in find_faces(drawing):
        assert np.isfinite(found.mesh).all()


def test_photo_is_not_modified(portrait: np.ndarray) -> None:
    photo = portrait.copy()
    photo.setflags(write=False)
    find_faces(photo)
    assert np.array_equal(photo, portrait)


def test_errors_are_those_of_reading(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="does not exist"):
        find_faces(tmp_path / "nobody.jpg")
    with pytest.raises(ArgumentError, match="`photo` must be uint8"):
        find_faces(np.zeros((10, 10, 3)))


@pytest.mark.requires_shared
def test_corners_of_eyes_and_mouth_against_hand_placed_points(shared: Path) -> None:
    """FaceMesh on studio portraits of the London set: 2.8 % of the interocular distance over 102 people."""
    folder = shared / "data" / "faces" / "london"
    placed = np.load(folder / "landmarks189_webmorph.npz")
    mesh_points, hand_points = [33, 133, 362, 263, 61, 291], [18, 22, 23, 27, 87, 93]
    errors = []
    for name in sorted(placed.files)[:10]:
        (found,) = find_faces(folder / name.replace("__", "/"))
        apart = np.linalg.norm(found.mesh[mesh_points, :2] - placed[name][hand_points], axis=1)
        errors.append(apart.mean() / np.linalg.norm(np.diff(eye_centres(found.mesh), axis=0)))
    assert np.mean(errors) < 0.035
    assert np.max(errors) < 0.07


@pytest.mark.requires_shared
def test_people_in_the_wild(shared: Path) -> None:
    """Of 600 LFW photos drawn at random all had their face found; here are ten."""
    names = sorted((shared / "data" / "faces" / "lfw" / "images").glob("*/*.jpg"))[:: 6881 // 10][:10]
    for name in names:
        largest = find_faces(name)[0]
        assert np.abs((largest.box[:2] + largest.box[2:]) / 2 - 125).max() < 40  # deep-funneled: in the middle


@pytest.mark.parametrize("left", [True, False])
def test_largest_face_is_the_same_without_a_search_for_small_ones(portrait: np.ndarray, left: bool) -> None:
    photo = np.full((1200, 1800, 3), 90, np.uint8)
    small, large = (1400, 100) if left else (50, 600)
    photo[300 : 300 + 1024, large : large + 1024] = portrait.repeat(2, 0).repeat(2, 1)[:900]
    photo[100 : 100 + 128, small : small + 128] = portrait[::4, ::4]

    alone, every = find_faces(photo, smallest_share=1.0), find_faces(photo)

    np.testing.assert_array_equal(alone[0].mesh, every[0].mesh)
    assert len(every) == 2


@pytest.mark.parametrize("share", [-0.1, 1.5, np.nan])
def test_share_out_of_range_is_refused(portrait: np.ndarray, share: float) -> None:
    with pytest.raises(ArgumentError, match=r"`smallest_share` must be in 0\.\.1"):
        find_faces(portrait, smallest_share=share)

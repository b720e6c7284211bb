"""Clean targets: each step on images whose result is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("scipy", reason='needs pip install "fsynth[train]"')
pytest.importorskip("skimage", reason="needs scikit-image (extra dev) as the oracle")

from PIL import Image, ImageDraw
from scipy import ndimage
from skimage import color as skimage_colour
from tests.training.small_sets import prepared_set, waves

from fsynth.faces import INNER_LIPS_65, LANDMARKS_65, MIRROR_65
from fsynth_training import targets
from fsynth_training.colour import to_linear, to_srgb
from fsynth_training.prepare import PreparedSet
from fsynth_training.targets import BACKGROUND, SIZE, Targets

if TYPE_CHECKING:
    from fsynth_training.targets import Geometry


def flat(*colours: tuple[float, float, float]) -> np.ndarray:
    """Textures of one colour each, (N, 224, 224, 3)."""
    return np.broadcast_to(np.array(colours, np.float32)[:, None, None], (len(colours), SIZE, SIZE, 3)).copy()


def lab_colours(lab: np.ndarray) -> np.ndarray:
    """Textures of one CIE Lab colour each."""
    return flat(*skimage_colour.lab2rgb(lab))


# --- the mean face


def test_mean_landmarks_are_symmetric(geometry: Geometry) -> None:
    mirrored = geometry.landmarks[MIRROR_65]

    np.testing.assert_allclose(geometry.landmarks[:, 0], SIZE - 1 - mirrored[:, 0], atol=1e-9)
    np.testing.assert_allclose(geometry.landmarks[:, 1], mirrored[:, 1], atol=1e-9)
    np.testing.assert_array_equal(geometry.landmarks, geometry.mesh[LANDMARKS_65])


def test_mean_is_over_londons_neutral_photos_alone(astronaut_set: PreparedSet, geometry: Geometry) -> None:
    mesh = np.repeat(astronaut_set.mesh, 4, axis=0)
    mesh[0] += [1, 2, 0]
    mesh[1] -= [1, 2, 0]
    mesh[2:] += 20  # a smile and somebody else
    people = [("london", "a", False), ("london", "b", False), ("london", "a", True), ("canada", "c", False)]

    found = targets.mean_geometry(prepared_set(people, mesh, np.ones((4, 2, 3)), np.ones((4, 0, 3))))

    np.testing.assert_allclose(found.mesh, geometry.mesh, atol=1e-4)


def test_masks_cover_the_face_and_leave_features_out(geometry: Geometry) -> None:
    def at(mask: np.ndarray, index: int) -> float:
        x, y = geometry.mesh[index].round().astype(int)
        return float(mask[y, x])

    cheeks_and_forehead, eyes_brows_lips = (50, 280, 151, 205, 425), (159, 386, 105, 334, 0, 17, 13)
    assert all(at(geometry.skin, index) > 0.99 for index in cheeks_and_forehead)
    assert all(at(geometry.skin, index) == 0 for index in eyes_brows_lips)
    assert all(at(geometry.face, index) > 0.9 for index in cheeks_and_forehead + eyes_brows_lips)
    for mask in (geometry.face, geometry.skin):
        assert mask.shape == (SIZE, SIZE)
        assert mask[0].max() == mask[-1].max() < 0.01
        assert np.abs(mask - mask[:, ::-1]).mean() < 0.01


def test_bust_keeps_head_and_neck_and_drops_shoulders(geometry: Geometry) -> None:
    stays = targets.bust(geometry)
    chin = int(geometry.mesh[152, 1])

    np.testing.assert_array_equal(stays[: chin - 45, 8:-8], 1)
    np.testing.assert_array_equal(stays[:, SIZE // 2], 1)
    np.testing.assert_array_equal(stays[chin + 10 :, :20], 0)
    np.testing.assert_allclose(stays, stays[:, ::-1], atol=1e-6)
    assert (np.diff(stays.sum(axis=1)) <= 1e-3).all()


# --- background and geometry


def test_background_replaces_what_is_no_person() -> None:
    aligned = np.full((1, SIZE, SIZE, 3), 51, np.uint8)
    masks = np.zeros((1, SIZE, SIZE), np.float32)
    masks[:, 100:], masks[:, 60:100] = 1, 0.3  # a fringe that is mostly background

    (result,) = targets.on_background(aligned, masks)

    np.testing.assert_allclose(result[100:], 0.2, atol=1e-6)
    np.testing.assert_allclose(result[:100], BACKGROUND, atol=1e-6)


def test_a_texture_shows_at_the_mean_landmarks_what_was_at_the_photos(
    geometry: Geometry, rng: np.random.Generator
) -> None:
    image = (0.5 + 0.15 * waves(1, SIZE, rng)[0]).astype(np.float32)
    landmarks = geometry.landmarks + rng.normal(0, 1.5, (65, 2))

    texture = targets.to_texture(image, landmarks, geometry)

    there, here, unmoved = (
        np.stack([ndimage.map_coordinates(picture[..., c], points.T[::-1], order=1) for c in range(3)], axis=1)
        for picture, points in ((image, landmarks), (texture, geometry.landmarks), (image, geometry.landmarks))
    )
    # Two bilinear samplings of a smooth image.
    np.testing.assert_allclose(here, there, atol=0.01)
    assert np.abs(here - there).mean() < 0.1 * np.abs(unmoved - there).mean()


# --- colour and light


def test_skin_colour_is_that_of_the_skin_alone(geometry: Geometry) -> None:
    textures = flat((0.8, 0.6, 0.5), (0.4, 0.25, 0.2))
    expected = skimage_colour.rgb2lab(textures[:, 0, 0])
    textures[:, geometry.skin <= 0.5] = [0, 1, 0]

    np.testing.assert_allclose(targets.skin_lab(textures, geometry), expected, atol=0.05)


def test_highlights_and_shadows_do_not_count_as_skin_colour(geometry: Geometry) -> None:
    textures = flat((0.7, 0.5, 0.4))
    rows, columns = np.nonzero(geometry.skin > 0.5)
    some = len(rows) // 12
    textures[0, rows[:some], columns[:some]] = 1
    textures[0, rows[-some:], columns[-some:]] = 0

    expected = skimage_colour.rgb2lab(np.array([0.7, 0.5, 0.4]))
    np.testing.assert_allclose(targets.skin_lab(textures, geometry)[0], expected, atol=0.05)


def on_the_line(lightness: np.ndarray) -> np.ndarray:
    """London's skin as the tests have it: a* and b* are straight lines over L*."""
    return np.stack([lightness, 12 + 0.05 * (lightness - 60), 16 - 0.1 * (lightness - 60)], axis=1)


def test_white_balance_brings_a_set_with_a_cast_onto_londons_line(geometry: Geometry) -> None:
    london = on_the_line(np.array([45.0, 55.0, 65.0, 75.0]))
    own = np.array([[0, 2, -1], [0, -2, 1], [0, 1, 3], [0, -1, -3]], float)
    cast = on_the_line(np.array([50.0, 58.0, 62.0, 70.0])) + np.array([0, 5, -7]) + own
    textures = lab_colours(np.concatenate([london, cast]))
    source = np.array(["london"] * 4 + ["congress"] * 4)
    masks = np.ones((8, SIZE, SIZE), np.float32)
    masks[:, :20] = 0

    result = targets.white_balance(textures, source, masks, geometry)

    lab = targets.skin_lab(result, geometry)
    np.testing.assert_allclose(lab[:4], london, atol=0.15)
    # The set's own cast is gone, and half of what is each photo's own.
    np.testing.assert_allclose(lab[4:], on_the_line(cast[:, 0]) + own / 2, atol=0.15)
    np.testing.assert_array_equal(result[:, :20], textures[:, :20])


def test_even_light_takes_the_difference_of_the_sides_away(geometry: Geometry) -> None:
    # A face like a ball, lit from its right: brightness in linear light falls across.
    x = np.linspace(-1, 1, SIZE)[None, :, None]
    linear = np.broadcast_to(0.3 * (1 + 0.5 * x) * [1.0, 0.7, 0.6], (SIZE, SIZE, 3))
    texture = np.asarray(to_srgb(linear), np.float32)

    result = to_linear(targets.even_light(texture, geometry)).mean(axis=-1)

    middle = ndimage.binary_erosion(geometry.face > 0.5, iterations=15)
    left, right = middle.copy(), middle.copy()
    left[:, SIZE // 2 - 15 :], right[:, : SIZE // 2 + 15] = False, False
    before = to_linear(texture).mean(axis=-1)
    assert before[right].mean() / before[left].mean() > 1.25
    assert abs(np.log(result[right].mean() / result[left].mean())) < 0.1 * np.log(
        before[right].mean() / before[left].mean()
    )
    np.testing.assert_allclose(result[middle].mean(), before[middle].mean(), rtol=0.05)


def test_even_light_leaves_even_faces_and_the_surroundings_alone(geometry: Geometry, rng: np.random.Generator) -> None:
    half = (0.5 + 0.1 * waves(1, SIZE, rng)[0]).astype(np.float32)
    symmetric = (half + half[:, ::-1]) / 2
    lit = half * np.linspace(0.5, 1, SIZE, dtype=np.float32)[None, :, None]

    np.testing.assert_allclose(targets.even_light(symmetric, geometry), symmetric, atol=0.01)
    np.testing.assert_allclose(targets.even_light(lit, geometry)[:10], lit[:10], atol=1e-3)


def test_colours_go_on_beyond_the_outline(rng: np.random.Generator) -> None:
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    inside = 70 - np.hypot(x - 111.5, y - 111.5)
    matte = np.clip(inside / 3 + 0.5, 0, 1).astype(np.float32)
    head = np.stack([0.6 + 0.1 * waves(1, SIZE, rng, 1)[0, ..., 0], np.full((SIZE, SIZE), 0.1), 0 * x], axis=-1)
    texture = (head * matte[..., None] + np.array([0, 1, 1]) * (1 - matte[..., None])).astype(np.float32)

    result = targets.continue_outwards(texture, matte)

    np.testing.assert_allclose(result[inside > 8], texture[inside > 8], atol=1e-5)
    # Green and blue are the background's: a trace would be left by the mean of a blurred edge.
    assert result[..., 2].max() < 0.06
    assert result[..., 1].max() < 0.16
    assert result[..., 0].min() > texture[inside > 8][:, 0].min() - 1e-3


# --- what tells photographs to leave out


def turned(yaw: float, pitch: float) -> np.ndarray:
    """A mesh (468, 3) whose cheeks, forehead and chin are those of a face turned by angles in degrees."""
    mesh = np.zeros((468, 3))
    mesh[454], mesh[234] = [60, 0, 10], [-60, 0, 10]
    mesh[10], mesh[152] = [0, -80, 5], [0, 80, 5]
    a, b = np.radians([yaw, pitch])
    about_y = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return mesh @ (about_y @ about_x).T


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (20, 0), (-35, 0), (0, 15), (0, -25)])
def test_pose_angles_are_those_of_the_rotation(yaw: float, pitch: float) -> None:
    mesh = turned(yaw, pitch)

    (found,) = targets.pose_angles(mesh[None])
    (elsewhere,) = targets.pose_angles(3 * mesh[None] + [100, 50, -7])

    np.testing.assert_allclose(found, [yaw, pitch], atol=1e-9)
    np.testing.assert_allclose(elsewhere, [yaw, pitch], atol=1e-9)


def test_both_angles_are_found_near_enough_when_they_come_together() -> None:
    (found,) = targets.pose_angles(turned(12, -13)[None])

    np.testing.assert_allclose(found, [12, -13], atol=0.6)


def test_glasses_show_and_bare_faces_do_not(geometry: Geometry, astronaut_set: PreparedSet) -> None:
    bare = targets.to_texture(astronaut_set.aligned[0] / np.float32(255), astronaut_set.landmarks[0], geometry)
    picture = Image.fromarray((bare * 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    for cheek, side in ((119, -1), (348, 1)):
        x, y = geometry.mesh[cheek]
        draw.ellipse((x - 24, y - 42, x + 24, y + 2), outline=(20, 20, 20), width=4)
        bridge_x, bridge_y = geometry.mesh[168]
        draw.line((bridge_x, bridge_y, bridge_x + side * 20, bridge_y), fill=(20, 20, 20), width=4)
    glasses = np.asarray(picture, np.float32) / 255

    evidence = targets.glasses_evidence(np.stack([bare, glasses, flat((0.7, 0.5, 0.4))[0]]), geometry)

    assert evidence[0] < 0.09
    assert evidence[1] > 0.15
    np.testing.assert_allclose(evidence[2], 0, atol=1e-6)


def test_one_sided_shadows_are_no_glasses(geometry: Geometry) -> None:
    textures = flat((0.7, 0.5, 0.4), (0.7, 0.5, 0.4))
    x, y = geometry.mesh[119].round().astype(int)
    textures[0, y, x - 12 : x + 13] = 0
    across = int(geometry.mesh[348].round()[0])
    textures[1, y, [*range(x - 12, x + 13), *range(across - 12, across + 13)]] = 0

    one, both = targets.glasses_evidence(textures, geometry)

    assert one < 1e-6 < 0.1 < both


def test_forehead_contrast_is_the_lab_distance_to_the_cheeks(geometry: Geometry) -> None:
    textures = flat((0.7, 0.5, 0.4), (0.7, 0.5, 0.4))
    textures[1, : int(geometry.mesh[9, 1])] = [0.2, 0.3, 0.2]  # a hat down to the brows
    labs = skimage_colour.rgb2lab(np.array([[0.7, 0.5, 0.4], [0.2, 0.3, 0.2]]))

    contrast = targets.forehead_contrast(textures, geometry)

    np.testing.assert_allclose(contrast, [0.0, float(np.linalg.norm(labs[0] - labs[1]))], atol=0.1)


# --- mouths and smiles


def corners() -> list[int]:
    return [int(np.flatnonzero(LANDMARKS_65 == index)[0]) for index in (61, 291)]


def test_mouth_opening_measures_gap_and_width(geometry: Geometry) -> None:
    landmarks = geometry.landmarks.copy()
    upper, lower = INNER_LIPS_65
    landmarks[upper], landmarks[lower] = [111, 150], [111, 157]
    landmarks[corners()[0]], landmarks[corners()[1]] = [90, 150], [130, 180]

    np.testing.assert_allclose(targets.mouth_opening(landmarks[None]), [[7, 50]])


def test_lips_close_to_the_gap_around_their_middle(geometry: Geometry) -> None:
    upper, lower = INNER_LIPS_65
    landmarks = np.repeat(geometry.landmarks[None], 3, axis=0)
    landmarks[:, lower, 1] = landmarks[:, upper, 1] + [10, 1, -1]
    before = landmarks.copy()

    closed = targets.close_lips(landmarks, 2.0)

    np.testing.assert_allclose(closed[:, lower, 1] - closed[:, upper, 1], [2, 1, -1])
    np.testing.assert_allclose(closed.mean(axis=1), before.mean(axis=1))
    others = [index for index in range(65) if index not in INNER_LIPS_65]
    np.testing.assert_array_equal(closed[:, others], before[:, others])
    np.testing.assert_array_equal(landmarks, before)


PEOPLE = 3


@pytest.fixture
def smiles(geometry: Geometry) -> tuple[Targets, Targets]:
    """Neutral faces, then the same people with smiles of different strength; and what all of them are without."""
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    cheeks = sum(np.exp(-((x - cx) ** 2 + (y - 135) ** 2) / 150) for cx in (90, 133))
    # A smile is red; people differ in blue. A smile moves the corners of the mouth; people differ in their jaws.
    neutral = np.full((PEOPLE, SIZE, SIZE, 3), 0.5, np.float32)
    neutral[..., 2] += np.array([-0.2, 0.0, 0.2], np.float32)[:, None, None]
    landmarks = np.repeat(geometry.landmarks[None], PEOPLE, axis=0)
    landmarks[:, :8, 1] += np.array([-2.0, 0.0, 2.0])[:, None]
    strength = np.array([0.6, 1.0, 0.8])
    smiling, moved = neutral.copy(), landmarks.copy()
    smiling[..., 0] += (strength[:, None, None] * 0.2 * cheeks).astype(np.float32)
    moved[:, corners()[0], 0] -= 5 * strength
    moved[:, corners()[1], 0] += 5 * strength
    mattes = np.ones((2 * PEOPLE, SIZE, SIZE), np.float32)
    index = np.arange(2 * PEOPLE)
    with_smiles = Targets(np.concatenate([neutral, smiling]), mattes, np.concatenate([landmarks, moved]), index)
    without = replace(with_smiles, textures=np.concatenate([neutral] * 2), landmarks=np.concatenate([landmarks] * 2))
    return with_smiles, without


def test_a_planted_smile_is_taken_out_where_asked_and_nowhere_else(
    smiles: tuple[Targets, Targets], geometry: Geometry
) -> None:
    faces, expected = smiles
    before = faces.textures.copy()
    neutral, smiling = np.arange(PEOPLE), np.arange(PEOPLE, 2 * PEOPLE)
    smile = targets.learn_smile(faces, neutral, smiling, geometry)
    rows = np.array([False, False, False, True, True, False])

    result = targets.remove_smile(faces, smile, rows, neutral)

    # Smiles are removed at half resolution.
    np.testing.assert_allclose(result.textures[rows], expected.textures[rows], atol=0.01)
    np.testing.assert_allclose(result.landmarks[rows], expected.landmarks[rows], atol=0.02)
    np.testing.assert_array_equal(result.textures[~rows], before[~rows])
    np.testing.assert_array_equal(result.landmarks[~rows], faces.landmarks[~rows])
    np.testing.assert_array_equal(faces.textures, before)


def test_the_smile_is_orthonormal_and_its_range_that_of_the_pairs(
    smiles: tuple[Targets, Targets], geometry: Geometry
) -> None:
    faces, _ = smiles
    smile = targets.learn_smile(faces, np.arange(PEOPLE), np.arange(PEOPLE, 2 * PEOPLE), geometry, count=2)

    np.testing.assert_allclose(smile.directions @ smile.directions.T, np.eye(2), atol=1e-4)
    # One direction was planted, with strengths from 0.6 to 1.
    small, large = sorted(np.abs([smile.low[0], smile.high[0]]))
    np.testing.assert_allclose(small / large, 0.6, atol=1e-3)
    assert abs(smile.high[1]) < 1e-3 * large


def test_more_than_any_smile_of_the_pairs_is_not_taken_out(smiles: tuple[Targets, Targets], geometry: Geometry) -> None:
    faces, expected = smiles
    smile = targets.learn_smile(faces, np.arange(PEOPLE), np.arange(PEOPLE, 2 * PEOPLE), geometry, count=1)
    wide = replace(faces, landmarks=faces.landmarks + 2 * (faces.landmarks - expected.landmarks))

    result = targets.remove_smile(wide, smile, np.arange(2 * PEOPLE) == 4, np.arange(PEOPLE))

    # The strongest smile moves a corner by 5 px; this one, of 15 px, loses no more than that.
    taken = wide.landmarks[4] - result.landmarks[4]
    np.testing.assert_allclose(np.abs(taken).max(), 5, atol=0.1)


def test_plain_mouths_lose_teeth_and_keep_the_persons_colour(geometry: Geometry) -> None:
    x, y = geometry.mesh[13].round().astype(int)
    neutral = flat((0.7, 0.5, 0.4))[0]
    neutral[y - 6 : y + 7, x - 18 : x + 19] *= [0.9, 0.7, 0.7]
    textures = np.stack([0.6 * neutral] * 2)
    textures[:, y - 4 : y + 5, x - 10 : x + 10 : 2] += 0.15  # teeth: brighter and darker columns
    textures[:, y - 4 : y + 5, x - 9 : x + 11 : 2] -= 0.15
    before = textures.copy()

    result = targets.plain_mouths(textures, np.array([True, False]), neutral, geometry)

    mouth = slice(y - 2, y + 3), slice(x - 6, x + 7)  # the edge is blended in
    np.testing.assert_allclose(result[0][mouth], 0.6 * neutral[mouth], atol=0.01)
    np.testing.assert_array_equal(result[1], before[1])
    away = np.hypot(*(np.indices((SIZE, SIZE)) - np.array([y, x])[:, None, None])) > 60
    np.testing.assert_allclose(result[0][away], before[0][away], atol=1e-3)
    np.testing.assert_array_equal(textures, before)


# --- all of it


@pytest.fixture
def photos(astronaut_set: PreparedSet) -> PreparedSet:
    """Three people in London, neutral and smiling, and two photos elsewhere, of which one is turned away."""
    people = [("london", name, smiling) for name in "abc" for smiling in (False, True)]
    people += [("congress", "d", False), ("congress", "e", False)]
    brightness = np.array([0.6, 0.6, 0.8, 0.8, 1.0, 1.0, 0.9, 0.9])
    aligned = (astronaut_set.aligned * brightness[:, None, None, None]).astype(np.uint8)
    mesh = np.repeat(astronaut_set.mesh, 8, axis=0)
    mesh[1:6:2, 61, 0] -= [3, 4, 5]
    mesh[7, :, 2] += 0.6 * (mesh[7, :, 0] - 111.5)
    return prepared_set(people, mesh, np.ones((8, 2, 3)), np.ones((8, 0, 3)), aligned)


def test_build_keeps_the_photos_that_face_the_camera_and_cleans_them(photos: PreparedSet) -> None:
    geometry = targets.mean_geometry(photos)
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    mask = (np.hypot((x - 111.5) / 80, (y - 112) / 105) < 1).astype(np.float32)

    clean, smile = targets.build(photos, np.repeat(mask[None], 8, axis=0), geometry)

    assert clean.index.tolist() == list(range(7))
    assert clean.textures.shape == (7, SIZE, SIZE, 3)
    assert clean.textures.dtype == np.float32
    assert 0 <= clean.textures.min() <= clean.textures.max() <= 1
    assert clean.landmarks.shape == (7, 65, 2)
    # The matte is the person less shoulders.
    np.testing.assert_array_equal(clean.mattes[:, 0, 0], 0)
    assert clean.mattes[:, 112, 112].min() == 1
    assert smile.directions.shape[1] == 3 * (SIZE // 2) ** 2 + 130
    # Nobody's lips are further apart than is usual for neutral faces.
    gap = targets.mouth_opening(photos.landmarks[photos.smiling == 0])[:, 0]
    assert targets.mouth_opening(clean.landmarks)[:, 0].max() <= np.median(gap) + 1e-3
    # The smiles' wide corners of the mouth have come back.
    width = targets.mouth_opening(photos.landmarks.astype(float))[:, 1]
    cleaned = targets.mouth_opening(clean.landmarks)[:, 1]
    assert (cleaned[1:6:2] - cleaned[0:6:2] < 0.5 * (width[1:6:2] - width[0:6:2])).all()

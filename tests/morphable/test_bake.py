from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.morphable.heads import ball

from fsynth_morphable.atlas import MARGIN, atlas_of
from fsynth_morphable.bake import bake
from fsynth_morphable.errors import ArgumentError
from fsynth_morphable.eyes import Eyeball
from fsynth_morphable.look import Look
from fsynth_morphable.model import MorphableModel
from fsynth_morphable.skin import Detail
from fsynth_morphable.texture_fit import TextureFit

SIZE = 256


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    """A ball, half of it skin, the other half the left eye."""
    vertices, quads, uvs, uv_quads = ball()
    return MorphableModel(
        name="ball",
        licence="none",
        source="made up",
        mean=vertices,
        identity=np.zeros((0, len(vertices), 3), np.float32),
        expression=np.zeros((0, len(vertices), 3), np.float32),
        expression_names=(),
        polygons=quads,
        part_names=("skin", "eye_left"),
        polygon_part=(np.arange(len(quads)) % 16 < 4).astype(np.int32),
        uvs=uvs,
        uv_polygons=uv_quads,
    )


def fit_of(model: MorphableModel, confidence: float) -> TextureFit:
    """The image shows the vertices where x and y are; the basis has the colours of their places."""
    places = model.mean / 0.1
    n = len(places)
    return TextureFit(
        points=(50 + 40 * places[:, :2]).astype(np.float32),
        confidence=np.full(n, confidence, np.float32),
        projected=np.zeros((n, 3), np.float32),
        coefficients=np.empty(0),
        basis=np.zeros((n, 3), np.float32),
        colours=np.zeros((n, 3), np.float32),
        matched=(0.5 + 0.3 * places).astype(np.float32),
    )


def skin_texels(model: MorphableModel) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (P,) of the skin in the texture, and their places on the head (P, 3)."""
    atlas = atlas_of(model, SIZE)
    skin = np.flatnonzero(atlas.part == 0)
    return atlas.raster.pixel[skin], atlas.interpolate(model.mean, skin)


IMAGE = np.zeros((100, 100, 3), np.uint8)
IMAGE[..., 0] = 200
IMAGE[..., 2] = np.arange(100)


def test_basis_where_the_image_is_not_trusted(model: MorphableModel) -> None:
    texture = bake(model, model.mean, fit_of(model, 0), IMAGE, Look(), size=SIZE)
    assert texture.shape == (SIZE, SIZE, 4)
    assert texture.dtype == np.uint8
    pixels, places = skin_texels(model)
    np.testing.assert_allclose(texture.reshape(-1, 4)[pixels, :3] / 255, 0.5 + 3 * places, atol=0.51 / 255)
    assert (texture[..., 3] == 255).all()


def test_image_where_it_is(model: MorphableModel) -> None:
    texture = bake(model, model.mean, fit_of(model, 1), IMAGE, Look(), size=SIZE)
    pixels, places = skin_texels(model)
    colours = texture.reshape(-1, 4)[pixels]
    assert (colours[:, 0] == 200).all()
    np.testing.assert_allclose(colours[:, 2], 50 + 400 * places[:, 0], atol=0.6)


def test_a_mixture_in_between(model: MorphableModel) -> None:
    texture = bake(model, model.mean, fit_of(model, 0.4), IMAGE, Look(), size=SIZE)
    pixels, places = skin_texels(model)
    red = texture.reshape(-1, 4)[pixels, 0] / 255
    basis = 0.5 + 3 * places[:, 0]
    np.testing.assert_allclose(red, (basis + 200 / 255) / 2, atol=0.01)


def test_colours_go_on_beside_islands(model: MorphableModel) -> None:
    """What bilinear sampling and the first mipmaps of a border read is not background."""
    texture = bake(model, model.mean, fit_of(model, 0), IMAGE, Look(), size=SIZE)
    atlas = atlas_of(model, SIZE)
    full = np.zeros(SIZE * SIZE, bool)
    full[atlas.raster.pixel] = True
    full = full.reshape(SIZE, SIZE)
    rows, columns = np.flatnonzero(full.any(axis=1)), np.flatnonzero(full.any(axis=0))
    middle = int(rows.mean())
    for step in range(1, MARGIN):
        for edge, direction in ((columns[0], -1), (columns[-1], 1)):
            inside, outside = texture[middle, edge].astype(int), texture[middle, edge + direction * step]
            assert np.abs(inside - outside).max() <= 6
    for step in range(1, MARGIN):
        np.testing.assert_allclose(texture[rows[0] - step, 60].astype(int), texture[rows[0], 60], atol=6)


def test_both_sides_of_a_seam_agree(model: MorphableModel) -> None:
    """The first and the last column of texels show the same places of the ball."""
    skin = replace(model, polygon_part=np.zeros_like(model.polygon_part))
    texture = bake(skin, skin.mean, fit_of(skin, 0), IMAGE, Look(), size=1024)
    rows = ((1 - np.linspace(0.15, 0.85, 50)) * 1024 - 0.5).round().astype(int)
    last = texture[rows, int(0.8 * 1024) - 1, :3].astype(int)
    first = texture[rows, int(np.ceil(0.05 * 1024)), :3].astype(int)
    np.testing.assert_allclose(first, last, atol=2)
    assert np.ptp(first[:, 1]) > 100


def test_short_hair_covers_the_scalp(model: MorphableModel) -> None:
    up = model.mean[:, 1] > 0
    look = Look(hair=np.float32([0.1, 0.05, 0.02]), hair_density=np.where(up, 2, -1).astype(np.float32))
    texture = bake(model, model.mean, fit_of(model, 0), IMAGE, look, size=SIZE)
    pixels, places = skin_texels(model)
    brightness = texture.reshape(-1, 4)[pixels, :3].mean(axis=1)
    assert brightness[places[:, 1] > 0.03].max() < 70
    bare = places[:, 1] < -0.03
    np.testing.assert_allclose(brightness[bare] / 255, 0.5 + places[bare].sum(axis=1), atol=0.01)


def test_eyes_have_the_iris_asked_for(model: MorphableModel) -> None:
    """Painted from nothing, and by another colour for a texture that the model brings."""
    green = Look(iris=np.float32([0.1, 0.5, 0.2]))
    atlas = atlas_of(model, SIZE)
    eye = np.flatnonzero(atlas.part == 1)
    angles = Eyeball.of(model, model.mean, "eye_left").angles(atlas.interpolate(model.mean, eye))
    iris, white = (angles > 0.25) & (angles < 0.4), (angles > 0.7) & (angles < 0.9)
    own = np.full((SIZE, SIZE, 4), 255, np.uint8)
    own[..., :3] = (225, 220, 215)
    brown = own.copy()
    brown.reshape(-1, 4)[atlas.raster.pixel[eye[angles < 0.51]], :3] = (90, 60, 40)
    for painted in (model, replace(model, texture=brown)):
        texture = bake(painted, painted.mean, fit_of(model, 0), IMAGE, green, size=SIZE)
        colours = texture.reshape(-1, 4)[atlas.raster.pixel[eye]].astype(int)
        mean = colours[iris].mean(axis=0)
        assert mean[1] > 2 * mean[0]
        assert mean[1] > 1.5 * mean[2]
        assert np.ptp(colours[white, :3].mean(axis=0)) < 40
        assert colours[white, :3].mean() > 120


def test_detail_of_a_photo_keeps_the_light_of_the_face(model: MorphableModel) -> None:
    even = np.full((100, 100, 3), 150, np.uint8)
    # A photo half as bright, bluish on one side, with freckles.
    photo = np.full((200, 200, 3), 75, np.float32)
    photo[..., 2] += np.linspace(0, 60, 200)
    freckles = np.random.default_rng(0).random((200, 200)) > 0.97
    photo[freckles] *= 0.6
    fit = fit_of(model, 1)
    detail = Detail(photo.astype(np.uint8), 2 * fit.points, np.ones(len(fit.points), np.float32))
    pixels, places = skin_texels(model)
    inner = np.abs(places[:, :2]).max(axis=1) < 0.07
    plain = bake(model, model.mean, fit, even, Look(), size=SIZE).reshape(-1, 4)[pixels[inner], :3].astype(float)
    detailed = bake(model, model.mean, fit, even, Look(), size=SIZE, detail=detail).reshape(-1, 4)[pixels[inner], :3]
    assert plain.std() < 1
    assert detailed.std(axis=0).min() > 4
    np.testing.assert_allclose(detailed.mean(axis=0), 150, atol=3)


@pytest.mark.parametrize("size", [0, 100, 1000, 8192])
def test_sizes(model: MorphableModel, size: int) -> None:
    with pytest.raises(ArgumentError, match="`size` must be one of 256"):
        bake(model, model.mean, fit_of(model, 0), IMAGE, Look(), size=size)


def test_a_model_without_coordinates(model: MorphableModel) -> None:
    plain = replace(model, uvs=None, uv_polygons=None)
    with pytest.raises(ArgumentError, match="no texture coordinates"):
        bake(plain, plain.mean, fit_of(model, 0), IMAGE, Look(), size=SIZE)

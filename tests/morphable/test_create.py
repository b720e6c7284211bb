"""The whole of appendix B on the embedded head and the example photo's normalized face."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import fsynth
from fsynth_morphable.create import make_head
from fsynth_morphable.errors import ArgumentError, LandmarksError
from fsynth_morphable.head import Head
from fsynth_morphable.hull import convex_hull, distance_outside
from fsynth_morphable.materials import MATERIALS, material_of_polygons
from fsynth_morphable.model import MorphableModel
from fsynth_morphable.models import load
from fsynth_morphable.raster import rasterize
from fsynth_morphable.sampling import sample
from fsynth_morphable.shape_fit import fit_shape
from fsynth_morphable.sockets import close_sockets


@pytest.fixture(scope="module")
def face(astronaut: Path) -> fsynth.NormalizedFace:
    return fsynth.load()(astronaut)


@pytest.fixture(scope="module")
def model() -> MorphableModel:
    return load("fsynth")


@pytest.fixture(scope="module")
def head(face: fsynth.NormalizedFace, model: MorphableModel) -> Head:
    return make_head(face.image, face.landmarks, model=model, texture_size=512)


def rerender(head: Head, model: MorphableModel, landmarks: np.ndarray) -> np.ndarray:
    """The opaque parts of the texture, unlit, through the camera of the fit: (224, 224, 3), NaN beside the head."""
    shape = fit_shape(model, landmarks)
    points, depth = shape.camera.project(model.vertices(shape.identity, shape.expression))
    triangles, polygon = head.triangles
    material = material_of_polygons(head)[polygon]
    opaque = np.flatnonzero([MATERIALS[row].textured and not MATERIALS[row].cut_out for row in material])
    raster = rasterize(points, depth, triangles[opaque], (224, 224))
    assert head.texture is not None
    assert head.uvs is not None
    size = len(head.texture)
    places = raster.interpolate(head.uvs, head.uv_triangles[opaque]) * [size, -size] + [-0.5, size - 0.5]
    return raster.image(sample(head.texture[..., :3].astype(np.float32) / 255, places), np.nan)


def test_looks_like_the_face_that_it_was_made_from(
    head: Head, model: MorphableModel, face: fsynth.NormalizedFace
) -> None:
    y, x = np.mgrid[:224, :224]
    pixels = np.stack([x.ravel(), y.ravel()], axis=1)
    inside = distance_outside(pixels, convex_hull(face.landmarks)).reshape(224, 224) == 0
    difference = np.abs(rerender(head, model, face.landmarks) - face.image / 255)[inside]
    # The outline of the jaw may end a pixel before the landmarks; what is not covered counts as wholly wrong.
    assert np.isnan(difference).mean() < 0.002
    assert np.nan_to_num(difference, nan=1).mean() <= 0.04


def test_is_a_whole_head(head: Head, model: MorphableModel) -> None:
    assert len(head.shape_keys) == 52
    assert head.vertices.shape == model.vertices().shape
    assert head.landmarks is not None
    assert head.landmarks.shape == (65, 3)
    assert 0.2 < np.ptp(head.vertices[:, 1]) < 0.6
    assert head.texture is not None
    assert head.texture.shape == (512, 512, 4)
    assert head.colours is not None
    assert np.isfinite(head.colours).all()


def test_has_no_expression_unless_asked_for(face: fsynth.NormalizedFace, model: MorphableModel, head: Head) -> None:
    identity = fit_shape(model, face.landmarks).identity
    np.testing.assert_allclose(head.posed, close_sockets(model, model.vertices(identity)), atol=1e-6)
    smiling = make_head(face.image, face.landmarks, model=model, texture_size=256, expression={"smile": 1})
    assert np.linalg.norm(smiling.posed - head.posed, axis=1).max() > 0.003


def test_the_photo_gives_hair_and_if_asked_shape_and_detail(
    face: fsynth.NormalizedFace, model: MorphableModel, head: Head
) -> None:
    photo = {"photo_image": face.aligned.image, "photo_landmarks": face.aligned.landmarks}
    blond = make_head(face.image, face.landmarks, model=model, texture_size=512, **photo)  # type: ignore[arg-type]
    np.testing.assert_array_equal(blond.vertices, head.vertices)
    assert blond.texture is not None
    assert head.texture is not None
    changed = (blond.texture != head.texture).any(axis=2)
    assert 0.1 < changed.mean() < 0.9
    # The photo's hair is yellower than the normalized face's.
    assert np.ptp(blond.texture[changed][:, :3].mean(axis=0)) > 1.5 * np.ptp(head.texture[changed][:, :3].mean(axis=0))
    fitted = make_head(
        face.image,
        face.landmarks,
        model=model,
        texture_size=512,
        fit_photo=True,
        **photo,  # type: ignore[arg-type]
    )
    identity = fit_shape(model, face.aligned.landmarks).identity
    np.testing.assert_allclose(fitted.vertices, close_sockets(model, model.vertices(identity)), atol=1e-6)


def test_a_model_without_coordinates_gives_vertex_colours(face: fsynth.NormalizedFace, model: MorphableModel) -> None:
    plain = replace(model, uvs=None, uv_polygons=None, texture=None)
    head = make_head(face.image, face.landmarks, model=plain)
    assert head.texture is None
    assert head.colours is not None
    assert head.colours.shape == head.vertices.shape


def test_says_what_is_wrong(face: fsynth.NormalizedFace, model: MorphableModel) -> None:
    with pytest.raises(ArgumentError, match=r"`image` must be \(224, 224, 3\) uint8, it is \(224, 224, 3\) float64"):
        make_head(face.image / 255, face.landmarks, model=model)
    with pytest.raises(ArgumentError, match="`fit_photo` needs"):
        make_head(face.image, face.landmarks, model=model, fit_photo=True)
    with pytest.raises(ArgumentError, match="must be given together"):
        make_head(face.image, face.landmarks, model=model, photo_image=face.aligned.image)
    with pytest.raises(ArgumentError, match=r"`photo_image` must be \(S, S, 3\)"):
        make_head(
            face.image,
            face.landmarks,
            model=model,
            photo_image=face.aligned.image[:100],
            photo_landmarks=face.landmarks,
        )
    with pytest.raises(LandmarksError, match="There are 64 landmarks"):
        make_head(face.image, face.landmarks[:64], model=model)
    with pytest.raises(LandmarksError, match="not finite"):
        make_head(face.image, np.where(np.arange(65)[:, None] == 3, np.nan, face.landmarks), model=model)
    with pytest.raises(ArgumentError, match="Did you mean 'smile'"):
        make_head(face.image, face.landmarks, model=model, texture_size=256, expression={"smyle": 1})

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.morphable.heads import make_small_head

from fsynth_morphable.errors import ArgumentError, OutputError
from fsynth_morphable.head import Head
from fsynth_morphable.lighting import irradiance
from fsynth_morphable.preview import preview_camera, render_views, save_preview


@pytest.fixture(scope="module")
def small_head() -> Head:
    return make_small_head()


def test_all_of_the_head_is_in_the_picture_from_every_side(small_head: Head) -> None:
    for yaw in (0, 33, 90, 180, -90):
        points, depth = preview_camera(small_head, yaw, size=200).project(small_head.vertices)
        assert points.min() > 0
        assert points.max() < 199
        assert np.ptp(points, axis=0).max() > 120
        assert (depth > 0).all()


def test_yaw_goes_to_the_heads_left(small_head: Head) -> None:
    left = preview_camera(small_head, 90).position
    middle = (small_head.vertices.min(axis=0) + small_head.vertices.max(axis=0)) / 2
    direction = (left - middle) / np.linalg.norm(left - middle)
    np.testing.assert_allclose(direction, [1, 0, 0], atol=1e-6)


def test_shows_the_texture(small_head: Head) -> None:
    plain = small_head.texture.copy()  # type: ignore[union-attr]
    plain[..., :3] = (200, 40, 40)
    (view,) = render_views(replace(small_head, texture=plain), [0], size=128)
    assert view.shape == (128, 128, 3)
    assert view.dtype == np.uint8
    middle = view[50:90, 40:90].reshape(-1, 3).mean(axis=0)
    assert middle[0] > 120
    assert middle[1] < 80
    corner = view[:6, :6].reshape(-1, 3).astype(int)
    assert np.abs(corner - corner.mean(axis=1, keepdims=True)).max() < 12  # the grey of the background


def test_hair_lets_the_skin_through(small_head: Head) -> None:
    texture = np.full_like(small_head.texture, 255)
    texture[..., :3] = (180, 180, 180)
    texture[:, 54:] = (0, 0, 0, 255)
    pictures = []
    for alpha in (255, 128, 0):
        texture[:, 54:, 3] = alpha
        pictures.append(render_views(replace(small_head, texture=texture.copy()), [0], size=128)[0].astype(int))
    black, half, none = pictures
    brow = np.abs(black - none).sum(axis=2) > 150
    assert 100 < brow.sum() < 2000
    assert (black[brow].mean(), half[brow].mean(), none[brow].mean()) == tuple(
        sorted([black[brow].mean(), half[brow].mean(), none[brow].mean()])
    )
    assert none[brow].mean() - black[brow].mean() > 60


def test_what_is_in_the_way_takes_light(small_head: Head) -> None:
    vertices, triangles = small_head.vertices, small_head.triangles[0]
    normals = small_head.normals()
    light = irradiance(vertices, normals, triangles)
    assert light.shape == (len(vertices), 3)
    assert np.isfinite(light).all()
    # A roof over the head keeps the light from above away.
    roof = np.array([[-1, 0.12, 1], [1, 0.12, 1], [1, 0.12, -1], [-1, 0.12, -1]], np.float32)
    n = len(vertices)
    below = irradiance(
        np.concatenate([vertices, roof]),
        np.concatenate([normals, np.tile(np.float32([0, 1, 0]), (4, 1))]),
        np.concatenate([triangles, [[n, n + 1, n + 2], [n, n + 2, n + 3]]]),
    )[:n]
    top = normals[:, 1] > 0.7
    assert below[top].mean() < 0.6 * light[top].mean()


def test_an_expression_shows(small_head: Head) -> None:
    (rest,), (grown,) = (
        render_views(head, [0], size=64) for head in (small_head, small_head.with_expression({"jawOpen": 1}))
    )
    assert (np.abs(rest.astype(int) - grown).sum(axis=2) > 60).sum() > 50


def test_files(small_head: Head, tmp_path: Path) -> None:
    strip = save_preview(small_head, tmp_path / "head.png", size=48)
    with Image.open(strip) as image:
        assert image.size == (3 * 48, 48)
    for suffix in (".webp", ".gif"):
        with Image.open(save_preview(small_head, tmp_path / f"head{suffix}", size=32)) as image:
            assert image.size == (20, 20)
            assert getattr(image, "n_frames", 1) > 10
    with pytest.raises(OutputError, match="exists already"):
        save_preview(small_head, strip, size=48)
    with pytest.raises(OutputError, match=r"must end in \.png"):
        save_preview(small_head, tmp_path / "head.mp4")
    with pytest.raises(ArgumentError, match="`size` must be from 16 to 4096"):
        render_views(small_head, [0], size=5)

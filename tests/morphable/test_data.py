"""The embedded head as it is shipped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import fsynth_morphable
from fsynth_morphable.subdivision import Subdivision

DATA = Path(fsynth_morphable.__file__).parent / "data"
ARKIT = [
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft",
    "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft",
    "eyeLookUpRight", "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft",
    "jawOpen", "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight", "mouthRollLower", "mouthRollUpper",
    "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight", "mouthStretchLeft",
    "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight", "tongueOut",
]  # fmt: skip


class Head:
    """The file's arrays in metres."""

    def __init__(self) -> None:
        with np.load(DATA / "head.npz", allow_pickle=False) as arrays:
            self.arrays = dict(arrays)
        self.info = json.loads(self.arrays["info"].tobytes())
        self.mean = self.arrays["mean"]
        self.polygons = self.arrays["polygons"].astype(np.int64)
        self.part = self.arrays["polygon_part"]
        self.names = self.info["part_names"]
        self.identity = self.arrays["identity"] * self.arrays["identity_unit"][:, None, None]
        unit = self.arrays["expression_unit"][:, None, None]
        self.expression = dict(zip(self.info["expression_names"], self.arrays["expression"] * unit, strict=True))
        self.subdivision = Subdivision.catmull_clark(self.polygons, len(self.mean), self.info["subdivision_levels"])

    def rows(self, name: str, side: int = 0) -> np.ndarray:
        """Control vertices of a part, with ``side`` only those of the head's left (1) or right (-1)."""
        rows = np.unique(self.polygons[self.part == self.names.index(name)])
        rows = rows[rows >= 0]
        return rows[self.mean[rows, 0] * side > 0] if side else rows


@pytest.fixture(scope="module")
def head() -> Head:
    return Head()


def test_is_the_file_whose_checksum_lies_beside_it_and_small() -> None:
    content = (DATA / "head.npz").read_bytes()
    assert (DATA / "head.npz.sha256").read_text().split() == [hashlib.sha256(content).hexdigest(), "head.npz"]
    assert len(content) < 15e6


def test_has_all_of_arkit_and_all_parts(head: Head) -> None:
    assert sorted(head.expression) == ARKIT
    assert set(head.names) == {
        "skin", "eye_left", "eye_right", "cornea_left", "cornea_right", "teeth_upper", "teeth_lower", "gums", "tongue",
        "lashes", "brows",
    }  # fmt: skip


def test_smooth_skin_has_as_many_vertices_as_promised(head: Head) -> None:
    skin = head.subdivision.polygons[head.part[head.subdivision.parents] == head.names.index("skin")]
    assert 16_000 <= len(np.unique(skin)) <= 55_000


def test_is_as_large_as_a_head_and_symmetric(head: Head) -> None:
    skin = head.mean[head.rows("skin")]
    eyes = [head.mean[head.rows(f"eye_{side}")].mean(axis=0) for side in ("left", "right")]
    assert 0.055 < eyes[0][0] - eyes[1][0] < 0.070
    assert np.ptp(skin[:, 0][skin[:, 1] > 0]) < 0.19
    mirrored = skin * [-1, 1, 1]
    assert max(np.abs(skin - point).sum(axis=1).min() for point in mirrored[::7]) < 1e-3


def test_polygons_of_closed_parts_face_outwards(head: Head) -> None:
    fine = head.subdivision.apply(head.mean)
    for name in ("eye_left", "teeth_upper", "teeth_lower", "tongue"):
        quads = head.subdivision.polygons[head.part[head.subdivision.parents] == head.names.index(name)]
        a, b, c, d = fine[quads].transpose(1, 0, 2)
        volume = np.einsum("fi,fi->f", (a + c) / 2 - fine[quads].mean(axis=(0, 1)), np.cross(c - a, d - b)).sum()
        assert volume > 0, name


def test_skin_is_one_surface_with_one_border(head: Head) -> None:
    quads = head.subdivision.polygons[head.part[head.subdivision.parents] == head.names.index("skin")]
    sides = np.sort(np.concatenate([quads[:, [i, (i + 1) % 4]] for i in range(4)]), axis=1)
    edges, count = np.unique(sides, axis=0, return_counts=True)
    border = edges[count == 1]
    vertices, degree = np.unique(border, return_counts=True)
    assert np.all(degree == 2)
    assert head.subdivision.apply(head.mean)[vertices, 1].max() < -0.12  # no hole in the face, mouth or sockets


def test_uvs_fit_the_picture_and_do_not_fold(head: Head) -> None:
    uvs, polygons = head.arrays["uvs"], head.arrays["uv_polygons"].astype(np.int64)
    assert uvs.min() >= 0
    assert uvs.max() <= 1
    skin = polygons[head.part == head.names.index("skin")]
    a, b, c = (uvs[skin[:, i]] for i in range(3))
    d = np.where(skin[:, 3:] < 0, c, uvs[skin[:, 3]])
    area = (_cross(b - a, c - a) + _cross(c - a, d - a)) / 2
    assert min((area < 0).mean(), (area > 0).mean()) < 0.01
    assert np.abs(area).sum() > 0.35  # of the picture


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]


def test_jaw_moves_lower_teeth_and_tongue_but_not_upper_teeth(head: Head) -> None:
    opened = head.expression["jawOpen"]
    moved = {name: np.linalg.norm(opened[head.rows(name)], axis=1).mean() for name in head.names}
    assert moved["teeth_lower"] > 5e-3
    assert moved["tongue"] > 5e-3
    assert moved["teeth_upper"] < 1e-4
    assert moved["eye_left"] < 1e-4


@pytest.mark.parametrize("name", ["mouthSmileLeft", "jawOpen", "mouthLowerDownRight", "browInnerUp"])
def test_expressions_leave_the_eyeballs_alone(head: Head, name: str) -> None:
    assert np.abs(head.expression[name][head.rows("eye_left")]).max() < 1e-4


def test_looking_turns_the_eyeball_and_blinking_turns_the_lashes(head: Head) -> None:
    eye = head.rows("eye_left")
    front = eye[head.mean[eye, 2].argmax()]
    assert head.expression["eyeLookOutLeft"][front, 0] > 2e-3
    assert head.expression["eyeLookInLeft"][front, 0] < -2e-3
    assert head.expression["eyeLookUpLeft"][front, 1] > 2e-3
    assert head.expression["eyeLookDownLeft"][front, 1] < -2e-3
    lashes = head.rows("lashes", 1)
    assert head.expression["eyeBlinkLeft"][lashes, 1].min() < -8e-3
    assert np.abs(head.expression["eyeBlinkRight"][lashes]).max() < 1e-3


def test_brow_hairs_go_with_the_brow(head: Head) -> None:
    assert head.expression["browInnerUp"][head.rows("brows", 1), 1].max() > 2e-3


def test_lips_are_sealed_in_neutral_and_for_any_identity(head: Head) -> None:
    assert _mouth_gap(head, head.subdivision.apply(head.mean)) < 2e-4
    rng = np.random.default_rng(0)
    for _ in range(10):
        person = head.mean + np.tensordot(rng.normal(size=len(head.identity)), head.identity, axes=1)
        assert _mouth_gap(head, head.subdivision.apply(person)) < 6e-4


def test_mouth_close_closes_the_lips_of_an_open_jaw(head: Head) -> None:
    opened = head.mean + head.expression["jawOpen"]
    assert _mouth_gap(head, head.subdivision.apply(opened)) > 5e-3
    assert _mouth_gap(head, head.subdivision.apply(opened + head.expression["mouthClose"])) < 1e-3


def test_blinking_hides_the_eyes_of_anyone(head: Head) -> None:
    rng = np.random.default_rng(1)
    blink = head.expression["eyeBlinkLeft"] + head.expression["eyeBlinkRight"]
    assert _eye_seen(head, head.mean) > 0.05
    for _ in range(8):
        person = head.mean + np.tensordot(rng.normal(size=len(head.identity)), head.identity, axes=1)
        assert _eye_seen(head, person + blink) < 0.001


def _eye_seen(head: Head, control: np.ndarray) -> float:
    """The share of rays from the front at the eyes that meet an eyeball."""
    origin = np.stack(np.meshgrid(np.linspace(-0.05, 0.05, 201), np.linspace(-0.02, 0.02, 81)), axis=-1)
    parts = [head.names.index(name) for name in ("skin", "eye_left", "eye_right")]
    depth, polygon = _rays(head, head.subdivision.apply(control), parts, origin)
    eyes = np.isin(head.part[head.subdivision.parents][polygon], parts[1:])
    return float((eyes & np.isfinite(depth)).mean())


def _mouth_gap(head: Head, fine: np.ndarray) -> float:
    """Of rays straight into the closed mouth, the longest run in height that pass between the lips, in metres."""
    origin = np.stack(np.meshgrid(np.linspace(-0.015, 0.015, 13), np.arange(-0.075, -0.058, 1e-4)), axis=-1)
    depth, _ = _rays(head, fine, [head.names.index("skin")], origin)
    inside = depth < 0.012  # behind the teeth's front: the ray went between the lips
    return float(inside.sum(axis=0).max()) * 1e-4


def _rays(head: Head, fine: np.ndarray, parts: list[int], origin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where rays against +Z from x and y (..., 2) meet some parts: z (...), -inf for nothing, and the fine polygon."""
    open3d = pytest.importorskip("open3d", reason='needs pip install "fsynth[models]"')
    of = np.flatnonzero(np.isin(head.part[head.subdivision.parents], parts))
    quads = head.subdivision.polygons[of]
    scene = open3d.t.geometry.RaycastingScene()
    triangles = np.concatenate([quads[:, :3], quads[:, [0, 2, 3]]]).astype(np.uint32)
    scene.add_triangles(open3d.core.Tensor(fine.astype(np.float32)), open3d.core.Tensor(triangles))
    start = np.concatenate([origin, np.full((*origin.shape[:-1], 1), 0.2)], axis=-1)
    rays = np.concatenate([start, np.broadcast_to([0, 0, -1], start.shape)], axis=-1).astype(np.float32)
    hit = scene.cast_rays(open3d.core.Tensor(rays))
    row = hit["primitive_ids"].numpy().astype(np.int64) % len(triangles) % len(quads)
    return 0.2 - hit["t_hit"].numpy(), of[row]


def test_identity_is_ordered_and_moves_in_plausible_amounts(head: Head) -> None:
    skin = head.rows("skin")
    size = np.sqrt((head.identity[:, skin] ** 2).sum(axis=(1, 2)) / len(skin))
    assert len(size) >= 60
    assert size[0] < 8e-3  # no mode moves the whole skin by more than that
    assert size[:5].mean() > 3 * size[-5:].mean()
    assert np.abs(head.identity[:, skin]).max() < 0.03

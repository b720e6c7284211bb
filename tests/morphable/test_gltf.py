from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.morphable.heads import make_small_head

from fsynth_morphable.errors import MissingPackageError
from fsynth_morphable.gltf import encode_glb
from fsynth_morphable.head import Head


@pytest.fixture(scope="module")
def small_head() -> Head:
    return make_small_head()


NUMBERS: dict[int, Any] = {5123: np.uint16, 5125: np.uint32, 5126: np.float32}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3}


class Glb:
    """The arrays of a .glb file, read by the letter of the format."""

    def __init__(self, content: bytes) -> None:
        magic, version, length, json_length = np.frombuffer(content[:16], np.uint32).tolist()
        assert (magic, version, length) == (0x46546C67, 2, len(content))
        self.json = json.loads(content[20 : 20 + json_length])
        self.binary = content[20 + json_length + 8 :]

    def view(self, index: int) -> bytes:
        view = self.json["bufferViews"][index]
        start = view.get("byteOffset", 0)
        return self.binary[start : start + view["byteLength"]]

    def array(self, index: int) -> np.ndarray:
        accessor = self.json["accessors"][index]
        shape, kind = (accessor["count"], WIDTHS[accessor["type"]]), NUMBERS[accessor["componentType"]]
        if "bufferView" in accessor:
            values = np.frombuffer(self.view(accessor["bufferView"]), kind).reshape(shape).copy()
        else:
            values = np.zeros(shape, kind)
        if sparse := accessor.get("sparse"):
            places = np.frombuffer(
                self.view(sparse["indices"]["bufferView"]), NUMBERS[sparse["indices"]["componentType"]]
            )
            values[places] = np.frombuffer(self.view(sparse["values"]["bufferView"]), kind).reshape(-1, shape[1])
        if "min" in accessor:
            np.testing.assert_array_equal(values.min(axis=0), accessor["min"])
            np.testing.assert_array_equal(values.max(axis=0), accessor["max"])
        return values


@pytest.mark.requires_extra("mesh")
def test_every_triangle_is_where_it_belongs(small_head: Head) -> None:
    glb = Glb(encode_glb(small_head))
    (mesh,) = glb.json["meshes"]
    assert [glb.json["materials"][part["material"]]["name"] for part in mesh["primitives"]] == ["skin", "hair"]
    found = []
    for part in mesh["primitives"]:
        places = glb.array(part["attributes"]["POSITION"])
        normals = glb.array(part["attributes"]["NORMAL"])
        uvs = glb.array(part["attributes"]["TEXCOORD_0"])
        corners = glb.array(part["indices"]).ravel()
        found.append(np.concatenate([places, normals, uvs], axis=1)[corners])
    triangles = small_head.triangles[0].ravel()
    uv = small_head.uvs[small_head.uv_triangles.ravel()] * [1, -1] + [0, 1]  # type: ignore[index]
    expected = np.concatenate([small_head.vertices[triangles], small_head.normals()[triangles], uv], axis=1)
    together = np.concatenate(found)
    assert together.shape == expected.shape
    # Primitives are in the order of materials, which here is that of the triangles.
    np.testing.assert_allclose(together, expected, atol=1e-5)


@pytest.mark.requires_extra("mesh")
def test_shapes_are_morph_targets_by_name(small_head: Head) -> None:
    smiling = small_head.with_expression({"smile": 0.6})
    glb = Glb(encode_glb(smiling))
    (mesh,) = glb.json["meshes"]
    names = list(small_head.shape_keys)
    assert mesh["extras"]["targetNames"] == names
    np.testing.assert_allclose(mesh["weights"], [0.6 if name == "mouthSmileLeft" else 0 for name in names])
    skin = mesh["primitives"][0]
    places = glb.array(skin["attributes"]["POSITION"])
    for name, target in zip(names, skin["targets"], strict=True):
        moved = places + glb.array(target["POSITION"])
        # Each place of the head moves as its shape says.
        for row in range(0, len(places), 17):
            vertex = np.linalg.norm(small_head.vertices - places[row], axis=1).argmin()
            expected = small_head.vertices[vertex] + small_head.shape_keys[name][vertex]
            np.testing.assert_allclose(moved[row], expected, atol=2e-6)
    # One shape moves a few vertices, one most of them, one none.
    kinds = [glb.json["accessors"][target["POSITION"]] for target in skin["targets"]]
    assert [("sparse" in kind, "bufferView" in kind) for kind in kinds] == [(True, False), (False, True), (False, True)]


@pytest.mark.requires_extra("mesh")
def test_textures_are_packed(small_head: Head) -> None:
    glb = Glb(encode_glb(small_head))
    colour, hair = (Image.open(io.BytesIO(glb.view(image["bufferView"]))) for image in glb.json["images"])
    assert (colour.format, hair.format) == ("JPEG", "PNG")
    assert small_head.texture is not None
    difference = np.asarray(colour, float) - small_head.texture[..., :3]
    assert np.abs(difference).mean() < 2
    cut_out = small_head.texture[..., 3] < 255
    np.testing.assert_array_equal(np.asarray(hair)[cut_out], small_head.texture[cut_out])
    assert [material["alphaMode"] for material in glb.json["materials"]] == ["OPAQUE", "BLEND"]
    assert all("uri" not in part for part in (*glb.json["images"], *glb.json["buffers"]))


@pytest.mark.requires_extra("mesh")
def test_a_head_without_texture_or_shapes(small_head: Head) -> None:
    plain = replace(small_head, texture=None, uvs=None, uv_polygons=None, shape_keys={})
    glb = Glb(encode_glb(plain))
    assert not glb.json["meshes"][0]["primitives"][0].get("targets")
    assert not glb.json.get("images")
    skin = glb.json["meshes"][0]["primitives"][0]
    places, colours = (glb.array(skin["attributes"][name]) for name in ("POSITION", "COLOR_0"))
    assert small_head.colours is not None
    for row in range(0, len(places), 17):
        vertex = np.linalg.norm(small_head.vertices - places[row], axis=1).argmin()
        np.testing.assert_allclose(colours[row] ** (1 / 2.2), small_head.colours[vertex], atol=0.04)


def test_says_what_to_install(small_head: Head, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygltflib", None)
    with pytest.raises(MissingPackageError, match=r'pip install "fsynth\[mesh\]"'):
        small_head.save(tmp_path / "head.glb")
    assert os.listdir(tmp_path) == []


VALIDATE = """
const validator = require(process.argv[1]), fs = require("fs");
validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[2])))
  .then(report => console.log(JSON.stringify(report.issues)));
"""


def validator() -> str:
    """Khronos' glTF validator, an npm package: the folder that FSYNTH_GLTF_VALIDATOR names, or where node finds it."""
    package = os.environ.get("FSYNTH_GLTF_VALIDATOR", "gltf-validator")
    found = subprocess.run(["node", "-e", f"require.resolve({package!r})"], capture_output=True, check=False)
    if found.returncode:
        pytest.skip("needs the npm package gltf-validator, in the folder that FSYNTH_GLTF_VALIDATOR names")
    return package


@pytest.mark.requires_extra("mesh")
@pytest.mark.requires_command("node")
def test_khronos_finds_no_error(small_head: Head, tmp_path: Path) -> None:
    path = small_head.with_expression({"smile": 1}).save(tmp_path / "head.glb")[-1]
    run = subprocess.run(["node", "-e", VALIDATE, validator(), str(path)], capture_output=True, text=True, check=True)
    issues = json.loads(run.stdout)
    assert issues["numErrors"] == 0, issues["messages"]
    assert issues["numWarnings"] == 0, issues["messages"]


IMPORT = """
import sys, bpy, json
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.import_scene.gltf(filepath=sys.argv[1])
(head,) = [part for part in bpy.data.objects if part.type == "MESH"]
keys = {key.name: key.value for key in head.data.shape_keys.key_blocks}
images = {image.name: list(image.size) for image in bpy.data.images}
corners = [vertex.co[:] for vertex in head.data.vertices]
low, high = ([f(axis) for axis in zip(*corners)] for f in (min, max))
print("FOUND" + json.dumps([keys, images, [material.name for material in head.data.materials], low, high]))
"""


@pytest.mark.requires_extra("mesh")
@pytest.mark.requires_extra("blender")
def test_blender_reads_it(small_head: Head, tmp_path: Path) -> None:
    path = small_head.with_expression({"smile": 0.5}).save(tmp_path / "head.glb")[-1]
    blender = os.environ.get("FSYNTH_BLENDER_PYTHON", sys.executable)
    run = subprocess.run([blender, "-c", IMPORT, str(path)], capture_output=True, text=True, check=True)
    line = next(line for line in run.stdout.splitlines() if line.startswith("FOUND"))
    keys, images, materials, low, high = json.loads(line.removeprefix("FOUND"))
    assert list(keys) == ["Basis", *small_head.shape_keys]
    assert keys["mouthSmileLeft"] == pytest.approx(0.5)
    assert images == {"colour": [64, 64], "hair": [64, 64]}
    assert materials == ["skin", "hair"]
    # Blender has Z up: (x, -z, y).
    x, y, z = small_head.vertices.T
    np.testing.assert_allclose(low, [x.min(), -z.max(), y.min()], atol=1e-5)
    np.testing.assert_allclose(high, [x.max(), -z.min(), y.max()], atol=1e-5)

"""Avatars go out as glTF and FBX without loss: what comes back has every vertex in its place, in every shape."""

from __future__ import annotations

import json
import os
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial import cKDTree
from tests.blender_addon.installed.blenders import Blender

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


def gltf_json(path: Path) -> dict[str, Any]:
    """The JSON part of a .glb file."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    return json.loads(data[20 : 20 + length])


@pytest.mark.requires_command("node")
def test_khronos_finds_no_error(avatar: tuple[Path, dict[str, Any]]) -> None:
    command = ["node", "-e", VALIDATE, validator(), str(avatar[0] / "avatar.glb")]
    issues = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert issues["numErrors"] == 0, issues["messages"]


def test_gltf_has_arkits_morph_targets_by_name_and_its_texture_inside(avatar: tuple[Path, dict[str, Any]]) -> None:
    folder, found = avatar
    gltf = gltf_json(folder / "avatar.glb")
    (names,) = [keys[1:] for keys in found["keys"].values() if len(keys) == 53][:1]
    with_all = [mesh for mesh in gltf["meshes"] if len(mesh.get("extras", {}).get("targetNames", [])) == 52]
    assert with_all
    for mesh in with_all:
        assert mesh["extras"]["targetNames"] == names
        assert {len(primitive["targets"]) for primitive in mesh["primitives"]} == {52}
    assert {"jawOpen", "eyeBlinkLeft", "mouthSmileRight", "tongueOut"} <= set(names)
    assert all("bufferView" in image and "uri" not in image for image in gltf["images"])
    textured = [material for material in gltf["materials"] if "baseColorTexture" in material["pbrMetallicRoughness"]]
    assert textured


def read_back(blender: Blender, path: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], dict[str, Any]]:
    """Points by object of the avatar and of the file, with the report of the import."""
    target = path.with_suffix(".back.npz")
    found = blender.run("read_back.py", path, target)
    with np.load(path.parent / "avatar.npz") as before, np.load(target) as after:
        return dict(before), dict(after), found


def origins(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """For each imported vertex (S, M, 3) the index (M,) of its original among (S, N, 3).

    glTF splits a vertex where its faces differ in UVs or normals, so several may share one. Vertices of an avatar may
    lie at one place, as those of closed lips do, so all shapes are compared at once: a row is 3 S numbers.
    """
    rows = [np.moveaxis(points, 0, 1).reshape(points.shape[1], -1) for points in (before, after)]
    distances, nearest = cKDTree(rows[0]).query(rows[1], p=np.inf, workers=1)
    assert distances.max() <= 1e-5
    return nearest


def test_gltf_comes_back_with_every_vertex_in_its_place(blender: Blender, avatar: tuple[Path, dict[str, Any]]) -> None:
    before, after, found = read_back(blender, avatar[0] / "avatar.glb")
    assert after.keys() == before.keys()
    for name, points in before.items():
        assert found["keys"][name] == avatar[1]["keys"][name]
        nearest = origins(points, after[name])
        # With the splits undone, as many vertices as before, each of them there.
        rows = np.moveaxis(points, 0, 1).reshape(points.shape[1], -1)
        assert len(np.unique(rows[nearest], axis=0)) == len(np.unique(rows, axis=0))
    assert found["images"]


def test_fbx_comes_back_with_every_vertex_in_its_place(blender: Blender, avatar: tuple[Path, dict[str, Any]]) -> None:
    before, after, found = read_back(blender, avatar[0] / "avatar.fbx")
    assert after.keys() == before.keys()
    for name, points in before.items():
        assert found["keys"][name] == avatar[1]["keys"][name]
        assert after[name].shape == points.shape
        np.testing.assert_allclose(after[name], points, rtol=0, atol=1e-5)
    assert found["images"]

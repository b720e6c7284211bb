"""The zip, installed by Blender itself, makes an avatar out of what it brings along and nothing else."""

from __future__ import annotations

import subprocess
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.blender_addon.installed.blenders import VARIABLES, Blender
from tests.blender_addon.installed.conftest import clean_blender

import build_extension


def command_line_tool(blender: Blender) -> tuple[Path, Path]:
    """Blender's own program that builds and validates extensions, and the file of the tags that it allows."""
    find = "import bpy; print('AT', bpy.utils.system_resource('SCRIPTS'))"
    run = subprocess.run([blender.python, "-E", "-s", "-c", find], capture_output=True, text=True, check=True)
    scripts = Path(next(line.removeprefix("AT ") for line in run.stdout.splitlines() if line.startswith("AT ")))
    program = scripts / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py"
    return program, scripts / "modules" / "_bpy_internal" / "extensions" / "tags.py"


def test_blender_validates_and_builds_it(blender: Blender, extension: Path, tmp_path: Path) -> None:
    program, tags = command_line_tool(blender)
    tool = [blender.python, str(program)]
    validate = subprocess.run(
        [*tool, "validate", str(extension), "--valid-tags", str(tags)], capture_output=True, text=True, check=False
    )
    assert validate.returncode == 0, validate.stdout + validate.stderr

    # What Blender builds of our zip's contents is our zip: the same files, the same bytes.
    source, built = tmp_path / "source", tmp_path / "built.zip"
    with zipfile.ZipFile(extension) as ours:
        ours.extractall(source)
    build = subprocess.run(
        [*tool, "build", "--source-dir", str(source), "--output-filepath", str(built), "--valid-tags", str(tags)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stdout + build.stderr
    with zipfile.ZipFile(extension) as ours, zipfile.ZipFile(built) as theirs:
        assert {entry.filename: entry.CRC for entry in ours.infolist()} == {
            entry.filename: entry.CRC for entry in theirs.infolist() if not entry.is_dir()
        }


def test_zip_is_small_enough_and_bundles_nothing_that_blender_has(extension: Path) -> None:
    assert extension.stat().st_size <= 150e6
    with zipfile.ZipFile(extension) as archive:
        packages = {Path(name).name.split("-")[0] for name in archive.namelist() if name.endswith(".whl")}
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert packages == {"fsynth", "onnxruntime", "pillow"}
    assert set(manifest["permissions"]) == {"files"}
    assert all("cp311" in name or "cp313" in name or "py3-none-any" in name for name in manifest["wheels"])


def test_it_installs_into_a_blender_that_has_nothing_of_it(installation: tuple[Blender, dict[str, Any]]) -> None:
    _, found = installation
    assert found["before"] == []
    assert found["result"] == ["FINISHED"], found["said"]
    assert found["enabled"]
    assert found["operator"]


def test_enabling_imports_nothing_heavy_and_takes_no_time(
    installation: tuple[Blender, dict[str, Any]], avatar: tuple[Path, dict[str, Any]]
) -> None:
    assert installation[1]["imported"] == []
    assert avatar[1]["registering"] < 0.2  # CPU seconds; measured 0.02


def test_avatar_is_made_with_the_bundled_wheels_alone(blender: Blender, avatar: tuple[Path, dict[str, Any]]) -> None:
    _, found = avatar
    assert found["result"] == ["FINISHED"], found["said"]
    packages = blender.resources / "extensions" / ".local"
    assert {name: packages in Path(place).parents for name, place in found["places"].items()} == {
        "fsynth": True,
        "fsynth_morphable": True,
        "onnxruntime": True,
        "PIL": True,
    }
    assert found["network"] == []
    assert found["collections"]
    assert any(len(keys) == 53 for keys in found["keys"].values())  # ARKit's 52 and the basis


def test_memory_stays_below_one_and_a_half_gigabytes(avatar: tuple[Path, dict[str, Any]]) -> None:
    assert avatar[1]["peak"] <= 1.5e9


def test_every_image_is_packed_into_the_file(avatar: tuple[Path, dict[str, Any]]) -> None:
    images = avatar[1]["images"]
    assert images
    assert [name for name, (_, _, packed) in images.items() if not packed] == []


@pytest.mark.parametrize("version", VARIABLES)
def test_zip_of_another_platform_is_refused(version: str, tmp_path: Path) -> None:
    blender = clean_blender(version, tmp_path)
    other = "windows-x64" if build_extension.this_platform() != "windows-x64" else "linux-x64"
    wheel = tmp_path / "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("small.dist-info/LICENSE", "none")
    found = blender.run("install.py", build_extension.write_zip(build_extension.SOURCE, [wheel], other, tmp_path))
    assert not found["enabled"]
    assert other in found["refused"] + found["said"]
    assert not found["operator"]


@pytest.mark.parametrize("version", VARIABLES)
def test_missing_wheel_is_a_sentence_for_the_artist(
    version: str, tmp_path: Path, extension: Path, astronaut: Path
) -> None:
    """As where an antivirus program, or a copy that broke off, took a file away."""
    blender = clean_blender(version, tmp_path)
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(extension) as whole, zipfile.ZipFile(broken, "w") as rest:
        for name in whole.namelist():
            if not name.startswith("wheels/onnxruntime"):
                rest.writestr(name, whole.read(name))
    assert blender.run("install.py", broken)["operator"]
    found = blender.run("try_to_create.py", astronaut)
    assert found["objects"] == []
    assert "onnxruntime" in found["error"].lower() or "onnx runtime" in found["error"].lower()
    assert "Install the extension" in found["error"]
    assert "Traceback" not in found["error"] + found["said"]


def test_disabled_and_enabled_again_it_works_without_holding_up_the_window(blender: Blender, astronaut: Path) -> None:
    found = blender.run("ticks.py", astronaut)
    assert not found["left by disabling"]
    assert found["objects"]
    # What one timer event takes of the window's thread, in CPU seconds, so that a busy machine does not count.
    assert found["longest tick"] < 0.1
    assert found["steps of building"] > 30  # Blender's data are not made in one go

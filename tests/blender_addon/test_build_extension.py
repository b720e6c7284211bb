"""The builder of the extension's zips, on small wheels and without the network; installed/ tests a real zip."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path

import pytest

import build_extension
from build_extension import BuildError

MANIFEST = f"""schema_version = "1.0.0"
id = "fsynth"
version = "1.2.3"
{build_extension.PLACE}
[permissions]
files = "Read photos"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """An extension with one module, in a folder where Python has already run."""
    folder = tmp_path / "source"
    (folder / "scene" / "__pycache__").mkdir(parents=True)
    (folder / build_extension.MANIFEST).write_text(MANIFEST)
    (folder / "__init__.py").write_text("x = 1\n")
    (folder / "scene" / "meshes.py").write_text("y = 2\n")
    (folder / "scene" / "__pycache__" / "meshes.cpython-311.pyc").write_bytes(b"compiled")
    (folder / ".hidden").write_text("an editor's")
    return folder


@pytest.fixture
def wheels(tmp_path: Path) -> list[Path]:
    return [
        small_wheel(tmp_path, "pillow-13.0.0-cp311-cp311-win_amd64.whl"),
        small_wheel(tmp_path, "fsynth-1.2.3-py3-none-any.whl"),
    ]


def small_wheel(folder: Path, name: str, *, licence: str = "x.dist-info/licenses/LICENSE") -> Path:
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr("x/__init__.py", "")
        archive.writestr(licence, f"You may use {name}.")
    return folder / name


def test_zip_holds_sources_wheels_and_licences_and_nothing_else(
    source: Path, wheels: list[Path], tmp_path: Path
) -> None:
    path = build_extension.write_zip(source, wheels, "windows-x64", tmp_path)
    assert path.name == "fsynth-1.2.3-windows_x64.zip"
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {
            "__init__.py",
            "blender_manifest.toml",
            "scene/meshes.py",
            "licences/fsynth-1.2.3/LICENSE",
            "licences/pillow-13.0.0/LICENSE",
            "wheels/fsynth-1.2.3-py3-none-any.whl",
            "wheels/pillow-13.0.0-cp311-cp311-win_amd64.whl",
        }
        assert archive.read("wheels/fsynth-1.2.3-py3-none-any.whl") == wheels[1].read_bytes()
        assert archive.read("licences/pillow-13.0.0/LICENSE") == b"You may use pillow-13.0.0-cp311-cp311-win_amd64.whl."
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert manifest["platforms"] == ["windows-x64"]
    assert manifest["wheels"] == [
        "./wheels/fsynth-1.2.3-py3-none-any.whl",
        "./wheels/pillow-13.0.0-cp311-cp311-win_amd64.whl",
    ]
    assert manifest["permissions"] == {"files": "Read photos"}


def test_same_files_make_the_same_bytes(source: Path, wheels: list[Path], tmp_path: Path) -> None:
    first = build_extension.write_zip(source, wheels, "linux-x64", tmp_path).read_bytes()
    for path in source.rglob("*.py"):
        path.write_bytes(path.read_bytes())  # a newer date
        path.chmod(0o755)
    again = tmp_path / "again"
    again.mkdir()
    assert build_extension.write_zip(source, reversed(wheels), "linux-x64", again).read_bytes() == first


def test_another_version_than_the_wheels_is_refused(source: Path, tmp_path: Path) -> None:
    wheel = small_wheel(tmp_path, "fsynth-1.3.0-py3-none-any.whl")
    with pytest.raises(BuildError, match=r"version 1\.2\.3.*fsynth-1\.3\.0"):
        build_extension.write_zip(source, [wheel], "linux-x64", tmp_path)


def test_wheel_without_licence_is_refused(source: Path, tmp_path: Path) -> None:
    wheel = small_wheel(tmp_path, "pillow-13.0.0-py3-none-any.whl", licence="README")
    with pytest.raises(BuildError, match="no file LICENSE"):
        build_extension.write_zip(source, [wheel], "linux-x64", tmp_path)


def test_manifest_without_a_place_for_wheels_is_refused(source: Path, wheels: list[Path], tmp_path: Path) -> None:
    (source / build_extension.MANIFEST).write_text(MANIFEST.replace(build_extension.PLACE, ""))
    with pytest.raises(BuildError, match="this line once"):
        build_extension.write_zip(source, wheels, "linux-x64", tmp_path)


def test_zip_that_is_too_large_is_refused(
    source: Path, wheels: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_extension, "LARGEST", 1000)
    with pytest.raises(BuildError, match="more than 1000"):
        build_extension.write_zip(source, wheels, "linux-x64", tmp_path)


@pytest.mark.parametrize("platform", build_extension.PLATFORMS)
def test_wheels_that_cannot_be_had_are_named_and_nothing_is_written(
    platform: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty, out = tmp_path / "empty", tmp_path / "out"
    empty.mkdir()
    assert build_extension.main(["--platform", platform, "--out", str(out), "--wheels", str(empty)]) == 1
    assert re.search(rf"blender-cp311\.lock names for {platform} can't be had.*onnxruntime", capsys.readouterr().err)
    assert list(out.iterdir()) == []


def test_wheel_with_other_bytes_than_the_lock_is_refused(tmp_path: Path) -> None:
    version = ".".join(map(str, pins(build_extension.LOCKS["3.11"])["onnxruntime"]))
    small_wheel(tmp_path, f"onnxruntime-{version}-cp311-cp311-manylinux_2_28_x86_64.whl")
    with pytest.raises(BuildError, match=r"HASHES|hash"):
        build_extension.third_party_wheels("linux-x64", tmp_path / "wheels", folder=tmp_path)


def test_folder_that_cannot_be_written_to_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert build_extension.main(["--out", str(tmp_path / "file")]) == 1
    assert "can't be written to" in capsys.readouterr().err


def test_wheel_of_fsynth_is_of_the_manifests_version_and_brings_weights_and_notices(tmp_path: Path) -> None:
    wheel = build_extension.fsynth_wheel(tmp_path)
    build_extension.filled_manifest(
        (build_extension.SOURCE / build_extension.MANIFEST).read_text(), [wheel], "linux-x64"
    )  # raises where versions differ
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {"fsynth/weights/default.onnx", "fsynth_morphable/data/head.npz"} <= names
    assert not [name for name in names if name.startswith("fsynth_blender")]  # GPL code is not of the wheel
    assert {Path(name).name for name in build_extension.licences(wheel)} == {"LICENSE", "NOTICE"}


def pins(lock: Path) -> dict[str, tuple[int, ...]]:
    """Package: version, as a lock file pins them."""
    found = re.findall(r"^([a-z]+)==([0-9.]+)", lock.read_text(), re.MULTILINE)
    return {name: tuple(map(int, version.split("."))) for name, version in found}


def test_blender_that_ignores_the_python_of_wheels_takes_those_for_its_own() -> None:
    """Blender 4.2.0 installs, of all wheels for its platform, those with the highest version."""
    older, newer = pins(build_extension.LOCKS["3.11"]), pins(build_extension.LOCKS["3.13"])
    assert older.keys() == newer.keys() == {"onnxruntime", "pillow"}
    assert all(older[name] > newer[name] for name in older)


def test_licence_is_the_gpl_and_the_manifest_says_so() -> None:
    manifest = tomllib.loads((build_extension.SOURCE / build_extension.MANIFEST).read_text())
    assert manifest["license"] == ["SPDX:GPL-3.0-or-later"]
    assert (
        "GNU GENERAL PUBLIC LICENSE\n                       Version 3"
        in (build_extension.SOURCE / "LICENSE").read_text()
    )
    assert set(manifest["permissions"]) == {"files"}


def test_every_source_names_its_licence() -> None:
    sources = [path for path in build_extension.source_files(build_extension.SOURCE) if path.suffix == ".py"]
    assert sources
    assert [
        path.name for path in sources if "SPDX-License-Identifier: GPL-3.0-or-later" not in path.read_text()[:200]
    ] == []

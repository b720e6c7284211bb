#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the Blender extension: one .zip for each platform, with everything inside that it needs.

    python blender_addon/build_extension.py --platform linux-x64 --out dist

The zip holds the folder fsynth_blender, its manifest with the platform and the wheels filled in, the wheels (fsynth as
the checkout is, onnxruntime and Pillow as requirements/blender-*.lock pins them by sha256) and the licences of what is
bundled. The same checkout makes the same bytes. Blender's NumPy serves; none of onnxruntime's other dependencies is
needed to run a network, so they are left out.

Needs Python 3.11 or later with pip and hatchling, and the network for the wheels; or all wheels in a folder: --wheels.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "blender_addon" / "fsynth_blender"
MANIFEST = "blender_manifest.toml"
PLACE = "# build_extension.py puts the platform and its wheels here.\n"

# Blender's names of platforms, and the tags of wheels that run wherever Blender does: glibc 2.28, macOS 13.
PLATFORMS: Mapping[str, Sequence[str]] = {
    "linux-x64": ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "windows-x64": ("win_amd64",),
    "macos-arm64": ("macosx_13_0_arm64",),
}
# Blender 4.2 to 5.0 run on Python 3.11, Blender 5.1 and later on Python 3.13. Blender takes the wheels that fit.
LOCKS = {"3.11": ROOT / "requirements" / "blender-cp311.lock", "3.13": ROOT / "requirements" / "blender-cp313.lock"}

LARGEST = 150 * 1000 * 1000  # bytes
EARLIEST = (1980, 1, 1, 0, 0, 0)  # what a zip can say; the same in every build


class BuildError(Exception):
    """Why there is no extension, in a sentence that says what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what the command line asks for; 0 if every zip was made, 1 and a message if none was."""
    parser = argparse.ArgumentParser(description="Build the Blender extension, one .zip for each platform.")
    parser.add_argument("--platform", choices=[*PLATFORMS, "all"], default=this_platform(), help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=Path("dist"), help="folder to write to (default: %(default)s)")
    parser.add_argument("--wheels", type=Path, help="take the wheels of others from this folder, not the network")
    chosen = parser.parse_args(arguments)
    platforms = list(PLATFORMS) if chosen.platform == "all" else [chosen.platform]
    try:
        for path in build(platforms, chosen.out, folder=chosen.wheels):
            print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")
    except BuildError as error:
        print(f"build_extension.py: {error}", file=sys.stderr)
        return 1
    return 0


def this_platform() -> str:
    """The platform of the machine that builds; macOS machines of all kinds count as macos-arm64."""
    return {"win32": "windows-x64", "darwin": "macos-arm64"}.get(sys.platform, "linux-x64")


def build(platforms: Sequence[str], out: Path, *, folder: Path | None = None) -> list[Path]:
    """Write one zip for each platform into ``out``: all of them or, where one fails, none.

    Args:
        platforms: keys of ``PLATFORMS``.
        out: folder, made where there is none. Earlier zips of the same version are replaced.
        folder: holds the third parties' wheels; None downloads them.

    Raises:
        BuildError: a wheel can't be had or built, a file can't be written, or a zip would be too large.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out, prefix=".extension-") as name:
            work = Path(name)
            ours = fsynth_wheel(work / "fsynth")
            made = []
            for platform in platforms:
                wheels = [ours, *third_party_wheels(platform, work / platform, folder=folder)]
                made.append(write_zip(SOURCE, wheels, platform, work))
            return [path.replace(out / path.name) for path in made]
    except OSError as error:
        raise BuildError(f"The extension can't be written to {out}: {error}.") from error


def fsynth_wheel(folder: Path) -> Path:
    """Build the wheel of fsynth and fsynth_morphable, with their weights, from the checkout into ``folder``."""
    run_pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT, what="The wheel of fsynth")
    (wheel,) = folder.glob("fsynth-*.whl")
    return wheel


def third_party_wheels(platform: str, target: Path, *, folder: Path | None = None) -> list[Path]:
    """The wheels that the lock files name, for one platform and every Python of Blender's, in ``target``."""
    tags = [argument for tag in PLATFORMS[platform] for argument in ("--platform", tag)]
    origin = [] if folder is None else ["--no-index", "--find-links", str(folder)]
    for python, lock in LOCKS.items():
        run_pip(
            *("download", "--require-hashes", "--no-deps", "--only-binary", ":all:", "--implementation", "cp"),
            *("--python-version", python, *tags, *origin, "--requirement", str(lock), "--dest", str(target)),
            what=f"What {lock.name} names for {platform}",
        )
    return sorted(target.glob("*.whl"))


def run_pip(*arguments: str | Path, what: str) -> None:
    """Run pip, or raise a BuildError that says ``what`` can't be had, and what pip said last."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        said = [line.strip() for line in run.stderr.splitlines() if line.strip()] or [f"exit code {run.returncode}"]
        errors = [line.removeprefix("ERROR: ") for line in said if line.startswith("ERROR: ")] or said[-1:]
        raise BuildError(
            f"{what} can't be had; pip says: {'; '.join(errors)}. Check the network, or name a folder that holds the "
            "wheels with --wheels; pip and hatchling have to be installed."
        )


def write_zip(source: Path, wheels: Iterable[Path], platform: str, out: Path) -> Path:
    """Write the extension's zip into the folder ``out``.

    Args:
        source: the extension's folder, with a manifest that holds the line ``PLACE``.
        wheels: files that go into wheels/.
        platform: Blender's name of it.

    Raises:
        BuildError: manifest and wheels don't fit each other, a wheel brings no licence, or the zip is too large.
    """
    wheels = sorted(wheels, key=lambda wheel: wheel.name)
    text = (source / MANIFEST).read_text(encoding="utf-8")
    manifest = filled_manifest(text, wheels, platform)
    files = {path.relative_to(source).as_posix(): path.read_bytes() for path in source_files(source)}
    files[MANIFEST] = manifest.encode()
    for wheel in wheels:
        files[f"wheels/{wheel.name}"] = wheel.read_bytes()
        files.update(licences(wheel))
    about = tomllib.loads(manifest)
    path = out / f"{about['id']}-{about['version']}-{platform.replace('-', '_')}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.create_system = 3  # else it would be the builder's own system
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    if path.stat().st_size > LARGEST:
        raise BuildError(f"{path.name} would have {path.stat().st_size} bytes, more than {LARGEST}; bundle less.")
    return path


def filled_manifest(text: str, wheels: Sequence[Path], platform: str) -> str:
    """The manifest with platform and wheels in the place of the line ``PLACE``."""
    if text.count(PLACE) != 1:
        raise BuildError(f"{MANIFEST} has to hold this line once: {PLACE.strip()}")
    version = tomllib.loads(text)["version"]
    for wheel in wheels:
        if wheel.name.startswith("fsynth-") and wheel.name.split("-")[1] != version:
            raise BuildError(f"{MANIFEST} says version {version}, but the wheel is {wheel.name}; make them the same.")
    names = "".join(f'  "./wheels/{wheel.name}",\n' for wheel in wheels)
    return text.replace(PLACE, f'platforms = ["{platform}"]\nwheels = [\n{names}]\n')


def source_files(source: Path) -> list[Path]:
    """The files of the extension's folder, without what Python and editors leave there."""
    found = []
    for folder, folders, names in os.walk(source):
        folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
        found += [Path(folder) / name for name in names if not name.startswith(".") and not name.endswith("~")]
    return sorted(found)


def licences(wheel: Path) -> dict[str, bytes]:
    """The wheel's licences and notices, by their place in the zip, where they can be read without unpacking wheels."""
    name, version = wheel.name.split("-")[:2]
    with zipfile.ZipFile(wheel) as archive:
        found = {
            f"licences/{name}-{version}/{inside.name}": archive.read(inside.as_posix())
            for inside in map(PurePosixPath, archive.namelist())
            if inside.name in {"LICENSE", "NOTICE", "ThirdPartyNotices.txt"}
        }
    if not found:
        raise BuildError(f"{wheel.name} brings no file LICENSE, so it can't be bundled.")
    return found


if __name__ == "__main__":
    sys.exit(main())

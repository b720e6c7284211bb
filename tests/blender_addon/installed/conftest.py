from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.blender_addon.installed.blenders import VARIABLES, Blender

import build_extension


@pytest.fixture(scope="session")
def extension(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension's zip for this platform, as ``make extension`` builds it."""
    (path,) = build_extension.build([build_extension.this_platform()], tmp_path_factory.mktemp("extension"))
    return path


def clean_blender(version: str, resources: Path) -> Blender:
    """A Blender without the extension, of which nobody has used anything yet."""
    variable = VARIABLES[version]
    if variable not in os.environ:
        pytest.skip(
            f"needs bpy {version}: an interpreter that {variable} names, see tests/morphable/reference/fetch.sh"
        )
    return Blender(version, os.environ[variable], resources)


@pytest.fixture(scope="session", params=VARIABLES)
def installation(
    request: pytest.FixtureRequest, extension: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Blender, dict[str, Any]]:
    """A Blender that has the extension installed, and what installing it showed."""
    blender = clean_blender(request.param, tmp_path_factory.mktemp("blender"))
    return blender, blender.run("install.py", extension)


@pytest.fixture(scope="session")
def blender(installation: tuple[Blender, dict[str, Any]]) -> Blender:
    """A Blender that has the extension installed."""
    return installation[0]


@pytest.fixture(scope="session")
def avatar(blender: Blender, root: Path) -> tuple[Path, dict[str, Any]]:
    """The folder with the avatar of the example photo, as .glb and .fbx, and what making it showed."""
    folder = blender.resources / "avatar"
    folder.mkdir()
    return folder, blender.run("create.py", root / "examples" / "astronaut.jpg", folder)

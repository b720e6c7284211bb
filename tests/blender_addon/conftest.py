from __future__ import annotations

import json
import os
import subprocess
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

InBlender = Callable[..., Any]
"""Runs Python in Blender with the extension enabled; what the code gives to ``report``."""

_START = """
import json, os, sys
ARGUMENTS = json.loads(sys.argv[1])
def report(found):
    with open(ARGUMENTS["report"], "w") as file:
        json.dump(found, file)
"""
_ENABLE = """
import bpy
import fsynth_blender
fsynth_blender.register()
from fsynth_blender import adjust, properties, run, scene, work
def said(call, **arguments):
    '''What an operator reports as an error; None where it reports none.'''
    try:
        assert call(**arguments) == {"FINISHED"}
    except RuntimeError as error:
        return str(error).removeprefix("Error: ").strip()
def census():
    '''How much there is of everything.'''
    kinds = "collections objects meshes materials images armatures shape_keys node_groups actions".split()
    return {kind: len(getattr(bpy.data, kind)) for kind in kinds}
"""
# bpy 4.2 crashes at its regular end once any operator or panel was registered, whoever's.
_END = """
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture(scope="session")
def blender_python() -> str:
    """An interpreter with bpy."""
    if "FSYNTH_BLENDER_PYTHON" not in os.environ:
        pytest.skip(
            "needs bpy: an interpreter that FSYNTH_BLENDER_PYTHON names, see tests/morphable/reference/fetch.sh"
        )
    return os.environ["FSYNTH_BLENDER_PYTHON"]


@pytest.fixture(scope="session")
def blender_path(blender_python: str, root: Path) -> str:
    """What PYTHONPATH must hold there for avatars: our packages, ONNX Runtime and Pillow."""
    folders = [str(root / name) for name in ("sdk", "morphable", "blender_addon")]
    path = os.pathsep.join([*folders, os.environ.get("FSYNTH_BLENDER_PACKAGES", "")])
    found = subprocess.run(
        [blender_python, "-c", "import onnxruntime, PIL"], env=os.environ | {"PYTHONPATH": path}, check=False
    )
    if found.returncode:
        pytest.skip(
            "needs onnxruntime and Pillow for Blender's Python, in the folder that FSYNTH_BLENDER_PACKAGES names, see "
            "tests/morphable/reference/fetch.sh"
        )
    return path


@pytest.fixture
def in_blender(blender_python: str, blender_path: str, tmp_path: Path) -> InBlender:
    """See ``InBlender``. ``enable=False`` leaves registering to the code; other keywords are its ``ARGUMENTS``."""

    def call(code: str, *, enable: bool = True, **arguments: object) -> Any:
        report = tmp_path / "report.json"
        report.unlink(missing_ok=True)
        given = {name: str(value) if isinstance(value, Path) else value for name, value in arguments.items()}
        source = _START + (_ENABLE if enable else "") + textwrap.dedent(code) + _END
        environment = os.environ | {
            "PYTHONPATH": blender_path,
            "BLENDER_USER_RESOURCES": str(tmp_path / "blender"),
            "FSYNTH_HOME": str(tmp_path / "fsynth"),
        }
        command = [blender_python, "-c", source, json.dumps(given | {"report": str(report)})]
        ended = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        output = ended.stdout + ended.stderr
        assert ended.returncode == 0, output[-6000:]
        assert "Traceback" not in output, output[-6000:]
        assert report.exists(), output[-6000:]
        return json.loads(report.read_text())

    return call

"""What `import fsynth` gives, and how little it takes."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

import fsynth


def modules_after(code: str) -> set[str]:
    """Names of the modules that a fresh interpreter holds after ``code``."""
    script = f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("statement", ["import fsynth", "import fsynth.errors", "from fsynth import FsynthError"])
def test_import_alone_is_light(statement: str) -> None:
    assert not {"numpy", "onnxruntime", "PIL", "click"} & modules_after(statement)


def test_normalizing_needs_no_extra(astronaut: Path) -> None:
    modules = modules_after(f"import fsynth; fsynth.load()({str(astronaut)!r})")

    assert {"numpy", "onnxruntime", "PIL"} <= modules
    assert not {"tensorflow", "keras", "onnx", "scipy", "skimage", "cv2", "pillow_heif", "click"} & modules


@pytest.mark.parametrize("name", fsynth.__all__)
def test_every_name_resolves_and_is_no_module(name: str) -> None:
    assert type(getattr(fsynth, name)).__name__ != "module"


def test_names_are_listed() -> None:
    assert dir(fsynth) == sorted(fsynth.__all__)


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="'fsynth' has no attribute 'nobody'"):
        fsynth.nobody  # noqa: B018


def test_errors_have_one_base_that_users_can_catch() -> None:
    for name in fsynth.__all__:
        if name.endswith("Error"):
            assert issubclass(getattr(fsynth, name), fsynth.FsynthError)


def test_types_are_announced() -> None:
    assert (resources.files("fsynth") / "py.typed").is_file()

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

import fsynth.faces


def _modules_after(code: str) -> set[str]:
    """Names of the modules a fresh interpreter holds after ``code``."""
    script = f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def test_import_alone_is_light() -> None:
    assert not {"numpy", "PIL", "onnxruntime"} & _modules_after("import fsynth.faces")


def test_reading_a_photo_needs_no_engine() -> None:
    assert "onnxruntime" not in _modules_after("from fsynth.faces import read_photo")


def test_finding_needs_no_extra() -> None:
    modules = _modules_after(
        "import numpy as np; from fsynth.faces import find_faces; find_faces(np.zeros((9, 9, 3), 'u1'))"
    )
    assert not {"scipy", "skimage", "keras", "tensorflow", "onnx", "cv2", "pillow_heif"} & modules


@pytest.mark.parametrize("name", fsynth.faces.__all__)
def test_every_name_resolves_and_is_no_module(name: str) -> None:
    value = getattr(fsynth.faces, name)
    assert type(value).__name__ != "module"
    assert name in dir(fsynth.faces)


def test_functions_stay_functions_after_their_modules_are_imported() -> None:
    for module in ("alignment", "find", "landmarks", "photo", "resample", "similarity"):
        importlib.import_module(f"fsynth.faces.{module}")
    assert callable(fsynth.faces.align)


def test_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nobody'"):
        fsynth.faces.nobody  # noqa: B018

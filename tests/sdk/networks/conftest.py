from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """``reference/compute.py``: pictures, and runtimes that share no code with ours."""
    spec = importlib.util.spec_from_file_location("compute", Path(__file__).parent / "reference" / "compute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

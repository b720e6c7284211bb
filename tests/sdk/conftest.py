from __future__ import annotations

import pytest

import fsynth


@pytest.fixture(scope="session")
def normalizer() -> fsynth.Normalizer:
    """The weights that ship with fsynth on ONNX Runtime."""
    return fsynth.load()

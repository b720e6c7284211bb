from __future__ import annotations

import os
from pathlib import Path

import pytest

from fsynth_training.convert.sources import DLIB, HUMAN, Package


@pytest.fixture
def archives(root: Path) -> dict[Package, Path]:
    """The archives that the networks are made of. Skips the test where they have not been fetched."""
    folder = Path(os.environ.get("FSYNTH_SOURCES") or root / "build" / "sources")
    found = {package: folder / package.archive for package in (HUMAN, DLIB)}
    for archive in found.values():
        if not archive.is_file():
            pytest.skip(f"{archive} is missing: run tests/sdk/networks/reference/fetch.sh")
    return found

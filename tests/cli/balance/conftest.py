"""A small RAW photo with a face, and a way to run the command that looks after the originals."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.cli.balance.running import Done
from tests.sdk.balance.synthetic import Shot, make_dng

from fsynth.balance.temperature import Temperature

SIDE = 288


@pytest.fixture(scope="module")
def negative(astronaut: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small digital negative with a face, taken by tungsten light."""
    picture = Image.open(astronaut).convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    path = tmp_path_factory.mktemp("negative") / "good.dng"
    return make_dng(path, np.asarray(picture), Shot(Temperature(2900, 0.0), -0.5))


@pytest.fixture
def shoot(tmp_path: Path) -> Path:
    """An empty folder for photos."""
    (tmp_path / "shoot").mkdir()
    return tmp_path / "shoot"


@pytest.fixture
def balance(tmp_path: Path, shoot: Path) -> Iterator[Callable[..., Done]]:
    """Runs ``fsynth balance`` beside ``shoot``; in the end no original may have changed, and no temporary be left."""
    hashes: dict[str, str] = {}

    def run(*arguments: object, **options: Any) -> Done:
        for path in shoot.rglob("*"):
            if path.is_file() and not path.is_symlink() and path.suffix not in {".xmp", ".pp3"}:
                hashes.setdefault(str(path), hashlib.sha256(path.read_bytes()).hexdigest())
        return Done(tmp_path, [str(argument) for argument in arguments], **options)

    yield run
    assert {path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in hashes} == hashes
    assert [str(path) for path in tmp_path.rglob(".*")] == []

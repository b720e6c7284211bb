"""A normalizer that is quick and predictable, and photos for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

import fsynth
from fsynth.errors import NoFaceError
from fsynth.faces import AlignedFace, Face
from fsynth_cli.main import main


class QuickNormalizer:
    """Finds as many faces in a photo as its first pixel's red says; their normalized image is one flat grey."""

    def all(self, photo: np.ndarray) -> list[fsynth.NormalizedFace]:
        return [self._face(photo, number) for number in range(photo[0, 0, 0])]

    def __call__(self, photo: np.ndarray) -> fsynth.NormalizedFace:
        if not photo[0, 0, 0]:
            raise NoFaceError("No face was found in the photo.")
        return self._face(photo, 0)

    def _face(self, photo: np.ndarray, number: int) -> fsynth.NormalizedFace:
        rng = np.random.default_rng(number)
        mesh = rng.uniform(20, 60, (468, 3)).astype(np.float32)
        face = Face(np.array([20, 20, 60, 60], np.float32), 0.9, mesh)
        transform = np.array([[2.0, 0, 10], [0, 2.0, 20]])
        return fsynth.NormalizedFace(
            image=np.full((224, 224, 3), 50 + number, np.uint8),
            landmarks=rng.uniform(0, 223, (65, 2)).astype(np.float32),
            texture=np.full((224, 224, 3), 100 + number, np.uint8),
            features=np.zeros(1024, np.float32),
            aligned=AlignedFace(np.full((224, 224, 3), 150 + number, np.uint8), transform, face),
        )


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``fsynth.load`` give a ``QuickNormalizer``."""
    monkeypatch.setattr(fsynth, "load", lambda *args, **kwargs: QuickNormalizer())


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run ``fsynth`` with arguments, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run_in_folder(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)

    return run_in_folder


@pytest.fixture
def make_photo(tmp_path: Path) -> Callable[..., Path]:
    """Write a photo in which ``QuickNormalizer`` finds so many faces."""

    def write(name: str, faces: int = 1) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.full((80, 100, 3), faces, np.uint8)
        # Lossless under any name, so that the number survives; fsynth goes by the content of a file.
        Image.fromarray(pixels).save(path, "PNG")
        return path

    return write

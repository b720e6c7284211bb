"""A few photos of two people, all made of one portrait."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageEnhance


@pytest.fixture(scope="session")
def portraits(tmp_path_factory: pytest.TempPathFactory, astronaut: Path) -> Path:
    """A folder: anna has three photos, bert two, one of them turned; meadow.png shows nobody, notes.jpg is no photo."""
    folder = tmp_path_factory.mktemp("portraits")
    photo = Image.open(astronaut).convert("RGB")
    mirrored = photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    made = {
        "anna/1.png": photo,
        "anna/2.png": ImageEnhance.Brightness(photo).enhance(0.8),
        "anna/3.png": photo.crop((12, 0, 500, 480)),
        "bert/1.png": mirrored,
        "bert/2.png": ImageEnhance.Color(mirrored).enhance(0.7).rotate(20, Image.Resampling.BICUBIC),
        "meadow.png": Image.new("RGB", (100, 80), (80, 120, 80)),
    }
    for name, image in made.items():
        (folder / name).parent.mkdir(exist_ok=True)
        image.save(folder / name)
    (folder / "notes.jpg").write_text("not a photo", encoding="utf-8")
    return folder

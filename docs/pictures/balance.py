"""Draws the picture of the contact sheet: ``python -m docs.pictures.balance`` in the repository's root.

The example portrait is taken, as digital negatives, in four lights. The page is drawn by Chromium.
"""

from __future__ import annotations

import datetime
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from tests.sdk.balance.synthetic import Shot, make_dng

from fsynth.balance.temperature import Temperature

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "astronaut.jpg"
WIDTH, HEIGHT = 1280, 1990
START = datetime.datetime(2026, 6, 1, 14, 2)

# Minutes after the start, light, exposure, part of the portrait as left, top, right, bottom, mirrored.
TAKEN = [
    (0, Temperature(2750, 0.0), -0.9, (0, 0, 512, 342), False),
    (34, Temperature(6800, 0.004), -1.6, (0, 0, 512, 342), True),
    (71, Temperature(4000, 0.014), -0.6, (60, 0, 444, 256), False),
]


def make_shoot(folder: Path) -> None:
    """Write the negatives to ``folder``."""
    portrait = Image.open(EXAMPLE).convert("RGB")
    for number, (minutes, light, exposure, part, mirrored) in enumerate(TAKEN):
        picture = portrait.crop(part).resize((900, 600), Image.Resampling.LANCZOS)
        shot = Shot(light, exposure, taken=START + datetime.timedelta(minutes=minutes))
        pixels = np.asarray(ImageOps.mirror(picture) if mirrored else picture)
        make_dng(folder / f"IMG_{4711 + number}.dng", pixels, shot, number)


def main() -> None:
    """Write ``balance.jpg`` beside this file."""
    with tempfile.TemporaryDirectory() as name:
        shoot = Path(name, "Wedding")
        shoot.mkdir()
        make_shoot(shoot)
        page, drawn = Path(name, "sheet.html"), Path(name, "sheet.png")
        command = [sys.executable, "-m", "fsynth_cli.main", "balance", "--sidecar", "pp3"]
        subprocess.run([*command, "--contact-sheet", str(page), str(shoot)], check=True)
        browser = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}"]
        subprocess.run([*browser, f"--screenshot={drawn}", page.as_uri()], check=True, capture_output=True)
        with Image.open(drawn) as image:
            image.convert("RGB").save(HERE / "balance.jpg", quality=85, optimize=True)


if __name__ == "__main__":
    main()

"""Puts portraits beside the renders of their avatars: ``python docs/gallery/sheet.py RENDERS PHOTO...``."""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

HEIGHT = 208
GAP = 4


def main() -> None:
    """Write the picture beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("renders", type=Path, help="the folder that render.py wrote")
    parser.add_argument("photos", type=Path, nargs="+")
    given = parser.parse_args()
    rows = []
    for path in given.photos:
        views = Image.open(given.renders / f"{path.stem}.png").convert("RGB")
        photo = Image.open(path).convert("RGB")
        side = min(photo.size)
        left = (photo.width - side) // 2
        photo = photo.crop((left, 0, left + side, side)).resize((HEIGHT, HEIGHT), Image.Resampling.LANCZOS)
        width = round(views.width * HEIGHT / views.height)
        row = Image.new("RGB", (HEIGHT + GAP + width, HEIGHT + GAP), "white")
        row.paste(photo, (0, 0))
        row.paste(views.resize((width, HEIGHT), Image.Resampling.LANCZOS), (HEIGHT + GAP, 0))
        rows.append(row)
    sheet = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)), "white")
    for number, row in enumerate(rows):
        sheet.paste(row, (0, number * row.height))
    sheet.save(Path(__file__).with_name("avatars.jpg"), quality=86)


if __name__ == "__main__":
    main()

"""Writes portraits of people who do not exist: ``python docs/gallery/people.py ../shared/data/faces FOLDER``.

Each is the normalized face of the mean of two people's features: of like skin, from dark to light.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image

import fsynth

SETS = ("london", "interfaces_cc0", "gpo_congress")
CLOSED = ("neutral", "closed")
"""Expressions with the mouth shut."""

PEOPLE = 10
SHARES = (0.65, 0.35)
"""Of the two people: a mean of equal shares looks younger, and less like anybody."""


def photographs(faces: Path) -> list[list[Path]]:
    """Pairs of photographs of different people of like skin, from dark to light, spread over all skin colours."""
    found = []
    for name in SETS:
        with (faces / name / f"{name}.csv").open(newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if row["face_L"] and row["expression"] in CLOSED]
        found += [(float(row["face_L"]), row["identity"], faces / name / row["file"]) for row in rows[:60]]
    ordered = [file for _, _, file in sorted(found)]
    starts = np.linspace(0, len(ordered) - 2, PEOPLE).round().astype(int)
    return [ordered[start : start + 2] for start in starts]


def main() -> None:
    """Write the portraits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faces", type=Path, help="the folder of the open face sets")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    normalizer = fsynth.load()
    pairs = photographs(given.faces)
    features = [np.average([normalizer(photo).features for photo in pair], axis=0, weights=SHARES) for pair in pairs]
    for number, image in enumerate(normalizer.decode(np.stack(features)).images):
        portrait = Image.fromarray((np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8))
        portrait.save(given.folder / f"person-{number:02}.png")


if __name__ == "__main__":
    main()

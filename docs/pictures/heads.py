"""Draws ``heads.jpg``, heads of people who do not exist: ``python docs/pictures/heads.py ../shared/data/faces``.

Each is the normalized face of the mean of two people's features, from the front, half turned and from both sides.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from PIL import Image

import fsynth
from fsynth_morphable.create import make_head
from fsynth_morphable.models import load
from fsynth_morphable.preview import render_views

PEOPLE = 12
COLUMNS = 2
SIZE = 176
YAWS = (0, 40, 90, -90)


def photographs(faces: Path) -> list[list[Path]]:
    """Pairs of photographs of different people of like skin, from dark to light, spread over all skin colours."""
    found = []
    for name in ("london", "interfaces_cc0"):
        with (faces / name / f"{name}.csv").open(newline="") as stream:
            for row in csv.DictReader(stream):
                if row["expression"] == "neutral" and row["face_L"]:
                    found.append((float(row["face_L"]), row["identity"], faces / name / row["file"]))
    by_identity = {identity: (lightness, file) for lightness, identity, file in sorted(found, reverse=True)}
    ordered = [file for _, file in sorted(by_identity.values())]
    starts = np.linspace(0, len(ordered) - 2, PEOPLE).round().astype(int)
    return [ordered[start : start + 2] for start in starts]


def main() -> None:
    """Write the picture beside this file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faces", type=Path, help="the folder of the open face sets")
    faces = parser.parse_args().faces
    normalizer, model = fsynth.load(), load("fsynth")
    features = [np.mean([normalizer(photo).features for photo in pair], axis=0) for pair in photographs(faces)]
    decoded = normalizer.decode(np.stack(features))
    rows = []
    for image, landmarks in zip(decoded.images, decoded.landmarks, strict=True):
        face = (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)
        tile = np.asarray(Image.fromarray(face).resize((SIZE, SIZE), Image.Resampling.LANCZOS))
        head = make_head(face, landmarks, model=model)
        rows.append(np.concatenate([tile, *render_views(head, YAWS, size=SIZE)], axis=1))
    columns = [np.concatenate(rows[start::COLUMNS], axis=0) for start in range(COLUMNS)]
    gap = np.full((len(columns[0]), 8, 3), 255, np.uint8)
    sheet = np.concatenate([columns[0], gap, columns[1]], axis=1)
    Image.fromarray(sheet).save(Path(__file__).with_name("heads.jpg"), quality=88)


if __name__ == "__main__":
    main()

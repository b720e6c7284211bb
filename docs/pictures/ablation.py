"""Draws ``ablation.jpg``, the example photo by other weights: ``python docs/pictures/ablation.py WEIGHTS.onnx ...``."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

import fsynth

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "astronaut.jpg"
GAP = 6


def main() -> None:
    """The faces side by side, the shipped weights' last."""
    photo = fsynth.read_photo(EXAMPLE)
    faces = [fsynth.load(weights)(photo).image for weights in (*sys.argv[1:], "default")]
    size = faces[0].shape[0]
    row = Image.new("RGB", (len(faces) * (size + GAP) - GAP, size), "white")
    for place, face in enumerate(faces):
        row.paste(Image.fromarray(face), (place * (size + GAP), 0))
    row.save(HERE / "ablation.jpg", quality=92)


if __name__ == "__main__":
    main()

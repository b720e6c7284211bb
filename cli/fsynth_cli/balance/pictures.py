"""The pictures of one photo for the contact sheet, kept in a temporary file until the page is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

SIDE = 560
"""Largest side in pixels of ``before`` and ``after``."""


@dataclass(frozen=True)
class Pictures:
    """JPEG files, sRGB.

    Attributes:
        before: the photo as shot, small.
        after: the same balanced; empty if it wasn't.
        faces: of each face, in the order of the record's faces, the aligned and the normalized one, 224 x 224.
    """

    before: bytes
    after: bytes
    faces: tuple[tuple[bytes, bytes], ...]

    def save(self, path: Path) -> None:
        """Write them to ``path``, a ``.npz`` file."""
        entries = {"before": self.before, "after": self.after}
        for number, (aligned, normalized) in enumerate(self.faces):
            entries |= {f"aligned{number}": aligned, f"normalized{number}": normalized}
        np.savez(path, **{name: np.frombuffer(data, np.uint8) for name, data in entries.items()})  # type: ignore[arg-type]

    @classmethod
    def load(cls, path: Path) -> Pictures:
        """What ``save`` wrote."""
        with np.load(path) as file:
            data = {name: file[name].tobytes() for name in file.files}
        count = sum(name.startswith("aligned") for name in data)
        faces = tuple((data[f"aligned{number}"], data[f"normalized{number}"]) for number in range(count))
        return cls(data["before"], data["after"], faces)

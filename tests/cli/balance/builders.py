"""Analyses made up for tests: cameras, lights and faces of which everything is known."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fsynth.balance.gains import Gains
from fsynth.balance.raw_file import SRGB_TO_XYZ
from fsynth_cli.balance.analysis import Analysis, FaceAnalysis
from fsynth_cli.balance.cells import Cells

NOON = datetime.datetime(2026, 6, 1, 12)
SKIN = np.array([0.45, 0.28, 0.20])
MATRIX = np.array([[1.5, -0.4, -0.1], [-0.2, 1.4, -0.2], [0.0, -0.4, 1.4]])


def person(number: int) -> np.ndarray:
    """Features, (16,) float32: those of different numbers are at right angles."""
    return np.eye(16, dtype=np.float32)[number]


def face(
    who: int, truth: Gains, *, skin: np.ndarray = SKIN, said: np.ndarray | None = None, matrix: np.ndarray = MATRIX
) -> FaceAnalysis:
    """The face of person ``who`` with ``skin``, linear sRGB, in a photo that ``truth`` balances.

    ``said``: the skin of the normalized face; the truth by default.
    """
    return FaceAnalysis(
        box=(10.0, 20.0, 110.0, 140.0),
        score=0.98,
        features=person(who),
        camera=np.linalg.solve(matrix, skin) / truth.factors,
        target=skin if said is None else said,
        photo_mean=None,
        target_mean=None,
        pixels=5000.0,
    )


def analysis(
    name: str,
    faces: Sequence[FaceAnalysis],
    *,
    minutes: float | None = 0.0,
    raw: bool = True,
    matrix: np.ndarray = MATRIX,
    exposure: float = 0.0,
    as_shot: np.ndarray | None = None,
) -> Analysis:
    """A photo taken so many minutes after noon; ``None``: at an unknown time."""
    colours = np.array([[0.1, 0.1, 0.1], [0.4, 0.5, 0.3]], np.float32)
    return Analysis(
        photo=Path(name),
        raw=raw,
        full_size=(600, 400),
        as_shot=np.array([2.0, 1.0, 1.5]) if as_shot is None else as_shot,
        camera_to_srgb=matrix,
        xyz_to_camera=np.linalg.inv(SRGB_TO_XYZ @ matrix),
        fixed_white_balance=raw,
        taken=None if minutes is None else NOON + datetime.timedelta(minutes=minutes),
        camera="A camera",
        exposure=exposure,
        warnings=(),
        faces=tuple(faces),
        cells=Cells(colours, np.array([0.75, 0.25], np.float32)),
        seconds=0.25,
    )

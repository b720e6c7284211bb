"""Looks at one photo: its faces, their skin, their normalized skin, and what tells its light. Little is kept of it."""

from __future__ import annotations

import contextlib
import datetime
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fsynth.balance import eq4
from fsynth.balance.develop import is_clipped
from fsynth.balance.skin import box_mask, mean_linear, photo_box_mask, skin_mask
from fsynth.balance.srgb import to_linear
from fsynth.errors import ArgumentError
from fsynth.faces import LANDMARKS_65, Face, align, find_faces
from fsynth.normalizer import NormalizedFace, Normalizer
from fsynth_cli.balance.cells import Cells
from fsynth_cli.balance.source import Source, read_source

if TYPE_CHECKING:
    from fsynth_cli.balance.settings import Settings

SMALLEST_SHARE = 0.3
"""Faces smaller than this share of the largest are not looked for: they are not what the photo is of."""

_MUCH_CLIPPED = 0.2  # share of the skin from which a warning is due
_FACES_TOGETHER = 8
_CELL_STEP = 2  # every second pixel both ways is enough for the histogram


@dataclass(frozen=True, eq=False)
class FaceAnalysis:
    """A face of a photo.

    Attributes:
        box: x0, y0, x1, y1 in pixels of the upright photo in full size.
        score: of the detector, 0..1.
        features: (W,) float32, identity features.
        camera: (3,) mean of what is compared (skin or box) in the photo, in the photo's linear RGB; None if it has no
            colour.
        target: (3,) linear sRGB, the same of the normalized face.
        photo_mean, target_mean: (3,) mean Y, Cr, Cb of the paper's box, for Eq. 4; None for gains.
        pixels: of what is compared, in the photo in full.
        problem: why ``camera`` is None, a sentence.
    """

    box: tuple[float, float, float, float]
    score: float
    features: np.ndarray
    camera: np.ndarray | None
    target: np.ndarray
    photo_mean: np.ndarray | None
    target_mean: np.ndarray | None
    pixels: float
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Analysis:
    """A photo; see ``Source`` for what is named alike.

    Attributes:
        faces: largest first.
        cells: its colours.
        seconds: of work.
    """

    photo: Path
    raw: bool
    full_size: tuple[int, int]
    as_shot: np.ndarray
    camera_to_srgb: np.ndarray
    xyz_to_camera: np.ndarray
    fixed_white_balance: bool
    taken: datetime.datetime | None
    camera: str
    exposure: float
    warnings: tuple[str, ...]
    faces: tuple[FaceAnalysis, ...]
    cells: Cells
    seconds: float


def analyse(path: Path, settings: Settings, normalizer: Normalizer, sketch: Path | None = None) -> Analysis:
    """Read and look at the photo ``path``.

    ``sketch``: a file for what the contact sheet needs of it; None for none.

    Raises:
        PhotoError, EngineError: the photo can't be read.
    """
    started = time.perf_counter()
    source = read_source(path)
    found = find_faces(source.srgb, smallest_share=1.0 if settings.faces == "largest" else SMALLEST_SHARE)
    normals = normalize(source.srgb, found[:1] if settings.faces == "largest" else found, normalizer)
    warnings = list(source.warnings)
    faces = tuple(_face(source, normal, settings, warnings) for normal in normals)
    if sketch is not None:
        from fsynth_cli.balance.sketch import save_sketch

        with contextlib.suppress(OSError):  # a full disk costs the picture
            save_sketch(sketch, source, normals)
    return Analysis(
        photo=path,
        raw=source.raw,
        full_size=source.full_size,
        as_shot=source.as_shot.multipliers,
        camera_to_srgb=source.camera_to_srgb,
        xyz_to_camera=source.xyz_to_camera,
        fixed_white_balance=source.fixed_white_balance,
        taken=source.taken,
        camera=source.camera,
        exposure=source.exposure,
        warnings=tuple(warnings),
        faces=faces,
        cells=Cells.of(source.linear[::_CELL_STEP, ::_CELL_STEP]),
        seconds=time.perf_counter() - started,
    )


def normalize(picture: np.ndarray, faces: list[Face], normalizer: Normalizer) -> list[NormalizedFace]:
    """The normalized faces of ``faces``, found in ``picture`` (H, W, 3) uint8 sRGB."""
    engine, normals = normalizer.engine, []
    assert engine.encoder is not None  # the default weights have one
    for start in range(0, len(faces), _FACES_TOGETHER):
        batch = faces[start : start + _FACES_TOGETHER]
        # One side is enough for colours, and takes half the time.
        features = engine.encode(np.stack([engine.encoder.crop(picture, face.mesh) for face in batch]))
        decoded = engine.decode(features)
        for row, face in enumerate(batch):
            image, texture = (
                (np.clip(made[row], 0, 1) * 255 + 0.5).astype(np.uint8) for made in (decoded.images, decoded.textures)
            )
            normals.append(NormalizedFace(image, decoded.landmarks[row], texture, features[row], align(picture, face)))
    return normals


def _face(source: Source, normal: NormalizedFace, settings: Settings, warnings: list[str]) -> FaceAnalysis:
    height, width = source.linear.shape[:2]
    if settings.box == "paper":
        mask, normal_mask = photo_box_mask(normal.aligned, height, width), box_mask()
    else:
        mask = skin_mask(normal.aligned.face.mesh[LANDMARKS_65, :2], height, width)
        normal_mask = skin_mask(normal.landmarks, *normal.image.shape[:2])
    camera, problem = None, ""
    try:
        camera = mean_linear(source.linear, mask)
        if not (camera > 0).all():
            camera, problem = None, "The face is black in a channel."
        clipped = float(is_clipped(source.linear[mask]).mean())
        if clipped > _MUCH_CLIPPED:
            warnings.append(f"{clipped:.0%} of a face's skin is clipped: its exposure is known less exactly.")
    except ArgumentError:
        problem = "The face has no skin to compare: it is clipped, or outside the picture."
    target = mean_linear(to_linear(normal.image), normal_mask)
    if camera is not None and (np.linalg.solve(source.camera_to_srgb, target) <= 0).any():
        camera, problem = None, "The camera's colours, as the file describes them, don't reach this skin."
    photo_mean = target_mean = None
    if settings.method == "eq4":
        photo_mean = eq4.mean_colour(normal.aligned.image, box_mask())
        target_mean = eq4.mean_colour(normal.image, box_mask())
    scale = source.scale
    x0, y0, x1, y1 = ((np.asarray(normal.aligned.face.box, np.float64) + 0.5) * scale - 0.5).tolist()
    return FaceAnalysis(
        box=(x0, y0, x1, y1),
        score=float(normal.aligned.face.score),
        features=normal.features,
        camera=camera,
        target=target,
        photo_mean=photo_mean,
        target_mean=target_mean,
        pixels=float(mask.sum()) * scale**2,
        problem=problem,
    )

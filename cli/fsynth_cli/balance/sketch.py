"""What the contact sheet needs of a photo, put aside while the shoot is solved, and then made into its pictures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from fsynth.balance import eq4
from fsynth.balance.develop import develop
from fsynth.balance.icc import RgbProfile
from fsynth.balance.metadata import Metadata
from fsynth.balance.picture_file import Picture
from fsynth.balance.srgb import from_linear
from fsynth.normalizer import NormalizedFace
from fsynth_cli.balance.pictures import SIDE, Pictures
from fsynth_cli.balance.solution import Solution
from fsynth_cli.balance.source import Source

_QUALITY = 88


def save_sketch(path: Path, source: Source, normals: Sequence[NormalizedFace]) -> None:
    """Put aside, in the ``.npz`` file ``path``, what ``make_pictures`` needs of ``source`` and its faces."""
    entries = {
        "matrix": source.camera_to_srgb,
        "before": _shrunk(source.srgb),
        "aligned": np.array([normal.aligned.image for normal in normals]),
        "normalized": np.array([normal.image for normal in normals]),
    }
    if source.picture is None:
        entries["camera"] = _shrunk(source.linear)
    else:
        entries["pixels"] = _shrunk(source.picture.pixels)
        entries["icc"] = np.frombuffer(source.picture.profile.icc, np.uint8)
    np.savez(path, **entries)  # type: ignore[arg-type]


def make_pictures(path: Path, solution: Solution | None) -> None:
    """Turn the sketch ``path`` into the ``Pictures`` of that photo, in the same file."""
    with np.load(path) as file:
        kept = {name: file[name] for name in file.files}
    after = b"" if solution is None else _jpeg(_after(kept, solution))
    faces = tuple(
        (_jpeg(aligned), _jpeg(normal)) for aligned, normal in zip(kept["aligned"], kept["normalized"], strict=True)
    )
    Pictures(_jpeg(kept["before"]), after, faces).save(path)


def _after(kept: dict[str, np.ndarray], solution: Solution) -> np.ndarray:
    if solution.shift is not None:
        return eq4.shift(kept["before"], *map(np.asarray, solution.shift))
    assert solution.gains is not None
    if "camera" in kept:
        return develop(kept["camera"], solution.gains, kept["matrix"])
    profile = RgbProfile.parse(kept["icc"].tobytes()) or RgbProfile.srgb()
    picture = Picture(kept["pixels"], profile, Metadata()).balanced(solution.gains, bits=16)
    return from_linear(picture.linear() @ profile.to_srgb.T.astype(np.float32))


def _shrunk(pixels: np.ndarray) -> np.ndarray:
    """``pixels`` (H, W, 3) with its longer side at most ``SIDE``, each pixel the mean of a block."""
    step = -(-max(pixels.shape[:2]) // SIDE)
    height, width = (max(1, side // step) for side in pixels.shape[:2])
    step_y, step_x = min(step, pixels.shape[0]), min(step, pixels.shape[1])
    blocks = pixels[: height * step_y, : width * step_x].reshape(height, step_y, width, step_x, 3)
    return blocks.mean(axis=(1, 3), dtype=np.float32).astype(pixels.dtype)


def _jpeg(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=_QUALITY, subsampling="4:4:4")
    return stream.getvalue()

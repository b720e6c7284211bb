"""Makes the results of one photo, in temporary files that get their names when the journal knows of them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fsynth.balance import eq4, pp3, read_raw, xmp
from fsynth.balance.develop import develop
from fsynth.balance.gains import Gains
from fsynth.balance.icc import RgbProfile
from fsynth.balance.metadata import of_raw
from fsynth.balance.picture_file import Picture, encode_picture, read_picture
from fsynth.balance.srgb import from_linear
from fsynth.errors import PhotoError
from fsynth_cli.balance.journal import Written
from fsynth_cli.balance.plan import Plan, read_existing
from fsynth_cli.balance.settings import Settings
from fsynth_cli.balance.solution import Solution
from fsynth_cli.outputs import OutputError


@dataclass(frozen=True)
class Draft:
    """A whole result under a temporary name, and what it is to become."""

    temporary: Path
    result: Written


@dataclass(frozen=True)
class Made:
    """What came of one photo: ``drafts``, and sentences about what was lost on the way."""

    drafts: list[Draft]
    warnings: tuple[str, ...]
    seconds: float


def make_finished(plan: Plan, solution: Solution, settings: Settings, temporary: Path) -> Made:
    """Decode the photo in full, develop it, and encode it into the file ``temporary``.

    Raises:
        PhotoError, EngineError: the photo can't be read any more, or the format needs an extra.
        OutputError: the result can't be stored.
    """
    started = time.perf_counter()
    assert plan.finished is not None
    assert plan.form is not None
    picture = _raw(plan, solution) if plan.raw else _picture(plan, solution)
    content = encode_picture(picture, plan.form, quality=settings.quality)
    return Made([draft(content, plan.finished, temporary)], picture.warnings, time.perf_counter() - started)


def make_sidecar(plan: Plan, gains: Gains, xyz_to_camera: np.ndarray, temporary: Path) -> Draft:
    """The sidecar of a RAW photo, merged into the one that exists, in the file ``temporary``.

    Raises:
        PhotoError: the existing one is broken, or its format has no setting for such a light.
        ArgumentError: no light has these multipliers.
        OutputError: it can't be read or written.
    """
    assert plan.sidecar is not None
    existing = read_existing(plan.sidecar)
    if plan.sidecar.suffix == ".pp3":
        told = pp3.RawTherapeeSettings.of_gains(gains, xyz_to_camera)
        content = pp3.merge(told, existing, plan.sidecar)
    else:
        content = xmp.merge(xmp.AdobeSettings.of_gains(gains, xyz_to_camera), existing, plan.sidecar)
    return draft(content, plan.sidecar, temporary)


def draft(content: bytes, path: Path, temporary: Path) -> Draft:
    """Write ``content``, which is to become ``path``, to the file ``temporary`` beside it, and bring it to the disk.

    Raises:
        OutputError: it can't be written; nothing is left.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise OutputError(f"{path} can't be written ({error.strerror or error}).") from error
    return Draft(temporary, Written(path, len(content), hashlib.sha256(content).hexdigest()))


def name_drafts(drafts: Sequence[Draft]) -> None:
    """Give the results their names, in place of what was there.

    Raises:
        OutputError: one can't get its name.
    """
    for one in drafts:
        try:
            os.replace(one.temporary, one.result.path)
        except OSError as error:
            raise OutputError(f"{one.result.path} can't be written ({error.strerror or error}).") from error


def temporary_name(run: str, number: int, path: Path) -> Path:
    """Where the result ``path`` of photo ``number`` is drafted in the run ``run``."""
    return path.with_name(f".fsynth-{run}-{number}{path.suffix}.tmp")


def remove_drafts(runs: Iterable[str], folders: Iterable[Path]) -> None:
    """Remove what interrupted ``runs`` left in ``folders``."""
    prefixes = tuple(f".fsynth-{run}-" for run in runs)
    if not prefixes:
        return
    for folder in folders:
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in list(entries):
                if entry.name.startswith(prefixes) and entry.name.endswith(".tmp"):
                    with contextlib.suppress(OSError):
                        os.unlink(entry.path)


def _raw(plan: Plan, solution: Solution) -> Picture:
    raw = read_raw(plan.photo, half=False)
    bits = 16 if plan.form == "tiff16" else 8
    gains = raw.as_shot if solution.gains is None else solution.gains
    pixels = develop(raw.camera, gains, raw.camera_to_srgb, bits=bits)
    if solution.shift is not None:
        pixels = eq4.shift(pixels, *solution.shift)
    return Picture(pixels, RgbProfile.srgb(), of_raw(raw))


def _picture(plan: Plan, solution: Solution) -> Picture:
    picture = read_picture(plan.photo)
    if solution.gains is not None:
        return picture.balanced(solution.gains, bits=16 if plan.form == "tiff16" else 8)
    if solution.shift is None:
        raise PhotoError(f"{plan.photo} has no balance.")
    pixels, warnings = picture.pixels, picture.warnings
    if picture.profile.icc != RgbProfile.srgb().icc:  # Eq. 4 is of sRGB
        pixels = from_linear(picture.linear() @ picture.profile.to_srgb.T, bits=picture.bits)
    return Picture(eq4.shift(pixels, *solution.shift), RgbProfile.srgb(), picture.metadata, warnings)

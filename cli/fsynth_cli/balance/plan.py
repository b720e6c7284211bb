"""Which files each photo becomes, and which of them may not be written, before any work is done."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fsynth.balance import pp3, xmp
from fsynth.balance.raw_file import is_raw
from fsynth.errors import FsynthError
from fsynth_cli.balance.photos import RESULTS, Found
from fsynth_cli.balance.settings import Format, Settings
from fsynth_cli.outputs import OutputError

_SUFFIXES: dict[Format, str] = {"tiff16": ".tif", "jpeg": ".jpg", "png": ".png", "avif": ".avif", "heic": ".heic"}
_OWN_FORMAT: dict[str, Format] = {
    ".jpg": "jpeg", ".jpeg": "jpeg", ".jpe": "jpeg", ".tif": "tiff16", ".tiff": "tiff16", ".heic": "heic",
    ".heif": "heic", ".avif": "avif",
}  # fmt: skip
"""What a finished picture becomes if no --format is given; those not named here, PNG."""

_DNG_WARNING = (
    "Adobe's programs read the settings inside a DNG and not the sidecar beside it; RawTherapee reads its own "
    "(--sidecar pp3)."
)


@dataclass(frozen=True)
class Plan:
    """The files of one photo.

    Attributes:
        photo: the file.
        raw: whether it is a camera RAW file, by its name.
        sidecar: of a RAW photo; None for none.
        finished: the finished picture; None for none.
        form: its format.
        problem: why they may not be written, a sentence; "" if they may.
        warnings: sentences.
    """

    photo: Path
    raw: bool
    sidecar: Path | None
    finished: Path | None
    form: Format | None
    problem: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The files, sidecar first."""
        return tuple(path for path in (self.sidecar, self.finished) if path is not None)


def make_plans(photos: Sequence[Found], settings: Settings) -> list[Plan]:
    """A plan for each of ``photos``. Pictures of the same name are numbered; a shared sidecar is a problem of each.

    Files that exist are looked at, nothing is written.
    """
    originals = {_same(found.photo) for found in photos}
    taken: dict[str, Path] = {}
    sharing = _sharing(photos, settings)
    plans = []
    for found in photos:
        raw, form = is_raw(found.photo), settings.form
        sidecar = _sidecar(found, settings) if raw and settings.raw_sidecar else None
        if form is None and not raw:
            form = _OWN_FORMAT.get(found.photo.suffix.lower(), "png")
        finished, problem, warnings = None, "", []
        if form is not None:
            finished, other = _free(_folder(found, settings) / (found.photo.stem + _SUFFIXES[form]), taken, found.photo)
            if other is not None:
                warnings.append(f"{other} has the name that this photo's picture would have: it is {finished.name}.")
            if _same(finished) in originals:
                problem = f"{finished} is one of the photos itself. Choose another --output-dir."
        if sidecar is not None:
            others = [photo for photo in sharing[_same(sidecar)] if photo != found.photo]
            if others:
                problem = (
                    f"{found.photo} and {_listed(others)} would share the sidecar {sidecar}. Balance them one at a "
                    "time, use --sidecar pp3, which has a file for each, or --format."
                )
            if settings.raw_sidecar == "xmp" and found.photo.suffix.lower() == ".dng":
                warnings.append(_DNG_WARNING)
        plan = Plan(found.photo, raw, sidecar, finished, form if finished else None, problem, tuple(warnings))
        plans.append(plan)
    return plans


def refusal(plan: Plan, settings: Settings) -> str:
    """Why the files of ``plan`` may not be written as things are, a sentence; "" if they may."""
    if plan.problem:
        return plan.problem
    if plan.finished is not None and os.path.lexists(plan.finished) and not settings.overwrite:
        return f"{plan.finished} exists already. Add --overwrite to replace it."
    if plan.sidecar is not None:
        try:
            existing = read_existing(plan.sidecar)
            if existing:
                untouched = stored(existing, plan.sidecar).untouched
                if not untouched and not settings.overwrite:
                    return (
                        f"{plan.sidecar} has a white balance or exposure already. Add --overwrite to replace these; "
                        "all else in it stays."
                    )
        except FsynthError as error:
            return str(error)
    return ""


def stored(existing: bytes, sidecar: Path) -> xmp.Stored | pp3.Stored:
    """What a sidecar says already.

    Raises:
        PhotoError: it is broken.
    """
    module = pp3 if sidecar.suffix.lower() == ".pp3" else xmp
    return module.read(existing, sidecar)


def read_existing(sidecar: Path) -> bytes:
    """The content of a sidecar; empty if there is none.

    Raises:
        OutputError: it is there and can't be read.
    """
    try:
        return sidecar.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise OutputError(f"{sidecar} can't be read ({error.strerror or error}).") from error


def _folder(found: Found, settings: Settings) -> Path:
    if settings.output_dir is not None:
        return settings.output_dir / found.relative.parent
    return found.photo.parent / RESULTS


def _sidecar(found: Found, settings: Settings) -> Path:
    beside = pp3.sidecar_path(found.photo) if settings.raw_sidecar == "pp3" else xmp.sidecar_path(found.photo)
    return beside if settings.output_dir is None else _folder(found, settings) / beside.name


def _sharing(photos: Sequence[Found], settings: Settings) -> dict[str, list[Path]]:
    sharing: dict[str, list[Path]] = {}
    for found in photos:
        if settings.raw_sidecar and is_raw(found.photo):
            sharing.setdefault(_same(_sidecar(found, settings)), []).append(found.photo)
    return sharing


def _free(path: Path, taken: dict[str, Path], photo: Path) -> tuple[Path, Path | None]:
    """``path``, numbered if it is taken already, and the photo that has it."""
    other, candidate, number = taken.get(_same(path)), path, 1
    while _same(candidate) in taken:
        number += 1
        candidate = path.with_name(f"{path.stem}-{number}{path.suffix}")
    taken[_same(candidate)] = photo
    return candidate, other


def _same(path: Path) -> str:
    """Equal for paths of one file; without case, as some file systems have it."""
    return os.path.realpath(path).casefold()


def _listed(paths: list[Path]) -> str:
    return " and ".join(str(path) for path in paths)

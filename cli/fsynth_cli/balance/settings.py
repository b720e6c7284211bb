"""What was asked of ``fsynth balance``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Sidecar = Literal["xmp", "pp3"]
Format = Literal["tiff16", "jpeg", "png", "avif", "heic"]  # of fsynth.balance.picture_file, which is slow to import


@dataclass(frozen=True)
class Settings:
    """The options that decide what is written; the attributes are named and explained like the options.

    ``sidecar`` and ``form`` (--format) are None for the defaults: XMP beside RAW files, finished pictures of others in
    their own format.
    """

    method: Literal["gains", "eq4"] = "gains"
    box: Literal["skin", "paper"] = "skin"
    daylight_prior: bool = False
    faces: Literal["all", "largest"] = "all"
    per_photo: bool = False
    reference: Path | None = None
    strength: float = 1.0
    max_ev: float | None = None
    exposure_only: bool = False
    white_balance_only: bool = False
    no_face: Literal["skip", "nearest", "fail"] = "skip"
    sidecar: Sidecar | None = None
    form: Format | None = None
    quality: int = 95
    output_dir: Path | None = None
    overwrite: bool = False

    @property
    def raw_sidecar(self) -> Sidecar | None:
        """The sidecar that a RAW photo gets; None for none."""
        return self.sidecar or (None if self.form else "xmp")

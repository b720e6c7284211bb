"""The photo that was made by hand, with the gains that it was developed with."""

from __future__ import annotations

from fsynth.balance import pp3, xmp
from fsynth.balance.gains import Gains
from fsynth.errors import FsynthError
from fsynth_cli.balance.analysis import Analysis
from fsynth_cli.balance.plan import read_existing, stored
from fsynth_cli.balance.solving import Reference


class UnfitReferenceError(FsynthError):
    """The reference can't be read, or shows no face."""


def make_reference(analysis: Analysis) -> Reference:
    """The reference that was seen in ``analysis``: a RAW photo as its sidecar, XMP or pp3, has it; others as they are.

    Raises:
        PhotoError, OutputError: the sidecar can't be read.
    """
    as_shot = Gains(analysis.as_shot)
    if analysis.raw:
        for sidecar in (xmp.sidecar_path(analysis.photo), pp3.sidecar_path(analysis.photo)):
            if existing := read_existing(sidecar):
                return Reference(analysis, stored(existing, sidecar).gains(as_shot, analysis.xyz_to_camera))
    return Reference(analysis, as_shot)

"""The error of everything that can stop a fit."""

from fsynth.errors import FsynthError


class FitError(FsynthError):
    """A fit cannot start, go on or be exported: its configuration, data, run folder or disk does not allow it."""

"""What can go wrong with heads. Every message is a sentence that says what is wrong and what to do."""

from __future__ import annotations


class HeadError(Exception):
    """The parent of all errors of this package."""


class ModelFileError(HeadError):
    """The file of a morphable model is missing, damaged, or of another kind."""


class LandmarksError(HeadError):
    """Landmarks that no head can be fitted to."""


class ArgumentError(HeadError):
    """An argument of the wrong shape, type or range."""


class OutputError(HeadError):
    """A file that can't be written, or that is there already."""

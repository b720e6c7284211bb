"""The error of everything that can go wrong with a training dataset."""

from fsynth.errors import FsynthError


class DatasetError(FsynthError):
    """A dataset, or what it is to be made of, is missing, damaged or wrong, or the disk does not take it."""

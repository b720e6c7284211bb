"""The error of everything that can stop augmentation."""

from fsynth.errors import FsynthError


class AugmentError(FsynthError):
    """Morphs can't be made or read: too few people, shards that are damaged or of other settings, a full disk."""

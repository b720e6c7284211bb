"""Every error fsynth raises on purpose. Each message says what is wrong, with what, and what to do."""


class FsynthError(Exception):
    """Base of all errors raised by fsynth, so that one ``except`` catches them."""


class PhotoError(FsynthError):
    """A photo cannot be read: not an image, truncated, too large, or of a format that needs an extra."""


class NoFaceError(FsynthError):
    """A photo holds no face that the detector can find."""


class ArgumentError(FsynthError, ValueError):
    """An argument has the wrong type, shape, dtype or range. The message names it and what was expected."""


class ControlPointsError(ArgumentError):
    """Control points of a spline that determine no surface: duplicate, collinear, too few or not finite."""


class WeightsError(FsynthError):
    """A weights file is missing, damaged (sha256) or of a version this fsynth does not read."""


class EngineError(FsynthError):
    """An engine or device was asked for that this machine does not have. The message has the install line."""

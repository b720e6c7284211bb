"""Every error fsynth_morphable raises on purpose. Each message says what is wrong, with what, and what to do."""


class HeadError(Exception):
    """Base of all errors raised by fsynth_morphable, so that one ``except`` catches them."""


class ModelFileError(HeadError):
    """A file is no morphable model that can be read: missing, truncated, of another format, or unsafe to read."""


class LandmarksError(HeadError, ValueError):
    """Landmarks that determine no head: not finite, too few or too many, far outside the image, or all on one line."""


class ArgumentError(HeadError, ValueError):
    """An argument has the wrong type, shape, dtype or range. The message names it and what was expected."""


class MissingPackageError(HeadError):
    """A package of an optional extra is needed that is not installed. The message has the install line."""


class OutputError(HeadError):
    """A result can't be written: the file exists already, or the folder can't be written to."""

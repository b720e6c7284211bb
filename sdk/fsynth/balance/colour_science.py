"""Imports colour-science, which is large and an extra, when it is first needed."""

from __future__ import annotations

import functools
import warnings
from types import ModuleType

from fsynth.errors import EngineError


@functools.cache
def colour() -> ModuleType:
    """The package ``colour``.

    Raises:
        EngineError: colour-science isn't installed.
    """
    try:
        with warnings.catch_warnings():  # it warns that its plots need matplotlib
            warnings.simplefilter("ignore")
            import colour
    except ModuleNotFoundError as error:
        if error.name != "colour":
            raise
        raise EngineError(
            'Balancing colours needs colour-science, which is not installed: pip install "fsynth[balance]"'
        ) from error
    return colour

"""Exposure and white balance of photos, from the faces in them (Cole et al. 2017, section 7.3, and beyond).

Two methods, pure functions of arrays: ``eq4`` is the paper's map in YCrCb, ``gains`` multiplies scene-linear light.
``docs/balance-method.md`` has colour spaces, formulae and what was measured. RAW files, Eq. 4 and colour temperatures
need ``pip install "fsynth[balance]"``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fsynth.balance.gains import Gains, limit, solve, solve_exposure
    from fsynth.balance.prior import towards_locus
    from fsynth.balance.raw_file import RawPhoto, is_raw, read_raw
    from fsynth.balance.temperature import Temperature

__all__ = [
    "Gains",
    "RawPhoto",
    "Temperature",
    "is_raw",
    "limit",
    "read_raw",
    "solve",
    "solve_exposure",
    "towards_locus",
]

# No module is called like a name exported here: importing it would put the module in the name's place.
_MODULES = {
    "gains": ("Gains", "limit", "solve", "solve_exposure"),
    "prior": ("towards_locus",),
    "raw_file": ("RawPhoto", "is_raw", "read_raw"),
    "temperature": ("Temperature",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)

from __future__ import annotations

import subprocess
import sys

import pytest

import fsynth.balance


def test_every_exported_name_is_there() -> None:
    for name in fsynth.balance.__all__:
        assert getattr(fsynth.balance, name).__module__.startswith("fsynth.balance.")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        _ = fsynth.balance.nothing


def test_importing_loads_no_extra() -> None:
    code = (
        "import sys, fsynth.balance\n"
        "from fsynth.balance import Gains, read_raw, Temperature, towards_locus\n"
        "import fsynth.balance.eq4, fsynth.balance.develop, fsynth.balance.skin\n"
        "assert not {'rawpy', 'colour', 'scipy', 'tifffile', 'cv2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

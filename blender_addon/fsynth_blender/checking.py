# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out what of fsynth works on this machine, for the Check button. Knows nothing of Blender."""

from __future__ import annotations

import contextlib
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

REINSTALL = "Install the fsynth .zip for {platform} again: Edit > Preferences > Get Extensions > Install from Disk."


@dataclass(frozen=True)
class Check:
    """One line of what was found out. ``remedy``: what to do about it, empty where it works."""

    name: str
    works: bool
    detail: str
    remedy: str = ""


def platform_name() -> str:
    """This platform as it stands in the names of fsynth's .zip files."""
    system = {"Darwin": "macos", "Windows": "windows"}.get(platform.system(), platform.system().lower())
    machine = platform.machine().lower()
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(machine, machine)
    return f"{system}_{machine}"


def run_checks(device: str, model: str) -> tuple[Check, ...]:
    """Try everything that making an avatar needs; takes a few seconds.

    Args:
        device: see ``work.Request``.
        model: see ``work.Request``.
    """
    return tuple(_checks(device, model))


def _checks(device: str, model: str) -> Iterator[Check]:
    reinstall = REINSTALL.format(platform=platform_name())
    yield _attempt("ONNX Runtime", _runtime, reinstall)
    yield _attempt("Pillow", _pillow, reinstall)
    yield _attempt("fsynth", _fsynth, reinstall)
    yield _attempt("Networks", _networks, reinstall)
    yield _attempt("Head model", lambda: _model(model), "Choose another model in the preferences, or add it again.")
    yield _attempt("Device", lambda: _device(device), "Choose the device CPU in the preferences.")
    yield _attempt(
        "Temporary files", _temporary, "Choose another folder: Edit > Preferences > File Paths > Temporary Files."
    )
    yield _attempt("Example", lambda: _example(device), "See the lines above.")


def _attempt(name: str, look: Callable[[], str], remedy: str) -> Check:
    try:
        return Check(name, True, look())
    except _failures() as error:
        return Check(name, False, str(error) or type(error).__name__, remedy)


def _failures() -> tuple[type[Exception], ...]:
    """What a broken installation may raise. Packages that lack a file raise many things."""
    failures: tuple[type[Exception], ...] = (
        ImportError,
        OSError,
        ValueError,
        RuntimeError,
        AttributeError,
        LookupError,
    )
    with contextlib.suppress(ImportError):
        from fsynth.errors import FsynthError

        failures += (FsynthError,)
    with contextlib.suppress(ImportError):
        from fsynth_morphable.errors import HeadError

        failures += (HeadError,)
    return failures


def _runtime() -> str:
    import onnxruntime

    return onnxruntime.__version__


def _pillow() -> str:
    import PIL

    return PIL.__version__


def _fsynth() -> str:
    import fsynth

    return fsynth.__version__


def _networks() -> str:
    from fsynth.networks import network_cards, read_network

    sizes = {name: len(read_network(name)) for name in network_cards()}
    return ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in sizes.items())


def _model(name: str) -> str:
    from fsynth_morphable.models import load

    model = load(name)
    if model.landmarks is None:
        raise ValueError(f"The model {name} has no landmarks: add it with the button Add Model.")
    return f"{model.name}: {len(model.vertices())} vertices, {len(model.identity)} identities, licence {model.licence}"


def _device(device: str) -> str:
    from fsynth.networks import execution_providers

    return execution_providers(device)[0]


def _temporary() -> str:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="fsynth-") as folder:
        (Path(folder) / "test").write_bytes(b"fsynth")
        return str(Path(folder).parent)


def _example(device: str) -> str:
    """Decode features and fit a head to the face: everything but a photo, of which none comes with the extension."""
    import numpy as np

    import fsynth
    from fsynth_morphable.models import load
    from fsynth_morphable.shape_fit import fit_shape

    start = time.perf_counter()
    normalizer = fsynth.load(device=device)
    width = normalizer.engine.card.settings.feature_width
    decoded = normalizer.decode(np.zeros((1, width), np.float32))
    fit_shape(load("fsynth"), decoded.landmarks[0])
    return f"made a face and fitted a head to it in {time.perf_counter() - start:.1f} s"

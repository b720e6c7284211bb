"""Differentiable image warping by polyharmonic splines (Cole et al. 2017, section 4).

The functions and the layer here are written with ``keras.ops`` and run on TensorFlow and JAX; the same functions in
NumPy alone are in :mod:`fsynth.warp.numpy`. Keras is imported when one of the former is first used.

Convention: coordinates are (x, y) in pixels, pixel centres on integers, y downwards; ``sparse_image_warp(image, source,
dest)`` brings what was at ``source`` to ``dest``; the flow is ``dest - source``, images are sampled at ``grid - flow``.
"""

import importlib
from typing import TYPE_CHECKING, Any

from fsynth.errors import EngineError

if TYPE_CHECKING:
    from fsynth.warp.image import dense_image_warp, sparse_image_warp
    from fsynth.warp.interpolate import interpolate_spline
    from fsynth.warp.layer import SplineWarp

__all__ = ["SplineWarp", "dense_image_warp", "interpolate_spline", "sparse_image_warp"]

_MODULES = {
    "SplineWarp": "fsynth.warp.layer",
    "dense_image_warp": "fsynth.warp.image",
    "interpolate_spline": "fsynth.warp.interpolate",
    "sparse_image_warp": "fsynth.warp.image",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(_MODULES[name])
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in ("keras", "tensorflow", "jax", "torch"):
            raise
        raise EngineError(
            f'fsynth.warp.{name} needs Keras, and {error.name} is not installed: pip install "fsynth[tensorflow]". '
            "fsynth.warp.numpy has the same functions without it."
        ) from error
    return getattr(module, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

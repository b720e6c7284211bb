"""White balance and exposure as three gains in scene-linear light: solved from a face, limited, undone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth.balance.srgb import LUMINANCE
from fsynth.errors import ArgumentError


@dataclass(frozen=True, eq=False)
class Gains:
    """What the three scene-linear channels of a camera are multiplied with.

    Attributes:
        multipliers: (3,) float64, white-balance multipliers of R, G, B; green is 1. A neutral surface under the light
            that they are for has camera RGB proportional to ``1 / multipliers``.
        exposure: EV, the binary logarithm of what all channels are multiplied with besides.
    """

    multipliers: np.ndarray
    exposure: float = 0.0

    def __post_init__(self) -> None:
        """Check the multipliers and divide them by that of green; the exposure stays as given.

        Raises:
            ArgumentError: not three finite multipliers above 0, or an exposure that is not finite.
        """
        multipliers = np.asarray(self.multipliers, np.float64)
        if multipliers.shape != (3,) or not np.isfinite(multipliers).all() or (multipliers <= 0).any():
            raise ArgumentError(f"`multipliers` must be three finite numbers above 0, they are {self.multipliers}.")
        if not np.isfinite(self.exposure):
            raise ArgumentError(f"`exposure` must be a finite number of EV, it is {self.exposure}.")
        object.__setattr__(self, "multipliers", multipliers / multipliers[1])
        object.__setattr__(self, "exposure", float(self.exposure))

    @property
    def factors(self) -> np.ndarray:
        """(3,) float64: what each channel is multiplied with, white balance and exposure together."""
        return self.multipliers * 2.0**self.exposure

    @classmethod
    def of_factors(cls, factors: np.ndarray) -> Gains:
        """The gains that multiply the channels with ``factors`` (3,), all above 0."""
        green = float(np.asarray(factors, np.float64)[1])
        return cls(factors, float(np.log2(green)) if green > 0 else np.nan)

    def apply(self, linear: np.ndarray) -> np.ndarray:
        """``linear`` (..., 3), scene-linear camera RGB, times the gains. Not clipped, same dtype if it is a float."""
        return linear * self.factors.astype(np.result_type(linear, np.float32))

    def inverse(self) -> Gains:
        """The gains that undo these: ``g.inverse().apply(g.apply(x)) == x``."""
        return Gains(1 / self.multipliers, -self.exposure)

    def after(self, before: Gains) -> Gains:
        """The gains that turn a picture balanced with ``before`` into one balanced with these."""
        return Gains(self.multipliers / before.multipliers, self.exposure - before.exposure)


def solve(camera: np.ndarray, target: np.ndarray, camera_to_srgb: np.ndarray) -> Gains:
    """The gains that give the colour ``camera`` the colour ``target``: g = camera_to_srgb^-1 target / camera.

    Args:
        camera: (3,) scene-linear camera RGB above 0, 1 = saturation: the mean over the skin in the photo.
        target: (3,) linear sRGB, 0..1: the mean over the same skin of the normalized face.
        camera_to_srgb: (3, 3), balanced camera RGB -> linear sRGB, rows that sum to 1; the identity for a photo that is
            in linear sRGB already.

    Raises:
        ArgumentError: a shape is wrong, or a colour is so dark or so saturated that no positive gain gives the target.
    """
    camera, wanted = _positive("camera", camera), _positive("target", target)
    balanced = np.linalg.solve(np.asarray(camera_to_srgb, np.float64), wanted)
    if (balanced <= 0).any():
        raise ArgumentError(f"`target` {wanted} is outside the colours of the camera, whose RGB would be {balanced}.")
    return Gains.of_factors(balanced / camera)


def solve_exposure(
    camera: np.ndarray, target: np.ndarray, camera_to_srgb: np.ndarray, multipliers: np.ndarray
) -> Gains:
    """The exposure alone: with the white balance ``multipliers``, the one that gives the target's luminance (CIE Y).

    Args:
        camera, target, camera_to_srgb: as in ``solve``.
        multipliers: (3,) the white balance to keep, for example the as-shot one.

    Raises:
        ArgumentError: a shape is wrong, or the luminance is not above 0.
    """
    camera, wanted = _positive("camera", camera), _positive("target", target)
    kept = Gains(multipliers)
    luminance = float(LUMINANCE @ np.asarray(camera_to_srgb, np.float64) @ kept.apply(camera))
    if luminance <= 0:
        raise ArgumentError(f"`camera` {camera} has no luminance under the multipliers {kept.multipliers}.")
    return Gains(kept.multipliers, float(np.log2(LUMINANCE @ wanted / luminance)))


def limit(
    gains: Gains,
    as_shot: Gains,
    *,
    strength: float = 1.0,
    max_ev: float | None = None,
    white_balance_only: bool = False,
) -> Gains:
    """Part of the way from ``as_shot`` to ``gains``, in logarithms, so that two halves make the whole.

    Args:
        gains: the full correction, as ``solve`` or, for the exposure alone, ``solve_exposure`` gives it.
        as_shot: what the photo has without a correction: the camera's multipliers, exposure 0.
        strength: 0 (as shot) .. 1 (the full correction).
        max_ev: the exposure departs from the as-shot one by at most so many EV, >= 0; None = no limit.
        white_balance_only: keep the as-shot exposure.

    Raises:
        ArgumentError: ``strength`` is not 0..1, or ``max_ev`` is below 0.
    """
    if not 0 <= strength <= 1:
        raise ArgumentError(f"`strength` must be in 0..1, it is {strength}.")
    if max_ev is not None and not max_ev >= 0:
        raise ArgumentError(f"`max_ev` must be at least 0 EV, it is {max_ev}.")
    change = gains.after(as_shot)
    exposure = 0.0 if white_balance_only else strength * change.exposure
    if max_ev is not None:
        exposure = float(np.clip(exposure, -max_ev, max_ev))
    return Gains(as_shot.multipliers * change.multipliers**strength, as_shot.exposure + exposure)


def _positive(name: str, colour: np.ndarray) -> np.ndarray:
    values = np.asarray(colour, np.float64)
    if values.shape != (3,) or not np.isfinite(values).all() or (values <= 0).any():
        raise ArgumentError(f"`{name}` must be a colour of three finite numbers above 0, it is {colour}.")
    return values

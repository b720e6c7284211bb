"""A small drawing of two lights: temperature from warm to cool, Duv from magenta up to green."""

from __future__ import annotations

from fsynth_cli.balance.record import Light

_KELVINS = (2000, 2500, 3200, 4000, 5500, 8000, 25000)
_WIDTH, _HEIGHT = 300, 52
_AXIS = 24.0  # y of the line of glowing bodies
_TALLEST = 20.0  # of Duv at its limit
_MOST_DUV = 0.03


def light_scale(before: Light | None, after: Light | None) -> str:
    """An SVG: a hollow dot as shot, a filled one balanced; "" if there is neither. Steps are even in mired."""
    if before is None and after is None:
        return ""
    parts = [f'<path class="axis" d="M0 {_AXIS}H{_WIDTH}"/>']
    for kelvin in _KELVINS:
        x = _x(kelvin)
        anchor = "start" if kelvin == _KELVINS[0] else "end" if kelvin == _KELVINS[-1] else "middle"
        parts.append(f'<path class="axis" d="M{x:.1f} {_AXIS - 3}v6"/>')
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT}" text-anchor="{anchor}">{kelvin:,}</text>')
    if before is not None and after is not None:
        parts.append(f'<path class="path" d="M{_at(before)}L{_at(after)}"/>')
    for light, kind in ((before, "shot"), (after, "done")):
        if light is not None:
            across, down = _at(light).split()
            parts.append(f'<circle class="{kind}" cx="{across}" cy="{down}" r="4.5"/>')
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" aria-hidden="true">{"".join(parts)}</svg>'


def _x(kelvin: float) -> float:
    warm, cool = 1e6 / _KELVINS[0], 1e6 / _KELVINS[-1]
    return _WIDTH * min(max((warm - 1e6 / kelvin) / (warm - cool), 0.0), 1.0)


def _at(light: Light) -> str:
    duv = min(max(light.duv, -_MOST_DUV), _MOST_DUV)
    return f"{_x(light.cct):.1f} {_AXIS - _TALLEST * duv / _MOST_DUV:.1f}"

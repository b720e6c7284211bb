"""Numbers of a report as photographers read them."""

from __future__ import annotations

from fsynth_cli.balance.record import Light


def kelvin(light: Light | None) -> str:
    """``4,150 K``, to 10 K, which is less than anyone can tell."""
    return "" if light is None else f"{round(light.cct, -1):,.0f} K"


def duv(light: Light | None) -> str:
    """``+0.004``."""
    return "" if light is None else f"{light.duv:+.3f}".replace("-0.000", "+0.000")


def ev(value: float | None) -> str:
    """``+0.45``."""
    return "" if value is None else f"{value:+.2f}".replace("-0.00", "+0.00")


def duration(seconds: float) -> str:
    """``8.4 s``, ``3 min 20 s``, ``1 h 05 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


def counted(count: int | None, one: str, several: str) -> str:
    """``1 face``, ``2 faces``."""
    return f"{count:,} {one if count == 1 else several}"


def number(value: int | None) -> str:
    """``3``, or nothing."""
    return "" if value is None else str(value)

"""How a dataset is prepared: a TOML file, one that ships with fsynth, and single values on top."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from fsynth_training.dataset.errors import DatasetError
from fsynth_training.tables import Source, from_table, read_toml

SHIPPED = ("paper", "default")
"""Configurations that ship with fsynth, by name: ``configs/<name>.toml``, where each value has its comment."""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The largest (or, where it says so, the smallest) value of each rule; see ``rules.RULES``.

    ``inf``, and 0 for a smallest value, turns a rule off.
    """

    yaw: float = 5.0  # degrees
    pitch: float = 5.0  # degrees
    roll: float = 5.0  # degrees
    lip_gap: float = 0.06  # interocular distances
    mouth_width: float = 0.9  # interocular distances
    glasses: float = 0.09
    forehead: float = 28.0  # CIE Lab
    sharpness: float = 40.0  # smallest
    colour: float = 1.5  # smallest; CIE Lab
    interocular: float = 40.0  # smallest; px of the photo
    neutral: bool = True  # drops photos that the list calls smiling
    photos_of_person: int = 3  # smallest
    dropped: Literal["nothing", "features"] = "nothing"  # what a dropped photo still gives


@dataclass(frozen=True, kw_only=True)
class Colour:
    """White balance by sets and even light; needs a reference set."""

    white_balance: bool = False
    share: float = 0.5
    reference_share: float = 0.25
    even_light: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PrepareConfig:
    """All of it; the comments of ``configs/default.toml`` say what each value does."""

    average: Literal["identity", "none"] = "identity"
    reference: str = ""
    segmentation: bool = False
    remove_smiles: bool = False
    smile_directions: int = 4
    degraded_views: int = 5
    seed: int = 0
    fine: bool = False
    backgrounds: int = 256
    validation: float = 0.04
    cluster_distance: float = 0.55
    filters: Filters = field(default_factory=Filters)
    colour: Colour = field(default_factory=Colour)

    def check(self, where: str) -> None:
        """Raise DatasetError if values are out of range or don't go together."""
        ranges = {
            "validation": (self.validation, 0, 0.9),
            "degraded_views": (self.degraded_views, 0, 64),
            "seed": (self.seed, 0, math.inf),
            "backgrounds": (self.backgrounds, 0, math.inf),
            "smile_directions": (self.smile_directions, 1, 64),
            "cluster_distance": (self.cluster_distance, 0, 2),
            "colour.share": (self.colour.share, 0, 1),
            "colour.reference_share": (self.colour.reference_share, 0, 1),
            **{f"filters.{k}": (v, 0, math.inf) for k, v in asdict(self.filters).items() if isinstance(v, float | int)},
        }
        for name, (value, low, high) in ranges.items():
            if not low <= value <= high:
                raise DatasetError(f"{where} has {name} = {value}, but it is within {low}..{high}.")
        if self.colour.white_balance and not self.reference:
            raise DatasetError(
                f"{where} has colour.white_balance without a reference, whose skin it goes by: name one."
            )
        if self.remove_smiles and self.average != "none":
            raise DatasetError(f"{where} has remove_smiles, which learns from single photos: set average = none.")
        if self.filters.photos_of_person < 1:
            raise DatasetError(f"{where} has filters.photos_of_person = 0, but it is at least 1.")


def read_config(name: str | Path, changes: Sequence[str] = ()) -> PrepareConfig:
    """A configuration, checked.

    Args:
        name: of one that ships with fsynth (``SHIPPED``), or a TOML file.
        changes: values on top, each as ``key=value``, such as ``filters.yaw=8``.

    Raises:
        DatasetError: the file can't be read or is not TOML, or a key or a value is wrong; the message names it.
    """
    if str(name) in SHIPPED:
        text = (resources.files("fsynth_training.dataset") / "configs" / f"{name}.toml").read_text(encoding="utf-8")
    else:
        try:
            text = Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            shipped = " and ".join(SHIPPED)
            raise DatasetError(
                f"The configuration {name} can't be read ({error}). It is a TOML file, or one of {shipped}."
            ) from error
    source = Source(str(name), DatasetError)
    config = from_table(PrepareConfig, read_toml(text, source, changes), source)
    config.check(str(name))
    return config


def to_record(config: PrepareConfig) -> Mapping[str, Any]:
    """``config`` as JSON has it: infinite thresholds as "inf", tuples as lists."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: plain(entry) for key, entry in value.items()}
        if isinstance(value, tuple):
            return list(value)
        return "inf" if value == math.inf else value

    return {key: plain(value) for key, value in asdict(config).items()}

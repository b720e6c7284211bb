"""What augmentation is told: a TOML file, or the defaults, which are the paper's where the paper has a value."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fsynth_training.augment.errors import AugmentError
from fsynth_training.tables import Source, from_table


@dataclass(frozen=True, kw_only=True)
class AugmentConfig:
    """Settings of random morphs.

    Attributes:
        seed: of every random choice; morph i of a dataset is the same for the same seed, wherever it is made.
        neighbours: k of section 5.1; where there are fewer other people, all of them.
        landmark_factor: lambda of Eq. 2, whose landmarks are in pixels and whose textures are 0..1.
        mask_sigma: of the Gaussian in px that softens the mask of Eq. 3.
        surround: whose hair and neck are around the morphed face: those of the "seed" face, or of another of its
            "neighbour"s, which varies more and whose hair takes on the difference in skin colour.
        background: what is behind the head in ``image``: a "plain" grey, or one of the dataset's "images".
        plain: sRGB value of that grey, 0..1.
        features: encode each image by the dataset's encoder.
        image_format: of image and texture in a record: "png" keeps them as they are, "jpeg" takes less than half the
            room. jpeg_quality: 1..100, chroma not subsampled.
        shard_size: morphs in a shard.
    """

    seed: int = 0
    neighbours: int = 200
    landmark_factor: float = 10.0
    mask_sigma: float = 6.0
    surround: Literal["seed", "neighbour"] = "seed"
    background: Literal["plain", "images"] = "plain"
    plain: float = 0.8
    features: bool = True
    image_format: Literal["png", "jpeg"] = "png"
    jpeg_quality: int = 98
    shard_size: int = 500

    def __post_init__(self) -> None:
        limits = {
            "seed": (0, 2**63 - 1),
            "neighbours": (1, 2**31),
            "landmark_factor": (0, 1e6),
            "mask_sigma": (0, 100),
            "plain": (0, 1),
            "jpeg_quality": (1, 100),
            "shard_size": (1, 10**6),
        }
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise AugmentError(f"{name} must be within {low}..{high}, it is {getattr(self, name)}.")


def read_config(path: Path | None) -> AugmentConfig:
    """The settings in the TOML file ``path``, or the defaults without one.

    Raises:
        FsynthError: the file can't be read, is no TOML, or has an unknown key or a wrong value.
    """
    if path is None:
        return AugmentConfig()
    try:
        with path.open("rb") as file:
            table = tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AugmentError(f"{path} can't be read as TOML ({error}).") from error
    try:
        return from_table(AugmentConfig, table, Source(str(path), AugmentError))
    except AugmentError as error:
        raise AugmentError(str(error) if str(path) in str(error) else f"{path}: {error}") from error

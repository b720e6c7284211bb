"""What a fit of the network is told: a TOML file, a preset that ships with fsynth, and single values on top."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from fsynth_training.fit.errors import FitError
from fsynth_training.tables import Source, from_table

METHODS = ("network", "basis")


@dataclass(frozen=True, kw_only=True)
class DecoderConfig:
    """Shape of the decoder; see ``fsynth.decoder.settings.DecoderSettings``. The data give all other sizes."""

    code_width: int = 128
    code_activation: Literal["relu", "linear"] = "relu"
    code_hidden: int = 0
    landmark_hidden: int = 256
    texture: Literal["cnn", "dense"] = "cnn"
    base_size: int = 14
    base_channels: int = 256
    chroma_stride: int = 1
    matte_stride: int = 0
    background: float = 0.8
    warp: Literal["exact", "coarse"] = "exact"


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """What a batch is made of. The shares are of its rows; the rest are photos with a target.

    Attributes:
        views: "plain" takes photos as they are and mirrored, "all" their degraded copies too.
        morphs: share of random morphs (section 5), from ``shards`` or made as they are needed.
        shards: folder of shards that ``fsynth train augment`` wrote, relative to the dataset; empty: made on the fly.
        unlabelled: share of photos that have no target, for the identity loss alone.
        mixed: share of mixtures of two people's features, for the identity loss alone.
        mix_range: the weight of the first of the two is drawn from here; beyond 0..1 people are exaggerated.
        validation_photos: at most so many photos of held-out people are looked at after each ``checkpoint_every``.
    """

    views: Literal["plain", "all"] = "all"
    morphs: float = 0.0
    shards: str = ""
    unlabelled: float = 0.0
    mixed: float = 0.0
    mix_range: tuple[float, float] = (-0.35, 1.35)
    validation_photos: int = 64

    def __post_init__(self) -> None:
        shares = {name: getattr(self, name) for name in ("morphs", "unlabelled", "mixed")}
        for name, share in shares.items():
            _in_range(f"data.{name}", share, 0, 1)
        if sum(shares.values()) > 1:
            raise FitError(f"The shares {' + '.join(f'data.{name}' for name in shares)} add up to more than 1.")
        if self.mix_range[0] > self.mix_range[1]:
            raise FitError(f"data.mix_range must rise, it is {list(self.mix_range)}.")


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """Weights of the terms; 0 leaves a term out and saves its cost.

    Attributes:
        landmarks: mean squared error in pixels squared. texture: mean absolute error of colours, 0..1. identity:
            negative cosine between the encoder's features of the output and the goal. These three are the paper's.
        colour: CIE Lab distance between the mean skin of texture and target.
        consistency: two photos of one person should give one code; squared difference over the spread of codes.
        laplacian: mean absolute error of the bands of a Laplacian pyramid of luma.
        adversarial: a patch discriminator should take textures for targets.
        identity_goal: whose features the output should have: those of the photo that went in, the mean of the person's
            photos, or the direction halfway between.
        identity_centred: subtract the mean features before taking the cosine (strangers' cosine is then about 0).
        chip_size: size in pixels at which the encoder looks at outputs, 0 for its own. FaceRes works down to 160.
        chip_noise: mirror outputs at random and vary their brightness, colour and noise before the encoder sees them,
            so that no pattern of pixels can please it.
    """

    landmarks: float = 1.0
    texture: float = 100.0
    identity: float = 10.0
    colour: float = 0.0
    consistency: float = 0.0
    laplacian: float = 0.0
    adversarial: float = 0.0
    identity_goal: Literal["photo", "person", "halfway"] = "photo"
    identity_centred: bool = True
    chip_size: int = 0
    chip_noise: bool = False

    def __post_init__(self) -> None:
        for name in ("landmarks", "texture", "identity", "colour", "consistency", "laplacian", "adversarial"):
            _in_range(f"loss.{name}", getattr(self, name), 0, float("inf"))


@dataclass(frozen=True, kw_only=True)
class OptimizerConfig:
    """Adam, and its learning rate: ``warm_up`` steps up, then constant or falling by a cosine to ``final_share``."""

    learning_rate: float = 1e-3
    warm_up: int = 0
    decay: Literal["constant", "cosine"] = "constant"
    final_share: float = 0.02
    beta_1: float = 0.9
    beta_2: float = 0.999
    clip_norm: float = 0.0

    def __post_init__(self) -> None:
        _in_range("optimizer.learning_rate", self.learning_rate, 1e-12, float("inf"))
        _in_range("optimizer.clip_norm", self.clip_norm, 0, float("inf"))


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """A fit of the network by gradient descent.

    Attributes:
        seed: of initial weights, the order of the data, and all noise.
        steps: optimizer steps; ``batch``: samples in each, over all machines.
        precision: of the texture's and the encoder's convolutions; weights and all else stay float32.
        checkpoint_every: steps between checkpoints; each also validates and reports.
        patience: stop when so many validations in a row are no better than the best; 0 never stops early.
    """

    method: Literal["network"] = "network"
    seed: int = 0
    steps: int = 20000
    batch: int = 16
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    checkpoint_every: int = 500
    patience: int = 0
    decoder: DecoderConfig = field(default_factory=DecoderConfig)
    data: DataConfig = field(default_factory=DataConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "checkpoint_every"):
            _in_range(name, getattr(self, name), 1, float("inf"))
        _in_range("seed", self.seed, 0, 2**31)
        if (self.data.unlabelled or self.data.mixed) and not self.loss.identity:
            raise FitError("data.unlabelled and data.mixed feed the identity loss alone: give loss.identity a weight.")
        if self.data.unlabelled + self.data.mixed == 1:
            raise FitError("data.unlabelled + data.mixed leave no rows with a target; together they are below 1.")


def presets() -> list[str]:
    """The names of the presets."""
    folder = resources.files("fsynth_training.fit") / "presets"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def read_preset(name: str) -> dict[str, Any]:
    """The table of the preset ``name``.

    Raises:
        FitError: there is no preset of this name.
    """
    if name not in presets():
        raise FitError(f"There is no preset {name!r}: there are {', '.join(presets())}.")
    file = resources.files("fsynth_training.fit") / "presets" / f"{name}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))


def read_file(path: Path) -> dict[str, Any]:
    """The table of a TOML file.

    Raises:
        FitError: it cannot be read, or is no TOML.
    """
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FitError(f"{path} cannot be read as TOML: {error}.") from error


def with_settings(table: Mapping[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """``table`` with single values replaced: "loss.identity=0", the value written as in TOML.

    Raises:
        FitError: a setting is not KEY=VALUE, or its value is no TOML.
    """
    changed: dict[str, Any] = {key: dict(part) if isinstance(part, Mapping) else part for key, part in table.items()}
    for setting in settings:
        try:
            parsed = tomllib.loads(setting)
        except tomllib.TOMLDecodeError as error:
            raise FitError(
                f"{setting!r} is no KEY=VALUE as in TOML ({error}). Texts are quoted: decoder.texture='cnn'."
            ) from error
        _merge(changed, parsed)
    return changed


def network_config(table: Mapping[str, Any], where: str) -> NetworkConfig:
    """The configuration in ``table``, checked; ``where`` is what messages call its source.

    Raises:
        FitError: a key or a value is wrong.
    """
    try:
        return from_table(NetworkConfig, table, Source(where, FitError))
    except FitError as error:
        raise FitError(str(error) if where in str(error) else f"{where}: {error}") from error


def method_of(table: Mapping[str, Any], where: str) -> str:
    """Which method a table asks for: "network", also where it says nothing, or "basis".

    Raises:
        FitError: another one.
    """
    method = table.get("method", "network")
    if method not in METHODS:
        raise FitError(f"{where} has method = {method!r}: it is one of {', '.join(map(repr, METHODS))}.")
    return str(method)


def to_table(config: Any) -> dict[str, Any]:
    """A configuration as nested plain values, as JSON gives them back."""
    return {key: _plain(value) for key, value in asdict(config).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return list(value) if isinstance(value, tuple) else value


def _merge(table: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(table.get(key), dict):
            _merge(table[key], value)
        else:
            table[key] = value


def _in_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        told = f"at least {low:g}" if high == float("inf") else f"within {low:g}..{high:g}"
        raise FitError(f"{name} must be {told}, it is {value}.")

"""What the method "basis" is told: a linear face space, and a map from features into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from fsynth_training.fit.errors import FitError


@dataclass(frozen=True, kw_only=True)
class SpaceConfig:
    """The face space and ridge regression into it.

    Attributes:
        base: principal components of all planes less the luma detail of the face: hair, outline, colours.
        face: those of the luma detail of the face. shapes: those of landmark offsets.
        base_ridge, ridge: strength of the regression into ``base``, and into ``face`` and ``shapes``.
        base_gain: ridge regression shrinks towards the mean; what it gives for ``base`` is multiplied by this.
        face_gain: the same for ``face``, where the identity loss starts.
        smile_directions: so many directions that a smile changes are taken out of the features.
        turn_directions: so many that mirroring changes are; the turn of the head is in the first.
        mouth_directions: so many more from which the mouth's width could be told.
        luma_stride: pixels a side that share one luma value; what is finer is left to the bank of detail.
        code_width: width of the decoder's code; the whole map is packed into so many numbers.
    """

    base: int = 200
    face: int = 160
    shapes: int = 40
    base_ridge: float = 0.5
    ridge: float = 0.3
    base_gain: float = 1.2
    face_gain: float = 1.5
    smile_directions: int = 3
    turn_directions: int = 0
    mouth_directions: int = 0
    luma_stride: int = 1
    code_width: int = 160


@dataclass(frozen=True, kw_only=True)
class SkinConfig:
    """A regression from features to the mean colour of the skin alone, learned on one set whose light is known.

    Attributes:
        set: the name of the set in photos.csv; empty leaves the skin to the face space.
        share: how far the skin goes from what the face space says (0) to this regression (1).
        ridge: its strength.
        gain: it shrinks towards the mean, which makes dark skin too light and light skin too dark; what it gives is
            multiplied by this, seen from the mean of the set.
        balance: 0 weighs each photo alike, 1 each group of skin tones.
        invariance: how strictly the colour stays when a photo is degraded, by light for example; 0 is not at all.
    """

    set: str = ""
    share: float = 0.5
    ridge: float = 0.3
    gain: float = 1.0
    balance: float = 0.5
    invariance: float = 0.0


@dataclass(frozen=True, kw_only=True)
class TermsConfig:
    """Weights of the terms of the loss.

    Attributes:
        likeness: one minus the cosine between the encoder's features of the output and those of the photo.
        second: the same by the second recogniser, which the dataset has to hold.
        detail: squared luma (0..1) per pixel of the face by which the output leaves ridge regression.
        shape: squared pixels per landmark by which it leaves it.
        coefficients: squared coefficients, in standard deviations.
        consistency: squared difference of the coefficients of two photos of one person.
        targets: squared difference from the coefficients of the clean target.
        mean: square of the mean coefficients of all people: what all outputs share is no likeness.
        leak: squared correlation of the output's mouth width with the photo's, and of its asymmetry with the yaw.
        overflow: squared values beyond what a pixel can show.
    """

    likeness: float = 1.0
    second: float = 0.0
    detail: float = 60.0
    shape: float = 0.05
    coefficients: float = 0.01
    consistency: float = 0.1
    targets: float = 0.05
    mean: float = 0.3
    leak: float = 1.0
    overflow: float = 10.0


@dataclass(frozen=True, kw_only=True)
class DetailConfig:
    """The bank of the detail stage; see ``fsynth_training.fit.exemplars``.

    Attributes:
        exemplars: how many faces it holds; 0 leaves the stage out.
        sigma: in pixels; what is finer than this comes from the bank.
        face_sigma: the same in the face, where coarser detail would make people look like the one it is of.
        face_emphasis: how much the finest of it is sharpened there: the finer detail is, the less does another's show.
        softest, sharpest: only targets within these serve, variance of the Laplacian of luma (0..255) in the face:
            softer ones have no detail, and beyond lies the noise of sensors.
        sharpness: what each is brought to in the face, within a factor of .7 to 1.5 of its amplitude.
        limit: luma (0..1) that detail stays within: the strand of one head is none on another.
        face_limit: the same in the face, where eyes, brows and lips are.
        skin_limit: the same on skin, where pores are welcome and another's wrinkles and strands are not.
        yaw, glasses, forehead: the largest values of these rules (columns of photos.csv) of a face that serves; the
            frame of spectacles and a fringe would show on others.
    """

    exemplars: int = 0
    sigma: float = 1.5
    face_sigma: float = 1.5
    face_emphasis: float = 0.8
    softest: float = 90.0
    sharpest: float = 260.0
    sharpness: float = 170.0
    limit: float = 0.12
    face_limit: float = 0.12
    skin_limit: float = 0.025
    yaw: float = 7.0
    glasses: float = 0.072
    forehead: float = 12.0


@dataclass(frozen=True, kw_only=True)
class LinearConfig:
    """A fit of the decoder in a linear face space.

    Attributes:
        seed: of the order of the data and of all noise.
        steps: of the identity fit; 0 leaves ridge regression alone (with ``space.face_gain``): the yardstick.
        batch: samples a step.
        hidden: width of a perceptron beside the linear map from features to coefficients; 0 for none.
        unlabelled: whether photos without a target are learned from too, by the likeness alone.
        plain: share of photos that are shown as they are or mirrored; the others are degraded copies.
        mix_range: half of the samples are mixtures of two people's features; the first one's weight is drawn from here.
        chip_size: size in pixels at which the encoder looks at outputs.
        occlusion: share of outputs of which the encoder sees only a part, so that no one place carries the likeness.
        checkpoint_every: steps between checkpoints.
    """

    method: Literal["basis"] = "basis"
    seed: int = 0
    steps: int = 2500
    batch: int = 16
    hidden: int = 0
    learning_rate: float = 3e-3
    warm_up: int = 20
    unlabelled: bool = True
    plain: float = 0.5
    mix_range: tuple[float, float] = (-0.35, 1.35)
    chip_size: int = 160
    occlusion: float = 0.0
    checkpoint_every: int = 100
    space: SpaceConfig = field(default_factory=SpaceConfig)
    skin: SkinConfig = field(default_factory=SkinConfig)
    terms: TermsConfig = field(default_factory=TermsConfig)
    detail: DetailConfig = field(default_factory=DetailConfig)

    def __post_init__(self) -> None:
        if self.steps < 0 or self.hidden < 0:
            raise FitError("steps and hidden must not be negative.")
        if min(self.batch, self.checkpoint_every) < 1:
            raise FitError("batch and checkpoint_every must be at least 1.")
        if self.mix_range[0] > self.mix_range[1]:
            raise FitError(f"mix_range must rise, it is {list(self.mix_range)}.")
        if self.detail.exemplars < 0 or min(self.detail.sigma, self.detail.face_sigma) <= 0:
            raise FitError("detail.exemplars must not be negative, detail.sigma and detail.face_sigma must be above 0.")
        if not all(0 <= share <= 1 for share in (self.occlusion, self.plain, self.skin.share)):
            raise FitError("occlusion, plain and skin.share must be within 0..1.")

"""What of a person's look the skin does not show: the colours of eyes and hair."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from fsynth_morphable.camera import Camera
from fsynth_morphable.colour import to_linear, to_srgb
from fsynth_morphable.eyes import BROWN, Eyeball, iris_colour, sclera_brightness
from fsynth_morphable.landmarks import COUNT, LIDS, OUTER_EYES
from fsynth_morphable.model import MorphableModel
from fsynth_morphable.sampling import sample
from fsynth_morphable.scalp import Scalp, hair_colour, hairline_lift, veil

_FOREHEAD = (-0.14, -0.06)
"""Heights, as of ``Scalp``, just below the hairline."""

_CHEEKS = (-1.4, -0.9)
"""Heights, as of ``Scalp``, of nose and cheeks."""

_OPEN = 0.04
"""How far lids must be apart for an iris to be seen, as a share of the distance of the outer corners of the eyes."""


@dataclass(frozen=True, eq=False)
class View:
    """An image that a head was fitted to.

    ``image``: (S, S, 3) uint8 sRGB. ``vertices``: (N, 3) metres, the head's surface as it shows it. ``landmarks``:
    (L, 3) metres. ``camera``: through which it shows it.
    """

    image: np.ndarray
    vertices: np.ndarray
    landmarks: np.ndarray
    camera: Camera


@dataclass(frozen=True, eq=False)
class Look:
    """Colours are (3,) float32 sRGB in 0..1.

    Attributes:
        iris: of the eyes.
        sclera: brightness of the white of the eyes, 1 is as bright as it gets.
        hair: of the scalp, or None for a bare one.
        hair_density: (N,) float32, see ``Scalp.density``; or None.
        hidden: (N,) float32 in 0..1, how far hair hides the skin in the image; or None.
        forehead: (P, 2) pixels, along the hairline in the image, where the landmarks leave out its corners; or None.
        hidden_in_photo: as ``hidden``, of the photo.
    """

    iris: np.ndarray = field(default_factory=BROWN.copy)
    sclera: float = 0.9
    hair: np.ndarray | None = None
    hair_density: np.ndarray | None = None
    hidden: np.ndarray | None = None
    forehead: np.ndarray | None = None
    hidden_in_photo: np.ndarray | None = None


def find_look(model: MorphableModel, view: View, photo: View | None = None) -> Look:
    """Read a person's look: of the normalized face, but for the colours of hair and open eyes, if there is a photo."""
    image = view.image.astype(np.float32) / 255
    eyes = [name for name in ("eye_left", "eye_right") if name in model.part_names]
    iris, sclera = BROWN, 0.9
    if eyes:
        balls = [Eyeball.of(model, view.vertices, name) for name in eyes]
        iris = iris_colour(image, _rings(view.camera, balls))
        whites = np.concatenate([ball.sclera_points() for ball in balls])
        sclera = sclera_brightness(image, view.camera.project(whites)[0])
    if len(view.landmarks) != COUNT:
        return Look(iris, sclera)
    scalp = _scalp(model)
    if eyes and photo is not None:
        iris = _iris_in_photo(
            model, view, photo, scalp, [Eyeball.of(model, photo.vertices, name) for name in eyes], iris
        )
    points = _skin_points(model, view)
    hair = hair_colour(image, points, scalp)
    if hair is None:
        return Look(iris, sclera, hair_density=scalp.density())
    lift = hairline_lift(image, points, scalp, hair)
    hidden = np.maximum(veil(image, points, scalp, hair), scalp.fading(lift))
    forehead = points[scalp.band(*_FOREHEAD) & np.isfinite(points).all(axis=1)]
    look = Look(iris, sclera, hair, scalp.density(lift), hidden, forehead)
    if photo is None:
        return look
    image, points = photo.image.astype(np.float32) / 255, _skin_points(model, photo)
    own = hair_colour(image, points, scalp)
    if own is None:
        return look
    hidden_in_photo = np.maximum(veil(image, points, scalp, own), scalp.fading(lift))
    return replace(look, hair=own, hidden_in_photo=hidden_in_photo)


def _rings(camera: Camera, balls: list[Eyeball]) -> list[np.ndarray]:
    return [camera.project(ball.iris_points())[0] for ball in balls]


def _iris_in_photo(
    model: MorphableModel, view: View, photo: View, scalp: Scalp, balls: list[Eyeball], otherwise: np.ndarray
) -> np.ndarray:
    """The colour of the irises in a photo, as the light of the normalized face would show it; of open eyes."""
    lids = photo.camera.project(photo.landmarks)[0]
    apart = np.linalg.norm(lids[LIDS[0]] - lids[LIDS[1]], axis=1).mean()
    if apart < _OPEN * np.linalg.norm(lids[OUTER_EYES[0]] - lids[OUTER_EYES[1]]):
        return otherwise
    # Skin shows what the photo's light does to colours.
    cheeks = scalp.band(*_CHEEKS)
    image, skin = photo.image.astype(np.float32) / 255, []
    for one in (view, photo):
        points = _skin_points(model, one)[cheeks]
        colours = sample(one.image.astype(np.float32) / 255, points[np.isfinite(points).all(axis=1)])
        skin.append(to_linear(np.median(colours, axis=0)))
    gain = np.clip(skin[0] / np.maximum(skin[1], 0.01), 0.5, 2)
    return to_srgb(np.clip(to_linear(iris_colour(image, _rings(photo.camera, balls), brown=0)) * gain, 0, 1))


@lru_cache(maxsize=2)
def _scalp(model: MorphableModel) -> Scalp:
    return Scalp.of(model.vertices(), model.landmark_positions())


def _skin_points(model: MorphableModel, view: View) -> np.ndarray:
    """Where the skin is in the image, (N, 2) pixels; NaN for what is not skin."""
    points = np.full((len(view.vertices), 2), np.nan, np.float32)
    skin = np.unique(model.polygons[model.in_parts("skin"), :3])
    points[skin] = view.camera.project(view.vertices[skin])[0]
    return points

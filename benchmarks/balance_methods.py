"""The methods that ``benchmarks/balance.py`` compares: from a scene to a balanced picture and the light it assumed."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.balance_scenes import Scene

from fsynth.balance import eq4
from fsynth.balance.develop import as_float, develop, is_clipped
from fsynth.balance.gains import Gains, solve
from fsynth.balance.prior import towards_locus
from fsynth.balance.skin import box_mask, mean_linear, photo_box_mask, skin_mask
from fsynth.balance.srgb import to_linear
from fsynth.errors import NoFaceError
from fsynth.faces import align, find_faces
from fsynth.normalizer import NormalizedFace, Normalizer
from fsynth_cli.balance.analysis import normalize

XPHOTO = ("Learning", "Simple", "Grayworld")


@dataclass(frozen=True, eq=False)
class Balanced:
    """What a method makes of a scene.

    Attributes:
        picture: (H, W, 3) uint8 sRGB.
        light: (3,) camera RGB of what it took for white.
    """

    picture: np.ndarray
    light: np.ndarray


@dataclass(frozen=True, eq=False)
class FaceColours:
    """Mean colours of a normalized face, each (3,): linear sRGB of its skin and of its box, (Y, Cr, Cb) of its box."""

    skin: np.ndarray
    box: np.ndarray
    box_ycrcb: np.ndarray


def normalized(picture: np.ndarray, normalizer: Normalizer) -> NormalizedFace:
    """The largest face of ``picture`` (H, W, 3) uint8 sRGB, normalized as ``fsynth balance`` does it.

    Raises:
        NoFaceError: there is none.
    """
    faces = find_faces(picture, smallest_share=1)
    if not faces:
        raise NoFaceError("No face was found.")
    return normalize(picture, faces[:1], normalizer)[0]


def real_colours(normal: NormalizedFace) -> FaceColours:
    """Those of the face that the network gives."""
    linear = to_linear(normal.image)
    skin = skin_mask(normal.landmarks, *normal.image.shape[:2])
    return FaceColours(
        mean_linear(linear, skin), mean_linear(linear, box_mask()), eq4.mean_colour(normal.image, box_mask())
    )


def perfect_colours(scene: Scene) -> FaceColours:
    """Those of the truth, from the very pixels that count in the photo."""
    linear, usable = to_linear(scene.truth), ~is_clipped(scene.raw.camera)
    skin = skin_mask(scene.landmarks, *scene.truth.shape[:2])
    box = photo_box_mask(scene.face, *scene.truth.shape[:2])
    crop = align(scene.truth, scene.face.face).image
    return FaceColours(
        mean_linear(linear, skin & usable), mean_linear(linear, box & usable), eq4.mean_colour(crop, box_mask())
    )


def by_gains(scene: Scene, gains: Gains) -> Balanced:
    return Balanced(develop(scene.raw.camera, gains, scene.raw.camera_to_srgb), 1 / gains.multipliers)


def face_methods(scene: Scene, target: FaceColours) -> dict[str, Balanced]:
    """The methods that look at the face."""
    raw = scene.raw
    height, width = raw.camera.shape[:2]
    found = {"Eq. 4": by_shift(scene, target.box_ycrcb)}
    box = mean_linear(raw.camera, photo_box_mask(scene.face, height, width))
    found["gains, paper's box"] = by_gains(scene, solve(box, target.box, raw.camera_to_srgb))
    skin = mean_linear(raw.camera, skin_mask(scene.landmarks, height, width))
    gains = solve(skin, target.skin, raw.camera_to_srgb)
    found["gains"] = by_gains(scene, gains)
    pulled = towards_locus(gains, skin, target.skin, raw.camera_to_srgb, raw.xyz_to_camera)
    found["gains + prior"] = by_gains(scene, pulled)
    return found


def by_shift(scene: Scene, normal_mean: np.ndarray) -> Balanced:
    """The paper's Eq. 4 on the as-shot picture. Its light is what it turns into a grey as bright as the face."""
    photo_mean = eq4.mean_colour(scene.face.image, box_mask())
    picture = eq4.shift(scene.as_shot, photo_mean, normal_mean)
    grey = eq4.shift_ycrcb(np.array([normal_mean[0], 0.5, 0.5]), normal_mean, photo_mean)
    return Balanced(picture, camera_light(scene, to_linear(eq4.from_ycrcb(grey))))


def general_methods(scene: Scene) -> dict[str, Balanced]:
    """The peers that look at all pixels: as shot, grey-world (p = 1) and shades-of-grey (p = 6; Finlayson 2004)."""
    raw = scene.raw
    found = {"as shot": by_gains(scene, raw.as_shot)}
    pixels = as_float(raw.camera[~is_clipped(raw.camera)]).astype(np.float64)
    for name, power in (("grey-world", 1), ("shades-of-grey", 6)):
        light = (pixels**power).mean(axis=0) ** (1 / power)
        found[name] = by_gains(scene, Gains(1 / light))
    return found


def xphoto(pictures: list[np.ndarray], python: str) -> dict[str, list[np.ndarray]]:
    """What OpenCV's white balancers make of ``pictures`` (uint8 sRGB), in the Python that has them."""
    with tempfile.TemporaryDirectory() as folder:
        given, taken = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(given, **{str(i): picture for i, picture in enumerate(pictures)})
        subprocess.run([python, Path(__file__).with_name("balance_xphoto.py"), given, taken], check=True)
        with np.load(taken) as balanced:
            return {name: [balanced[f"{i}/{name}"] for i in range(len(pictures))] for name in XPHOTO}


def of_picture(scene: Scene, picture: np.ndarray) -> Balanced:
    """A picture made from the as-shot one. Its light is that of the gains between the mean colours of the two."""
    usable = scene.as_shot.max(axis=-1) < 250
    before = to_linear(scene.as_shot[usable]).mean(axis=0, dtype=np.float64)
    after = to_linear(picture[usable]).mean(axis=0, dtype=np.float64)
    return Balanced(picture, camera_light(scene, before / after))


def camera_light(scene: Scene, linear: np.ndarray) -> np.ndarray:
    """Camera RGB (3,) of what is ``linear`` (3,), linear sRGB, in the as-shot picture."""
    return scene.raw.as_shot.inverse().apply(np.linalg.solve(scene.raw.camera_to_srgb, linear))

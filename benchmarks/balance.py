"""Exposure and white balance from faces, against ground truth and peers, as markdown tables.

    python -m benchmarks.balance                            in the repository's root: 80 scenes
    python -m benchmarks.balance --lights 2                 40 scenes
    python -m benchmarks.balance --xphoto PYTHON            with OpenCV's balancers, if that Python has opencv-contrib
    python -m benchmarks.balance --walls                    before coloured walls, not London's near-white one
    python -m benchmarks.balance --weights FILE.onnx

The truth: neutral studio portraits of the 20 people of the London set that no training saw. Each becomes digital
negatives of known light and exposure, with noise, which LibRaw reads. Angle: between recovered and true light in camera
RGB, degrees. Delta E: CIEDE2000 against the portrait, pixel by pixel, so that noise counts; means over skin, greys
(chroma below 5) and all pixels. "As bright": after the skin's luminance is made that of the truth, for peers that leave
the exposure alone. EV: absolute error of the skin's luminance.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.balance_methods import (
    Balanced,
    face_methods,
    general_methods,
    normalized,
    of_picture,
    perfect_colours,
    real_colours,
    xphoto,
)
from benchmarks.balance_scenes import EXPOSURES, ITA_LIMITS, Scene, scenes

import fsynth
from fsynth.balance.colour_science import colour
from fsynth.balance.skin import skin_mask
from fsynth.balance.srgb import LUMINANCE, to_linear

FACES = Path(__file__).parents[2] / "shared" / "data" / "faces"


@dataclass(frozen=True)
class Score:
    """One method on one scene; see the module for the columns."""

    method: str
    group: str
    light: str
    exposure: str
    angle: float
    skin: float
    skin_as_bright: float
    greys: float
    whole: float
    ev: float
    log_red: float
    log_blue: float


def to_lab(linear: np.ndarray) -> np.ndarray:
    science = colour()
    white = science.CCS_ILLUMINANTS["CIE 1931 2 Degree Standard Observer"]["D65"]
    return science.XYZ_to_Lab(science.RGB_to_XYZ(linear, "sRGB", apply_cctf_decoding=False), white)


def difference(first: np.ndarray, second: np.ndarray) -> float:
    """Mean CIEDE2000 between linear sRGB colours (n, 3); NaN for none."""
    return float(colour().delta_E(to_lab(first), to_lab(second), method="CIE 2000").mean()) if len(first) else np.nan


def skin_group(truth: np.ndarray, skin: np.ndarray) -> str:
    """The ITA group (Chardon 1991) of the truth's mean skin."""
    lightness, _, b = to_lab(to_linear(truth[skin]).mean(axis=0, dtype=np.float64))
    ita = np.degrees(np.arctan2(lightness - 50, b))
    return next(name for name, limit in ITA_LIMITS.items() if ita > limit)


def score(method: str, scene: Scene, balanced: Balanced) -> Score:
    height, width = scene.truth.shape[:2]
    skin = skin_mask(scene.landmarks, height, width)
    every = np.zeros((height, width), bool)
    every[::2, ::2] = True
    truth, picture = to_linear(scene.truth), to_linear(balanced.picture)
    lab = to_lab(truth)
    greys = every & (np.hypot(lab[..., 1], lab[..., 2]) < 5) & (lab[..., 0] > 10) & (lab[..., 0] < 97)
    true_y, found_y = (float((part[skin] @ LUMINANCE).mean()) for part in (truth, picture))
    as_bright = np.clip(picture[skin] * np.float32(true_y / found_y), 0, 1)
    light, true_light = balanced.light, 1 / scene.truth_gains.multipliers
    cosine = light @ true_light / np.linalg.norm(light) / np.linalg.norm(true_light)
    return Score(
        method=method,
        group=skin_group(scene.truth, skin),
        light=scene.light,
        exposure=f"{scene.shot.exposure:+} EV",
        angle=float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))),
        skin=difference(picture[skin], truth[skin]),
        skin_as_bright=difference(as_bright, truth[skin]),
        greys=difference(picture[greys], truth[greys]),
        whole=difference(picture[every], truth[every]),
        ev=abs(float(np.log2(found_y / true_y))),
        log_red=float(np.log(light[0] / light[1] * true_light[1] / true_light[0])),
        log_blue=float(np.log(light[2] / light[1] * true_light[1] / true_light[2])),
    )


def measure(taken: list[Scene], normalizer: fsynth.Normalizer, python: str | None) -> list[Score]:
    scores = []
    for scene in taken:
        real = face_methods(scene, real_colours(normalized(scene.as_shot, normalizer)))
        again = real_colours(normalized(real["gains"].picture, normalizer))
        real["gains, second look"] = face_methods(scene, again)["gains"]
        perfect = face_methods(scene, perfect_colours(scene))
        found = {f"{name} (real face)": balanced for name, balanced in real.items()}
        found |= {f"{name} (perfect face)": balanced for name, balanced in perfect.items()}
        scores += [score(name, scene, balanced) for name, balanced in (found | general_methods(scene)).items()]
    if python:
        for name, pictures in xphoto([scene.as_shot for scene in taken], python).items():
            scores += [score(f"xphoto {name}", s, of_picture(s, p)) for s, p in zip(taken, pictures, strict=True)]
    return scores


def worst_quarter(values: np.ndarray) -> float:
    return float(np.sort(values)[-max(1, len(values) // 4) :].mean())


def column(scores: list[Score], name: str) -> np.ndarray:
    return np.array([getattr(one, name) for one in scores])


def print_methods(scores: list[Score]) -> None:
    print("| | angle: mean | median | worst quarter | ΔE skin | skin, as bright | greys | whole | EV |")
    print("| --- |" + " ---: |" * 8)
    for method in dict.fromkeys(one.method for one in scores):
        rows = [one for one in scores if one.method == method]
        angle = column(rows, "angle")
        cells = [angle.mean(), np.median(angle), worst_quarter(angle)]
        cells += [np.nanmean(column(rows, n)) for n in ("skin", "skin_as_bright", "greys", "whole", "ev")]
        print(f"| {method} | " + " | ".join(f"{cell:.2f}" for cell in cells) + " |")


def print_split(scores: list[Score], methods: list[str], by: Callable[[Score], str], order: list[str]) -> None:
    print("| | " + " | ".join(f"{method}: angle | ΔE skin" for method in methods) + " |")
    print("| --- |" + " ---: |" * (2 * len(methods)))
    for part in order:
        rows = [[one for one in scores if by(one) == part and one.method == method] for method in methods]
        if rows[0]:
            cells = [f"{column(r, 'angle').mean():.2f} | {column(r, 'skin').mean():.2f}" for r in rows]
            print(f"| {part} ({len(rows[0])}) | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lights", type=int, default=4, help="lights a person (4)")
    parser.add_argument("--walls", action="store_true", help="coloured walls instead of the studio's near white")
    parser.add_argument("--no-noise", action="store_true", help="sensors without noise")
    parser.add_argument("--weights", default="default", help="weights of the normalizer")
    parser.add_argument("--xphoto", metavar="PYTHON", help="a Python with opencv-contrib-python")
    options = parser.parse_args()
    taken = list(scenes(FACES, lights_each=options.lights, noise=not options.no_noise, walls=options.walls))
    people = len({scene.person for scene in taken})
    print(
        f"{len(taken)} scenes of {people} people, noise {'off' if options.no_noise else 'on'}, "
        f"{'coloured walls' if options.walls else 'studio wall'}\n"
    )
    scores = measure(taken, fsynth.load(options.weights), options.xphoto)
    print_methods(scores)
    found = [one for one in scores if one.method == "gains (real face)"]
    off = [f"{column(found, name).std():.3f}" for name in ("log_red", "log_blue")]
    print(f"\nStandard deviation of ln(R/G) and ln(B/G) of the light that gains find: {off[0]}, {off[1]}")
    shown = ["as shot", "Eq. 4 (real face)", "gains (real face)", "gains + prior (real face)"]
    print("\nBy skin tone (ITA):\n")
    print_split(scores, shown, lambda one: one.group, list(ITA_LIMITS))
    perfect = ["gains (real face)", "gains (perfect face)"]
    print("\nBy exposure:\n")
    print_split(scores, perfect, lambda one: one.exposure, [f"{ev:+} EV" for ev in EXPOSURES])
    print("\nBy light:\n")
    print_split(scores, shown, lambda one: one.light, list(dict.fromkeys(scene.light for scene in taken)))


if __name__ == "__main__":
    main()

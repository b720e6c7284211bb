"""How alike one person's skin is in photos taken in different light, before and after, as a markdown table.

    python -m benchmarks.balance_consistency                in the repository's root
    python -m benchmarks.balance_consistency --weights FILE.onnx

caltech1999: 8-bit JPEGs of 16 people under fluorescent, tungsten, outdoor and back light, balanced in linear sRGB.
Synthesised shoots: the 20 held-out people of London as digital negatives, each in 4 lights with 4 exposures.
Spread: root mean square distance (Lab, Delta E 1976) of the mean colour of a face from the person's mean over their
photos; the mean over people. Gains are solved on the skin, the spread is measured in the paper's box: other pixels.
"per photo" balances every photo to its own normalized face; "by person" to the mean colour of the person's.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from benchmarks.balance import FACES, to_lab
from benchmarks.balance_methods import normalized
from benchmarks.balance_scenes import scenes

import fsynth
from fsynth.balance import eq4
from fsynth.balance.develop import develop, to_linear_srgb
from fsynth.balance.gains import Gains, solve
from fsynth.balance.skin import box_mask, mean_linear, photo_box_mask, skin_mask
from fsynth.balance.srgb import to_linear
from fsynth.errors import ArgumentError, NoFaceError
from fsynth.faces import LANDMARKS_65, read_photo

FEWEST_PHOTOS = 4


@dataclass(frozen=True, eq=False)
class Taken:
    """A photo of a person: scene-linear camera RGB, how to develop it as shot, and its normalized face."""

    camera: np.ndarray
    as_shot: Gains
    camera_to_srgb: np.ndarray
    normal: fsynth.NormalizedFace

    def skin(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean skin in camera RGB, and in linear sRGB of the normalized face."""
        mask = skin_mask(self.normal.aligned.face.mesh[LANDMARKS_65, :2], *self.camera.shape[:2])
        normal = to_linear(self.normal.image), skin_mask(self.normal.landmarks, *self.normal.image.shape[:2])
        return mean_linear(self.camera, mask), mean_linear(*normal)

    def face_lab(self, linear: np.ndarray) -> np.ndarray:
        """Mean Lab of the paper's box in ``linear``, the photo in linear sRGB."""
        box = photo_box_mask(self.normal.aligned, *self.camera.shape[:2])
        return to_lab(np.clip(linear[box], 0, 1).mean(axis=0, dtype=np.float64))

    def developed(self, gains: Gains) -> np.ndarray:
        return to_linear_srgb(self.camera, gains, self.camera_to_srgb)

    def shifted(self) -> np.ndarray:
        """The as-shot picture after Eq. 4, in linear sRGB."""
        picture = develop(self.camera, self.as_shot, self.camera_to_srgb)
        photo_mean = eq4.mean_colour(self.normal.aligned.image, box_mask())
        return to_linear(eq4.shift(picture, photo_mean, eq4.mean_colour(self.normal.image, box_mask())))


def caltech(normalizer: fsynth.Normalizer) -> Iterator[tuple[str, Taken]]:
    neutral = Gains(np.ones(3))
    with (FACES / "caltech1999" / "caltech1999.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        picture = read_photo(FACES / "caltech1999" / row["file"])
        try:
            yield row["identity"], Taken(to_linear(picture), neutral, np.eye(3), normalized(picture, normalizer))
        except NoFaceError:
            print(f"no face found: {row['file']}")


def shoots(normalizer: fsynth.Normalizer) -> Iterator[tuple[str, Taken]]:
    for scene in scenes(FACES, lights_each=FEWEST_PHOTOS):
        raw = scene.raw
        yield scene.person, Taken(raw.camera, raw.as_shot, raw.camera_to_srgb, normalized(scene.as_shot, normalizer))


def spread(labs: list[np.ndarray]) -> float:
    colours = np.array(labs)
    return float(np.sqrt(((colours - colours.mean(axis=0)) ** 2).sum(axis=1).mean()))


def spreads(photos: list[Taken]) -> dict[str, float]:
    """The spread of one person's face, as shot and after each method."""
    skins = [photo.skin() for photo in photos]
    shared = np.exp(np.mean([np.log(target) for _, target in skins], axis=0))
    after: dict[str, Callable[[Taken, np.ndarray, np.ndarray], np.ndarray]] = {
        "as shot": lambda photo, _camera, _target: photo.developed(photo.as_shot),
        "Eq. 4, per photo": lambda photo, _camera, _target: photo.shifted(),
        "gains, per photo": lambda photo, camera, target: photo.developed(solve(camera, target, photo.camera_to_srgb)),
        "gains, by person": lambda photo, camera, _target: photo.developed(solve(camera, shared, photo.camera_to_srgb)),
    }
    return {
        name: spread([photo.face_lab(made(photo, *skin)) for photo, skin in zip(photos, skins, strict=True)])
        for name, made in after.items()
    }


def by_person(taken: Iterator[tuple[str, Taken]]) -> dict[str, list[Taken]]:
    people = defaultdict(list)
    for person, photo in taken:
        try:
            photo.skin()
        except ArgumentError as error:
            print(f"left out, a photo of {person}: {error}")
            continue
        people[person].append(photo)
    return {person: photos for person, photos in people.items() if len(photos) >= FEWEST_PHOTOS}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", default="default", help="weights of the normalizer")
    options = parser.parse_args()
    normalizer = fsynth.load(options.weights)
    for name, source in (("caltech1999", caltech), ("synthesised shoots", shoots)):
        people = by_person(source(normalizer))
        rows = [spreads(photos) for photos in people.values()]
        before = np.mean([row["as shot"] for row in rows])
        print(f"\n{name}: {len(people)} people, {sum(map(len, people.values()))} photos\n")
        print("| | spread, mean over people | after / before |\n| --- | ---: | ---: |")
        for method in rows[0]:
            mean = np.mean([row[method] for row in rows])
            print(f"| {method} | {mean:.2f} | {mean / before:.2f} |", flush=True)


if __name__ == "__main__":
    main()

"""Measures weights on people they never saw, beside the ridge yardstick.

``python -m fsynth_training.evaluate.evaluate_first --help``.

Prints the tables of the model card and writes contact sheets (for the eye, not for publishing: LFW may not be shown).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from PIL import Image

import fsynth
from fsynth import encoder
from fsynth_training.dataset import open_sets
from fsynth_training.dataset.colour import difference, to_lab, to_linear, to_srgb
from fsynth_training.dataset.geometry import Geometry, mean_geometry, to_texture
from fsynth_training.dataset.light import skin_lab
from fsynth_training.dataset.prepare import PreparedSet, cached, person_masks
from fsynth_training.dataset.targets import on_background
from fsynth_training.evaluate import likeness

ITA_GROUPS = (("light", 41.0), ("intermediate", 28.0), ("tan", 10.0), ("brown or dark", -90.0))
"""Skin-tone groups by the least individual typology angle, degrees (Chardon 1991): very light counts as light,
brown and dark are one."""


LIGHTS = {
    "tungsten": (1.5, 0.95, 0.45),
    "blue shade": (0.75, 1.0, 1.45),
    "green": (0.85, 1.15, 0.85),
    "magenta": (1.15, 0.85, 1.15),
    "+1 EV": (2.0, 2.0, 2.0),
    "-1 EV": (0.5, 0.5, 0.5),
}
"""Gains of red, green and blue in linear light that are laid over photos to see whether the output follows."""


def outputs(weights: Path, features: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images (N, S, S, 3) uint8, landmarks (N, L, 2) and textures (N, S, S, 3) float32 of ``features`` (N, W)."""
    normalizer = fsynth.load(weights)
    parts = [normalizer.decode(features[start : start + 32]) for start in range(0, len(features), 32)]
    images = np.concatenate([part.images for part in parts])
    landmarks = np.concatenate([part.landmarks for part in parts])
    return (images * 255 + 0.5).astype(np.uint8), landmarks, np.concatenate([part.textures for part in parts])


def sharpness(images: np.ndarray, mask: np.ndarray) -> float:
    """Mean variance of the Laplacian of luma (0..255) over the face."""
    luma = images @ np.array([0.299, 0.587, 0.114])
    laplacian = (
        -4 * luma[:, 1:-1, 1:-1] + luma[:, :-2, 1:-1] + luma[:, 2:, 1:-1] + luma[:, 1:-1, :-2] + luma[:, 1:-1, 2:]
    )
    return float(laplacian[:, mask[1:-1, 1:-1] > 0.5].var(axis=1).mean())


def typology_angle(lab: np.ndarray) -> np.ndarray:
    """Individual typology angle in degrees of skin colours (N, 3)."""
    return np.degrees(np.arctan2(lab[:, 0] - 50, lab[:, 2]))


def contact_sheet(pictures: Sequence[np.ndarray], columns: int, path: Path) -> None:
    """Write pictures of one size as a grid."""
    size = pictures[0].shape[0]
    sheet = np.full((-(-len(pictures) // columns) * size, columns * size, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        sheet[row * size : (row + 1) * size, column * size : (column + 1) * size] = picture
    Image.fromarray(sheet).save(path)


def london_figures(weights: Path, people: PreparedSet, masks: np.ndarray, geometry: Geometry) -> dict[str, float]:
    """Errors from a smiling photo of held-out people to the same people's neutral, evenly lit photo."""
    smiling, neutral = people.smiling, ~people.smiling
    images, landmarks, textures = outputs(weights, people.features[smiling, 0])
    persons = on_background(people.aligned[neutral], masks[neutral])
    pairs = zip(persons, people.landmarks[neutral], strict=True)
    truth = np.stack([to_texture(image, points, geometry) for image, points in pairs])
    face = geometry.face > 0.5
    there, here = skin_lab(truth, geometry), skin_lab(textures, geometry)
    error = difference(there, here)
    figures = {
        "landmark error, % of the interocular distance": float(
            np.linalg.norm(landmarks - people.landmarks[neutral], axis=2).mean() / 55 * 100
        ),
        "texture mean absolute error in the face, 0..1": float(np.abs(textures - truth)[:, face].mean()),
        "skin Delta E 2000, mean": float(error.mean()),
        "sharpness of the face": sharpness(images, geometry.face),
        "sharpness of the people's photos": sharpness(people.aligned[neutral], geometry.face),
    }
    angle = typology_angle(there)
    upper = 90.0
    for name, lower in ITA_GROUPS:
        group = (angle >= lower) & (angle < upper)
        figures[f"skin Delta E 2000, {name} ({group.sum()} people)"] = (
            float(error[group].mean()) if group.any() else np.nan
        )
        upper = lower
    return figures


def rows_of(prepared: PreparedSet, rows: np.ndarray) -> PreparedSet:
    """The photographs of ``prepared`` that ``rows`` selects."""
    return PreparedSet(**{name: column[rows] for name, column in vars(prepared).items()})


def light_figures(weights: Path, people: PreparedSet, geometry: Geometry) -> dict[str, tuple[float, float, float]]:
    """How far other light moves the skin of the output (mean, worst) and the photo's mean colour, CIEDE2000."""
    faceres = encoder.load("faceres")

    def skin(photos: np.ndarray) -> np.ndarray:
        pairs = zip(photos, people.mesh, strict=True)
        chips = np.stack([faceres.crop(photo, mesh) for photo, mesh in pairs])
        return skin_lab(outputs(weights, faceres.encode(chips))[2], geometry)

    def mean_colour(photos: np.ndarray) -> np.ndarray:
        return to_lab(photos.reshape(len(photos), -1, 3).mean(axis=1) / 255)

    before, figures = skin(people.aligned), {}
    for name, gains in LIGHTS.items():
        lit = (to_srgb(to_linear(people.aligned / 255) * np.array(gains)) * 255 + 0.5).astype(np.uint8)
        moved = difference(before, skin(lit))
        photo = difference(mean_colour(people.aligned), mean_colour(lit)).mean()
        figures[name] = float(moved.mean()), float(moved.max()), float(photo)
    return figures


@click.command()
@click.argument("faces", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("weights", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--selfie", required=True, type=click.Path(exists=True, path_type=Path), help="selfie.onnx")
@click.option("--run", required=True, type=click.Path(path_type=Path), help="The run folder of first_weights.")
def main(faces: Path, weights: tuple[Path, ...], selfie: Path, run: Path) -> None:
    """Compare WEIGHTS on the evaluation people of the data folder FACES."""
    lfw_people = open_sets.lfw_evaluation(faces)
    lfw = cached(
        run / "lfw_eval.npz",
        (open_sets.Photograph("lfw", name, path) for name, paths in lfw_people.items() for path in paths),
        augmentations=0,
    )
    pairs = open_sets.london_pairs(faces, open_sets.held_out_london(faces))
    photographs = [
        open_sets.Photograph("london", name, path, smiling)
        for name, *paths in pairs
        for path, smiling in zip(paths, (False, True), strict=True)
    ]
    london = cached(run / "london_eval.npz", photographs, augmentations=0)
    masks = person_masks(london.aligned, selfie)
    geometry = mean_geometry(cached(run / "open.npz", (), augmentations=0))
    judge = likeness.second_encoder()
    embedded = likeness.embeddings(judge, lfw.aligned, lfw.mesh)
    print(f"{len(lfw.identity)} photos of {len(lfw_people)} people\n")
    print("| | " + " | ".join(likeness.Likeness.__dataclass_fields__) + " |")
    print("| --- |" + " --- |" * len(likeness.Likeness.__dataclass_fields__))
    print(f"| the photos themselves | {likeness.score(lfw.aligned, lfw, embedded, judge).to_row()} |")
    made = {}
    for path in weights:
        made[path], _, _ = outputs(path, lfw.features[:, 0])
        print(f"| {path.stem} | {likeness.score(made[path], lfw, embedded, judge).to_row()} |", flush=True)
        rows = np.linspace(0, len(lfw.identity) - 1, 48).astype(int)
        contact_sheet([p for row in rows for p in (lfw.aligned[row], made[path][row])], 8, run / f"lfw_{path.stem}.png")
    for path in weights:
        print(f"\n{path.stem}, held-out London, smiling photo in:")
        for name, value in london_figures(path, london, masks, geometry).items():
            print(f"| {name} | {value:.3f} |")
        print("\n| light | skin of the output moves, mean | worst | colour of the photo moves |")
        print("| --- | --- | --- | --- |")
        for name, values in light_figures(path, rows_of(london, ~london.smiling), geometry).items():
            print(f"| {name} | " + " | ".join(f"{value:.2f}" for value in values) + " |")
        images, _, _ = outputs(path, london.features[london.smiling, 0])
        pictures = [
            p
            for rows in zip(london.aligned[london.smiling], london.aligned[~london.smiling], images, strict=True)
            for p in rows
        ]
        contact_sheet(pictures, 9, run / f"london_{path.stem}.png")


if __name__ == "__main__":
    main()

"""Measures weights on people they never saw, beside the ridge yardstick: ``python -m fsynth_training.evaluate_first``.

Prints the tables of the model card and writes contact sheets (for the eye, not for publishing: LFW may not be shown).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from PIL import Image

import fsynth
from fsynth_training import likeness, open_sets
from fsynth_training.colour import difference
from fsynth_training.geometry import Geometry, mean_geometry, to_texture
from fsynth_training.light import skin_lab
from fsynth_training.prepare import PreparedSet, cached, person_masks
from fsynth_training.targets import on_background

ITA_GROUPS = (("light", 41.0), ("intermediate", 28.0), ("tan", 10.0), ("brown or dark", -90.0))
"""Skin-tone groups by the least individual typology angle, degrees (Chardon 1991), the darker three as one."""


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
        images, _, _ = outputs(path, london.features[london.smiling, 0])
        pictures = [
            p
            for rows in zip(london.aligned[london.smiling], london.aligned[~london.smiling], images, strict=True)
            for p in rows
        ]
        contact_sheet(pictures, 9, run / f"london_{path.stem}.png")


if __name__ == "__main__":
    main()

"""How well models fit the landmarks of real people, as a markdown table.

    python benchmarks/shape_photos.py

Neutral photographs of people who are in no prior of the embedded head: the 20 of London and the 8 of Canada that its
maker holds out. Each figure is the mean over people of the mean distance between the 47 inner landmarks found and
fitted, in percent of the distance between the eyes' centres. "Unseen" fits three quarters of the landmarks and measures
the inner ones among the rest, in turn, which tells a head that is right from one that only follows its landmarks.
"""

import csv
from dataclasses import replace

import numpy as np
from head_models import SHARED, all_of_ict, embedded_head

from fsynth.faces import align, find_faces, read_photo
from fsynth.faces.landmarks import LANDMARKS_65
from fsynth_morphable import MorphableModel, fit_shape
from fsynth_morphable.landmarks import EYES, INNER
from fsynth_morphable.minimise import gauss_newton
from fsynth_morphable.shape_objective import make_objective
from fsynth_training.dataset.open_sets import held_out_london, open_photographs
from fsynth_training.head.people import held_out_canada

FACES = SHARED / "data" / "faces"
FOLDS = 4

WAYS = {
    "Eq. 9 as written": {"objective": "paper", "expression": False, "rotation": False},
    "Eq. 9 with rotation": {"objective": "paper", "expression": False},
    "identity, rotation": {"expression": False},
    "and expression (default)": {},
}


def held_out_landmarks() -> dict[str, list[np.ndarray]]:
    """For each set the people's landmarks (65, 2) in their aligned faces."""
    people = {"london": held_out_london(FACES), "canada": held_out_canada(open_photographs(FACES))}
    found: dict[str, list[np.ndarray]] = {}
    for name, held_out in people.items():
        with (FACES / name / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["identity"] in held_out]
        for row in rows:
            if row["expression"] == "neutral":
                photo = read_photo(FACES / name / row["file"])
                face = find_faces(photo, smallest_share=1)[0]
                found.setdefault(name, []).append(align(photo, face).to_crop(face.mesh[LANDMARKS_65, :2]))
    return found


def interocular(landmarks: np.ndarray) -> float:
    right, left = (landmarks[rows].mean(axis=0) for rows in EYES)
    return float(np.linalg.norm(left - right))


def unseen(model: MorphableModel, landmarks: np.ndarray, options: dict[str, object]) -> float:
    """Mean distance in px of inner landmarks that the fit did not see."""
    chosen = {"expression": True, "rotation": True, "objective": "posterior"} | options
    kind = chosen.pop("objective")
    objective, start = make_objective(model, landmarks, kind, **chosen)  # type: ignore[arg-type]
    fold = np.random.default_rng(0).permutation(len(landmarks)) % FOLDS
    distances = []
    for number in range(FOLDS):
        seen = np.where(fold == number, 0, objective.weights)
        fitted = gauss_newton(replace(objective, weights=seen), start)
        off = np.linalg.norm(objective.residuals(fitted.parameters), axis=1)
        distances.append(off[INNER[fold[INNER] == number]])
    return float(np.concatenate(distances).mean())


def main() -> None:
    people = held_out_landmarks()
    models = {"embedded head": embedded_head(), "ICT-FaceKit": all_of_ict()}
    columns = [(name, place) for name in models for place in people]
    heads = [f"{name}, {place} ({len(people[place])})" for name, place in columns]
    print("| | " + " | ".join(f"{head} | unseen" for head in heads) + " |")
    print("| --- |" + " ---: | ---: |" * len(columns))
    for label, options in WAYS.items():
        cells = []
        for name, place in columns:
            given = people[place]
            fits = [fit_shape(models[name], x, **options) for x in given]
            inside = [
                np.linalg.norm(f.residuals[INNER], axis=1).mean() / interocular(x)
                for f, x in zip(fits, given, strict=True)
            ]
            outside = [unseen(models[name], x, options) / interocular(x) for x in given]
            cells.append(f"{100 * np.mean(inside):.2f} | {100 * np.mean(outside):.2f}")
        print(f"| {label} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()

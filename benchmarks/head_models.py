"""The two models that the benchmarks of heads compare: the embedded head, and all of ICT-FaceKit from ../shared."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fsynth.faces import find_faces
from fsynth.faces.landmarks import LANDMARKS_65
from fsynth_morphable import LandmarkPoints, MorphableModel, available, load
from fsynth_morphable.correspondence import vote_landmarks
from fsynth_morphable.formats import ict

SHARED = Path(__file__).parents[1].parent / "shared"
ICT_FOLDER = SHARED / "data" / "morphable" / "ict_facekit"


def detect(image: np.ndarray) -> np.ndarray | None:
    """The 65 landmarks of the face in an image, as ``fsynth models add`` finds them."""
    faces = find_faces(image, smallest_share=1)
    return faces[0].mesh[LANDMARKS_65, :2] if faces else None


def embedded_head() -> MorphableModel:
    model = load()
    return model if model.landmarks is not None else replace(model, landmarks=vote_landmarks(model, detect))


def all_of_ict() -> MorphableModel:
    """The neutral mesh as ICT-FaceKit has it, with the 100 + 57 modes of the light archive.

    Its landmarks are those of the model `ict`, if that was added (fsynth models add); else they are looked for.
    """
    model = ict.read(ICT_FOLDER)
    with np.load(ICT_FOLDER / "ict_light_float16.npz") as light:
        identity, expression = (light[name].astype(np.float32) / 100 for name in "IX")
    names = tuple(f"expression{number}" for number in range(len(expression)))
    return replace(
        model, identity=identity, expression=expression, expression_names=names, landmarks=_ict_landmarks(model)
    )


def _ict_landmarks(model: MorphableModel) -> LandmarkPoints:
    added = any(entry.name == "ict" for entry in available())
    known = load("ict").landmarks if added else None
    return vote_landmarks(model, detect) if known is None else known

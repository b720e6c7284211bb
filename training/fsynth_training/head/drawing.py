"""The control mesh as something that pictures can be taken of."""

from __future__ import annotations

import numpy as np

from fsynth_morphable.subdivision import Subdivision
from fsynth_training.head.mesh import HeadMesh
from fsynth_training.head.painting import paint
from fsynth_training.head.render import Scene, Surface


def draw(mesh: HeadMesh, colours: np.ndarray, control: np.ndarray | None = None) -> Scene:
    """The smooth head ``control`` (n, 3), or the mean one, with skin of these colours (n, 3)."""
    control = mesh.control(mesh.body) if control is None else control
    smooth = Subdivision.catmull_clark(mesh.polygons, len(control))
    flat = Subdivision.catmull_clark(mesh.uv_polygons, len(mesh.uvs), smooth_border=False)
    surface = Surface.of(
        smooth.polygons,
        flat.apply(mesh.uvs),
        flat.polygons,
        paint(),
        mesh.part_names,
        mesh.polygon_part[smooth.parents],
    )
    return Scene(surface, smooth.apply(control), smooth.apply(colours))

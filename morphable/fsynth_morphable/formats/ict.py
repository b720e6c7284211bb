"""ICT-FaceKit: a folder of OBJ files, one for the neutral mean and one for each mode (``FaceXModel/``).

Centimetres, Y up, the face along +Z; polygons counted from 1 and wound outwards; identity modes are scaled to one
standard deviation. Of the eyes, ``M_Iris*`` is the opaque ball and ``M_Sclera*`` the clear shell around it with the
bulge of the cornea. Textures are UDIM tiles, and the eyes' own images besides; here they share one square.

Source: Li et al., Learning formation of physically-based face attributes (2020), github.com/ICT-VGL/ICT-FaceKit, MIT.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from fsynth_morphable.errors import ModelFileError
from fsynth_morphable.formats.obj_mesh import ObjMesh, read_obj, read_obj_vertices
from fsynth_morphable.model import MorphableModel

METRES = 0.01
NEUTRAL = "generic_neutral_mesh.obj"

# Material -> part; its first UDIM tile and how many it has; the corner and the side of its cell of the one square.
_MATERIALS: dict[str, tuple[str, int, int, float, float, float]] = {
    "M_Face": ("skin", 0, 1, 0, 0.25, 0.75),
    "M_BackHead": ("skin", 1, 1, 0.75, 0.75, 0.25),
    "M_GumsTongue": ("gums", 2, 1, 0.75, 0.5, 0.25),
    "M_Teeth": ("teeth", 3, 1, 0.75, 0.25, 0.25),
    "M_IrisLeft": ("eye_left", 0, 1, 0, 0.125, 0.125),
    "M_IrisRight": ("eye_right", 0, 1, 0.125, 0.125, 0.125),
    "M_ScleraLeft": ("cornea_left", 0, 1, 0.25, 0.125, 0.125),
    "M_ScleraRight": ("cornea_right", 0, 1, 0.375, 0.125, 0.125),
    "M_EyeLashes": ("lashes", 6, 1, 0, 0, 0.125),
    "M_LacrimalFluid": ("lacrimal_fluid", 4, 2, 0.125, 0, 0.125),
    "M_EyeBlend": ("eye_blend", 0, 1, 0.25, 0, 0.125),
    "M_EyeOcclusion": ("eye_occlusion", 0, 1, 0.375, 0, 0.125),
}


def find_folder(path: Path) -> Path | None:
    """The folder with the OBJ files: ``path`` itself or the ``FaceXModel`` in it; None if neither has them."""
    return next((folder for folder in (path, path / "FaceXModel") if (folder / NEUTRAL).is_file()), None)


def read(path: Path) -> MorphableModel:
    """Read the model in the folder ``path``, with all modes whose files are there.

    Expressions keep the order of their file names, which become ARKit's: ``mouthSmile_L`` is ``mouthSmileLeft``.

    Raises:
        ModelFileError: files are missing or damaged, or don't belong together.
    """
    folder = find_folder(path)
    if folder is None:
        raise ModelFileError(f"{path} is no folder of ICT-FaceKit: it has no {NEUTRAL}.")
    mesh = read_obj(folder / NEUTRAL)
    unknown = [name for name in mesh.materials if name not in _MATERIALS]
    if unknown:
        raise ModelFileError(f"{folder / NEUTRAL} is not ICT-FaceKit's mesh: it has the material `{unknown[0]}`.")
    others = sorted(file for file in folder.glob("*.obj") if file.name != NEUTRAL)
    identities = [file for file in others if re.fullmatch(r"identity\d+", file.stem)]
    expressions = [file for file in others if file not in identities]
    if not identities:
        raise ModelFileError(f"{folder} has no identity modes: it should have identity000.obj and so on.")

    parts = tuple(dict.fromkeys(_MATERIALS[name][0] for name in mesh.materials))
    part_of_material = np.array([parts.index(_MATERIALS[name][0]) for name in mesh.materials], np.int32)
    uvs, uv_polygons = _one_square(mesh)
    return MorphableModel(
        name="ict",
        licence="MIT",
        source="ICT-FaceKit, USC Institute for Creative Technologies, github.com/ICT-VGL/ICT-FaceKit",
        mean=(METRES * mesh.vertices).astype(np.float32),
        identity=_displacements(identities, mesh.vertices),
        expression=_displacements(expressions, mesh.vertices),
        expression_names=tuple(_arkit_name(file.stem) for file in expressions),
        polygons=mesh.polygons,
        part_names=parts,
        polygon_part=part_of_material[mesh.polygon_material],
        uvs=uvs,
        uv_polygons=uv_polygons,
    )


def _displacements(files: list[Path], neutral: np.ndarray) -> np.ndarray:
    modes = np.empty((len(files), *neutral.shape), np.float32)
    for mode, file in zip(modes, files, strict=True):
        vertices = read_obj_vertices(file)
        if len(vertices) != len(neutral):
            raise ModelFileError(f"{file} has {len(vertices)} vertices, {NEUTRAL} beside it has {len(neutral)}.")
        mode[:] = METRES * (vertices - neutral)
    return modes


def _arkit_name(stem: str) -> str:
    if stem.endswith("_L"):
        return stem[:-2] + "Left"
    return stem[:-2] + "Right" if stem.endswith("_R") else stem


def _one_square(mesh: ObjMesh) -> tuple[np.ndarray, np.ndarray]:
    """Texture coordinates in which every material has a cell of its own: uvs (U, 2), uv_polygons (F, 4)."""
    if mesh.uv_polygons[:, :3].min(initial=0) < 0:
        raise ModelFileError(f"{NEUTRAL} has polygons without texture coordinates; ICT-FaceKit's has none such.")
    corner = mesh.uv_polygons >= 0
    material = np.broadcast_to(mesh.polygon_material[:, None], corner.shape)[corner]
    pairs, rows = np.unique(np.stack([material, mesh.uv_polygons[corner]]), axis=1, return_inverse=True)
    layout = np.array([_MATERIALS[name][1:] for name in mesh.materials])[pairs[0]]
    first_tile, tiles, corners, sides = layout[:, :1], layout[:, 1:2], layout[:, 2:4], layout[:, 4:]
    within = (mesh.uvs[pairs[1]] - first_tile * [1, 0]) / np.hstack([tiles, np.ones_like(tiles)])
    uv_polygons = np.full(corner.shape, -1, np.int32)
    uv_polygons[corner] = rows.ravel()
    return (corners + sides * within).astype(np.float32), uv_polygons

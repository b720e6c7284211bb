"""What the surfaces of a head are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fsynth_morphable.head import Head


@dataclass(frozen=True)
class Material:
    """A dielectric surface.

    ``parts``: the parts of a head that have it, by the beginnings of their names.
    ``roughness``: as in glTF, 0 is a mirror.
    ``opacity``: 1 but for clear surfaces, which have no texture.
    ``cut_out``: whether the alpha of the texture counts; such surfaces have no inside.
    ``specular``: strength of highlights in formats without physically based materials.
    """

    name: str
    parts: tuple[str, ...]
    roughness: float
    specular: float
    opacity: float = 1.0
    cut_out: bool = False

    @property
    def textured(self) -> bool:
        """Whether it has a texture."""
        return self.opacity == 1


MATERIALS = (
    Material("skin", ("skin",), roughness=0.6, specular=0.05),
    Material("eyes", ("eye_left", "eye_right"), roughness=0.25, specular=0.2),
    Material("mouth", ("teeth", "gums", "tongue"), roughness=0.3, specular=0.3),
    Material("hair", ("brows", "lashes"), roughness=0.7, specular=0.05, cut_out=True),
    Material("clear", ("cornea", "lacrimal", "eye_blend", "eye_occlusion"), roughness=0.05, specular=1, opacity=0.12),
)
"""In the order in which they must be drawn: what can be looked through comes last."""


def material_of_part(part_name: str) -> int:
    """The row of ``MATERIALS`` that a part has; parts that are not known are skin."""
    return next((row for row, material in enumerate(MATERIALS) if part_name.startswith(material.parts)), 0)


def material_of_polygons(head: Head) -> np.ndarray:
    """The row of ``MATERIALS`` of each polygon of ``head``, (F,)."""
    return np.array([material_of_part(name) for name in head.part_names])[head.polygon_part]

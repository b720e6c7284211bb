"""From a normalized face to a head: the whole of the paper's appendix B."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fsynth_morphable.bake import bake, find_look
from fsynth_morphable.camera import IMAGE_SIZE
from fsynth_morphable.errors import ArgumentError
from fsynth_morphable.head import Head
from fsynth_morphable.landmarks import COUNT
from fsynth_morphable.model import SHAPES, MorphableModel
from fsynth_morphable.scalp import hair_cover
from fsynth_morphable.shape_fit import fit_shape
from fsynth_morphable.texture_fit import fit_texture


def make_head(
    image: np.ndarray,
    landmarks: np.ndarray,
    *,
    model: MorphableModel | str = "fsynth",
    texture_size: int = 1024,
    expression: Mapping[str, float] | None = None,
    name: str = "head",
) -> Head:
    """Make the head of a person from their normalized face.

    Fits the model's shape to the landmarks (B.2), colours it by the image (B.3) and bakes the texture. The head has no
    expression: what little of one the fit finds goes into placing the image on it and no further.

    Args:
        image: (224, 224, 3) uint8 sRGB, the normalized face.
        landmarks: (65, 2), (x, y) in its pixels, in the order of ``fsynth_morphable.landmarks``.
        model: a model, or the name or path of one (see ``load``).
        texture_size: width and height of the texture in texels; models without texture coordinates get vertex colours
            alone.
        expression: see ``Head.with_expression``.
        name: what files call the head.

    Raises:
        LandmarksError: the landmarks determine no head.
        ArgumentError: an image of another shape or type, or an expression that the model does not have.
        ModelFileError: the model can't be read.
    """
    image = np.asarray(image)
    if image.shape != (IMAGE_SIZE, IMAGE_SIZE, 3) or image.dtype != np.uint8:
        raise ArgumentError(
            f"`image` must be ({IMAGE_SIZE}, {IMAGE_SIZE}, 3) uint8, it is {image.shape} {image.dtype}."
        )
    if isinstance(model, str):
        from fsynth_morphable.models import load

        model = load(model)
    shape = fit_shape(model, landmarks)
    seen = model.vertices(shape.identity, shape.expression)
    texture_fit = fit_texture(model, seen, shape.camera, image, np.asarray(landmarks))

    vertices = model.vertices(shape.identity)
    places = model.landmark_positions(shape.identity)
    texture = None
    if model.uvs is not None:
        cover = hair_cover(vertices, places) if len(places) == COUNT else None
        look = find_look(model, seen, shape.camera, image, cover)
        texture = bake(model, seen, texture_fit, image, look, size=texture_size)
    head = Head(
        vertices=vertices,
        polygons=model.polygons,
        part_names=model.part_names,
        polygon_part=model.polygon_part,
        uvs=model.uvs,
        uv_polygons=model.uv_polygons,
        texture=texture,
        colours=texture_fit.colours,
        shape_keys=shape_keys(model),
        landmarks=places,
        name=name,
    )
    return head.with_expression(expression) if expression else head


def shape_keys(model: MorphableModel) -> dict[str, np.ndarray]:
    """What the model's named expressions do to its surface: displacements (N, 3) float32 by name.

    Empty for models whose expressions are principal components, which nobody animates by hand.
    """
    if model.expression_range != SHAPES or not len(model.expression):
        return {}
    shapes, n, _ = model.expression.shape
    together = model.surface(np.moveaxis(model.expression, 0, 1).reshape(n, -1)).reshape(-1, shapes, 3)
    surfaces = np.ascontiguousarray(np.moveaxis(together, 1, 0), np.float32)
    return dict(zip(model.expression_names, surfaces, strict=True))

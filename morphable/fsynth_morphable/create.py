"""From a normalized face to a head: the whole of the paper's appendix B."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from fsynth_morphable.bake import bake
from fsynth_morphable.camera import IMAGE_SIZE
from fsynth_morphable.errors import ArgumentError
from fsynth_morphable.head import Head
from fsynth_morphable.look import View, find_look
from fsynth_morphable.model import SHAPES, MorphableModel
from fsynth_morphable.shape_fit import ShapeFit, fit_shape
from fsynth_morphable.skin import Detail
from fsynth_morphable.sockets import close_sockets
from fsynth_morphable.texture_fit import confidence_of_vertices, fit_texture


def make_head(
    image: np.ndarray,
    landmarks: np.ndarray,
    *,
    model: MorphableModel | str = "fsynth",
    photo_image: np.ndarray | None = None,
    photo_landmarks: np.ndarray | None = None,
    fit_photo: bool = False,
    texture_size: int = 1024,
    expression: Mapping[str, float] | None = None,
    hair: tuple[float, float, float] | None = None,
    name: str = "head",
    begin: Callable[[str], object] = lambda step: None,
) -> Head:
    """Make the head of a person from their normalized face.

    Fits the model's shape to the landmarks (B.2), colours it by the image (B.3) and bakes the texture. The head has no
    expression: what little of one the fit finds goes into placing the image on it and no further.

    Args:
        image: (224, 224, 3) uint8 sRGB, the normalized face.
        landmarks: (65, 2), (x, y) in its pixels, in the order of ``fsynth_morphable.landmarks``.
        model: a model, or the name or path of one (see ``load``).
        photo_image: (S, S, 3) uint8 sRGB, the photo, aligned as the normalized face is; of it come the colours of hair
            and eyes.
        photo_landmarks: (65, 2), in its pixels.
        fit_photo: take the shape and the skin's detail from the photo, too: more like the person where the photo is
            good, and with what covers the face in it.
        texture_size: width and height of the texture in texels; models without texture coordinates get vertex colours
            alone.
        expression: see ``Head.with_expression``.
        hair: colour of the hair, sRGB in 0..1, instead of what the images show; a bare head stays bare.
        name: what files call the head.
        begin: called with the name of each step before it begins ("shape", "look", "skin", "texture", "shape keys");
            to stop, raise an exception of your own.

    Raises:
        LandmarksError: the landmarks determine no head.
        ArgumentError: an image of another shape or type, ``fit_photo`` without a photo, an expression that the model
            does not have, or a colour of hair beyond 0..1.
        ModelFileError: the model can't be read.
    """
    image, landmarks = np.asarray(image), np.asarray(landmarks)
    _check_images(image, photo_image, photo_landmarks, fit_photo)
    if hair is not None and not (len(hair) == 3 and all(0 <= channel <= 1 for channel in hair)):
        raise ArgumentError(f"`hair` must be three numbers in 0..1, it is {hair}.")
    if isinstance(model, str):
        from fsynth_morphable.models import load

        model = load(model)
    begin("shape")
    shape = fit_shape(model, landmarks)
    view = _view(model, shape, image)
    photo, identity = None, shape.identity
    if photo_image is not None and photo_landmarks is not None:
        photo_shape = fit_shape(model, photo_landmarks, image_size=len(photo_image))
        photo = _view(model, photo_shape, photo_image)
        identity = photo_shape.identity if fit_photo else identity
    begin("look")
    look = find_look(model, view, photo)
    if hair is not None and look.hair is not None:
        look = replace(look, hair=np.array(hair, np.float32))
    begin("skin")
    detail = None
    if fit_photo and photo is not None and photo_landmarks is not None:
        points, confidence = confidence_of_vertices(model, photo.vertices, photo.camera, photo_landmarks)
        if look.hidden_in_photo is not None:
            confidence *= 1 - look.hidden_in_photo
        detail = Detail(photo.image, points, confidence)
    outline = landmarks if look.forehead is None else np.concatenate([landmarks, look.forehead])
    colours = fit_texture(model, view.vertices, view.camera, image, outline, hidden=look.hidden)
    texture = None
    if model.uvs is not None:
        begin("texture")
        texture = bake(model, view.vertices, colours, image, look, size=texture_size, detail=detail)
    begin("shape keys")
    head = Head(
        vertices=close_sockets(model, model.vertices(identity)),
        polygons=model.polygons,
        part_names=model.part_names,
        polygon_part=model.polygon_part,
        uvs=model.uvs,
        uv_polygons=model.uv_polygons,
        texture=texture,
        colours=colours.colours,
        shape_keys=shape_keys(model),
        landmarks=model.landmark_positions(identity),
        identity=identity.astype(np.float32),
        iris=look.iris,
        hair=look.hair,
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


def _view(model: MorphableModel, shape: ShapeFit, image: np.ndarray) -> View:
    return View(
        image,
        model.vertices(shape.identity, shape.expression),
        model.landmark_positions(shape.identity, shape.expression),
        shape.camera,
    )


def _check_images(
    image: np.ndarray, photo_image: np.ndarray | None, photo_landmarks: np.ndarray | None, fit_photo: bool
) -> None:
    if image.shape != (IMAGE_SIZE, IMAGE_SIZE, 3) or image.dtype != np.uint8:
        raise ArgumentError(
            f"`image` must be ({IMAGE_SIZE}, {IMAGE_SIZE}, 3) uint8, it is {image.shape} {image.dtype}."
        )
    if (photo_image is None) != (photo_landmarks is None):
        raise ArgumentError("`photo_image` and `photo_landmarks` must be given together.")
    if fit_photo and photo_image is None:
        raise ArgumentError("`fit_photo` needs `photo_image` and `photo_landmarks`.")
    if photo_image is not None and (
        photo_image.ndim != 3
        or photo_image.shape != (len(photo_image), len(photo_image), 3)
        or photo_image.dtype != np.uint8
    ):
        raise ArgumentError(f"`photo_image` must be (S, S, 3) uint8, it is {photo_image.shape} {photo_image.dtype}.")

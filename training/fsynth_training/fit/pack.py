"""Packs the linear decoder into a ``Decoder`` of a narrow code: the widths that carry most of what its outputs vary."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from fsynth.decoder import Decoder
from fsynth_training.dataset.geometry import Geometry
from fsynth_training.dataset.targets import BACKGROUND
from fsynth_training.fit.exemplars import Exemplars
from fsynth_training.fit.face_space import FaceSpace, Normalisation
from fsynth_training.fit.linear_decoder import LinearDecoder
from fsynth_training.fit.planes import CHROMA_STRIDE, coarse_luma, plane_weights

_LANDMARK_WEIGHT = 25.0  # a squared pixel of one landmark beside a squared luma value of one pixel


def pack(
    fitted: LinearDecoder, normalisation: Normalisation, geometry: Geometry, features: np.ndarray, code_width: int,
    detail: Exemplars | None = None, *, luma_stride: int = 1,
) -> tuple[Decoder, float]:  # fmt: skip
    """The decoder, and the share of the (weighted) variance of its outputs that the code keeps.

    Args:
        fitted: the linear decoder.
        normalisation: of features.
        geometry: weighs the face above its surroundings.
        features: (N, W), typical ones; the code is best for these.
        code_width: width of the code; a face space of fewer dimensions gives a code of as many.
        detail: the bank of the detail stage, None for no such stage.
        luma_stride: pixels a side that share one luma value.
    """
    space, kernel, bias = fitted.space, fitted.kernel.numpy(), fitted.bias.numpy()
    size = len(geometry.face)
    entries = space.base.directions.shape[1]
    base_count, bases = space.base.directions.shape[0], space.base_kernel
    latent_kernel = np.concatenate([bases, kernel], axis=1)
    latent_bias = np.concatenate([space.base_bias, bias])
    outputs, mean = _outputs(space)
    weights = np.concatenate(
        [
            plane_weights(0.3 + 0.7 * geometry.face, outline=0.02),
            np.full(outputs.shape[1] - entries, _LANDMARK_WEIGHT),
        ]
    )

    hidden_kernel, hidden_bias = fitted.hidden_kernel.numpy(), fitted.hidden_bias.numpy()
    residual = np.pad(fitted.residual_kernel.numpy(), ((0, 0), (base_count, 0)))
    inputs = normalisation(features)
    latents = inputs @ latent_kernel + latent_bias + np.maximum(inputs @ hidden_kernel + hidden_bias, 0) @ residual
    centre = latents.mean(axis=0)
    root = linalg.cholesky(np.cov(latents.T) + 1e-9 * np.eye(len(centre)), lower=True)
    values, vectors = np.linalg.eigh(root.T @ ((outputs * weights) @ outputs.T) @ root)
    order = np.argsort(-values)[:code_width]
    vectors = vectors[:, order]
    to_code = linalg.solve_triangular(root.T, vectors)  # (latents, code): whitens, then turns
    from_code = vectors.T @ root.T @ outputs
    mean = mean + centre @ outputs

    landmarks = from_code[:, entries:]
    decoder = Decoder(
        mean_landmarks=space.mean_landmarks,
        feature_width=len(normalisation.mean),
        code_width=len(order),
        code_activation=None,
        code_hidden=len(hidden_bias),
        landmarks=len(space.mean_landmarks),
        landmark_hidden=2 * landmarks.shape[1],
        texture="dense",
        chroma_stride=CHROMA_STRIDE,
        luma_stride=luma_stride,
        matte_stride=CHROMA_STRIDE,
        background=BACKGROUND,
        detail_exemplars=len(detail.rows) if detail else 0,
        image_size=size,
    )
    identity = np.eye(landmarks.shape[1])
    named = {
        "features/mean": normalisation.mean,
        "features/spread": np.array([normalisation.spread]),
        "code/kernel": _without(normalisation, latent_kernel @ to_code),
        "code/bias": (latent_bias - centre) @ to_code,
        # x = relu(x) - relu(-x): the perceptron starts as the linear map that it is here.
        "landmark_hidden/kernel": np.concatenate([landmarks, -landmarks], axis=1),
        "landmark_hidden/bias": np.zeros(2 * landmarks.shape[1]),
        "landmark_offsets/kernel": np.concatenate([identity, -identity]),
        "landmark_offsets/bias": mean[entries:],
    }
    if len(hidden_bias):
        named["code_hidden/kernel"] = _without(normalisation, hidden_kernel)
        named["code_hidden/bias"] = hidden_bias
        named["code_residual/kernel"] = residual @ to_code
    if detail:
        named["detail/choice/kernel"] = _without(normalisation, detail.kernel)
        named["detail/choice/bias"], named["detail/bank"] = detail.bias, detail.bank
    pixels, small = size * size, (size // CHROMA_STRIDE) ** 2
    images = np.concatenate([from_code[:, :pixels], mean[None, :pixels]]).reshape(-1, size, size)
    luma = coarse_luma(images, luma_stride).reshape(len(images), -1)
    named["dense/luma/kernel"], named["dense/luma/bias"] = luma[:-1], luma[-1]
    planes = {"dense/chroma": slice(pixels, pixels + 2 * small), "matte/outline": slice(pixels + 2 * small, entries)}
    for name, part in planes.items():
        named[f"{name}/kernel"], named[f"{name}/bias"] = from_code[:, part], mean[part]
    weights_by_name = decoder.named_weights()
    for name, value in named.items():
        weights_by_name[name].assign(np.asarray(value, np.float32))
    return decoder, float(values[order].sum() / values.sum())


def _outputs(space: FaceSpace) -> tuple[np.ndarray, np.ndarray]:
    """Latents to planes and landmark offsets, (Q, P + 2 L), and what they are added to, (P + 2 L,)."""
    base_count, entries = space.base.directions.shape
    faces, pixels = space.face.directions.shape
    shapes = space.shapes.directions
    outputs = np.zeros((base_count + faces + len(shapes), entries + shapes.shape[1]))
    outputs[:base_count, :entries] = space.base.directions
    outputs[base_count : base_count + faces, :pixels] = space.face.directions
    outputs[base_count + faces :, entries:] = shapes
    mean = np.concatenate([space.base.mean, space.shapes.mean])
    mean[:pixels] += space.face.mean
    return outputs, mean


def _without(normalisation: Normalisation, kernel: np.ndarray) -> np.ndarray:
    """``kernel`` (W, Q) for features from which nothing was taken out."""
    return kernel - normalisation.left_out.T @ (normalisation.left_out @ kernel)

"""Packs the linear decoder into a ``Decoder`` of a narrow code: the widths that carry most of what its outputs vary."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from fsynth.decoder import Decoder
from fsynth_training.dataset.geometry import SIZE, Geometry
from fsynth_training.dataset.targets import BACKGROUND
from fsynth_training.fit.face_space import FaceSpace, Normalisation
from fsynth_training.fit.planes import CHROMA_STRIDE, plane_weights

CODE_WIDTH = 160
"""Width of the code; a face space of fewer dimensions gives a code of as many."""

_LANDMARK_WEIGHT = 25.0  # a squared pixel of one landmark beside a squared luma value of one pixel


def pack(
    space: FaceSpace, normalisation: Normalisation, kernel: np.ndarray, bias: np.ndarray, geometry: Geometry,
    features: np.ndarray,
) -> tuple[Decoder, float]:  # fmt: skip
    """The decoder, and the share of the (weighted) variance of its outputs that the code keeps.

    Args:
        space: the face space. kernel, bias: the trained map into it.
        normalisation: of features.
        geometry: weighs the face above its surroundings.
        features: (N, W), typical ones; the code is best for these.
    """
    pixels, faces = SIZE * SIZE, space.face.directions.shape[0]
    entries = space.base.directions.shape[1]
    latent_kernel = np.concatenate([space.base_kernel, kernel], axis=1)
    latent_bias = np.concatenate([space.base_bias, bias])
    base_count = space.base.directions.shape[0]
    outputs = np.zeros((latent_kernel.shape[1], entries + space.shapes.directions.shape[1]))
    outputs[:base_count, :entries] = space.base.directions
    outputs[base_count : base_count + faces, :pixels] = space.face.directions
    outputs[base_count + faces :, entries:] = space.shapes.directions
    mean = np.concatenate([space.base.mean, space.shapes.mean])
    mean[:pixels] += space.face.mean
    weights = np.concatenate(
        [
            plane_weights(0.3 + 0.7 * geometry.face, outline=0.02),
            np.full(outputs.shape[1] - entries, _LANDMARK_WEIGHT),
        ]
    )

    latents = normalisation(features) @ latent_kernel + latent_bias
    centre = latents.mean(axis=0)
    root = linalg.cholesky(np.cov(latents.T) + 1e-9 * np.eye(len(centre)), lower=True)
    values, vectors = np.linalg.eigh(root.T @ ((outputs * weights) @ outputs.T) @ root)
    order = np.argsort(-values)[:CODE_WIDTH]
    vectors = vectors[:, order]
    to_code = linalg.solve_triangular(root.T, vectors)  # (latents, code): whitens, then turns
    from_code = vectors.T @ root.T @ outputs
    code_kernel = latent_kernel @ to_code
    code_kernel -= normalisation.smile.T @ (normalisation.smile @ code_kernel)
    code_bias = (latent_bias - centre) @ to_code
    mean = mean + centre @ outputs

    small = (SIZE // CHROMA_STRIDE) ** 2
    landmarks = from_code[:, entries:]
    decoder = Decoder(
        mean_landmarks=space.mean_landmarks,
        feature_width=len(normalisation.mean),
        code_width=len(order),
        code_activation=None,
        landmarks=len(space.mean_landmarks),
        landmark_hidden=2 * landmarks.shape[1],
        texture="dense",
        chroma_stride=CHROMA_STRIDE,
        matte_stride=CHROMA_STRIDE,
        background=BACKGROUND,
    )
    identity = np.eye(landmarks.shape[1])
    named = {
        "features/mean": normalisation.mean,
        "features/spread": np.array([normalisation.spread]),
        "code/kernel": code_kernel,
        "code/bias": code_bias,
        # x = relu(x) - relu(-x): the perceptron starts as the linear map that it is here.
        "landmark_hidden/kernel": np.concatenate([landmarks, -landmarks], axis=1),
        "landmark_hidden/bias": np.zeros(2 * landmarks.shape[1]),
        "landmark_offsets/kernel": np.concatenate([identity, -identity]),
        "landmark_offsets/bias": mean[entries:],
    }
    planes = {"dense/luma": slice(pixels), "dense/chroma": slice(pixels, pixels + 2 * small)}
    planes["matte/outline"] = slice(pixels + 2 * small, entries)
    for name, part in planes.items():
        named[f"{name}/kernel"], named[f"{name}/bias"] = from_code[:, part], mean[part]
    weights_by_name = decoder.named_weights()
    for name, value in named.items():
        weights_by_name[name].assign(value.astype(np.float32))
    return decoder, float(values[order].sum() / values.sum())

"""Clean targets: every open photograph as an even, white-balanced texture on a plain background.

The steps are those of docs/model-card.md, in its order. Everything happens in the mean geometry, where one
pixel is the same place of every face.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from fsynth.faces import INNER_LIPS_65, LANDMARKS_65, MIRROR_65
from fsynth.warp.numpy import sparse_image_warp
from fsynth_training.colour import lab_to_linear, to_lab, to_linear, to_srgb
from fsynth_training.prepare import PreparedSet

BACKGROUND = 0.80
"""The background of every normalized face, gamma-encoded sRGB grey: close to the London studio's."""

SIZE = 224
_FACE_OUTLINE = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
                 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
_EYE_HOLES = ((33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
              (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249))  # fmt: skip
_BROW_HOLES = ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276))
_LIP_HOLE = (61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91)
_MOUTH_AREA = (0, 13, 14, 17, 61, 291, 40, 270, 91, 321, 37, 267, 84, 314)
_SIDE_LIT = ("congress", "gpo_congress", "sfhq_t2i", "interfaces_cc0")


@dataclass(frozen=True, eq=False)
class Geometry:
    """The mean face. mesh: (468, 2) px, symmetric. face, skin: (224, 224) float32 masks, 0..1, soft edges."""

    mesh: np.ndarray
    face: np.ndarray
    skin: np.ndarray

    @property
    def landmarks(self) -> np.ndarray:
        """(65, 2) float64: the mean landmarks in pixels."""
        return self.mesh[LANDMARKS_65]


@dataclass(frozen=True, eq=False)
class Targets:
    """Clean targets of N photographs, in the mean geometry.

    Attributes:
        textures: (N, 224, 224, 3) float32 sRGB 0..1; beyond the head its colours go on.
        mattes: (N, 224, 224) float32 0..1, how much of a pixel is head and neck.
        landmarks: (N, 65, 2) float64 px.
        index: (N,) rows of the prepared set they come from.
    """

    textures: np.ndarray
    mattes: np.ndarray
    landmarks: np.ndarray
    index: np.ndarray


def mean_geometry(prepared: PreparedSet) -> Geometry:
    """The mean of London's neutral meshes and of their mirror images."""
    neutral = (prepared.source == "london") & ~prepared.smiling
    mesh = prepared.mesh[neutral, :, :2].mean(axis=0).astype(np.float64)
    mesh = _symmetric(mesh)
    face = _polygon(mesh[list(_FACE_OUTLINE)])
    skin = face.copy()
    for hole in (*_EYE_HOLES, *_BROW_HOLES, _LIP_HOLE):
        skin *= 1 - ndimage.grey_dilation(_polygon(mesh[list(hole)]), size=5)
    return Geometry(mesh, _soften(face, 5), ndimage.grey_erosion(skin, size=5))


def _symmetric(mesh: np.ndarray) -> np.ndarray:
    """Average each point with the mirror image of its partner: the one nearest to where it mirrors to."""
    middle = (SIZE - 1) / 2
    mirrored = np.stack([2 * middle - mesh[:, 0], mesh[:, 1]], axis=1)
    distance = np.linalg.norm(mesh[:, None] - mirrored[None], axis=2)
    partner = distance.argmin(axis=1)
    partner[LANDMARKS_65] = LANDMARKS_65[MIRROR_65]
    return (mesh + mirrored[partner]) / 2


def _polygon(points: np.ndarray) -> np.ndarray:
    image = Image.new("L", (SIZE, SIZE))
    ImageDraw.Draw(image).polygon([tuple(p) for p in points], fill=255)
    return np.asarray(image, np.float32) / 255


def _soften(mask: np.ndarray, sigma: float) -> np.ndarray:
    return ndimage.gaussian_filter(mask, sigma)


def on_background(aligned: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """The persons of ``aligned`` (N, 224, 224, 3) uint8 on the plain background, float32 0..1.

    ``masks`` (N, 224, 224): how much of a pixel is person. A fringe still shows the old background: the mask is
    tightened to leave it out.
    """
    alpha = np.clip((masks - 0.35) / 0.5, 0, 1)[..., None]
    return (aligned / np.float32(255)) * alpha + np.float32(BACKGROUND) * (1 - alpha)


def bust(geometry: Geometry) -> np.ndarray:
    """(224, 224) float32, 0..1: head and neck stay, shoulders and clothes beside the neck do not."""
    x, y = np.meshgrid(np.arange(SIZE), np.arange(SIZE))
    middle, chin = (SIZE - 1) / 2, geometry.mesh[152, 1]
    jaw = (geometry.mesh[454, 0] - geometry.mesh[234, 0]) / 2
    # The width that stays narrows from the whole image at the mouth to the neck below the chin.
    falling = np.clip((y - (chin - 45)) / 45, 0, 1)
    half = (1 - falling) * SIZE / 2 + falling * 0.78 * jaw
    beside = np.clip((half - np.abs(x - middle)) / 12 + 0.5, 0, 1)
    return beside.astype(np.float32)


def to_texture(image: np.ndarray, landmarks: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Warp an aligned ``image`` (224, 224, 3) with ``landmarks`` (65, 2) into the mean geometry."""
    return sparse_image_warp(image, landmarks.astype(np.float64), geometry.landmarks)[0].astype(np.float32)


def skin_lab(textures: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Mean CIE Lab of the skin of each texture, (N, 3): the mean is taken in linear light over mid-bright pixels."""
    results = []
    for texture in textures:
        pixels = texture[geometry.skin > 0.5]
        luma = pixels.mean(axis=1)
        low, high = np.quantile(luma, [0.2, 0.9])
        linear = to_linear(pixels[(luma >= low) & (luma <= high)]).mean(axis=0)
        results.append(to_lab(to_srgb(linear)))
    return np.array(results)


def white_balance(textures: np.ndarray, source: np.ndarray, masks: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Bring each set's skin onto London's line of a* and b* over L*, and each photo halfway, by gains in linear light.

    ``masks`` (N, 224, 224), in the mean geometry, keep the background out of it.
    """
    lab = skin_lab(textures, geometry)
    london = source == "london"
    line = [np.polyfit(lab[london, 0], lab[london, c], 1) for c in (1, 2)]
    residual = np.stack([lab[:, c] - np.polyval(line[c - 1], lab[:, 0]) for c in (1, 2)], axis=1)
    wanted = lab.copy()
    for name in np.unique(source):
        rows = source == name
        shift = residual[rows].mean(axis=0)
        own = 0.25 if name == "london" else 0.5
        wanted[rows, 1:] -= shift + own * (residual[rows] - shift)
    gains = np.clip(lab_to_linear(wanted) / lab_to_linear(lab), 0.5, 2.0)
    balanced = to_srgb(to_linear(textures) * gains[:, None, None]).astype(np.float32)
    alpha = masks[..., None]
    return balanced * alpha + textures * (1 - alpha)


def even_light(texture: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Make the light of a face lit from one side even, left to right."""
    linear = to_linear(texture)
    weight = geometry.face[..., None]
    luma = linear.mean(axis=-1, keepdims=True)
    low = ndimage.gaussian_filter(luma * weight, (14, 14, 0)) / (ndimage.gaussian_filter(weight, (14, 14, 0)) + 1e-3)
    low += 1e-3
    gain = np.clip(np.sqrt(low[:, ::-1] / low), 0.6, 1.6)
    gain = 1 + (gain - 1) * ndimage.gaussian_filter(weight, (6, 6, 0))
    return to_srgb(linear * gain).astype(np.float32)


def continue_outwards(texture: np.ndarray, matte: np.ndarray) -> np.ndarray:
    """Continue the colours of a head beyond its outline, so that hair averaged over people holds no background.

    ``texture`` (224, 224, 3); ``matte`` (224, 224), how much of a pixel is head.
    """
    inside = ndimage.binary_erosion(matte > 0.9, iterations=2)
    nearest = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    outside = ndimage.gaussian_filter(texture[nearest[0], nearest[1]], (4, 4, 0))
    weight = ndimage.gaussian_filter(inside.astype(np.float32), 1.0)[..., None]
    return texture * weight + outside * (1 - weight)


def pose_angles(mesh: np.ndarray) -> np.ndarray:
    """Yaw and pitch in degrees, (N, 2), of meshes (N, 468, 3): from the depth of cheeks, and of forehead and chin."""
    across = mesh[:, 454] - mesh[:, 234]
    down = mesh[:, 152] - mesh[:, 10]
    yaw = np.degrees(np.arctan2(across[:, 2], across[:, 0]))
    pitch = np.degrees(np.arctan2(down[:, 2], down[:, 1]))
    return np.stack([yaw, pitch], axis=1)


def glasses_evidence(textures: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Strength of level edges across the bridge of the nose and on both upper cheeks, (N,): what glasses draw there.

    Bare faces of the London set stay below 0.09; frames give 0.1 to 0.4.
    """
    luma = textures.mean(axis=-1)

    def level_edge(centre: np.ndarray, half_width: int, above: int, below: int) -> np.ndarray:
        x, y = (int(value) for value in np.round(centre))
        column = luma[:, y - above : y + below, x - half_width : x + half_width + 1].mean(axis=2)
        detail = column - ndimage.gaussian_filter1d(column, 4, axis=1)
        return np.abs(np.diff(detail, axis=1)).max(axis=1)

    bridge = level_edge(geometry.mesh[168], 5, 14, 22)
    right, left = (level_edge(geometry.mesh[i], 9, 14, 12) for i in (119, 348))
    return bridge + np.minimum(right, left)


def forehead_contrast(textures: np.ndarray, geometry: Geometry) -> np.ndarray:
    """CIE Lab distance between the lower forehead and the cheeks, (N,): large under hats and thick fringes."""

    def patch(indices: tuple[int, ...]) -> np.ndarray:
        areas = []
        for x, y in geometry.mesh[list(indices)].round().astype(int):
            areas.append(textures[:, y - 4 : y + 5, x - 5 : x + 6])
        return to_lab(np.mean(areas, axis=(0, 2, 3)))

    return np.linalg.norm(patch((151, 108, 337)) - patch((50, 280)), axis=1)


def mouth_opening(landmarks: np.ndarray) -> np.ndarray:
    """Distance of the inner lips (N,) and width of the mouth (N,), in px, of landmarks (N, 65, 2): (N, 2)."""
    upper, lower = INNER_LIPS_65
    gap = np.linalg.norm(landmarks[:, upper] - landmarks[:, lower], axis=1)
    right, left = (int(np.flatnonzero(LANDMARKS_65 == i)[0]) for i in (61, 291))
    return np.stack([gap, np.linalg.norm(landmarks[:, right] - landmarks[:, left], axis=1)], axis=1)


@dataclass(frozen=True, eq=False)
class Smile:
    """Directions from a neutral to a smiling face, from London pairs: orthonormal rows of (texture, landmarks).

    ``directions``: (4, D). ``centre``: (D,), mean neutral face. ``low``, ``high``: (4,), the range over the pairs.
    """

    directions: np.ndarray
    centre: np.ndarray
    low: np.ndarray
    high: np.ndarray
    mask: np.ndarray


_LANDMARK_WEIGHT = 2.0  # one pixel of a landmark beside 1.0 of a texture value


def _joint(textures: np.ndarray, landmarks: np.ndarray, mask: np.ndarray) -> np.ndarray:
    # Smiles are smooth: half resolution is enough and keeps the directions clean.
    small = (textures * mask[..., None]).reshape(len(textures), SIZE // 2, 2, SIZE // 2, 2, 3).mean(axis=(2, 4))
    return np.concatenate(
        [small.reshape(len(textures), -1), landmarks.reshape(len(textures), -1) * _LANDMARK_WEIGHT], 1
    )


def learn_smile(
    targets: Targets, neutral: np.ndarray, smiling: np.ndarray, geometry: Geometry, count: int = 4
) -> Smile:
    """Learn the smile from rows ``neutral`` and ``smiling`` of ``targets``, the same people in the same order."""
    mask = geometry.face
    a = _joint(targets.textures[neutral], targets.landmarks[neutral], mask)
    b = _joint(targets.textures[smiling], targets.landmarks[smiling], mask)
    difference = b - a
    _, _, directions = np.linalg.svd(difference, full_matrices=False)
    directions = directions[:count]
    centre = a.mean(axis=0)
    spread = (difference) @ directions.T
    return Smile(directions, centre, spread.min(axis=0), spread.max(axis=0), mask)


def remove_smile(targets: Targets, smile: Smile, rows: np.ndarray, neutral: np.ndarray) -> Targets:
    """Take the smile out of ``rows``; what the neutral London rows ``neutral`` show on average stays."""
    joint = _joint(targets.textures, targets.landmarks, smile.mask)
    amount = (joint - smile.centre) @ smile.directions.T
    amount -= np.median(amount[neutral], axis=0)
    amount = np.clip(amount, smile.low, smile.high)
    delta = amount @ smile.directions
    textures, landmarks = targets.textures.copy(), targets.landmarks.copy()
    split = 3 * (SIZE // 2) ** 2
    for row in np.flatnonzero(rows):
        small = delta[row, :split].reshape(SIZE // 2, SIZE // 2, 3).astype(np.float32)
        textures[row] -= ndimage.zoom(small, (2, 2, 1), order=1, mode="nearest", grid_mode=True)
        landmarks[row] -= delta[row, split:].reshape(65, 2) / _LANDMARK_WEIGHT
    return replace(targets, textures=np.clip(textures, 0, 1), landmarks=landmarks)


def close_lips(landmarks: np.ndarray, gap: float) -> np.ndarray:
    """Bring the inner lips of ``landmarks`` (N, 65, 2) to at most ``gap`` px."""
    upper, lower = INNER_LIPS_65
    closed = landmarks.copy()
    apart = closed[:, lower, 1] - closed[:, upper, 1]
    excess = np.maximum(apart - gap, 0) / 2
    closed[:, upper, 1] += excess
    closed[:, lower, 1] -= excess
    return closed


def build(prepared: PreparedSet, masks: np.ndarray, geometry: Geometry) -> tuple[Targets, Smile]:
    """All steps: background, mean geometry, white balance, even light, what must go, smiles.

    Args:
        prepared: photographs of the open sets.
        masks: (N, 224, 224) float32, how much of a pixel is person.
        geometry: ``mean_geometry`` of ``prepared``.
    """
    persons = on_background(prepared.aligned, masks)
    pairs = zip(persons, prepared.landmarks, strict=True)
    textures = np.stack([to_texture(image, points, geometry) for image, points in pairs])
    flat = zip(masks, prepared.landmarks, strict=True)
    mattes = np.stack([to_texture(mask[..., None], points, geometry)[..., 0] for mask, points in flat])
    mattes = np.clip((mattes - 0.35) / 0.5, 0, 1)

    angles = pose_angles(prepared.mesh)
    london = prepared.source == "london"
    angles -= np.median(angles[london], axis=0)
    keep = london | (
        (np.abs(angles[:, 0]) < 12)
        & (np.abs(angles[:, 1]) < 13)
        & (glasses_evidence(textures, geometry) < 0.09)
        & (forehead_contrast(textures, geometry) < 28)
    )
    textures = white_balance(textures, prepared.source, mattes, geometry)
    for row in np.flatnonzero(keep & np.isin(prepared.source, _SIDE_LIT)):
        textures[row] = even_light(textures[row], geometry)
    stays = bust(geometry)
    index = np.flatnonzero(keep)
    above_collar = np.arange(SIZE)[:, None] < geometry.mesh[152, 1] + 8  # collars give way to the skin of the neck
    filled = np.stack([continue_outwards(textures[row], mattes[row] * stays * above_collar) for row in index])
    targets = Targets(filled, mattes[index] * stays, prepared.landmarks[index].astype(np.float64), index)
    return without_smiles(targets, prepared, geometry)


def without_smiles(targets: Targets, prepared: PreparedSet, geometry: Geometry) -> tuple[Targets, Smile]:
    """Learn the smile on London's pairs and take it out of every photo whose lips part or whose mouth is wide."""
    source, smiling = prepared.source[targets.index], prepared.smiling[targets.index]
    identity = prepared.identity[targets.index]
    neutral_rows = {identity[i]: i for i in np.flatnonzero((source == "london") & ~smiling)}
    pairs = [(neutral_rows[identity[i]], i) for i in np.flatnonzero(smiling) if identity[i] in neutral_rows]
    neutral, smiling_rows = (np.array(column) for column in zip(*pairs, strict=True))
    smile = learn_smile(targets, neutral, smiling_rows, geometry)
    opening = mouth_opening(targets.landmarks)
    usual = opening[neutral]
    wide = (opening[:, 0] > np.quantile(usual[:, 0], 0.9)) | (opening[:, 1] > np.quantile(usual[:, 1], 0.9))
    changed = wide & ~np.isin(np.arange(len(wide)), neutral)
    cleaned = remove_smile(targets, smile, changed, neutral)
    textures = plain_mouths(cleaned.textures, changed, cleaned.textures[neutral].mean(axis=0), geometry)
    landmarks = close_lips(cleaned.landmarks, float(np.median(usual[:, 0])))
    return replace(cleaned, textures=textures, landmarks=landmarks), smile


def plain_mouths(textures: np.ndarray, rows: np.ndarray, neutral: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Give ``rows`` the lips of the mean ``neutral`` texture (224, 224, 3) in their own skin's brightness and colour.

    A mouth that was open keeps traces of teeth and gums that no linear map takes out.
    """
    mask = np.zeros((SIZE, SIZE), np.float32)
    x, y = geometry.mesh[list(_MOUTH_AREA)].T
    outline = _polygon(np.array([[x.min(), y.mean()], [x.mean(), y.min()], [x.max(), y.mean()], [x.mean(), y.max()]]))
    mask = np.clip(_soften(ndimage.grey_dilation(outline, size=9), 4), 0, 1)[..., None]
    low_neutral = ndimage.gaussian_filter(neutral, (14, 14, 0))
    result = textures.copy()
    for row in np.flatnonzero(rows):
        low = ndimage.gaussian_filter(textures[row], (14, 14, 0))
        result[row] = textures[row] * (1 - mask) + np.clip(neutral * low / low_neutral, 0, 1) * mask
    return result

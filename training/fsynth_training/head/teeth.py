"""Teeth one by one along an arch, and gums that hold them."""

from __future__ import annotations

import numpy as np

from fsynth_training.head import atlas
from fsynth_training.head.part import Part, follow, sheet

# Millimetres, from the middle between the eyes. Widths and heights from the first incisor to the second molar, about
# those of the tables in Wheeler's Dental Anatomy.
_WIDTHS = {"upper": (8.5, 6.5, 7.5, 7.0, 7.0, 10.0, 9.5), "lower": (5.3, 5.8, 6.8, 7.0, 7.1, 11.0, 10.5)}
_HEIGHTS = {"upper": (10.2, 9.2, 10.2, 8.8, 8.2, 7.6, 7.2), "lower": (8.8, 9.0, 10.2, 8.6, 8.0, 7.4, 7.0)}
_DEPTHS = (5.0, 4.8, 6.2, 8.0, 8.4, 9.6, 9.4)
_BITE = {"upper": -66.4, "lower": -64.6}  # height of the biting edges
_ARCH = {"upper": (28.0, 41.0), "lower": (26.0, 39.5)}  # half width and length of the middle line
_BACK = -24.5
_SECTION = 8  # vertices around a tooth
_GROWTH = 1.12  # what subdivision takes of a tooth's width
# Rings from the neck to the biting edge: height, width and depth as shares. Front teeth end in an edge.
_RINGS = (
    (-0.25, 0.60, 0.62),
    (0.0, 0.80, 0.90),
    (0.35, 0.97, 1.0),
    (0.7, 1.0, 0.86),
    (0.93, 0.97, 0.62),
    (1.0, 0.88, 0.45),
)
_GUM_PROFILE = np.array(
    [[2.9, 1.4], [4.2, 4.0], [4.4, 7.0], [3.0, 10.0], [-2.0, 10.5], [-5.0, 8.0], [-5.2, 4.0], [-4.0, 1.2], [0.0, 0.8]]
)  # outwards, and away from the biting edge beyond the tooth's neck


def teeth_parts(mean: np.ndarray, helper: np.ndarray, jaw: str) -> list[Part]:
    """The teeth and the gums of the "upper" or "lower" jaw, which follow the source's block of teeth ``helper``."""
    anchors = np.unique(helper)
    points, polygons, uvs = _teeth(jaw)
    gums, gum_polygons, gum_uvs = _gums(jaw)
    return [
        Part(f"teeth_{jaw}", polygons, uvs, polygons, follow(points * 1e-3, anchors, mean)),
        Part("gums", gum_polygons, gum_uvs, gum_polygons, follow(gums * 1e-3, anchors, mean)),
    ]


def _arch(jaw: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The arch's middle line from the front to the back on the left: length (A,), points (A, 2) in x and z, outward."""
    half_width, length = _ARCH[jaw]
    turn = np.linspace(0, np.pi / 2, 400)
    line = np.stack([half_width * np.sin(turn), _BACK + length * np.cos(turn)], axis=1)
    outward = np.stack([np.sin(turn) / half_width, np.cos(turn) / length], axis=1)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    return run, line, outward


def _at(jaw: str, place: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Point, outward and leftward directions of the arch, (3,) each, at a signed length from the middle."""
    run, line, outward = _arch(jaw)
    sign = 1.0 if place >= 0 else -1.0
    point = np.array([np.interp(abs(place), run, line[:, k]) for k in range(2)])
    out = np.array([np.interp(abs(place), run, outward[:, k]) for k in range(2)])
    out /= np.linalg.norm(out)
    outwards = np.array([sign * out[0], 0, out[1]])
    return np.array([sign * point[0], 0, point[1]]), outwards, np.array([outwards[2], 0, -outwards[0]])


def _teeth(jaw: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    towards_edge = -1.0 if jaw == "upper" else 1.0
    widths = np.array(_WIDTHS[jaw]) * (_arch(jaw)[0][-1] / (sum(_WIDTHS[jaw]) + 1.0))
    middles = np.cumsum(widths) - widths / 2
    points: list[np.ndarray] = []
    polygons: list[np.ndarray] = []
    uvs: list[np.ndarray] = []
    angles = 2 * np.pi * (np.arange(_SECTION) + 0.5) / _SECTION
    # A rounded box rather than an ellipse.
    across = np.sign(np.cos(angles)) * np.abs(np.cos(angles)) ** 0.55
    outward = np.sign(np.sin(angles)) * np.abs(np.sin(angles)) ** 0.55
    for side in (1, -1):
        for number, middle in enumerate(middles):
            start = sum(len(p) for p in points)
            origin, out, left = _at(jaw, side * middle)
            molar = number >= 3
            rings = []
            for height, width, depth in _RINGS:
                if molar:
                    depth = max(depth, 0.85 if height < 1 else 0.6)
                y = _BITE[jaw] - towards_edge * (1 - height) * _HEIGHTS[jaw][number]
                # Front teeth lean: the edge is nearer to the lips, their backs are hollow.
                lean = 0.0 if molar else 0.5 * (1 - depth) * _DEPTHS[number] * 0.6
                rings.append(
                    origin
                    + np.array([0, y, 0])
                    + np.outer(across * width * widths[number] * 0.5 * _GROWTH, left)
                    + np.outer(outward * depth * _DEPTHS[number] * 0.5 + lean * (height > 0.3), out)
                )
            tip = rings[-1].mean(axis=0) + np.array([0, (-0.5 if molar else 0.1) * towards_edge, 0])
            points.append(np.concatenate([*rings, tip[None]]))
            quads = sheet(len(rings), _SECTION, ring=True)
            last = (len(rings) - 1) * _SECTION
            first = np.arange(_SECTION)
            cap = np.stack(
                [
                    last + first,
                    last + (first + 1) % _SECTION,
                    np.full(_SECTION, last + _SECTION),
                    np.full(_SECTION, -1),
                ],
                axis=1,
            )
            own = np.concatenate([quads, cap])
            # (left, edgewards, out) is right-handed for teeth that point up, and so wound the other way.
            own = own if jaw == "upper" else np.where(own[:, 3:] < 0, own[:, [2, 1, 0, 3]], own[:, ::-1])
            polygons.append(np.where(own < 0, -1, own + start))
            heights = np.append(np.repeat([ring[0] for ring in _RINGS], _SECTION), 1.0)
            column = (number + 0.5 + 0.45 * np.append(np.tile(across, len(_RINGS)), 0.0)) / 7
            uvs.append(np.stack([column, (heights + 0.25) / 1.25], axis=1))
    unit = np.concatenate(uvs)
    return np.concatenate(points), np.concatenate(polygons), atlas.into(atlas.TEETH, unit)


def _gums(jaw: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    away = 1.0 if jaw == "upper" else -1.0
    neck = _BITE[jaw] + away * 0.92 * np.mean(_HEIGHTS[jaw][:5])
    stations = np.linspace(-1, 1, 25) * (_arch(jaw)[0][-1] - 0.5)
    rows = []
    for place in stations:
        origin, out, _ = _at(jaw, place)
        rows.append(
            origin
            + np.array([0, neck, 0])
            + np.outer(_GUM_PROFILE[:, 0], out)
            + np.outer(_GUM_PROFILE[:, 1] - 2.6, [0, away, 0])
        )
    around = len(_GUM_PROFILE)
    points = np.concatenate([*rows, rows[0].mean(axis=0)[None], rows[-1].mean(axis=0)[None]])
    quads = sheet(len(rows), around, ring=True)
    first = np.arange(around)
    after = (first + 1) % around
    none = np.full(around, -1)
    end = (len(rows) - 1) * around
    caps = [
        np.stack([after, first, np.full(around, end + around), none], axis=1),
        np.stack([end + first, end + after, np.full(around, end + around + 1), none], axis=1),
    ]
    polygons = np.concatenate([quads, *caps])
    if jaw == "upper":
        polygons = np.where(polygons[:, 3:] < 0, polygons[:, [2, 1, 0, 3]], polygons[:, ::-1])
    along = np.repeat(np.linspace(0.02, 0.98, len(rows)), around)
    unit = np.stack([along, np.tile(np.linspace(0.05, 0.95, around), len(rows))], axis=1)
    ends = np.array([[0.02, 0.5], [0.98, 0.5]])
    return points, polygons, atlas.into(atlas.GUMS, np.concatenate([unit, ends]))

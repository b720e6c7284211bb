"""How well the shape fit finds random heads again, as markdown tables.

    python benchmarks/shape_recovery.py [--heads 200] [--descents 200]

Heads from the prior of each model (identity coefficients with standard deviation 1, no expression), before a camera
that sees them as fsynth aligns faces, turned by 6 degrees about X and Y and 3 about Z (standard deviations), shifted by
3 px and scaled by 5 %, are projected to 65 landmarks, with noise. Errors are root mean squares over heads: of the
landmarks against those given and against those without noise; of the skin of the face (within 12 cm of the nose) after
the best similarity; of the coefficients; and of the rotation. "Mean head" is what no fit at all would give. The last
column is the largest relative difference in the objective between gradient descent and Gauss-Newton, over as many of
the heads as ``--descents`` says, since the descents take nearly all of the time.
"""

import argparse
from dataclasses import dataclass

import numpy as np
from head_models import all_of_ict, embedded_head

from fsynth_morphable import Camera, MorphableModel, fit_shape
from fsynth_morphable.camera import rotation_matrix
from fsynth_morphable.landmarks import EYES, INNER

INTEROCULAR = 55.0
VERTICES = 2000


@dataclass(frozen=True, eq=False)
class RandomHead:
    identity: np.ndarray
    camera: Camera
    exact: np.ndarray
    landmarks: np.ndarray


def draw_head(model: MorphableModel, rng: np.random.Generator, noise: float) -> RandomHead:
    identity = rng.standard_normal(len(model.identity))
    points = model.landmark_positions(identity)
    right, left = (points[rows].mean(axis=0) for rows in EYES)
    rotation = rotation_matrix(np.radians(rng.normal(0, [6, 6, 3])))
    size = INTEROCULAR * np.exp(rng.normal(0, 0.05))
    depth = Camera().focal_length * np.linalg.norm(left - right) / size
    shift = np.array([*rng.normal(0, 3, 2) * depth / Camera().focal_length, -depth])
    camera = Camera(rotation, shift - rotation @ points[INNER].mean(axis=0))
    exact = camera.project(points)[0]
    return RandomHead(identity, camera, exact, exact + noise * rng.standard_normal(exact.shape))


def similarity_error(found: np.ndarray, truth: np.ndarray) -> float:
    """Root mean square distance in mm of points (n, 3) after the best rotation, translation and scale of ``found``."""
    a, b = found - found.mean(axis=0), truth - truth.mean(axis=0)
    u, s, vt = np.linalg.svd(a.T @ b)
    s[2] *= np.sign(np.linalg.det(u @ vt))
    squares = np.square(b).sum() - s.sum() ** 2 / np.square(a).sum()
    return float(1000 * np.sqrt(squares / len(a)))


def face_rows(model: MorphableModel) -> np.ndarray:
    """Vertices of the control mesh on the skin of the face, at most ``VERTICES``."""
    assert model.landmarks is not None
    nose = model.landmark_positions()[58]
    skin = np.unique(model.polygons[model.in_parts("skin")][:, :3])
    skin = skin[skin < len(model.mean)]
    near = skin[np.linalg.norm(model.mean[skin] - nose, axis=1) < 0.12]
    return np.random.default_rng(0).permutation(near)[:VERTICES]


def root_mean_square(values: list[float]) -> float:
    return float(np.sqrt(np.square(values).mean()))


def report(name: str, model: MorphableModel, heads: int, descents: int) -> None:
    rows = face_rows(model)
    modes = model.identity[:, rows].astype(np.float64)
    print(f"\n{name}, {heads} heads, {len(modes)} identities\n")
    print("| noise | fit | landmarks, px | without noise, px | face, mm | coefficients | rotation, degrees | descent |")
    print("| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for noise in (0.0, 0.5, 1.0):
        rng = np.random.default_rng(int(10 * noise))
        drawn = [draw_head(model, rng, noise) for _ in range(heads)]
        truths = [model.mean[rows] + np.tensordot(head.identity, modes, 1) for head in drawn]
        mean = root_mean_square([similarity_error(model.mean[rows], truth) for truth in truths])
        spread = root_mean_square([root_mean_square(list(head.identity)) for head in drawn])
        print(f"| {noise} px | mean head | | | {mean:.2f} | {spread:.2f} | | |")
        for label, options in {
            "identity, rotation": {"expression": False},
            "and expression": {},
            "paper, with rotation": {"objective": "paper", "expression": False},
        }.items():
            errors: list[tuple[float, ...]] = []
            for number, (head, truth) in enumerate(zip(drawn, truths, strict=True)):
                fit = fit_shape(model, head.landmarks, **options)
                apart = 0.0
                if number < descents:
                    slow = fit_shape(model, head.landmarks, method="gradient-descent", **options)
                    apart = abs(slow.objective / fit.objective - 1)
                points = fit.residuals + head.landmarks
                cosine = (np.trace(fit.camera.rotation.T @ head.camera.rotation) - 1) / 2
                errors.append(
                    (
                        root_mean_square(list(np.linalg.norm(fit.residuals, axis=1))),
                        root_mean_square(list(np.linalg.norm(points - head.exact, axis=1))),
                        similarity_error(model.mean[rows] + np.tensordot(fit.identity, modes, 1), truth),
                        root_mean_square(list(fit.identity - head.identity)),
                        float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))),
                        apart,
                    )
                )
            columns = list(zip(*errors, strict=True))
            px, exact, mm, coefficients, degrees = (root_mean_square(list(column)) for column in columns[:5])
            figures = f"{px:.2f} | {exact:.2f} | {mm:.2f} | {coefficients:.2f} | {degrees:.1f} | {max(columns[5]):.0e}"
            print(f"| {noise} px | {label} | {figures} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--heads", type=int, default=200)
    parser.add_argument("--descents", type=int, default=200)
    arguments = parser.parse_args()
    report("Embedded head", embedded_head(), arguments.heads, arguments.descents)
    report("ICT-FaceKit", all_of_ict(), arguments.heads, arguments.descents)


if __name__ == "__main__":
    main()

"""Speed of the shape fit beside scipy's, on the same objective, as a markdown table.

    python benchmarks/shape_fit.py [--rounds 60] [--cores 2]

All contestants run in one process, one after the other in every round, each round on another random head with 0.5 px
noise; a ratio is the median over rounds of (contestant / fsynth) within the round, so that drifts of a shared machine
cancel. CPU time is that of all threads. scipy.optimize.least_squares gets the residuals whose squares add up to the
objective, the bounds, and x_scale="jac" (without it one fit took 3.9 s instead of 0.2 s); once as it is used most
often, with derivatives by differences, and once with fsynth's.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

import numpy as np
from head_models import all_of_ict, embedded_head
from scipy.optimize import least_squares
from shape_recovery import draw_head

from fsynth_morphable import MorphableModel, fit_shape
from fsynth_morphable.shape_objective import Objective, make_objective


def scipy_fit(model: MorphableModel, landmarks: np.ndarray, *, derivatives: bool) -> float:
    """The objective's value at scipy's minimum."""
    objective, start = make_objective(model, landmarks, "posterior", expression=True, rotation=True)
    root = np.sqrt(objective.prior)
    found = least_squares(
        lambda p: residuals(objective, root, p),
        # Strictly inside the bounds, as scipy wants it.
        np.where(np.isfinite(objective.low), np.maximum(start, 1e-6), start),
        jac=(lambda p: np.concatenate([objective.value_and_jacobian(p)[2], np.diag(root)]))
        if derivatives
        else "2-point",
        bounds=(objective.low, objective.high),
        x_scale="jac",
    )
    return float(2 * found.cost)


def residuals(objective: Objective, root: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    data = objective.weights[:, None] * objective.residuals(parameters)
    return np.concatenate([data.ravel(), root * parameters])


def timed(run: Callable[[], float]) -> tuple[float, float, float]:
    """Wall and CPU seconds, and what ``run`` returned."""
    wall, cpu = time.perf_counter(), time.process_time()
    value = run()
    return time.perf_counter() - wall, time.process_time() - cpu, value


def compare(name: str, model: MorphableModel, rounds: int) -> None:
    rng = np.random.default_rng(0)
    rows: dict[str, list[tuple[float, float, float, float]]] = {}
    base_cpu = base_value = float("nan")
    fit_shape(model, draw_head(model, rng, 0.5).landmarks)
    for number in range(rounds):
        landmarks = draw_head(model, rng, 0.5).landmarks
        contestants: dict[str, Callable[[], float]] = {
            "fit_shape": lambda x=landmarks: fit_shape(model, x).objective,
            "fit_shape, identity and rotation": lambda x=landmarks: fit_shape(model, x, expression=False).objective,
            'fit_shape, objective="paper"': lambda x=landmarks: fit_shape(model, x, objective="paper").objective,
        }
        # These take long: every tenth round.
        if number % 10 == 0:
            contestants["least_squares, derivatives given"] = lambda x=landmarks: scipy_fit(model, x, derivatives=True)
            contestants["least_squares"] = lambda x=landmarks: scipy_fit(model, x, derivatives=False)
            contestants["fit_shape, gradient descent"] = lambda x=landmarks: (
                fit_shape(model, x, method="gradient-descent").objective
            )
        for contestant, run in contestants.items():
            wall, cpu, value = timed(run)
            if contestant == "fit_shape":
                base_cpu, base_value = cpu, value
            rows.setdefault(contestant, []).append((wall, cpu, cpu / base_cpu, value / base_value))
    print(f"\n{name}: {len(model.identity)} identities, {len(model.expression)} expressions\n")
    print("| | wall, ms | CPU, ms | times fit_shape (CPU) | objective / fit_shape's |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for contestant, figures in rows.items():
        wall, cpu, ratio, value = (statistics.median(column) for column in zip(*figures, strict=True))
        same = f"{value:.7f}" if "paper" not in contestant and "rotation" not in contestant else ""
        print(f"| {contestant} | {1e3 * wall:.1f} | {1e3 * cpu:.1f} | {ratio:.1f} | {same} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--cores", type=int, default=2)
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.cores])
    compare("Embedded head", embedded_head(), arguments.rounds)
    compare("ICT-FaceKit", all_of_ict(), arguments.rounds)


if __name__ == "__main__":
    main()

"""Two ways to the minimum of a shape objective: Gauss-Newton, which is quick, and the paper's gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fsynth_morphable.shape_objective import Objective

# A step is the last one if it promises less than this share of the objective.
_TOLERANCE = 1e-8
_GAUSS_NEWTON_STEPS = 100
_DESCENT_TOLERANCE = 1e-9
_DESCENT_STEPS = 200_000


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where a minimiser stopped: ``parameters`` (P,), the objective's ``value``, and after how many ``steps``."""

    parameters: np.ndarray
    value: float
    steps: int


def gauss_newton(objective: Objective, start: np.ndarray) -> Minimum:
    """Minimise by Gauss-Newton steps, each the exact minimum of the quadratic model within the bounds."""
    parameters = start.copy()
    free = np.flatnonzero(objective.free)
    unbounded = int(np.isinf(objective.low[free]).sum())
    value, residuals, jacobian = objective.value_and_jacobian(parameters)
    steps = 0
    while steps < _GAUSS_NEWTON_STEPS:
        steps += 1
        kept = jacobian[:, free]
        hessian = kept.T @ kept
        hessian[np.diag_indices(len(free))] += objective.prior[free]
        gradient = kept.T @ residuals + objective.prior[free] * parameters[free]
        here = parameters[free]
        low, high = objective.low[free], objective.high[free]
        step = _bounded_newton_step(hessian, gradient, low - here, high - here, unbounded)
        slope = 2 * float(gradient @ step)
        if -slope <= _TOLERANCE * value:
            break
        # Half a step until it keeps a small part of its promise; whole steps nearly always do.
        share = 1.0
        while True:
            trial = parameters.copy()
            trial[free] = np.clip(here + share * step, low, high)
            trial_value = objective.value(trial)
            if trial_value <= value + 1e-4 * share * slope or share < 1e-6:
                break
            share /= 2
        if trial_value > value:
            break
        parameters = trial
        value, residuals, jacobian = objective.value_and_jacobian(parameters)
    return Minimum(parameters, value, steps)


def gradient_descent(objective: Objective, start: np.ndarray) -> Minimum:
    """Minimise by gradient descent with Nesterov's momentum, restarted where it leads uphill (O'Donoghue, Candes 2015).

    Each parameter is counted in units in which the objective's curvature at the start is 1; bounds hold by projection.
    """
    free = np.flatnonzero(objective.free)
    low, high = objective.low[free], objective.high[free]
    parameters = start.copy()
    value, _, jacobian = objective.value_and_jacobian(parameters)
    hessian = jacobian[:, free].T @ jacobian[:, free] + np.diag(objective.prior[free])
    unit = 1 / np.sqrt(np.diag(hessian))
    rate = 1 / float(np.linalg.eigvalsh(hessian * unit * unit[:, None])[-1])
    momentum_from, inertia, checked = parameters.copy(), 1.0, np.inf
    steps = 0
    while steps < _DESCENT_STEPS:
        steps += 1
        there, residuals, jacobian = objective.value_and_jacobian(momentum_from)
        gradient = jacobian[:, free].T @ residuals + objective.prior[free] * momentum_from[free]
        while True:
            moved = parameters.copy()
            moved[free] = np.clip(momentum_from[free] - rate * unit**2 * gradient, low, high)
            change = moved[free] - momentum_from[free]
            bound = there + 2 * gradient @ change + np.square(change / unit).sum() / rate
            moved_value = objective.value(moved)
            if moved_value <= bound * (1 + 1e-12) or rate < 1e-12:
                break
            rate /= 2
        if moved_value > value and inertia > 1:
            momentum_from, inertia = parameters.copy(), 1.0
            continue
        next_inertia = (1 + np.sqrt(1 + 4 * inertia**2)) / 2
        momentum_from = moved + (inertia - 1) / next_inertia * (moved - parameters)
        parameters, value, inertia = moved, moved_value, next_inertia
        if steps % 200 == 0:
            if checked - value <= _DESCENT_TOLERANCE * value:
                break
            checked = value
    return Minimum(parameters, value, steps)


def _bounded_newton_step(
    hessian: np.ndarray, gradient: np.ndarray, low: np.ndarray, high: np.ndarray, unbounded: int
) -> np.ndarray:
    """The minimum of gradient . x + x . hessian x / 2 with low <= x <= high.

    The first ``unbounded`` parameters have infinite bounds and are eliminated first (Schur complement), so that the
    search for the bounds that hold is small.
    """
    u = unbounded
    across = hessian[:u, u:]
    solved = np.linalg.solve(hessian[:u, :u], np.column_stack([across, gradient[:u]]))
    reduced = hessian[u:, u:] - across.T @ solved[:, :-1]
    inside = _box_minimum(reduced, gradient[u:] - across.T @ solved[:, -1], low[u:], high[u:])
    return np.concatenate([-solved[:, -1] - solved[:, :-1] @ inside, inside])


def _box_minimum(hessian: np.ndarray, gradient: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The minimum of gradient . x + x . hessian x / 2 in a box around 0, by projected Newton steps."""
    x = np.zeros(len(gradient))
    scale = np.abs(gradient).max(initial=0) * 1e-12
    for _ in range(100):
        slope = gradient + hessian @ x
        free = ~(((x <= low) & (slope > 0)) | ((x >= high) & (slope < 0)))
        if np.abs(slope[free]).max(initial=0) <= scale:
            break
        step = np.zeros(len(x))
        step[free] = -np.linalg.solve(hessian[np.ix_(free, free)], slope[free])
        value, share = gradient @ x + x @ hessian @ x / 2, 1.0
        while True:
            trial = np.clip(x + share * step, low, high)
            if gradient @ trial + trial @ hessian @ trial / 2 <= value or share < 1e-8:
                break
            share /= 2
        if np.array_equal(trial, x):
            break
        x = trial
    return x

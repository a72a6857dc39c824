"""Logistic regression in numpy, small enough to be fitted exactly. Knows nothing of what the columns mean."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]
STEPS = 50
SETTLED = 1e-9


def fit(x: Matrix, y: Matrix, weight: Matrix | None = None, *, penalty: float = 1.0) -> tuple[Matrix, float]:
    """L2-regularised logistic regression by Newton's method: (weights, shape (columns,), and bias).

    `x` has shape (rows, columns), standardised where that matters; `y` is 0 or 1 and `weight` counts each row,
    both of shape (rows,). The bias is not penalised. With more columns than rows it is solved in the space of the
    rows, which gives the same.
    """
    if x.shape[1] > x.shape[0]:
        u, s, v = np.linalg.svd(x, full_matrices=False)
        inner, bias = fit(u * s, y, weight, penalty=penalty)
        return inner @ v, bias
    weight = np.ones(len(x)) if weight is None else weight
    design = np.column_stack([x, np.ones(len(x))])
    ridge = np.diag([penalty] * x.shape[1] + [0.0])
    beta = np.zeros(design.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-design @ beta))
        gradient = design.T @ (weight * (p - y)) + ridge @ beta
        hessian = design.T @ (design * (weight * p * (1 - p))[:, None]) + ridge
        step = np.linalg.solve(hessian, gradient)
        beta -= step
        if np.abs(step).max() < SETTLED:
            break
    return beta[:-1], float(beta[-1])

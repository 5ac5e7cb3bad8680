"""Nodes and weights to average over a normal distribution in one or two dimensions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def normal_nodes(dimensions: int, nodes: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return points and weights of the standard normal distribution.

    Parameters
    ----------
    dimensions : int
        Of the distribution.
    nodes : int
        Per dimension.

    Returns
    -------
    points : ndarray, shape (nodes ** dimensions, dimensions)
    weights : ndarray, shape (nodes ** dimensions,)
        They add up to 1.

    Notes
    -----
    Gauss-Hermite quadrature for the weight exp(-x^2 / 2) (Abramowitz & Stegun 1972, 25.4.46): exact for
    polynomials up to degree 2 `nodes` - 1 in each dimension.

    Examples
    --------
    >>> points, weights = normal_nodes(2, 5)
    >>> round(float(weights @ points[:, 0] ** 4), 9), round(float(weights @ (points[:, 0] * points[:, 1])), 9)
    (3.0, 0.0)
    """
    one, weight = np.polynomial.hermite_e.hermegauss(nodes)
    weight = weight / weight.sum()
    points = np.stack(np.meshgrid(*[one] * dimensions, indexing="ij"), axis=-1).reshape(-1, dimensions)
    weights = np.stack(np.meshgrid(*[weight] * dimensions, indexing="ij"), axis=-1).reshape(-1, dimensions)
    return points, np.asarray(weights.prod(axis=1), dtype=np.float64)

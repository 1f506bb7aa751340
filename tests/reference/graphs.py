"""Literal, slow formulas of the geometry of graphs: one linear programme for each edge."""

import itertools

import numpy as np
from scipy.linalg import expm
from scipy.optimize import linprog
from scipy.sparse.csgraph import shortest_path


def wasserstein(cost, a, b):
    """Least cost of moving the mass a to b, by a linear programme over all of a plan's entries."""
    m, n = cost.shape
    sums = np.vstack([np.kron(np.eye(m), np.ones(n)), np.kron(np.ones(m), np.eye(n))])
    return linprog(cost.ravel(), A_eq=sums, b_eq=np.concatenate([a, b])).fun


def edge_curvature(lengths, alpha, walk="uniform"):
    """1 - W_1 / d of each edge of a dense symmetric matrix of lengths, NaN elsewhere."""
    n = len(lengths)
    d = shortest_path(lengths)
    masses = np.zeros((n, n))
    for x in range(n):
        near = np.flatnonzero(lengths[x])
        weights = np.ones(near.size) if walk == "uniform" else np.exp(-(lengths[x, near] ** 2))
        masses[x, near] = (1 - alpha) * weights / weights.sum()
        masses[x, x] += alpha
    kappa = np.full((n, n), np.nan)
    for x, y in np.argwhere(lengths):
        if x < y:
            here, there = np.flatnonzero(masses[x]), np.flatnonzero(masses[y])
            w = wasserstein(d[np.ix_(here, there)], masses[x, here], masses[y, there])
            kappa[x, y] = kappa[y, x] = 1 - w / d[x, y]
    return kappa


def node_curvature(lengths, alpha):
    return np.nanmean(edge_curvature(lengths, alpha), axis=1)


def heat_geodesic_distances(weights, t, volume=1.0, laplacian="normalized"):
    """The formula, with the matrix exponential."""
    degrees = weights.sum(axis=1)
    L = np.diag(degrees) - weights
    if laplacian == "normalized":
        L /= np.sqrt(np.outer(degrees, degrees))
    H = expm(-t * L)
    n = len(H)
    D = np.zeros((n, n))
    for i, j in itertools.permutations(range(n), 2):
        square = -4 * t * np.log(H[i, j]) + volume * 4 * t * np.log((H[i, i] + H[j, j]) / 2)
        D[i, j] = np.sqrt(max(square, 0.0))
    return D


def fast_random_projection(weights, R, alphas, beta, normalize_powers):
    """The powers of the matrix of steps, formed."""
    degrees = weights.sum(axis=1)
    A = weights / degrees[:, None]
    L = np.diag((degrees / degrees.sum()) ** beta)
    total = 0.0
    for q, alpha in enumerate(alphas, 1):
        power = np.linalg.matrix_power(A, q) @ L @ R
        if normalize_powers:
            power = power / np.linalg.norm(power, axis=1, keepdims=True)
        total = total + alpha * power
    return total

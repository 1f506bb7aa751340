"""Literal, slow formulas of the measures that compare two clouds of points as shapes."""

import itertools
import math

import numpy as np

from tests.reference.neighborhood import cosine, neighbors


def magnitude(X):
    return math.sqrt(sum(X.mean(axis=0) ** 2))


def concentricity(X):
    return sum(cosine(x, X.mean(axis=0)) for x in X) / len(X)


def heat_trace(X, k, times):
    n = len(X)
    A = np.zeros((n, n))
    for i, near in enumerate(neighbors(X, k, "euclidean")):
        for j in near:
            A[i, j] = A[j, i] = 1
    root = np.diag(1 / np.sqrt(A.sum(axis=1)))
    eigenvalues = np.linalg.eigvalsh(np.eye(n) - root @ A @ root)
    return np.array([sum(np.exp(-t * eigenvalues)) / n for t in times])


def imd(X, Y, k):
    times = np.logspace(-1, 1, 256)
    gaps = np.abs(heat_trace(X, k, times) - heat_trace(Y, k, times))
    return max(np.exp(-2 * (times + 1 / times)) * gaps)


def unit_distances(X):
    w = np.array([[math.dist(a, b) for b in X] for a in X])
    return w / np.quantile(w, 0.9)


def tree_weight(w):
    """Kruskal: the shortest edges that join two parts."""
    part, weight = list(range(len(w))), 0.0
    for i, j in sorted(itertools.combinations(range(len(w)), 2), key=lambda edge: w[edge]):
        if part[i] != part[j]:
            weight += w[i, j]
            part = [part[i] if p == part[j] else p for p in part]
    return weight


def rtd_lite(X, Y):
    w, v = unit_distances(X), unit_distances(Y)
    return (tree_weight(w) + tree_weight(v)) / 2 - tree_weight(np.minimum(w, v))


def loop_lengths(D):
    """Total length of the bars of degree 1, by reducing the boundaries of all triangles.

    A column is a whole number whose bits are the edges, in the order of their lengths.
    """
    edges = sorted(itertools.combinations(range(len(D)), 2), key=lambda edge: D[edge])
    place = {edge: bit for bit, edge in enumerate(edges)}
    columns = []
    for triangle in itertools.combinations(range(len(D)), 3):
        sides = list(itertools.combinations(triangle, 2))
        columns.append((max(D[side] for side in sides), sum(1 << place[side] for side in sides)))
    reduced, total = {}, 0.0
    for death, column in sorted(columns):
        while column and column.bit_length() in reduced:
            column ^= reduced[column.bit_length()]
        if column:
            reduced[column.bit_length()] = column
            total += death - D[edges[column.bit_length() - 1]]
    return total


def rtd_one_sided(w, v):
    return loop_lengths(np.block([[0 * w, w.T], [w, np.minimum(w, v)]]))


def rtd(X, Y):
    w, v = unit_distances(X), unit_distances(Y)
    return (rtd_one_sided(w, v) + rtd_one_sided(v, w)) / 2

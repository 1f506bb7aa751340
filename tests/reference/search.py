"""Nearest neighbours by two loops in float64."""

import math

import numpy as np


def squared_distance(x, y):
    return math.fsum((float(a) - float(b)) ** 2 for a, b in zip(x, y))


def euclidean(x, y):
    return math.sqrt(squared_distance(x, y))


def cosine(x, y):
    """1 - cos, as half the squared distance of the unit vectors; 1 where a vector is zero."""
    nx, ny = (math.sqrt(math.fsum(float(a) ** 2 for a in v)) for v in (x, y))
    if nx == 0 or ny == 0:
        return 1.0
    return squared_distance([float(a) / nx for a in x], [float(b) / ny for b in y]) / 2


DISTANCES = {"euclidean": euclidean, "sqeuclidean": squared_distance, "cosine": cosine}


def nearest_neighbors(X, Y, n_neighbors, distance, exclude_self=False):
    """Distances and indices, sorted by distance, then by index."""
    distances, indices = [], []
    for i, x in enumerate(X):
        row = [(distance(x, y), j) for j, y in enumerate(Y) if not (exclude_self and i == j)]
        nearest = sorted(row)[:n_neighbors]
        distances.append([d for d, _ in nearest])
        indices.append([j for _, j in nearest])
    return np.array(distances), np.array(indices)

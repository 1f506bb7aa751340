"""Empirical mutual proximity by its definition, three loops."""

import numpy as np


def empirical_mutual_proximity(D, D_index, divisor):
    n_queries, n_indexed = D.shape
    proximity = np.empty(D.shape)
    for q in range(n_queries):
        for x in range(n_indexed):
            count = 0
            for j in range(n_indexed):
                if D[q, j] > D[q, x] and D_index[x, j] > D[q, x]:
                    count += 1
            proximity[q, x] = 1 - count / divisor
    return proximity


def broadcast_empirical_mutual_proximity(D):
    """The same of a set with itself in numpy, one query at a time, divisor n."""
    n_samples = D.shape[0]
    proximity = np.empty(D.shape)
    for q, row in enumerate(D):
        above = (row[None, :] > row[:, None]) & (row[:, None] < D)
        proximity[q] = 1 - above.sum(axis=1) / n_samples
    return proximity

"""Hubness reductions, straight from the papers: one pair at a time, on full distance matrices.

``D`` (m, n) are distances from queries to indexed samples, ``T`` (n, n) those among the indexed
samples. A query that is an indexed sample is never its own neighbour: its first zero is left out.
The result of a query with itself is 0.
"""

import math

import numpy as np
from scipy import stats


def own_column(row):
    zeros = [j for j, d in enumerate(row) if d == 0]
    return zeros[0] if zeros else None


def others(row):
    own = own_column(row)
    return [d for j, d in enumerate(row) if j != own]


def kth(row, k):
    return sorted(others(row))[:k][-1]


def local_mean(row, k):
    return float(np.mean(sorted(others(row))[:k]))


def each_pair(D, T, value):
    """Table of value(d, query row, indexed row); 0 for a query with itself."""
    table = np.zeros(D.shape)
    for q, row in enumerate(D):
        for x, d in enumerate(row):
            if x != own_column(row):
                table[q, x] = value(d, row, T[x])
    return table


def local_scaling(D, T, k):
    return each_pair(D, T, lambda d, q, x: 1 - math.exp(-(d**2) / (kth(q, k) * kth(x, k))))


def nicdm(D, T, k):
    return each_pair(D, T, lambda d, q, x: d / math.sqrt(local_mean(q, k) * local_mean(x, k)))


def csls(D, T, k):
    return each_pair(D, T, lambda d, q, x: 2 * d - local_mean(q, k) - local_mean(x, k))


def mp_normal(D, T):
    def value(d, q, x):
        sf = [stats.norm.sf(d, np.mean(others(z)), np.std(others(z))) for z in (q, x)]
        return 1 - sf[0] * sf[1]

    return each_pair(D, T, value)


def mp_gamma(D, T, ddof=1):
    def survival(d, row):
        mean, variance = np.mean(others(row)), np.var(others(row), ddof=ddof)
        return stats.gamma.sf(d, mean**2 / variance, scale=variance / mean)

    return each_pair(D, T, lambda d, q, x: 1 - survival(d, q) * survival(d, x))


def mp_empirical(D, T):
    def value(d, q, x):
        return 1 - sum(q[j] > d and x[j] > d for j in range(len(x))) / len(x)

    return each_pair(D, T, value)


def mp_normal_loop(graph):
    """Mutual proximity of a neighbour graph, one row after the other in Python."""
    n_samples = graph.shape[0]
    mean, deviation = np.zeros(n_samples), np.zeros(n_samples)
    for i in range(n_samples):
        distances = graph.data[graph.indptr[i] : graph.indptr[i + 1]]
        distances = distances[1:] if distances[0] == 0 else distances
        mean[i], deviation[i] = distances.mean(), distances.std()
    reduced = graph.copy()
    for i in range(n_samples):
        row = slice(graph.indptr[i], graph.indptr[i + 1])
        distances, indices = graph.data[row], graph.indices[row]
        p_query = stats.norm.sf(distances, mean[i], deviation[i])
        p_indexed = stats.norm.sf(distances, mean[indices], deviation[indices])
        values = 1 - p_query * p_indexed
        if distances[0] == 0:
            values[0] = 0
        order = np.argsort(values, kind="stable")
        reduced.data[row], reduced.indices[row] = values[order], indices[order]
    return reduced


def scaled_loop(graph, statistic, value):
    """Local scaling and its relatives on a neighbour graph, one row after the other."""
    n_samples = graph.shape[0]
    scale = np.zeros(n_samples)
    for i in range(n_samples):
        distances = graph.data[graph.indptr[i] : graph.indptr[i + 1]]
        scale[i] = statistic(distances[1:] if distances[0] == 0 else distances)
    reduced = graph.copy()
    for i in range(n_samples):
        row = slice(graph.indptr[i], graph.indptr[i + 1])
        distances, indices = graph.data[row], graph.indices[row]
        values = value(distances, scale[i], scale[indices])
        if distances[0] == 0:
            values[0] = 0
        order = np.argsort(values, kind="stable")
        reduced.data[row], reduced.indices[row] = values[order], indices[order]
    return reduced

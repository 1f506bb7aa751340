"""Hubness measures, literally: loops over samples and pairs, as the papers write them."""

import math

import numpy as np


def k_occurrence(D, n_neighbors, *, own=None, ties="fractional"):
    """Occurrence from a dense distance matrix; own[i] is the column that is row i itself."""
    n_queries, n_indexed = D.shape
    counts = [0.0] * n_indexed
    for i in range(n_queries):
        others = [j for j in range(n_indexed) if own is None or own[i] != j]
        others.sort(key=lambda j: (D[i, j], j))
        last = D[i, others[n_neighbors - 1]]
        if ties == "index":
            for j in others[:n_neighbors]:
                counts[j] += 1
            continue
        nearer = [j for j in others if D[i, j] < last]
        tied = [j for j in others if D[i, j] == last]
        for j in nearer:
            counts[j] += 1
        for j in tied:
            counts[j] += (n_neighbors - len(nearer)) / len(tied)
    return np.array(counts)


def bad_hubness(D, y, n_neighbors):
    """Share of slots with another label, samples against themselves, no ties."""
    bad = 0
    for i in range(len(D)):
        others = sorted((j for j in range(len(D)) if j != i), key=lambda j: D[i, j])
        bad += sum(y[j] != y[i] for j in others[:n_neighbors])
    return bad / (len(D) * n_neighbors)


def k_skewness(N):
    n = len(N)
    mean = sum(N) / n
    third = sum((x - mean) ** 3 for x in N) / n
    second = sum((x - mean) ** 2 for x in N) / n
    return third / second**1.5


def robin_hood_index(N):
    mean = sum(N) / len(N)
    return sum(abs(x - mean) for x in N) / (2 * sum(N))


def gini_index(N):
    differences = sum(abs(a - b) for a in N for b in N)
    return differences / (2 * len(N) * sum(N))


def atkinson_index(N, epsilon=0.5):
    n, mean = len(N), sum(N) / len(N)
    if epsilon == 1:
        return 1 - math.prod(N) ** (1 / n) / mean
    return 1 - (sum(x ** (1 - epsilon) for x in N) / n) ** (1 / (1 - epsilon)) / mean


def antihub_rate(N):
    return sum(x == 0 for x in N) / len(N)


def hub_rate(N, n_neighbors, hub_size=2):
    return sum(x >= hub_size * n_neighbors for x in N) / len(N)


def hub_occurrence(N, n_neighbors, hub_size=2):
    return sum(x for x in N if x >= hub_size * n_neighbors) / sum(N)


def groupie_ratio(N, n_queries):
    return max(N) / n_queries


def hub_entropy(N):
    total = sum(N)
    return -sum(x / total * math.log(x / total) for x in N if x) / math.log(len(N))


def evaluate(measure, N, n_queries, n_neighbors):
    """Any of the measures above by name, with its default parameters."""
    extra = {
        "hub_rate": (n_neighbors,),
        "hub_occurrence": (n_neighbors,),
        "groupie_ratio": (n_queries,),
    }
    return globals()[measure]([float(x) for x in N], *extra.get(measure, ()))


def random_occurrence(n_queries, n_indexed, n_neighbors, rng):
    """Occurrence without hubness: each query draws its neighbours at random."""
    counts = np.zeros(n_indexed)
    for _ in range(n_queries):
        counts[rng.permutation(n_indexed)[:n_neighbors]] += 1
    return counts

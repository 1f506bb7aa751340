"""Literal, slow forms of the search with reduced hubness: one pair at a time."""

import math

import numpy as np

__all__ = [
    "candidates_of",
    "literal_hubness_weighted",
    "literal_nadaraya_watson",
    "literal_nicdm",
    "literal_normal_mp",
    "literal_search",
]


def candidates_of(D, i, depth, *, is_index):
    """The ``depth`` nearest columns of row i, ties by column, the sample itself left out."""
    columns = [j for j in range(D.shape[1]) if not (is_index and j == i)]
    return sorted(columns, key=lambda j: (D[i, j], j))[:depth]


def literal_nicdm(d, of_query, of_indexed, *, n_neighbors=10):
    """Distance over the root of the product of both mean distances to the nearest."""
    means = [np.mean(sorted(v)[:n_neighbors]) for v in (of_query, of_indexed)]
    return d / math.sqrt(means[0] * means[1])


def literal_normal_mp(d, of_query, of_indexed):
    """One minus the product of two upper tails of normal distributions."""
    tails = [
        math.erfc((d - np.mean(v)) / np.std(v) / math.sqrt(2)) / 2 for v in (of_query, of_indexed)
    ]
    return 1 - tails[0] * tails[1]


def literal_search(D_index, D_query, depth, formula, *, is_index=False):
    """Pairs (value, column) of each query, best first.

    ``formula(d, query_distances, indexed_distances)`` maps a distance and the candidate
    distances of both samples to the secondary distance.
    """
    n_indexed = D_index.shape[0]
    lists = [candidates_of(D_index, j, depth, is_index=True) for j in range(n_indexed)]
    indexed = [[D_index[j, i] for i in lists[j]] for j in range(n_indexed)]
    found = []
    for i in range(D_query.shape[0]):
        listed = candidates_of(D_query, i, depth, is_index=is_index)
        own = [D_query[i, j] for j in listed]
        pairs = [(formula(D_query[i, j], own, indexed[j]), D_query[i, j], j) for j in listed]
        found.append([(value, j) for value, _, j in sorted(pairs)])
    return found


def literal_hubness_weighted(D, y, D_query, k, scheme, *, lam, theta, weights="uniform"):
    """Votes (n_queries, n_classes), logarithms for nhbnn; labels are 0, 1, ..."""
    n, n_classes = len(y), max(y) + 1
    lists = [candidates_of(D, i, k, is_index=True) for i in range(n)]
    N = [sum(x in listed for listed in lists) for x in range(n)]
    N_c = [
        [sum(x in lists[i] for i in range(n) if y[i] == c) for c in range(n_classes)]
        for x in range(n)
    ]
    bad = [N[x] - N_c[x][y[x]] for x in range(n)]
    information = [math.log2(n / (N[x] + 1)) for x in range(n)]
    size = [sum(label == c for label in y) for c in range(n_classes)]

    def of_label(label, c):
        """Occurrences in lists of class c of the samples with a label, and all occurrences."""
        members = [x for x in range(n) if y[x] == label]
        return sum(N_c[x][c] for x in members), sum(N[x] for x in members), len(members)

    def vote(x, c):
        is_label = float(y[x] == c)
        if scheme == "hw":
            return is_label * math.exp(-(bad[x] - np.mean(bad)) / np.std(bad))
        if scheme == "hfnn":
            if N[x] > theta:
                return (N_c[x][c] + is_label + lam) / (N[x] + 1 + n_classes * lam)
            in_class, all_lists, members = of_label(y[x], c)
            return (in_class + is_label * members + lam) / (all_lists + members + n_classes * lam)
        if scheme == "nhbnn":
            in_class, _, members = of_label(y[x], c)
            count = N_c[x][c] if N[x] > theta else in_class / members
            return math.log((count + is_label + lam) / (size[c] * (k + 1) + lam * n))
        alpha = (information[x] - min(information)) / (math.log2(n) - min(information))
        share = (N_c[x][c] + is_label) / (N[x] + 1)
        return information[x] * (alpha * is_label + (1 - alpha) * share)

    votes = np.zeros((D_query.shape[0], n_classes))
    for i in range(D_query.shape[0]):
        for x in candidates_of(D_query, i, k, is_index=False):
            weight = 1 if weights == "uniform" else D_query[i, x] ** -2
            votes[i] += [weight * vote(x, c) for c in range(n_classes)]
        if scheme == "nhbnn":
            votes[i] += [math.log(size[c] / n) for c in range(n_classes)]
    return votes


def literal_nadaraya_watson(D_query, y, k, kernel, bandwidth):
    """Kernel averages (n_queries, n_classes) over the k nearest; ``None``: the k-th distance."""
    averages = np.zeros((D_query.shape[0], max(y) + 1))
    for i in range(D_query.shape[0]):
        nearest = candidates_of(D_query, i, k, is_index=False)
        h = D_query[i, nearest[-1]] if bandwidth is None else bandwidth
        for x in nearest:
            averages[i, y[x]] += kernel(D_query[i, x] / h)
    return averages / averages.sum(axis=1, keepdims=True)

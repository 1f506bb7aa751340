"""Literal, slow forms of the search with reduced hubness: one pair at a time."""

import math

import numpy as np

__all__ = ["candidates_of", "literal_nicdm", "literal_normal_mp", "literal_search"]


def candidates_of(D, i, depth, *, is_index):
    """The ``depth`` nearest columns of row i, ties by column, the sample itself left out."""
    columns = [j for j in range(D.shape[1]) if not (is_index and j == i)]
    return sorted(columns, key=lambda j: (D[i, j], j))[:depth]


def literal_nicdm(d, of_query, of_indexed, *, n_neighbors=10):
    """Distance over the root of the product of both mean distances to the nearest."""
    means = [np.mean(sorted(v)[:n_neighbors]) for v in (of_query, of_indexed)]
    return d / math.sqrt(means[0] * means[1])


def literal_normal_mp(d, of_query, of_indexed):
    """One minus the product of two upper tails of normal laws."""
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

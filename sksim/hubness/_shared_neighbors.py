"""Neighbour lists, and how much two of them overlap, each shared neighbour weighted."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np
from scipy import sparse

from sksim.hubness._distances import StoredDistances
from sksim.utils._memory import check_fits
from sksim.utils._typing import FloatArray

__all__ = ["indexed_lists", "neighbor_lists", "weight_not_shared"]


def neighbor_lists(distances: StoredDistances, n_neighbors: int) -> sparse.csr_array:
    """Sparse matrix with ones at the nearest neighbours of each row, the sample itself not one."""
    indices = distances.nearest(n_neighbors)[1]
    listed = indices >= 0
    indptr = np.concatenate([[0], np.cumsum(listed.sum(axis=1))])
    ones = np.ones(indptr[-1])
    return sparse.csr_array((ones, indices[listed], indptr), shape=distances.shape)


def indexed_lists(
    distances: StoredDistances, n_neighbors: int, bank: Any, name: str
) -> sparse.csr_array:
    """Lists of the indexed samples among themselves."""
    if bank is not None:
        raise ValueError(f"{name} compares neighbours in one set, got a bank of queries.")
    return neighbor_lists(distances, n_neighbors)


def _check_overlaps(of_queries: sparse.csr_array, lists: sparse.csr_array) -> None:
    """Raise before overlaps that do not fit: a hub is shared by all samples that it is near to."""
    n_indexed = lists.shape[0]
    n_overlaps = np.minimum(of_queries @ lists.sum(axis=0), n_indexed).sum()
    check_fits(
        16.0 * n_overlaps,
        f"The overlaps of the neighbours of {of_queries.shape[0]} queries and {n_indexed} samples",
        "Lower n_neighbors, or transform a block of rows of the graph after the other.",
    )


def weight_not_shared(
    distances: StoredDistances, lists: sparse.csr_array, weights: FloatArray, n_neighbors: int
) -> FloatArray:
    """``1 - sum of the weights of shared neighbours`` beside each distance, in [0, 1].

    ``lists`` and ``weights``, at most 1 / n_neighbors each, are those of the indexed samples.
    """
    of_queries = neighbor_lists(distances, n_neighbors)
    _check_overlaps(of_queries, lists)
    shared = of_queries.multiply(weights[None, :]).tocsr() @ lists.T
    return np.clip(1 - distances.beside(shared), 0, 1)

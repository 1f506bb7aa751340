import numpy as np
import pytest
from scipy import sparse
from scipy.spatial.distance import squareform

from sksim.utils._graph import dense_to_graph
from tests.reference.hubness import Space


@pytest.fixture
def five_points():
    """Tie-free distances of five points; every published reference value here belongs to them."""
    return squareform([0.2, 0.1, 0.8, 0.4, 0.3, 0.5, 0.7, 1.0, 0.6, 0.9])


def euclidean(X, Y=None):
    Y = X if Y is None else Y
    return np.sqrt(((X[:, None, :] - Y[None, :, :]) ** 2).sum(axis=-1))


@pytest.fixture
def space():
    """30 indexed samples with a pair of duplicates, and 12 queries.

    Two of the queries are indexed samples, one of them the duplicate.
    """
    rng = np.random.RandomState(0)
    X = rng.standard_normal((30, 5))
    X[7] = X[3]
    Q = np.vstack([rng.standard_normal((10, 5)), X[[3, 20]]])
    return Space(X, Q, euclidean(X), euclidean(Q, X))


@pytest.fixture
def index_and_queries(space):
    """The distances of ``space``: among the indexed samples, and to them from the queries."""
    return space.T, space.D


def truncated(D, n_entries, container=sparse.csr_matrix):
    """Neighbour graph of the first entries of each row of a distance matrix."""
    graph = dense_to_graph(D)
    m, n = graph.shape
    data = graph.data.reshape(m, n)[:, :n_entries].ravel()
    indices = graph.indices.reshape(m, n)[:, :n_entries].ravel()
    return container((data, indices, np.arange(m + 1) * n_entries), shape=(m, n))


def ragged(D, lengths, container=sparse.csr_matrix):
    """Neighbour graph with a different number of entries in each row."""
    graph = dense_to_graph(D)
    m, n = graph.shape
    kept = (np.arange(n) < np.asarray(lengths)[:, None]).ravel()
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return container((graph.data[kept], graph.indices[kept], indptr), shape=(m, n))

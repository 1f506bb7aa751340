import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, squareform

from sksim.hubness import CSLS
from sksim.utils._graph import dense_to_graph, graph_to_dense
from tests.hubness.conftest import truncated
from tests.reference import hubness as oracle


def test_published_five_points(five_points):
    fitted = CSLS(n_neighbors=2).fit(five_points)
    got = fitted.transform(five_points) - fitted.offset_
    np.fill_diagonal(got, 0)
    expected = [0, -0.15, 0.8, 0.15, 0.15, 0.1, 0.65, 1.15, 0.5, 0.65]
    np.testing.assert_allclose(squareform(got, checks=False), expected, atol=1e-12)


@pytest.mark.parametrize("k", [1, 4, 29])
def test_equals_literal_formula(index_and_queries, k):
    T, D = index_and_queries
    fitted = CSLS(n_neighbors=k).fit(T)
    for rows in (T, D):
        expected = oracle.csls(rows, T, k)
        shifted = expected + fitted.offset_
        own = [(i, oracle.own_column(row)) for i, row in enumerate(rows)]
        for i, j in own:
            if j is not None:
                shifted[i, j] = 0
        np.testing.assert_allclose(fitted.transform(rows), shifted, atol=1e-12)
        graph = fitted.transform(dense_to_graph(rows))
        np.testing.assert_allclose(graph_to_dense(graph), shifted, atol=1e-12)


@given(st.integers(0, 10**6), st.sampled_from(["euclidean", "cityblock", "cosine", "sqeuclidean"]))
def test_offset_suffices_for_every_query(seed, metric):
    """No row constant is lowered: the values are those of the formula, however far the query."""
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((25, 3))
    Q = np.vstack(
        [100 * rng.standard_normal((5, 3)), X[:3] + 1e-6, X.mean(axis=0) + rng.rand(4, 3)]
    )
    T, D = cdist(X, X, metric), cdist(Q, X, metric)
    np.fill_diagonal(T, 0)
    fitted = CSLS(n_neighbors=5).fit(np.maximum(T, 0))
    got = fitted.transform(np.maximum(D, 0))
    expected = oracle.csls(D, T, 5) + fitted.offset_
    np.testing.assert_allclose(got, expected, atol=1e-9)
    assert (got >= 0).all()


def test_query_below_the_bound_is_shifted_not_clipped():
    """Distances that are no metric: near to one sample, far from all others."""
    T = np.full((12, 12), 1e-3)
    np.fill_diagonal(T, 0)
    row = np.r_[0.1, np.linspace(500, 900, 11)][None]
    fitted = CSLS(n_neighbors=10).fit(T)
    got = fitted.transform(row)[0]
    assert got.min() == 0
    np.testing.assert_allclose(np.diff(got), 2 * np.diff(row[0]), rtol=1e-9)


def test_order_is_that_of_the_published_similarity(rng):
    X = rng.standard_normal((60, 8))
    U = X / np.linalg.norm(X, axis=1, keepdims=True)
    S = U @ U.T
    np.fill_diagonal(S, -np.inf)
    mean = np.sort(S, axis=1)[:, -10:].mean(axis=1)
    published = 2 * S - mean[:, None] - mean
    D = 1 - S
    np.fill_diagonal(D, 0)
    got = CSLS().fit_transform(dense_to_graph(np.maximum(D, 0)))
    nearest = got.indices.reshape(60, 60)[:, 1:]
    np.testing.assert_array_equal(nearest, np.argsort(-published, axis=1)[:, :59])


def test_bank_of_queries_from_another_space(rng):
    index, bank, Q = (rng.standard_normal((n, 6)) for n in (50, 70, 9))
    to_bank, D = cdist(index, bank, "cosine"), cdist(Q, index, "cosine")
    fitted = CSLS(n_neighbors=5).fit_graph(truncated(to_bank, 8), vectors=index, bank=bank)
    mean_index = np.sort(to_bank, axis=1)[:, :5].mean(axis=1)
    mean_query = np.sort(D, axis=1)[:, :5].mean(axis=1)
    expected = 2 * D - mean_query[:, None] - mean_index + fitted.offset_
    np.testing.assert_allclose(fitted.reduce_graph(D), expected)

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import KNeighborsTransformer

from sksim._search._rerank import rerank
from sksim.neighbors import HubnessReducedKNeighborsTransformer, HubnessReducedNearestNeighbors


@pytest.fixture
def X(rng):
    return rng.standard_normal((80, 6))


@pytest.fixture
def Q():
    return np.random.RandomState(1).standard_normal((15, 6))


class Approximate(BaseEstimator):
    """Exact search that forgets some neighbours, its own entry too, and rounds distances."""

    def __init__(self, n_neighbors=5, mode="distance", share=0.3):
        self.n_neighbors = n_neighbors
        self.mode = mode
        self.share = share

    def fit(self, X, y=None):
        self.search_ = KNeighborsTransformer(n_neighbors=self.n_neighbors).fit(X)
        return self

    def transform(self, X):
        graph = sparse.coo_matrix(self.search_.transform(X))
        kept = np.random.RandomState(0).uniform(size=graph.nnz) > self.share
        data = graph.data[kept].round(1)
        return sparse.csr_matrix((data, (graph.row[kept], graph.col[kept])), shape=graph.shape)


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "cosine", "manhattan"])
@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix])
def test_rerank_is_exact(X, Q, metric, make):
    candidates = np.random.RandomState(0).randint(-1, 80, size=(15, 9))
    distances, indices = rerank(make(Q), make(X), candidates, metric=metric)
    name = {"manhattan": "cityblock"}.get(metric, metric)
    D = cdist(Q, X, name)
    for i in range(15):
        kept = candidates[i][candidates[i] >= 0]
        expected = sorted((D[i, j], j) for j in kept)
        assert_array_equal(indices[i, : kept.size], [j for _, j in expected])
        assert_allclose(distances[i, : kept.size], [d for d, _ in expected])
        assert_array_equal(indices[i, kept.size :], -1)
        assert np.isinf(distances[i, kept.size :]).all()


def test_rerank_with_parameters_of_the_metric(X, Q):
    candidates = np.arange(80)[None].repeat(15, axis=0)
    distances, _ = rerank(Q, X, candidates, metric="minkowski", metric_params={"p": 3})
    assert_allclose(distances, np.sort(cdist(Q, X, "minkowski", p=3), axis=1))


@pytest.mark.parametrize("reduction", [None, "mutual_proximity", "nicdm", "csls"])
@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_exact_transformer_gives_the_exact_result(X, Q, reduction, metric):
    options = {"reduction": reduction, "metric": metric, "n_candidates": 30}
    expected = HubnessReducedKNeighborsTransformer(5, **options).fit(X)
    backend = KNeighborsTransformer(metric=metric)
    given = HubnessReducedKNeighborsTransformer(5, backend=backend, **options).fit(X)
    for queries in (X, Q):
        graph = given.transform(queries)
        assert_array_equal(graph.indices, expected.transform(queries).indices)
        assert_array_equal(graph.data, expected.transform(queries).data)
    assert not hasattr(backend, "n_samples_fit_")


@pytest.mark.parametrize("reduction", [None, "mutual_proximity", "nicdm", "csls"])
def test_missing_neighbours_are_tolerated(X, Q, reduction):
    given = HubnessReducedKNeighborsTransformer(
        5, backend=Approximate(), reduction=reduction, n_candidates=30
    ).fit(X)
    graph = given.transform(Q)
    assert np.isfinite(graph.data).all()
    if reduction is None:
        D = cdist(Q, X)
        rows = np.repeat(np.arange(15), np.diff(graph.indptr))
        assert_allclose(graph.data, D[rows, graph.indices])
        assert np.diff(graph.indptr).min() < 6
    else:
        assert_array_equal(np.diff(graph.indptr), 6)


def test_own_neighbours_of_an_approximate_search(X):
    search = HubnessReducedNearestNeighbors(3, backend=Approximate(), n_candidates=30).fit(X)
    indices = search.kneighbors(return_distance=False)
    assert (indices != np.arange(80)[:, None]).all()


def test_too_few_neighbours_name_the_row(X, Q):
    search = HubnessReducedNearestNeighbors(5, backend=Approximate(share=0.9), reduction=None)
    search.fit(X)
    with pytest.raises(ValueError, match=r"fewer candidates in \d+ of 15 rows, for example in row"):
        search.kneighbors(Q)


@pytest.mark.parametrize("n_samples", [7, 80])
def test_transformers_of_fewer_samples_than_candidates(X, Q, n_samples):
    X = X[:n_samples]
    expected = HubnessReducedKNeighborsTransformer(5).fit(X).transform(Q)
    got = HubnessReducedKNeighborsTransformer(5, backend=KNeighborsTransformer()).fit(X)
    assert_array_equal(got.transform(Q).indices, expected.indices)
    assert_allclose(got.transform(Q).data, expected.data)


def one_minus_cosine(a, b):
    return 1 - (a @ b) / np.sqrt((a @ a) * (b @ b))


@pytest.mark.parametrize("backend", ["brute", KNeighborsTransformer(metric="cosine")])
def test_rounding_errors_below_zero_are_zeros(X, Q, backend):
    X = np.vstack([X, 3 * X])
    options = {"backend": backend, "reduction": "nicdm", "n_candidates": 25}
    got = HubnessReducedKNeighborsTransformer(5, metric=one_minus_cosine, **options).fit(X)
    expected = HubnessReducedKNeighborsTransformer(5, metric="cosine", **options).fit(X)
    assert min(one_minus_cosine(x, 3 * x) for x in X) < 0
    assert_allclose(got.transform(Q).data, expected.transform(Q).data, atol=1e-6)
    assert got.transform(X).data.min() == 0


@pytest.mark.parametrize("backend", ["brute", KNeighborsTransformer()])
def test_a_similarity_is_no_metric(X, backend):
    search = HubnessReducedKNeighborsTransformer(5, metric=np.dot, backend=backend)
    with pytest.raises(ValueError, match="metric must give distances, .* got values down to -"):
        search.fit(X)


def test_a_fitted_index_is_used_as_it_is(X, Q):
    index = KNeighborsTransformer(n_neighbors=31).fit(X)
    search = clone(HubnessReducedNearestNeighbors(5, n_candidates=30)).fit(X)
    given = HubnessReducedNearestNeighbors(5, backend=FrozenEstimator(index), n_candidates=30)
    given = clone(given).fit(X)
    assert given.backend_.fitted.estimator is index
    for queries in (None, Q):
        for found, expected in zip(given.kneighbors(queries), search.kneighbors(queries)):
            assert_array_equal(found, expected)
    other = HubnessReducedNearestNeighbors(5, backend=FrozenEstimator(index), n_candidates=30)
    with pytest.raises(ValueError, match="80"):
        other.fit(X[:60])


def test_a_fitted_index_gives_enough_neighbours(X):
    index = FrozenEstimator(KNeighborsTransformer(n_neighbors=29).fit(X))
    search = HubnessReducedNearestNeighbors(5, backend=index, n_candidates=31)
    with pytest.raises(ValueError, match="must give at least 31 neighbours.*n_neighbors=29"):
        search.fit(X)


def test_a_fitted_index_that_is_not_frozen_is_built_again(X):
    """As all estimators within others: clone and GridSearchCV would build it again in any case."""
    index = KNeighborsTransformer(n_neighbors=31).fit(X[:60])
    search = HubnessReducedNearestNeighbors(5, backend=index).fit(X)
    assert search.backend_.fitted is not index
    assert index.n_samples_fit_ == 60


@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({}, "BruteBackend(80 x 6, metric='euclidean')"),
        ({"backend": KNeighborsTransformer()}, "TransformerBackend(KNeighborsTransformer("),
    ],
)
def test_what_searches_can_be_seen(X, options, shown):
    assert repr(HubnessReducedNearestNeighbors(**options).fit(X).backend_).startswith(shown)

import numpy as np
import pytest
from scipy.spatial.distance import cdist, squareform
from scipy.special import ndtr

from sksim.hubness import MutualProximity
from sksim.hubness._proximity import _moments
from sksim.neighbors import HubnessReducedNearestNeighbors
from sksim.utils._graph import dense_to_graph, graph_to_dense
from tests.hubness.conftest import euclidean, ragged, truncated
from tests.reference import hubness as oracle

REFERENCE = {
    "normal": "346612 253434 971773 575453 463702 670877 970279 989997 766025 975463",
    "gamma": "433477 230927 955841 674470 576129 708848 958530 981779 828691 964605",
    "empirical": "600000 400000 1000000 800000 600000 800000 1000000 1000000 800000 1000000",
}
ORACLES = {
    "normal": oracle.mp_normal,
    "gamma": oracle.mp_gamma,
    "empirical": oracle.mp_empirical,
}


@pytest.mark.parametrize("method", REFERENCE)
def test_published_five_points(five_points, method):
    expected = np.array(REFERENCE[method].split(), float) / 1e6
    reduced = MutualProximity(method=method).fit_transform(five_points)
    np.testing.assert_allclose(squareform(reduced, checks=False), expected, atol=6e-7)
    np.testing.assert_allclose(reduced, reduced.T, rtol=1e-13)


@pytest.mark.parametrize("method", ORACLES)
def test_equals_literal_formula(index_and_queries, method):
    T, D = index_and_queries
    fitted = MutualProximity(method=method).fit(T)
    for rows in (T, D):
        np.testing.assert_allclose(fitted.transform(rows), ORACLES[method](rows, T), atol=1e-12)
        graph = fitted.transform(dense_to_graph(rows))
        np.testing.assert_allclose(graph_to_dense(graph), ORACLES[method](rows, T), atol=1e-12)


def test_empirical_on_stored_neighbours_counts_missing_distances_as_larger(index_and_queries):
    T, D = index_and_queries
    index, queries = truncated(T, 9), truncated(D, 8)
    fitted = MutualProximity(method="empirical").fit(index)
    stored = [np.full(T.shape, np.inf), np.full(D.shape, np.inf)]
    for table, graph in zip(stored, (index, queries)):
        rows = np.repeat(np.arange(graph.shape[0]), np.diff(graph.indptr))
        table[rows, graph.indices] = graph.data
    expected = oracle.mp_empirical(stored[1], stored[0])
    got = fitted.transform(queries)
    rows = np.repeat(np.arange(12), 8)
    np.testing.assert_allclose(got.data, expected[rows, got.indices])


def test_empirical_graph_without_self_entries_equals_graph_with_them(index_and_queries):
    T, D = index_and_queries
    T = T + 0.01 * (1 - np.eye(30))  # no duplicates
    with_self = dense_to_graph(T)
    off = with_self.indices != np.repeat(np.arange(30), 30)
    without = type(with_self)(
        (with_self.data[off], with_self.indices[off], np.arange(31) * 29), shape=(30, 30)
    )
    for depth in (29, 12):
        keep = np.tile(np.arange(29) < depth, 30)
        short = type(without)(
            (without.data[keep], without.indices[keep], np.arange(31) * depth), shape=(30, 30)
        )
        a = MutualProximity(method="empirical").fit(short).transform(D)
        b = MutualProximity(method="empirical").fit(truncated(T, depth + 1)).transform(D)
        np.testing.assert_allclose(a, b)


@pytest.mark.parametrize("method", ["normal", "gamma"])
@pytest.mark.parametrize("metric", ["sqeuclidean", "cosine", "euclidean", "cityblock"])
def test_exact_moments_are_those_of_all_distances(rng, method, metric):
    X = rng.standard_normal((60, 7)) * np.arange(1, 8) + 3
    Q = rng.standard_normal((9, 7))
    Q[4] = X[11]
    T, D = cdist(X, X, metric), cdist(Q, X, metric)
    np.fill_diagonal(T, 0)
    D[4, 11] = 0
    fitted = MutualProximity(method=method, moments="exact").fit_graph(
        truncated(T, 12), vectors=X, metric=metric
    )
    reduced = fitted.reduce_graph(truncated(D, 12), queries=Q)
    power = 2 if metric == "euclidean" else 1
    expected = ORACLES[method](D**power, T**power)
    rows = np.repeat(np.arange(9), 12)
    np.testing.assert_allclose(reduced.data, expected[rows, reduced.indices], rtol=1e-7)


@pytest.mark.parametrize("metric", ["sqeuclidean", "cosine"])
def test_exact_moments_are_formed_in_batches(rng, metric, monkeypatch):
    monkeypatch.setattr(_moments, "_BATCH_ROWS", 7)
    X = rng.standard_normal((50, 4)) + 2
    T = cdist(X, X, metric)
    np.fill_diagonal(T, 0)
    fitted = MutualProximity(moments="exact").fit_graph(truncated(T, 9), vectors=X, metric=metric)
    others = T[~np.eye(50, dtype=bool)].reshape(50, 49)
    np.testing.assert_allclose(fitted.mean_, others.mean(axis=1))
    np.testing.assert_allclose(fitted.scale_, others.std(axis=1))


def test_exact_moments_survive_a_large_offset(rng):
    X = rng.standard_normal((200, 5))
    T = cdist(X, X, "sqeuclidean")
    options = {"moments": "exact"}
    near = MutualProximity(**options).fit_graph(truncated(T, 20), vectors=X, metric="sqeuclidean")
    far = MutualProximity(**options).fit_graph(
        truncated(T, 20), vectors=X + 1e4, metric="sqeuclidean"
    )
    np.testing.assert_allclose(near.mean_, T.sum(axis=1) / 199)
    np.testing.assert_allclose(far.mean_, near.mean_, rtol=1e-8)
    np.testing.assert_allclose(far.scale_, near.scale_, rtol=1e-8)


def test_exact_moments_of_sparse_vectors_and_of_zero_vectors(rng):
    from scipy import sparse

    X = np.where(rng.uniform(size=(40, 15)) < 0.7, 0, rng.uniform(size=(40, 15)))
    X[5] = 0
    T = (
        1
        - (X / np.maximum(np.linalg.norm(X, axis=1), 1e-300)[:, None])
        @ (X / np.maximum(np.linalg.norm(X, axis=1), 1e-300)[:, None]).T
    )
    np.fill_diagonal(T, 0)
    graph = truncated(np.maximum(T, 0), 10)
    dense = MutualProximity(moments="exact").fit_graph(graph, vectors=X, metric="cosine")
    from_sparse = MutualProximity(moments="exact").fit_graph(
        graph, vectors=sparse.csr_array(X), metric="cosine"
    )
    np.testing.assert_allclose(dense.mean_, from_sparse.mean_)
    np.testing.assert_allclose(dense.scale_, from_sparse.scale_)
    np.testing.assert_allclose(dense.mean_, T.sum(axis=1) / 39)


@pytest.mark.parametrize("metric", ["cityblock", "euclidean"])
def test_landmark_moments(rng, metric):
    X = rng.standard_normal((80, 4))
    T = cdist(X, X, metric)
    fit = {"vectors": X, "metric": metric}
    all_of_them = MutualProximity(moments="landmarks", n_landmarks=80, random_state=0)
    all_of_them.fit_graph(truncated(T, 15), **fit)
    np.testing.assert_allclose(all_of_them.mean_, T.sum(axis=1) / 79)
    some = [
        MutualProximity(moments="landmarks", n_landmarks=40, random_state=seed)
        .fit_graph(truncated(T, 15), **fit)
        .mean_
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(some[0], some[1])
    assert not np.array_equal(some[0], some[2])
    np.testing.assert_allclose(some[0], all_of_them.mean_, rtol=0.25)


@pytest.mark.parametrize("moments", ["exact", "landmarks"])
def test_vectors_are_asked_for_on_a_bare_truncated_graph(index_and_queries, moments):
    T, _ = index_and_queries
    estimator = MutualProximity(moments=moments)
    assert estimator.needs_vectors
    with pytest.raises(ValueError, match="HubnessReducedKNeighborsTransformer"):
        estimator.fit(truncated(T, 10))
    complete = MutualProximity().fit_transform(T)
    np.testing.assert_array_equal(estimator.fit_transform(T), complete)


def test_queries_are_asked_for_after_a_fit_on_vectors(rng):
    X = rng.standard_normal((30, 3))
    fitted = MutualProximity(moments="exact").fit_graph(truncated(euclidean(X), 9), vectors=X)
    with pytest.raises(ValueError, match="needs the vectors"):
        fitted.transform(truncated(euclidean(X), 9))


def test_empirical_refuses_moments_that_it_does_not_use_and_a_bank(index_and_queries):
    T, _ = index_and_queries
    with pytest.raises(ValueError, match="moments must be 'graph' or 'exact'"):
        MutualProximity(method="empirical", moments="landmarks").fit_graph(
            truncated(T, 9), vectors=T
        )
    with pytest.raises(ValueError, match="got dense vectors and metric='cityblock'"):
        MutualProximity(method="empirical", moments="exact").fit_graph(
            truncated(T, 9), vectors=T, metric="cityblock"
        )
    with pytest.raises(ValueError, match="bank"):
        MutualProximity(method="empirical").fit_graph(truncated(T, 9), vectors=T, bank=T)


def test_deep_tail_keeps_its_order():
    """Distances far below the mean: 1 - SF SF would be exactly 0 for all of them."""
    d = np.array([10.0, 10.2, 10.4])
    row = np.r_[d, np.full(500, 100.0) + np.linspace(-12, 12, 500)]
    T = np.full((503, 503), 100.0) + np.linspace(-12, 12, 503)[:, None] % 1
    np.fill_diagonal(T, 0)
    reduced = MutualProximity().fit(T).transform(row[None])[0, :3]
    assert (np.diff(reduced) > 0).all()
    assert (reduced > 0).all()
    assert reduced[0] < 1e-16


def test_normal_distribution_is_written_as_sum_of_distribution_functions(five_points):
    fitted = MutualProximity().fit(five_points)
    np.testing.assert_allclose(fitted.mean_, [0.375, 0.425, 0.5, 0.8, 0.65])
    np.testing.assert_allclose(
        fitted.scale_, [0.268095, 0.192029, 0.339116, 0.187083, 0.180278], atol=5e-7
    )
    z = (five_points[0, 1] - fitted.mean_[:2]) / fitted.scale_[:2]
    expected = ndtr(z[0]) + ndtr(z[1]) - ndtr(z[0]) * ndtr(z[1])
    assert fitted.transform(five_points)[0, 1] == pytest.approx(expected, rel=1e-14)


def test_bank_moments_describe_the_bank(rng):
    index, bank, Q = (rng.standard_normal((n, 4)) + s for n, s in ((40, 0), (60, 1), (8, 1)))
    to_bank = cdist(index, bank, "sqeuclidean")
    fitted = MutualProximity(moments="exact").fit_graph(
        truncated(to_bank, 10), vectors=index, metric="sqeuclidean", bank=bank
    )
    np.testing.assert_allclose(fitted.mean_, to_bank.mean(axis=1))
    np.testing.assert_allclose(fitted.scale_, to_bank.std(axis=1))
    D = cdist(Q, index, "sqeuclidean")
    reduced = fitted.reduce_graph(truncated(D, 10), queries=Q)
    of_query = ndtr((D - D.mean(axis=1)[:, None]) / D.std(axis=1)[:, None])
    of_index = ndtr((D - to_bank.mean(axis=1)) / to_bank.std(axis=1))
    expected = of_query + of_index - of_query * of_index
    rows = np.repeat(np.arange(8), 10)
    np.testing.assert_allclose(reduced.data, expected[rows, reduced.indices])


def test_ragged_graph_uses_the_moments_of_each_row(index_and_queries):
    T, _ = index_and_queries
    lengths = np.r_[[1, 2, 0], np.full(27, 12)]
    graph = ragged(T, lengths)
    fitted = MutualProximity().fit(graph)
    np.testing.assert_allclose(fitted.mean_[1], graph.data[1:3].mean() * 1.0, rtol=1)
    reduced = fitted.transform(graph)
    np.testing.assert_array_equal(np.diff(reduced.indptr), lengths)
    assert np.isfinite(reduced.data).all()


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "cosine"])
def test_empirical_counts_over_all_vectors(rng, metric):
    X, Q = rng.standard_normal((60, 5)), rng.standard_normal((9, 5))
    X[7] = X[3]
    Q[4] = X[11]
    T, D = (np.maximum(cdist(Z, X, metric), 0) for Z in (X, Q))
    np.fill_diagonal(T, 0)
    T[3, 7] = T[7, 3] = D[4, 11] = 0
    estimator = MutualProximity(method="empirical", moments="exact")
    fitted = estimator.fit_graph(truncated(T, 12), vectors=X, metric=metric)
    graph = ragged(D, [12, 9, 0, 1, 12, 12, 12, 12, 12])
    reduced = fitted.reduce_graph(graph, queries=Q)
    rows = np.repeat(np.arange(9), np.diff(graph.indptr))
    expected = oracle.mp_empirical(D, T)[rows, reduced.indices]
    # cdist and the exact distances of the count may differ in the last digit of a tie
    np.testing.assert_allclose(reduced.data, expected, atol=1.01 / 60)
    assert np.mean(np.abs(reduced.data - expected) < 1e-12) > 0.9
    with pytest.raises(ValueError, match="needs the vectors"):
        fitted.transform(graph)


@pytest.mark.parametrize("moments", ["graph", "exact", "landmarks"])
@pytest.mark.parametrize("method", ["normal", "gamma"])
def test_units_that_squares_leave_raise(moments, method):
    X = np.random.RandomState(0).standard_normal((60, 4))
    reduction = MutualProximity(method=method, moments=moments, random_state=0)
    search = HubnessReducedNearestNeighbors(3, reduction=reduction, n_candidates=20)
    expected = search.fit(X).kneighbors()
    for unit in (2.0**-230, 2.0**230):
        for found, value in zip(search.fit(unit * X).kneighbors(), expected):
            np.testing.assert_allclose(found, value, rtol=1e-9)
    for unit in (1e-150, 1e150):
        with pytest.raises(ValueError, match="MutualProximity squares the distances"):
            search.fit(unit * X)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("method", ["normal", "gamma", "empirical"])
def test_symmetric_matrix_at_once(method, dtype):
    X = np.random.RandomState(0).standard_normal((600, 4))
    X[[7, 9]] = X[3]
    D = cdist(X, X).astype(dtype)
    reduction = MutualProximity(method=method)
    found = reduction.fit_transform(D)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, reduction.fit(D).transform(D))
    D[5, 8] *= 1.5
    np.testing.assert_array_equal(reduction.fit_transform(D), reduction.fit(D).transform(D))


@pytest.mark.parametrize("unit", [2.0**-500, 2.0**-60, 2.0**500])
def test_exact_cosine_moments_do_not_depend_on_the_unit(unit):
    X = np.random.RandomState(0).standard_normal((60, 4))
    search = HubnessReducedNearestNeighbors(
        3, reduction=MutualProximity(moments="exact"), n_candidates=20, metric="cosine"
    )
    expected = search.fit(X).kneighbors(X)
    for found, value in zip(search.fit(unit * X).kneighbors(unit * X), expected):
        np.testing.assert_allclose(found, value, rtol=1e-9)


@pytest.mark.parametrize(
    ("option", "meant"), [({"method": "gama"}, "gamma"), ({"moments": "landmark"}, "landmarks")]
)
def test_unknown_options_propose_the_nearest(option, meant, five_points):
    with pytest.raises(ValueError, match=rf"Did you mean '{meant}'\?"):
        MutualProximity(**option).fit(five_points)

"""Properties that the documentation claims for all reductions of graphs."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone

from sksim.hubness import (
    CSLS,
    NICDM,
    InvertedSoftmax,
    LocalizedCentering,
    LocalScaling,
    MutualProximity,
    NearestNeighborNormalization,
    SharedNearestNeighbors,
    SimhubSimilarity,
)
from sksim.hubness._registry import REDUCTIONS, resolve_reduction
from sksim.utils._graph import dense_to_graph, graph_to_dense
from tests.hubness.conftest import euclidean, ragged, truncated

REDUCERS = [
    MutualProximity(),
    MutualProximity(method="gamma"),
    MutualProximity(method="empirical"),
    LocalScaling(n_neighbors=5),
    NICDM(n_neighbors=5),
    CSLS(n_neighbors=5),
]
SHARED = [SharedNearestNeighbors(5), SimhubSimilarity(5)]
ONE_SIDED = [
    NearestNeighborNormalization(5),
    InvertedSoftmax(beta=2.0),
    InvertedSoftmax(beta=2.0, dynamic=True),
    LocalizedCentering(5),
]
IN_UNIT_INTERVAL = [*REDUCERS[:4], *SHARED]
SCALE_FREE = [*REDUCERS[:5], *SHARED]
SYMMETRIC = [*REDUCERS, *SHARED]
ALL = [*REDUCERS, *SHARED, *ONE_SIDED]
seeds = st.integers(0, 10**6)
each_reducer = pytest.mark.parametrize("reducer", ALL, ids=str)


def points(seed, n=30, d=3, duplicates=True):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((n, d))
    if duplicates:
        X[rng.randint(n, size=4)] = X[rng.randint(n)]
    return X


@each_reducer
@given(seed=seeds)
def test_transform_equals_fit_transform_with_duplicates(reducer, seed):
    for D in (euclidean(points(seed)), truncated(euclidean(points(seed)), 12)):
        a, b = reducer.fit_transform(D), reducer.fit(D).transform(D)
        np.testing.assert_array_equal(_dense(a), _dense(b))


def _dense(reduced):
    return reduced.toarray() if sparse.issparse(reduced) else reduced


@each_reducer
@given(seed=seeds)
def test_rows_do_not_depend_on_the_batch(reducer, seed):
    T, D = euclidean(points(seed)), euclidean(points(seed + 1, n=8), points(seed))
    for fit, queries in ((T, D), (truncated(T, 12), truncated(D, 9))):
        fitted = clone(reducer).fit(fit)
        whole = fitted.transform(queries)
        for i in (0, 5):
            np.testing.assert_array_equal(
                _dense(fitted.transform(queries[i : i + 1])), _dense(whole[i : i + 1])
            )


@pytest.mark.parametrize("reducer", IN_UNIT_INTERVAL, ids=str)
@given(seed=seeds)
def test_values_are_in_the_unit_interval(reducer, seed):
    T, D = euclidean(points(seed)), euclidean(points(seed + 1, n=8) * 3, points(seed))
    for fit, queries in ((T, D), (truncated(T, 12), truncated(D, 9))):
        values = _dense(clone(reducer).fit(fit).transform(queries))
        assert ((values >= 0) & (values <= 1)).all()


@pytest.mark.parametrize("reducer", SCALE_FREE, ids=str)
@given(seed=seeds, scale=st.sampled_from([1e-12, 1e-3, 7.0, 1e6]))
def test_unchanged_by_the_unit_of_the_distance(reducer, seed, scale):
    T = euclidean(points(seed))
    for graph in (T, truncated(T, 12)):
        expected = _dense(reducer.fit_transform(graph))
        np.testing.assert_allclose(
            _dense(reducer.fit_transform(graph * scale)), expected, atol=1e-9
        )


@given(seed=seeds, scale=st.sampled_from([1e-3, 7.0, 1e6]))
def test_csls_scales_with_the_unit(seed, scale):
    T = euclidean(points(seed))
    expected = CSLS().fit_transform(T) * scale
    np.testing.assert_allclose(CSLS().fit_transform(T * scale), expected, atol=1e-9 * scale)


@pytest.mark.parametrize("reducer", SYMMETRIC, ids=str)
@given(seed=seeds)
def test_symmetric_on_a_set_with_itself(reducer, seed):
    reduced = reducer.fit_transform(euclidean(points(seed, duplicates=False)))
    np.testing.assert_allclose(reduced, reduced.T, rtol=1e-9, atol=1e-12)


@each_reducer
@given(seed=seeds)
def test_permutation_of_the_samples_permutes_the_result(reducer, seed):
    T = euclidean(points(seed, duplicates=False))
    order = np.random.RandomState(seed).permutation(30)
    expected = reducer.fit_transform(T)[np.ix_(order, order)]
    np.testing.assert_allclose(reducer.fit_transform(T[np.ix_(order, order)]), expected, rtol=1e-9)


@each_reducer
def test_complete_graph_equals_matrix(reducer, index_and_queries):
    T, D = index_and_queries
    fitted = clone(reducer).fit(dense_to_graph(T))
    expected = clone(reducer).fit(T).transform(D)
    np.testing.assert_allclose(graph_to_dense(fitted.transform(dense_to_graph(D))), expected)
    np.testing.assert_allclose(fitted.transform(D), expected)


@each_reducer
@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array])
def test_graph_contract(reducer, container, index_and_queries):
    T, _ = index_and_queries
    graph = truncated(T, 12, container)
    before = graph.data.copy(), graph.indices.copy(), graph.indptr.copy()
    reduced = clone(reducer).fit(graph).transform(graph)
    assert type(reduced) is container
    assert reduced.shape == graph.shape
    values = reduced.data.reshape(30, 12)
    assert (np.diff(values, axis=1) >= 0).all()
    assert (values[:, 0] == 0).all()
    own = graph.indices.reshape(30, 12)[:, 0]
    np.testing.assert_array_equal(reduced.indices.reshape(30, 12)[:, 0], own)
    for array, old in zip((graph.data, graph.indices, graph.indptr), before):
        np.testing.assert_array_equal(array, old)
        assert array.ndim == 1


@each_reducer
def test_float32_graph(reducer, index_and_queries):
    T, D = (truncated(table, 12) for table in index_and_queries)
    T32, D32 = T.copy(), D.copy()
    T32.data, D32.data = T.data.astype(np.float32), D.data.astype(np.float32)
    got = clone(reducer).fit(T32).transform(D32)
    assert got.dtype == np.float32
    expected = clone(reducer).fit(T).transform(D)
    np.testing.assert_allclose(got.toarray(), expected.toarray(), atol=2e-5)


@each_reducer
def test_ragged_graph_with_empty_rows(reducer, index_and_queries):
    T, D = index_and_queries
    fitted = clone(reducer).fit(ragged(T, np.r_[0, 1, 2, 3, np.full(26, 12)]))
    graph = ragged(D, np.r_[0, 1, 5, 30, np.full(8, 12)])
    reduced = fitted.transform(graph)
    np.testing.assert_array_equal(np.diff(reduced.indptr), np.diff(graph.indptr))
    assert np.isfinite(reduced.data).all()
    assert (reduced.data >= 0).all()


@each_reducer
def test_rows_of_a_ragged_graph_do_not_depend_on_the_batch(reducer, rng):
    T = euclidean(rng.standard_normal((40, 5)))
    lengths = rng.randint(0, 40, 40)
    lengths[0] = 40
    graph = ragged(T, lengths)
    fitted = clone(reducer).fit(graph)
    whole = fitted.transform(graph)
    for i in range(40):
        np.testing.assert_array_equal(fitted.transform(graph[[i]]).data, whole[[i]].data)


@each_reducer
@pytest.mark.parametrize("n_duplicates", [7, 40])
def test_as_many_duplicates_as_neighbours(reducer, n_duplicates, rng):
    X = rng.standard_normal((40, 3))
    X[:n_duplicates] = X[0]
    T = euclidean(X)
    for graph in (T, truncated(T, 7)):
        values = _dense(clone(reducer).fit(graph).transform(graph))
        assert np.isfinite(values).all()
        assert (values >= 0).all()


@pytest.mark.parametrize("reducer", [*REDUCERS, *ONE_SIDED], ids=str)
def test_rows_of_equal_distances(reducer):
    T = np.full((20, 20), 0.3)
    np.fill_diagonal(T, 0)
    values = clone(reducer).fit(T).transform(T)
    off = values[~np.eye(20, dtype=bool)]
    assert np.isfinite(values).all()
    np.testing.assert_allclose(off, off[0])


@pytest.mark.parametrize("reducer", [*REDUCERS, *ONE_SIDED], ids=str)
def test_truncation_approaches_the_whole(reducer, rng):
    """Reduced neighbours among the K nearest become those among all as K grows."""
    T = euclidean(rng.standard_normal((150, 40)))
    whole = dense_to_graph(clone(reducer).fit_transform(T)).indices.reshape(150, 150)[:, 1:6]

    def overlap(depth):
        reduced = clone(reducer).fit_transform(truncated(T, depth))
        near = reduced.indices.reshape(150, depth)[:, 1:6]
        return np.mean([np.isin(a, b).mean() for a, b in zip(whole, near)])

    assert overlap(150) == pytest.approx(1, abs=0.03)  # ties of the empirical distribution aside
    assert overlap(120) > 0.8


@pytest.mark.parametrize("reducer", [*REDUCERS, ONE_SIDED[0]], ids=str)
def test_hubness_falls(reducer, rng):
    from scipy.stats import skew

    T = euclidean(rng.standard_normal((400, 50)))

    def skewness(D):
        near = np.argsort(D + np.diag(np.full(400, np.inf)), axis=1)[:, :10]
        return skew(np.bincount(near.ravel(), minlength=400))

    assert skewness(clone(reducer).fit_transform(T)) < 0.75 * skewness(T)


@pytest.mark.parametrize("reducer", [LocalScaling(12), NICDM(12), CSLS(12)], ids=str)
def test_graph_too_shallow(reducer, index_and_queries):
    T, _ = index_and_queries
    with pytest.raises(ValueError, match=r"too shallow for n_neighbors=12.* holds 11 neighbours"):
        reducer.fit(truncated(T, 12))
    reducer.fit(truncated(T, 13))


@each_reducer
def test_bad_graphs_are_refused(reducer, index_and_queries):
    T, D = index_and_queries
    good = truncated(T, 12)
    fitted = clone(reducer).fit(good)

    def with_data(data):
        bad = good.copy()
        bad.data = data
        return bad

    nan, negative = good.data.copy(), good.data.copy()
    nan[3], negative[0] = np.nan, -1.0
    cases = [
        (good.tocsc(), TypeError, "CSR"),
        (good.tocoo(), TypeError, "CSR"),
        (with_data(good.data[::-1].copy()), ValueError, "sorted"),
        (with_data(nan), ValueError, "NaN"),
        (with_data(negative), ValueError, "[Nn]egative"),
        (-T, ValueError, "Negative values in data"),
        (np.where(T > 1, np.nan, T), ValueError, "NaN"),
    ]
    for bad, error, message in cases:
        with pytest.raises(error, match=message):
            clone(reducer).fit(bad)
        with pytest.raises(error, match=message):
            fitted.transform(bad)
    for bad in (truncated(D, 12), D):
        with pytest.raises(ValueError, match="square"):
            clone(reducer).fit(bad)
    for bad in (good[:, :20], T[:, :20]):
        with pytest.raises(ValueError, match="30"):
            fitted.transform(bad)


def test_every_class_name_with_underscores_is_a_name():
    for cls in REDUCTIONS.values():
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()
        assert type(resolve_reduction(words)) is cls


def test_names():
    assert {"mutual_proximity", "local_scaling", "nicdm", "csls"} <= set(REDUCTIONS)
    for name, cls in REDUCTIONS.items():
        assert type(resolve_reduction(name)) is cls
    instance = NICDM(3)
    resolved = resolve_reduction(instance)
    assert resolved is not instance
    assert resolved.n_neighbors == 3
    assert resolve_reduction(None) is None
    with pytest.raises(ValueError, match=r"reduction must be one of \['csls'.*got 'garbage'"):
        resolve_reduction("garbage")
    with pytest.raises(ValueError, match=r"got 'nicmd'\. Did you mean 'nicdm'\?"):
        resolve_reduction("nicmd")
    with pytest.raises(ValueError, match=r"Did you mean 'mutual_proximity'\?"):
        resolve_reduction("MutualProximity")


@each_reducer
def test_a_batch_of_empty_rows_alone(reducer, index_and_queries):
    T, D = index_and_queries
    fitted = clone(reducer).fit(truncated(T, 12))
    for lengths in ([0], [0, 0, 1], [1]):
        reduced = fitted.transform(ragged(D[: len(lengths)], lengths))
        assert np.isfinite(reduced.data).all()


def test_large_graphs_are_reduced_in_blocks_of_rows(rng, monkeypatch):
    from sksim.hubness import _distances

    graph = truncated(euclidean(rng.standard_normal((90, 4))), 20)
    whole = {str(reducer): clone(reducer).fit(graph).transform(graph) for reducer in ALL}
    monkeypatch.setattr(_distances, "_BLOCK_ENTRIES", 130)
    for reducer in ALL:
        part = clone(reducer).fit(graph).transform(graph)
        np.testing.assert_array_equal(part.indices, whole[str(reducer)].indices)
        np.testing.assert_allclose(part.data, whole[str(reducer)].data, rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_matrices_are_reduced_in_blocks_of_rows(rng, monkeypatch, dtype):
    from sksim.hubness import _distances

    D = euclidean(rng.standard_normal((50, 4))).astype(dtype)
    whole = {str(reducer): clone(reducer).fit(D).transform(D) for reducer in ALL}
    monkeypatch.setattr(_distances, "_BLOCK_ENTRIES", 130)
    for reducer in ALL:
        part = clone(reducer).fit(D).transform(D)
        assert part.dtype == dtype
        np.testing.assert_allclose(part, whole[str(reducer)], rtol=100 * np.finfo(dtype).eps)

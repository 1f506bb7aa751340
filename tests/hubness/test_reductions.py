"""Properties that the documentation claims for all reductions of graphs."""

import inspect
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.base import clone

from sksim.hubness import CSLS, NICDM, GraphReduction, SharedNearestNeighbors, SimhubSimilarity
from sksim.hubness._registry import REDUCTIONS, resolve_reduction
from sksim.utils._graph import dense_to_graph, graph_to_dense
from tests.hubness.conftest import euclidean, ragged, truncated
from tests.hubness.family import ALL, BARE, CASES, FAMILY, WITH_ORACLE
from tests.reference.hubness import ORACLES

#: Of k neighbours two samples share few or none: ties, which the order of the columns breaks.
FEW_VALUES = SharedNearestNeighbors, SimhubSimilarity


def claiming(claim):
    return [reducer for reducer in ALL if claim in reducer.claims]


seeds = st.integers(0, 10**6)
each_reducer = pytest.mark.parametrize("reducer", ALL, ids=str)
each_bare_reducer = pytest.mark.parametrize("reducer", BARE, ids=str)
each_case = pytest.mark.parametrize("case", CASES, ids=str)


def points(seed, n=30, d=3, duplicates=True):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((n, d))
    if duplicates:
        X[rng.randint(n, size=4)] = X[rng.randint(n)]
    return X


@pytest.mark.parametrize("cls", FAMILY)
def test_every_reduction_has_an_oracle(cls):
    assert cls.__name__ in ORACLES, f"no oracle of {cls.__name__} in tests/reference/hubness.py"


@pytest.mark.parametrize(
    ("reducer", "oracle"), WITH_ORACLE, ids=[str(reducer) for reducer, _ in WITH_ORACLE]
)
def test_equals_its_oracle(reducer, oracle, space):
    X, Q, T, D = space
    if oracle.metric == "cosine":
        T, D = (np.maximum(cdist(Z, X, "cosine"), 0) for Z in (X, Q))
        T[(X[:, None] == X).all(axis=2)] = 0
        D[(Q[:, None] == X).all(axis=2)] = 0
    space = space._replace(T=T, D=D)
    vectors = X if reducer.needs_vectors else None
    fitted = clone(reducer).fit_graph(T, vectors=vectors, metric=oracle.metric)
    got = fitted.reduce_graph(D, queries=None if vectors is None else Q)
    difference = got - np.array(oracle.values(space, reducer.get_params()))
    for row, column in enumerate(np.where((D == 0).any(axis=1), D.argmin(axis=1), -1)):
        if column >= 0:  # the sample itself, whose value is 0 by convention
            assert got[row, column] == 0
            difference[row, column] = difference[0, 0]
    constant = difference[0, 0] if reducer.has_inner_product_form else 0.0
    if not hasattr(fitted, "offset_"):
        constant = 0.0
    np.testing.assert_allclose(difference, constant, atol=1e-8)


@pytest.mark.parametrize("cls", FAMILY)
def test_one_class_on_the_one_base(cls):
    assert cls.__mro__[1] is GraphReduction
    hooks = {name for name, value in vars(GraphReduction).items() if inspect.isfunction(value)}
    own = {name for name in vars(cls) if inspect.isfunction(vars(cls)[name])} & hooks
    assert {"_statistics", "_reduce"} <= own
    assert cls.claims <= {"symmetric", "unit_free", "unit_interval"}


@each_reducer
@given(seed=seeds)
def test_transform_equals_fit_transform_with_duplicates(reducer, seed):
    T = euclidean(points(seed))
    for D in (T, truncated(T, 12)) if reducer in BARE else (T,):
        a, b = reducer.fit_transform(D), reducer.fit(D).transform(D)
        np.testing.assert_array_equal(_dense(a), _dense(b))


def _dense(reduced):
    return reduced.toarray() if sparse.issparse(reduced) else reduced


@each_case
@given(seed=seeds)
def test_rows_do_not_depend_on_the_batch(case, seed):
    X, Q = points(seed), points(seed + 1, n=8)
    T, D = euclidean(X), euclidean(Q, X)
    for fit, queries in ((T, D), (truncated(T, 12), truncated(D, 9))):
        fitted = case.fit(fit, X)
        whole = case.transform(fitted, queries, Q)
        for i in (0, 5):
            alone = case.transform(fitted, queries[i : i + 1], Q[i : i + 1])
            np.testing.assert_array_equal(_dense(alone), _dense(whole[i : i + 1]))


@pytest.mark.parametrize("reducer", claiming("unit_interval"), ids=str)
@given(seed=seeds)
def test_values_are_in_the_unit_interval(reducer, seed):
    T, D = euclidean(points(seed)), euclidean(points(seed + 1, n=8) * 3, points(seed))
    for fit, queries in ((T, D), (truncated(T, 12), truncated(D, 9))):
        values = _dense(clone(reducer).fit(fit).transform(queries))
        assert ((values >= 0) & (values <= 1)).all()


@pytest.mark.parametrize("reducer", claiming("unit_free"), ids=str)
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


@pytest.mark.parametrize("reducer", claiming("symmetric"), ids=str)
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


@each_case
@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array])
def test_graph_contract(case, container, space):
    graph = truncated(space.T, 12, container)
    before = graph.data.copy(), graph.indices.copy(), graph.indptr.copy()
    reduced = case.transform(case.fit(graph, space.X), graph, space.X)
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


@each_case
def test_float32_graph(case, space):
    T, D = truncated(space.T, 12), truncated(space.D, 12)
    T32, D32 = T.copy(), D.copy()
    T32.data, D32.data = T.data.astype(np.float32), D.data.astype(np.float32)
    got = case.transform(case.fit(T32, space.X), D32, space.Q)
    assert got.dtype == np.float32
    expected = case.transform(case.fit(T, space.X), D, space.Q)
    np.testing.assert_allclose(got.toarray(), expected.toarray(), atol=2e-5)


@each_case
def test_ragged_graph_with_empty_rows(case, space):
    fitted = case.fit(ragged(space.T, np.r_[0, 1, 2, 3, np.full(26, 12)]), space.X)
    graph = ragged(space.D, np.r_[0, 1, 5, 30, np.full(8, 12)])
    reduced = case.transform(fitted, graph, space.Q)
    np.testing.assert_array_equal(np.diff(reduced.indptr), np.diff(graph.indptr))
    assert np.isfinite(reduced.data).all()
    assert (reduced.data >= 0).all()


@each_case
def test_rows_of_a_ragged_graph_do_not_depend_on_the_batch(case, rng):
    X = rng.standard_normal((40, 5))
    lengths = rng.randint(0, 40, 40)
    lengths[0] = 40
    graph = ragged(euclidean(X), lengths)
    fitted = case.fit(graph, X)
    whole = case.transform(fitted, graph, X)
    for i in range(40):
        alone = case.transform(fitted, graph[[i]], X[[i]])
        np.testing.assert_array_equal(alone.data, whole[[i]].data)


@each_case
@pytest.mark.parametrize("n_duplicates", [7, 40])
def test_as_many_duplicates_as_neighbours(case, n_duplicates, rng):
    X = rng.standard_normal((40, 3))
    X[:n_duplicates] = X[0]
    T = euclidean(X)
    for graph in (T, truncated(T, 7)):
        values = _dense(case.transform(case.fit(graph, X), graph, X))
        assert np.isfinite(values).all()
        assert (values >= 0).all()


@pytest.mark.parametrize("reducer", [r for r in ALL if not isinstance(r, FEW_VALUES)], ids=str)
def test_rows_of_equal_distances(reducer):
    T = np.full((20, 20), 0.3)
    np.fill_diagonal(T, 0)
    values = clone(reducer).fit(T).transform(T)
    off = values[~np.eye(20, dtype=bool)]
    assert np.isfinite(values).all()
    np.testing.assert_allclose(off, off[0])


@pytest.mark.parametrize("case", [c for c in CASES if not isinstance(c.reducer, FEW_VALUES)])
def test_truncation_approaches_the_whole(case, rng):
    """Reduced neighbours among the K nearest become those among all as K grows."""
    X = rng.standard_normal((150, 40))
    T, reducer = euclidean(X), case.reducer
    whole = dense_to_graph(clone(reducer).fit_transform(T)).indices.reshape(150, 150)[:, 1:6]

    def overlap(depth):
        graph = truncated(T, depth)
        reduced = case.transform(case.fit(graph, X), graph, X)
        near = reduced.indices.reshape(150, depth)[:, 1:6]
        return np.mean([np.isin(a, b).mean() for a, b in zip(whole, near)])

    assert overlap(150) == pytest.approx(1, abs=0.03)  # ties of empirical counts aside
    assert overlap(120) > 0.8


@pytest.mark.parametrize("reducer", [r for r in ALL if not isinstance(r, FEW_VALUES)], ids=str)
def test_hubness_falls(reducer, rng):
    from scipy.stats import skew

    T = euclidean(rng.standard_normal((400, 50)))

    def skewness(D):
        near = np.argsort(D + np.diag(np.full(400, np.inf)), axis=1)[:, :10]
        return skew(np.bincount(near.ravel(), minlength=400))

    assert skewness(clone(reducer).fit_transform(T)) < 0.75 * skewness(T)


@pytest.mark.parametrize("case", [c for c in CASES if "n_neighbors" in c.reducer.get_params()])
def test_graph_too_shallow(case, space):
    case = case._replace(reducer=clone(case.reducer).set_params(n_neighbors=12))
    assert case.reducer.least_depth == 12
    with pytest.raises(ValueError, match=r"too shallow for n_neighbors=12.* holds 11 neighbours"):
        case.fit(truncated(space.T, 12), space.X)
    case.fit(truncated(space.T, 13), space.X)


@each_bare_reducer
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


@each_case
def test_a_batch_of_empty_rows_alone(case, space):
    fitted = case.fit(truncated(space.T, 12), space.X)
    for lengths in ([0], [0, 0, 1], [1]):
        n = len(lengths)
        reduced = case.transform(fitted, ragged(space.D[:n], lengths), space.Q[:n])
        assert np.isfinite(reduced.data).all()


def test_large_graphs_are_reduced_in_blocks_of_rows(rng, monkeypatch):
    from sksim.hubness import _distances

    X = rng.standard_normal((90, 4))
    graph = truncated(euclidean(X), 20)
    fitted = [case.fit(graph, X) for case in CASES]
    whole = [case.transform(fit, graph, X) for case, fit in zip(CASES, fitted)]
    monkeypatch.setattr(_distances, "_BLOCK_ENTRIES", 130)
    for case, expected in zip(CASES, whole):
        part = case.transform(case.fit(graph, X), graph, X)
        np.testing.assert_array_equal(part.indices, expected.indices)
        np.testing.assert_allclose(part.data, expected.data, rtol=1e-14)


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

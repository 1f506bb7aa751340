import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics import pairwise_distances

from sksim._search import _exact, _points
from sksim._search._exact import candidate_distances, exact_neighbors
from sksim._search._points import DenseBounds, Points, SparseBounds
from tests.reference import search as reference

METRICS = ["euclidean", "sqeuclidean", "cosine"]


def float64_search(X, Y, n_neighbors, metric, exclude_self=False):
    """All distances from differences in float64, sorted by distance, then index."""
    X, Y = X.astype(np.float64), Y.astype(np.float64)
    if metric == "cosine":
        X, Y = (A * (1 / np.sqrt(np.einsum("ij,ij->i", A, A)))[:, None] for A in (X, Y))
    D = np.array([np.einsum("ij,ij->i", Y - x, Y - x) for x in X])
    D = {"cosine": D / 2, "euclidean": np.sqrt(D), "sqeuclidean": D}[metric]
    if exclude_self:
        np.fill_diagonal(D, np.inf)
    indices = np.argsort(D, axis=1, kind="stable")[:, :n_neighbors]
    return np.take_along_axis(D, indices, axis=1), indices


def clustered(rng, n, d, *, spread=1.0, offset=0.0, dtype=np.float32):
    centers = rng.standard_normal((5, d))
    X = centers[rng.randint(5, size=n)] + spread * rng.standard_normal((n, d)) + offset
    return X.astype(dtype)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("n_features", [1, 2, 7, 40])
def test_equals_the_two_loops(metric, n_features, rng):
    X = rng.standard_normal((60, n_features))
    X[[3, 9, 20]] = X[7]
    X[[11, 40]] = 0
    for A, exclude_self in [(X, True), (X, False), (X.astype(np.float32), True)]:
        distances, indices = exact_neighbors(
            A, n_neighbors=6, metric=metric, exclude_self=exclude_self
        )
        expected = reference.nearest_neighbors(A, A, 6, reference.DISTANCES[metric], exclude_self)
        assert distances.dtype == np.float64
        np.testing.assert_allclose(distances, expected[0], rtol=1e-12, atol=1e-28)
        if not (metric == "cosine" and n_features == 1):  # there all values are 0, 1 or 2
            np.testing.assert_array_equal(indices, expected[1])


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("spread", "offset"), [(1, 0), (1, 1000), (1e-3, 1), (1e-5, 3), (1e-6, 1000)]
)
def test_equals_a_float64_search_to_the_last_neighbor(metric, dtype, spread, offset, rng):
    X = clustered(rng, 700, 24, spread=spread, offset=offset, dtype=dtype)
    X[::50] = X[1]
    Q = clustered(rng, 90, 24, spread=spread, offset=offset, dtype=dtype)
    for A, exclude_self in [(X, True), (Q, False)]:
        expected = float64_search(A, X, 9, metric, exclude_self)
        found = exact_neighbors(A, X, n_neighbors=9, metric=metric, exclude_self=exclude_self)
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])


@given(
    seed=st.integers(0, 2**31),
    n=st.integers(30, 120),
    d=st.integers(1, 5),
    levels=st.integers(1, 4),
    n_neighbors=st.integers(1, 8),
)
def test_ties_are_in_the_order_of_the_index(seed, n, d, levels, n_neighbors):
    X = np.random.RandomState(seed).randint(levels, size=(n, d)).astype(np.float32)
    for exclude_self in (True, False):
        found = exact_neighbors(X, n_neighbors=n_neighbors, exclude_self=exclude_self)
        D = np.sqrt(((X[:, None].astype(float) - X) ** 2).sum(axis=2))
        if exclude_self:
            np.fill_diagonal(D, np.inf)
        indices = np.argsort(D, axis=1, kind="stable")[:, :n_neighbors]
        np.testing.assert_array_equal(found[1], indices)
        np.testing.assert_array_equal(found[0], np.take_along_axis(D, indices, axis=1))


@given(
    seed=st.integers(0, 2**31),
    d=st.sampled_from([1, 3, 30]),
    spread=st.sampled_from([1.0, 1e-4, 1e-7]),
    scale=st.sampled_from([1.0, 1e-30, 1e30]),
    metric=st.sampled_from(METRICS),
    as_sparse=st.booleans(),
)
def test_bounds_are_below_every_distance_and_not_far_below(
    seed, d, spread, scale, metric, as_sparse
):
    rng = np.random.RandomState(seed)
    X = scale * clustered(rng, 50, d, spread=spread, dtype=np.float64)
    Y = scale * clustered(rng, 30, d, spread=spread, dtype=np.float64)
    X[0], X[1], Y[1] = Y[0], 0, 0
    D = Points(X, Y, metric).distances(np.arange(50), np.tile(np.arange(30), (50, 1)))
    if as_sparse:
        X, Y = sparse.csr_array(X), sparse.csr_array(Y)
    points = Points(X, Y, metric)
    bounds = (SparseBounds if as_sparse else DenseBounds)(points, 32)
    out = np.empty((50, 32), bounds.dtype)
    norms = bounds(slice(0, 50), out)
    assert np.isposinf(out[:, 30:]).all()
    for j in range(30):
        limits = bounds.limits(slice(0, 50), norms, D[:, j])
        assert (out[:, j] <= limits).all()
        largest = getattr(bounds, "_scale", 1.0) * np.sqrt(
            2 if metric == "cosine" else (Y**2).sum(axis=1).max()
        )
        slack = 8 * bounds.alpha * (norms + largest + 1e-30) ** 2
        assert (out[:, j] >= np.where(np.isfinite(limits), limits - slack, -np.inf)).all()


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("n_equal", [30, 400])
def test_more_equal_points_than_neighbors(metric, n_equal, rng):
    X = rng.standard_normal((400, 6)).astype(np.float32)
    equal = np.sort(rng.permutation(400)[:n_equal])
    X[equal] = X[equal[0]]
    distances, indices = exact_neighbors(X, n_neighbors=5, metric=metric, exclude_self=True)
    assert (distances[equal] == 0).all()
    for i in equal[:40]:
        np.testing.assert_array_equal(indices[i], equal[equal != i][:5])
    _, indices = exact_neighbors(X[equal], X, n_neighbors=5, metric=metric)
    np.testing.assert_array_equal(indices, np.tile(equal[:5], (n_equal, 1)))


def test_few_distances_are_formed_among_many_equal_points(monkeypatch):
    formed = []
    distances = Points.distances
    monkeypatch.setattr(
        Points,
        "distances",
        lambda self, rows, columns: formed.append(columns.size) or distances(self, rows, columns),
    )
    exact_neighbors(np.ones((2000, 3)), n_neighbors=4, exclude_self=True)
    assert sum(formed) <= 2000 * 50
    formed.clear()
    exact_neighbors(np.zeros((2000, 3)), n_neighbors=4, metric="cosine")
    assert sum(formed) <= 2000 * 50


@pytest.mark.parametrize("d", [1, 5, 64])
def test_few_rows_miss_the_certificate(d, rng, monkeypatch):
    completed = []
    complete = _exact._Found.complete
    monkeypatch.setattr(
        _exact._Found,
        "complete",
        lambda self, row, columns: (
            completed.append(columns[columns != row].size) or complete(self, row, columns)
        ),
    )
    X = clustered(rng, 2000, d, spread=0.5)
    exact_neighbors(X, n_neighbors=10, exclude_self=True)
    assert len(completed) <= {1: 2000, 5: 20, 64: 0}[d]
    assert max(completed, default=0) <= 40


@pytest.mark.parametrize("metric", METRICS)
def test_a_row_depends_on_itself_only(metric, rng):
    X = clustered(rng, 500, 17, offset=5)
    Q = clustered(rng, 40, 17, offset=5)
    Q[5], Q[6] = X[3], 0
    together = exact_neighbors(Q, X, n_neighbors=7, metric=metric)
    for i in range(40):
        alone = exact_neighbors(Q[i : i + 1], X, n_neighbors=7, metric=metric)
        np.testing.assert_array_equal(alone[0][0], together[0][i])
        np.testing.assert_array_equal(alone[1][0], together[1][i])


@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("metric", METRICS)
def test_threads_and_blocks_change_nothing(metric, as_sparse, rng):
    X = clustered(rng, 1100, 12)
    X[::90] = X[2]
    X = sparse.csr_matrix(X * (X > 0)) if as_sparse else X
    expected = exact_neighbors(X, n_neighbors=6, metric=metric, exclude_self=True)
    for n_jobs, working_memory in [(2, 1024), (None, 0.02), (3, 0.3)]:
        with sklearn.config_context(working_memory=working_memory):
            found = exact_neighbors(
                X, n_neighbors=6, metric=metric, exclude_self=True, n_jobs=n_jobs
            )
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("exclude_self", [True, False])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("spread", [1, 1e-6])
def test_each_pair_once_with_the_kernel_changes_nothing(
    metric, spread, exclude_self, rng, monkeypatch
):
    pytest.importorskip("numba")
    X = clustered(rng, 1300, 10, spread=spread, offset=1)
    X[::80], X[5] = X[3], 0
    options = {"n_neighbors": 8, "metric": metric, "exclude_self": exclude_self}
    expected = exact_neighbors(X, **options)
    pushed = []
    compiled = _exact.compiled
    monkeypatch.setattr(_exact, "_LEAST_PRODUCT", 0)
    monkeypatch.setattr(_exact, "_LEAST_FEATURES", 0)
    monkeypatch.setattr(
        _exact, "compiled", lambda kernel: pushed.append(kernel) or compiled(kernel)
    )
    found = exact_neighbors(X, **options)
    assert len(pushed) == 1
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


@given(
    seed=st.integers(0, 2**31),
    d=st.integers(1, 6),
    levels=st.sampled_from([0, 2, 9]),
    offset=st.sampled_from([0.0, 1e3]),
    metric=st.sampled_from(["euclidean", "sqeuclidean"]),
    n_jobs=st.sampled_from([None, 2]),
)
def test_the_tree_changes_nothing(seed, d, levels, offset, metric, n_jobs):
    rng = np.random.RandomState(seed)
    X = rng.randint(levels, size=(90, d)) if levels else rng.standard_normal((90, d))
    X = (X + offset).astype(np.float32)
    Q = X[:9] + rng.standard_normal((9, d))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_exact, "_LEAST_TREE_INDEXED", 10)
        for A, exclude_self in [(X, True), (X, False), (Q, False)]:
            options = {"n_neighbors": 7, "metric": metric, "exclude_self": exclude_self}
            found = exact_neighbors(A, X, **options, n_jobs=n_jobs)
            expected = float64_search(A, X, 7, metric, exclude_self)
            np.testing.assert_array_equal(found[0], expected[0])
            np.testing.assert_array_equal(found[1], expected[1])


def test_distance_is_symmetric_and_zero_for_equal_points(rng):
    X = clustered(rng, 30, 33, offset=1000)
    X[4] = X[20]
    every = np.tile(np.arange(30), (30, 1))
    for metric in METRICS:
        D = candidate_distances(X, X, every, metric=metric)
        np.testing.assert_array_equal(D, D.T)
        assert D[4, 20] == 0
        assert (np.diag(D) == 0).all()


@pytest.mark.parametrize("metric", METRICS)
def test_all_neighbors_in_order(metric, rng):
    X = rng.standard_normal((40, 3))
    expected = float64_search(X, X, 39, metric, exclude_self=True)
    found = exact_neighbors(X, n_neighbors=39, metric=metric, exclude_self=True)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])
    np.testing.assert_array_equal(candidate_distances(X, X, found[1], metric=metric), found[0])


@pytest.mark.parametrize("scale", [1e-200, 1e200])
@pytest.mark.parametrize("metric", METRICS)
def test_scales_whose_squares_leave_the_range(metric, scale, rng):
    X = rng.standard_normal((80, 5))
    expected = exact_neighbors(X, n_neighbors=4, metric=metric)
    if metric == "sqeuclidean" and scale > 1:
        with pytest.raises(ValueError, match="Distances must be finite"):
            exact_neighbors(scale * X, n_neighbors=4, metric=metric)
        return
    found = exact_neighbors(scale * X, n_neighbors=4, metric=metric)
    np.testing.assert_array_equal(found[1], expected[1])
    power = {"euclidean": scale, "cosine": 1, "sqeuclidean": 0}[metric]
    np.testing.assert_allclose(found[0], power * expected[0], rtol=1e-12)


def test_queries_far_beyond_the_range_of_float32(rng):
    X = rng.standard_normal((200, 5))
    Q = np.array([[1e60, 0, 0, 0, 0], [1e38, 1e38, 0, 0, 0], [1e3, 0, 0, 0, 1e6]])
    found = exact_neighbors(Q, X, n_neighbors=3)
    expected = float64_search(Q, X, 3, "euclidean")
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("metric", METRICS)
def test_sparse_equals_dense(metric, rng):
    X = rng.standard_normal((300, 30)) * (rng.uniform(size=(300, 30)) < 0.2)
    X[[4, 8]], X[9] = X[2], 0
    expected = exact_neighbors(X, n_neighbors=5, metric=metric, exclude_self=True)
    for container in (sparse.csr_matrix, sparse.csc_array):
        found = exact_neighbors(container(X), n_neighbors=5, metric=metric, exclude_self=True)
        np.testing.assert_array_equal(found[1], expected[1])
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-12)
        assert (found[0][[2, 4, 8], :2] == 0).all()


def test_sparse_entries_given_twice_are_summed(rng):
    X = sparse.csr_array(rng.standard_normal((30, 4)))
    twice = sparse.csr_array(
        (np.repeat(X.data / 2, 2), np.repeat(X.indices, 2), 2 * X.indptr), shape=X.shape
    )
    data = twice.data.copy()
    found = exact_neighbors(twice, n_neighbors=3)
    np.testing.assert_array_equal(found[0], exact_neighbors(X, n_neighbors=3)[0])
    assert twice.nnz == 240
    np.testing.assert_array_equal(twice.data, data)


def test_zero_vectors_are_at_cosine_distance_one(rng):
    X = rng.standard_normal((60, 4)) + 2
    X[[5, 6]] = 0
    D = pairwise_distances(X, metric="cosine")
    found = exact_neighbors(X, n_neighbors=60, metric="cosine")[0]
    np.testing.assert_allclose(found[5:7], 1, rtol=0)
    assert D[5, 6] == 1
    found = exact_neighbors(X, n_neighbors=5, metric="cosine", exclude_self=True)
    np.testing.assert_array_equal(found[1][[5, 6]], [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]])


@pytest.mark.parametrize(
    ("metric", "params"),
    [
        ("manhattan", None),
        ("chebyshev", {}),
        ("minkowski", {"p": 0.5}),
        (lambda x, y: np.abs(x - y).max(), None),
    ],
)
def test_any_metric_of_scikit_learn(metric, params, rng):
    X = rng.randint(4, size=(70, 3)).astype(float)
    D = pairwise_distances(X, metric=metric, **(params or {}))
    np.fill_diagonal(D, np.inf)
    indices = np.argsort(D, axis=1, kind="stable")[:, :6]
    with sklearn.config_context(working_memory=0.01):
        found = exact_neighbors(
            X, n_neighbors=6, metric=metric, metric_params=params, exclude_self=True
        )
    np.testing.assert_array_equal(found[1], indices)
    np.testing.assert_allclose(found[0], np.take_along_axis(D, indices, axis=1))
    found = exact_neighbors(X[:9], X, n_neighbors=3, metric=metric, metric_params=params)
    assert (found[0][:, 0] == 0).all()


def test_names_of_one_metric(rng):
    X = rng.standard_normal((50, 3))
    expected = exact_neighbors(X, n_neighbors=4)
    for metric, params in [("l2", None), ("minkowski", None), ("minkowski", {"p": 2})]:
        found = exact_neighbors(X, n_neighbors=4, metric=metric, metric_params=params)
        np.testing.assert_array_equal(found[0], expected[0])


def test_precomputed_distances(rng):
    D = rng.randint(1, 9, size=(20, 50)).astype(float)
    distances, indices = exact_neighbors(D, n_neighbors=7, metric="precomputed")
    np.testing.assert_array_equal(indices, np.argsort(D, axis=1, kind="stable")[:, :7])
    np.testing.assert_array_equal(distances, np.take_along_axis(D, indices, axis=1))
    S = D[:, :20]
    _, indices = exact_neighbors(S, n_neighbors=19, metric="precomputed", exclude_self=True)
    assert not (indices == np.arange(20)[:, None]).any()
    assert S.max() < 9


@pytest.mark.parametrize(("n_neighbors", "exclude_self"), [(0, False), (11, False), (10, True)])
def test_number_of_neighbors_is_checked(n_neighbors, exclude_self, rng):
    X = rng.standard_normal((10, 2))
    with pytest.raises(ValueError, match=f"n_neighbors must be between 1 .* got {n_neighbors}"):
        exact_neighbors(X, n_neighbors=n_neighbors, exclude_self=exclude_self)


def test_undefined_distances_raise(rng):
    X = rng.standard_normal((10, 4))
    X[3] = 1
    with (
        np.errstate(invalid="ignore"),
        pytest.raises(ValueError, match="Distances must be finite, got NaN"),
    ):
        exact_neighbors(X, n_neighbors=9, metric="correlation", exclude_self=True)


def test_input_is_not_modified(rng):
    X = rng.standard_normal((50, 3))
    X.setflags(write=False)
    exact_neighbors(X, n_neighbors=3, exclude_self=True)
    exact_neighbors(X[:, ::-1], X, n_neighbors=3, metric="cosine")
    exact_neighbors(X @ X.T + 10, n_neighbors=3, metric="precomputed", exclude_self=True)


@pytest.fixture
def with_the_kernel(monkeypatch):
    """All searches by tiles of products and compiled distances, in small tiles, with guesses."""
    pytest.importorskip("numba")
    monkeypatch.setattr(_exact, "_LEAST_PRODUCT", 0)
    monkeypatch.setattr(_exact, "_LEAST_PRODUCT_TO_IMPORT", 0)
    monkeypatch.setattr(_exact, "_TILE_ROWS", 96)
    monkeypatch.setattr(_exact, "_PAIR_ROWS", 96)
    monkeypatch.setattr(_exact, "_TILE_COLUMNS", 64)
    monkeypatch.setattr(_exact, "_WIDE_COLUMNS", 128)
    monkeypatch.setattr(_points, "_LEAST_DIFFERENCES", 0)


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("spread", "n_neighbors"), [(1, 9), (1e-6, 9), (1, 120), (0, 5)])
def test_the_kernel_changes_nothing(metric, spread, n_neighbors, n_jobs, rng, with_the_kernel):
    X = clustered(rng, 700, 10, spread=spread, offset=1)
    X = X[np.argsort(X[:, 0])]  # the first samples are no sample of all
    X[::80] = X[3]
    Q = np.vstack([clustered(rng, 150, 10, spread=spread, offset=1), X[:9]])
    for A, exclude_self in [(X, True), (X, False), (Q, False)]:
        options = {"metric": metric, "exclude_self": exclude_self, "n_jobs": n_jobs}
        found = exact_neighbors(A, X, n_neighbors=n_neighbors, **options)
        expected = float64_search(A, X, n_neighbors, metric, exclude_self)
        np.testing.assert_array_equal(found[0], expected[0])
        np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("n_neighbors", [5, 60])
def test_few_rows_miss_the_guessed_limit(n_neighbors, rng, with_the_kernel, monkeypatch):
    missed = []
    search = _exact._search_bounds
    monkeypatch.setattr(
        _exact,
        "_search_bounds",
        lambda found, bounds, size, blocks: (
            missed.extend(blocks) or search(found, bounds, size, blocks)
        ),
    )
    X = clustered(rng, 3000, 20)
    X = X[np.argsort(X[:, 0])]
    exact_neighbors(X, n_neighbors=n_neighbors, exclude_self=True)
    exact_neighbors(X, X.copy(), n_neighbors=n_neighbors)
    assert sum(map(len, missed)) <= 0.02 * 6000
    # A guess that is too low costs time, not neighbours.
    monkeypatch.setattr(_exact, "sampled_limits", lambda sample, *sizes: sample.min(axis=1))
    expected = float64_search(X[:200], X, n_neighbors, "euclidean")
    found = exact_neighbors(X[:200], X, n_neighbors=n_neighbors)
    np.testing.assert_array_equal(found[1], expected[1])

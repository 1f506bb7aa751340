"""The k-occurrence from vectors, matrices, graphs and lists against the literal count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.spatial.distance import cdist, squareform
from sklearn import config_context
from sklearn.metrics.pairwise import nan_euclidean_distances
from sklearn.neighbors import KNeighborsTransformer, NearestNeighbors, kneighbors_graph
from sklearn.utils import shuffle

from sksim.metrics import k_occurrence, k_occurrence_from_indices
from sksim.utils._graph import dense_to_graph
from tests.reference import hubness_measures as reference

FIVE_POINTS = squareform([0.2, 0.1, 0.8, 0.4, 0.3, 0.5, 0.7, 1.0, 0.6, 0.9])


def grid_points(seed, n_samples, n_features=2, n_values=3):
    """Integer points: many ties and duplicates."""
    rng = np.random.RandomState(seed)
    return rng.randint(n_values, size=(n_samples, n_features)).astype(float)


def test_reference_value():
    N = k_occurrence(FIVE_POINTS, n_neighbors=2, metric="precomputed")
    np.testing.assert_array_equal(N, [4, 3, 3, 0, 0])


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "cosine", "chebyshev"])
def test_vectors(rng, metric):
    X = rng.standard_normal((60, 5))
    expected = reference.k_occurrence(
        cdist(X, X, metric.replace("manhattan", "cityblock")), 7, own=range(60)
    )
    np.testing.assert_allclose(k_occurrence(X, n_neighbors=7, metric=metric), expected)


def test_metric_as_a_function_and_with_parameters(rng):
    X = rng.standard_normal((30, 3))
    expected = reference.k_occurrence(cdist(X, X, "minkowski", p=3), 4, own=range(30))
    with_parameters = k_occurrence(X, n_neighbors=4, metric="minkowski", metric_params={"p": 3})
    np.testing.assert_allclose(with_parameters, expected)
    called = k_occurrence(X, n_neighbors=4, metric=lambda a, b: (np.abs(a - b) ** 3).sum())
    np.testing.assert_allclose(called, expected)


@given(seed=st.integers(0, 1000), n_neighbors=st.integers(1, 12))
def test_queries_against_an_index_with_ties(seed, n_neighbors):
    X, Y = grid_points(seed, 15), grid_points(seed + 1, 12)
    D = cdist(X, Y, "sqeuclidean")
    expected = reference.k_occurrence(D, n_neighbors)
    np.testing.assert_allclose(k_occurrence(X, Y, n_neighbors=n_neighbors), expected)
    from_matrix = k_occurrence(D, n_neighbors=n_neighbors, metric="precomputed")
    np.testing.assert_allclose(from_matrix, expected)


@pytest.mark.parametrize("ties", ["fractional", "index"])
@given(seed=st.integers(0, 1000), n_neighbors=st.integers(1, 13))
def test_samples_among_themselves_with_ties(ties, seed, n_neighbors):
    X = grid_points(seed, 14)
    D = cdist(X, X, "sqeuclidean")
    expected = reference.k_occurrence(D, n_neighbors, own=range(14), ties=ties)
    for input, metric in [(X, "euclidean"), (D, "precomputed"), (dense_to_graph(D), "precomputed")]:
        N = k_occurrence(input, n_neighbors=n_neighbors, metric=metric, ties=ties)
        np.testing.assert_allclose(N, expected)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "manhattan"])
def test_ties_far_beyond_the_kth_neighbour_are_seen(metric):
    """200 samples at the same distance share the two slots of each query."""
    X = np.array([[1.0, 0.0]] * 3)
    Y = np.array([[0.0, 1.0]] * 200 + [[-3.0, 0.0]] * 5)
    N = k_occurrence(X, Y, n_neighbors=2, metric=metric)
    np.testing.assert_allclose(N, [6 / 200] * 200 + [0] * 5)
    by_index = k_occurrence(X, Y, n_neighbors=2, metric=metric, ties="index")
    np.testing.assert_array_equal(by_index, [3, 3] + [0] * 203)


def test_all_samples_equal():
    X = np.ones((40, 3))
    np.testing.assert_allclose(k_occurrence(X, n_neighbors=5), 5)
    with config_context(working_memory=1e-3):
        np.testing.assert_allclose(k_occurrence(X, n_neighbors=5), 5)
        D = np.zeros((40, 40))
        np.testing.assert_allclose(k_occurrence(D, n_neighbors=5, metric="precomputed"), 5)


def test_random_ties_are_a_fair_draw():
    X, Y = np.zeros((4000, 1)), np.array([[1.0], [-1.0], [1.0], [0.5]])
    N = k_occurrence(X, Y, n_neighbors=2, ties="random", random_state=0)
    assert N.dtype.kind == "i"
    assert N[3] == 4000
    assert N.sum() == 8000
    np.testing.assert_allclose(N[:3], 4000 / 3, rtol=0.1)
    again = k_occurrence(X, Y, n_neighbors=2, ties="random", random_state=0)
    np.testing.assert_array_equal(N, again)
    other = k_occurrence(X, Y, n_neighbors=2, ties="random", random_state=1)
    assert (other != N).any()


@given(seed=st.integers(0, 1000), ties=st.sampled_from(["fractional", "index", "random"]))
def test_counts_sum_to_the_number_of_slots(seed, ties):
    X = grid_points(seed, 25)
    N = k_occurrence(X, n_neighbors=4, ties=ties, random_state=seed)
    assert N.sum() == pytest.approx(100)
    assert N.dtype.kind == ("f" if ties == "fractional" else "i")
    assert (N >= 0).all()
    assert N.max() <= 24 + 1e-9


@given(seed=st.integers(0, 1000))
def test_order_of_samples_is_irrelevant(seed):
    X = grid_points(seed, 25)
    order = np.random.RandomState(seed).permutation(25)
    N = k_occurrence(X, n_neighbors=4)
    np.testing.assert_allclose(k_occurrence(X[order], n_neighbors=4), N[order])


def test_duplicates_have_equal_counts(rng):
    X = rng.standard_normal((80, 4))
    X[10:30] = X[10]
    N = k_occurrence(X, n_neighbors=5)
    np.testing.assert_allclose(N[10:30], N[10])
    assert len(set(k_occurrence(X, n_neighbors=5, ties="index")[10:30])) > 1


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array, sparse.coo_matrix])
def test_sparse_vectors(rng, container):
    X = rng.standard_normal((50, 20)) * (rng.uniform(size=(50, 20)) < 0.3)
    for metric in ("euclidean", "cosine"):
        expected = k_occurrence(X, n_neighbors=5, metric=metric)
        N = k_occurrence(container(X), n_neighbors=5, metric=metric)
        np.testing.assert_allclose(N, expected)
    np.testing.assert_allclose(
        k_occurrence(container(X[:9]), container(X), n_neighbors=5),
        k_occurrence(X[:9], X, n_neighbors=5),
    )


def test_lists_integers_and_float32(rng):
    X = rng.randint(50, size=(30, 4))
    expected = k_occurrence(X.astype(float), n_neighbors=3)
    np.testing.assert_allclose(k_occurrence(X, n_neighbors=3), expected)
    np.testing.assert_allclose(k_occurrence(X.tolist(), n_neighbors=3), expected)
    np.testing.assert_allclose(k_occurrence(X.astype(np.float32), n_neighbors=3), expected)


def test_threads_change_nothing(rng):
    X = grid_points(0, 200, n_features=3)
    np.testing.assert_array_equal(k_occurrence(X, n_jobs=2), k_occurrence(X, n_jobs=1))


# --- neighbour graphs -----------------------------------------------------------------------


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csr_array])
def test_graph_of_a_transformer(rng, container):
    X = rng.standard_normal((70, 4))
    expected = k_occurrence(X, n_neighbors=6)
    graph = container(KNeighborsTransformer(n_neighbors=6, mode="distance").fit_transform(X))
    np.testing.assert_allclose(k_occurrence(graph, n_neighbors=6, metric="precomputed"), expected)
    deeper = container(KNeighborsTransformer(n_neighbors=20, mode="distance").fit_transform(X))
    np.testing.assert_allclose(k_occurrence(deeper, n_neighbors=6, metric="precomputed"), expected)


def test_graph_of_new_queries(rng):
    X, Q = rng.standard_normal((70, 4)), rng.standard_normal((25, 4))
    graph = KNeighborsTransformer(n_neighbors=9).fit(X).transform(Q)
    expected = k_occurrence(Q, X, n_neighbors=9)
    np.testing.assert_allclose(k_occurrence(graph, n_neighbors=9, metric="precomputed"), expected)


def test_graph_without_its_diagonal(rng):
    X = rng.standard_normal((40, 4))
    graph = NearestNeighbors(n_neighbors=5).fit(X).kneighbors_graph(mode="distance")
    assert graph.diagonal().sum() == 0
    expected = k_occurrence(X, n_neighbors=5)
    np.testing.assert_allclose(k_occurrence(graph, n_neighbors=5, metric="precomputed"), expected)


@pytest.mark.parametrize("include_self", [True, False])
def test_connectivity_graph(rng, include_self):
    X = rng.standard_normal((40, 4))
    graph = kneighbors_graph(X, 5 + include_self, mode="connectivity", include_self=include_self)
    expected = k_occurrence(X, n_neighbors=5)
    np.testing.assert_allclose(k_occurrence(graph, n_neighbors=5, metric="precomputed"), expected)


def test_ragged_graph(rng):
    X = rng.standard_normal((50, 2))
    graph = (
        NearestNeighbors(radius=2.0)
        .fit(X)
        .radius_neighbors_graph(X, mode="distance", sort_results=True)
    )
    assert len(set(np.diff(graph.indptr))) > 5
    N = k_occurrence(graph, n_neighbors=2, metric="precomputed")
    np.testing.assert_allclose(N, k_occurrence(X, n_neighbors=2))


def test_self_rule_where_the_diagonal_is_not_stored():
    """Row 0 stores its twin at distance zero but not itself: the zero stands for it."""
    graph = sparse.csr_matrix(
        ([0.0, 1.0, 0.0, 1.0, 0.0, 1.0], [1, 2, 1, 2, 2, 0], [0, 2, 4, 6]), shape=(3, 3)
    )
    N = k_occurrence(graph, n_neighbors=1, metric="precomputed")
    np.testing.assert_allclose(N, [1, 0, 2])


def test_self_rule_on_some_rows_of_a_graph(rng):
    """With exclude_self=True the rows need not be all rows: zeros stand for the samples."""
    X = rng.standard_normal((30, 3))
    graph = KNeighborsTransformer(n_neighbors=5).fit_transform(X)[:10]
    N = k_occurrence(graph, n_neighbors=5, metric="precomputed", exclude_self=True)
    D = cdist(X[:10], X)
    np.testing.assert_allclose(N, reference.k_occurrence(D, 5, own=range(10)))
    dense = k_occurrence(D, n_neighbors=5, metric="precomputed", exclude_self=True)
    np.testing.assert_allclose(dense, N)


def test_self_counted_on_request(rng):
    X = rng.standard_normal((30, 3))
    D = cdist(X, X)
    expected = reference.k_occurrence(D, 5)
    for input, metric in [(X, "euclidean"), (D, "precomputed"), (dense_to_graph(D), "precomputed")]:
        N = k_occurrence(input, n_neighbors=5, metric=metric, exclude_self=False)
        np.testing.assert_allclose(N, expected)


def test_rows_of_x_that_are_rows_of_y(rng):
    X = rng.standard_normal((30, 3))
    N = k_occurrence(X, X.copy(), n_neighbors=5, exclude_self=True)
    np.testing.assert_allclose(N, k_occurrence(X, n_neighbors=5))
    assert k_occurrence(X, X.copy(), n_neighbors=1).tolist() == [1.0] * 30


def test_square_but_not_self(rng):
    """As many queries as indexed samples: a guess would drop true neighbours."""
    Q, X = rng.standard_normal((20, 3)), rng.standard_normal((20, 3))
    D = cdist(Q, X)
    for input in (D, dense_to_graph(D)):
        with pytest.raises(ValueError, match="pass exclude_self=False"):
            k_occurrence(input, n_neighbors=5, metric="precomputed")
        N = k_occurrence(input, n_neighbors=5, metric="precomputed", exclude_self=False)
        np.testing.assert_allclose(N, k_occurrence(Q, X, n_neighbors=5))


def test_rounding_on_the_diagonal_is_accepted(rng):
    X = rng.standard_normal((30, 3))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    D = np.abs(1 - X @ X.T)
    assert np.diagonal(D).any()
    N = k_occurrence(D, n_neighbors=5, metric="precomputed")
    np.testing.assert_allclose(N, k_occurrence(X, n_neighbors=5, metric="cosine"))


# --- neighbour lists ------------------------------------------------------------------------


def test_from_indices(rng):
    X = rng.standard_normal((40, 3))
    search = NearestNeighbors(n_neighbors=5).fit(X)
    expected = k_occurrence(X, n_neighbors=5)
    own_left_out = search.kneighbors(return_distance=False)
    np.testing.assert_array_equal(k_occurrence_from_indices(own_left_out, 40), expected)
    with_own = search.kneighbors(X, 6, return_distance=False)
    N = k_occurrence_from_indices(with_own, 40, exclude_self=True)
    np.testing.assert_array_equal(N, expected)
    assert N.dtype.kind == "i"
    moved = np.array([shuffle(row, random_state=0) for row in with_own])
    np.testing.assert_array_equal(k_occurrence_from_indices(moved, 40, exclude_self=True), N)


def test_samples_in_no_list_are_counted():
    np.testing.assert_array_equal(k_occurrence_from_indices([[0, 2]], 5), [1, 0, 1, 0, 0])


# --- bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_inf(rng, bad):
    X = rng.standard_normal((20, 3))
    X[3, 1] = bad
    with pytest.raises(ValueError, match="X contains"):
        k_occurrence(X, n_neighbors=3)
    with pytest.raises(ValueError, match="Y contains"):
        k_occurrence(np.ones((4, 3)), X, n_neighbors=3)
    D = np.abs(rng.standard_normal((20, 20)))
    D[2, 3] = bad
    with pytest.raises(ValueError, match="X contains"):
        k_occurrence(D, n_neighbors=3, metric="precomputed")


def test_too_many_neighbours(rng):
    X = rng.standard_normal((10, 3))
    with pytest.raises(ValueError, match=r"at most 9, .*without the query itself.*n_neighbors=10"):
        k_occurrence(X, n_neighbors=10)
    with pytest.raises(ValueError, match=r"at most 10, the number of indexed samples, got .*=11"):
        k_occurrence(X[:3], X, n_neighbors=11)
    with pytest.raises(ValueError, match=r"at most 9"):
        k_occurrence(cdist(X, X), n_neighbors=10, metric="precomputed")
    np.testing.assert_allclose(k_occurrence(X, n_neighbors=9), 9)
    np.testing.assert_allclose(k_occurrence(X[:3], X, n_neighbors=10), 3)


def test_graph_too_shallow(rng):
    graph = KNeighborsTransformer(n_neighbors=5).fit_transform(rng.standard_normal((20, 3)))
    with pytest.raises(ValueError, match=r"n_neighbors=6 .*got 5 in row 0 \(20 rows of 20"):
        k_occurrence(graph, n_neighbors=6, metric="precomputed")


def test_bad_graphs_and_matrices(rng):
    D = cdist(*[rng.standard_normal((10, 3))] * 2)
    graph = dense_to_graph(D)
    with pytest.raises(TypeError, match="CSR format, got sparse csc"):
        k_occurrence(graph.tocsc(), n_neighbors=3, metric="precomputed")
    unsorted = graph.copy()
    unsorted.data = unsorted.data[::-1].copy()
    with pytest.raises(ValueError, match="unsorted rows"):
        k_occurrence(unsorted, n_neighbors=3, metric="precomputed")
    with pytest.raises(ValueError, match="[Nn]egative values"):
        k_occurrence(D - 1, n_neighbors=3, metric="precomputed")
    negative = graph.copy()
    negative.data -= 1
    with pytest.raises(ValueError, match="non-negative"):
        k_occurrence(negative, n_neighbors=3, metric="precomputed")
    with pytest.raises(ValueError, match="Y must be None"):
        k_occurrence(D, D, n_neighbors=3, metric="precomputed")


def test_bad_parameters(rng):
    X = rng.standard_normal((10, 3))
    with pytest.raises(ValueError, match=r"number of features, got 3 in X and 2 in Y"):
        k_occurrence(X, X[:, :2], n_neighbors=3)
    with pytest.raises(ValueError, match=r"row i of X .*got 5 rows in X and 10 in Y"):
        k_occurrence(X[:5], X, n_neighbors=3, exclude_self=True)
    for params in ({"ties": "average"}, {"n_neighbors": 0}, {"exclude_self": "yes"}):
        with pytest.raises(ValueError, match=next(iter(params))):
            k_occurrence(X, **params)
    with pytest.raises(ValueError, match="metric"):
        k_occurrence(X, n_neighbors=3, metric="euclidian")


@pytest.mark.parametrize(
    ("indices", "n_indexed", "message"),
    [
        ([[0, 3]], 3, "between 0 and n_indexed - 1 = 2"),
        ([[0, -1]], 3, "got values from -1 to 0"),
        ([[0, 1], [2, 2]], 3, "row 1 with repeated values"),
    ],
)
def test_bad_indices(indices, n_indexed, message):
    with pytest.raises(ValueError, match=message):
        k_occurrence_from_indices(indices, n_indexed)


def test_more_bad_indices():
    with pytest.raises(TypeError, match="integers, got an array of type float64"):
        k_occurrence_from_indices([[0.0, 1.0]], 3)
    with pytest.raises(ValueError, match=r"n_indexed=3 samples, got 1 rows"):
        k_occurrence_from_indices([[0, 1]], 3, exclude_self=True)


def test_input_is_not_modified(rng):
    X = rng.standard_normal((20, 3))
    D = cdist(X, X)
    graph = dense_to_graph(D)
    for array in (X, D, graph.data, graph.indices, graph.indptr):
        array.flags.writeable = False
    k_occurrence(X, n_neighbors=3)
    for input in (D, graph):
        for ties in ("fractional", "index", "random"):
            k_occurrence(input, n_neighbors=3, metric="precomputed", ties=ties, random_state=0)


def test_missing_values_where_the_metric_allows_them(rng):
    X = rng.standard_normal((30, 4))
    X[rng.uniform(size=X.shape) < 0.1] = np.nan
    D = nan_euclidean_distances(X)
    expected = reference.k_occurrence(D, 4, own=range(30))
    np.testing.assert_allclose(k_occurrence(X, n_neighbors=4, metric="nan_euclidean"), expected)


@pytest.mark.parametrize("metric", ["hamming", "canberra", "braycurtis", "correlation"])
def test_further_metrics(rng, metric):
    X = rng.randint(3, size=(30, 7)).astype(float)
    expected = reference.k_occurrence(cdist(X, X, metric), 4, own=range(30))
    N = k_occurrence(X, n_neighbors=4, metric=metric)
    if metric == "hamming":  # distances of equal form, so that ties are ties
        np.testing.assert_allclose(N, expected)
    assert N.sum() == pytest.approx(120)
    assert np.abs(N - expected).sum() < 12


def test_blocks_change_nothing():
    X = grid_points(3, 60)
    D = cdist(X, X, "sqeuclidean")
    expected = k_occurrence(X, n_neighbors=6)
    with config_context(working_memory=0.02):
        np.testing.assert_allclose(k_occurrence(X, n_neighbors=6), expected)
        N = k_occurrence(D, n_neighbors=6, metric="precomputed")
    np.testing.assert_allclose(N, expected)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from sklearn.neighbors import KNeighborsTransformer

from sksim.utils._graph import (
    check_graph,
    dense_to_graph,
    graph_from_neighbors,
    graph_to_dense,
    holds_self,
    is_self_entry,
    neighbor_rows,
    replace_values,
    row_index,
)

RAGGED = ([0.0, 1.0, 2.0, 0.5, 0.0, 0.0, 3.0], [1, 2, 0, 2, 3, 2, 1], [0, 3, 4, 4, 7])


@pytest.fixture(params=[sparse.csr_matrix, sparse.csr_array])
def ragged(request):
    return request.param(RAGGED, shape=(4, 4))


def test_valid_graphs_come_back_as_they_are(ragged):
    assert check_graph(ragged) is ragged


def test_integer_graphs_keep_their_order_and_the_caller_keeps_his_graph():
    graph = sparse.csr_matrix(([0, 1, 2, 5], [1, 0, 1, 0], [0, 2, 4]), shape=(2, 2))
    checked = check_graph(graph)
    assert checked.dtype == np.float64
    np.testing.assert_array_equal(checked.data, [0, 1, 2, 5])
    np.testing.assert_array_equal(checked.indices, [1, 0, 1, 0])
    np.testing.assert_array_equal(graph.indices, [1, 0, 1, 0])
    assert graph.dtype.kind == "i"


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda g: g.tocsc(), TypeError, "CSR format, got sparse csc"),
        (lambda g: g.toarray(), TypeError, "got ndarray"),
        (lambda g: _with_data(g, -g.data), ValueError, "negative values in data"),
        (lambda g: _with_data(g, g.data[::-1].copy()), ValueError, "sort_graph_by_row_values"),
        (lambda g: _with_data(g, g.data + np.nan), ValueError, "NaN or inf"),
        (lambda g: _with_data(g, g.data + np.inf), ValueError, "NaN or inf"),
        (lambda g: g[:, :3], ValueError, "4 indexed samples, got a sparse graph of shape"),
    ],
)
def test_errors_say_what_was_got(ragged, change, error, message):
    with pytest.raises(error, match=message):
        check_graph(change(ragged), n_indexed=4)


def _with_data(graph, data):
    return type(graph)((data, graph.indices, graph.indptr), shape=graph.shape)


def test_one_exact_zero_of_a_row_is_the_sample_itself(ragged):
    np.testing.assert_array_equal(is_self_entry(ragged), [1, 0, 0, 0, 1, 0, 0])
    np.testing.assert_array_equal(holds_self(ragged), [1, 0, 0, 1])
    np.testing.assert_array_equal(row_index(ragged), [0, 0, 0, 1, 3, 3, 3])


def test_neighbors_without_the_sample_itself(ragged):
    rows = neighbor_rows(ragged)
    np.testing.assert_array_equal(rows.counts, [2, 1, 0, 2])
    inf = np.inf
    np.testing.assert_array_equal(rows.distances, [[1, 2], [0.5, inf], [inf, inf], [0, 3]])
    np.testing.assert_array_equal(rows.indices, [[2, 0], [2, -1], [-1, -1], [2, 1]])


@given(arrays(float, (4, 5), elements=st.sampled_from([0.0, 0.5, 1.0, 2.0])))
def test_dense_matrices_are_complete_graphs(D):
    graph = dense_to_graph(D)
    assert check_graph(graph) is graph
    assert graph.nnz == D.size
    np.testing.assert_array_equal(graph_to_dense(graph), D)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=6), st.integers(0, 100))
def test_replaced_values_are_sorted_and_stay_with_their_column(lengths, seed):
    rng = np.random.RandomState(seed)
    indices = np.concatenate([rng.permutation(5)[:length] for length in lengths] or [[]])
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    data = np.zeros(indices.size)
    graph = sparse.csr_array((data, indices.astype(int), indptr), shape=(len(lengths), 5))
    values = rng.randint(0, 3, size=indices.size).astype(float)
    replaced = replace_values(graph, values)
    assert check_graph(replaced, allow_empty=True) is replaced
    np.testing.assert_array_equal(
        replaced.toarray(), sparse.csr_array((values, indices, indptr), graph.shape).toarray()
    )
    for row in range(len(lengths)):
        entries = slice(*indptr[row : row + 2])
        expected = indices[entries][np.argsort(values[entries], kind="stable")]
        np.testing.assert_array_equal(replaced.indices[entries], expected)


@pytest.mark.parametrize("n_values", [2, 40, 10**6])
@pytest.mark.parametrize("is_ragged", [False, True])
def test_long_rows_keep_the_order_of_equal_values(n_values, is_ragged, rng):
    lengths = rng.randint(300, size=30) if is_ragged else np.full(30, 300)
    lengths[3] *= not is_ragged  # an empty row
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    values = rng.randint(n_values, size=indptr[-1]) / n_values
    columns = np.concatenate([rng.permutation(300)[:length] for length in lengths])
    graph = sparse.csr_array((np.zeros_like(values), columns, indptr), shape=(30, 300))
    replaced = replace_values(graph, values)
    assert check_graph(replaced) is replaced
    for entries in map(slice, indptr[:-1], indptr[1:]):
        order = np.argsort(values[entries], kind="stable")
        np.testing.assert_array_equal(replaced.indices[entries], columns[entries][order])
        np.testing.assert_array_equal(replaced.data[entries], values[entries][order])


@given(st.integers(1, 70), st.integers(0, 1000), st.sampled_from(["near", "tiny", "signs", "nan"]))
def test_rows_whose_values_differ_in_the_last_bits_are_sorted(width, seed, kind):
    rng = np.random.RandomState(seed)
    values = {
        "near": 1 + np.finfo(float).eps * rng.randint(0, 20, (3, width)),
        "tiny": 5e-324 * rng.randint(0, 20, (3, width)),
        "signs": rng.choice([-2.0, -1e-300, -0.0, 0.0, 1e-300, 2.0], (3, width)),
        "nan": rng.choice([-np.nan, np.nan, 1.0, 2.0], (3, width)),
    }[kind]
    values[0] = np.arange(width)  # a row that needs no second look
    indptr = width * np.arange(4)
    columns = np.concatenate([rng.permutation(width) for _ in range(3)])
    graph = sparse.csr_array((np.zeros(3 * width), columns, indptr), shape=(3, width))
    replaced = replace_values(graph, values.ravel())
    order = np.argsort(values, axis=1, kind="stable")
    expected = np.take_along_axis(columns.reshape(3, -1), order, axis=1)
    np.testing.assert_array_equal(replaced.indices, expected.ravel())
    np.testing.assert_array_equal(replaced.data, np.take_along_axis(values, order, axis=1).ravel())


def test_missing_neighbors_are_left_out():
    graph = graph_from_neighbors(
        np.array([[1.0, 2.0], [3.0, np.inf]]), np.array([[1, 0], [2, -1]]), 3
    )
    np.testing.assert_array_equal(graph.indptr, [0, 2, 3])
    np.testing.assert_array_equal(graph.toarray(), [[2, 1, 0], [0, 0, 3]])


def test_rounded_distances_of_samples_to_themselves_are_zeros(rng):
    """scikit-learn's brute-force search does not return exact zeros."""
    X = rng.standard_normal((200, 60))
    graph = KNeighborsTransformer(n_neighbors=10, algorithm="brute").fit_transform(X)
    own = is_self_entry(graph)
    assert (graph.data[own] > 0).any()
    np.testing.assert_array_equal(graph.indices[own], np.arange(200))


@pytest.mark.parametrize(("offset", "spread"), [(0.0, 0.05), (100.0, 1.0)])
def test_distances_to_itself_in_tight_clusters_and_far_from_the_origin(offset, spread):
    rng = np.random.RandomState(0)
    centers = offset + rng.standard_normal((10, 1, 200))
    X = (centers + spread * rng.standard_normal((10, 30, 200))).reshape(300, 200)
    transformer = KNeighborsTransformer(n_neighbors=20, algorithm="brute")
    for dtype in (np.float64, np.float32):
        graph = transformer.fit_transform(X.astype(dtype))
        own = graph.indices[graph.indptr[:-1]] == np.arange(300)
        assert own.all()
        np.testing.assert_array_equal(holds_self(graph), own)
        assert not holds_self(transformer.transform(X.astype(dtype) + dtype(0.2 * spread))).any()

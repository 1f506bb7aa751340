"""Every door for neighbour graphs refuses a bad one by name, row and column, and changes none."""

import sys
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone

from sksim.hubness import NICDM
from sksim.hubness._adapter import TransformerReduction
from sksim.metrics import (
    bad_hubness_score,
    hubness_report,
    hubness_score,
    k_occurrence,
)
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsRegressor,
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
    HubnessWeightedKNeighborsClassifier,
    NadarayaWatsonClassifier,
)
from sksim.neighbors._approximate import FaissBackend
from sksim.utils._graph import check_graph
from sksim.utils._kernels import columns_are_distinct, compiled, rows_rise
from tests.hubness.family import BARE

N, DEPTH = 30, 12
Y = np.arange(N) % 3


def good_graph(kind=sparse.csr_matrix, *, ragged=False):
    """Neighbour graph, each row from the sample itself on; row 9 is short if ragged."""
    D = np.random.RandomState(0).uniform(1, 2, size=(N, N))
    np.fill_diagonal(D, 0)
    columns = np.argsort(D, axis=1)[:, :DEPTH].astype(np.int32)
    kept = np.ones(columns.shape, dtype=bool)
    if ragged:
        kept[9, 5:] = False
    indptr = np.concatenate([[0], np.cumsum(kept.sum(axis=1))]).astype(np.int32)
    values = np.take_along_axis(D, columns, axis=1)
    return kind((values[kept], columns[kept], indptr), shape=(N, N))


def changed(part, place, value, dtype=None):
    """Change one number of ``indices``, ``data`` or ``indptr``, behind the back of scipy."""

    def change(graph):
        array = getattr(graph, part).astype(dtype or getattr(graph, part).dtype)
        if place is not None:
            array[place] = value(graph) if callable(value) else value
        setattr(graph, part, array)
        return graph

    return change


def entry(row, step):
    return DEPTH * row + step


def of_shape(n_rows, n_columns):
    return lambda graph: type(graph)((n_rows, n_columns))


class Bad(NamedTuple):
    change: Any
    error: type[Exception]
    message: str


ROW_4 = r"in row 4, column (\d+)"
BAD = {
    "filler": Bad(
        changed("indices", entry(4, 11), -1), ValueError, r"in row 4, column -1.*not found.*-1"
    ),
    "negative column": Bad(changed("indices", entry(4, 2), -7), ValueError, "in row 4, column -7"),
    "column out of range": Bad(
        changed("indices", entry(4, 2), N), ValueError, f"columns from 0 to 29.*row 4, column {N}"
    ),
    "column far out of range": Bad(
        changed("indices", entry(4, 2), 2**31 - 1), ValueError, f"row 4, column {2**31 - 1}"
    ),
    "repeated column": Bad(
        changed("indices", entry(4, 7), lambda graph: graph.indices[entry(4, 3)]),
        ValueError,
        f"each neighbour of a row once.*{ROW_4}",
    ),
    "repeated sample itself": Bad(
        changed("indices", entry(4, 11), 4), ValueError, "once.*in row 4, column 4"
    ),
    "NaN": Bad(changed("data", entry(4, 5), np.nan), ValueError, f"NaN or inf.*nan {ROW_4}"),
    "NaN at the end of a row": Bad(
        changed("data", entry(4, 11), np.nan), ValueError, f"NaN or inf.*nan {ROW_4}"
    ),
    "inf": Bad(changed("data", entry(4, 11), np.inf), ValueError, f"NaN or inf.*inf {ROW_4}"),
    "minus inf": Bad(changed("data", entry(4, 0), -np.inf), ValueError, f"-inf {ROW_4}"),
    "negative value": Bad(
        changed("data", entry(4, 0), -0.5), ValueError, f"negative values in data.*-0.5 {ROW_4}"
    ),
    "unsorted row": Bad(
        changed("data", entry(4, 5), 0.5), ValueError, f"sorted by value.*to 0.5 {ROW_4}"
    ),
    "complex": Bad(changed("data", 3, 1j, complex), TypeError, "real numbers.*complex128"),
    "boolean": Bad(changed("data", None, None, bool), TypeError, "real numbers.*bool"),
    "objects": Bad(changed("data", None, None, object), TypeError, "real numbers.*object"),
    "float columns": Bad(
        changed("indices", None, None, float), TypeError, r"indices must be int32 or int64"
    ),
    "short integers": Bad(
        changed("indptr", None, None, np.int16), TypeError, "indptr must be int32 or int64.*int16"
    ),
    "overflow of the row ends": Bad(
        changed("indptr", 5, -(2**31)), ValueError, "row 4 goes from entry 48 to -2147483648"
    ),
    "falling row ends": Bad(changed("indptr", 5, 40), ValueError, "row 4 goes from entry 48 to 40"),
    "row ends beyond the entries": Bad(
        changed("indptr", -1, 1000), ValueError, "counts 1000 entries.*hold 360.*row 29"
    ),
    "row ends that begin late": Bad(changed("indptr", 0, 1), ValueError, "begin with 0"),
    "no entry": Bad(of_shape(N, N), ValueError, "stores no entry"),
    "no rows": Bad(of_shape(0, N), ValueError, r"shape \(0, 30\)"),
    "no columns": Bad(of_shape(N, 0), ValueError, r"shape \(30, 0\)"),
    "other format": Bad(lambda graph: graph.tocsc(), TypeError, "CSR format, got sparse csc"),
}
#: A batch of queries may hold no neighbour at all.
QUERIES = {name: bad for name, bad in BAD.items() if name != "no entry"}


def names(message, name):
    """Pattern of an error that begins with the name of its argument."""
    return rf"(?s)^{name}\b.*{message}"


def bad_graph(bad, kind=sparse.csr_matrix):
    return bad.change(good_graph(kind))


each_bad = pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
each_bad_query = pytest.mark.parametrize("bad", QUERIES.values(), ids=QUERIES)
each_reduction = pytest.mark.parametrize("reduction", BARE, ids=str)


@each_bad
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
def test_the_check_names_argument_row_and_column(bad, kind):
    with pytest.raises(bad.error, match=names(bad.message, "G")):
        check_graph(bad_graph(bad, kind), name="G")


@each_bad
@each_reduction
def test_reductions_refuse_to_be_fitted(reduction, bad):
    for fit in ("fit", "fit_transform"):
        with pytest.raises(bad.error, match=names(bad.message, "X")):
            getattr(clone(reduction), fit)(bad_graph(bad))
    with pytest.raises(bad.error, match=names(bad.message, "graph")):
        clone(reduction).fit_graph(bad_graph(bad))


@each_bad_query
@each_reduction
def test_reductions_refuse_queries(reduction, bad):
    fitted = clone(reduction).fit(good_graph())
    with pytest.raises(bad.error, match=names(bad.message, "X")):
        fitted.transform(bad_graph(bad))
    with pytest.raises(bad.error, match=names(bad.message, "graph")):
        fitted.reduce_graph(bad_graph(bad))
    if reduction.fits_by_rows:
        with pytest.raises(bad.error, match=names(bad.message, "X")):
            clone(reduction).partial_fit(bad_graph(bad))
        with pytest.raises(bad.error, match=names(bad.message, "blocks")):
            clone(reduction).fit_blocks([bad_graph(bad)])


@each_reduction
def test_reductions_check_matrices_beside_vectors(reduction):
    D = good_graph().toarray()
    for value in (np.nan, -1.0):
        D[4, 7] = value
        with pytest.raises(ValueError, match=r"graph|[Nn]egative"):
            clone(reduction).fit_graph(D)


@each_reduction
def test_reduced_graphs_have_the_columns_of_the_index(reduction):
    fitted = clone(reduction).fit(good_graph())
    for graph in (good_graph()[:, :20], good_graph().toarray()[:, :20]):
        with pytest.raises(ValueError, match=r"graph must have one column for each of the 30"):
            fitted.reduce_graph(graph)


SEARCHES = [
    HubnessReducedKNeighborsTransformer(3, metric="precomputed", reduction=None),
    HubnessReducedKNeighborsTransformer(3, metric="precomputed"),
    HubnessReducedNearestNeighbors(3, metric="precomputed"),
    HubnessReducedKNeighborsClassifier(3, metric="precomputed"),
    HubnessReducedKNeighborsRegressor(3, metric="precomputed"),
    HubnessWeightedKNeighborsClassifier(3, metric="precomputed"),
    NadarayaWatsonClassifier(3, metric="precomputed"),
]


@each_bad
@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: str(search)[:60])
def test_searches_refuse_to_be_fitted(search, bad):
    with pytest.raises(bad.error, match=names(bad.message, "X")):
        clone(search).fit(bad_graph(bad), Y)


@each_bad
@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: str(search)[:60])
def test_searches_refuse_queries(search, bad):
    fitted = clone(search).fit(good_graph(), Y)
    ask = next(m for m in ("kneighbors", "predict", "transform") if hasattr(fitted, m))
    with pytest.raises(bad.error, match=names(bad.message, "X")):
        getattr(fitted, ask)(bad_graph(bad))


MEASURES = {
    "k_occurrence": lambda G: k_occurrence(G, n_neighbors=3, metric="precomputed"),
    "hubness_score": lambda G: hubness_score(G, n_neighbors=3, metric="precomputed"),
    "bad_hubness_score": lambda G: bad_hubness_score(G, Y, n_neighbors=3, metric="precomputed"),
    "hubness_report": lambda G: hubness_report(G, y=Y, n_neighbors=3, metric="precomputed"),
}


@each_bad
@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_measures_refuse(measure, bad):
    with pytest.raises(bad.error, match=names(bad.message, "X")):
        measure(bad_graph(bad))


class Found(TransformerMixin, BaseEstimator):
    """A search back end that finds what it is told."""

    def __init__(self, graph):
        self.graph = graph

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return self.graph


@pytest.mark.parametrize(
    "name", ["column out of range", "negative column", "filler", "repeated column", "no columns"]
)
def test_back_ends_of_users_are_refused_by_name(name, rng):
    bad = BAD[name]
    search = HubnessReducedKNeighborsTransformer(3, backend=Found(bad_graph(bad)))
    with pytest.raises(bad.error, match=r"The graph of Found must .*"):
        search.fit(rng.standard_normal((N, 4)))


def test_complex_results_of_adapted_transformers_are_refused():
    graph = good_graph()
    reduction = TransformerReduction(Found(graph.astype(complex)))
    with pytest.raises(TypeError, match="Found must return real distances.*complex128"):
        reduction.fit_transform(graph)


def test_ragged_rows_are_checked_too():
    graph = good_graph(ragged=True)
    assert check_graph(graph) is graph
    for row in (3, 9, 20):
        bad = graph.copy()
        first = bad.indptr[row]
        bad.indices[first + 4] = bad.indices[first + 1]
        with pytest.raises(
            ValueError, match=rf"once.*in row {row}, column {bad.indices[first + 1]}\b"
        ):
            check_graph(bad)


def test_equal_columns_of_neighbouring_rows_are_no_repeats(monkeypatch):
    for block in (1, 7, 10**6):
        monkeypatch.setattr("sksim.utils._graph._BLOCK_ENTRIES", block)
        for lengths in ([2, 2, 2], [2, 1, 3], [0, 2, 2], [3, 0, 1], [0, 0, 1]):
            columns = np.concatenate([np.arange(length) for length in lengths])
            indptr = np.concatenate([[0], np.cumsum(lengths)])
            graph = sparse.csr_array((np.ones(columns.size), columns, indptr), shape=(3, 3))
            assert check_graph(graph) is graph


@pytest.mark.parametrize("n_columns", [2**15, 2**31 - 1, 2**33])
def test_columns_of_wide_graphs_do_not_overflow(n_columns):
    for last in (n_columns - 2, n_columns - 1):
        indices = np.array([0, n_columns - 1, 1, n_columns - 1, last])
        graph = sparse.csr_array((np.ones(5), indices, [0, 2, 5]), shape=(2, n_columns))
        if last < n_columns - 1:
            assert check_graph(graph) is graph
        else:
            with pytest.raises(ValueError, match=f"row 1, column {last}"):
                check_graph(graph)


def test_room_behind_the_entries_is_left_out():
    graph = good_graph()
    expected = NICDM(3).fit_transform(graph)
    graph.data, graph.indices = np.append(graph.data, -1.0), np.append(graph.indices, -1)
    assert (NICDM(3).fit_transform(graph) != expected).nnz == 0
    assert graph.data[-1] == graph.indices[-1] == -1


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize("bad", [None, *BAD.values()], ids=["good", *BAD])
def test_the_graph_of_the_caller_is_not_changed(bad, dtype):
    graph = good_graph()
    if bad is None:
        graph.data = np.round(10 * graph.data).astype(dtype)
    else:
        graph = bad.change(graph)
    before = [np.copy(part) for part in (graph.data, graph.indices, graph.indptr)]
    kept = graph.data, graph.indices, graph.indptr
    calls = [clone(reduction).fit_transform for reduction in BARE]
    calls += [lambda G, s=search: clone(s).fit(G, Y) for search in SEARCHES]
    calls += [lambda G, s=search: s.kneighbors(G) for search in _fitted_searches()]
    for call in [*calls, *MEASURES.values()]:
        try:
            call(graph)
        except (ValueError, TypeError):
            assert bad is not None
        for part, same, old in zip((graph.data, graph.indices, graph.indptr), kept, before):
            assert part is same
            np.testing.assert_array_equal(part, old)


def _fitted_searches():
    return [clone(s).fit(good_graph(), Y) for s in SEARCHES if hasattr(s, "kneighbors")]


@pytest.mark.parametrize(("metric", "n_checks"), [("euclidean", 0), ("precomputed", 1)])
def test_what_the_search_found_is_not_checked_again(monkeypatch, metric, n_checks):
    checked = []
    for module in ("sksim.hubness._base", "sksim.neighbors._base", "sksim.neighbors._candidates"):
        monkeypatch.setattr(f"{module}.check_graph", lambda graph, **_: checked.append(1) or graph)
    X = good_graph() if metric == "precomputed" else np.arange(N)[:, None] ** 1.5
    search = HubnessReducedNearestNeighbors(3, reduction="csls", metric=metric).fit(X)
    search.kneighbors(X)
    assert len(checked) == 2 * n_checks  # what the user gave, in fit and in kneighbors


def test_what_another_package_found_is_checked(monkeypatch, rng):
    pytest.importorskip("faiss")
    found = (np.arange(N)[:, None] + np.arange(12)) % N
    found[4, 7] = found[4, 3]
    monkeypatch.setattr(FaissBackend, "_ask", lambda self, X, n_neighbors: found)
    search = HubnessReducedNearestNeighbors(3, backend="faiss", n_candidates=11)
    with pytest.raises(ValueError, match="graph of candidates.*once.*in row 4, column 7"):
        search.fit(rng.standard_normal((N, 4)))


@pytest.fixture
def compiled_checks(monkeypatch):
    """Compiled checks for graphs of any size; the list of those that were asked."""
    pytest.importorskip("numba")
    asked = []

    def passes(kernel, graph, values, *options):
        asked.append(kernel)
        return compiled(kernel)(values, graph.indptr, *options)

    monkeypatch.setattr("sksim.utils._graph._passes", passes)
    return asked


@pytest.mark.parametrize("indices", [np.int32, np.int64])
@pytest.mark.parametrize("values", [np.float64, np.float32])
@pytest.mark.parametrize("ragged", [False, True])
def test_compiled_checks_let_good_graphs_pass(
    compiled_checks, monkeypatch, indices, values, ragged
):
    graph = good_graph(ragged=ragged)
    graph.data = graph.data.astype(values)  # graph.astype would sort the rows by column
    graph.indices, graph.indptr = graph.indices.astype(indices), graph.indptr.astype(indices)
    monkeypatch.setattr("sksim.utils._graph._check_distinct", None)  # not needed
    assert check_graph(graph) is graph
    assert compiled_checks == [columns_are_distinct, rows_rise]


@each_bad
def test_compiled_checks_give_the_same_errors(compiled_checks, bad):
    with pytest.raises(bad.error, match=names(bad.message, "G")):
        check_graph(bad_graph(bad), name="G")


@pytest.mark.parametrize("check", [columns_are_distinct, compiled(columns_are_distinct)])
def test_numbers_of_rows_begin_anew(check):
    if check is None:
        pytest.skip("numba is not installed")
    n_rows = 2**16 + 3
    indptr = np.arange(0, 2 * n_rows + 1, 2)
    columns = np.tile(np.array([0, 1], dtype=np.uint32), n_rows)
    assert check(columns, indptr, 2)
    columns[-1] = 0
    assert not check(columns, indptr, 2)


def test_numba_is_not_imported_for_a_check(monkeypatch):
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    monkeypatch.setattr("sksim.utils._graph._COMPILED_ENTRIES", 0)
    assert check_graph(good_graph()) is not None
    assert "numba" not in sys.modules

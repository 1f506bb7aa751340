"""Any transformer from graph to graph as a reduction."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sksim.hubness import CSLS, NICDM, GraphReduction
from sksim.hubness._adapter import TransformerReduction
from sksim.hubness._registry import resolve_reduction
from tests.hubness.conftest import ragged, truncated


class PlainNICDM(TransformerMixin, BaseEstimator):
    """NICDM as someone else would write it: a dense table, entries in the order of columns."""

    def __init__(self, n_neighbors=3, container="csr"):
        self.n_neighbors = n_neighbors
        self.container = container

    def _means(self, graph):
        rows = np.split(graph.data, graph.indptr[1:-1])
        return np.array([row[row > 0][: self.n_neighbors].mean() for row in rows])

    def fit(self, X, y=None):
        self.means_ = self._means(X)
        return self

    def transform(self, X):
        scale = np.sqrt(np.outer(self._means(X), self.means_))
        if self.container == "dense":
            return X.toarray() / scale
        reduced = X.copy()
        reduced.data /= scale[np.repeat(np.arange(X.shape[0]), np.diff(X.indptr)), X.indices]
        reduced.sort_indices()
        return reduced.asformat(self.container)


def squared(graph):
    return graph.multiply(graph)


@pytest.mark.parametrize("container", ["csr", "csc", "dense"])
@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csr_array])
def test_a_plain_class_gives_what_the_reduction_gives(index_and_queries, container, kind):
    T, D = index_and_queries
    T, D = T[8:, 8:], D[:10, 8:]  # without duplicates
    reduction = resolve_reduction(PlainNICDM(3, container))
    assert isinstance(reduction, GraphReduction)
    assert not hasattr(reduction.transformer, "means_")
    for fit, queries in ((truncated(T, 12, kind), truncated(D, 9, kind)), (T, D)):
        got = clone(reduction).fit(fit).transform(queries)
        expected = NICDM(3).fit(fit).transform(queries)
        if not isinstance(queries, np.ndarray):
            assert type(got) is kind
            np.testing.assert_array_equal(got.indices, expected.indices)
            got, expected = got.data, expected.data
        np.testing.assert_allclose(got, expected)
    own = clone(reduction).fit_transform(truncated(T, 12, kind))
    assert (own.data[own.indptr[:-1]] == 0).all()
    np.testing.assert_array_equal(own.indices[own.indptr[:-1]], np.arange(22))


def test_a_function(index_and_queries):
    T, D = index_and_queries
    reduction = resolve_reduction(FunctionTransformer(squared)).fit(truncated(T, 12))
    queries = truncated(D, 9)
    before = queries.data.copy(), queries.indices.copy()
    reduced = reduction.transform(queries)
    np.testing.assert_array_equal(reduced.indices, queries.indices)
    np.testing.assert_allclose(reduced.data, queries.data**2)
    for array, old in zip((queries.data, queries.indices), before):
        np.testing.assert_array_equal(array, old)
    empty = reduction.transform(ragged(D, [0, 1, 5, *[9] * 9]))
    np.testing.assert_array_equal(np.diff(empty.indptr), [0, 1, 5, *[9] * 9])


def test_a_pipeline_of_two_reductions(index_and_queries):
    T, D = truncated(index_and_queries[0], 20), truncated(index_and_queries[1], 15)
    pipeline = make_pipeline(NICDM(12), CSLS(5))
    reduction = resolve_reduction(pipeline)
    assert reduction.least_depth == 12
    got = reduction.fit(T).transform(D)
    first = NICDM(12).fit(T)
    expected = CSLS(5).fit(first.transform(T)).transform(first.transform(D))
    np.testing.assert_array_equal(got.indices, expected.indices)
    np.testing.assert_allclose(got.data, expected.data)
    np.testing.assert_array_equal(pipeline.fit(T).transform(D).data, expected.data)


def test_the_rows_without_the_sample_itself_are_filled(index_and_queries):
    def drop_zeros(graph):
        graph = graph * 2
        graph.eliminate_zeros()
        return graph

    graph = truncated(index_and_queries[0][8:, 8:], 12)
    reduced = resolve_reduction(FunctionTransformer(drop_zeros)).fit(graph).transform(graph)
    np.testing.assert_array_equal(reduced.indices, graph.indices)
    np.testing.assert_allclose(reduced.data, 2 * graph.data)


def others(graph):
    graph = graph.copy()
    graph.indices = (graph.indices + 1) % graph.shape[1]
    return graph


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda graph: graph[:, :5], ValueError, r"the shape .* \(12, 30\), got \(12, 5\)"),
        (lambda graph: -graph, ValueError, "non-negative distances .* got a value of -"),
        (lambda graph: graph * np.nan, ValueError, "finite"),
        (lambda graph: graph > 1, ValueError, "the stored neighbours of each row"),
        (others, ValueError, "the stored neighbours of each row"),
        (lambda graph: list(graph.data), TypeError, "CSR graph or a dense matrix .* got list"),
    ],
)
def test_what_comes_back_is_checked(index_and_queries, function, error, message):
    T, D = index_and_queries
    reduction = resolve_reduction(FunctionTransformer(function)).fit(truncated(T, 12))
    with pytest.raises(error, match=f"FunctionTransformer must return .*{message}"):
        reduction.transform(truncated(D, 12))


def test_labels_are_handed_on_and_a_bank_is_refused(index_and_queries):
    class WithLabels(PlainNICDM):
        def fit(self, X, y=None):
            self.labels_ = y
            return super().fit(X)

    graph = truncated(index_and_queries[0], 12)
    labels = np.arange(30)
    fitted = resolve_reduction(WithLabels()).fit_graph(graph, y=labels)
    np.testing.assert_array_equal(fitted.transformer_.labels_, labels)
    with pytest.raises(ValueError, match="WithLabels .* got a bank of queries"):
        resolve_reduction(WithLabels()).fit_graph(graph, bank=np.ones((30, 2)))


def test_what_is_no_transformer_is_refused():
    for wrong, got in ((3, "int"), (NICDM, "the class NICDM"), (PlainNICDM().fit, "method")):
        with pytest.raises(TypeError, match=f"reduction must be a name, .* or None, got {got}"):
            resolve_reduction(wrong)


def test_the_adapter_is_an_estimator(index_and_queries):
    graph = truncated(index_and_queries[0], 12)
    adapter = TransformerReduction(PlainNICDM())
    assert clone(adapter.set_params(transformer__n_neighbors=5)).transformer.n_neighbors == 5
    assert adapter.fit(graph).transformer_.means_.shape == (30,)
    assert adapter.least_depth == 5
    assert not adapter.fits_by_rows
    assert not hasattr(adapter, "partial_fit")

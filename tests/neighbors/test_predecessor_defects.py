"""Defects of the predecessor, scikit-hubness 0.30, in searching: each would fail here."""

import inspect

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsTransformer,
    sort_graph_by_row_values,
)
from sklearn.pipeline import make_pipeline

import sksim.neighbors
from sksim.datasets import make_gaussian_hubs
from sksim.hubness import CSLS, NICDM, LocalScaling, MutualProximity
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
)

REDUCTIONS = ["mutual_proximity", "nicdm", "csls", "local_scaling"]


@pytest.fixture(scope="module")
def hubby():
    return make_gaussian_hubs(200, 40, n_classes=4, random_state=0)


class FixedGraph(BaseEstimator):
    """A search that knows its answer, whatever its length."""

    def __init__(self, graph):
        self.graph = graph

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return self.graph


def test_methods_are_searched_not_ignored(hubby):
    """Defect 3: the method was frozen in the constructor, so that grid search changed nothing."""
    X, y = hubby
    search = GridSearchCV(
        HubnessReducedKNeighborsClassifier(reduction=MutualProximity(), n_candidates=20),
        {"reduction__method": ["normal", "gamma", "empirical"], "n_neighbors": [1, 10]},
        cv=3,
    ).fit(X, y)
    assert np.unique(search.cv_results_["mean_test_score"]).size > 2
    graphs = [
        HubnessReducedKNeighborsTransformer(reduction=MutualProximity(), n_candidates=20)
        .set_params(reduction__method=method)
        .fit_transform(X)
        for method in ("normal", "empirical")
    ]
    assert not np.allclose(graphs[0].data, graphs[1].data)


def test_unknown_methods_are_refused(hubby):
    """Defect 3: a method set after construction was accepted, whatever its name."""
    transformer = HubnessReducedKNeighborsTransformer(reduction=MutualProximity())
    with pytest.raises(ValueError, match="'method' parameter"):
        transformer.set_params(reduction__method="garbage").fit(hubby[0])


@pytest.mark.parametrize("name", [n for n in sksim.neighbors.__all__ if n[0].isupper()])
def test_parameters_are_named(name):
    """Defect 4: variadic constructors broke get_params, clone and repr."""
    Estimator = getattr(sksim.neighbors, name)
    kinds = {p.kind for p in inspect.signature(Estimator.__init__).parameters.values()}
    assert not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}
    assert repr(clone(Estimator())).startswith(name)


def test_methods_with_vectors_work_in_a_pipeline(hubby):
    """Defect 5: methods that need vectors asked for them as an argument of fit."""
    X, y = hubby
    reduction = MutualProximity(moments="exact")
    assert reduction.needs_vectors
    pipeline = make_pipeline(
        HubnessReducedKNeighborsTransformer(reduction=reduction, n_candidates=20),
        KNeighborsClassifier(metric="precomputed"),
    )
    assert cross_val_score(pipeline, X, y, cv=3, error_score="raise").mean() > 0.3


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_rows_do_not_depend_on_other_queries(hubby, reduction):
    """Defect 6: a shift by the minimum of the batch."""
    X, _ = hubby
    transformer = HubnessReducedKNeighborsTransformer(reduction=reduction, n_candidates=20)
    transformer.fit(X[:150])
    together = transformer.transform(X[150:])
    for i in range(50):
        alone = transformer.transform(X[150 + i : 151 + i])
        row = slice(together.indptr[i], together.indptr[i + 1])
        assert_array_equal(alone.indices, together.indices[row])
        assert_allclose(alone.data, together.data[row], rtol=1e-12)


def test_local_scaling_of_queries_takes_the_same_neighbour(hubby):
    """Defect 7: without its exponential, and one neighbour too many for queries."""
    X, _ = hubby
    index, query = X[:100], X[100:101]
    transformer = HubnessReducedKNeighborsTransformer(
        3, reduction=LocalScaling(5), n_candidates=30
    ).fit(index)
    d = cdist(query, index).ravel()
    others = np.sort(cdist(index, index), axis=1)[:, 1:]
    literal = 1 - np.exp(-(d**2) / (np.sort(d)[4] * others[:, 4]))
    nearest = np.argsort(d)[:30]
    graph = transformer.transform(query)
    assert_allclose(graph.data, np.sort(literal[nearest])[:4])


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_ties_leave_the_input_alone(reduction):
    """Defect 8: sorting reshaped the caller's graph in place as soon as there was a tie."""
    X = np.repeat(np.arange(20.0), 3)[:, None]
    graph = KNeighborsTransformer(n_neighbors=15).fit_transform(X)
    kept = graph.copy()
    given = HubnessReducedKNeighborsTransformer(4, reduction=reduction, metric="precomputed")
    given.fit(graph).transform(graph)
    for part in ("data", "indices", "indptr"):
        assert getattr(graph, part).ndim == 1
        assert_array_equal(getattr(graph, part), getattr(kept, part))


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_duplicates_give_numbers(rng, reduction):
    """Defect 9: zero variance among duplicates gave NaN."""
    X = np.vstack([np.zeros((40, 3)), rng.standard_normal((100, 3))])
    transformer = HubnessReducedKNeighborsTransformer(5, reduction=reduction, n_candidates=30)
    assert np.isfinite(transformer.fit_transform(X).data).all()
    assert np.isfinite(transformer.transform(X + 0.01).data).all()


def test_float32_does_not_tie_the_near_tail():
    """Defect 9: one minus a product of tails is exactly zero for near neighbours."""
    rng = np.random.RandomState(0)
    X = np.vstack([np.linspace(0, 1e-3, 10)[:, None], 100 + 0.1 * rng.standard_normal((190, 1))])
    search = HubnessReducedNearestNeighbors(5, n_candidates=199).fit(X.astype(np.float32))
    distances, indices = search.kneighbors()
    assert np.unique(distances[0]).size == 5
    assert (distances[:10] > 0).all()
    assert_array_equal(indices[0], [1, 2, 3, 4, 5])


def test_statistics_leave_the_sample_out(hubby):
    """Defects 7 and 9: the zero of the sample itself entered means and deviations."""
    X, _ = hubby
    D = np.sort(cdist(X, X), axis=1)[:, 1:]
    fitted = HubnessReducedKNeighborsTransformer(reduction=NICDM(10)).fit(X).reduction_
    assert_allclose(fitted.local_scale_, D[:, :10].mean(axis=1))
    fitted = HubnessReducedKNeighborsTransformer(n_candidates=199).fit(X).reduction_
    assert_allclose(fitted.mean_, D.mean(axis=1))
    assert_allclose(fitted.scale_, D.std(axis=1))


@pytest.mark.parametrize("reduction", [MutualProximity(), NICDM(4), CSLS(4), LocalScaling(4)])
def test_rows_of_any_length(hubby, reduction):
    """Defect 11: every row had to have the same number of neighbours, and missing ones crashed."""
    X, _ = hubby
    graph = KNeighborsTransformer(n_neighbors=30).fit_transform(X)
    lengths = np.random.RandomState(0).randint(2, 32, size=200)
    position = np.arange(graph.nnz) % 31
    kept = position < np.repeat(lengths, 31)
    ragged = sparse.csr_matrix(
        (
            graph.data[kept],
            graph.indices[kept],
            np.concatenate([[0], np.cumsum(np.minimum(lengths, 31))]),
        ),
        shape=graph.shape,
    )
    given = HubnessReducedKNeighborsTransformer(8, reduction=reduction, metric="precomputed")
    reduced = given.fit_transform(ragged)
    assert_array_equal(np.diff(reduced.indptr), np.minimum(lengths, 9))
    searched = HubnessReducedKNeighborsTransformer(
        8, reduction=reduction, n_candidates=30, backend=FixedGraph(ragged)
    ).fit(X)
    assert_array_equal(np.diff(searched.transform(X).indptr), np.minimum(lengths, 9))


def test_cross_validation_slices_the_graph(hubby):
    """Defect 12: without the pairwise tag, only rows of the graph were taken."""
    X, y = hubby
    graph = KNeighborsTransformer(n_neighbors=120).fit_transform(X)
    pipeline = make_pipeline(
        HubnessReducedKNeighborsTransformer(metric="precomputed", n_candidates=40),
        KNeighborsClassifier(metric="precomputed"),
    )
    assert cross_val_score(pipeline, graph, y, cv=3, error_score="raise").mean() > 0.3


def test_nothing_is_learned_from_the_held_out_rows(hubby):
    """Defect 12: the documented way round fitted the reduction on all rows."""
    X, y = hubby
    train, test = np.arange(150), np.arange(150, 200)
    fitted = HubnessReducedKNeighborsClassifier(n_candidates=40).fit(X[train], y[train])
    moved = X.copy()
    moved[test[1:]] += 100
    assert_array_equal(fitted.predict_proba(X[test])[0], fitted.predict_proba(moved[test])[0])
    score = cross_val_score(fitted, X, y, cv=[(train, test)])[0]
    assert score == fitted.score(X[test], y[test])


def test_output_is_sorted_and_non_negative(hubby):
    """Reduced rows that are unsorted or negative are refused downstream."""
    X, _ = hubby
    for reduction in REDUCTIONS:
        graph = HubnessReducedKNeighborsTransformer(reduction=reduction).fit_transform(X)
        assert graph.data.min() >= 0
        expected = sort_graph_by_row_values(graph, copy=True, warn_when_not_sorted=False)
        assert_array_equal(graph.data, expected.data)


def test_numba_is_not_needed(hubby, monkeypatch):
    """Defect 15: a compiler was mandatory for a check of sortedness."""
    import sys

    monkeypatch.setitem(sys.modules, "numba", None)
    X, y = hubby
    assert HubnessReducedKNeighborsClassifier().fit(X, y).score(X, y) > 0.3

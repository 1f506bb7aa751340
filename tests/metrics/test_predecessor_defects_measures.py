"""Defects of the predecessor, scikit-hubness 0.30, in measuring: each would fail here."""

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import skew
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from sksim.datasets import make_gaussian_hubs
from sksim.metrics import (
    antihub_rate,
    groupie_ratio,
    hub_occurrence,
    hubness_report,
    hubness_score,
    k_occurrence,
    k_skewness,
    make_hubness_scorer,
)


@pytest.fixture(scope="module")
def hubby():
    return make_gaussian_hubs(300, 100, n_classes=1, random_state=0)[0]


def graph_of(X, n_neighbors=10):
    return KNeighborsTransformer(n_neighbors=n_neighbors).fit_transform(X)


def test_a_point_is_not_its_own_neighbour(hubby):
    """Defect 14: with one neighbour every point occurred at least once."""
    N = k_occurrence(hubby, n_neighbors=1)
    assert N.sum() == 300
    assert (N == 0).sum() > 100
    from_graph = k_occurrence(graph_of(hubby, 1), n_neighbors=1, metric="precomputed")
    np.testing.assert_array_equal(from_graph, N)


def test_antihubs_exist_on_a_self_fit(hubby):
    """Defect 14: self counted made the antihub rate always zero."""
    assert hubness_score(hubby, measure="antihub_rate") > 0.05
    assert hubness_score(graph_of(hubby), measure="antihub_rate", metric="precomputed") > 0.05


def test_own_entry_is_found_wherever_it_stands():
    """Dropping the first neighbour as the sample itself is wrong where rows repeat."""
    X = np.repeat([[0.0], [1.0], [3.0]], 4, axis=0)
    N = k_occurrence(X, n_neighbors=3)
    np.testing.assert_allclose(N, 3)
    graph = graph_of(X, 3)
    assert (graph.indices.reshape(12, 4)[:, 0] != np.arange(12)).any()
    np.testing.assert_allclose(k_occurrence(graph, n_neighbors=3, metric="precomputed"), 3)


def test_out_of_sample_hub_occurrence_is_a_share_of_the_slots(hubby):
    """Defect 14: it was divided by the number of indexed samples, not of queries."""
    X, Q = hubby[:250], hubby[250:]
    N = k_occurrence(Q, X, n_neighbors=5)
    hubs = N >= 10
    assert hubs.any()
    expected = N[hubs].sum() / (5 * len(Q))
    assert hub_occurrence(N, n_neighbors=5) == pytest.approx(expected)
    score = hubness_score(Q, X, measure="hub_occurrence", n_neighbors=5)
    assert score == pytest.approx(expected)


def test_groupie_ratio_is_a_share_of_the_queries(hubby):
    """It was divided by the number of slots."""
    X, Q = hubby[:250], hubby[250:]
    N = k_occurrence(Q, X, n_neighbors=5)
    lists = NearestNeighbors(n_neighbors=5).fit(X).kneighbors(Q, return_distance=False)
    has_largest = (lists == N.argmax()).any(axis=1)
    assert groupie_ratio(N, n_queries=len(Q)) == pytest.approx(has_largest.mean())


def test_ties_are_shared_beyond_the_neighbour_list():
    """Defect 14: shuffling equal distances only permuted the first k, and changed nothing."""
    X = np.r_[np.zeros((30, 1)), [[5.0]]]
    by_index = k_occurrence(X, n_neighbors=4, ties="index")
    at_random = k_occurrence(X, n_neighbors=4, ties="random", random_state=0)
    shared = k_occurrence(X, n_neighbors=4)
    assert by_index.max() > 25
    assert at_random.max() < 15
    np.testing.assert_allclose(shared[:30], 31 * 4 / 30)


def test_skewness_is_that_of_the_counts(hubby):
    """Defect 14: a third raw moment was returned in its place, or an empty dict."""
    N = k_occurrence(hubby)
    assert k_skewness(N) == pytest.approx(skew(N))
    assert hubness_score(hubby, measure="k_skewness") == pytest.approx(skew(N))


def test_every_measure_can_be_asked_for_alone(hubby):
    report = hubness_report(hubby)
    for measure in ("k_skewness", "gini_index", "atkinson_index", "hub_entropy"):
        assert hubness_score(hubby, measure=measure) == report[measure].value


def test_gini_index_does_not_need_all_pairs():
    """A quadratic form of one million counts would need terabytes."""
    from sksim.metrics import gini_index

    N = np.arange(1_000_000)
    assert gini_index(N) == pytest.approx(1 / 3, abs=1e-5)


def test_rows_of_any_length(hubby):
    """Defect 11: every row had to hold as many neighbours as all others."""
    graph = graph_of(hubby, 20)
    kept = np.ones(graph.nnz, dtype=bool)
    kept[graph.indptr[1:-1:2] - 1] = False
    indptr = np.concatenate([[0], np.cumsum(np.add.reduceat(kept, graph.indptr[:-1]))])
    ragged = sparse.csr_matrix((graph.data[kept], graph.indices[kept], indptr), graph.shape)
    assert len(set(np.diff(ragged.indptr))) == 2
    N = k_occurrence(ragged, n_neighbors=10, metric="precomputed")
    np.testing.assert_array_equal(N, k_occurrence(hubby, n_neighbors=10))


def test_the_graph_is_not_touched():
    """Defect 8: a tie made a helper reshape the caller's arrays to two dimensions."""
    X = np.random.RandomState(0).randint(3, size=(40, 2)).astype(float)
    graph = graph_of(X, 5)
    before = graph.copy()
    k_occurrence(graph, n_neighbors=5, metric="precomputed")
    assert graph.data.ndim == 1
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(graph, name), getattr(before, name))


def test_integer_distances_are_distances():
    """Precomputed integers failed."""
    D = np.array([[0, 1, 5], [1, 0, 2], [5, 2, 0]])
    np.testing.assert_array_equal(k_occurrence(D, n_neighbors=1, metric="precomputed"), [1, 2, 0])


def test_any_metric_passes(hubby):
    """Fractional distances were asked for and refused."""
    N = k_occurrence(hubby, metric="minkowski", metric_params={"p": 0.3})
    expected = k_occurrence(hubby, metric=lambda a, b: (np.abs(a - b) ** 0.3).sum())
    np.testing.assert_array_equal(N, expected)


def test_choosing_by_hubness_needs_no_leak(hubby):
    """Defects 3, 12, 13: parameters were frozen, graphs could not be cross-validated."""
    y = np.arange(300) % 3
    pipeline = make_pipeline(
        Normalizer(),
        KNeighborsTransformer(n_neighbors=40),
        KNeighborsClassifier(metric="precomputed"),
    )
    scorer = make_hubness_scorer()
    grid = GridSearchCV(pipeline, {"normalizer": ["passthrough", Normalizer()]}, scoring=scorer)
    scores = grid.fit(hubby, y).cv_results_["mean_test_score"]
    assert scores[1] > scores[0]
    assert np.isfinite(cross_val_score(clone(pipeline), hubby, y, scoring=scorer)).all()


def test_a_score_leaves_its_parameters_alone(hubby):
    """Defect 14: fit overwrote constructor parameters."""
    scorer = make_hubness_scorer("gini_index", n_neighbors=4)
    before = repr(scorer)
    scorer(Normalizer().fit(hubby), hubby)
    assert repr(scorer) == before


def test_no_hubness_is_zero_only_after_adjusting(hubby):
    """Chance alone gives a positive skewness, which no earlier library told."""
    D = np.random.RandomState(0).uniform(1, 2, size=(1000, 4000))
    raw = hubness_score(D, metric="precomputed")
    assert raw == pytest.approx(0.63, abs=0.15)
    assert abs(hubness_score(D, metric="precomputed", adjusted=True)) < 0.15
    assert antihub_rate(k_occurrence(D, metric="precomputed")) == pytest.approx(0.082, abs=0.02)

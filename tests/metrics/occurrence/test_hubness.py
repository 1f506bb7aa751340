"""Scores, bad hubness and the report."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from sksim import metrics
from sksim.datasets import make_gaussian_hubs
from sksim.metrics import (
    bad_hubness_score,
    hubness_null,
    hubness_report,
    hubness_score,
    k_occurrence,
)
from sksim.metrics._measure import OccurrenceMeasure
from sksim.metrics._registry import all_measures
from sksim.utils._graph import dense_to_graph
from tests.reference import hubness_measures as reference

MEASURES = [measure.name for measure in all_measures(OccurrenceMeasure)]


def concentrated_distances(n_queries, n_indexed, n_neighbors):
    """The first columns are the neighbours of every query."""
    return np.tile(np.arange(1.0, n_indexed + 1), (n_queries, 1))


@pytest.mark.parametrize("measure", MEASURES)
def test_score_is_the_measure_of_the_occurrence(measure):
    X, _ = make_gaussian_hubs(120, 30, random_state=0)
    N = k_occurrence(X, n_neighbors=5)
    score = hubness_score(X, measure=measure, n_neighbors=5)
    assert isinstance(score, float)
    assert score == pytest.approx(reference.evaluate(measure, N, 120, 5))


@pytest.mark.parametrize("measure", MEASURES)
def test_queries_matrices_and_graphs_agree(measure):
    X, _ = make_gaussian_hubs(120, 30, random_state=0)
    Q, Y = X[:40], X[40:]
    D = cdist(Q, Y)
    N = reference.k_occurrence(D, 5)
    expected = reference.evaluate(measure, N, 40, 5)
    options = {"measure": measure, "n_neighbors": 5}
    assert hubness_score(Q, Y, **options) == pytest.approx(expected)
    for input in (D, dense_to_graph(D)):
        score = hubness_score(input, metric="precomputed", **options)
        assert score == pytest.approx(expected)


@pytest.mark.parametrize("measure", MEASURES)
@given(seed=st.integers(0, 50))
def test_scale_shift_and_rotation_change_nothing(measure, seed):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((40, 6))
    rotation, _ = np.linalg.qr(rng.standard_normal((6, 6)))
    options = {"measure": measure, "n_neighbors": 4}
    expected = hubness_score(X, **options)
    moved = 3 * X @ rotation + rng.standard_normal(6)
    assert hubness_score(moved, **options) == pytest.approx(expected)


@pytest.mark.parametrize("measure", MEASURES)
def test_adjusted_is_the_documented_formula(measure):
    X, _ = make_gaussian_hubs(150, 60, random_state=1)
    value = hubness_score(X, measure=measure)
    null = hubness_null(measure, n_queries=150, n_indexed=150, n_neighbors=10)
    adjusted = hubness_score(X, measure=measure, adjusted=True)
    assert adjusted == pytest.approx(value - null)
    assert adjusted < 0 if measure == "hub_entropy" else adjusted > 0


@pytest.mark.parametrize("measure", MEASURES)
def test_adjusted_is_near_zero_without_hubness(measure):
    """Random distances have no hubs but those of chance."""
    D = np.random.RandomState(0).uniform(1, 2, size=(2000, 2000))
    options = {"metric": "precomputed", "measure": measure, "exclude_self": False}
    assert abs(hubness_score(D, adjusted=True, **options)) < 0.1


def test_short_names_of_measures():
    X, _ = make_gaussian_hubs(50, 10, random_state=0)
    assert hubness_score(X, measure="gini") == hubness_score(X, measure="gini_index")


def test_hubness_grows_with_the_dimension():
    scores = [
        hubness_score(make_gaussian_hubs(1000, d, n_classes=1, random_state=0)[0])
        for d in (3, 10, 100)
    ]
    assert -0.8 < scores[0] < 0.2
    assert 0.4 < scores[1] < 1.5
    assert scores[2] > 3


def test_unknown_measure_is_reported_before_the_search():
    with pytest.raises(ValueError, match=r"measure must be one of .*'robin_hood_index'.*'skew'"):
        hubness_score([[np.nan]], measure="skew")


# --- bad hubness ----------------------------------------------------------------------------


@given(seed=st.integers(0, 200), n_classes=st.integers(1, 4))
def test_bad_hubness_is_the_literal_count(seed, n_classes):
    rng = np.random.RandomState(seed)
    X, y = rng.standard_normal((30, 3)), rng.randint(n_classes, size=30)
    expected = reference.bad_hubness(cdist(X, X), y, 4)
    assert bad_hubness_score(X, y, n_neighbors=4) == pytest.approx(expected)


def test_bad_hubness_of_queries():
    X, Y = [[0.0], [10.0]], [[1.0], [2.0], [9.0]]
    score = bad_hubness_score(X, ["a", "b"], Y, ["a", "b", "b"], n_neighbors=2)
    assert score == pytest.approx(1 / 4)
    D = np.abs(np.array(X) - np.array(Y).T)
    score = bad_hubness_score(
        D, ["a", "b"], y_indexed=["a", "b", "b"], n_neighbors=2, metric="precomputed"
    )
    assert score == pytest.approx(1 / 4)


def test_bad_hubness_shares_ties():
    X, Y = [[0.0]], [[1.0], [1.0], [-1.0]]
    score = bad_hubness_score(X, [0], Y, [0, 1, 1], n_neighbors=1)
    assert score == pytest.approx(2 / 3)


def test_bad_hubness_at_chance_and_at_best(rng):
    X = rng.standard_normal((800, 5))
    y = rng.randint(4, size=800)
    assert abs(bad_hubness_score(X, y, adjusted=True)) < 0.03
    assert bad_hubness_score(X, y) == pytest.approx(
        1 - (np.bincount(y) ** 2).sum() / 800**2, abs=0.02
    )
    X[:, 0] += 1000 * y
    assert bad_hubness_score(X, y) == 0
    chance = 1 - (np.bincount(y) ** 2).sum() / 800**2
    assert bad_hubness_score(X, y, adjusted=True) == pytest.approx(-chance)
    assert bad_hubness_score(X, np.zeros(800), adjusted=True) == 0


def test_bad_hubness_errors(rng):
    X, y = rng.standard_normal((20, 3)), np.arange(20) % 2
    with pytest.raises(ValueError, match="y must hold one label for each of 20 samples, got 19"):
        bad_hubness_score(X, y[1:], n_neighbors=3)
    with pytest.raises(ValueError, match="y_indexed must hold the labels of the indexed"):
        bad_hubness_score(X, y, X + 1, n_neighbors=3)
    with pytest.raises(ValueError, match="y_indexed must hold the labels of the indexed"):
        bad_hubness_score(
            cdist(X, X + 1), y, n_neighbors=3, metric="precomputed", exclude_self=False
        )
    with pytest.raises(ValueError, match="y_indexed must hold one label for each of 20"):
        bad_hubness_score(X[:5], y[:5], X, y[:5], n_neighbors=3)
    with pytest.raises(ValueError, match="NaN"):
        bad_hubness_score(X, np.r_[np.nan, y[1:]], n_neighbors=3)
    assert bad_hubness_score(X, y, X.copy(), n_neighbors=3, exclude_self=True) == (
        bad_hubness_score(X, y, n_neighbors=3)
    )


# --- report ---------------------------------------------------------------------------------


def test_labels_that_cannot_be_compared_are_refused(rng):
    X = rng.standard_normal((12, 3))
    numbers = np.arange(12) % 2
    for missing in (None, np.nan):
        labels = np.array(["a", "b", missing] * 4, dtype=object)
        with pytest.raises(ValueError, match="y must hold a label for each sample"):
            bad_hubness_score(X, labels, n_neighbors=2)
    with pytest.raises(ValueError, match="labels of one kind.*type int64 in y"):
        bad_hubness_score(X, numbers, X, (1 - numbers).astype(str), n_neighbors=2)


def test_report_agrees_with_every_function():
    X, y = make_gaussian_hubs(200, 40, random_state=0)
    report = hubness_report(X, y=y, n_neighbors=7)
    for measure in MEASURES:
        options = {"measure": measure, "n_neighbors": 7}
        assert report[measure].value == hubness_score(X, **options)
        assert report[measure].adjusted == hubness_score(X, adjusted=True, **options)
        assert report[measure].null == hubness_null(
            measure, n_queries=200, n_indexed=200, n_neighbors=7
        )
    assert report.bad_hubness.value == bad_hubness_score(X, y, n_neighbors=7)
    assert report.bad_hubness.adjusted == bad_hubness_score(X, y, n_neighbors=7, adjusted=True)
    np.testing.assert_array_equal(report.occurrence, k_occurrence(X, n_neighbors=7))
    assert (report.n_queries, report.n_indexed, report.n_neighbors) == (200, 200, 7)


def test_report_of_queries():
    X, _ = make_gaussian_hubs(200, 40, random_state=0)
    report = hubness_report(X[:50], X[50:])
    assert "bad_hubness" not in report
    null = hubness_null("k_skewness", n_queries=50, n_indexed=150, n_neighbors=10)
    assert report.k_skewness.null == null
    assert report.occurrence.shape == (150,)


def test_report_prints_no_negative_zero():
    report = hubness_report(make_gaussian_hubs(20, 3, random_state=0)[0])
    assert -5e-5 < report.antihub_rate.adjusted < 0
    assert "-0.0000" not in str(report)


def test_report_prints_as_an_aligned_table():
    X, y = make_gaussian_hubs(100, 20, random_state=0)
    report = hubness_report(X, y=y)
    lines = str(report).splitlines()
    assert repr(report) == str(report)
    assert lines[1].split() == ["measure", "value", "null", "adjusted"]
    assert len({len(line) for line in lines[1:]}) == 1
    printed = [line.split()[0] for line in lines[2:]]
    assert printed == [*MEASURES, "bad_hubness"]
    for line in lines[2:]:
        name, *numbers = line.split()
        entry = report[name]
        expected = [entry.value, entry.null, entry.adjusted]
        np.testing.assert_allclose([float(x) for x in numbers], expected, atol=5.1e-5)


def test_report_can_be_pickled():
    X, _ = make_gaussian_hubs(50, 20, random_state=0)
    report = hubness_report(X)
    again = pickle.loads(pickle.dumps(report))
    assert str(again) == str(report)


def test_every_measure_has_its_function_and_its_entry():
    for measure in MEASURES:
        assert measure in metrics.__all__

"""Scores along layers, depths and numbers of candidates."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

plt = pytest.importorskip("matplotlib.pyplot")

from sksim.inspection import ScoreCurveDisplay
from sksim.metrics import cka_score, procrustes_score, similarity_interval
from sksim.neighbors import HubnessReducedNearestNeighbors, candidate_report


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def layers(rng):
    X = rng.randn(40, 4)
    return {f"layer{i}": X + i * rng.randn(40, 4) for i in range(1, 4)}


def ends_of_bars(display):
    return np.array([segment[:, 1] for segment in display.interval_.get_segments()])


def test_layers_against_one_reference(layers, rng):
    reference = rng.randn(40, 6)
    display = ScoreCurveDisplay.from_representations(
        layers, reference, "procrustes", random_state=0, name="a"
    )
    assert display.positions == list(layers)
    expected = [procrustes_score(X, reference) for X in layers.values()]
    np.testing.assert_allclose(display.line_.get_ydata(), expected)
    state = np.random.RandomState(0)
    intervals = [
        similarity_interval(X, reference, "procrustes", random_state=state) for X in layers.values()
    ]
    np.testing.assert_allclose(ends_of_bars(display), intervals)
    assert display.ax_.get_ylabel() == "procrustes"
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["a"]


def test_each_layer_against_a_partner_of_its_own(layers):
    stack = list(layers.values())
    display = ScoreCurveDisplay.from_representations(stack[1:], stack[:-1], confidence=None)
    expected = [cka_score(stack[1], stack[0]), cka_score(stack[2], stack[1])]
    np.testing.assert_allclose(display.scores, expected)
    assert display.positions == [0, 1]
    assert display.interval_ is None
    with pytest.raises(ValueError, match="one for each of the 2 representations, got 3"):
        ScoreCurveDisplay.from_representations(stack[1:], stack)


def test_repeated_scores():
    scores = np.array([[0.2, 0.4], [0.5, 0.9]])
    display = ScoreCurveDisplay.from_scores([0.1, 0.5], scores, position_name="depth", color="k")
    np.testing.assert_allclose(display.line_.get_ydata(), [0.3, 0.7])
    np.testing.assert_allclose(display.intervals, [[0.2, 0.4], [0.5, 0.9]])
    band = display.interval_.get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == pytest.approx((0.2, 0.9))
    assert (display.ax_.get_xlabel(), display.line_.get_color()) == ("depth", "k")
    bars = display.plot(interval_style="bars")
    np.testing.assert_allclose(ends_of_bars(bars), display.intervals)
    assert ScoreCurveDisplay.from_scores([1, 2], scores[:, 0]).interval_ is None


def test_a_search_shows_the_best_of_each_value(rng):
    X, y = rng.randn(60, 3), np.arange(60) % 2
    grid = {"C": [10.0, 0.1], "fit_intercept": [True, False]}
    results = GridSearchCV(LogisticRegression(), grid, cv=3).fit(X, y).cv_results_
    display = ScoreCurveDisplay.from_cv_results(results, "C")
    assert display.positions == [0.1, 10.0]
    mean = results["mean_test_score"].reshape(2, 2)  # C by intercept
    np.testing.assert_allclose(display.scores, mean.max(axis=1)[::-1])
    spread = results["std_test_score"].reshape(2, 2)[[1, 0], mean[[1, 0]].argmax(axis=1)]
    np.testing.assert_allclose(display.intervals[:, 1], display.scores + spread)
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("C", "score")
    words = ScoreCurveDisplay.from_cv_results(results, "fit_intercept")
    assert list(words.line_.get_xdata()) == ["True", "False"]
    with pytest.raises(ValueError, match="param must be one of .'C', 'fit_intercept'"):
        ScoreCurveDisplay.from_cv_results(results, "c")
    with pytest.raises(ValueError, match="metric .*score"):
        ScoreCurveDisplay.from_cv_results(results, "C", metric="recall")


def test_parameters_of_some_candidates_only(rng):
    X, y = rng.randn(60, 3), np.arange(60) % 2
    grid = [{"C": [0.1, 1.0]}, {"tol": [0.1]}]
    results = GridSearchCV(LogisticRegression(), grid, cv=2).fit(X, y).cv_results_
    assert ScoreCurveDisplay.from_cv_results(results, "C").positions == [0.1, 1.0]


def test_recall_of_candidates(rng):
    X = rng.randn(200, 5)
    reports = {}
    for name in ("brute", "other"):
        search = HubnessReducedNearestNeighbors(backend="brute").fit(X)
        reports[name] = candidate_report(search, n_queries=50, random_state=0)
    reports["other"]["recalls"] = np.tile([0.6, 0.8], 25)
    display = ScoreCurveDisplay.from_reports(reports, confidence=0.9)
    np.testing.assert_allclose(display.scores, [1.0, 0.7])
    half = norm.ppf(0.95) * np.std([0.6, 0.8] * 25, ddof=1) / np.sqrt(50)
    np.testing.assert_allclose(display.intervals, [[1, 1], [0.7 - half, 0.7 + half]])
    assert display.ax_.get_ylabel() == "recall of the nearest"


@pytest.mark.parametrize(
    ("scores", "intervals", "message"),
    [
        ([0.1], None, r"scores must be of the shape \(2,\), for 2 positions, got \(1,\)"),
        ([0.1, np.nan], None, "scores contains NaN"),
        ([0.1, 0.2], [0.1, 0.2], r"intervals must be of the shape \(2, 2\)"),
    ],
)
def test_what_is_refused(scores, intervals, message):
    with pytest.raises(ValueError, match=message):
        ScoreCurveDisplay([1, 2], scores, intervals=intervals).plot()
    with pytest.raises(ValueError, match="interval_style .*band"):
        ScoreCurveDisplay([1, 2], [0.1, 0.2]).plot(interval_style="box")
    assert not plt.get_fignums()

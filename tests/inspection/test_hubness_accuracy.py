"""Accuracy against hubness of the candidates of a search."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

plt = pytest.importorskip("matplotlib.pyplot")

from sksim.inspection import HubnessAccuracyDisplay
from sksim.metrics import make_hubness_scorer
from sksim.neighbors import HubnessReducedKNeighborsClassifier

RESULTS = {
    "params": [],
    "mean_test_accuracy": np.array([0.5, 0.6, 0.7, 0.8]),
    "mean_test_hubness": np.array([-0.4, -0.3, -0.2, -0.1]),
    "param_reduction": np.array([None, "csls", None, "csls"], dtype=object),
    "param_n_neighbors": np.array([5, 5, 10, 10]),
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def words(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_less_hubness_is_to_the_left():
    display = HubnessAccuracyDisplay.from_cv_results(RESULTS)
    (points,) = display.points_
    np.testing.assert_allclose(
        points.get_offsets(), np.column_stack([[0.4, 0.3, 0.2, 0.1], [0.5, 0.6, 0.7, 0.8]])
    )
    assert display.ax_.get_legend() is None
    assert display.ax_.get_ylabel() == "accuracy in cross-validation"
    np.testing.assert_array_equal(display.line_.get_xdata(), [0, 0])
    assert HubnessAccuracyDisplay.from_cv_results(RESULTS, chance=None).line_ is None


def test_colours_and_shapes_tell_two_parameters():
    display = HubnessAccuracyDisplay.from_cv_results(
        RESULTS, color="reduction", marker="n_neighbors", s=20
    )
    assert words(display) == ["5", "10", "no reduction", "csls"]
    assert len(display.points_) == 4
    assert [points.get_sizes()[0] for points in display.points_] == [20] * 4
    colors = [tuple(points.get_facecolor()[0]) for points in display.points_]
    assert colors[0] == colors[2] != colors[1] == colors[3]
    np.testing.assert_allclose(display.points_[2].get_offsets(), [[0.2, 0.7]])


def test_a_search(rng):
    X, y = rng.randn(60, 8), np.arange(60) % 3
    search = GridSearchCV(
        HubnessReducedKNeighborsClassifier(),
        {"reduction": [None, "nicdm"]},
        scoring={"acc": "accuracy", "hubs": make_hubness_scorer()},
        refit="acc",
        cv=2,
    ).fit(X, y)
    display = HubnessAccuracyDisplay.from_cv_results(
        search.cv_results_, hubness="hubs", accuracy="acc", color="reduction"
    )
    np.testing.assert_array_equal(display.hubness, -search.cv_results_["mean_test_hubs"])
    np.testing.assert_array_equal(display.accuracy, search.cv_results_["mean_test_acc"])
    with pytest.raises(ValueError, match="hubness must be one of .'acc', 'hubs'"):
        HubnessAccuracyDisplay.from_cv_results(search.cv_results_, accuracy="acc")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"accuracy": [0.5]}, "accuracy must hold one entry for each of the 2 candidates"),
        ({"colors": ["a"]}, "colors must hold one entry for each"),
        ({"hubness": [0.1, np.nan]}, "hubness contains NaN"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        HubnessAccuracyDisplay(
            **{"hubness": [0.1, 0.2], "accuracy": [0.5, 0.6], **arguments}
        ).plot()
    with pytest.raises(ValueError, match="at most 10 different values, got 11"):
        HubnessAccuracyDisplay(np.arange(11.0), np.arange(11.0), markers=list(range(11))).plot()
    assert not plt.get_fignums()

"""Scores of probes of few features: data and artists."""

import numpy as np
import pytest
from scipy.stats import ortho_group
from sklearn.feature_selection import f_classif
from sklearn.naive_bayes import GaussianNB

plt = pytest.importorskip("matplotlib.pyplot")

from sksim.inspection import SparseProbeDisplay

X = np.random.RandomState(0).randn(300, 10)
y = np.where(X[:, 3] > 0.3, "in", "out")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_a_label_of_one_unit_needs_one():
    display = SparseProbeDisplay.from_representation(X, y)
    assert display.n_features == [1, 2, 4, 8, 10]
    assert display.scores.shape == (5, 5)
    assert display.scores[0].mean() > 0.95
    turned = X @ ortho_group.rvs(10, random_state=0)
    rotated = SparseProbeDisplay.from_representation(turned, y).scores.mean(axis=1)
    assert rotated[0] < 0.8 < 0.9 < rotated[-1]


def test_artists():
    ax = plt.subplots()[1]
    display = SparseProbeDisplay.from_representation(
        X, y, n_features=(1, 5), cv=3, name="a", ax=ax, color="k"
    )
    assert display.ax_ is ax
    np.testing.assert_allclose(display.line_.get_ydata(), display.scores.mean(axis=1))
    np.testing.assert_array_equal(display.line_.get_xdata(), [1, 5])
    assert (display.line_.get_color(), ax.get_ylabel(), ax.get_xscale()) == ("k", "F1", "log")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a"]
    band = display.band_.get_paths()[0].vertices
    mean, spread = display.scores.mean(axis=1), display.scores.std(axis=1)
    assert band[:, 1].max() == pytest.approx((mean + spread).max())
    again = SparseProbeDisplay([1, 5], display.scores).plot(name="b")
    assert again.figure_ is not display.figure_
    assert again.ax_.get_ylabel() == "score"


def test_other_rankings_probes_scores_and_more_classes():
    classes = np.digitize(X[:, 3], [-0.5, 0.5])
    display = SparseProbeDisplay.from_representation(
        X * np.r_[np.ones(9), 100],
        classes,
        n_features=[1],
        score_func=f_classif,
        cv=3,
        estimator=GaussianNB(),
        scoring="accuracy",
    )
    assert display.ax_.get_ylabel() == "accuracy"
    assert display.scores.mean() > 0.9
    by_unit = SparseProbeDisplay.from_representation(
        X * np.r_[np.ones(9), 100], classes, n_features=[1]
    )
    assert by_unit.scores.mean() < 0.6  # the ranking follows the unit


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": np.zeros(300)}, "y must hold two classes or more"),
        ({"y": y[:-1]}, "X and y must hold the same samples"),
        ({"n_features": [11]}, "n_features must hold numbers from 1 to the 10 features"),
        ({"n_features": []}, "n_features must hold numbers"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        SparseProbeDisplay.from_representation(**{"X": X, "y": y, **arguments})


def test_scores_fit_the_numbers():
    with pytest.raises(ValueError, match="a row for each of the 2 numbers"):
        SparseProbeDisplay([1, 2], np.ones((3, 2))).plot()

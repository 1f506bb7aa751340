"""The null scores of a permutation test, and the observed score."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import permutation_test_score

plt = pytest.importorskip("matplotlib.pyplot")

from sksim.inspection import PermutationTestDisplay
from sksim.metrics import permutation_test_similarity


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_the_figure_shows_the_test(rng):
    X = rng.randn(40, 5)
    Y = X + rng.randn(40, 5)
    options = {"n_permutations": 60, "random_state": 0}
    test = permutation_test_similarity(X, Y, "procrustes", **options)
    display = PermutationTestDisplay.from_representations(X, Y, "procrustes", **options, bins=7)
    assert (display.score, display.pvalue) == (test.score, test.pvalue)
    np.testing.assert_array_equal(display.null_scores, test.null_scores)
    assert [bar.get_height() for bar in display.bars_] == list(np.histogram(test.null_scores, 7)[0])
    np.testing.assert_array_equal(display.line_.get_xdata(), [test.score] * 2)
    assert display.line_.get_label() == f"observed, p = {test.pvalue:.2g}"
    assert display.ax_.get_xlabel() == "procrustes"


def test_a_test_of_scikit_learn(rng):
    X, y = rng.randn(30, 3), np.arange(30) % 2
    test = permutation_test_score(RidgeClassifier(), X, y, n_permutations=20, random_state=0)
    display = PermutationTestDisplay.from_test(test, score_name="accuracy", name="noise")
    assert (display.ax_.get_xlabel(), display.ax_.get_title()) == ("accuracy", "noise")
    assert sum(bar.get_height() for bar in display.bars_) == 20


def test_scores_that_are_no_numbers_raise():
    with pytest.raises(ValueError, match="null_scores contains NaN"):
        PermutationTestDisplay([0.1, np.nan], 0.3, 0.5).plot()
    assert not plt.get_fignums()

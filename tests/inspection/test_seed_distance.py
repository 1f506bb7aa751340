"""Distances of copies of a model, by group."""

from types import SimpleNamespace

import numpy as np
import pytest

plt = pytest.importorskip("matplotlib.pyplot")

from sklearn.linear_model import SGDClassifier

from sksim.identifiability import SeedEnsemble
from sksim.inspection import SeedDistanceDisplay

SYMMETRIC = np.array([[0.0, 1, 2], [1, 0, 6], [2, 6, 0]])


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def heights(display, group):
    return np.sort(display.points_[group].get_offsets()[:, 1])


def test_each_pair_is_a_dot_and_the_bar_their_median():
    display = SeedDistanceDisplay.from_matrices(
        {8: SYMMETRIC, 16: SYMMETRIC / 2}, group_name="width", distance_name="d", s=9
    )
    np.testing.assert_array_equal(heights(display, 0), [1, 2, 6])
    np.testing.assert_array_equal(heights(display, 1), [0.5, 1, 3])
    np.testing.assert_array_equal(display.medians_, [2, 1])
    np.testing.assert_array_equal(display.bars_[0].get_ydata(), [2, 2])
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == ["8", "16"]
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("width", "d")


def test_both_directions_of_a_distance_that_has_two():
    directed = np.array([[0.0, 1], [3, 0]])
    display = SeedDistanceDisplay.from_matrices({"a": directed})
    np.testing.assert_array_equal(heights(display, 0), [1, 3])


def test_ensembles(rng):
    X = rng.randn(80, 3)
    y = (X[:, 0] + rng.randn(80) > 0).astype(int)
    ensembles = {
        f"{alpha}": SeedEnsemble(
            SGDClassifier("log_loss", alpha=alpha), 3, metric="logit_distance", random_state=0
        ).fit(X, y)
        for alpha in (0.01, 1.0)
    }
    display = SeedDistanceDisplay.from_estimators(ensembles, X)
    for group, ensemble in enumerate(ensembles.values()):
        D = ensemble.pairwise_distances(X)
        np.testing.assert_allclose(heights(display, group), np.sort(D[np.triu_indices(3, 1)]))
    assert display.ax_.get_ylabel() == "logit distance"
    other = SeedDistanceDisplay.from_estimators(ensembles, X, metric="kl_divergence")
    assert other.ax_.get_ylabel() == "kl divergence"
    assert len(heights(other, 0)) == 6  # a divergence has two directions


def test_parameters_of_the_distance_are_passed_on():
    seen = {}

    def distances(X, metric, **params):
        seen.update(params, metric=metric)
        return SYMMETRIC

    ensemble = SimpleNamespace(metric="kl_divergence", pairwise_distances=distances)
    SeedDistanceDisplay.from_estimators(
        {"a": ensemble}, None, metric="logit_distance", metric_params={"squared": True}
    )
    assert seen == {"metric": "logit_distance", "squared": True}


@pytest.mark.parametrize(
    ("distances", "message"),
    [
        ({}, "distances must be a dict"),
        (SYMMETRIC, "distances must be a dict"),
        ({"a": np.ones((2, 3))}, r"distances\['a'\] must be a square matrix"),
        ({"a": np.zeros((1, 1))}, "two or more copies"),
    ],
)
def test_what_is_refused(distances, message):
    with pytest.raises(ValueError, match=message):
        SeedDistanceDisplay.from_matrices(distances)
    assert not plt.get_fignums()

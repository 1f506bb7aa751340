"""Gaussian hubs: shapes, classes, repeatability and the hubness they promise."""

import numpy as np
import pytest
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from sksim.datasets import make_gaussian_hubs
from sksim.metrics import hubness_score


def test_shapes_and_classes():
    X, y = make_gaussian_hubs(500, 20, n_classes=4, random_state=0)
    assert X.shape == (500, 20)
    assert set(y) == {0, 1, 2, 3}
    X, y = make_gaussian_hubs()
    assert X.shape == (1000, 100)
    assert len(set(y)) == 10


def test_same_seed_same_data():
    first, second = (make_gaussian_hubs(50, 5, random_state=3) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert (make_gaussian_hubs(50, 5, random_state=4)[0] != first[0]).any()


def test_moments():
    X, y = make_gaussian_hubs(40_000, 3, n_classes=2, class_sep=2.0, random_state=0)
    within = X - np.stack([X[y == c].mean(axis=0) for c in (0, 1)])[y]
    np.testing.assert_allclose(np.cov(within.T), np.eye(3), atol=0.03)
    X, y = make_gaussian_hubs(40_000, 3, n_classes=1, class_sep=2.0, random_state=0)
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=0.03)
    assert not y.any()


def test_class_sep_decides_how_much_there_is_to_classify():
    accuracy = [
        cross_val_score(
            KNeighborsClassifier(10), *make_gaussian_hubs(500, 50, class_sep=s, random_state=0)
        ).mean()
        for s in (0, 0.4, 1.5)
    ]
    assert accuracy[0] < 0.2 < 0.5 < accuracy[1] < accuracy[2]
    assert accuracy[2] > 0.99


@pytest.mark.parametrize(
    ("n_features", "low", "high"), [(3, -0.5, 0.1), (10, 0.4, 1.1), (100, 7, 12)]
)
def test_documented_hubness(n_features, low, high):
    X, _ = make_gaussian_hubs(2000, n_features, n_classes=1, random_state=0)
    assert low < hubness_score(X) < high


@pytest.mark.parametrize(
    "bad", [{"n_samples": 0}, {"n_features": 0}, {"n_classes": 0}, {"class_sep": -1}]
)
def test_bad_parameters(bad):
    with pytest.raises(ValueError, match=next(iter(bad))):
        make_gaussian_hubs(**bad)

"""Mean differences: known values, changes, more classes, what is refused."""

import numpy as np
import pytest
from scipy.stats import ortho_group
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sksim.metrics import mean_difference

X = np.random.RandomState(0).randn(60, 6)
y = (X[:, 3] + 0.5 * X[:, 1] + 0.3 * np.random.RandomState(1).randn(60) > 0).astype(int)


def test_known_values():
    expected = [
        *(0.026389442381, 1.060462228046, 0.039610902646),
        *(1.282724252133, 0.038222146350, 0.007594110927),
    ]
    result = mean_difference(X, y)
    np.testing.assert_allclose(result, expected, rtol=1e-9)
    assert np.argsort(-result).tolist() == [3, 1, 2, 4, 0, 5]


def test_range_over_classes():
    labels = np.arange(60) % 4
    means = np.array([X[labels == c].mean(axis=0) for c in range(4)])
    expected = means.max(axis=0) - means.min(axis=0)
    np.testing.assert_allclose(mean_difference(X, labels), expected)


def test_what_it_follows():
    result = mean_difference(X, y)
    order = [5, 3, 0, 1, 2, 4]
    np.testing.assert_allclose(mean_difference(X[:, order], y), result[order])
    np.testing.assert_allclose(mean_difference(X + 1e6, y), result, atol=1e-8)
    np.testing.assert_allclose(mean_difference(X * 1e-200, y) * 1e200, result)
    rotated = mean_difference(X @ ortho_group.rvs(6, random_state=0), y)
    assert np.abs(np.sort(rotated) - np.sort(result)).max() > 0.1


def test_as_score_function():
    probe = make_pipeline(SelectKBest(mean_difference, k=2), LogisticRegression()).fit(X, y)
    assert probe[0].get_support().tolist() == [False, True, False, True, False, False]


def test_what_is_refused():
    with pytest.raises(ValueError, match="y must hold two classes or more"):
        mean_difference(X, np.zeros(60))
    with pytest.raises(ValueError, match="X and y must hold the same samples"):
        mean_difference(X, y[:-1])

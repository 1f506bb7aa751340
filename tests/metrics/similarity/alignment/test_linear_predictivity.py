import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import KFold, ShuffleSplit, cross_val_score

from sksim.metrics import linear_predictivity_score
from tests.reference import similarity as reference

X, Y = reference.golden_pair(60, 8, 8, 0)


def test_reference_values():
    value = linear_predictivity_score(X, Y, estimator=LinearRegression())
    assert value == pytest.approx(0.61799180, abs=1e-7)
    value = linear_predictivity_score(X, Y, estimator=Ridge())
    assert value == pytest.approx(0.62346142, abs=1e-7)


def test_equals_the_literal_loop_over_folds():
    scores = []
    for train, test in KFold(5).split(X):
        design = np.column_stack([np.ones(len(train)), X[train]])
        coef = np.linalg.lstsq(design, Y[train], rcond=None)[0]
        predicted = np.column_stack([np.ones(len(test)), X[test]]) @ coef
        residual = np.sum((Y[test] - predicted) ** 2, axis=0)
        total = np.sum((Y[test] - Y[test].mean(axis=0)) ** 2, axis=0)
        scores.append(np.mean(1 - residual / total))
    value = linear_predictivity_score(X, Y, estimator=LinearRegression())
    assert value == pytest.approx(np.mean(scores), abs=1e-10)


def test_is_held_out():
    """Noise explains itself in sample, and nothing on other samples."""
    noise = np.random.RandomState(0).standard_normal((60, 40))
    model = LinearRegression()
    assert model.fit(noise, Y).score(noise, Y) > 0.5
    assert linear_predictivity_score(noise, Y, estimator=model) < 0


def test_cv_is_passed_on():
    splits = ShuffleSplit(3, random_state=0)
    expected = cross_val_score(Ridge(), X, Y, cv=splits).mean()
    value = linear_predictivity_score(X, Y, estimator=Ridge(), cv=splits)
    assert value == pytest.approx(expected, abs=1e-12)


def test_too_small_test_sets_raise():
    with pytest.raises(ValueError, match="two samples in each test set, got 1"):
        linear_predictivity_score(X[:9], Y[:9])


@pytest.mark.parametrize("unit", [1e-300, 1e-12, 1e-3, 1e9, 1e300])
def test_default_does_not_depend_on_the_unit(unit):
    expected = linear_predictivity_score(X, Y)
    assert linear_predictivity_score(X * unit, Y) == pytest.approx(expected, rel=1e-9)
    assert linear_predictivity_score(X, Y * unit) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("unit", [1e-300, 1e300])
def test_other_estimators_raise_at_units_out_of_range(unit):
    with pytest.raises(ValueError, match="rescale X"):
        linear_predictivity_score(X * unit, Y, estimator=LinearRegression())
    with pytest.raises(ValueError, match="rescale Y"):
        linear_predictivity_score(X, Y * unit, estimator=LinearRegression())


def test_direction():
    assert linear_predictivity_score(X, X[:, :2]) > 0.99
    assert linear_predictivity_score(X[:, :2], X) < 0.9

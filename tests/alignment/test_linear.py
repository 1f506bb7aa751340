import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import GridSearchCV

from sksim.alignment import LinearAligner
from tests.reference import alignment as literal


def draw(seed):
    rng = np.random.RandomState(seed)
    X = rng.randn(40, 3)
    return X, X @ rng.randn(3, 4) + rng.randn(40, 4)


@given(seed=st.integers(0, 10**6))
def test_default_is_cross_validated_ridge(seed):
    X, Y = draw(seed)
    aligner = LinearAligner().fit(X, Y)
    penalties = np.array([0.1, 1.0, 10.0]) * np.mean(np.var(X, axis=0))
    expected = RidgeCV(penalties).fit(X, Y).predict(X)
    np.testing.assert_allclose(aligner.transform(X), expected, atol=1e-10)
    assert aligner.score(X, Y) == pytest.approx(literal.explained(expected, Y))


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e6])
def test_default_does_not_depend_on_the_unit(unit):
    X, Y = draw(0)
    expected = LinearAligner().fit(X, Y).transform(X)
    np.testing.assert_allclose(LinearAligner().fit(X * unit, Y).transform(X * unit), expected)
    np.testing.assert_allclose(LinearAligner().fit(X, Y * unit).transform(X), expected * unit)


def test_least_squares_is_invariant_to_invertible_maps_of_the_source():
    X, Y = draw(0)
    aligner = LinearAligner(LinearRegression())
    expected = aligner.fit(X, Y).score(X, Y)
    A = np.random.RandomState(1).randn(3, 3)
    assert aligner.fit(X @ A - 7, Y).score(X @ A - 7, Y) == pytest.approx(expected)


def test_any_regressor_is_cloned():
    X, Y = draw(1)
    forest = RandomForestRegressor(5, random_state=0)
    aligner = LinearAligner(forest).fit(X, Y)
    assert not hasattr(forest, "estimators_")
    np.testing.assert_array_equal(aligner.transform(X), aligner.estimator_.predict(X))


def test_parameters_of_the_regressor_can_be_searched():
    X, Y = draw(2)
    search = GridSearchCV(LinearAligner(RidgeCV()), {"estimator__alphas": [[0.1], [1e6]]}, cv=3)
    assert search.fit(X, Y).best_params_ == {"estimator__alphas": [0.1]}


def test_no_inverse():
    assert not hasattr(LinearAligner(), "inverse_transform")

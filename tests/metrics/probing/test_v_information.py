"""Usable information: known values, families, folds, what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from sksim.datasets import load_encoder_layers
from sksim.metrics import feature_complexity, v_information

SEEDS = st.integers(0, 10**6)
X = np.random.RandomState(0).randn(80, 3)
z = X @ [1.0, -2.0, 0.0] + np.random.RandomState(1).randn(80)
R2 = 0.853443021325
y = np.arange(80) % 3
PLAIN = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)


def test_known_values():
    assert v_information(X, z, cv=None, normalize=True) == pytest.approx(R2, rel=1e-10)
    assert v_information(X, z, cv=None) == pytest.approx(0.960170496603, rel=1e-10)
    fixed = v_information(X, z, cv=None, scale="fixed_variance")
    assert fixed == pytest.approx(R2 / 2, rel=1e-10)


@settings(max_examples=10)
@given(seed=SEEDS)
def test_invertible_maps_and_units_change_nothing_without_a_penalty(seed):
    rng = np.random.RandomState(seed)
    A, shift = rng.randn(3, 3) + 3 * np.eye(3), rng.randn(3)
    expected = v_information(X, z)
    assert v_information(X @ A + shift, 7 * z - 2) == pytest.approx(expected, abs=1e-9)
    noisy = (X[:, 0] + rng.randn(80) > 0).astype(int)
    values = [v_information(Z, noisy, estimator=PLAIN, cv=None) for Z in (X, X @ A + shift)]
    assert values[1] == pytest.approx(values[0], abs=1e-7)


def test_a_penalty_breaks_the_invariance():
    values = [v_information(Z, z, estimator=Ridge(10.0), cv=None) for Z in (X, X * [9, 1, 1])]
    assert abs(values[0] - values[1]) > 1e-3


@settings(max_examples=10)
@given(seed=SEEDS)
def test_a_larger_family_has_more_in_sample(seed):
    rng = np.random.RandomState(seed)
    target = np.sin(2 * X[:, 0]) + 0.5 * rng.randn(80)
    squares = make_pipeline(PolynomialFeatures(2), LinearRegression())
    small, large = (v_information(X, target, estimator=e, cv=None) for e in (None, squares))
    assert large >= small - 1e-12
    classes = (target > 0).astype(int)
    squares = make_pipeline(PolynomialFeatures(2), PLAIN)
    small, large = (v_information(X, classes, estimator=e, cv=None) for e in (PLAIN, squares))
    assert large >= small - 1e-6


def test_a_computed_layer_can_have_more_than_its_input():
    bits = np.random.RandomState(0).randint(2, size=(500, 8))
    target = bits[:, 0] ^ bits[:, 1]
    hidden = np.maximum(bits @ np.eye(8, 2)[:, [0, 0]] + bits[:, [1, 1]] - [0, 1], 0)
    assert v_information(bits, target) < 0.01
    assert v_information(hidden, target) == pytest.approx(math.log(2), abs=0.05)


def test_the_constant_is_fitted_on_the_training_part_too():
    """In the first fold there is one class more than in the rest, and the loss says so."""
    target = np.repeat([0, 1], 40)
    folds = KFold(2, shuffle=True, random_state=3)
    useless = RandomForestClassifier(max_depth=1, n_estimators=1, random_state=0)
    expected = 0.0
    for train, test in folds.split(X):
        share = target[train].mean()
        expected += -np.log(np.where(target[test] == 1, share, 1 - share)).sum() / 80
    result = v_information(X, target, estimator=useless, cv=folds)
    shares = v_information(X, target, estimator=useless, cv=folds, normalize=True)
    assert result / shares == pytest.approx(expected)


def test_whole_numbers_are_values_for_a_regressor():
    counts = np.round(3 * z)
    assert v_information(X, counts, estimator=LinearRegression(), cv=None) == pytest.approx(
        v_information(X, counts + 1e-9 * X[:, 0], cv=None), abs=1e-6
    )


def test_complexity_is_one_minus_the_mean_share():
    layers = {"a": X, "b": X[:, :2], "noise": np.random.RandomState(9).randn(80, 2)}
    shares = [np.clip(v_information(layer, z, normalize=True), 0, 1) for layer in layers.values()]
    assert shares[-1] == 0  # a negative value, clipped
    assert feature_complexity(layers, z) == pytest.approx(1 - np.mean(shares))
    assert feature_complexity([z[:, None]], z) == pytest.approx(0)
    assert feature_complexity(list(layers.values()), y) > 0.95


def test_layers_of_a_real_encoder():
    data = load_encoder_layers()
    value = feature_complexity(data.layers, data.lsa[:, 1], estimator=Ridge(), cv=3)
    assert 0.1 < value < 0.9


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"y": np.ones(80)}, ValueError, "y is constant"),
        ({"y": y[:-1]}, ValueError, "X and y must hold the same samples"),
        ({"estimator": RidgeClassifier()}, TypeError, "must have predict_log_proba"),
        ({"y": np.arange(80) // 77}, ValueError, "y must hold 5 samples of each class"),
        (
            {"y": np.arange(80) // 41, "cv": KFold(2)},
            ValueError,
            "y must hold each class in the training part",
        ),
        (
            {"estimator": RandomForestClassifier(5, random_state=0)},
            ValueError,
            "probability 0 to the class of .* calibrate",
        ),
        ({"y": X[:, 0]}, ValueError, "fits y without error"),
        ({"y": z, "normalize": True, "scale": "free_variance"}, ValueError, "cannot be normalised"),
    ],
)
def test_what_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        v_information(**{"X": X, "y": y, **arguments})


def test_layers_are_named():
    with pytest.raises(ValueError, match=r"layers\['b'\] is constant"):
        feature_complexity({"a": X, "b": np.ones((80, 2))}, z)
    with pytest.raises(ValueError, match="got none"):
        feature_complexity([], z)
    with pytest.raises(ValueError, match=r"layers\[1\] and z must hold the same samples"):
        feature_complexity([X, X[:-1]], z)

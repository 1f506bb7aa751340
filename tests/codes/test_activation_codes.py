"""Codes of hidden units: known codes, regions of affine networks, baselines, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline

from sksim.codes import ActivationCodes
from sksim.metrics import code_redundancy
from sksim.neighbors import HubnessReducedKNeighborsClassifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600] / 16, y[:600]


@pytest.fixture(scope="module")
def network(digits):
    model = MLPClassifier(hidden_layer_sizes=(12, 7), max_iter=15, random_state=0)
    with pytest.warns(ConvergenceWarning):
        return model.fit(*digits)


def literal(network, X):
    """Bits of every row and unit, one by one."""
    codes = []
    for x in X:
        bits = []
        for W, b in list(zip(network.coefs_, network.intercepts_, strict=True))[:-1]:
            z = x @ W + b
            bits += [int(value > 0) for value in z]
            x = np.maximum(z, 0)
        codes.append(bits)
    return np.array(codes)


def test_one_unit_on_a_line():
    X = np.array([[0.0], [0.2], [0.6], [0.9]])
    codes = ActivationCodes(lambda X: [X * 1.0 - 0.5]).fit_transform(X)
    np.testing.assert_array_equal(codes.ravel(), [0, 0, 1, 1])
    assert codes.dtype == np.uint8
    assert code_redundancy(codes) == 0.5
    assert code_redundancy(X - 0.5) == 0.5


def test_is_the_literal_code(digits, network):
    X, _ = digits
    codes = ActivationCodes(network).fit(X[:50]).transform(X)
    np.testing.assert_array_equal(codes, literal(network, X))
    for layers, units in (([0], slice(12)), ([-1], slice(12, 19)), ([1, 0], [*range(12, 19), 0])):
        part = ActivationCodes(network, layers=layers).fit_transform(X)
        np.testing.assert_array_equal(part[:, : 8 if layers == [1, 0] else None], codes[:, units])


def test_untrained_network_is_drawn_as_scikit_learn_draws_it(digits):
    X, y = digits
    codes = ActivationCodes(hidden_layer_sizes=(12, 7), random_state=3).fit_transform(X)
    model = MLPClassifier(
        (12, 7), solver="sgd", learning_rate_init=1e-300, alpha=0, max_iter=1, random_state=3
    ).fit(X, y)
    # the same draws, layer by layer: weights, then offsets
    np.testing.assert_array_equal(codes, literal(model, X))


def test_fitted_frozen_and_unfitted_networks(digits, network):
    X, y = digits
    codes = ActivationCodes(network).fit_transform(X)
    frozen = clone(ActivationCodes(FrozenEstimator(network)))
    np.testing.assert_array_equal(frozen.fit_transform(X), codes)
    fresh = ActivationCodes(clone(network)).fit(X, y)
    np.testing.assert_array_equal(fresh.transform(X), codes)
    assert not hasattr(fresh.estimator, "coefs_")
    regressor = ActivationCodes(
        MLPRegressor(hidden_layer_sizes=(5,), max_iter=3, random_state=0)
    ).fit(X, y)
    assert regressor.transform(X).shape == (600, 5)


@given(seed=st.integers(0, 10**6))
def test_affine_within_a_region(seed):
    """Where two rows share a code, so does all between them, and the network is affine there."""
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((300, 2))
    model = MLPRegressor(hidden_layer_sizes=(4, 3), max_iter=1, random_state=seed).fit(X, X[:, 0])
    codes = ActivationCodes(model).fit(X)
    _, kind = np.unique(codes.transform(X), axis=0, return_inverse=True)
    a, b = X[np.flatnonzero(kind.ravel() == np.bincount(kind.ravel()).argmax())[:2]]
    between = a + np.linspace(0, 1, 7)[:, None] * (b - a)
    assert code_redundancy(codes.transform(between)) == pytest.approx(6 / 7)
    predicted = model.predict(between)
    np.testing.assert_allclose(np.diff(predicted, n=2), 0, atol=1e-12)


@given(seed=st.integers(0, 10**6))
def test_scale_of_a_unit_does_not_matter(seed):
    rng = np.random.RandomState(seed)
    X, W, b = rng.standard_normal((40, 3)), rng.standard_normal((3, 5)), rng.standard_normal(5)
    scale = np.exp(rng.standard_normal(5))
    plain = ActivationCodes(lambda X: [X @ W + b]).fit_transform(X)
    scaled = ActivationCodes(lambda X: [X @ (W * scale) + b * scale]).fit_transform(X)
    np.testing.assert_array_equal(scaled, plain)
    # after ReLU as before it
    active = ActivationCodes(lambda X: (np.maximum(X @ W + b, 0),)).fit_transform(X)
    np.testing.assert_array_equal(active, plain)


@given(st.lists(st.lists(st.integers(0, 1), min_size=9, max_size=9), min_size=1, max_size=30))
def test_redundancy_counts_different_codes(codes):
    n_different = len(set(map(tuple, codes)))
    assert code_redundancy(codes) == pytest.approx(1 - n_different / len(codes))
    assert code_redundancy(np.array(codes, dtype=bool)) == code_redundancy(codes)
    assert 0 <= code_redundancy(codes) <= 1 - 1 / len(codes)


def test_constant_units_are_those_of_the_training_rows(digits):
    X, _ = digits
    weights = np.random.RandomState(0).standard_normal((64, 6))

    def layers(X):
        return [np.hstack([X @ weights, np.ones((len(X), 1)), X[:, :1]])]

    codes = ActivationCodes(layers, drop_constant=True).fit(X[:100])
    everything = ActivationCodes(layers).fit(X[:100]).transform(X)
    assert not codes.support_[6:].any()
    np.testing.assert_array_equal(codes.transform(X), everything[:, codes.support_])
    assert len(codes.get_feature_names_out()) == codes.support_.sum()


@pytest.mark.parametrize("width", [4, 64])
def test_trained_codes_against_those_of_chance(width):
    """Narrow networks learn codes; of wide ones random ones classify as well or better."""
    X, y = load_digits(return_X_y=True)
    network = MLPClassifier((width, width), max_iter=30, random_state=0)
    redundancy, accuracy = {}, {}
    for name, estimator in (("trained", network), ("untrained", None)):
        codes = ActivationCodes(estimator, hidden_layer_sizes=(width, width), random_state=0)
        bits = codes.fit(X[::2] / 16, y[::2]).transform(X / 16)
        redundancy[name] = code_redundancy(bits[::2])
        knn = KNeighborsClassifier(metric="hamming").fit(bits[::2], y[::2])
        accuracy[name] = knn.score(bits[1::2], y[1::2])
    if width == 4:
        assert min(redundancy.values()) > 0.9
        assert accuracy["trained"] > accuracy["untrained"] + 0.1
    else:
        assert max(redundancy.values()) < 0.05
        assert accuracy["untrained"] > 0.9
        assert accuracy["untrained"] > accuracy["trained"] - 0.01


def test_composes_with_hubness_reduction():
    X, y = load_digits(return_X_y=True)
    model = make_pipeline(
        ActivationCodes(hidden_layer_sizes=(64, 64), random_state=0),
        HubnessReducedKNeighborsClassifier(reduction="csls", metric="hamming"),
    )
    assert model.fit(X[::2], y[::2]).score(X[1::2], y[1::2]) > 0.9


def test_bad_input(digits, network):
    X, y = digits
    with pytest.raises(ValueError, match="activation='relu', got MLPClassifier with 'tanh'"):
        ActivationCodes(MLPClassifier(activation="tanh")).fit(X, y)
    with pytest.raises(ValueError, match="activation='relu', got KNeighborsClassifier"):
        ActivationCodes(FrozenEstimator(KNeighborsClassifier())).fit(X, y)
    with pytest.raises(ValueError, match="y must be given for an estimator that is not fitted"):
        ActivationCodes(MLPClassifier()).fit(X)
    with pytest.raises(ValueError, match="X must have the 64 features of estimator, got 10"):
        ActivationCodes(network).fit(X[:, :10])
    with pytest.raises(ValueError, match=r"layers must be hidden layers from 0 to 1, got \[2\]"):
        ActivationCodes(network, layers=[2]).fit(X)
    with pytest.raises(ValueError, match="layers must hold one hidden layer at least"):
        ActivationCodes(network, layers=[]).fit(X)
    with pytest.raises(ValueError, match=r"hidden_layer_sizes must be positive.*got \(0,\)"):
        ActivationCodes(hidden_layer_sizes=(0,)).fit(X)
    with pytest.raises(ValueError, match="estimator must return a list of arrays"):
        ActivationCodes(lambda X: X).fit(X)
    with pytest.raises(ValueError, match="estimator must return 600 rows of each layer, got"):
        ActivationCodes(lambda X: [X[1:]]).fit(X)
    with pytest.raises(ValueError, match="layer 1 of estimator.*NaN"):
        ActivationCodes(lambda X: [X, X * np.nan]).fit(X)
    with pytest.raises(ValueError, match="every unit is constant on these rows"):
        ActivationCodes(lambda X: [np.ones((len(X), 2))], drop_constant=True).fit(X)

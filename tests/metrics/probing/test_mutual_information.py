"""Information and entropy by neighbours: distributions of known values, and both searches."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import differential_entropy, mutual_information
from sksim.metrics.probing import _max_norm
from tests.reference import probing as literal

SEEDS = st.integers(0, 10**6)


def published_pair():
    rng = np.random.RandomState(0)
    X = rng.randn(300, 2)
    return X, 0.8 * X + 0.6 * rng.randn(300, 2)


def test_known_values():
    X, Y = published_pair()
    assert mutual_information(X, Y) == pytest.approx(1.01720333013, rel=1e-9)
    assert literal.gaussian_information([0.8, 0.8]) == pytest.approx(1.02165124753)
    assert differential_entropy(X) == pytest.approx(2.75603728533, rel=1e-9)


@given(seed=SEEDS, n_neighbors=st.integers(1, 6))
def test_literal_formulas(seed, n_neighbors):
    rng = np.random.RandomState(seed)
    X = rng.randn(40, rng.randint(1, 9))
    Y = np.tanh(X[:, :1] + rng.randn(40, rng.randint(1, 9)))
    expected = literal.ksg(X, Y, n_neighbors)
    assert mutual_information(X, Y, n_neighbors=n_neighbors) == pytest.approx(expected, rel=1e-9)
    expected = literal.kozachenko_leonenko(X, n_neighbors)
    assert differential_entropy(X, n_neighbors=n_neighbors) == pytest.approx(expected, rel=1e-9)


@given(seed=SEEDS, n_features=st.integers(1, 8))
def test_trees_and_all_pairs_count_the_same(seed, n_features):
    rng = np.random.RandomState(seed)
    X, Y = np.round(rng.randn(70, n_features), 1), rng.randn(70, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_max_norm, "_TREE_FEATURES", 100)
        by_trees = _max_norm.joint_counts(X, Y, 4)
        patch.setattr(_max_norm, "_TREE_FEATURES", 0)
        by_pairs = _max_norm.joint_counts(X, Y, 4)
    for some, others in zip(by_trees, by_pairs):
        np.testing.assert_array_equal(some, others)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.9])
def test_information_of_gaussians(correlation):
    rng = np.random.RandomState(1)
    X = rng.randn(3000, 2)
    Y = correlation * X + math.sqrt(1 - correlation**2) * rng.randn(3000, 2)
    expected = literal.gaussian_information([correlation] * 2)
    assert mutual_information(X, Y, n_neighbors=5) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("draw", "truth"),
    [
        (lambda rng: rng.uniform(size=(4000, 2)), 0.0),
        (lambda rng: rng.standard_normal((4000, 3)), 1.5 * math.log(2 * math.pi * math.e)),
        (lambda rng: rng.exponential(size=(4000, 1)), 1.0),
        (lambda rng: rng.laplace(size=(4000, 2)), 2 * (1 + math.log(2))),
    ],
    ids=["uniform", "normal", "exponential", "laplace"],
)
def test_entropy_of_known_distributions(draw, truth):
    assert differential_entropy(draw(np.random.RandomState(0))) == pytest.approx(truth, abs=0.08)


def test_a_scale_adds_its_logarithm_for_each_dimension():
    X, _ = published_pair()
    expected = differential_entropy(X) + 2 * math.log(5)
    assert differential_entropy(5 * X) == pytest.approx(expected, rel=1e-12)


def test_smooth_maps_do_change_the_estimate():
    """The truth stays; the cube, flat at 0, costs a third of it."""
    X, Y = published_pair()
    assert mutual_information(X**3, Y) == pytest.approx(0.707, abs=1e-3)
    assert mutual_information(np.sinh(X), Y) == pytest.approx(mutual_information(X, Y), abs=0.05)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda X, Y: mutual_information(X[:3], Y[:3]), "X must have at least 4 samples"),
        (lambda X, Y: differential_entropy(X[:3]), "X must have at least 4 samples"),
        (lambda X, Y: mutual_information(X, Y[:-1]), "X and Y must hold the same samples"),
        (
            lambda X, Y: mutual_information(np.repeat(X, 4, axis=0), np.repeat(Y, 4, axis=0)),
            "X and Y repeat 1200 joint rows .* add a little noise",
        ),
        (lambda X, Y: differential_entropy(np.repeat(X, 4, axis=0)), "X repeats .* noise"),
        (lambda X, Y: differential_entropy(X * [1, 0]), "a constant column 1"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(*published_pair())

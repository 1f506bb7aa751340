"""Label sharpness: known values, all pairs, draws, what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import config_context

from sksim.metrics import label_sharpness
from tests.reference import oracles

SEEDS = st.integers(0, 10**6)
X = np.random.RandomState(0).randn(30, 4)
y = (X[:, 0] > 0).astype(int)


def test_known_values():
    assert label_sharpness(X, y) == pytest.approx(1.18273394382, rel=1e-9)
    assert label_sharpness(2 * X, y) == pytest.approx(0.59136697191, rel=1e-9)
    assert label_sharpness(X, X[:, 0]) == pytest.approx(0.978787216552, rel=1e-9)


@given(seed=SEEDS)
def test_values_against_all_pairs(seed):
    rng = np.random.RandomState(seed)
    Z = rng.randn(rng.randint(2, 40), rng.randint(1, 9)) + 1e3 * rng.randn()
    Z[-1] = Z[0] + 1e-6 * rng.randn(Z.shape[1])  # near pairs are those that products round away
    target = rng.randn(len(Z))
    expected = oracles.label_sharpness(Z, target)
    assert label_sharpness(Z, target) == pytest.approx(expected, rel=1e-7)
    with config_context(working_memory=0.001):
        assert label_sharpness(Z, target) == pytest.approx(expected, rel=1e-7)
    rounded = np.round(target, 1) + 0.05
    if len(set(rounded)) > 1:
        expected = oracles.label_sharpness(Z, rounded)
        assert label_sharpness(Z, rounded) == pytest.approx(expected, rel=1e-7)


@given(seed=SEEDS)
def test_a_linear_label_has_at_most_the_length_of_its_slope(seed):
    slope = np.random.RandomState(seed).randn(4)
    assert label_sharpness(X, X @ slope) <= np.linalg.norm(slope) * (1 + 1e-12)
    along = np.vstack([X, X[:1] + 0.1 * slope])
    assert label_sharpness(along, along @ slope) == pytest.approx(np.linalg.norm(slope))


@pytest.mark.parametrize("target", [y, X[:, 1]])
def test_more_rows_never_lower_it(target):
    values = [label_sharpness(X[:n], target[:n]) for n in range(10, 31)]
    assert np.all(np.diff(values) >= -1e-12)


def test_equal_rows():
    twice = np.vstack([X, X[:1]])
    assert label_sharpness(twice, np.append(y, y[0])) == label_sharpness(X, y)
    assert label_sharpness(twice, np.append(y, 1 - y[0])) == math.inf
    assert label_sharpness(twice, np.append(X[:, 0], 0.123)) == math.inf
    repeated = np.append(X[:, 0], X[0, 0])
    assert label_sharpness(twice, repeated) == pytest.approx(label_sharpness(X, X[:, 0]))


def test_squares_of_labels_do_not_vanish():
    unit = 2.0**-600
    assert label_sharpness(X, unit * X[:, 0]) == unit * label_sharpness(X, X[:, 0])


def test_the_steepest_pair_may_come_late():
    """A label that is flat in the first blocks, and rows in any order."""
    Z = np.random.RandomState(0).randn(900, 3)
    label = np.where(np.arange(900) < 600, 0.5, np.sin(Z[:, 1]))
    expected = oracles.label_sharpness(Z, label)
    assert label_sharpness(Z, label) == pytest.approx(expected, rel=1e-12)
    assert label_sharpness(Z[::-1], label[::-1]) == pytest.approx(expected, rel=1e-12)


def test_drawn_rows():
    drawn = [label_sharpness(X, y, n_samples=15, random_state=seed) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert max(drawn) <= label_sharpness(X, y)
    assert label_sharpness(X, y, n_samples=30, random_state=0) == label_sharpness(X, y)


def test_any_classes():
    names = np.array(["a", "b"])[y]
    assert label_sharpness(X, names) == label_sharpness(X, y == 1) == label_sharpness(X, y)
    many = np.arange(30)
    assert label_sharpness(X, many) == pytest.approx(oracles.label_sharpness(X, many))


def test_overlap_is_not_seen():
    """It rises as the gap closes, and stays there once the classes overlap."""
    means = []
    for gap in (4.0, 2.0, 0.5):
        draws = []
        for seed in range(20):
            Z, labels = np.random.RandomState(seed).randn(600, 5), np.repeat([0, 1], 300)
            Z[:, 0] += gap * labels
            draws.append(label_sharpness(Z, labels))
        means.append(np.mean(draws))
    assert means[0] < 0.6 * means[1]
    assert means[2] < 1.4 * means[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": np.zeros(30)}, "y must hold two classes or values, got only"),
        ({"y": np.full(30, 0.5)}, "y must hold two classes or values, got only"),
        ({"y": y[:-1]}, "X and y must hold the same samples"),
        ({"n_samples": 31}, "n_samples must be at most the 30 rows of X"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        label_sharpness(**{"X": X, "y": y, **arguments})

"""Information of layers: Gaussian layers with noise, and literal bins."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import binned_information, noisy_layer_information
from tests.reference import probing as literal

SEEDS = st.integers(0, 10**6)
y = np.repeat([0, 1], 20)
H = np.maximum(np.random.RandomState(0).randn(40, 3), 0)


@pytest.mark.parametrize(
    ("n_bins", "ixt", "ity"),
    [(2, 2.52402442087, 0.139194912362), (4, 4.18982278201, 0.558135698982)],
)
def test_known_values_of_bins(n_bins, ixt, ity):
    result = binned_information(H, y, n_bins=n_bins)
    assert result.ixt == pytest.approx(ixt, rel=1e-9)
    assert result.ity == pytest.approx(ity, rel=1e-9)
    assert result.ceiling == math.log2(40)
    assert binned_information(H, n_bins=n_bins).ity is None


@given(seed=SEEDS, n_bins=st.integers(2, 9), strategy=st.sampled_from(["quantile", "uniform"]))
def test_literal_bins(seed, n_bins, strategy):
    rng = np.random.RandomState(seed)
    layer = np.round(rng.randn(25, rng.randint(1, 4)), rng.randint(3))
    labels = rng.randint(3, size=25)
    result = binned_information(layer, labels, n_bins=n_bins, strategy=strategy)
    expected = literal.binned(layer, labels, n_bins, strategy)
    if strategy == "quantile":  # an edge of the other kind can move a point by rounding
        assert (result.ixt, result.ity) == pytest.approx(expected, abs=1e-12)
    assert 0 <= result.ity <= result.ixt + 1e-12
    assert result.ixt <= result.ceiling + 1e-12


@given(seed=SEEDS)
def test_one_increasing_map_of_all_units_moves_no_quantile_bin(seed):
    rng = np.random.RandomState(seed)
    layer = rng.randn(30, 2)
    expected = binned_information(layer, y[5:35], n_bins=4)
    result = binned_information(np.exp(layer)[:, ::-1], y[5:35], n_bins=4)
    assert (result.ixt, result.ity) == pytest.approx((expected.ixt, expected.ity))


def test_uniform_bins_and_units_of_their_own_scale_are_others():
    expected = binned_information(H, n_bins=4).ixt
    assert binned_information(H * [1, 3, 9], n_bins=4).ixt != pytest.approx(expected, abs=0.01)
    uniform = binned_information(H, n_bins=4, strategy="uniform").ixt
    assert uniform == pytest.approx(literal.binned(H, y, 4, "uniform")[0])
    mapped = binned_information(H**3, n_bins=4, strategy="uniform").ixt
    assert mapped != pytest.approx(uniform, abs=0.01)


def test_a_dead_layer_tells_nothing():
    result = binned_information(np.zeros((40, 3)), y)
    assert (result.ixt, result.ity) == (0, 0)
    assert abs(noisy_layer_information(np.zeros((2000, 1)), noise=1.0, random_state=0).ixt) < 0.1


def gaussian_layer(n_samples=1000):
    return np.random.RandomState(5).randn(n_samples, 2) * [1.0, 0.5]


def test_noisy_gaussian_layer():
    result = noisy_layer_information(gaussian_layer(), noise=0.3, random_state=0)
    expected = 0.5 * np.log(1 + np.array([1, 0.25]) / 0.09).sum()
    assert expected == pytest.approx(1.912, abs=1e-3)
    assert result.ixt == pytest.approx(expected, abs=0.08)


def test_noisy_layer_is_the_literal_formula():
    layer = gaussian_layer(60)
    T = layer + 0.3 * np.random.RandomState(7).standard_normal(layer.shape)
    labels = np.arange(60) % 2
    result = noisy_layer_information(layer, labels, noise=0.3, random_state=7)
    whole = literal.kozachenko_leonenko(T, 5)
    within = [literal.kozachenko_leonenko(T[labels == c], 5) for c in (0, 1)]
    assert result.ixt == pytest.approx(whole - np.log(2 * np.pi * np.e * 0.09))
    assert result.ity == pytest.approx(whole - np.mean(within))


def test_components_that_carry_nothing_are_left_out():
    rng = np.random.RandomState(0)
    thin = gaussian_layer() @ rng.randn(2, 12)
    kept = noisy_layer_information(thin, noise=0.3, n_components=2, random_state=0)
    variances = np.linalg.svd(thin - thin.mean(axis=0), compute_uv=False)[:2] ** 2 / len(thin)
    assert kept.ixt == pytest.approx(0.5 * np.log(1 + variances / 0.09).sum(), abs=0.1)
    fewer = noisy_layer_information(thin, noise=0.3, n_components=1, random_state=0)
    assert fewer.ixt < kept.ixt


def test_information_on_a_label_that_the_layer_tells():
    labels = np.repeat([0, 1, 2, 3], 250)
    layer = gaussian_layer() + 20 * labels[:, None]
    result = noisy_layer_information(layer, labels, noise=0.1, random_state=0)
    assert result.ity == pytest.approx(math.log(4), abs=0.05)
    shuffled = np.random.RandomState(0).permutation(labels)
    assert abs(noisy_layer_information(layer, shuffled, noise=0.1, random_state=0).ity) < 0.1


def test_unit_of_layer_and_noise():
    layer, labels = gaussian_layer(60), np.arange(60) % 2
    one = noisy_layer_information(layer, labels, noise=0.3, random_state=0)
    other = noisy_layer_information(10 * layer, labels, noise=3.0, random_state=0)
    assert (other.ixt, other.ity) == pytest.approx((one.ixt, one.ity), rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"noise": 0.0}, "noise"),
        ({"n_components": 4}, "n_components must be at most 3"),
        ({"H": H[:5], "y": None}, "H must have at least 6 samples"),
        ({"y": np.arange(40) // 36}, "more than n_neighbors=5 samples of each class, got 4"),
        ({"y": y[:-1]}, "H and y must hold the same samples"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        noisy_layer_information(**{"H": H, "y": y, "noise": 1.0, **arguments})

"""Separability and mixture of planar features: published values, grids, chance, what is refused."""

import numpy as np
import pytest
import sklearn
from scipy.special import erf

from sksim.metrics import mixture_index, separability_index
from tests.reference import oracles

ANGLES = 2 * np.pi * np.arange(360) / 360
CIRCLE = np.c_[np.cos(ANGLES), np.sin(ANGLES)]
SQUARE = np.random.RandomState(4).rand(2000, 2)


def test_known_values():
    """Points of a regular circle are on edges of bins, and may be counted on either side."""
    got = separability_index(CIRCLE, n_bins=10, n_angles=90)
    assert got == pytest.approx(1.51025241745, abs=1e-3)
    got = separability_index(SQUARE, n_bins=10, n_angles=90)
    assert got == pytest.approx(0.0288520731287, abs=1e-3)
    assert mixture_index(CIRCLE) == pytest.approx(0.219444444444, abs=2 / 360)


@pytest.mark.parametrize("seed", range(3))
def test_literal_formulas(seed):
    rng = np.random.RandomState(seed)
    X = rng.randn(200, 2) @ rng.randn(2, 2) + rng.randn(2)
    for corrected in (False, True):
        params = {"n_bins": 8, "n_angles": 30, "bias_corrected": corrected}
        expected = oracles.separability_index(X, **params)
        assert separability_index(X, **params) == pytest.approx(expected, abs=1e-9)
    params = {"eps": 0.2, "n_angles": 30, "n_offsets": 51}
    assert mixture_index(X, **params) == pytest.approx(oracles.mixture_index(X, **params))


def test_blocks_of_angles():
    with sklearn.config_context(working_memory=1e-3):
        one_by_one = separability_index(SQUARE)
    assert one_by_one == separability_index(SQUARE)


def test_bias_of_independent_coordinates():
    values, corrected = (
        [
            separability_index(
                np.random.RandomState(seed).rand(2000, 2),
                n_bins=10,
                n_angles=1,
                bias_corrected=bias_corrected,
            )
            for seed in range(30)
        ]
        for bias_corrected in (False, True)
    )
    assert np.mean(values) == pytest.approx(81 / (4000 * np.log(2)), rel=0.05)
    assert abs(np.mean(corrected)) < 0.002


def test_share_of_a_gaussian():
    X = np.random.RandomState(0).randn(20_000, 2)
    at_least = erf(0.1 / np.sqrt(2))
    assert at_least - 0.005 < mixture_index(X) < 1.15 * at_least


def test_what_the_indices_tell_apart():
    rng = np.random.RandomState(0)
    atoms = 2 * np.pi * rng.randint(7, size=2000) / 7
    week = np.c_[np.cos(atoms), np.sin(atoms)] + 0.05 * rng.randn(2000, 2)
    gaussian = rng.randn(2000, 2)
    mixture = gaussian * np.eye(2)[rng.randint(2, size=2000)]
    assert separability_index(week) > 1.5 > 0.2 > separability_index(gaussian)
    assert mixture_index(mixture) > 0.5
    # Two of seven points are on one line, so that the mixture index alone would mislead.
    assert mixture_index(week) > 2 / 7 - 0.02 > mixture_index(gaussian)


def test_a_line_is_separable():
    line = np.outer(np.random.RandomState(0).randn(100), [1.0, 1.0])
    assert separability_index(line) == 0
    # Across the line there are rounding errors only, many of them equal.
    assert mixture_index(line) < 0.3
    assert mixture_index(line[:, :1] * [1.0, 0.0]) == pytest.approx(mixture_index(line), abs=0.05)


@pytest.mark.parametrize("index", [separability_index, mixture_index])
def test_what_is_refused(index):
    with pytest.raises(ValueError, match="X must have two columns, .* got 3"):
        index(np.random.RandomState(0).randn(10, 3))
    with pytest.raises(ValueError, match="constant|identical|equal"):
        index(np.ones((10, 2)))

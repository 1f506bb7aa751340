"""Slope of the spectrum: power laws that are known, the literal fit, what is refused."""

import numpy as np
import pytest

from sksim.metrics import spectral_slope
from tests.reference import oracles


def with_spectrum(eigenvalues, n=150, seed=0):
    rng = np.random.RandomState(seed)
    basis = np.linalg.qr(rng.randn(n, len(eigenvalues)) - rng.randn(len(eigenvalues)))[0]
    basis -= basis.mean(axis=0)
    left = np.linalg.svd(basis, full_matrices=False)[0]
    return left * np.sqrt(eigenvalues) @ np.linalg.qr(rng.randn(len(eigenvalues), 120))[0].T


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 2.5])
def test_a_power_spectrum_is_found(alpha):
    X = with_spectrum(np.arange(1, 111.0) ** -alpha)
    assert spectral_slope(X) == pytest.approx(alpha, abs=1e-9)


def test_only_the_ranks_given_count():
    ranks = np.arange(1, 61.0)
    eigenvalues = np.where(ranks < 20, ranks**-0.3, 20**0.7 * ranks**-1.0)
    X = with_spectrum(eigenvalues)
    assert spectral_slope(X, ranks=(1, 19)) == pytest.approx(0.3, abs=1e-9)
    assert spectral_slope(X, ranks=(20, 60)) == pytest.approx(1.0, abs=1e-9)


def test_literal_fit():
    X = np.random.RandomState(0).randn(200, 130)
    assert spectral_slope(X) == pytest.approx(oracles.spectral_slope(X), rel=1e-9)


@pytest.mark.parametrize(
    ("shape", "ranks", "message"),
    [
        ((200, 50), (10, 100), "the 50 eigenvalues that are not zero"),
        ((40, 200), (10, 100), "the 39 eigenvalues"),
        ((40, 20), (3, 3), "two rising integers"),
        ((40, 20), (0, 3), "two rising integers"),
        ((40, 20), (1.0, 3), "two rising integers"),
        ((40, 20), (1, 2, 3), "two rising integers"),
    ],
)
def test_what_is_refused(shape, ranks, message):
    with pytest.raises(ValueError, match=message):
        spectral_slope(np.random.RandomState(0).randn(*shape), ranks=ranks)

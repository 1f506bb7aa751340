import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import distance_correlation_score
from sksim.metrics.similarity.matrices import _pair_matrix
from tests.reference import similarity as reference

X, Y = reference.golden_pair(60, 8, 8, 0)


def test_reference_values():
    assert distance_correlation_score(X, Y) == pytest.approx(0.67173619, abs=1e-7)
    biased = distance_correlation_score(X, Y, unbiased=False)
    assert biased == pytest.approx(0.85379407, abs=1e-7)


@given(n=st.integers(5, 12), width=st.integers(1, 15), seed=st.integers(0, 50))
def test_equals_the_definition(n, width, seed):
    rng = np.random.RandomState(seed)
    A, B = rng.standard_normal((n, width)), rng.standard_normal((n, 3))
    for unbiased in (True, False):
        expected = reference.distance_correlation(A, B, unbiased)
        value = distance_correlation_score(A, B, unbiased=unbiased)
        assert value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("offset", [0, 1000])
def test_streamed_blocks(monkeypatch, dtype, offset):
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", 10)
    monkeypatch.setattr(_pair_matrix, "BLOCK_ROWS", 7)
    pair = [(Z + offset).astype(dtype) for Z in (X, Y)]
    rounded = [Z.astype(np.float64) for Z in pair]
    for unbiased in (True, False):
        expected = reference.distance_correlation(*rounded, unbiased)
        value = distance_correlation_score(*pair, unbiased=unbiased)
        assert value == pytest.approx(expected, abs=1e-9 if dtype == np.float64 else 1e-6)


@pytest.mark.parametrize("unit", [1e-300, 1e-150, 1e150, 1e200])
@pytest.mark.parametrize("other", [1e-150, 1.0, 1e150])
def test_extreme_units(unit, other):
    """The product of the two variances has the fourth power of a unit."""
    for unbiased in (True, False):
        expected = distance_correlation_score(X, Y, unbiased=unbiased)
        value = distance_correlation_score(unit * X, other * Y, unbiased=unbiased)
        assert value == pytest.approx(expected, abs=1e-9)


def test_duplicates_in_float32_blocks(monkeypatch):
    """Distances of zero stay zero: they are not left to the expansion of the square."""
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", 10)
    A = np.repeat(X[:20], 3, axis=0).astype(np.float32)
    exact = reference.distance_correlation(A.astype(np.float64), Y, True)
    assert distance_correlation_score(A, Y) == pytest.approx(exact, abs=1e-6)


def test_sees_dependence_without_correlation():
    x = np.linspace(-1, 1, 201)[:, None]
    assert distance_correlation_score(x, x**2) > 0.2


def test_equidistant_samples_raise():
    with pytest.raises(ValueError, match="equally similar"):
        distance_correlation_score(np.eye(10), X[:10])

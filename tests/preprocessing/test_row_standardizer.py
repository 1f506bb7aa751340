import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import zscore

from sksim.preprocessing import RowStandardizer


def test_rows_have_mean_zero_and_deviation_one(rng):
    X = rng.standard_normal((20, 6)) * 4 + 2
    got = RowStandardizer().fit_transform(X)
    np.testing.assert_allclose(got, zscore(X, axis=1))
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), np.sqrt(6))


@given(st.integers(0, 10**6), st.floats(1e-3, 1e3), st.floats(-100, 100))
def test_unchanged_by_scale_and_shift_of_a_vector(seed, scale, shift):
    X = np.random.RandomState(seed).standard_normal((4, 7))
    got = RowStandardizer().fit_transform(scale * X + shift)
    np.testing.assert_allclose(got, RowStandardizer().fit_transform(X), atol=1e-8)


@pytest.mark.parametrize("scale", [1e-300, 1e-170, 1e160, 1e300])
def test_the_unit_of_the_numbers_does_not_matter(rng, scale):
    X = rng.standard_normal((5, 7))
    got = RowStandardizer().fit_transform(X * scale)
    np.testing.assert_allclose(got, RowStandardizer().fit_transform(X), rtol=1e-9)


def test_constant_vectors_become_zeros():
    X = np.array([[0.1] * 7, [0.0] * 7, [1e9 / 3] * 7])
    np.testing.assert_array_equal(RowStandardizer().fit_transform(X), 0)

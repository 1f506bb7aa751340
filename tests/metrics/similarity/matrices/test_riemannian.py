import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import riemannian_distance
from tests.reference import similarity as reference

X, Y = reference.golden_pair(60, 8, 8, 0)


def test_reference_value():
    assert riemannian_distance(X, Y) == pytest.approx(6.95820205, abs=1e-7)


@given(width=st.integers(1, 6), reg=st.floats(0.01, 10), seed=st.integers(0, 99))
def test_equals_the_eigenvalue_form(width, reg, seed):
    A, B = reference.golden_pair(20, width, width, seed)
    ridge = reg * np.eye(width)
    covariances = [np.cov(Z.T).reshape(width, width) + ridge for Z in (A, B)]
    expected = reference.riemannian(*covariances)
    assert riemannian_distance(A, B, reg=reg) == pytest.approx(expected, abs=1e-7)
    grams = [reference.linear_kernel(Z) / width + reg * np.eye(20) for Z in (A, B)]
    expected = reference.riemannian(*grams)
    value = riemannian_distance(A, B, matrix="gram", reg=reg)
    assert value == pytest.approx(expected, rel=1e-6)


@given(seed=st.integers(0, 99))
def test_a_common_invertible_map_changes_nothing(seed):
    A = np.random.RandomState(seed).standard_normal((8, 8)) + 3 * np.eye(8)
    assert riemannian_distance(X @ A, Y @ A) == pytest.approx(riemannian_distance(X, Y), abs=1e-6)


@pytest.mark.parametrize("unit", [1e-300, 1e-150, 1e150, 1e200])
def test_units(unit):
    assert riemannian_distance(unit * X, unit * Y) == pytest.approx(6.95820205, abs=1e-7)
    apart = riemannian_distance(unit * X, X)
    assert apart == pytest.approx(np.sqrt(8) * 2 * abs(np.log(unit)), rel=1e-12)
    if unit < 1:
        ridge = 0.1 * np.eye(8)
        expected = reference.riemannian(np.cov(X.T) + ridge, ridge)
        assert riemannian_distance(unit * X, X, reg=0.1) == pytest.approx(expected, rel=1e-9)


def test_gram_matrices_of_any_widths():
    assert riemannian_distance(X[:, :3], Y, matrix="gram", reg=0.1) > 0
    with pytest.raises(ValueError, match="as many features"):
        riemannian_distance(X[:, :3], Y)


def test_singular_matrices_raise():
    for params in ({"matrix": "gram"}, {}):
        with pytest.raises(ValueError, match="positive definite"):
            riemannian_distance(X[:6], Y[:6], **params)
        with pytest.raises(ValueError, match="positive definite"):
            riemannian_distance(X[:6], X[:6], **params)
    assert riemannian_distance(X[:6], Y[:6], reg=0.1) > 0

"""Matching pursuit: published steps, the literal recursion, its energies, both routes."""

import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from sksim.codes import matching_pursuit
from tests.reference import codes as oracles

PLANE = np.array([[1.0, 0.0], [0.6, 0.8], [-0.8, 0.6]])


def data(seed, n_samples=12, n_components=9, n_features=5):
    rng = np.random.RandomState(seed)
    return rng.randn(n_samples, n_features), rng.randn(n_components, n_features)


def test_known_steps():
    residuals = []
    for n_steps, expected in enumerate([[2, 0, 0], [2, 0.8, 0], [2, 0.8, 0.6]], 1):
        codes = matching_pursuit([[2.0, 1.0]], PLANE, n_nonzero=n_steps)
        np.testing.assert_allclose(codes.toarray(), [expected], atol=1e-15)
        residuals.append(np.linalg.norm([2.0, 1.0] - codes @ PLANE))
    np.testing.assert_allclose(residuals, [1, 0.6, 0], atol=1e-15)


def test_a_row_ends_where_nothing_is_left():
    codes = matching_pursuit([[2.0, 0.0], [0.0, 0.0], [-1.0, -1.0]], np.eye(2), n_nonzero=2)
    np.testing.assert_array_equal(codes.toarray(), [[2, 0], [0, 0], [0, 0]])
    assert codes.nnz == 1
    signed = matching_pursuit([[-1.0, -2.0]], np.eye(2), n_nonzero=2, non_negative=False)
    np.testing.assert_array_equal(signed.toarray(), [[-1, -2]])


@given(
    seed=st.integers(0, 10**6),
    n_nonzero=st.integers(1, 9),
    non_negative=st.booleans(),
    tol=st.sampled_from([0.0, 0.3]),
)
def test_is_the_literal_recursion(seed, n_nonzero, non_negative, tol):
    X, components = data(seed)
    options = {"n_nonzero": n_nonzero, "non_negative": non_negative, "tol": tol}
    codes = matching_pursuit(X, components, **options)
    expected, steps = oracles.matching_pursuit(X, components, **options)
    np.testing.assert_allclose(codes.toarray(), expected, atol=1e-10)
    # what the picks explain, and what is left
    for x, z, (picks, residuals) in zip(X, codes.toarray(), steps, strict=True):
        left = x - z @ components
        np.testing.assert_allclose(left, residuals[-1], atol=1e-10)
        explained = sum(coefficient**2 for _, coefficient in picks)
        assert x @ x == pytest.approx(left @ left + explained)
        if picks:
            assert abs(components[picks[-1][0]] @ left) < 1e-10
    # what a code is
    assert np.diff(codes.indptr).max() <= n_nonzero
    assert codes.has_sorted_indices
    assert (codes.data > 0).all() if non_negative else (codes.data != 0).all()


@given(seed=st.integers(0, 10**6))
def test_error_falls_with_the_steps(seed):
    X, components = data(seed)
    errors = [
        np.linalg.norm(X - matching_pursuit(X, components, n_nonzero=k) @ components, axis=1)
        for k in range(1, 10)
    ]
    assert (np.diff(errors, axis=0) <= 1e-12).all()


@given(seed=st.integers(0, 10**6), n_nonzero=st.integers(1, 5))
def test_orthonormal_dictionary_keeps_the_largest_coefficients(seed, n_nonzero):
    X, _ = data(seed)
    Q, _ = np.linalg.qr(np.random.RandomState(seed).randn(5, 5))
    codes = matching_pursuit(X, Q.T, n_nonzero=n_nonzero, non_negative=False).toarray()
    products = X @ Q
    least = np.sort(np.abs(products), axis=1)[:, -n_nonzero, None]
    np.testing.assert_allclose(codes, np.where(np.abs(products) >= least, products, 0), atol=1e-12)


def test_lengths_of_components_scale_the_code_only():
    X, components = data(0)
    lengths = np.exp(np.random.RandomState(1).randn(9))
    codes = matching_pursuit(X, components, n_nonzero=4)
    scaled = matching_pursuit(X, components * lengths[:, None], n_nonzero=4)
    np.testing.assert_allclose(scaled.toarray() * lengths, codes.toarray(), rtol=1e-10)


def test_rows_stand_alone():
    X, components = data(0, n_samples=40)
    together = matching_pursuit(X, components, n_nonzero=4).toarray()
    alone = [matching_pursuit(x[None], components, n_nonzero=4).toarray()[0] for x in X]
    np.testing.assert_allclose(together, alone, atol=1e-12)


def test_products_of_atoms_that_do_not_fit_are_made_where_needed():
    X, components = data(0, n_samples=300, n_components=400, n_features=30)
    expected = matching_pursuit(X, components, n_nonzero=6)
    with sklearn.config_context(working_memory=1):
        np.testing.assert_allclose(
            matching_pursuit(X, components, n_nonzero=6).toarray(), expected.toarray(), atol=1e-12
        )


def test_huge_and_tiny_numbers():
    X, components = data(0)
    expected = matching_pursuit(X, components, n_nonzero=4).toarray()
    for factor in (1e-250, 1e250):
        big = matching_pursuit(X * factor, components, n_nonzero=4).toarray()
        np.testing.assert_allclose(big / factor, expected, rtol=1e-9)
        long = matching_pursuit(X, components * factor, n_nonzero=4).toarray()
        np.testing.assert_allclose(long * factor, expected, rtol=1e-9)


def test_containers_and_types():
    X, components = data(0)
    codes = matching_pursuit(X, components, n_nonzero=3)
    assert isinstance(codes, sparse.csr_matrix)
    for container in (sparse.csr_array, sparse.csr_matrix, sparse.csc_array):
        found = matching_pursuit(container(X), components, n_nonzero=3)
        assert found.format == "csr"
        assert isinstance(found, sparse.sparray) == issubclass(container, sparse.sparray)
        np.testing.assert_allclose(found.toarray(), codes.toarray(), atol=1e-12)
    small = matching_pursuit(X.astype(np.float32), components, n_nonzero=3)
    assert small.dtype == np.float32
    np.testing.assert_allclose(small.toarray(), codes.toarray(), atol=1e-5)


def test_bad_input():
    X, components = data(0)
    with pytest.raises(ValueError, match="n_nonzero must be at most the number of components, 9"):
        matching_pursuit(X, components, n_nonzero=10)
    with pytest.raises(ValueError, match="components must have as many features as X, 5, got 4"):
        matching_pursuit(X, components[:, :4], n_nonzero=2)
    components[3] = 0
    with pytest.raises(ValueError, match="components must not be zero, got zeros in row 3"):
        matching_pursuit(X, components, n_nonzero=2)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, Ridge

from sksim.alignment import CCAAligner
from tests.reference import alignment as literal

SEEDS = st.integers(0, 10**6)


def draw(seed, d=None):
    rng = np.random.RandomState(seed)
    d, m = d or rng.randint(2, 6), rng.randint(2, 6)
    shared = rng.randn(40, 3)
    X = shared @ rng.randn(3, d) + rng.randn(40, d) + rng.randn(d)
    return X, shared @ rng.randn(3, m) + rng.randn(40, m) + rng.randn(m)


@given(seed=SEEDS, shrinkage=st.floats(0, 0.95))
def test_literal_formula(seed, shrinkage):
    X, Y = draw(seed)
    n_components = 1 + seed % min(X.shape[1], Y.shape[1])
    aligner = CCAAligner(n_components, shrinkage=shrinkage).fit(X, Y)
    expected = literal.cca_map(X, Y, n_components, shrinkage)
    np.testing.assert_allclose(aligner.coef_.T, expected, atol=1e-8)
    np.testing.assert_allclose(
        aligner.transform(X), literal.center(X) @ expected + Y.mean(axis=0), atol=1e-7
    )


@given(seed=SEEDS)
def test_all_components_are_least_squares(seed):
    X, Y = draw(seed)
    expected = LinearRegression().fit(X, Y)
    np.testing.assert_allclose(CCAAligner().fit(X, Y).predict(X), expected.predict(X), atol=1e-8)


@given(seed=SEEDS, shrinkage=st.floats(0.05, 0.95))
def test_all_components_with_shrinkage_are_ridge_regression(seed, shrinkage):
    X, Y = draw(seed)
    scatter = (literal.center(X) ** 2).sum()
    alpha = shrinkage * scatter / X.shape[1] / (1 - shrinkage)
    ridge = Ridge(alpha=alpha).fit(X, Y)
    aligner = CCAAligner(shrinkage=shrinkage).fit(X, Y)
    np.testing.assert_allclose(aligner.coef_, ridge.coef_, atol=1e-8)


@given(seed=SEEDS)
def test_invertible_maps_of_the_source_change_nothing(seed):
    X, Y = draw(seed)
    A = np.random.RandomState(seed).randn(X.shape[1], X.shape[1]) + 3 * np.eye(X.shape[1])
    for n_components in (1, None):
        aligner = CCAAligner(n_components)
        expected = aligner.fit(X, Y).transform(X)
        np.testing.assert_allclose(
            aligner.fit(X @ A + 5, Y).transform(X @ A + 5), expected, atol=1e-6
        )


@given(seed=SEEDS)
def test_inverse_is_a_pseudo_inverse(seed):
    X, Y = draw(seed)
    aligner = CCAAligner(2).fit(X, Y)
    reached = aligner.transform(X)
    np.testing.assert_allclose(
        aligner.transform(aligner.inverse_transform(reached)), reached, atol=1e-7
    )


def test_fewer_components_help_where_little_is_shared():
    """Two shared directions among many features: all directions fit the noise."""
    rng = np.random.RandomState(0)
    shared = rng.randn(160, 2)
    X = shared @ rng.randn(2, 40) + 0.3 * rng.randn(160, 40)
    Y = shared @ rng.randn(2, 40) + 0.3 * rng.randn(160, 40)
    few, every = (CCAAligner(k).fit(X[:100], Y[:100]).score(X[100:], Y[100:]) for k in (2, None))
    assert few > every
    shrunk = CCAAligner(2, shrinkage=0.2).fit(X[:100], Y[:100]).score(X[100:], Y[100:])
    assert shrunk > few


def test_directions_without_variance_are_left_out():
    X, Y = draw(1, d=3)
    wide = np.hstack([X, X[:, :1] + X[:, 1:2], np.ones((len(X), 1))])
    expected = CCAAligner().fit(X, Y).transform(X)
    np.testing.assert_allclose(CCAAligner().fit(wide, Y).transform(wide), expected, atol=1e-8)


def test_too_many_components():
    X, Y = draw(2, d=3)
    with pytest.raises(ValueError, match=r"n_components must be at most .*got 9"):
        CCAAligner(9).fit(X, Y)


@given(seed=SEEDS, shrinkage=st.floats(0, 0.95))
def test_canonical_correlations_are_sorted_in_the_unit_interval(seed, shrinkage):
    X, Y = draw(seed)
    rho = CCAAligner(shrinkage=shrinkage).fit(X, Y).canonical_correlations_
    assert (np.diff(rho) <= 0).all()
    assert rho[-1] >= 0
    assert rho[0] <= 1 + 1e-12

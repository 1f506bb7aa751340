import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from sksim.alignment import ProcrustesAligner
from tests.reference import alignment as literal

SEEDS = st.integers(0, 10**6)


def draw(seed):
    rng = np.random.RandomState(seed)
    n, d, m = rng.randint(8, 20), rng.randint(1, 6), rng.randint(1, 6)
    return rng.randn(n, d) + rng.randn(d), rng.randn(n, m) + rng.randn(m)


@pytest.mark.parametrize("scaling", [False, True])
@given(seed=SEEDS)
def test_least_residual(scaling, seed):
    X, Y = draw(seed)
    if X.shape[1] > Y.shape[1]:
        X, Y = Y, X  # a wider source keeps variance that no isometry can map
    mapped = ProcrustesAligner(scaling=scaling).fit(X, Y).transform(X)
    expected = literal.procrustes_residual(X, Y, scaling)
    assert literal.residual(mapped, Y) == pytest.approx(expected, abs=1e-6)


@given(seed=SEEDS)
def test_no_other_rotation_is_better(seed):
    rng = np.random.RandomState(seed)
    X, Y = rng.randn(15, 3), rng.randn(15, 3)
    best = literal.residual(ProcrustesAligner().fit(X, Y).transform(X), Y)
    for Q in ortho_group.rvs(3, size=20, random_state=rng):
        assert best <= literal.residual(literal.center(X) @ Q + Y.mean(axis=0), Y) + 1e-9


@given(seed=SEEDS, d=st.integers(2, 4), m=st.integers(1, 4))
def test_no_other_frame_has_more_covariance(seed, d, m):
    rng = np.random.RandomState(seed)
    X, Y = literal.center(rng.randn(15, d)), literal.center(rng.randn(15, m))
    aligner = ProcrustesAligner().fit(X, Y)
    assert np.trace(aligner.rotation_.T @ X.T @ Y) == pytest.approx(aligner.singular_values_.sum())
    for Q in ortho_group.rvs(max(d, m), size=20, random_state=rng):
        Q = Q[:d, :m]
        assert np.trace(Q.T @ X.T @ Y) <= aligner.singular_values_.sum() + 1e-9


def test_a_wider_source_may_have_a_smaller_residual():
    """The loudest source feature decides a rotation, the best fitting one the residual."""
    rng = np.random.RandomState(0)
    y = literal.center(rng.randn(50, 1))
    X = literal.center(np.hstack([y, 9 * y + 20 * rng.randn(50, 1)]))
    mapped = ProcrustesAligner().fit(X, y).transform(X)
    assert literal.residual(mapped, y) > literal.residual(X[:, :1], y)


@given(seed=SEEDS, scale=st.floats(0.1, 10))
def test_recovers_a_planted_motion(seed, scale):
    rng = np.random.RandomState(seed)
    X = rng.randn(20, 4)
    Y = scale * X @ ortho_group.rvs(4, random_state=rng) + rng.randn(4)
    aligner = ProcrustesAligner(scaling=True).fit(X[:12], Y[:12])
    assert aligner.scale_ == pytest.approx(scale, rel=1e-8)
    np.testing.assert_allclose(aligner.transform(X[12:]), Y[12:], atol=1e-8 * scale)
    np.testing.assert_allclose(aligner.inverse_transform(Y), X, atol=1e-8)
    assert aligner.score(X, Y) == pytest.approx(1)


@given(seed=SEEDS)
def test_rotation_has_orthonormal_columns_or_rows(seed):
    X, Y = draw(seed)
    Q = ProcrustesAligner().fit(X, Y).rotation_
    small = Q.T @ Q if Q.shape[0] >= Q.shape[1] else Q @ Q.T
    np.testing.assert_allclose(small, np.eye(len(small)), atol=1e-10)


@given(seed=SEEDS)
def test_distances_stay_in_a_wider_frame(seed):
    rng = np.random.RandomState(seed)
    X, Y = rng.randn(10, 3), rng.randn(10, 5)
    mapped = ProcrustesAligner().fit(X, Y).transform(X)
    assert np.linalg.norm(mapped[0] - mapped[1]) == pytest.approx(np.linalg.norm(X[0] - X[1]))


def test_score_is_that_of_the_similarity():
    rng = np.random.RandomState(3)
    X, Y = rng.randn(20, 3), rng.randn(20, 4)
    aligner = ProcrustesAligner(scaling=True).fit(X, Y)
    norms = np.linalg.norm(literal.center(X)) * np.linalg.norm(literal.center(Y))
    correlation = aligner.singular_values_.sum() / norms
    assert aligner.score(X, Y) == pytest.approx(correlation**2)


def test_zero_covariance_has_no_scale():
    X, Y = np.array([[1.0], [-1], [1], [-1]]), np.array([[1.0], [1], [-1], [-1]])
    with pytest.raises(ValueError, match="zero covariance"):
        ProcrustesAligner(scaling=True).fit(X, Y)


def test_rounding_is_no_covariance():
    columns = literal.center(np.random.RandomState(0).randn(40, 3))
    X, Y = np.split(np.linalg.qr(columns)[0] * 3 + 1, [1], axis=1)
    assert 0 < np.abs(literal.center(X).T @ literal.center(Y)).max() < 1e-13
    with pytest.raises(ValueError, match="zero covariance"):
        ProcrustesAligner(scaling=True).fit(X, Y)

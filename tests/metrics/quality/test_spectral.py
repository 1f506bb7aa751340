import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from sksim.metrics import (
    effective_rank,
    isoscore,
    matrix_nuclear_norm,
    participation_ratio,
    rankme_score,
    stable_rank,
    vendi_score,
)
from tests.reference import quality as literal

CENTERED = [participation_ratio, isoscore, stable_rank, effective_rank]
EVERY = [*CENTERED, rankme_score, matrix_nuclear_norm]
SEEDS = st.integers(0, 10**6)


def draw(seed, n_samples=None, n_features=None):
    rng = np.random.RandomState(seed)
    n, d = n_samples or rng.randint(5, 40), n_features or rng.randint(2, 12)
    return rng.randn(n, d) * rng.uniform(0.2, 3, d) + rng.randn(d)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (participation_ratio, 4.56372669),
        (isoscore, 0.39596963),
        (effective_rank, 8.34638850),
        (rankme_score, 8.23727178),
        (lambda X: rankme_score(X, eps=0), 8.23725931),
        (stable_rank, 2.89224903),
        (matrix_nuclear_norm, 39.09834613),
    ],
)
def test_reference_values(function, expected):
    X, _ = literal.make_quality_data()
    assert function(X) == pytest.approx(expected, abs=1e-7)


@given(seed=SEEDS)
def test_literal_formulas(seed):
    X = draw(seed)
    assert participation_ratio(X) == pytest.approx(literal.participation_ratio(X), rel=1e-9)
    assert isoscore(X) == pytest.approx(literal.isoscore(X), abs=1e-9)
    assert effective_rank(X) == pytest.approx(literal.effective_rank(X), rel=1e-9)
    assert stable_rank(X) == pytest.approx(literal.stable_rank(X), rel=1e-9)
    assert rankme_score(X) == pytest.approx(literal.rankme(X), rel=1e-9)
    assert matrix_nuclear_norm(X) == pytest.approx(literal.nuclear_norm(X), rel=1e-9)


@pytest.mark.parametrize("function", EVERY)
@given(seed=SEEDS)
def test_rotation_scale_and_row_order_change_nothing(function, seed):
    X = draw(seed)
    Q = ortho_group.rvs(X.shape[1], random_state=seed)
    expected = pytest.approx(function(X), rel=1e-8)
    assert function(X @ Q) == expected
    assert function(1e-3 * X) == expected
    assert function(X[::-1]) == expected


@pytest.mark.parametrize("function", CENTERED)
@given(seed=SEEDS)
def test_translation_changes_nothing(function, seed):
    X = draw(seed)
    assert function(X + 1e4) == pytest.approx(function(X), rel=1e-7)


@pytest.mark.parametrize("function", [rankme_score, matrix_nuclear_norm])
def test_translation_matters_where_it_is_said_to(function):
    X = draw(0)
    assert function(X + 10) < 0.9 * function(X)


@given(seed=SEEDS)
def test_ranges(seed):
    X = draw(seed)
    n, d = X.shape
    rank = min(n - 1, d)
    assert 1 <= stable_rank(X) <= participation_ratio(X) * (1 + 1e-12)
    assert participation_ratio(X) <= effective_rank(X) * (1 + 1e-12)
    assert effective_rank(X) <= rank + 1e-9
    assert 0 <= isoscore(X) <= 1
    assert 1 <= rankme_score(X) <= min(n, d) + 1e-4
    norm = matrix_nuclear_norm(X)
    assert np.sqrt(n) <= norm * (1 + 1e-12)
    assert norm <= np.sqrt(n * min(n, d)) * (1 + 1e-12)


@given(seed=SEEDS)
def test_nuclear_norm_of_length(seed):
    X = draw(seed)
    expected = literal.nuclear_norm(X) / len(X)
    norm = matrix_nuclear_norm(X, length_normalized=True)
    assert norm == pytest.approx(expected, rel=1e-9)
    # Repeating all rows does not change what is in them, but the length counts.
    twice = matrix_nuclear_norm(np.vstack([X, X]), length_normalized=True)
    assert twice == pytest.approx(norm / np.sqrt(2), rel=1e-9)


def thin_and_even_spectra():
    """One direction, and all directions evenly: the ends of the ranges."""
    for seed in range(20):
        rng = np.random.RandomState(seed)
        n, d = rng.randint(3, 12, size=2)
        yield np.outer(rng.randn(n), rng.randn(d))
        yield np.vstack([np.eye(n), -np.eye(n)]) @ ortho_group.rvs(n, random_state=rng)
        yield np.eye(n)


def test_rounding_does_not_leave_the_ranges():
    for X in thin_and_even_spectra():
        n, d = X.shape
        for function in (stable_rank, participation_ratio, effective_rank):
            assert 1 <= function(X) <= min(n - 1, d)
        assert 0 <= isoscore(X) <= 1
        assert np.sqrt(n) <= matrix_nuclear_norm(X) <= np.sqrt(n * min(n, d))


@pytest.mark.parametrize("function", [*CENTERED, rankme_score])
def test_repeated_rows_change_nothing(function):
    X = draw(1)
    assert function(np.vstack([X, X, X])) == pytest.approx(function(X), rel=1e-9)


@pytest.mark.parametrize("function", EVERY)
@pytest.mark.parametrize("shape", [(30, 5), (5, 30)])
def test_float32_agrees(function, shape):
    X = draw(2, *shape)
    assert function(X.astype(np.float32)) == pytest.approx(function(X), rel=1e-4)


@pytest.mark.parametrize("function", CENTERED)
def test_float32_with_a_large_mean(function):
    X = draw(2, 50, 5)
    assert function((X + 1000).astype(np.float32)) == pytest.approx(function(X), rel=1e-3)


def test_the_identity_of_isoscore_and_participation_ratio():
    X = draw(3)
    assert isoscore(X) * (X.shape[1] - 1) + 1 == pytest.approx(participation_ratio(X))


def test_participation_ratio_is_the_inverse_of_the_second_vendi_order_around_the_centre():
    """With rows on a centred sphere both see the same spectrum."""
    X = np.random.RandomState(0).randn(40, 4)
    X = np.vstack([X, -X])
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    assert participation_ratio(X) == pytest.approx(vendi_score(X, q=2))


@pytest.mark.parametrize("function", EVERY)
@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_extreme_scales_neither_overflow_nor_vanish(function, scale):
    X = draw(4)
    assert function(X * scale) == pytest.approx(function(X), rel=1e-9)


@pytest.mark.parametrize("function", EVERY)
def test_bad_input(function):
    X = draw(5)
    with pytest.raises(ValueError, match="at least 2 samples"):
        function(X[:1])
    with pytest.raises(ValueError, match="NaN"):
        function(np.where(X.max() == X, np.nan, X))
    with pytest.raises(TypeError, match="numeric"):
        function(X.astype(object))


@pytest.mark.parametrize("function", CENTERED)
def test_constant_input_is_refused(function):
    with pytest.raises(ValueError, match="constant"):
        function(np.full((5, 3), 0.1))


def test_zeros_are_refused():
    with pytest.raises(ValueError, match="zeros only"):
        rankme_score(np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"no rows of zeros.*row 2"):
        matrix_nuclear_norm([[1, 0], [0, 1], [0, 0]])
    with pytest.raises(ValueError, match="at least 2 features"):
        isoscore([[1.0], [2.0]])


@pytest.mark.parametrize("function", EVERY)
def test_input_is_not_modified(function):
    X = draw(6)
    before = X.copy()
    function(X)
    assert np.array_equal(X, before)

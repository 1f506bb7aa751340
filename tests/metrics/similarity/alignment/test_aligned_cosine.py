import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ortho_group

from sksim.metrics import aligned_cosine_score
from tests.reference.similarity import noisy_pair

P0, P1 = noisy_pair(0, 30, 6, 4, 1.0), noisy_pair(1, 25, 5, 5, 0.5)


@pytest.mark.parametrize(
    ("pair", "center", "expected"),
    [
        (P0, True, 0.5927529959226057),
        (P0, False, 0.5888910938539836),
        (P1, True, 0.8513855373985595),
        (P1, False, 0.860371656490735),
    ],
)
def test_reference_values(pair, center, expected):
    assert aligned_cosine_score(*pair, center=center) == pytest.approx(expected, rel=1e-12)


@given(seed=st.integers(0, 10**6), width=st.integers(2, 6))
def test_a_rotated_and_scaled_copy_is_parallel(seed, width):
    rng = np.random.RandomState(seed)
    X = rng.randn(20, width)
    Y = rng.uniform(0.1, 9) * X @ ortho_group.rvs(width, random_state=rng)
    for center in (True, False):
        assert aligned_cosine_score(X, Y, center=center) == pytest.approx(1)
    assert aligned_cosine_score(X, Y + 3) == pytest.approx(1)


def test_a_row_at_the_mean_has_no_direction():
    X = np.random.RandomState(0).randn(20, 3)
    mean = np.vstack([X, X.mean(axis=0)])
    Y = np.random.RandomState(1).randn(21, 3)
    for pair in ((mean, Y), (Y, mean + 1000)):
        with pytest.raises(ValueError, match="no rows at the mean.*row 20"):
            aligned_cosine_score(*pair)
    with pytest.raises(ValueError, match="no rows of zeros.*row 4"):
        aligned_cosine_score(X * (np.arange(20) != 4)[:, None], X, center=False)


def test_directions_without_any_correlation_have_no_best_rotation():
    shared, a, b = np.linalg.qr(np.random.RandomState(0).randn(20, 3))[0].T
    X, Y = np.column_stack([shared, a]), np.column_stack([shared, b])
    with pytest.warns(UserWarning, match="best rotation is not unique"):
        aligned_cosine_score(X, Y, center=False)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import concentricity_difference, magnitude_difference
from tests.reference import clouds
from tests.reference.similarity import noisy_pair

P0, P1 = noisy_pair(0, 30, 6, 4, 1.0), noisy_pair(1, 25, 5, 5, 0.5)
BOTH = [magnitude_difference, concentricity_difference]


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        (P0, (0.04206634686842314, 0.04774896145163185)),
        (P1, (0.1807637031760735, 0.008730003227294586)),
    ],
)
def test_reference_values(pair, expected):
    assert [function(*pair) for function in BOTH] == pytest.approx(expected, rel=1e-12)


@given(seed=st.integers(0, 10**6))
def test_clouds_of_any_size_compare(seed):
    rng = np.random.RandomState(seed)
    X, Y, Z = (rng.randn(n, d) + rng.randn(d) for n, d in rng.randint(2, 20, (3, 2)))
    for function in BOTH:
        assert function(X, Z) <= function(X, Y) + function(Y, Z) + 1e-12
    assert concentricity_difference(X, Y) == pytest.approx(
        abs(clouds.concentricity(X) - clouds.concentricity(Y))
    )


def test_concentricity_can_be_negative():
    """One long row decides the mean, against which the short ones point."""
    X = np.vstack([np.full((9, 2), -0.1) * [1, 0.9], [[5.0, 5.0]]])
    assert clouds.concentricity(X) < 0
    assert concentricity_difference(X, -X + [[20.0, 20.0]]) > 1


def test_the_mean_of_centered_rows_has_no_direction():
    """Its rounding has one: the cosines to it are numbers that mean nothing."""
    X, Y = P0
    centered = X - X.mean(axis=0)
    assert 0 < np.linalg.norm(centered.mean(axis=0)) < 1e-14
    for pair in ((centered, Y), (Y, 1e200 * centered)):
        with pytest.raises(ValueError, match="must not be centred for its concentricity"):
            concentricity_difference(*pair)


def test_a_zero_row_has_no_direction():
    X = P0[0] * (np.arange(30) != 7)[:, None]
    with pytest.raises(ValueError, match="the first of them is row 7"):
        concentricity_difference(X, P0[1])
    assert magnitude_difference(X, P0[1]) > 0

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.hubness._proximity import _empirical_complete as _empirical
from sksim.hubness._proximity._empirical_complete import empirical_mutual_proximity
from tests.reference.mutual_proximity_counts import (
    broadcast_empirical_mutual_proximity,
)
from tests.reference.mutual_proximity_counts import (
    empirical_mutual_proximity as literal,
)


@pytest.fixture(params=["numba", "numpy"], autouse=True)
def route(request, monkeypatch):
    """Both routes, so that they give the same numbers."""
    if request.param == "numba":
        pytest.importorskip("numba")
    else:
        monkeypatch.setattr(_empirical, "compiled", lambda kernel: None)


def symmetric(seed, n, levels):
    rng = np.random.RandomState(seed)
    D = rng.randint(1, levels, size=(n, n)) if levels else rng.uniform(size=(n, n))
    D = np.triu(D, 1)
    return D + D.T


def test_published_values_of_five_points():
    D = np.zeros((5, 5))
    upper = np.triu_indices(5, 1)
    D[upper] = [0.2, 0.1, 0.8, 0.4, 0.3, 0.5, 0.7, 1.0, 0.6, 0.9]
    D += D.T
    by_n = [0.6, 0.4, 1, 0.8, 0.6, 0.8, 1, 1, 0.8, 1]
    by_n_minus_2 = np.array([1, 0, 3, 2, 1, 2, 3, 3, 2, 3]) / 3
    np.testing.assert_allclose(empirical_mutual_proximity(D)[upper], by_n, rtol=1e-15)
    found = empirical_mutual_proximity(D, n_excluded=2)
    np.testing.assert_allclose(found[upper], by_n_minus_2, atol=1e-15)
    assert (np.diag(found) == 0).all()


@given(
    seed=st.integers(0, 2**31),
    n=st.integers(3, 25),
    levels=st.sampled_from([0, 3, 8]),
    n_excluded=st.integers(0, 2),
    n_jobs=st.sampled_from([None, 2]),
)
def test_equals_the_three_loops(seed, n, levels, n_excluded, n_jobs):
    D = symmetric(seed, n, levels)
    expected = literal(D, D, n - n_excluded)
    np.fill_diagonal(expected, 0)
    found = empirical_mutual_proximity(D, n_excluded=n_excluded, n_jobs=n_jobs)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(found, found.T)
    assert found.min() >= 0
    assert found.max() <= 1
    found = empirical_mutual_proximity(D, D.copy(), n_excluded=n_excluded, n_jobs=n_jobs)
    np.testing.assert_array_equal(found, literal(D, D, n - n_excluded))
    shuffled = np.random.RandomState(seed).permutation(D.ravel()).reshape(D.shape)
    found = empirical_mutual_proximity(shuffled, shuffled, n_jobs=n_jobs)
    np.testing.assert_array_equal(found, literal(shuffled, shuffled, n))
    Q = shuffled[: n // 2]
    found = empirical_mutual_proximity(Q, D, n_excluded=n_excluded, n_jobs=n_jobs)
    np.testing.assert_array_equal(found, literal(Q, D, n - n_excluded))


@pytest.mark.parametrize("n", [255, 256, 300])
def test_rows_longer_than_one_block_and_one_byte(n):
    D = symmetric(0, n, 0)
    expected = broadcast_empirical_mutual_proximity(D)
    np.fill_diagonal(expected, 0)
    np.testing.assert_array_equal(empirical_mutual_proximity(D), expected)
    found = empirical_mutual_proximity(D[:7], D)
    np.fill_diagonal(found, 0)
    np.testing.assert_array_equal(found, expected[:7])


@given(seed=st.integers(0, 2**31), n=st.integers(3, 20))
def test_monotone_transforms_of_the_distance_change_nothing(seed, n):
    D = symmetric(seed, n, 0)
    np.testing.assert_array_equal(
        empirical_mutual_proximity(D), empirical_mutual_proximity(3 * D**2 + D)
    )


def test_least_value_is_two_over_n():
    D = np.array([[0.0, 1, 9, 8], [1, 0, 7, 6], [9, 7, 0, 5], [8, 6, 5, 0]])
    assert empirical_mutual_proximity(D)[0, 1] == 0.5
    assert empirical_mutual_proximity(D, n_excluded=2)[0, 1] == 0


@pytest.mark.parametrize(
    ("D", "D_index", "n_excluded", "message"),
    [
        ([[0.0, 1], [2, 0]], None, 0, "must be symmetric"),
        ([[0.0, 1, 2]], None, 0, r"must have shape \(3, 3\)"),
        ([[0.0, np.nan], [np.nan, 0]], None, 0, "got NaN"),
        ([[0.0, 1], [1, 0]], None, 2, "more than 2 columns, got 2"),
        ([[0.0, 1]], [[0.0, 1, 2]], 0, r"must have shape \(2, 2\), got \(1, 3\)"),
    ],
)
def test_bad_input(D, D_index, n_excluded, message):
    with pytest.raises(ValueError, match=message):
        empirical_mutual_proximity(D, D_index, n_excluded=n_excluded)

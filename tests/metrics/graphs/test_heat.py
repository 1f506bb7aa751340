"""Heat geodesics: published values, literal formula, tiny entries, limits, what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.neighbors import kneighbors_graph

from sksim.metrics import heat_geodesic_distances
from tests.reference import graphs

PATH = np.diag(np.ones(5), 1)


def random_graph(seed, n=15):
    X = np.random.RandomState(seed).randn(n, 2)
    lengths = kneighbors_graph(X, 4, mode="distance").toarray()
    lengths = np.maximum(lengths, lengths.T)
    weights = np.exp(-(lengths**2)) * (lengths > 0)
    return np.maximum(weights, 0.1 * (np.eye(n, k=1) + np.eye(n, k=-1)))  # connected


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        (0, [2.212757905804, 3.255999485192, 5.837306554478]),
        (1, [1.431378606404, 2.747643909684, 5.569363091658]),
    ],
)
def test_known_values(volume, expected):
    D = heat_geodesic_distances(PATH, t=1.0, volume=volume)
    assert D[0, [1, 2, 5]] == pytest.approx(expected, rel=1e-11)
    assert not D.diagonal().any()


def test_complete_graph():
    """All that is one hop away is equally near: a closed form."""
    D = heat_geodesic_distances(np.ones((5, 5)), t=0.3, volume=0, laplacian="combinatorial")
    assert D[0, 1:] == pytest.approx(1.49475899249, rel=1e-10)
    away = (1 - np.exp(-5 * 0.3)) / 5
    assert D[0, 1] == pytest.approx(np.sqrt(-1.2 * np.log(away)), rel=1e-12)


@given(
    seed=st.integers(0, 10**6),
    t=st.sampled_from([0.3, 1.0, 5.0, 40.0]),
    volume=st.sampled_from([0.0, 0.4, 1.0]),
    laplacian=st.sampled_from(["normalized", "combinatorial"]),
)
def test_literal_formula(seed, t, volume, laplacian):
    weights = random_graph(seed)
    got = heat_geodesic_distances(weights, t=t, volume=volume, laplacian=laplacian)
    expected = graphs.heat_geodesic_distances(weights, t, volume, laplacian)
    # The exponential of scipy loses what is below 1e-16, and the root half of the digits near 0.
    assert got**2 == pytest.approx(expected**2, abs=1e-6 * t)
    assert np.array_equal(got, got.T)
    order = np.random.RandomState(seed).permutation(len(weights))
    moved = heat_geodesic_distances(
        weights[np.ix_(order, order)], t=t, volume=volume, laplacian=laplacian
    )
    assert moved**2 == pytest.approx(got[np.ix_(order, order)] ** 2, abs=1e-9 * t)


def test_heat_of_1e_186_is_exact():
    """From one end of a path to the other, by a sum of 250 digits."""
    path = np.diag(np.ones(99), 1)
    D = heat_geodesic_distances(path, t=1.0, volume=0)
    assert D[0, -1] == pytest.approx(41.37922807860918, rel=1e-14)


def test_short_times_count_hops():
    hops = np.abs(np.arange(6)[:, None] - np.arange(6))
    D = heat_geodesic_distances(PATH, t=1e-6, volume=0)  # the rest is of order 1 / log t
    assert D[0] ** 2 / (4e-6 * np.log(1e6)) == pytest.approx(hops[0], rel=0.15)


def test_forms_of_a_graph():
    weights = random_graph(3)
    D = heat_geodesic_distances(weights, t=2.0)
    assert np.array_equal(heat_geodesic_distances(csr_array(np.triu(weights)), t=2.0), D)
    assert np.array_equal(heat_geodesic_distances(weights + np.eye(15), t=2.0), D)
    assert heat_geodesic_distances(7 * weights, t=2.0) == pytest.approx(D, rel=1e-9)
    other = heat_geodesic_distances(7 * weights, t=2.0 / 7, laplacian="combinatorial")
    once = heat_geodesic_distances(weights, t=2.0, laplacian="combinatorial")
    assert np.sqrt(7) * other == pytest.approx(once, rel=1e-9)


@pytest.mark.parametrize(
    ("graph", "params", "message"),
    [
        (PATH, {"t": 0}, "'t' parameter"),
        (PATH, {"t": 1.0, "volume": 2}, "'volume' parameter"),
        (np.kron(np.eye(2), np.ones((3, 3))), {"t": 1.0}, "connected, got 2 components"),
        (PATH[:, [0, 1, 2, 3, 4, 0]], {"t": 1.0}, "isolated"),
        (csr_array(([1.0, 0.0], ([0, 1], [1, 2])), shape=(3, 3)), {"t": 1.0}, "positive weight"),
        (-PATH, {"t": 1.0}, "not negative"),
        (np.diag(np.ones(299), 1), {"t": 1e-3}, "t=0.001 is too short"),
    ],
)
def test_what_is_refused(graph, params, message):
    with pytest.raises(ValueError, match=message):
        heat_geodesic_distances(graph, **params)

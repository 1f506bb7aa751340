"""Each measure against its literal formula, published values, and its documented range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim import metrics
from tests.reference import hubness_measures as reference

N_2 = [4, 3, 3, 0, 0]

SIMPLE = ["k_skewness", "robin_hood_index", "gini_index", "atkinson_index", "antihub_rate"]
SIMPLE += ["hub_entropy"]
WITH_PARAMETERS = {
    "hub_rate": {"n_neighbors": 3},
    "hub_occurrence": {"n_neighbors": 3},
    "groupie_ratio": {"n_queries": 60},
}
ALL = [(name, {}) for name in SIMPLE] + list(WITH_PARAMETERS.items())


def counts(min_value=0, max_value=60):
    values = st.integers(min_value, max_value)
    lists = st.lists(values, min_size=2, max_size=40)
    return lists.filter(lambda N: sum(N) > 0).map(np.array)


def uneven_counts():
    return counts().filter(lambda N: N.min() < N.max())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("k_skewness", -0.256120),
        ("robin_hood_index", 0.4),
        ("gini_index", 0.44),
        ("atkinson_index", 0.402872),
        ("antihub_rate", 0.4),
    ],
)
def test_reference_values(name, value):
    assert getattr(metrics, name)(N_2) == pytest.approx(value, abs=5e-7)


@pytest.mark.parametrize(("name", "params"), ALL, ids=[name for name, _ in ALL])
@given(N=uneven_counts())
def test_literal_formula(name, params, N):
    expected = getattr(reference, name)([float(x) for x in N], **params)
    assert getattr(metrics, name)(N, **params) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("epsilon", [0, 0.25, 0.75, 1, 1.0, 2])
@given(N=counts(min_value=1))
def test_atkinson_with_any_aversion(epsilon, N):
    expected = reference.atkinson_index([float(x) for x in N], epsilon)
    assert metrics.atkinson_index(N, epsilon=epsilon) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("epsilon", [1, 1.5, 3])
def test_atkinson_is_one_from_epsilon_one_on_with_an_antihub(epsilon):
    assert metrics.atkinson_index(N_2, epsilon=epsilon) == 1.0


def test_atkinson_geometric_mean_does_not_overflow():
    N = np.full(5000, 300)
    N[:2500] = 100
    expected = 1 - np.sqrt(300.0 * 100) / 200
    assert metrics.atkinson_index(N, epsilon=1) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("name", "params"), ALL, ids=[name for name, _ in ALL])
@given(N=counts(), seed=st.integers(0, 100))
def test_order_of_samples_is_irrelevant(name, params, N, seed):
    measure = getattr(metrics, name)
    shuffled = np.random.RandomState(seed).permutation(N)
    assert measure(shuffled, **params) == pytest.approx(measure(N, **params), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", SIMPLE)
@given(N=counts(), factor=st.floats(0.01, 100))
def test_scale_of_counts_is_irrelevant(name, N, factor):
    measure = getattr(metrics, name)
    assert measure(N * factor) == pytest.approx(measure(N), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize(("name", "params"), ALL, ids=[name for name, _ in ALL])
@given(N=counts())
def test_range(name, params, N):
    value = getattr(metrics, name)(N, **params)
    assert isinstance(value, float)
    n = N.size
    low, high = 0.0, 1.0
    if name == "k_skewness":
        high = (n - 2) / np.sqrt(n - 1) + 1e-9
        low = -high
    elif name in ("robin_hood_index", "gini_index"):
        high = 1 - 1 / n + 1e-12
    assert low <= value <= high


@pytest.mark.parametrize(
    ("name", "params", "even"),
    [(name, {}, 0.0) for name in SIMPLE[:-1]]
    + [
        ("hub_entropy", {}, 1.0),
        ("hub_rate", {"n_neighbors": 3}, 0.0),
        ("hub_occurrence", {"n_neighbors": 3}, 0.0),
        ("groupie_ratio", {"n_queries": 30}, 0.1),
    ],
)
def test_constant_counts_have_no_hubness(name, params, even):
    assert getattr(metrics, name)([3] * 30, **params) == pytest.approx(even, abs=1e-12)
    dust = np.full(30, 3.0) + np.random.RandomState(0).uniform(-1, 1, 30) * 1e-14
    assert getattr(metrics, name)(dust, **params) == pytest.approx(even, abs=1e-9)


@given(n=st.integers(3, 200), base=st.integers(0, 5))
def test_largest_skewness_is_one_count_unlike_all_others(n, base):
    """The bound (n - 2) / sqrt(n - 1); one hub beats k samples that hold all slots."""
    N = np.full(n, base)
    N[0] = base + 7
    assert metrics.k_skewness(N) == pytest.approx((n - 2) / np.sqrt(n - 1), rel=1e-9)


def test_skewness_exceeds_the_square_root_of_n_over_k():
    """100 queries with 2 neighbours: one sample takes a slot of each, the rest one each."""
    N = np.r_[100, np.ones(100)]
    assert N.sum() == 200
    assert metrics.k_skewness(N) == pytest.approx(9.9)
    assert metrics.k_skewness(N) > np.sqrt(101 / 2)


@given(n=st.integers(3, 50), k=st.integers(1, 10))
def test_complete_concentration(n, k):
    k = min(k, n - 1)
    N = np.zeros(n)
    N[:k] = 50
    for name in ("robin_hood_index", "gini_index", "atkinson_index", "antihub_rate"):
        assert getattr(metrics, name)(N) == pytest.approx(1 - k / n)
    assert metrics.hub_entropy(N) == pytest.approx(np.log(k) / np.log(n))
    assert metrics.groupie_ratio(N, n_queries=50) == 1.0


@given(N=uneven_counts(), seed=st.integers(0, 100))
def test_a_gift_from_rich_to_poor_lowers_every_inequality(N, seed):
    poor, rich = N.argmin(), N.argmax()
    moved = N.astype(float)
    gift = (moved[rich] - moved[poor]) / 4
    moved[rich] -= gift
    moved[poor] += gift
    assert metrics.gini_index(moved) < metrics.gini_index(N)
    assert metrics.atkinson_index(moved) < metrics.atkinson_index(N)
    assert metrics.hub_entropy(moved) > metrics.hub_entropy(N)
    assert metrics.robin_hood_index(moved) <= metrics.robin_hood_index(N) + 1e-12


def test_hub_threshold_is_reached_by_rounded_fractions():
    third = sum([1 / 3] * 18)
    assert third < 6
    assert metrics.hub_rate([third, 0], n_neighbors=3) == 0.5


@pytest.mark.parametrize(("name", "params"), ALL, ids=[name for name, _ in ALL])
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ([1.0, np.nan, 2.0], "NaN"),
        ([1.0, -1.0, 2.0], "[Nn]egative"),
        ([[1.0, 2.0], [3.0, 4.0]], "one-dimensional"),
        ([0, 0, 0], "at least one neighbour slot"),
        ([3], "minimum of 2"),
    ],
)
def test_bad_counts(name, params, bad, message):
    with pytest.raises(ValueError, match=message):
        getattr(metrics, name)(bad, **params)


def test_bad_parameters():
    with pytest.raises(ValueError, match="epsilon"):
        metrics.atkinson_index(N_2, epsilon=-1)
    with pytest.raises(ValueError, match="n_neighbors"):
        metrics.hub_rate(N_2, n_neighbors=0)
    with pytest.raises(ValueError, match="hub_size"):
        metrics.hub_occurrence(N_2, n_neighbors=1, hub_size=0)
    with pytest.raises(ValueError, match=r"n_queries=3 and a count of 4"):
        metrics.groupie_ratio(N_2, n_queries=3)


def test_input_is_not_modified():
    N = np.array([3.0, 1.0, 2.0])
    N.flags.writeable = False
    for name, params in ALL:
        getattr(metrics, name)(N, **params)

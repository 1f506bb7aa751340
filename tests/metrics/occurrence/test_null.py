"""Chance levels: the published table, closed forms, Monte Carlo."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammaln, ive
from scipy.stats import binom, poisson

from sksim.metrics import hubness_null
from sksim.metrics._measure import OccurrenceMeasure
from sksim.metrics._registry import all_measures
from tests.reference import hubness_measures as reference

HUBNESS_MEASURES = [measure.name for measure in all_measures(OccurrenceMeasure)]


SHAPES = st.tuples(st.integers(1, 500), st.integers(2, 300), st.integers(1, 30)).filter(
    lambda s: s[2] <= s[1]
)


def null(measure, n_queries, n_indexed, n_neighbors):
    return hubness_null(measure, n_queries=n_queries, n_indexed=n_indexed, n_neighbors=n_neighbors)


@pytest.mark.parametrize(
    ("shape", "skewness", "robin_hood", "antihub"),
    [
        ((11314, 11314, 10), 0.316, 0.125, 0.000),
        ((7532, 11314, 10), 0.387, 0.155, 0.001),
        ((7600, 120000, 10), 1.256, 0.531, 0.531),
        ((6000, 140000, 10), 1.527, 0.651, 0.651),
        ((1000, 4000, 10), 0.630, 0.256, 0.082),
    ],
)
def test_table(shape, skewness, robin_hood, antihub):
    assert round(null("k_skewness", *shape), 3) == skewness
    assert round(null("robin_hood_index", *shape), 3) == robin_hood
    assert round(null("antihub_rate", *shape), 3) == antihub


@pytest.mark.parametrize("measure", sorted(HUBNESS_MEASURES))
@given(shape=SHAPES)
def test_is_the_measure_of_the_binomial_distribution(measure, shape):
    """The whole support, weighted; for groupie_ratio the largest of n independent draws."""
    m, n, k = shape
    N, p = np.arange(m + 1), k / n
    w, mean = binom.pmf(N, m, p), m * p
    expected = {
        "k_skewness": lambda: w @ (N - mean) ** 3 / (w @ (N - mean) ** 2) ** 1.5 if k < n else 0,
        "robin_hood_index": lambda: w @ np.abs(N - mean) / (2 * mean),
        "gini_index": lambda: w @ np.abs(N[:, None] - N) @ w / (2 * mean),
        "atkinson_index": lambda: 1 - (w @ np.sqrt(N)) ** 2 / mean,
        "antihub_rate": lambda: (1 - p) ** m,
        "hub_rate": lambda: w[2 * k <= N].sum(),
        "hub_occurrence": lambda: (w * N)[2 * k <= N].sum() / mean,
        "groupie_ratio": lambda: N @ np.diff(np.cumsum(w) ** n, prepend=0) / m,
        "hub_entropy": lambda: 1 - (w * N)[1:] @ np.log(N[1:] / mean) / mean / np.log(n),
    }[measure]()
    assert null(measure, *shape) == pytest.approx(expected, rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("shape", [(7600, 120000, 10), (1000, 4000, 10), (6000, 140000, 10)])
def test_poisson_limits(shape):
    mean = shape[0] * shape[2] / shape[1]
    whole = np.floor(mean)
    robin_hood = np.exp(-mean + whole * np.log(mean) - gammaln(whole + 1))
    gini = ive(0, 2 * mean) + ive(1, 2 * mean)
    assert null("robin_hood_index", *shape) == pytest.approx(robin_hood, rel=1e-2)
    assert null("gini_index", *shape) == pytest.approx(gini, rel=1e-2)
    assert null("antihub_rate", *shape) == pytest.approx(np.exp(-mean), rel=1e-2)
    assert null("k_skewness", *shape) == pytest.approx(mean**-0.5, rel=1e-2)


@pytest.mark.parametrize("shape", [(300, 300, 10), (100, 400, 5), (600, 150, 10)])
def test_monte_carlo(shape):
    """Random neighbour lists: the sum of their counts is fixed, which costs order 1/n."""
    rng = np.random.RandomState(0)
    draws = [reference.random_occurrence(*shape, rng) for _ in range(60)]
    m, _, k = shape
    for measure in HUBNESS_MEASURES:
        values = np.array([reference.evaluate(measure, N, m, k) for N in draws[: _draws(measure)]])
        error = 1e-9 + 4 * values.std() / np.sqrt(values.size) + 3 / shape[1] * abs(values.mean())
        assert abs(values.mean() - null(measure, *shape)) < error, measure


def _draws(measure):
    """The literal Gini index is quadratic."""
    return 5 if measure == "gini_index" else 60


def test_largest_count_by_simulation_of_independent_counts():
    rng = np.random.RandomState(0)
    largest = rng.binomial(1000, 10 / 1000, size=(4000, 1000)).max(axis=1) / 1000
    expected = null("groupie_ratio", 1000, 1000, 10)
    assert abs(largest.mean() - expected) < 4 * largest.std() / np.sqrt(4000)


def test_huge_searches_are_no_problem():
    assert null("k_skewness", 10**9, 10**9, 10) == pytest.approx(10**-0.5, rel=1e-6)
    assert null("groupie_ratio", 10**9, 10**9, 10) * 10**9 == pytest.approx(
        poisson.isf(0.5e-9, 10), abs=1
    )
    assert 0 < null("gini_index", 10**9, 10**4, 10) < 1e-3


@pytest.mark.parametrize("measure", sorted(HUBNESS_MEASURES))
def test_every_sample_neighbour_of_every_query(measure):
    even = {"hub_entropy": 1.0, "groupie_ratio": 1.0}.get(measure, 0.0)
    assert null(measure, 15, 10, 10) == pytest.approx(even)


@pytest.mark.parametrize("measure", ["k_skewness", "robin_hood_index", "gini_index"])
def test_self_exclusion_changes_nothing_that_matters(measure):
    """Binomial(n - 1, k / (n - 1)) is the exact distribution for samples among themselves."""
    exact = null(measure, 499, 499, 10)
    assert null(measure, 500, 500, 10) == pytest.approx(exact, rel=1e-3)


@pytest.mark.parametrize("shape", [(5, 5, 5), (7, 3, 3), (10**6, 10, 10), (10**7, 50, 7)])
def test_rounding_does_not_leave_the_range_of_the_measure(shape):
    n_queries, n_indexed, n_neighbors = shape
    options = {"n_queries": n_queries, "n_indexed": n_indexed, "n_neighbors": n_neighbors}
    for measure in set(HUBNESS_MEASURES) - {"k_skewness"}:
        value = hubness_null(measure, **options)
        assert 0 <= value <= 1
        assert np.copysign(1, value) == 1


def test_short_names():
    for short in ("robin_hood", "gini", "atkinson"):
        assert null(short, 50, 50, 5) == null(f"{short}_index", 50, 50, 5)


def test_errors():
    with pytest.raises(ValueError, match=r"measure must be one of \['antihub_rate'.*got 'skew'"):
        null("skew", 10, 10, 2)
    with pytest.raises(ValueError, match="n_neighbors must be at most n_indexed=5, got .*=6"):
        null("k_skewness", 10, 5, 6)
    with pytest.raises(ValueError, match="n_queries"):
        null("k_skewness", 0, 5, 2)

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from sksim.metrics import linear_identifiability_distance, logit_distance
from tests.reference import identifiability as reference

seeds = st.integers(0, 2**32 - 1)


def _models(seed, k=5, size=2, n=12):
    rng = np.random.RandomState(seed)
    return [reference.random_model(rng, n=n, k=k, size=size) for _ in range(2)]


@given(seeds, st.integers(1, 3))
def test_equals_the_formula(seed, size):
    (f1, g1), (f2, g2) = _models(seed, size=size)
    expected = reference.squared_d_rep(f1, g1, f2, g2)
    squared = linear_identifiability_distance(f1, g1, f2, g2, squared=True)
    assert squared == pytest.approx(expected, rel=1e-8)
    distance = linear_identifiability_distance(f1, g1, f2, g2)
    assert distance == pytest.approx(np.sqrt(expected), rel=1e-8)


@given(seeds)
def test_p3_p8_zero_for_twins(seed):
    rng = np.random.RandomState(seed)
    f, g = reference.random_model(rng)
    twin = reference.gauge(rng, f, g)
    assert linear_identifiability_distance(f, g, *twin, aggregate="median") < 1e-9


@given(seeds)
def test_gauge_of_the_second_model_only(seed):
    rng = np.random.RandomState(seed)
    first, second = _models(seed)
    distance = linear_identifiability_distance(*first, *second)
    turned = linear_identifiability_distance(*first, *reference.gauge(rng, *second))
    assert turned == pytest.approx(distance, rel=1e-6)
    shifted = linear_identifiability_distance(first[0], first[1] + 3.0, *second)
    assert shifted == pytest.approx(distance, rel=1e-6)
    scaled = linear_identifiability_distance(2 * first[0], first[1] / 2, *second)
    assert scaled == pytest.approx(2 * distance, rel=1e-6)


def test_it_is_not_symmetric():
    first, second = _models(0)
    forward = linear_identifiability_distance(*first, *second)
    assert forward != pytest.approx(linear_identifiability_distance(*second, *first), rel=0.1)


@given(seeds)
def test_p7_bounded_by_the_logit_distance(seed):
    (f1, g1), (f2, g2) = _models(seed)
    k, size = g1.shape
    smallest = min(
        np.linalg.svd(g1[list(labels)] - g1[pivot], compute_uv=False)[-1]
        for pivot in range(k)
        for labels in combinations([y for y in range(k) if y != pivot], size)
    )
    log_p, log_q = (log_softmax(f @ g.T, axis=1) for f, g in ((f1, g1), (f2, g2)))
    bound = 2 * size / (k - 1) / smallest**2 * logit_distance(log_p, log_q, squared=True)
    squared = linear_identifiability_distance(f1, g1, f2, g2, squared=True)
    assert squared <= bound * (1 + 1e-9)


def test_accurate_near_zero():
    """Moments of f1, f2 and f1 f2 would lose this in cancellation."""
    rng = np.random.RandomState(0)
    f, g = reference.random_model(rng, n=400)
    noise = 1e-9 * rng.standard_normal(f.shape)
    distance = linear_identifiability_distance(f, g, f + noise, g)
    assert distance == pytest.approx(np.sqrt(np.mean(np.sum(noise**2, axis=1))), rel=1e-5)


class TestSampling:
    def test_seeded(self):
        first, second = _models(0, k=12)
        options = {"n_pivots": 3, "n_label_sets": 10}
        one, again, other = (
            linear_identifiability_distance(*first, *second, **options, random_state=seed)
            for seed in (0, 0, 1)
        )
        assert one == again != other

    def test_exhaustive_where_cheap(self):
        first, second = _models(0, k=5)
        values = {
            linear_identifiability_distance(*first, *second, n_label_sets=6, random_state=seed)
            for seed in (0, 1)
        }
        assert len(values) == 1

    def test_median_resists_near_singular_sets(self):
        first, second = _models(0, k=5)
        first[1][1] = first[1][0] + 1e-7
        mean, median = (
            linear_identifiability_distance(*first, *second, aggregate=aggregate)
            for aggregate in ("mean", "median")
        )
        assert mean > 1000 * median


class TestBadInput:
    def test_singular_sets_are_left_out_with_a_warning(self):
        first, second = _models(0, k=5)
        first[1][1] = first[1][0]
        with pytest.warns(UserWarning, match="of 30 choices of pivot and labels are left out"):
            distance = linear_identifiability_distance(*first, *second)
        assert np.isfinite(distance)

    def test_rounding_is_no_difference(self):
        first, second = _models(0, size=1)
        first[1][:] = np.where(np.arange(5) % 2, 0.3, 0.1 + 0.2)[:, None]
        with pytest.raises(ValueError, match="rank deficient"):
            linear_identifiability_distance(*first, *second)

    def test_rank_deficient_unembeddings(self):
        first, second = _models(0)
        first[1][:, 1] = first[1][:, 0]
        with pytest.raises(ValueError, match="rank deficient.*all 30 choices"):
            linear_identifiability_distance(*first, *second)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda f1, g1, f2, g2: (f1[1:], g1, f2, g2), "f1 and f2 must have one row.*11 and 12"),
            (lambda f1, g1, f2, g2: (f1, g1[1:], f2, g2), "g1 and g2 must have one row.*4 and 5"),
            (lambda f1, g1, f2, g2: (f1[:, :1], g1, f2, g2), "f1 and g1 .* got 1 and 2"),
            (lambda f1, g1, f2, g2: (f1, g1, f2[:, :1], g2[:, :1]), "same number of columns"),
            (lambda f1, g1, f2, g2: (f1, g1[:2], f2, g2[:2]), "at least n_components.*= 3 labels"),
        ],
    )
    def test_message(self, change, message):
        (f1, g1), (f2, g2) = _models(0)
        with pytest.raises(ValueError, match=message):
            linear_identifiability_distance(*change(f1, g1, f2, g2))

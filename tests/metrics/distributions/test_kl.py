import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from sksim.datasets import make_permuted_pair
from sksim.metrics import kl_divergence, logit_distance
from tests.reference import identifiability as reference

seeds = st.integers(0, 2**32 - 1)


def _random_pair(seed, n=8, k=4, scale=2.0):
    rng = np.random.RandomState(seed)
    return [log_softmax(scale * rng.standard_normal((n, k)), axis=1) for _ in range(2)]


@given(seeds)
def test_equals_the_formula(seed):
    log_p, log_q = _random_pair(seed)
    expected = reference.kl_divergence(log_p, log_q)
    assert kl_divergence(log_p, log_q) == pytest.approx(expected, rel=1e-12)


@given(seeds)
def test_weights_equal_repetition(seed):
    log_p, log_q = _random_pair(seed)
    counts = np.random.RandomState(seed).randint(0, 4, len(log_p))
    counts[0] += 1
    repeated = kl_divergence(np.repeat(log_p, counts, axis=0), np.repeat(log_q, counts, axis=0))
    weighted = kl_divergence(log_p, log_q, sample_weight=counts)
    assert weighted == pytest.approx(repeated, rel=1e-12)


@given(seeds)
def test_p3_zero_at_equality_positive_otherwise(seed):
    log_p, log_q = _random_pair(seed)
    assert kl_divergence(log_p, log_p) == 0
    assert kl_divergence(log_p, log_q) > 0


@given(seeds)
def test_p6_sandwich_between_logit_distances(seed):
    log_p, log_q = _random_pair(seed)
    squared = logit_distance(log_p, log_q, squared=True)
    tau = np.exp(min(log_p.min(), log_q.min()))
    for divergence in (kl_divergence(log_p, log_q), kl_divergence(log_q, log_p)):
        assert divergence <= squared / 4 * (1 + 1e-12)
        assert squared <= 2 * divergence / tau * (1 + 1e-12)


@given(seeds)
def test_p1_gauge_invariance(seed):
    rng = np.random.RandomState(seed)
    f, g = reference.random_model(rng)
    f2, g2 = reference.random_model(rng)
    twin = reference.gauge(rng, f, g)
    log_p, log_twin, log_q = (log_softmax(u @ v.T, axis=1) for u, v in ((f, g), twin, (f2, g2)))
    assert kl_divergence(log_twin, log_q) == pytest.approx(
        kl_divergence(log_p, log_q), rel=1e-9, abs=1e-10
    )


@given(seeds)
def test_p9_relabelling_and_row_order(seed):
    log_p, log_q = _random_pair(seed)
    rng = np.random.RandomState(seed)
    rows, columns = rng.permutation(8)[:, None], rng.permutation(4)
    moved = kl_divergence(log_p[rows, columns], log_q[rows, columns])
    assert moved == pytest.approx(kl_divergence(log_p, log_q), rel=1e-12)


HEPTAGON = [
    0.783749, 1.052204, 0.880400, 0.606687, 0.374665, 0.216786, 0.120467, 0.065188, 0.034626,
    0.018140, 0.009403, 0.004832, 0.002466, 0.001251, 0.000631, 0.000317, 0.000159, 0.000079,
    0.000039, 0.000019,
]  # fmt: skip


@pytest.mark.parametrize(("rho", "expected"), list(enumerate(HEPTAGON, start=1)))
def test_p13_heptagon(rho, expected):
    pair = make_permuted_pair(rho=rho)
    assert kl_divergence(pair.log_p, pair.log_q) == pytest.approx(expected, abs=1e-6)
    m = 2 * np.pi * np.arange(7) / 7
    log_p, log_q = log_softmax(2 * rho * np.cos(m)), log_softmax(2 * rho * np.cos(2 * m))
    closed_form = np.sum(np.exp(log_p) * (log_p - log_q))
    assert kl_divergence(pair.log_p, pair.log_q) == pytest.approx(closed_form, rel=1e-9)


@pytest.mark.parametrize(
    ("rho", "expected"),
    [(1, 1.165593), (3, 1.573277), (6, 0.390614), (12, 0.008707), (18, 0.000143)],
)
def test_p13_heptagon_reversed(rho, expected):
    pair = make_permuted_pair(rho=rho)
    assert kl_divergence(pair.log_q, pair.log_p) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("multiplier", [1, 6])
def test_p14_gauge_multipliers_change_nothing(multiplier):
    pair = make_permuted_pair(multiplier=multiplier, rho=3)
    assert kl_divergence(pair.log_p, pair.log_q) == pytest.approx(0, abs=1e-12)


def test_far_tails_are_exact():
    log_p = log_softmax([[0.0, -900.0]], axis=1)
    log_q = log_softmax([[-900.0, 0.0]], axis=1)
    assert kl_divergence(log_p, log_q) == pytest.approx(900.0)


@pytest.mark.parametrize(
    ("weight", "message"),
    [([1, 2], r"shape \(8,\)"), ([-1] + [1] * 7, "non-negative"), ([0] * 8, "positive sum")],
)
def test_bad_weights(weight, message):
    with pytest.raises(ValueError, match=message):
        kl_divergence(*_random_pair(0), sample_weight=weight)


@given(seeds, st.floats(0.5, 8))
def test_explicit_bound_goes_to_zero_with_the_norm(seed, rho):
    """KL <= (k - 1) exp(-rho m) (1 + rho B + log k) for two models with the same best labels."""
    pair = make_permuted_pair(rho=rho, n_per_class=3, jitter=1, random_state=seed)
    margins = []
    for f, g in ((pair.f1, pair.g1), (pair.f2, pair.g2)):
        scores = f @ g.T / rho
        best = scores[np.arange(21), pair.y][:, None]
        margins.append((best - scores)[np.arange(7) != pair.y[:, None]])
    m, B = np.min(margins), np.max(margins)
    bound = 6 * np.exp(-rho * m) * (1 + rho * B + np.log(7))
    assert m > 0
    assert kl_divergence(pair.log_p, pair.log_q) <= bound

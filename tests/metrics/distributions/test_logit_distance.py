import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from sksim.datasets import make_permuted_pair
from sksim.metrics import (
    cca_score,
    kl_divergence,
    linear_identifiability_distance,
    logit_distance,
)
from tests.reference import identifiability as reference

seeds = st.integers(0, 2**32 - 1)


def _random_arrays(seed, number=2, n=8, k=4):
    rng = np.random.RandomState(seed)
    return [log_softmax(2 * rng.standard_normal((n, k)), axis=1) for _ in range(number)]


@given(seeds)
def test_equals_the_formula(seed):
    log_p, log_q = _random_arrays(seed)
    expected = reference.squared_logit_distance(log_p, log_q)
    assert logit_distance(log_p, log_q, squared=True) == pytest.approx(expected, rel=1e-12)
    assert logit_distance(log_p, log_q) == pytest.approx(np.sqrt(expected), rel=1e-12)


@given(seeds)
def test_p2_p3_p4_it_is_a_metric(seed):
    a, b, c = _random_arrays(seed, 3)
    assert logit_distance(a, a) == 0
    assert logit_distance(a, b) == logit_distance(b, a) > 0
    assert logit_distance(a, c) <= logit_distance(a, b) + logit_distance(b, c) + 1e-12


@given(seeds)
def test_p1_p11_embeddings_enter_through_the_distribution_only(seed):
    rng = np.random.RandomState(seed)
    models = reference.random_model(rng), reference.random_model(rng)
    twin = reference.gauge(rng, *models[0])
    log_p, log_q, log_twin = (log_softmax(f @ g.T, axis=1) for f, g in (*models, twin))
    (f, g), (f2, g2) = models
    difference = f @ (g - g.mean(axis=0)).T - f2 @ (g2 - g2.mean(axis=0)).T
    expected = np.mean(np.sum(difference**2, axis=1))
    assert logit_distance(log_p, log_q, squared=True) == pytest.approx(expected, rel=1e-10)
    assert logit_distance(log_twin, log_q, squared=True) == pytest.approx(expected, rel=1e-9)


@given(seeds)
def test_p9_relabelling_and_row_order(seed):
    log_p, log_q = _random_arrays(seed)
    rng = np.random.RandomState(seed)
    rows, columns = rng.permutation(8)[:, None], rng.permutation(4)
    moved = logit_distance(log_p[rows, columns], log_q[rows, columns])
    assert moved == pytest.approx(logit_distance(log_p, log_q), rel=1e-12)


@given(seeds)
def test_p7_bounds_the_canonical_correlations(seed):
    rng = np.random.RandomState(seed)
    f, g = reference.random_model(rng)
    f2 = f + rng.choice([0.01, 0.3, 3.0]) * rng.standard_normal(f.shape)
    log_p, log_q = log_softmax(f @ g.T, axis=1), log_softmax(f2 @ g.T, axis=1)
    u = log_p - log_p.mean(axis=1, keepdims=True)
    eigenvalues = np.linalg.eigvalsh(np.cov(u.T, ddof=0))[::-1][:2]
    bases = [np.linalg.qr(z - z.mean(axis=0))[0] for z in (f, f2)]
    correlations = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    bound = logit_distance(log_p, log_q, squared=True)
    assert np.sum(eigenvalues * (1 - correlations**2)) <= bound * (1 + 1e-9)
    assert correlations.mean() >= 1 - bound / (2 * eigenvalues[1]) - 1e-9


@pytest.mark.parametrize("rho", [1, 3, 20])
def test_p13_heptagon_diverges(rho):
    pair = make_permuted_pair(rho=rho)
    assert logit_distance(pair.log_p, pair.log_q, squared=True) == pytest.approx(28 * rho**2)


def test_p14_reflection_is_no_difference():
    pair = make_permuted_pair(multiplier=6, rho=5)
    assert logit_distance(pair.log_p, pair.log_q) < 1e-12


def test_smoothing_would_change_it():
    pair = make_permuted_pair(rho=20)
    smoothed = [np.log(np.exp(log_p) + 1e-5) for log_p in (pair.log_p, pair.log_q)]
    smoothed = [log_p - np.log(np.exp(log_p).sum(1, keepdims=True)) for log_p in smoothed]
    assert logit_distance(*smoothed) < 0.3 * logit_distance(pair.log_p, pair.log_q)


def _directions(angles):
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


class TestCounterexamples:
    """Two pairs of models of Nielsen et al. (2026)."""

    def test_small_divergence_with_equal_embeddings_and_unrelated_unembeddings(self):
        rng = np.random.default_rng(0)
        angles = np.pi / 16 * np.array([0, 1, 2, 3, 10, 16, 20, 26])
        g = 5.5 * _directions(angles)
        g_swapped = g[[0, 1, 2, 3, 5, 4, 7, 6]]
        centers = np.pi / 16 * np.array([0, 1, 2, 3, 13, 13, 23, 23])
        offsets = rng.uniform(-np.pi / 256, np.pi / 256, (8, 500))
        norms = 2 + np.abs(rng.standard_normal((8, 500)))
        f = (norms[..., None] * _directions(centers[:, None] + offsets)).reshape(-1, 2)
        log_p, log_q = log_softmax(f @ g.T, axis=1), log_softmax(f @ g_swapped.T, axis=1)
        assert kl_divergence(log_p, log_q) == pytest.approx(0.004549, abs=1e-6)
        assert logit_distance(log_p, log_q, squared=True) == pytest.approx(672.6, abs=0.05)
        assert cca_score(g, g_swapped) == pytest.approx(0.673773, abs=1e-6)

    def test_perfect_correlations_of_both_sides_do_not_make_twins(self):
        """f and g are mapped by rotations that do not belong together."""
        rng = np.random.default_rng(0)
        corners = _directions(np.array([0, np.pi / 2, np.pi, 5 * np.pi / 4, 7 * np.pi / 4]))
        f = (5 * corners[:, None] + 0.5 * rng.standard_normal((5, 100, 2))).reshape(-1, 2)
        turn = np.array([[1, -1], [1, 1]]) / np.sqrt(2)
        models = (f, 8 * corners), (f @ turn.T, 8 * corners @ turn)
        assert cca_score(models[0][0], models[1][0]) == pytest.approx(1)
        assert cca_score(models[0][1], models[1][1]) == pytest.approx(1)
        log_p, log_q = (log_softmax(u @ v.T, axis=1) for u, v in models)
        assert np.mean(log_p.argmax(axis=1) != log_q.argmax(axis=1)) > 0.5
        assert logit_distance(log_p, log_q) > 10
        assert linear_identifiability_distance(*models[0], *models[1]) > 1

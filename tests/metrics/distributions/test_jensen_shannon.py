import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from sksim.metrics import jensen_shannon_distance, jensen_shannon_divergence
from tests.reference import quality as literal

SEEDS = st.integers(0, 10**6)


def draw(seed, n_models=3, scale=3.0):
    rng = np.random.RandomState(seed)
    shape = (n_models, rng.randint(1, 8), rng.randint(2, 6))
    return log_softmax(scale * rng.randn(*shape), axis=-1)


@given(seed=SEEDS)
def test_literal_formulas(seed):
    log_p, log_q, _ = draw(seed)
    rows = literal.jensen_shannon_rows(np.exp(log_p), np.exp(log_q))
    assert jensen_shannon_divergence(log_p, log_q) == pytest.approx(np.mean(rows), abs=1e-12)
    assert jensen_shannon_distance(log_p, log_q) == pytest.approx(np.mean(np.sqrt(rows)), abs=1e-7)


@given(seed=SEEDS, scale=st.floats(0.01, 100))
def test_metric_properties(seed, scale):
    p, q, r = draw(seed, scale=scale)
    assert jensen_shannon_distance(p, p) == 0
    assert jensen_shannon_distance(p, q) == pytest.approx(jensen_shannon_distance(q, p))
    detour = jensen_shannon_distance(p, r) + jensen_shannon_distance(r, q)
    assert jensen_shannon_distance(p, q) <= detour + 1e-12
    assert 0 <= jensen_shannon_divergence(p, q) <= 1


def test_disjoint_distributions_are_one_bit_apart():
    log_p = log_softmax(np.array([[600.0, 0.0]]), axis=1)
    assert jensen_shannon_divergence(log_p, log_p[:, ::-1]) == pytest.approx(1, abs=1e-12)


def test_close_distributions_do_not_cancel():
    """To second order the divergence is the chi-square distance over 8 log 2."""
    p = np.array([[0.2, 0.3, 0.5]])
    change = 1e-9 * np.array([[1.0, -2.0, 1.0]])
    expected = (change**2 / p).sum() / (8 * np.log(2))
    value = jensen_shannon_divergence(np.log(p), np.log(p) + change / p)
    assert value == pytest.approx(expected, rel=1e-4)


def test_bad_input():
    log_p = draw(0)[0]
    with pytest.raises(ValueError, match="same shape"):
        jensen_shannon_divergence(log_p, log_p[:, ::-1][:, :-1] * 0 - np.log(log_p.shape[1] - 1))
    with pytest.raises(ValueError, match="underflowed"):
        jensen_shannon_distance([[0.0, -np.inf]], [[0.0, -np.inf]])
    with pytest.raises(ValueError, match="log-probabilities"):
        jensen_shannon_divergence(np.exp(log_p), np.exp(log_p))

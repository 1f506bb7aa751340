"""Divergence of Gaussians against its formula, published values, and torch's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import gaussian_kl_divergence, pairwise_gaussian_kl


def gaussians(seed, n, d=4):
    rng = np.random.RandomState(seed)
    return rng.randn(n, d), np.exp(0.5 * rng.randn(n, d))


def literal(mean_p, variance_p, mean_q, variance_q):
    """One pair and one feature after the other."""
    table = np.zeros((len(mean_p), len(mean_q)))
    for i, (m, v) in enumerate(zip(mean_p, variance_p)):
        for j, (n, w) in enumerate(zip(mean_q, variance_q)):
            table[i, j] = sum((v + (m - n) ** 2) / w - 1 + np.log(w) - np.log(v)) / 2
    return table


def test_known_values():
    rng = np.random.RandomState(0)
    mean_q, mean_d = rng.randn(3, 4), rng.randn(5, 4)
    variance_q, variance_d = np.exp(0.5 * rng.randn(3, 4)), np.exp(0.5 * rng.randn(5, 4))
    divergence = gaussian_kl_divergence(mean_q, variance_q, mean_d, variance_d)
    expected = [2.40476446852, 4.78885093355, 15.7400631615, 6.03668168338, 5.79990387896]
    assert divergence[0] == pytest.approx(expected, rel=1e-10)
    assert divergence.argmin(axis=1).tolist() == [0, 3, 0]
    one = gaussian_kl_divergence([[0.5, -1]], [[0.25, 1]], [[0, 1]], [[1, 4]])
    assert one[0, 0] == pytest.approx(1.26129436111989, rel=1e-14)


@given(st.integers(0, 10_000))
def test_formula(seed):
    p, q = gaussians(seed, 5), gaussians(seed + 1, 4)
    divergence = gaussian_kl_divergence(*p, *q)
    assert divergence == pytest.approx(literal(*p, *q), rel=1e-12)
    assert (divergence >= 0).all()
    assert np.array_equal(np.diag(gaussian_kl_divergence(*p, *p)), np.zeros(5))


def test_near_gaussians_lose_no_digits():
    mean, variance = gaussians(0, 6)
    near = variance * (1 + 1e-9)
    expected = 4 * (1e-9) ** 2 / 4  # sum over d of x^2 / 4, to first order
    divergence = np.diag(gaussian_kl_divergence(mean, variance, mean, near))
    assert divergence == pytest.approx(np.full(6, expected), rel=1e-6)


@given(st.integers(0, 10_000))
def test_joint_scales_and_translations_leave_it_rotations_do_not(seed):
    (m, v), (n, w) = gaussians(seed, 5), gaussians(seed + 1, 4)
    rng = np.random.RandomState(seed)
    a, b = np.exp(rng.randn(4)), rng.randn(4)
    before = gaussian_kl_divergence(m, v, n, w)
    after = gaussian_kl_divergence(a * m + b, a**2 * v, a * n + b, a**2 * w)
    assert after == pytest.approx(before, rel=1e-9)
    rotation = np.linalg.qr(rng.randn(4, 4))[0]
    assert not np.allclose(gaussian_kl_divergence(m @ rotation, v, n @ rotation, w), before)


def test_rows_of_means_and_log_variances():
    (m, v), (n, w) = gaussians(0, 5), gaussians(1, 3)
    X, Y = np.hstack([m, np.log(v)]), np.hstack([n, np.log(w)])
    assert pairwise_gaussian_kl(X, Y) == pytest.approx(gaussian_kl_divergence(m, v, n, w))
    assert np.array_equal(pairwise_gaussian_kl(X), pairwise_gaussian_kl(X, X))


def test_agrees_with_torch():
    torch = pytest.importorskip("torch")
    (m, v), (n, w) = gaussians(0, 5), gaussians(1, 3)
    p, q = (
        torch.distributions.Normal(torch.tensor(mean), torch.tensor(variance).sqrt())
        for mean, variance in ((m[:, None], v[:, None]), (n[None], w[None]))
    )
    expected = torch.distributions.kl_divergence(p, q).sum(-1).numpy()
    assert gaussian_kl_divergence(m, v, n, w) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[0.0]], [[0.0]], [[1.0]], [[1.0]]), "variance_p must be positive, got 0 in row 0"),
        (([[0.0]], [[1.0]], [[1.0]], [[-1.0]]), "variance_q must be positive, got -1"),
        (([[0.0]], [[1.0, 1.0]], [[1.0]], [[1.0]]), "mean_p and variance_p must have the same"),
        (([[0.0]], [[1.0]], [[1.0, 2.0]], [[1.0, 1.0]]), "mean_p and mean_q must have the same"),
        (([[0.0]], [[1.0]], [[np.nan]], [[1.0]]), "mean_q contains NaN"),
    ],
)
def test_what_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        gaussian_kl_divergence(*arguments)


def test_odd_columns_are_refused():
    with pytest.raises(ValueError, match="Y must hold means and as many"):
        pairwise_gaussian_kl([[0.0, 1.0]], [[0.0, 1.0, 2.0]])

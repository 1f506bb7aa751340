"""Collapsed features are at the optimum; easy and hard labels are what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from sksim.datasets import make_collapsed_features, make_easy_hard_features

SIZES = [8, 4, 2]


def objective(W, H, y, lambda_w, lambda_h):
    """The loss of the model of free features, H of shape (N, d), and its gradients."""
    error = H @ W.T - np.eye(len(W))[y]
    loss = (error**2).sum() / (2 * len(y)) + lambda_w / 2 * (W**2).sum()
    by_w, by_h = error.T @ H / len(y) + lambda_w * W, error @ W / len(y) + lambda_h * H
    return loss + lambda_h / 2 * (H**2).sum(), by_w, by_h


def test_known_values():
    X, y, coef = make_collapsed_features(SIZES, lambda_w=0.02, lambda_h=0.02, n_features=5)
    assert X.shape == (14, 5)
    assert y.tolist() == [0] * 8 + [1] * 4 + [2] * 2
    means = X[[0, 8, 12]]
    expected = [0.318553390593, 0.43, 0.567106781187]
    np.testing.assert_allclose((means**2).sum(axis=1), expected, rtol=1e-11)
    expected = [2.548427124746, 1.72, 1.134213562373]
    np.testing.assert_allclose((coef**2).sum(axis=1), expected, rtol=1e-11)
    kept = [0.901005050634, 0.86, 0.802010101268]
    np.testing.assert_allclose((means * coef).sum(axis=1), kept, rtol=1e-11)
    gram = means @ means.T
    np.testing.assert_array_equal(gram[~np.eye(3, dtype=bool)], 0)


@given(
    sizes=st.lists(st.integers(1, 30), min_size=2, max_size=6),
    lambda_w=st.floats(1e-4, 0.5),
    lambda_h=st.floats(1e-4, 0.5),
)
def test_stationary_and_minority_classes_vanish(sizes, lambda_w, lambda_h):
    X, y, coef = make_collapsed_features(sizes, lambda_w=lambda_w, lambda_h=lambda_h)
    _, by_w, by_h = objective(coef, X, y, lambda_w, lambda_h)
    assert max(np.abs(by_w).max(), np.abs(by_h).max()) < 1e-12
    first = np.searchsorted(y, np.arange(len(sizes)))
    gone = np.array(sizes) <= sum(sizes) ** 2 * lambda_w * lambda_h
    np.testing.assert_array_equal((X[first] == 0).all(axis=1), gone)


def test_no_descent_finds_less():
    X, y, coef = make_collapsed_features(SIZES, lambda_w=0.02, lambda_h=0.02, n_features=4)
    best = objective(coef, X, y, 0.02, 0.02)[0]

    def flat(v):
        loss, *gradients = objective(v[:12].reshape(3, 4), v[12:].reshape(14, 4), y, 0.02, 0.02)
        return loss, np.concatenate([g.ravel() for g in gradients])

    start = np.random.RandomState(0).randn(12 + 56)
    found = minimize(flat, start, jac=True, method="BFGS", options={"gtol": 1e-10})
    assert found.fun == pytest.approx(best, rel=1e-8)
    means = found.x[12:].reshape(14, 4)[[0, 8, 12]]
    np.testing.assert_allclose(means @ means.T, X[[0, 8, 12]] @ X[[0, 8, 12]].T, atol=1e-7)


def test_noise():
    clean, *_ = make_collapsed_features(SIZES)
    noisy, *_ = make_collapsed_features(SIZES, noise=0.1, random_state=0)
    assert 0.05 < (noisy - clean).std() < 0.15


def test_bad_class_sizes():
    for sizes in ([5], [3, 0], [2.5, 1.0]):
        with pytest.raises(ValueError, match="class_sizes must hold at least two positive whole"):
            make_collapsed_features(sizes)
    with pytest.raises(ValueError, match="n_features must be at least the number of classes, 3"):
        make_collapsed_features(SIZES, n_features=2)


@pytest.mark.parametrize(("hard", "n_bits"), [("xor", 2), ("parity3", 3)])
def test_labels(hard, n_bits):
    X, easy, parity = make_easy_hard_features(4000, hard=hard, n_bits=6, random_state=0)
    assert set(np.unique(X)) == {-1, 1}
    np.testing.assert_array_equal(easy, X[:, 0] > 0)
    np.testing.assert_array_equal(parity, (X[:, 1 : 1 + n_bits] > 0).sum(axis=1) % 2)
    counts = np.bincount(2 * easy + parity)
    assert np.abs(counts / 4000 - 0.25).max() < 0.03
    # no single bit tells the hard label
    assert np.abs(X.T @ (2 * parity - 1) / 4000).max() < 0.06
    _, rare, _ = make_easy_hard_features(4000, hard=hard, prevalence=0.1, random_state=0)
    assert rare.mean() == pytest.approx(0.1, abs=0.02)
    with pytest.raises(ValueError, match=f"n_bits must be at least {n_bits + 1}|range"):
        make_easy_hard_features(hard=hard, n_bits=n_bits)

"""Gaussians as vectors: published values, the same ranking as the divergence, what it ignores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.codes import GaussianInnerProduct
from sksim.metrics import gaussian_kl_divergence, pairwise_gaussian_kl


def products(queries, documents, **params):
    index = GaussianInnerProduct(**params).fit(documents)
    return index.transform_query(queries) @ index.transform(documents).T


def test_known_values():
    rng = np.random.RandomState(0)
    mean_q, mean_d = rng.randn(3, 4), rng.randn(5, 4)
    log_q, log_d = 0.5 * rng.randn(3, 4), 0.5 * rng.randn(5, 4)
    queries, documents = np.hstack([mean_q, log_q]), np.hstack([mean_d, log_d])
    index = GaussianInnerProduct().fit(documents)
    assert index.transform(documents).shape == (5, 9)
    offsets = index.query_offset(queries)
    divergence = -(products(queries, documents) + offsets[:, None])
    expected = [2.40476446852, 4.78885093355, 15.7400631615, 6.03668168338, 5.79990387896]
    np.testing.assert_allclose(divergence[0], expected, rtol=1e-10)
    assert products(queries, documents).argmax(axis=1).tolist() == [0, 3, 0]
    exact = gaussian_kl_divergence(mean_q, np.exp(log_q), mean_d, np.exp(log_d))
    np.testing.assert_allclose(divergence, exact, rtol=1e-12)


@given(seed=st.integers(0, 10**6), n_means=st.integers(1, 6))
def test_ranks_as_the_divergence(seed, n_means):
    rng = np.random.RandomState(seed)
    queries, documents = rng.randn(6, 2 * n_means), rng.randn(9, 2 * n_means)
    found = np.argsort(-products(queries, documents), axis=1)
    exact = np.argsort(pairwise_gaussian_kl(queries, documents), axis=1)
    np.testing.assert_array_equal(found, exact)
    # joint scale of means and deviations, feature by feature, and translation
    scale, shift = np.exp(rng.randn(n_means)), rng.randn(n_means)
    factors = np.r_[scale, np.ones(n_means)], np.r_[shift, 2 * np.log(scale)]
    moved = products(*(rows * factors[0] + factors[1] for rows in (queries, documents)))
    np.testing.assert_array_equal(np.argsort(-moved, axis=1), exact)


def test_rotation_changes_the_ranking():
    rng = np.random.RandomState(0)
    queries, documents = rng.randn(50, 4), rng.randn(50, 4)
    Q, _ = np.linalg.qr(rng.randn(2, 2))
    turned = [np.hstack([rows[:, :2] @ Q, rows[:, 2:]]) for rows in (queries, documents)]
    before, after = products(queries, documents), products(*turned)
    assert (before.argmax(axis=1) != after.argmax(axis=1)).any()


def test_equal_variances_rank_by_distance():
    rng = np.random.RandomState(0)
    queries, documents = rng.randn(6, 3), rng.randn(9, 3)
    distances = np.linalg.norm(queries[:, None] - documents, axis=2)
    rows = [np.hstack([mean, np.zeros(mean.shape)]) for mean in (queries, documents)]
    np.testing.assert_array_equal(
        np.argsort(-products(*rows), axis=1), np.argsort(distances, axis=1)
    )


def test_one_variance_for_all_features():
    rng = np.random.RandomState(0)
    queries, documents = rng.randn(6, 5), rng.randn(9, 5)
    full = [
        np.hstack([rows[:, :4], np.repeat(rows[:, 4:], 4, axis=1)]) for rows in (queries, documents)
    ]
    np.testing.assert_array_equal(products(queries, documents), products(*full))
    even = [rows[:, 1:] for rows in (queries, documents)]
    full = [np.hstack([rows[:, :3], np.repeat(rows[:, 3:], 3, axis=1)]) for rows in even]
    np.testing.assert_array_equal(products(*even, covariance="spherical"), products(*full))


def test_planted_variances_find_what_means_do_not():
    """The noise of each document differs from feature to feature, and the divergence knows it."""
    rng = np.random.RandomState(0)
    log_variance = rng.choice([-4.0, 2.0], size=(200, 12))
    mean = rng.randn(200, 12)
    drawn = mean + np.exp(log_variance / 2) * rng.randn(200, 12)
    queries = np.hstack([drawn, np.full((200, 12), -4.0)])
    documents = np.hstack([mean, log_variance])
    by_divergence = products(queries, documents).argmax(axis=1) == np.arange(200)
    gaps = np.linalg.norm(drawn[:, None] - mean, axis=2)
    assert by_divergence.mean() > (gaps.argmin(axis=1) == np.arange(200)).mean() + 0.2


def test_bad_input():
    X = np.random.RandomState(0).randn(6, 5)
    with pytest.raises(ValueError, match="as many logarithms of variances.*got 5 columns"):
        GaussianInnerProduct("diagonal").fit(X)
    with pytest.raises(ValueError, match=r"variances of X must be positive, got 0 in row 2"):
        GaussianInnerProduct().fit(np.where(np.arange(6)[:, None] == 2, -800.0, X))
    with pytest.raises(ValueError, match="variances of X.*infinity"):
        GaussianInnerProduct().fit(np.where(np.arange(6)[:, None] == 2, 800.0, X))

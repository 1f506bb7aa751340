import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from sksim.metrics import cka_score
from sksim.metrics.similarity.matrices._rdm_comparisons import (
    COMPARISONS,
    Comparison,
    check_rdm,
)
from sksim.metrics.similarity.matrices._whitening import WHITENED
from tests.reference import rdm as reference
from tests.reference import rsatoolbox_values as peer


def random(seed, *shape):
    return np.random.RandomState(seed).standard_normal(shape)


def score(a, b, compare, sigma_k=None):
    n = len(squareform(a))
    return Comparison(compare, sigma_k, n).score(np.asarray(a), np.asarray(b))


def squares(seed, *shape):
    return pdist(random(seed, *shape), "sqeuclidean")


A, B = squares(0, 5, 3), squares(1, 5, 4)
ROOT = random(2, 5, 5)
S = ROOT @ ROOT.T / 5 + np.eye(5)


@pytest.mark.parametrize(
    ("compare", "plain", "tied"),
    [
        ("pearson", 0.0259096669566, 0.0299668066506),
        ("spearman", -0.139393939394, -0.0993807989999),
        ("kendall", -0.0666666666667, -0.0666666666667),
        ("kendall_a", -0.0666666666667, -0.0666666666667),
        ("kendall_b", -0.0666666666667, -0.0722944039068),
        ("cosine", 0.729854339146, 0.710795586889),
        ("rho-a", -0.139393939394, -0.0969696969697),
    ],
)
def test_reference_values(compare, plain, tied):
    assert score(A, B, compare) == pytest.approx(plain, rel=1e-9)
    assert score(np.round(A), np.round(B), compare) == pytest.approx(tied, rel=1e-9)


@pytest.mark.parametrize(
    ("sigma_k", "cosine", "correlation"),
    [
        (None, 0.526371588658, 0.0114380019149),
        (np.eye(5), 0.526371588658, 0.0114380019149),
        (S, 0.592285895849, 0.215236383996),
        (np.diag(np.arange(1.0, 6.0)), 0.622319608673, -0.0124521817796),
    ],
)
def test_whitened_reference_values(sigma_k, cosine, correlation):
    assert score(A, B, "whitened_cosine", sigma_k) == pytest.approx(cosine, rel=1e-9)
    assert score(A, B, "whitened_correlation", sigma_k) == pytest.approx(correlation, rel=1e-9)


@pytest.mark.parametrize("compare", peer.COMPARISONS)
@pytest.mark.parametrize(("kind", "pair"), [("pair", peer.PAIR), ("tied", peer.TIED)])
def test_values_of_rsatoolbox(compare, kind, pair):
    (stored,) = peer.stored()[f"{compare}, {kind}"]
    assert reference.compare_rdms(*pair, compare) == pytest.approx(stored, rel=1e-10)
    assert score(*pair, compare) == pytest.approx(stored, rel=1e-10)


@pytest.mark.parametrize("compare", WHITENED)
def test_values_of_rsatoolbox_with_a_covariance(compare):
    """Which it solves by conjugate gradients, to nine digits."""
    (stored,) = peer.stored()[f"{compare}, sigma"]
    literal = reference.compare_rdms(*peer.PAIR, compare, peer.SIGMA)
    assert literal == pytest.approx(stored, rel=1e-6)
    assert score(*peer.PAIR, compare, peer.SIGMA) == pytest.approx(literal, rel=1e-10)


@given(
    compare=st.sampled_from(COMPARISONS),
    n=st.integers(4, 8),
    rounded=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_equals_the_definition(compare, n, rounded, seed):
    a, b = squares(seed, n, 3), squares(seed + 1, n, 2)
    if rounded:
        a, b = np.round(a), np.round(b)
    root = random(seed + 2, n, n)
    sigma_k = root @ root.T + 0.1 * np.eye(n) if compare in WHITENED else None
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return
    expected = reference.compare_rdms(a, b, compare, sigma_k)
    assert score(a, b, compare, sigma_k) == pytest.approx(expected, rel=1e-7, abs=1e-9)


@given(seed=st.integers(0, 1000), compare=st.sampled_from(WHITENED))
def test_sigma_k_matters_on_contrasts_only(seed, compare):
    """A multiple, and a vector added to all rows and columns, which may make it indefinite."""
    a, b, c = squares(seed, 6, 3), squares(seed + 1, 6, 3), 5 * random(seed + 2, 6)
    root = random(seed + 3, 6, 6)
    sigma_k = root @ root.T + np.eye(6)
    expected = score(a, b, compare, sigma_k)
    assert score(a, b, compare, 7 * sigma_k) == pytest.approx(expected, abs=1e-9)
    moved = sigma_k + c[:, None] + c
    assert score(a, b, compare, moved) == pytest.approx(expected, abs=1e-9)


@given(seed=st.integers(0, 1000), compare=st.sampled_from(COMPARISONS))
def test_order_of_the_conditions(seed, compare):
    a, b = squares(seed, 6, 3), squares(seed + 1, 6, 3)
    order = np.random.RandomState(seed).permutation(6)
    root = random(seed + 3, 6, 6)
    sigma_k = root @ root.T + np.eye(6) if compare in WHITENED else None
    moved = [squareform(squareform(v)[np.ix_(order, order)]) for v in (a, b)]
    moved_sigma = None if sigma_k is None else sigma_k[np.ix_(order, order)]
    expected = score(a, b, compare, sigma_k)
    assert score(*moved, compare, moved_sigma) == pytest.approx(expected, abs=1e-9)


@given(seed=st.integers(0, 1000), n=st.integers(4, 9))
def test_whitened_cosine_of_squared_distances_is_biased_linear_cka(seed, n):
    X, Y = random(seed, n, 4), random(seed + 1, n, 3)
    value = score(pdist(X, "sqeuclidean"), pdist(Y, "sqeuclidean"), "whitened_cosine")
    assert value == pytest.approx(cka_score(X, Y, unbiased=False), abs=1e-12)


@given(seed=st.integers(0, 1000))
def test_ties(seed):
    a, b = (np.round(squares(seed + k, 6, 2)) for k in range(2))
    tau_a, tau_b = (score(a, b, f"kendall_{letter}") for letter in "ab")
    assert abs(tau_a) <= abs(tau_b) + 1e-12
    a, b = squares(seed, 6, 2), squares(seed + 1, 6, 2)
    assert score(a, b, "kendall_a") == pytest.approx(score(a, b, "kendall_b"), abs=1e-12)
    assert score(a, b, "rho-a") == pytest.approx(score(a, b, "spearman"), abs=1e-12)


def test_v_is_the_covariance_of_distances_without_signal():
    """Up to a factor of two over the number of features."""
    rng = np.random.RandomState(0)
    root = np.linalg.cholesky(S)
    draws = [pdist(root @ rng.standard_normal((5, 8)), "sqeuclidean") / 8 for _ in range(20_000)]
    ratio = np.cov(draws, rowvar=False) * 8 / 2 / reference.pair_covariance(S, 5)
    assert np.diag(ratio) == pytest.approx(1.0, abs=0.08)


def test_rounding_of_a_matrix_is_forgiven():
    D = squareform(A)
    noisy = D * (1 + 1e-9 * random(0, 5, 5)) + 1e-9 * np.eye(5)
    checked = check_rdm(noisy, "D")
    np.testing.assert_array_equal(checked, checked.T)
    assert not np.diag(checked).any()
    np.testing.assert_allclose(checked, D, rtol=1e-8)
    single = (D * (1 + 1e-7 * random(0, 5, 5))).astype(np.float32)
    assert check_rdm(single, "D").dtype == np.float64
    with pytest.raises(ValueError, match="D must be symmetric"):
        check_rdm(single.astype(np.float64), "D")

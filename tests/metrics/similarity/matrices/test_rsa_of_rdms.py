"""``rsa_score`` of RDMs that are at hand, of callables, and by all comparisons."""

import functools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from sklearn import config_context
from sklearn.metrics.pairwise import laplacian_kernel

from sksim.metrics import (
    cka_score,
    pairwise_similarity,
    permutation_test_similarity,
    rdm,
    rsa_score,
    similarity_interval,
)
from sksim.metrics.similarity.matrices import _pair_matrix, _rsa
from sksim.metrics.similarity.matrices._rdm_comparisons import COMPARISONS, check_rdm
from sksim.metrics.similarity.matrices._whitening import WHITENED
from tests.reference import rdm as reference
from tests.reference import rsatoolbox_values as peer


def random(seed, *shape):
    return np.random.RandomState(seed).standard_normal(shape)


def covariance(n, seed=2):
    B = random(seed, n, n)
    return B @ B.T / n + np.eye(n)


def of_rdms(a, b, compare, sigma_k=None):
    D, E = peer.matrices([a, b])
    return rsa_score(D, E, rdm="precomputed", compare=compare, sigma_k=sigma_k)


X, Y = random(0, 12, 5), random(0, 12, 5)[:, :3] + random(1, 12, 3)
D, E = squareform(pdist(X, "sqeuclidean")), squareform(pdist(Y, "sqeuclidean"))


@pytest.mark.parametrize("compare", peer.COMPARISONS)
@pytest.mark.parametrize(("kind", "pair"), [("pair", peer.PAIR), ("tied", peer.TIED)])
def test_values_of_rsatoolbox(compare, kind, pair):
    (stored,) = peer.stored()[f"{compare}, {kind}"]
    assert of_rdms(*pair, compare) == pytest.approx(stored, rel=1e-10)


@given(
    compare=st.sampled_from(COMPARISONS),
    n=st.integers(4, 8),
    rounded=st.booleans(),
    with_covariance=st.booleans(),
    shift=st.sampled_from([0.0, -3.0, 1e3]),
    seed=st.integers(0, 1000),
)
def test_equals_the_definition(compare, n, rounded, with_covariance, shift, seed):
    """Also of negative dissimilarities, and of those that vary little around a large mean."""
    a, b = (pdist(random(seed + k, n, 3), "sqeuclidean") + shift for k in range(2))
    if rounded:
        a, b = np.round(a), np.round(b)
    assume(np.ptp(a) > 0 and np.ptp(b) > 0)
    sigma_k = covariance(n, seed) if with_covariance and compare in WHITENED else None
    expected = reference.compare_rdms(a, b, compare, sigma_k)
    assert of_rdms(a, b, compare, sigma_k) == pytest.approx(expected, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("compare", COMPARISONS)
@pytest.mark.parametrize("kind", ["correlation", "euclidean", "sqeuclidean", "cosine", "poisson"])
def test_of_kinds_and_of_their_matrices(kind, compare):
    A, B = (np.exp(Z) for Z in (X, Y))
    expected = rsa_score(A, B, rdm=kind, compare=compare)
    matrices = rdm(A, kind=kind), rdm(B, kind=kind)
    value = rsa_score(*matrices, rdm="precomputed", compare=compare)
    assert value == pytest.approx(expected, abs=1e-9)
    value = rsa_score(A, B, rdm=functools.partial(rdm, kind=kind), compare=compare)
    assert value == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("compare", WHITENED)
@pytest.mark.parametrize("kind", ["sqeuclidean", "correlation"])
def test_whitened_blocks_and_the_identity(monkeypatch, kind, compare):
    expected = rsa_score(X, Y, rdm=kind, compare=compare)
    identity = rsa_score(X, Y, rdm=kind, compare=compare, sigma_k=np.eye(12))
    assert identity == pytest.approx(expected, abs=1e-12)
    monkeypatch.setattr(_pair_matrix, "MAX_KEPT", 5)
    monkeypatch.setattr(_pair_matrix, "BLOCK_ROWS", 5)
    assert rsa_score(X, Y, rdm=kind, compare=compare) == pytest.approx(expected, abs=1e-12)


def test_whitened_cosine_of_squared_distances_is_biased_linear_cka():
    value = rsa_score(X, Y, rdm="sqeuclidean", compare="whitened_cosine")
    assert value == pytest.approx(cka_score(X, Y, unbiased=False), abs=1e-12)


@pytest.mark.parametrize("unit", [1e-200, 1e200])
@pytest.mark.parametrize("compare", COMPARISONS)
def test_units_of_matrices(unit, compare):
    expected = rsa_score(D, E, rdm="precomputed", compare=compare)
    value = rsa_score(unit * D, E, rdm="precomputed", compare=compare)
    assert value == pytest.approx(expected, abs=1e-12)


def test_old_names_of_comparisons():
    for old, new in [("kendall", "kendall_a")]:
        assert rsa_score(X, Y, compare=old) == rsa_score(X, Y, compare=new)


@pytest.mark.parametrize("compare", COMPARISONS)
def test_permutations_of_rdms(compare):
    """Rows and columns move together, the covariance of the rows stays."""
    sigma_k = covariance(12) if compare in WHITENED else None
    metric = functools.partial(rsa_score, rdm="precomputed", compare=compare, sigma_k=sigma_k)
    score, null_scores, _ = permutation_test_similarity(
        D, E, metric, n_permutations=3, random_state=0
    )
    assert score == pytest.approx(metric(D, E), abs=1e-12)
    rng = np.random.RandomState(0)
    for null in null_scores:
        order = rng.permutation(12)
        assert null == pytest.approx(metric(D, E[np.ix_(order, order)]), abs=1e-9)


def test_permuted_null_of_the_whitened_correlation_is_zero():
    _, null_scores, _ = permutation_test_similarity(
        X, Y, "rsa_whitened_correlation", n_permutations=2000, random_state=0
    )
    assert abs(null_scores.mean()) < 4 * null_scores.std() / np.sqrt(2000)


def test_matrices_in_tables_and_intervals():
    metric = functools.partial(rsa_score, rdm="precomputed", compare="pearson")
    table = pairwise_similarity({"x": D, "y": E}, metric)
    assert table.values[0, 1] == pytest.approx(metric(D, E))
    low, high = similarity_interval(D, E, metric, random_state=0)
    assert low <= metric(D, E) <= high


@pytest.mark.parametrize("compare", COMPARISONS)
def test_half_a_million_pairs_stay_within_the_working_memory(compare, peak_memory):
    """The covariance of all pairs of pairs would take 2 TB."""
    A, B = random(0, 1001, 8), random(1, 1001, 8)
    B[:, :6] += A[:, :6]
    with config_context(working_memory=64):
        score, peak = peak_memory(lambda: rsa_score(A, B, rdm="sqeuclidean", compare=compare))
    assert 0.2 < score < 1.0
    assert peak < 64 * 2**20


@pytest.mark.parametrize(
    ("pair", "options", "match"),
    [
        ((D[:, :5], E), {}, r"X must be a square matrix .* got shape \(12, 5\)"),
        ((D, E + np.eye(12)), {}, "Y must be zero on its diagonal"),
        ((D, E + np.triu(E)), {}, "Y must be symmetric"),
        ((D, np.full((12, 12), np.nan)), {}, "Y contains NaN"),
        ((D[:2, :2], E[:2, :2]), {}, "X .* at least 3 conditions"),
        ((D, E[:9, :9]), {}, "12 rows in X and 9 in Y"),
        ((D, 1 - np.eye(12)), {}, "all dissimilarities"),
        ((D, 1 - np.eye(12)), {"compare": "rho-a"}, "all dissimilarities"),
        ((D, 1 - np.eye(12)), {"compare": "kendall_b"}, "all dissimilarities"),
        ((D, 1 - np.eye(12)), {"compare": "whitened_correlation"}, "all dissimilarities"),
        (
            (D, 1 - np.eye(12)),
            {"compare": "whitened_correlation", "sigma_k": covariance(12)},
            "all dissimilarities",
        ),
        ((D, 0 * E), {"compare": "whitened_cosine"}, "all dissimilarities"),
        ((D, 0 * E), {"compare": "cosine"}, "all dissimilarities"),
        ((D, E), {"sigma_k": covariance(12)}, "sigma_k is for compare='whitened_cosine'"),
        (
            (D, E),
            {"compare": "whitened_cosine", "sigma_k": covariance(4)},
            r"sigma_k .* got shape \(4, 4\)",
        ),
        ((X, Y), {"rdm": "crossnobis"}, "make the matrices first, by sksim.metrics.rdm"),
        ((X, Y), {"rdm": "mahalanobis"}, "needs repeats or noise"),
        ((X, Y), {"rdm": "euclidian"}, "rdm must be one of .* Did you mean 'euclidean'"),
        ((X, Y), {"rdm": laplacian_kernel}, "The result of rdm must be zero on its diagonal"),
        ((X, Y), {"rdm": lambda Z: rdm(Z[1:])}, "matrix of the 12 samples"),
        ((X, Y), {"rdm": "poisson"}, "must hold counts or rates"),
    ],
)
def test_bad_arguments_are_named(pair, options, match):
    with pytest.raises(ValueError, match=match):
        rsa_score(*pair, **{"rdm": "precomputed", **options})


def test_each_matrix_is_checked_once(monkeypatch):
    D, E = (squareform(pdist(random(k, 12, 3))) for k in range(2))
    expected = rsa_score(D, E, rdm="precomputed", compare="pearson")
    seen = []

    def check(D, name):
        seen.append(name)
        return check_rdm(D, name)

    monkeypatch.setattr(_rsa, "check_rdm", check)
    assert rsa_score(D, E, rdm="precomputed", compare="pearson") == expected
    assert seen == ["X", "Y"]
    pairwise_similarity([D, E], functools.partial(rsa_score, rdm="precomputed"))
    assert len(seen) == 4


def test_the_name_of_what_has_been_checked_is_no_kind():
    with pytest.raises(ValueError, match="rdm"):
        rsa_score(np.eye(4), np.eye(4), rdm=_rsa.CHECKED)

"""Every identity between measures that the user guide states."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from sksim.alignment import CCAAligner, ProcrustesAligner
from sksim.metrics import (
    anisotropy,
    canonical_correlations,
    cca_score,
    cka_distance,
    cka_score,
    distance_correlation_score,
    gulp_distance,
    isoscore,
    participation_ratio,
    permutation_distance,
    procrustes_distance,
    procrustes_score,
    rsa_score,
    shape_distance,
    soft_matching_distance,
    vendi_score,
    von_neumann_entropy,
)

SEEDS = st.integers(0, 10**6)


def draw(seed, equal=False):
    """A pair with shared directions, centred, and of full rank."""
    rng = np.random.RandomState(seed)
    d1, d2 = rng.randint(2, 6, 2)
    d2 = d1 if equal else d2
    shared = rng.randn(30, 3)
    X = shared @ rng.randn(3, d1) + rng.randn(30, d1)
    Y = shared @ rng.randn(3, d2) + rng.randn(30, d2)
    return X - X.mean(axis=0), Y - Y.mean(axis=0)


def whiten(X):
    return np.linalg.svd(X, full_matrices=False)[0]


def double_centered(D):
    return D - D.mean(axis=0) - D.mean(axis=1)[:, None] + D.mean()


def cosine(A, B):
    return (A * B).sum() / math.sqrt((A * A).sum() * (B * B).sum())


@given(seed=SEEDS)
def test_biased_cka_is_the_rv_coefficient_and_a_distance_correlation(seed):
    X, Y = draw(seed)
    cka = cka_score(X, Y, unbiased=False)
    assert cka == pytest.approx(cosine(X @ X.T, Y @ Y.T))
    squares = [double_centered(squareform(pdist(Z, "sqeuclidean"))) for Z in (X, Y)]
    assert cka == pytest.approx(cosine(*squares))
    roots = [double_centered(squareform(pdist(Z))) for Z in (X, Y)]
    dcor = distance_correlation_score(X, Y, unbiased=False)
    assert dcor**2 == pytest.approx(cosine(*roots))


@given(seed=SEEDS)
def test_procrustes_is_the_bures_similarity_of_the_gram_matrices(seed):
    X, Y = draw(seed)
    K, L = X @ X.T, Y @ Y.T
    values, vectors = np.linalg.eigh(K)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    values = np.linalg.eigvalsh(root @ L @ root)
    fidelity = np.sqrt(values[values > 1e-10 * values[-1]]).sum()
    scale = math.sqrt(np.trace(K) * np.trace(L))
    assert procrustes_score(X, Y) == pytest.approx(fidelity / scale, abs=1e-7)
    bures = np.trace(K) + np.trace(L) - 2 * fidelity
    size_and_shape = procrustes_distance(X, Y, kind="size_and_shape")
    assert size_and_shape**2 == pytest.approx(bures, rel=1e-7, abs=1e-7 * scale)


@given(seed=SEEDS)
def test_angles_and_lengths(seed):
    X, Y = draw(seed)
    c = procrustes_score(X, Y)
    assert procrustes_distance(X, Y, kind="angular") == pytest.approx(math.acos(c))
    assert procrustes_distance(X, Y, kind="unit") == pytest.approx(math.sqrt(2 - 2 * c))
    assert shape_distance(X, Y, alpha=1.0) == pytest.approx(math.acos(c))
    angle = math.acos(cka_score(X, Y, unbiased=False))
    assert cka_distance(X, Y, unbiased=False) == pytest.approx(angle)


@given(seed=SEEDS)
def test_whitening_turns_cka_and_procrustes_into_summaries_of_cca(seed):
    X, Y = draw(seed)
    rho = canonical_correlations(X, Y)
    ranks = math.sqrt(X.shape[1] * Y.shape[1])
    assert cka_score(whiten(X), whiten(Y), unbiased=False) == pytest.approx((rho**2).sum() / ranks)
    assert cca_score(X, Y, summary="yanai") == pytest.approx((rho**2).sum() / ranks)
    assert procrustes_score(whiten(X), whiten(Y)) == pytest.approx(rho.sum() / ranks)
    assert shape_distance(X, Y, alpha=0.0) == pytest.approx(math.acos(rho.sum() / ranks))
    gulp = gulp_distance(X, Y, reg=0.0)
    assert gulp**2 == pytest.approx(X.shape[1] + Y.shape[1] - 2 * (rho**2).sum())


@given(seed=SEEDS)
def test_matching_of_features(seed):
    X, Y = draw(seed, equal=True)
    matched = permutation_distance(X, Y, kind="size_and_shape")
    assert soft_matching_distance(X, Y) == pytest.approx(matched / math.sqrt(X.shape[1]))
    assert procrustes_distance(X, Y, kind="size_and_shape") <= matched + 1e-9
    assert procrustes_distance(X, Y) <= permutation_distance(X, Y) + 1e-9


@given(seed=SEEDS)
def test_squared_and_plain_distances_rank_alike(seed):
    X, Y = draw(seed)
    ranks = [np.argsort(np.argsort(pdist(Z, "sqeuclidean"))) for Z in (X, Y)]
    expected = np.corrcoef(*ranks)[0, 1]
    assert rsa_score(X, Y, rdm="euclidean") == pytest.approx(expected)


@pytest.mark.parametrize("unbiased", [False, True])
def test_a_wide_rbf_kernel_is_linear(unbiased):
    X, Y = draw(0)
    gamma = 0.5 / (1e4 * np.median(pdist(X))) ** 2
    rbf = cka_score(X, Y, kernel="rbf", gamma=gamma, unbiased=unbiased)
    assert rbf == pytest.approx(cka_score(X, Y, unbiased=unbiased), abs=1e-6)


@given(seed=SEEDS)
def test_quality_measures(seed):
    X, _ = draw(seed)
    n, d = X.shape
    ratio = participation_ratio(X)
    assert isoscore(X) == pytest.approx((ratio - 1) / (d - 1))
    assert cka_score(X, whiten(X), unbiased=False) == pytest.approx(math.sqrt(ratio / d))
    assert vendi_score(X) == pytest.approx(math.exp(von_neumann_entropy(X)))
    unit = X / np.linalg.norm(X, axis=1, keepdims=True)
    length = np.linalg.norm(unit.mean(axis=0))
    assert anisotropy(X) == pytest.approx((n * length**2 - 1) / (n - 1))


@given(seed=SEEDS)
def test_aligners_reach_the_similarities(seed):
    X, Y = draw(seed)
    rho = canonical_correlations(X, Y)
    if X.shape[1] > Y.shape[1]:
        X, Y = Y, X
    aligner = ProcrustesAligner(scaling=True).fit(X, Y)
    assert aligner.score(X, Y) == pytest.approx(procrustes_score(X, Y) ** 2)
    assert CCAAligner().fit(X, Y).canonical_correlations_ == pytest.approx(rho)
    shrunk = CCAAligner(shrinkage=0.3).fit(X, Y).canonical_correlations_
    assert shrunk.mean() == pytest.approx(cca_score(X, Y, shrinkage=0.3))
    explained = CCAAligner().fit(X, whiten(Y)).score(X, whiten(Y))
    assert explained == pytest.approx((rho**2).sum() / Y.shape[1])

"""Bases of several representations that are compared with each other."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sksim.metrics import (
    cca_score,
    cross_similarity,
    eigenspace_overlap_score,
    gulp_distance,
    pairwise_similarity,
    pwcca_score,
)
from sksim.metrics.similarity.canonical import _basis

MEASURES = [
    cca_score,
    partial(cca_score, shrinkage=0.3),
    pwcca_score,
    eigenspace_overlap_score,
    partial(gulp_distance, reg=1e-3),
]


def layers(n, seed, spread=0.0, n_copies=0):
    """Three layers with columns in common, their singular values over so many decades."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal((n, 4))
    Xs = []
    for d in (6, 9, 7):
        X = common @ rng.standard_normal((4, d)) + rng.standard_normal((n, d))
        U, singular, Vt = np.linalg.svd(X, full_matrices=False)
        X = U * (singular * np.logspace(0, -spread, d)) @ Vt
        Xs.append(np.hstack([X, X[:, :n_copies]]) + 1.0)
    return Xs


@pytest.mark.parametrize("measure", MEASURES)
@given(
    seed=st.integers(0, 99),
    n=st.sampled_from([21, 60]),  # fewer and more than all columns
    spread=st.sampled_from([0.0, 3.0, 7.0]),
    n_copies=st.integers(0, 2),
)
def test_many_sides_equal_the_pairs_one_by_one(measure, seed, n, spread, n_copies):
    Xs = layers(n, seed, spread, n_copies)
    expected = [[measure(X, Y) for Y in Xs] for X in Xs]
    tolerance = 1e-12 if spread == 0 else 1e-10
    values = pairwise_similarity(Xs, measure).values
    np.testing.assert_allclose(values, expected, atol=tolerance)
    crossed = cross_similarity(Xs[:2], Xs, measure).values
    np.testing.assert_allclose(crossed, expected[:2], atol=tolerance)


@pytest.mark.parametrize(("n", "applied"), [(21, True), (60, False)])
def test_factors_are_applied_where_that_takes_fewer_operations(n, applied):
    Xs = [_basis.centered_columns(X).values for X in layers(n, 0)]
    bases = [_basis.basis_of(X) for X in Xs]
    expected = _basis.whitened_product(bases[0], bases[1])
    _basis.apply_factors(bases, bases)
    assert [basis.factor is None for basis in bases] == 3 * [applied]
    product = _basis.whitened_product(bases[0], bases[1])
    np.testing.assert_allclose(product, expected, atol=1e-13)
    if applied:
        U, loadings = bases[2].values, bases[2].loadings
        np.testing.assert_allclose(U.T @ U, np.eye(7), atol=1e-13)
        np.testing.assert_allclose(U @ loadings, Xs[2], atol=1e-12)

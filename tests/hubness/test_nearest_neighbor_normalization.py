import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sksim.hubness import CSLS, NearestNeighborNormalization
from tests.hubness.conftest import truncated
from tests.reference import hubness as oracle


@pytest.mark.parametrize(("k", "alpha"), [(1, 0.5), (5, 1.0), (29, 0.0)])
def test_equals_literal_formula(index_and_queries, k, alpha):
    T, D = index_and_queries
    D = D[:10]  # no training rows: their self entries are 0
    fitted = NearestNeighborNormalization(k, alpha=alpha).fit(T)
    expected = oracle.nearest_neighbor_normalization(D, T, k, alpha)
    np.testing.assert_allclose(fitted.transform(D) - fitted.offset_, expected, atol=1e-12)


def test_half_weight_ranks_as_csls(rng):
    X, Q = rng.standard_normal((60, 8)), rng.standard_normal((20, 8))
    T, D = cdist(X, X, "cosine"), cdist(Q, X, "cosine")
    np.fill_diagonal(T, 0)
    a = NearestNeighborNormalization(7, alpha=0.5).fit(np.maximum(T, 0)).transform(D)
    b = CSLS(7).fit(np.maximum(T, 0)).transform(D)
    np.testing.assert_array_equal(np.argsort(a, axis=1), np.argsort(b, axis=1))


def test_bank(rng):
    X, bank, Q = (rng.standard_normal((n, 6)) for n in (50, 80, 9))
    to_bank, D = cdist(X, bank, "cosine"), cdist(Q, X, "cosine")
    fitted = NearestNeighborNormalization(5).fit_graph(
        truncated(to_bank, 8), vectors=X, metric="cosine", bank=bank
    )
    expected = oracle.nearest_neighbor_normalization(D, to_bank, 5, 0.5)
    np.testing.assert_allclose(fitted.reduce_graph(D, queries=Q) - fitted.offset_, expected)

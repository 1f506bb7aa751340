import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sksim.hubness import LocalizedCentering, NearestNeighborNormalization
from tests.hubness.conftest import truncated
from tests.reference import hubness as oracle


@pytest.mark.parametrize(("k", "gamma"), [(3, 1.0), (10, 0.5), (10, 3.0)])
def test_equals_literal_formula(rng, k, gamma):
    X, Q = rng.uniform(size=(40, 5)), rng.uniform(size=(6, 5))
    T, D = cdist(X, X, "cosine"), cdist(Q, X, "cosine")
    np.fill_diagonal(T, 0)
    fitted = LocalizedCentering(k, gamma=gamma).fit_graph(
        truncated(np.maximum(T, 0), 15), vectors=X, metric="cosine"
    )
    got = 1 + fitted.offset_ - fitted.reduce_graph(D, queries=Q)
    np.testing.assert_allclose(got, oracle.localized_centering(Q, X, k, gamma), atol=1e-9)


def test_first_power_is_nearest_neighbor_normalization_of_full_weight(rng):
    T = cdist(*[rng.standard_normal((40, 5))] * 2, "cosine")
    np.fill_diagonal(T, 0)
    T = np.maximum(T, 0)
    a = LocalizedCentering(7).fit_transform(T)
    b = NearestNeighborNormalization(7, alpha=1.0).fit_transform(T)
    np.testing.assert_allclose(a, b, atol=1e-12)


def test_other_metrics_and_undefined_powers_are_refused(rng):
    T = cdist(*[rng.standard_normal((40, 2))] * 2, "cosine")
    np.fill_diagonal(T, 0)
    T = np.maximum(T, 0)
    with pytest.raises(ValueError, match="metric='cosine', got metric='euclidean'"):
        LocalizedCentering().fit_graph(T, metric="euclidean")
    opposite = np.where(T == 0, 0, 1.5)  # all cosines are -1/2
    with pytest.raises(ValueError, match="gamma must be a whole number"):
        LocalizedCentering(5, gamma=0.5).fit(opposite)
    np.testing.assert_allclose(LocalizedCentering(5, gamma=2).fit(opposite).bias_, 0.25)

"""Reductions as inner products: the same neighbours from any index of inner products."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from sksim.hubness import (
    CSLS,
    NICDM,
    DisSimGlobal,
    DisSimLocal,
    InvertedSoftmax,
    LocalizedCentering,
    LocalScaling,
    NearestNeighborNormalization,
    SinkhornNormalization,
)
from sksim.hubness._registry import REDUCTIONS
from tests.hubness.conftest import truncated

SCALED = [
    (reduction, m)
    for reduction in (LocalScaling(), NICDM())
    for m in ("euclidean", "sqeuclidean", "cosine")
]
ADDITIVE = [
    (reduction, metric)
    for reduction in (
        CSLS(),
        NearestNeighborNormalization(alpha=0.8),
        InvertedSoftmax(beta=2.0),
        SinkhornNormalization(temperature=0.3),
    )
    for metric in ("sqeuclidean", "cosine")
]
CENTROIDS = [
    (reduction, m)
    for reduction in (DisSimLocal(), DisSimGlobal())
    for m in ("euclidean", "sqeuclidean", "cosine")
]
CASES = [*SCALED, *ADDITIVE, *CENTROIDS, (LocalizedCentering(), "cosine")]


@pytest.mark.parametrize(("reduction", "metric"), CASES, ids=str)
def test_top_ten_are_those_of_the_reduction(rng, reduction, metric):
    X, Q = rng.standard_normal((300, 12)) + 3, rng.standard_normal((50, 12)) + 3
    T = np.maximum(cdist(X, X, metric), 0)
    np.fill_diagonal(T, 0)
    D = np.maximum(cdist(Q, X, metric), 0)
    reduction.fit_graph(truncated(T, 40), vectors=X, metric=metric)
    reduced = reduction.reduce_graph(D, queries=Q)
    index_vectors, query_map = reduction.inner_product_index(X, metric)
    scores = query_map(Q) @ index_vectors.T
    np.testing.assert_array_equal(
        np.argsort(-scores, axis=1)[:, :10], np.argsort(reduced, axis=1)[:, :10]
    )


@pytest.mark.parametrize("scale", [1e-300, 1e-20, 1e200])
@pytest.mark.parametrize("reduction", [NICDM(), CSLS()], ids=str)
def test_cosine_does_not_depend_on_the_unit_of_the_vectors(rng, reduction, scale):
    X, Q = rng.standard_normal((30, 4)), rng.standard_normal((5, 4))
    T = np.maximum(cdist(X, X, "cosine"), 0)
    np.fill_diagonal(T, 0)
    reduction.fit(T)
    index, query_map = reduction.inner_product_index(X, "cosine")
    scaled_index, scaled_map = reduction.inner_product_index(X * scale, "cosine")
    np.testing.assert_allclose(scaled_index, index)
    np.testing.assert_allclose(scaled_map(Q * scale), query_map(Q))


def test_query_map_pickles_and_checks(rng):
    import pickle

    X = rng.standard_normal((40, 5))
    reduction = NICDM().fit_graph(truncated(cdist(X, X), 12), vectors=X)
    _, query_map = reduction.inner_product_index(X, "euclidean")
    again = pickle.loads(pickle.dumps(query_map))
    np.testing.assert_array_equal(again(X), query_map(X))
    with pytest.raises(ValueError, match="queries contains NaN"):
        query_map(np.full((2, 5), np.nan))


@pytest.mark.parametrize("reduction", [CSLS(), InvertedSoftmax()], ids=str)
def test_plain_euclidean_distances_are_no_inner_product(rng, reduction):
    X = rng.standard_normal((40, 5))
    reduction.fit_graph(truncated(cdist(X, X), 12), vectors=X)
    with pytest.raises(ValueError, match="metric='euclidean' is no inner product"):
        reduction.inner_product_index(X, "euclidean")


@pytest.mark.parametrize("name", sorted(REDUCTIONS))
def test_methods_that_are_no_inner_product_say_so(name, rng):
    X = rng.standard_normal((40, 5))
    reduction = REDUCTIONS[name]()
    if reduction.has_inner_product_form:
        assert type(reduction) in {type(each) for each, _ in CASES}
        return
    reduction.fit(cdist(X, X))
    message = rf"{type(reduction).__name__} is no inner product .* CSLS, .*NICDM"
    with pytest.raises(ValueError, match=message):
        reduction.inner_product_index(X, "cosine")

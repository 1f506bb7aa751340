import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.spatial.distance import cdist

from sksim.hubness import CSLS, NICDM, DisSimGlobal, DisSimLocal, LocalScaling, MutualProximity
from sksim.neighbors import HubnessReducedKNeighborsTransformer, HubnessReducedNearestNeighbors

EXPRESSIBLE = [
    (None, "euclidean"),
    (None, "sqeuclidean"),
    (None, "cosine"),
    (CSLS(5), "cosine"),
    (CSLS(5), "sqeuclidean"),
    (NICDM(5), "euclidean"),
    (NICDM(5), "sqeuclidean"),
    (NICDM(5), "cosine"),
    (LocalScaling(5), "euclidean"),
    (LocalScaling(5), "cosine"),
    (DisSimLocal(5), "euclidean"),
    (DisSimGlobal(), "euclidean"),
    ("nearest_neighbor_normalization", "cosine"),
    ("inverted_softmax", "cosine"),
    ("sinkhorn", "cosine"),
    ("localized_centering", "cosine"),
]


def top(index_vectors, query_vectors, n_neighbors):
    return np.argsort(-query_vectors @ index_vectors.T, axis=1, kind="stable")[:, :n_neighbors]


@pytest.mark.parametrize(("reduction", "metric"), EXPRESSIBLE)
def test_inner_products_find_the_reduced_neighbours(reduction, metric):
    rng = np.random.RandomState(0)
    X = rng.standard_normal((300, 12)) * rng.uniform(0.5, 2, (300, 1)) + 1
    Q = rng.standard_normal((50, 12)) + 1
    search = HubnessReducedNearestNeighbors(
        10, reduction=reduction, metric=metric, n_candidates=299
    ).fit(X)
    index_vectors, query_map = search.to_inner_product_index()
    assert index_vectors.shape[0] == 300
    assert index_vectors.shape[1] == query_map(Q).shape[1] <= 14
    assert_array_equal(top(index_vectors, query_map(Q), 10), search.kneighbors(Q)[1])
    copy = pickle.loads(pickle.dumps(query_map))
    assert_array_equal(copy(Q), query_map(Q))


@given(seed=st.integers(0, 1000), shift=st.sampled_from([0.0, 100.0]))
def test_far_from_the_origin(seed, shift):
    rng = np.random.RandomState(seed)
    X, Q = rng.standard_normal((80, 5)) + shift, rng.standard_normal((10, 5)) + shift
    search = HubnessReducedNearestNeighbors(5, reduction=NICDM(4), n_candidates=79).fit(X)
    index_vectors, query_map = search.to_inner_product_index()
    assert_array_equal(top(index_vectors, query_map(Q), 5), search.kneighbors(Q)[1])


def test_not_every_distance_is_an_inner_product():
    X = np.random.RandomState(0).standard_normal((50, 4))
    with pytest.raises(ValueError, match="MutualProximity is no inner product"):
        HubnessReducedNearestNeighbors().fit(X).to_inner_product_index()
    with pytest.raises(ValueError, match="manhattan"):
        HubnessReducedNearestNeighbors(metric="manhattan", reduction="nicdm").fit(
            X
        ).to_inner_product_index()
    given_distances = HubnessReducedKNeighborsTransformer(metric="precomputed").fit(cdist(X, X))
    with pytest.raises(ValueError, match="needs vectors"):
        given_distances.to_inner_product_index()
    assert not MutualProximity().has_inner_product_form

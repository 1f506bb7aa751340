"""No client of scikit-learn warns about a graph, whatever the float type of the vectors."""

import warnings

import numpy as np
import pytest
from sklearn.cluster import DBSCAN, OPTICS, SpectralClustering
from sklearn.datasets import make_blobs
from sklearn.manifold import TSNE, Isomap, SpectralEmbedding
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor, NearestNeighbors

from sksim.neighbors import HubnessReducedKNeighborsTransformer, HubnessReducedNearestNeighbors

N_NEIGHBORS = 40
CLIENTS = {
    "SpectralClustering": SpectralClustering(
        3, affinity="precomputed_nearest_neighbors", n_neighbors=10, random_state=0
    ),
    "DBSCAN": DBSCAN(0.3, metric="precomputed"),
    "KNeighborsClassifier": KNeighborsClassifier(10, metric="precomputed"),
    "TSNE": TSNE(metric="precomputed", init="random", perplexity=10, max_iter=250),
    "Isomap": Isomap(metric="precomputed", n_neighbors=10),
    "SpectralEmbedding": SpectralEmbedding(
        affinity="precomputed_nearest_neighbors", n_neighbors=10, random_state=0
    ),
    "LocalOutlierFactor": LocalOutlierFactor(10, metric="precomputed"),
    "OPTICS": OPTICS(min_samples=5, metric="precomputed"),
    "NearestNeighbors": NearestNeighbors(n_neighbors=10, metric="precomputed"),
}


@pytest.fixture(scope="module")
def blobs():
    return make_blobs(150, 8, centers=3, cluster_std=5.0, random_state=0)


def warnings_of(client, graph, y):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client.fit(graph, y)
        if hasattr(client, "predict") and hasattr(client, "score"):
            client.predict(graph)
    return {str(warning.message) for warning in caught}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", CLIENTS)
def test_no_client_warns(blobs, name, dtype):
    X, y = blobs
    options = {"n_neighbors": N_NEIGHBORS, "reduction": "mutual_proximity"}
    graph = HubnessReducedKNeighborsTransformer(**options).fit_transform(X.astype(dtype))
    assert graph.dtype == np.float64
    client = CLIENTS[name]
    assert not warnings_of(client, graph, y)
    search = HubnessReducedNearestNeighbors(**options).fit(X.astype(dtype))
    graph = search.kneighbors_graph(mode="distance", include_self=True)
    assert not warnings_of(client, graph, y)


def test_ties_of_float32_stay_in_order(blobs):
    X = np.round(blobs[0]).astype(np.float32)
    graph = HubnessReducedKNeighborsTransformer(10, reduction=None).fit_transform(X)
    rows = zip(graph.indptr[:-1], graph.indptr[1:])
    assert all((np.diff(graph.data[start:stop]) >= 0).all() for start, stop in rows)
    np.testing.assert_array_equal(graph.astype(np.float64).indices, graph.indices)

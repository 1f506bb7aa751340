"""Heat geodesic embedding: the sheet of a Swiss roll, forms of the input, components."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist, squareform
from scipy.stats import spearmanr
from sklearn.datasets import make_swiss_roll
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import kneighbors_graph

from sksim.manifold import HeatGeodesicEmbedding
from sksim.metrics import heat_geodesic_distances

X = np.random.RandomState(0).randn(60, 4)


def test_distances_on_the_sheet_of_a_noisy_roll():
    """From a long enough time on they are nearer than in space; the published comparison."""
    roll, angle = make_swiss_roll(500, noise=0.5, random_state=0)
    arc = (angle * np.sqrt(1 + angle**2) + np.arcsinh(angle)) / 2
    sheet = pdist(np.c_[arc, roll[:, 1]])

    def agreement(t):
        weights = weights_of(roll)
        return spearmanr(
            squareform(heat_geodesic_distances(weights, t=t), checks=False), sheet
        ).statistic

    by_time = [agreement(t) for t in (1, 20, 200)]
    assert by_time[0] < by_time[1] < by_time[2]
    assert by_time[2] > 0.95
    assert spearmanr(pdist(roll), sheet).statistic < 0.4


def weights_of(X):
    lengths = kneighbors_graph(X, 10, mode="distance")
    lengths = lengths.maximum(lengths.T)
    lengths.data = np.exp(-((lengths.data / lengths.data.mean()) ** 2))
    return lengths


def test_coordinates_are_the_scaling_of_the_distances():
    D = heat_geodesic_distances(weights_of(X), t=50.0)
    centering = np.eye(60) - 1 / 60
    values = np.linalg.eigvalsh(-0.5 * centering @ D**2 @ centering)[::-1]
    embedding = HeatGeodesicEmbedding(3).fit(X)
    assert embedding.embedding_.shape == (60, 3)
    assert (embedding.embedding_**2).sum(axis=0) == pytest.approx(values[:3], rel=1e-8)
    assert embedding.n_connected_components_ == 1


def test_vectors_distances_and_graphs_are_the_same():
    expected = cdist(*2 * [HeatGeodesicEmbedding().fit_transform(X)])
    D = pairwise_distances(X)
    graph = kneighbors_graph(X, 10, mode="distance")
    rotation = np.linalg.qr(np.random.RandomState(1).randn(4, 4))[0]
    for embedding, data in [
        (HeatGeodesicEmbedding(), 3 * X @ rotation + 1),
        (HeatGeodesicEmbedding(metric="precomputed"), D),
        (HeatGeodesicEmbedding(metric="precomputed"), graph),
    ]:
        assert cdist(*2 * [embedding.fit_transform(data)]) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("metric", ["euclidean", "precomputed"])
def test_components_are_joined(metric):
    clouds = np.vstack([X[:20], X[20:40] + 50, X[40:] - 70])
    data = clouds if metric == "euclidean" else pairwise_distances(clouds)
    embedding = HeatGeodesicEmbedding(n_neighbors=5, metric=metric).fit(data)
    assert embedding.n_connected_components_ == 3
    graph = kneighbors_graph(clouds, 5, mode="distance")
    links = cdist(clouds[:20], clouds[20:40]).min(), cdist(clouds[:20], clouds[40:]).min()
    joined = graph.maximum(graph.T).data
    assert embedding.sigma_ == pytest.approx(np.mean([*joined, *links, *links]))
    with pytest.raises(ValueError, match="X must be connected, got 3 components"):
        HeatGeodesicEmbedding(metric="precomputed").fit(graph)


def test_least_stress():
    D = heat_geodesic_distances(weights_of(X), t=50.0)

    def stress(mds):
        embedded = cdist(*2 * [HeatGeodesicEmbedding(mds=mds, random_state=0).fit_transform(X)])
        return ((embedded - D) ** 2).sum()

    assert stress("smacof") < stress("classical")


def test_what_is_refused():
    with pytest.raises(ValueError, match="X must hold different samples"):
        HeatGeodesicEmbedding().fit(np.ones((5, 2)))
    with pytest.raises(ValueError, match="number of positive eigenvalues"):
        HeatGeodesicEmbedding(60).fit(X)
    with pytest.raises(ValueError, match="X must be symmetric"):
        HeatGeodesicEmbedding(metric="precomputed").fit(np.triu(pairwise_distances(X)))

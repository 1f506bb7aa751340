import numpy as np
import pytest
from scipy.spatial.distance import squareform

from sksim.hubness import SharedNearestNeighbors, SimhubSimilarity
from sksim.utils._graph import dense_to_graph, graph_to_dense
from tests.hubness.conftest import truncated
from tests.reference import hubness as oracle


def test_published_five_points(five_points):
    got = squareform(SharedNearestNeighbors(2).fit_transform(five_points))
    np.testing.assert_allclose(got, [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0, 0, 0.5, 0.5])
    got = squareform(SimhubSimilarity(2).fit_transform(five_points))
    a = 0.930677
    np.testing.assert_allclose(got, [a, a, a, a, 1, 1, a, a, 1, 1], atol=6e-7)


@pytest.mark.parametrize("k", [1, 4, 10])
def test_equals_literal_formula(index_and_queries, k):
    T, D = index_and_queries
    y = np.arange(30) % 3
    cases = [
        (SharedNearestNeighbors(k), oracle.shared_nearest_neighbors(D, T, k)),
        (SimhubSimilarity(k), oracle.simhub(D, T, k)),
        (SimhubSimilarity(k, supervised=True), oracle.simhub(D, T, k, y)),
    ]
    for reduction, expected in cases:
        reduction.fit(T, y)
        np.testing.assert_allclose(reduction.transform(D), expected, atol=1e-12)
        graph = reduction.transform(dense_to_graph(D))
        np.testing.assert_allclose(graph_to_dense(graph), expected, atol=1e-12)
        near = reduction.fit(truncated(T, 15), y).transform(truncated(D, 12))
        rows = np.repeat(np.arange(12), 12)
        np.testing.assert_allclose(near.data, expected[rows, near.indices], atol=1e-12)


def test_ties_keep_the_order_of_the_primary_distance(index_and_queries):
    T, D = index_and_queries
    reduced = SharedNearestNeighbors(4).fit(truncated(T, 15)).transform(truncated(D, 12))
    for i in range(12):
        row = slice(12 * i, 12 * (i + 1))
        values, indices = reduced.data[row], reduced.indices[row]
        for value in np.unique(values):
            primary = D[i, indices[values == value]]
            assert (np.diff(primary) >= 0).all()


def test_supervision_needs_classes(index_and_queries):
    T, _ = index_and_queries
    with pytest.raises(ValueError, match="classes y, got y=None"):
        SimhubSimilarity(supervised=True).fit(T)
    with pytest.raises(ValueError, match="two classes"):
        SimhubSimilarity(supervised=True).fit(T, np.ones(30))
    with pytest.raises(ValueError, match="one class for each of 30"):
        SimhubSimilarity(supervised=True).fit(T, [0, 1])
    with pytest.raises(ValueError, match="Unknown label type"):
        SimhubSimilarity(supervised=True).fit(T, np.linspace(0, 1, 30))
    with pytest.raises(ValueError, match="bank"):
        SharedNearestNeighbors().fit_graph(truncated(T, 15), bank=T)

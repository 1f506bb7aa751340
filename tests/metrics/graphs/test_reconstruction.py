"""Reconstruction of graphs: published values, chance, ties, forms of a graph, what is refused."""

import math

import numpy as np
import pytest
import sklearn
from scipy import sparse
from scipy.spatial.distance import cdist
from sklearn.metrics import average_precision_score
from sklearn.neighbors import kneighbors_graph

from sksim.metrics import graph_reconstruction_score
from tests.reference import oracles

RING = np.roll(np.eye(12), 1, axis=1)
X = np.random.RandomState(0).randn(12, 2)
ANGLES = 2 * np.pi * np.arange(12) / 12
CIRCLE = np.c_[np.cos(ANGLES), np.sin(ANGLES)]


def test_known_values():
    assert graph_reconstruction_score(X, RING) == pytest.approx(0.329338023088, rel=1e-9)
    noisy = CIRCLE + 1e-3 * np.random.RandomState(0).randn(12, 2)
    assert graph_reconstruction_score(noisy, RING) == 1
    line = np.arange(12.0)[:, None] ** 1.01
    assert graph_reconstruction_score(line, RING) == pytest.approx(0.931818181818, rel=1e-9)


def test_average_precision_is_that_of_scikit_learn():
    joined, D = RING + RING.T, cdist(X, X)
    others = [np.delete(np.arange(12), i) for i in range(12)]
    expected = [average_precision_score(joined[i, o], -D[i, o]) for i, o in enumerate(others)]
    assert graph_reconstruction_score(X, RING) == pytest.approx(np.mean(expected), rel=1e-12)


@pytest.mark.parametrize(("n_true", "expected"), [(2, 0.347080873672), (4, 0.492174012856)])
def test_chance_level(n_true, expected):
    rng = np.random.RandomState(0)
    n_hops = n_true // 2
    scores, adjusted = (
        np.array(
            [
                graph_reconstruction_score(Z, RING, n_hops=n_hops, adjusted=a)
                for Z in rng.randn(400, 12, 3)
            ]
        )
        for a in (False, True)
    )
    assert abs(scores.mean() - expected) < 4 * scores.std() / 20
    assert abs(adjusted.mean()) < 4 * adjusted.std() / 20
    score = graph_reconstruction_score(X, RING, n_hops=n_hops)
    got = graph_reconstruction_score(X, RING, n_hops=n_hops, adjusted=True)
    assert got == pytest.approx((score - expected) / (1 - expected), rel=1e-9)


@pytest.mark.parametrize("hops", ["within", "exactly"])
@pytest.mark.parametrize("n_hops", [1, 2, 3])
def test_hops_and_blocks(hops, n_hops):
    rng = np.random.RandomState(1)
    Z = rng.randn(25, 3)
    graph = np.triu(rng.uniform(size=(25, 25)) < 0.06, 1)
    expected = oracles.graph_reconstruction_score(Z, graph, n_hops, hops)
    arguments = {"n_hops": n_hops, "hops": hops}
    assert graph_reconstruction_score(Z, graph, **arguments) == pytest.approx(expected, rel=1e-12)
    with sklearn.config_context(working_memory=1e-4):  # one node after the other
        got = graph_reconstruction_score(Z, graph, **arguments)
    assert got == pytest.approx(expected, rel=1e-12)


def test_ties_share_the_last_rank_of_their_block_in_any_position():
    """A square: the two other corners tie, and rounding after a rotation must not part them."""
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    one_side = np.zeros((4, 4))
    one_side[0, 1] = 1
    for angle in np.linspace(0, 1, 20):
        rotation = np.array(
            [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        )
        assert graph_reconstruction_score(1 + square @ rotation, one_side) == 0.5


def test_monotone_changes_of_distances_change_nothing():
    D = cdist(X, X)
    expected = graph_reconstruction_score(X, RING)
    for change in (np.sqrt, np.sinh, np.log1p):
        got = graph_reconstruction_score(change(D), RING, metric="precomputed")
        assert got == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("metric", ["cosine", "manhattan", "sqeuclidean"])
def test_metrics(metric):
    D = cdist(X, X, metric="cityblock" if metric == "manhattan" else metric)
    expected = graph_reconstruction_score(D, RING, metric="precomputed")
    assert graph_reconstruction_score(X, RING, metric=metric) == pytest.approx(expected)


def test_forms_of_a_graph():
    graph = kneighbors_graph(X, 3, mode="distance", include_self=True)
    expected = graph_reconstruction_score(X, graph)
    graph.data[:] = 0.0  # stored entries are edges, whatever their value
    for form in (graph, graph.T, graph.tocoo(), sparse.csr_array(graph), graph.maximum(graph.T)):
        if form.nnz:
            assert graph_reconstruction_score(X, form) == expected
    graph.data[:] = 1.0
    assert graph_reconstruction_score(X, graph.toarray()) == expected
    assert graph_reconstruction_score(X, graph.toarray().astype(bool)) == expected


def test_isolated_nodes_are_left_out():
    graph = np.zeros((12, 12))
    graph[0, 1] = graph[1, 2] = 1
    assert graph_reconstruction_score(X, graph) == pytest.approx(
        oracles.graph_reconstruction_score(X, graph)
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"graph": np.zeros((12, 12))}, "graph joins no two nodes within 1 hops"),
        ({"graph": np.eye(12)}, "graph joins no two nodes"),
        ({"graph": np.ones((11, 11))}, r"graph must be of shape \(12, 12\)"),
        ({"graph": -RING}, "graph must hold finite values that are not negative, got -1"),
        ({"graph": np.ones((12, 12)), "adjusted": True}, "adjusted=True is undefined"),
        ({"metric": "precomputed"}, "X must be a square matrix"),
        ({"X": np.zeros((12, 2))}, "X is constant"),
        ({"X": np.eye(12, 2), "metric": "cosine"}, "row of zeros"),
        ({"hops": "exact"}, "Did you mean 'exactly'"),
    ],
)
def test_what_is_refused(arguments, message):
    arguments = {"X": X, "graph": RING, **arguments}
    with pytest.raises(ValueError, match=message):
        graph_reconstruction_score(arguments.pop("X"), arguments.pop("graph"), **arguments)

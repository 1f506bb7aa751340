"""Curvature of graphs: known values, linear programmes, limits in alpha, what is refused."""

import numpy as np
import pytest
import sklearn
from scipy import sparse
from sklearn.neighbors import kneighbors_graph

from sksim.metrics import ollivier_ricci_curvature, ricci_alignment_score
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import get_measure
from sksim.metrics.graphs._transport import transport_costs
from sksim.utils._kernels import compiled, least_transport_costs
from tests.reference import graphs


def cycle(n):
    return np.roll(np.eye(n), 1, axis=1)


def complete(n):
    return np.ones((n, n))


TREE = np.zeros((7, 7))
TREE[0, [1, 2, 3]] = TREE[1, [4, 5, 6]] = 1
CLOUD = np.random.RandomState(0).randn(12, 2)
GRAPH = kneighbors_graph(CLOUD, 3, mode="distance")


@pytest.mark.parametrize(
    ("graph", "edge", "at_0", "at_half"),
    [
        (complete(6), (0, 1), 0.8, 0.6),
        (cycle(3), (0, 1), 0.5, 0.75),
        (cycle(4), (0, 1), 0.0, 0.5),
        (cycle(5), (0, 1), 0.0, 0.25),
        (cycle(6), (0, 1), 0.0, 0.0),
        (TREE, (0, 1), -0.8333333333, -0.4166666667),
        (TREE, (0, 2), 0.0, 1 / 3),
    ],
)
def test_known_values_on_edges_of_length_one(graph, edge, at_0, at_half):
    for alpha, expected in ((0.0, at_0), (0.5, at_half)):
        for edge_length in ("distance", "hops"):
            edges = ollivier_ricci_curvature(graph, alpha=alpha, edge_length=edge_length).edges
            assert edges[edge] == pytest.approx(expected, abs=1e-10)
            assert edges[edge[::-1]] == edges[edge]


def test_known_values_of_a_neighbor_graph():
    curvature = ollivier_ricci_curvature(GRAPH)
    values = curvature.edges.data
    assert values.size == 2 * 26
    expected = [0.148475975464, -1.33717690787, 0.577028752756]
    assert [values.mean(), values.min(), values.max()] == pytest.approx(expected, rel=1e-9)
    expected = [0.148810814683, 0.269209386202, 0.452155514927]
    assert curvature.nodes[:3] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("walk", ["uniform", "gaussian"])
@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_linear_programmes(walk, alpha):
    for seed in range(3):
        X = np.random.RandomState(seed).randn(18, 3)
        graph = kneighbors_graph(X, 4, mode="distance")
        expected = graphs.edge_curvature(graph.maximum(graph.T).toarray(), alpha, walk)
        edges = ollivier_ricci_curvature(graph, alpha=alpha, walk=walk).edges
        assert np.array_equal(edges.toarray() != 0, ~np.isnan(expected))
        assert edges.toarray()[~np.isnan(expected)] == pytest.approx(
            expected[~np.isnan(expected)], abs=1e-10
        )
        with sklearn.config_context(working_memory=1e-4):
            blocks = ollivier_ricci_curvature(graph, alpha=alpha, walk=walk, n_jobs=1).edges
        assert np.array_equal(blocks.toarray(), edges.toarray())


def test_shorter_ways_than_edges_are_taken():
    lengths = np.array([[0, 1, 5.0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
    expected = graphs.edge_curvature(lengths + lengths.T, 0.5)
    edges = ollivier_ricci_curvature(lengths).edges
    assert edges[0, 2] == pytest.approx(expected[0, 2], abs=1e-10)


@pytest.mark.parametrize("load", [None, compiled])
def test_transport_of_random_problems(load):
    """Costs with many ties among them, sides of unequal sizes."""
    kernel = load and load(least_transport_costs)
    if load and kernel is None:
        pytest.skip("needs numba")
    rng = np.random.RandomState(0)
    for costs in (rng.uniform(size=(30, 5, 9)), rng.randint(1, 4, size=(30, 7, 4)).astype(float)):
        supply, demand = (rng.dirichlet(np.ones(n), 30) for n in costs.shape[1:])
        supply[:10], demand[:10] = 1 / costs.shape[1], 1 / costs.shape[2]
        expected = [graphs.wasserstein(*problem) for problem in zip(costs, supply, demand)]
        supply, demand = np.pad(supply, [(0, 0), (0, 2)]), np.pad(demand, [(0, 0), (0, 1)])
        costs = np.pad(costs, [(0, 0), (0, 2), (0, 1)])
        got = transport_costs(costs, supply, demand, kernel=kernel)
        assert got == pytest.approx(expected, abs=1e-12)


def test_many_edges_are_compiled(monkeypatch):
    """Where numba is installed; the same curvature but for rounding."""
    pytest.importorskip("numba")
    graph = kneighbors_graph(np.random.RandomState(0).randn(300, 4), 8, mode="distance")
    curvature = ollivier_ricci_curvature(graph)
    for name in ("compiled", "compiled_if_loaded"):
        monkeypatch.setattr(f"sksim.metrics.graphs._curvature.{name}", lambda kernel: None)
    as_arrays = ollivier_ricci_curvature(graph)
    assert curvature.edges.data == pytest.approx(as_arrays.edges.data, abs=1e-12)
    monkeypatch.undo()
    monkeypatch.setattr("sksim.metrics.graphs._curvature._LEAST_EDGES_TO_IMPORT", 0)
    assert ollivier_ricci_curvature(graph).nodes == pytest.approx(curvature.nodes, abs=1e-12)


@pytest.mark.parametrize("n", [3, 5, 8])
def test_complete_graphs_and_long_cycles(n):
    assert ollivier_ricci_curvature(complete(n), alpha=0.0).nodes == pytest.approx(
        (n - 2) / (n - 1)
    )
    for alpha in (0.0, 0.4, 0.9):
        nodes = ollivier_ricci_curvature(cycle(n + 3), alpha=alpha).nodes
        assert nodes == pytest.approx(0, abs=1e-12)


def test_linear_in_alpha_beyond_the_largest_degree():
    graph = kneighbors_graph(CLOUD, 3)
    degrees = np.diff(ollivier_ricci_curvature(graph).edges.indptr)
    first = 1 / (degrees.min() + 1)  # of no edge before it is 1 / (max(deg x, deg y) + 1)
    slopes = [
        ollivier_ricci_curvature(graph, alpha=alpha).edges.toarray() / (1 - alpha)
        for alpha in (first, 0.5, 0.9)
    ]
    assert slopes[1] == pytest.approx(slopes[0], abs=1e-12)
    assert slopes[2] == pytest.approx(slopes[0], abs=1e-12)
    at_zero = ollivier_ricci_curvature(graph, alpha=0.0).edges.toarray()
    assert np.abs(at_zero - slopes[0]).max() > 0.01


def test_units_count_in_the_gaussian_walk_only():
    for walk, same in (("uniform", True), ("gaussian", False)):
        one, other = (
            ollivier_ricci_curvature(factor * GRAPH, walk=walk).nodes for factor in (1.0, 3.0)
        )
        assert np.allclose(one, other, rtol=1e-9) == same
    assert np.isfinite(ollivier_ricci_curvature(1e3 * GRAPH, walk="gaussian").nodes).all()


def test_zero_curvature_is_an_entry():
    edges = ollivier_ricci_curvature(cycle(6)).edges
    assert edges.nnz == 12
    assert (edges.data == 0).all()


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (np.pad(complete(3), (0, 2)), "graph must join each node to another, got 2 isolated"),
        (sparse.csr_array(([0.0], ([0], [1])), shape=(2, 2)), "got 0 between the nodes 0 and 1"),
        (np.ones((2, 3)), "graph must be square"),
        (-complete(3), "graph must hold finite values that are not negative"),
        (sparse.csr_array(np.full((3, 3), np.nan)), "graph must hold finite"),
    ],
)
def test_what_is_refused(graph, message):
    with pytest.raises(ValueError, match=message):
        ollivier_ricci_curvature(graph)


def test_alignment_falls_with_noise():
    rng = np.random.RandomState(0)
    X = np.repeat(4 * rng.randn(3, 2), 20, axis=0) + rng.randn(60, 2)
    rotation = np.linalg.qr(rng.randn(2, 2))[0]
    scores = [
        ricci_alignment_score(X, Y, n_neighbors=6)
        for Y in (2 * X @ rotation, X + 0.1 * rng.randn(60, 2), rng.randn(60, 2))
    ]
    assert scores[0] == pytest.approx(1)
    assert 1 > scores[1] > 0.5 > abs(scores[2])


def test_alignment_refuses_duplicates_and_complete_graphs():
    twice = CLOUD[[0, *range(11)]]
    with pytest.raises(ValueError, match="row 0 twice: drop duplicates"):
        ricci_alignment_score(CLOUD, twice, n_neighbors=3)
    with pytest.raises(ValueError, match="at least 13 samples"):
        ricci_alignment_score(CLOUD, CLOUD, n_neighbors=11)


def test_alignment_is_the_correlation_of_node_curvature():
    Y = CLOUD**3
    nodes = [
        ollivier_ricci_curvature(kneighbors_graph(Z, 4, mode="distance")).nodes for Z in (CLOUD, Y)
    ]
    ranks = [np.argsort(np.argsort(n)) for n in nodes]
    expected = np.corrcoef(ranks)[0, 1]
    assert ricci_alignment_score(CLOUD, Y, n_neighbors=4) == pytest.approx(expected)


def test_alignment_of_independent_representations_is_zero_on_average():
    """Over draws, the mean is within four standard errors of the null on record."""
    rng = np.random.RandomState(0)
    scores = [
        ricci_alignment_score(rng.randn(40, 3), rng.randn(40, 5), n_neighbors=5) for _ in range(60)
    ]
    error = np.std(scores) / np.sqrt(60)
    assert error < 0.03
    null = get_measure("ricci_alignment", PairedMeasure).null
    assert abs(np.mean(scores) - null) < 4 * error

"""Hyperbolic distances, scaling and trees: known values, recovery, angles, what is refused."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from sksim.manifold import HyperbolicMDS, TreeEmbedding
from sksim.metrics import distance_distortion, graph_reconstruction_score, hyperbolic_distances

SPATIAL = 0.7 * np.random.RandomState(0).randn(8, 2)
D = hyperbolic_distances(SPATIAL, model="hyperboloid")


def binary_tree(n):
    child = np.arange(1, n)
    return csr_array((np.ones(n - 1), ((child - 1) // 2, child)), shape=(n, n))


def test_known_distances_in_both_models():
    assert D[0, 1:3] == pytest.approx([1.26530981832, 0.919331123544], rel=1e-10)
    t = np.sqrt(1 + (SPATIAL**2).sum(axis=1))
    literal = np.arccosh(np.maximum(np.outer(t, t) - SPATIAL @ SPATIAL.T, 1))
    assert pytest.approx(literal, abs=1e-7) == D
    assert not np.diagonal(D).any()
    assert hyperbolic_distances(SPATIAL / (1 + t[:, None])) == pytest.approx(D, rel=1e-12)
    assert np.array_equal(hyperbolic_distances(SPATIAL[:3], SPATIAL, model="hyperboloid"), D[:3])


def test_signature_and_exact_recovery():
    values = np.linalg.eigvalsh(-np.cosh(D))[::-1]
    assert values[:2] == pytest.approx([3.730791381593, 0.7351094776464], rel=1e-9)
    assert values[-1] == pytest.approx(-12.46590085924, rel=1e-9)
    assert np.abs(values[2:-1]).max() < 1e-14
    for model in ("poincare", "hyperboloid"):
        mds = HyperbolicMDS(model=model).fit(D)
        assert mds.eigenvalues_ == pytest.approx(values[:2], rel=1e-9)
        got = hyperbolic_distances(mds.embedding_, model=model)
        assert got == pytest.approx(D, abs=1e-12)
        assert mds.distortion_ < 1e-12


@pytest.mark.parametrize("scale", [1, 2])
def test_scaling_of_a_tree_is_not_the_construction(scale):
    """Eigenvalues of a balanced tree are equal, so that its points depend on the solver."""
    tree = binary_tree(31)
    hops = shortest_path(tree, directed=False)
    mds = HyperbolicMDS(scale=scale).fit(hops)
    assert 0.1 < mds.distortion_ < 0.2
    assert mds.distortion_ == pytest.approx(
        distance_distortion(hops, hyperbolic_distances(mds.embedding_) / scale), rel=1e-9
    )
    got = graph_reconstruction_score(
        hyperbolic_distances(mds.embedding_), tree, metric="precomputed"
    )
    assert 0.35 < got < 0.6


@pytest.mark.parametrize("scale", [1.0, 2.0, 4.0])
def test_trees_are_kept_in_two_dimensions(scale):
    tree = binary_tree(31)
    hops = shortest_path(tree, directed=False)
    embedded = hyperbolic_distances(TreeEmbedding(scale).fit_transform(tree))
    assert graph_reconstruction_score(embedded, tree, metric="precomputed") == 1
    rows, columns = tree.nonzero()
    assert embedded[rows, columns] == pytest.approx(scale, rel=1e-6)
    assert distance_distortion(hops, embedded / scale) == pytest.approx(
        {1.0: 0.169, 4.0: 0.046}.get(scale, 0.1), abs=0.03
    )


def test_neighbors_are_at_equal_angles():
    star = csr_array((np.ones(6), (np.zeros(6, dtype=int), np.arange(1, 7))), shape=(7, 7))
    for root in (0, 3):  # the parent is one of the neighbours
        embedded = hyperbolic_distances(TreeEmbedding(1.5, root=root).fit_transform(star))
        places = np.sort(embedded[1, 2:])
        c, s = np.cosh(1.5) ** 2, np.sinh(1.5) ** 2
        j = np.array([1, 1, 2, 2, 3])
        assert places == pytest.approx(np.arccosh(c - s * np.cos(2 * np.pi * j / 6)), rel=1e-9)


def test_deep_trees_in_coordinates_of_the_hyperboloid():
    path = csr_array((np.ones(60), (np.arange(60), np.arange(1, 61))), shape=(61, 61))
    with pytest.raises(ValueError, match="take a smaller scale"):
        TreeEmbedding(2.0).fit(path)
    far = TreeEmbedding(2.0, model="hyperboloid").fit_transform(path)
    assert np.arcsinh(np.linalg.norm(far, axis=1)).max() == pytest.approx(60, rel=1e-9)


def test_a_graph_is_replaced_by_its_spanning_tree():
    D = np.array([[0, 1, 5.0], [1, 0, 2], [5, 2, 0]])
    embedding = TreeEmbedding().fit(D)
    assert embedding.tree_.toarray().tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    assert embedding.root_ == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hyperbolic_distances([[1.0, 0.0]]), "X must hold points inside of the unit disc"),
        (lambda: hyperbolic_distances([[0.1]], [[0.1, 0.2]]), "same number of coordinates"),
        (lambda: HyperbolicMDS().fit(-D), "Negative values in data passed to X"),
        (lambda: HyperbolicMDS().fit(np.triu(D)), "X must be symmetric"),
        (lambda: HyperbolicMDS().fit(np.exp(-D)), "X must have a diagonal of zeros"),
        (lambda: HyperbolicMDS(scale=1e3).fit(D), "cosh overflows"),
        (lambda: HyperbolicMDS(3).fit(D), "of which these distances of X have 2"),
        (lambda: TreeEmbedding().fit(np.kron(np.eye(2), np.ones((2, 2)))), "X must be connected"),
        (lambda: TreeEmbedding(root=9).fit(D), "root must be a node of X"),
    ],
)
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_large_scales_warn():
    with pytest.warns(UserWarning, match="Take a smaller scale"):
        HyperbolicMDS(scale=40 / D.max()).fit(D)

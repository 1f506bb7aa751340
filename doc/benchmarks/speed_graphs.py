"""Shape of graphs, what vectors keep of them, and vectors of their nodes, beside their floors."""

from _speed import Comparison

# isort: split
import numpy as np
from scipy import sparse
from sklearn.datasets import make_swiss_roll
from sklearn.manifold import ClassicalMDS, SpectralEmbedding
from sklearn.metrics import average_precision_score, pairwise_distances
from sklearn.neighbors import kneighbors_graph

from sksim.manifold import FastRP, HyperbolicMDS
from sksim.metrics import (
    distance_distortion,
    graph_reconstruction_score,
    heat_geodesic_distances,
    ollivier_ricci_curvature,
)
from sksim.metrics.graphs import _curvature

try:
    import networkx
    from GraphRicciCurvature.OllivierRicci import OllivierRicci
except ImportError:
    OllivierRicci = None

N_NEIGHBORS, N_DIMENSIONS = 15, 8
SIZES = (2000, 4000, 8000, 16000)
SMALL_SIZES = (100, 200, 400)  # the published package takes seconds


def _vectors(n, seed=0):
    return np.random.default_rng(seed).standard_normal((n, N_DIMENSIONS))


def _lengths(n):
    """The graph that joins each vector to its neighbours, by distances."""
    return (kneighbors_graph(_vectors(n), N_NEIGHBORS, mode="distance"),)


def _vectors_and_graph(n):
    X = _vectors(n)
    noisy = X + 0.1 * _vectors(n, seed=1)
    return noisy, kneighbors_graph(X, N_NEIGHBORS)


def _joined_roll(n):
    """Neighbours on a Swiss roll, weights one: connected, in either direction, without loops."""
    X, _ = make_swiss_roll(n, noise=0.3, random_state=0)
    graph = kneighbors_graph(X, N_NEIGHBORS)
    graph = sparse.csr_matrix(graph.maximum(graph.T))
    # scikit-learn's spectral embedding refuses indices of 64 bits.
    graph.indices, graph.indptr = (a.astype(np.int32) for a in (graph.indices, graph.indptr))
    return (graph,)


def _two_matrices(n):
    X = _vectors(n)
    return pairwise_distances(X), pairwise_distances(X[:, :-1])


def _graph_ricci_curvature(lengths):
    """The same edges by the published package: one process, exact transport, a uniform walk."""
    graph = networkx.Graph()
    joined = lengths.maximum(lengths.T).tocoo()
    graph.add_weighted_edges_from(zip(joined.row, joined.col, joined.data))
    options = {"alpha": 0.5, "method": "OTD", "exp_power": 0, "proc": 1}
    return OllivierRicci(graph, shortest_path="pairwise", **options).compute_ricci_curvature()


def _without_numba(lengths):
    """The arrays of all edges together, as where numba is not installed."""
    kept = _curvature.compiled, _curvature.compiled_if_loaded
    _curvature.compiled = _curvature.compiled_if_loaded = lambda kernel: None
    try:
        return ollivier_ricci_curvature(lengths)
    finally:
        _curvature.compiled, _curvature.compiled_if_loaded = kept


def _average_precisions(X, graph):
    """scikit-learn's average precision of each node, in a loop."""
    D = pairwise_distances(X)
    true = graph.maximum(graph.T).toarray() > 0
    others = ~np.eye(len(X), dtype=bool)
    return np.mean(
        [average_precision_score(true[i, others[i]], -D[i, others[i]]) for i in range(len(X))]
    )


def _heat_by_eigenvectors(graph):
    """The kernel from all eigenvectors, which is exact to 1e-16 of its largest entry only."""
    laplacian = sparse.csgraph.laplacian(graph, normed=True).toarray()
    values, vectors = np.linalg.eigh(laplacian)
    return (vectors * np.exp(-50.0 * values)) @ vectors.T


def _loop_of_distortion(D, D_embedded):
    upper = np.triu_indices(len(D), 1)
    return np.mean(np.abs(D_embedded[upper] - D[upper]) / D[upper])


#: Its growth stands beside ours where it is installed.
_PUBLISHED = Comparison(
    "GraphRicciCurvature",
    make=_lengths,
    ours=_graph_ricci_curvature,
    others={},
    n=SMALL_SIZES[-1],
    growth=SMALL_SIZES,
    n_small=50,
)

COMPARISONS = [
    *([_PUBLISHED] if OllivierRicci else []),
    *(
        Comparison(
            "ollivier_ricci_curvature",
            make=_lengths,
            ours=ollivier_ricci_curvature,
            others={
                "GraphRicciCurvature": OllivierRicci and _graph_ricci_curvature,
                "without numba": _without_numba,
            },
            n=n,
            n_small=n // 4,
        )
        for n in SMALL_SIZES
    ),
    Comparison(
        "ollivier_ricci_curvature",
        make=_lengths,
        ours=ollivier_ricci_curvature,
        others={"without numba": _without_numba},
        n=4000,
        growth=SIZES,
    ),
    Comparison(
        "ollivier_ricci_curvature without numba",
        make=_lengths,
        ours=_without_numba,
        others={"GraphRicciCurvature": OllivierRicci and _graph_ricci_curvature},
        n=400,
        growth=SMALL_SIZES,
        n_small=50,
    ),
    Comparison(
        "graph_reconstruction_score",
        make=_vectors_and_graph,
        ours=graph_reconstruction_score,
        others={"a loop over scikit-learn's average precision": _average_precisions},
        n=2000,
        growth=SIZES,
    ),
    Comparison(
        "distance_distortion",
        make=_two_matrices,
        ours=distance_distortion,
        others={"the formula by NumPy": _loop_of_distortion},
        n=4000,
        growth=SIZES[:-1],
    ),
    Comparison(
        "heat_geodesic_distances at t = 50",
        make=_joined_roll,
        ours=lambda graph: heat_geodesic_distances(graph, t=50.0),
        others={"the kernel by eigenvectors": _heat_by_eigenvectors},
        n=2000,
        growth=SIZES[:-1],
        n_small=400,
    ),
    Comparison(
        "FastRP of 64 components",
        make=_joined_roll,
        ours=FastRP(64, random_state=0).fit_transform,
        others={
            "scikit-learn's spectral embedding": SpectralEmbedding(
                64, affinity="precomputed", random_state=0
            ).fit_transform,
        },
        n=2000,
        growth=SIZES,
        n_small=400,
    ),
    Comparison(
        "HyperbolicMDS",
        make=lambda n: (pairwise_distances(_vectors(n)),),
        ours=HyperbolicMDS(scale=0.5).fit_transform,
        others={
            "scikit-learn's classical scaling": ClassicalMDS(metric="precomputed").fit_transform,
        },
        n=2000,
        growth=SIZES[:-1],
    ),
]

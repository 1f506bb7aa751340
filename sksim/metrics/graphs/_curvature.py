"""Ollivier-Ricci curvature of graphs."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator
from numbers import Integral, Real
from typing import Literal

import numpy as np
from joblib import Parallel, delayed
from scipy.sparse import csr_array, eye_array, vstack
from scipy.sparse.csgraph import dijkstra

from sksim.metrics.graphs._transport import transport_costs
from sksim.utils._blocks import row_blocks
from sksim.utils._graph import row_index
from sksim.utils._kernels import compiled, compiled_if_loaded, least_transport_costs
from sksim.utils._results import Result
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import MatrixLike
from sksim.utils._undirected import check_no_isolated_nodes, undirected_graph

__all__ = ["curvature_of", "ollivier_ricci_curvature"]

#: Edges whose differences of masses are formed at once, and entries of a batch of problems, which
#: stay in the processor's cache.
_EDGES_AT_ONCE = 4096
_BATCH_ENTRIES = 2**17
#: Edges whose problems take longer than it does to import numba for them.
_LEAST_EDGES_TO_IMPORT = 500


def _lengths(graph: csr_array, edge_length: str) -> csr_array:
    """The graph with the lengths that count."""
    if edge_length == "hops":
        return csr_array((np.ones(graph.nnz), graph.indices, graph.indptr), shape=graph.shape)
    if graph.nnz and graph.data.min() == 0:
        entry = int(graph.data.argmin())
        raise ValueError(
            "graph must have edges of positive length, got 0 between the nodes "
            f"{row_index(graph)[entry]} and {graph.indices[entry]}: drop duplicates."
        )
    return graph


def _masses(lengths: csr_array, alpha: float, walk: str) -> csr_array:
    """Where a lazy random walk from each node is after one step, row by row."""
    rows, degrees = row_index(lengths), np.diff(lengths.indptr)
    if walk == "uniform":
        weights = 1.0 / degrees[rows]
    else:
        # The shortest edge is factored out, so that not all weights of a row can vanish.
        shortest = np.minimum.reduceat(lengths.data, lengths.indptr[:-1])
        weights = np.exp(shortest[rows] ** 2 - lengths.data**2)
        weights /= np.add.reduceat(weights, lengths.indptr[:-1])[rows]
    steps = csr_array(((1 - alpha) * weights, lengths.indices, lengths.indptr), lengths.shape)
    return csr_array(steps + alpha * eye_array(lengths.shape[0], format="csr"))


def _hops(adjacency: csr_array) -> csr_array:
    """Three less the hops between nodes that are less than three apart: what is not stored is 0.

    No two neighbours of neighbouring nodes are further apart.
    """
    ones = csr_array(
        (np.ones(adjacency.nnz, dtype=np.int32), adjacency.indices, adjacency.indptr),
        shape=adjacency.shape,
    )
    two = ones @ ones
    two.data[:] = 1
    near = csr_array((2 * ones).maximum(two))
    near.setdiag(3)
    near.sort_indices()
    return near.astype(np.int8)


def _shortest_paths(lengths: csr_array) -> csr_array:
    """Lengths of the shortest paths between neighbours of neighbouring nodes, and many others."""
    starts = lengths.indptr[:-1]
    longest = np.maximum.reduceat(lengths.data, starts)
    for _ in range(2):  # over one edge more, from a neighbour or the node itself
        onward = np.maximum.reduceat(lengths.data + longest[lengths.indices], starts)
        longest = np.maximum(longest, onward)
    order, found = np.argsort(longest, kind="stable"), []
    n = lengths.shape[0]
    for block in row_blocks(n, 24.0 * n):
        nodes = order[block]
        limit = longest[nodes].max() * (1 + 1e-9)
        reached = dijkstra(lengths, indices=nodes, limit=limit)
        reached[reached > longest[nodes, None] * (1 + 1e-9)] = 0.0
        reached[np.isinf(reached)] = 0.0
        found.append(csr_array(reached))
    return csr_array(vstack(found, format="csr")[np.argsort(order)])


def _rectangles(moved: csr_array) -> Iterator[tuple[np.ndarray, tuple[np.ndarray, ...]]]:
    """Problems of about equal size, (n, width) nodes and masses of either side, padded by zeros.

    A row of `moved` holds the mass that a node has too much, or, negative, too little: what stays
    where it is costs nothing.
    """
    rows = row_index(moved)
    n_rows = moved.shape[0]
    n_sources = np.bincount(rows[moved.data > 0], minlength=n_rows)
    n_sinks = np.bincount(rows[moved.data < 0], minlength=n_rows)
    order = np.lexsort((n_sinks, n_sources))
    order = order[n_sources[order] > 0]
    while order.size:
        # The widest are last; sizes fall towards the front.
        width = n_sources[order[-1]] * max(n_sinks[order].max(), 1)
        size = max(1, int(_BATCH_ENTRIES // width))
        problems, order = order[-size:], order[:-size]
        part = moved[problems]
        own = row_index(part)
        sides = []
        for sign in (1.0, -1.0):
            kept = sign * part.data > 0
            counts = np.bincount(own[kept], minlength=problems.size)
            place = np.arange(kept.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
            nodes = np.zeros((problems.size, counts.max()), dtype=np.intp)
            masses = np.zeros(nodes.shape)
            nodes[own[kept], place] = part.indices[kept]
            masses[own[kept], place] = sign * part.data[kept]
            sides += [nodes, masses]
        yield problems, tuple(sides)


def _looked_up(matrix: csr_array, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Entries of a matrix with sorted rows, zero where none is stored.

    By bisection of all at once; scipy's lookup reads the whole matrix first, to see that its rows
    are in order.
    """
    low, high = matrix.indptr[rows], matrix.indptr[rows + 1]
    ends = high
    while True:
        middle = (low + high) >> 1
        is_open = low < high
        if not is_open.any():
            break
        below = is_open & (matrix.indices[np.minimum(middle, matrix.nnz - 1)] < columns)
        low = np.where(below, middle + 1, low)
        high = np.where(is_open & ~below, middle, high)
    place = np.minimum(low, matrix.nnz - 1)
    found = (low < ends) & (matrix.indices[place] == columns)
    return np.where(found, matrix.data[place], 0.0)


def _transport_of_edges(
    edges: np.ndarray, masses: csr_array, distances: csr_array, is_hops: bool
) -> np.ndarray:
    """Least costs of moving the masses of one end of each edge to those of the other."""
    costs = np.zeros(len(edges))
    load = compiled if len(edges) >= _LEAST_EDGES_TO_IMPORT else compiled_if_loaded
    kernel = load(least_transport_costs)
    for rows in row_blocks(len(edges), 1, max_rows=_EDGES_AT_ONCE):
        moved = csr_array(masses[edges[rows, 0]] - masses[edges[rows, 1]])
        moved.data[np.abs(moved.data) < 1e-15] = 0.0
        moved.eliminate_zeros()
        for problems, (sources, supply, sinks, demand) in _rectangles(moved):
            shape = (*sources.shape, sinks.shape[1])
            pairs = (
                np.broadcast_to(one, shape).ravel()
                for one in (sources[:, :, None], sinks[:, None, :])
            )
            ground = _looked_up(distances, *pairs).reshape(shape)
            ground = 3.0 - ground if is_hops else ground
            costs[rows][problems] = transport_costs(ground, supply, demand, kernel=kernel)
    return costs


def curvature_of(
    lengths: csr_array, *, alpha: float, walk: str, n_jobs: int | None = None
) -> Result:
    """Curvature of an undirected graph whose edges are all longer than zero."""
    masses = _masses(lengths, alpha, walk)
    is_hops = bool((lengths.data == 1).all())
    distances = _hops(lengths) if is_hops else _shortest_paths(lengths)
    rows = row_index(lengths)
    upper = rows < lengths.indices
    edges = np.stack([rows[upper], lengths.indices[upper]], axis=1)
    parts = Parallel(n_jobs=n_jobs)(
        delayed(_transport_of_edges)(edges[part], masses, distances, is_hops)
        for part in row_blocks(len(edges), 1, max_rows=_EDGES_AT_ONCE)
    )
    apart = np.asarray(distances[edges[:, 0], edges[:, 1]], dtype=np.float64)
    kappa = 1.0 - np.concatenate(parts) / (1.0 if is_hops else apart)
    one_way = csr_array((kappa, (edges[:, 0], edges[:, 1])), shape=lengths.shape)
    both = csr_array(one_way + one_way.T)
    # Sums of sparse matrices may drop curvature zero: the pattern is that of the graph.
    values = np.asarray(both[rows, lengths.indices], dtype=np.float64)
    curved = csr_array((values, lengths.indices, lengths.indptr), shape=lengths.shape)
    nodes = np.add.reduceat(values, lengths.indptr[:-1]) / np.diff(lengths.indptr)
    return Result(edges=curved, nodes=nodes)


@validate_params(
    {
        "graph": ["array-like", "sparse matrix"],
        "alpha": [Interval(Real, 0, 1, closed="left")],
        "walk": [StrOptions({"uniform", "gaussian"})],
        "edge_length": [StrOptions({"distance", "hops"})],
        "n_jobs": [Integral, None],
    },
    prefer_skip_nested_validation=True,
)
def ollivier_ricci_curvature(
    graph: MatrixLike,
    *,
    alpha: float = 0.5,
    walk: Literal["uniform", "gaussian"] = "uniform",
    edge_length: Literal["distance", "hops"] = "distance",
    n_jobs: int | None = None,
) -> Result:
    r"""Ollivier-Ricci curvature of the edges and nodes of a graph.

    .. math:: \kappa(x, y) = 1 - \frac{W_1(\mu_x, \mu_y)}{d(x, y)}

    for each edge, with d the length of the shortest path, :math:`W_1` the Wasserstein distance
    with d as its ground cost, and :math:`\mu_x` one step of a lazy random walk: :math:`\alpha` at
    x, and :math:`1 - \alpha` on its neighbours, uniformly or in proportion to
    :math:`e^{-\ell^2}` for an edge of length :math:`\ell`. The curvature of a node is the mean of
    its edges. It is at most 1, positive inside of clusters and negative on bridges between them;
    with edges of length one it is at least -2 [1]_.

    .. versionadded:: 0.1

    Parameters
    ----------
    graph : {array-like, sparse matrix} of shape (n_nodes, n_nodes)
        The edges and their lengths, such as a neighbour graph: each stored entry of a sparse
        matrix, or what is not zero in a dense one. Two nodes are joined where either names the
        other; the diagonal does not matter.
    alpha : float, default=0.5
        Mass that stays at its node, in [0, 1).
    walk : {"uniform", "gaussian"}, default="uniform"
        Where the rest goes.
    edge_length : {"distance", "hops"}, default="distance"
        Whether the values of the graph are the lengths of the edges, or each edge is one long.
    n_jobs : int, default=None
        Number of processes, as in :class:`joblib.Parallel`.

    Returns
    -------
    curvature : Bunch
        edges : csr_array of shape (n_nodes, n_nodes)
            Curvature of each edge, in both directions.
        nodes : ndarray of shape (n_nodes,)
            Curvature of each node.

    Raises
    ------
    ValueError
        If a node has no edge, an edge between different nodes has length 0, or a length is
        negative or not finite.

    See Also
    --------
    ricci_alignment_score : Compares the curvature of two representations.
    intrinsic_dimension : Another local property of a neighbour graph.

    Notes
    -----
    Of the neighbour graph of vectors: unchanged by rotation, translation and order; by scale too,
    but with the Gaussian walk, in which lengths count as they are. Other invertible maps change
    it. On edges of length one, with the uniform walk, it is linear in alpha from
    :math:`1 / (\max(\deg x, \deg y) + 1)` on, down to 0 at 1. Lengths that are multiplied by
    :math:`1 - \kappa` again and again make bridges long: cutting those finds communities [2]_.

    The masses that both ends have in common stay, which is exact, and the rest is transported
    exactly along shortest paths: edge by edge where numba is installed, and otherwise all edges
    together as arrays, which takes longer, for the same numbers but for rounding. A
    general linear programme for each edge gives them too, slower. Time O(m a b (a + b))
    for m edges whose ends differ in a and b neighbours, and that of a search for the shortest paths
    within three edges of each node; memory for these paths, within scikit-learn's
    ``working_memory`` for the rest. A hub with hundreds of neighbours costs as many paths, for each
    of its edges.

    References
    ----------
    .. [1] Y. Ollivier (2009). Ricci curvature of Markov chains on metric spaces. Journal of
           Functional Analysis 256.
    .. [2] C.-C. Ni, Y.-Y. Lin, F. Luo and J. Gao (2019). Community detection on networks with Ricci
           flow. Scientific Reports 9.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import ollivier_ricci_curvature
    >>> two_triangles = np.kron(np.eye(2), np.ones((3, 3)))
    >>> two_triangles[2, 3] = 1
    >>> curvature = ollivier_ricci_curvature(two_triangles)
    >>> print(np.round(curvature.nodes, 3))
    [0.583 0.583 0.167 0.167 0.583 0.583]
    >>> round(float(curvature.edges[2, 3]), 3)
    -0.333
    """
    joined = undirected_graph(graph)
    check_no_isolated_nodes(joined)
    return curvature_of(_lengths(joined, edge_length), alpha=alpha, walk=walk, n_jobs=n_jobs)

"""Undirected graphs: validation and the union of both directions.

Other than a neighbour graph, which is a list of neighbours of each query, an undirected graph is
square, its rows need no order, and an edge is stored in both directions.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from scipy import sparse
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from sksim.utils._array_api import to_numpy
from sksim.utils._arrays import check_named_array
from sksim.utils._graph import check_columns, row_index
from sksim.utils._typing import MatrixLike

__all__ = ["check_connected", "check_no_isolated_nodes", "undirected_graph"]


def undirected_graph(
    graph: MatrixLike,
    *,
    name: str = "graph",
    n_nodes: int | None = None,
    keep_loops: bool = False,
) -> csr_array:
    """Validate a graph and return its undirected form, in float64.

    Two nodes are joined where either of them names the other: the union, by which the neighbours
    of samples become a graph of all. Where both directions hold a value, the larger one stays.

    Parameters
    ----------
    graph : {array-like, sparse matrix} of shape (n_nodes, n_nodes)
        Weights or lengths of the edges, finite and not negative. Of a sparse matrix each stored
        entry is an edge, zeros among them; of a dense one each that is not zero.
    name : str, default="graph"
        Name of the parameter in error messages.
    n_nodes : int, default=None
        Required number of nodes.
    keep_loops : bool, default=False
        Whether the diagonal stays.

    Returns
    -------
    graph : csr_array of shape (n_nodes, n_nodes)
        Symmetric, with sorted columns.
    """
    graph = to_numpy(graph)
    if sparse.issparse(graph):
        is_bool = graph.dtype.kind == "b"
        edges = check_columns((graph.astype(np.int8) if is_bool else graph).tocsr(), name=name)
    else:
        edges = csr_array(check_named_array(graph, name))
    n = edges.shape[0]
    if edges.shape[1] != n or (n_nodes is not None and n != n_nodes):
        expected = "square" if n_nodes is None else f"of shape {(n_nodes, n_nodes)}, one row a node"
        kind = "a sparse graph of " if sparse.issparse(graph) else ""
        raise ValueError(f"{name} must be {expected}, got {kind}shape {edges.shape}.")
    if not np.isfinite(edges.data).all() or (edges.data < 0).any():
        raise ValueError(
            f"{name} must hold finite values that are not negative, got "
            f"{edges.data[~np.isfinite(edges.data) | (edges.data < 0)][0]:g}."
        )
    rows, columns = row_index(edges), edges.indices
    kept = (rows != columns) | keep_loops
    rows, columns, values = rows[kept], columns[kept], edges.data[kept].astype(np.float64)
    # Sums of sparse matrices would lose zeros, and maxima of unlike patterns too.
    places = np.concatenate([rows * np.int64(n) + columns, columns * np.int64(n) + rows])
    order = np.argsort(places, kind="stable")
    places, first = np.unique(places[order], return_index=True)
    both = np.concatenate([values, values])[order]
    joined = np.maximum.reduceat(both, first) if first.size else both
    starts = np.searchsorted(places, np.arange(n + 1) * np.int64(n))
    return csr_array((joined, (places % n).astype(np.int32), starts.astype(np.int32)), shape=(n, n))


def check_no_isolated_nodes(graph: csr_array, *, name: str = "graph") -> None:
    """Raise if a node has no edge."""
    isolated = np.flatnonzero(np.diff(graph.indptr) == 0)
    if isolated.size:
        raise ValueError(
            f"{name} must join each node to another, got {isolated.size} isolated nodes, the "
            f"first of them node {isolated[0]}."
        )


def check_connected(graph: csr_array, *, name: str = "graph") -> None:
    """Raise if some nodes cannot be reached from others."""
    n_components = connected_components(graph, directed=False, return_labels=False)
    if n_components > 1:
        raise ValueError(
            f"{name} must be connected, got {n_components} components, between which distances "
            "are infinite. Take more neighbours, or the largest component alone."
        )

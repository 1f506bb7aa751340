"""Distances along a graph by the diffusion of heat."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Real
from typing import Literal

import numpy as np
from scipy import sparse
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from sksim.utils._blocks import row_blocks
from sksim.utils._memory import check_fits
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import FloatArray, MatrixLike
from sksim.utils._undirected import check_connected, check_no_isolated_nodes, undirected_graph

__all__ = ["heat_geodesic_distances"]

#: Time from which on a kernel is squared rather than summed: the faster, where a dense product of
#: 10 000 nodes costs as much as about ten sparse ones.
_LONGEST_SUM = 4.0
#: Columns of the kernel that are summed at once: they stay in the processor's cache.
_COLUMNS_AT_ONCE = 64


def _walk(graph: csr_array, laplacian: str) -> tuple[csr_array, float]:
    """A matrix S and a rate c with L = c (I - S), nothing in S being negative."""
    degrees = graph.sum(axis=1)
    if laplacian == "normalized":
        roots = sparse.diags_array(1.0 / np.sqrt(degrees))
        return csr_array(roots @ graph @ roots), 1.0
    rate = float(degrees.max())
    return csr_array((graph + sparse.diags_array(rate - degrees)) / rate), rate


def _heat_kernel(walk: csr_array, t: float) -> np.ndarray:
    r"""The kernel :math:`e^{-t (I - S)}`, each entry to almost full precision, however small.

    Its logarithm is asked for, of entries that may be 1e-100. They are sums of e^-t t^k / k! S^k,
    where nothing is negative and so nothing cancels, over a short time, and squares of these after
    that: eigenvectors, or polynomials with signs, leave 1e-16 of noise everywhere.
    """
    n = walk.shape[0]
    n_squarings = max(1, int(np.ceil(np.log2(t / _LONGEST_SUM))))
    short = t / 2**n_squarings
    # So many steps are made in this time, on the way to the farthest node if need be; the number
    # has a Poisson distribution, and what is left out is below 1e-16 of any entry.
    farthest = 2 * dijkstra(walk, indices=0, unweighted=True).max()
    n_steps = max(short, farthest / 2**n_squarings)
    n_terms = int(n_steps + 10 * np.sqrt(n_steps) + 16)
    kernel = np.empty((n, n))
    for rows in row_blocks(n, 24.0 * n, max_rows=_COLUMNS_AT_ONCE):
        term = np.zeros((n, rows.stop - rows.start))
        term[np.arange(rows.start, rows.stop), np.arange(term.shape[1])] = np.exp(-short)
        total = term.copy()
        for k in range(1, n_terms + 1):
            term = walk @ term
            term *= short / k
            total += term
        kernel[rows] = total.T
    for _ in range(n_squarings):
        kernel = kernel @ kernel.T  # half of a product, and exactly symmetric
    return kernel


@validate_params(
    {
        "graph": ["array-like", "sparse matrix"],
        "t": [Interval(Real, 0, None, closed="neither")],
        "volume": [Interval(Real, 0, 1, closed="both")],
        "laplacian": [StrOptions({"normalized", "combinatorial"})],
    },
    prefer_skip_nested_validation=True,
)
def heat_geodesic_distances(
    graph: MatrixLike,
    *,
    t: float,
    volume: float = 1.0,
    laplacian: Literal["normalized", "combinatorial"] = "normalized",
) -> FloatArray:
    r"""Distances of the nodes along the edges of a graph, by the heat that goes between them.

    .. math:: d_{ij}^2 = -4 t \log H_{ij} + \rho \, 4 t \log \frac{H_{ii} + H_{jj}}{2},
              \qquad H = e^{-t L}

    with L the Laplacian of the graph, :math:`I - D^{-1/2} S D^{-1/2}` or :math:`D - S`, S being the
    weights and D their sums, and :math:`\rho` the weight of the term that corrects for volume.
    Values below 0 are clipped, and the diagonal is 0. On a manifold :math:`-4 t \log H_{ij}` tends
    to the square of the distance along it as t falls (Varadhan).

    .. versionadded:: 0.1

    Parameters
    ----------
    graph : {array-like, sparse matrix} of shape (n_nodes, n_nodes)
        Weights of the edges, which are similarities: each stored entry of a sparse matrix, or what
        is not zero in a dense one. Two nodes are joined where either names the other, by the larger
        weight; the diagonal does not matter.
    t : float
        Time of diffusion.
    volume : float, default=1.0
        Weight :math:`\rho`, in [0, 1]. The published default is 0.
    laplacian : {"normalized", "combinatorial"}, default="normalized"
        Form of the Laplacian.

    Returns
    -------
    D : ndarray of shape (n_nodes, n_nodes)
        The distances, symmetric.

    Raises
    ------
    ValueError
        If the graph is not connected, or t is so short that no heat arrives somewhere.

    See Also
    --------
    sksim.manifold.HeatGeodesicEmbedding : Coordinates with these distances, from vectors.
    ollivier_ricci_curvature : The shape of a graph around each edge.

    Notes
    -----
    A shortest path takes any short-cut; heat takes all paths, and few of them lead over one
    [1]_. On a finite graph :math:`-\log H_{ij}` grows as :math:`h \log (1 / t)` with h hops as t
    falls, so that t must be long enough to average over paths: on the neighbours of a noisy Swiss
    roll the rank correlation with distances on the sheet grows from about that of shortest paths at
    t = 1 to 0.97 at t = 200. Where heat has spread evenly, nothing is left to tell.

    Entries of H are exact to twelve digits or so however small they are: heat over a short time is
    a sum without cancellation, and is squared from there.

    Time O(m n) for m edges and n nodes, for each unit of t up to 4, and O(n^3) for each doubling
    after that; memory O(n^2), twice.

    References
    ----------
    .. [1] G. Huguet, A. Tong, E. De Brouwer, Y. Zhang, G. Wolf, I. Adelstein and S. Krishnaswamy
           (2023). A heat diffusion perspective on geodesic preserving dimensionality reduction.
           Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import heat_geodesic_distances
    >>> path = np.diag(np.ones(3), 1)
    >>> print(np.round(heat_geodesic_distances(path, t=1.0), 3))
    [[0.    1.432 2.771 3.662]
     [1.432 0.    1.827 2.771]
     [2.771 1.827 0.    1.432]
     [3.662 2.771 1.432 0.   ]]
    """
    joined = undirected_graph(graph)
    if (joined.data == 0).any():
        raise ValueError(
            "graph must have edges of positive weight, got 0: weights are similarities, not "
            "distances."
        )
    check_no_isolated_nodes(joined)
    check_connected(joined)
    n = joined.shape[0]
    check_fits(16.0 * n**2, f"Heat of {n} nodes", "Take a sample of the nodes.")
    walk, rate = _walk(joined, laplacian)
    D = _heat_kernel(walk, t * rate)
    at_home = D.diagonal().copy()
    if D.min() == 0:
        raise ValueError(
            f"t={t:g} is too short: some nodes are so far apart that no heat arrives. Take a "
            "longer time."
        )
    for rows in row_blocks(n, 24.0 * n):
        logs = np.log(D[rows], out=D[rows])
        if volume:
            logs -= volume * np.log((at_home[rows, None] + at_home) / 2)
        logs *= -4.0 * t
        np.sqrt(np.maximum(logs, 0.0, out=logs), out=logs)
    np.fill_diagonal(D, 0.0)
    return D

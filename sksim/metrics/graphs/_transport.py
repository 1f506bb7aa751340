"""Exact optimal transport of many small problems at once.

One problem of the size of two neighbourhoods takes microseconds of arithmetic, and any solver that
is called for it takes milliseconds. So all problems of a batch take each step together, as arrays.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable

import numpy as np

__all__ = ["transport_costs"]

#: Mass of a problem, of one at most, that is rounding.
_NO_MASS = 1e-14


def transport_costs(
    costs: np.ndarray,
    supply: np.ndarray,
    demand: np.ndarray,
    *,
    kernel: Callable[..., None] | None = None,
) -> np.ndarray:
    """Least cost of moving the supply to the demand, of each problem of a batch.

    Most of the mass goes to the cheapest place for the sink, or else for the source: edges whose
    cost is the sum of dual prices that no other edge is below. The rest
    moves along shortest paths of what is left, one path of each problem at a time: from any
    source with supply over an edge to a sink, back over an edge with flow to its source, and so on,
    to any sink with demand. Each flow on the way is the cheapest of its amount.

    Parameters
    ----------
    costs : ndarray of shape (n_problems, n_sources, n_sinks)
        Costs of a unit of mass, not negative.
    supply, demand : ndarray of shape (n_problems, n_sources) and (n_problems, n_sinks)
        Masses with equal sums, zero where a problem is smaller than the batch.
    kernel : callable, default=None
        Compiled form of ``least_transport_costs``, which solves one problem after the other: the
        same costs but for rounding.

    Returns
    -------
    least : ndarray of shape (n_problems,)
        The least costs.
    """
    least = np.zeros(len(costs))
    if kernel is not None:
        kernel(costs, supply, demand, _NO_MASS, least)
        return least
    flow = np.zeros_like(costs)
    supply, demand, is_sink = supply.copy(), demand.copy(), demand > 0
    above = _send_to_the_cheapest(costs, flow, supply, demand)
    unsolved = np.arange(len(costs))
    while unsolved.size:
        active = np.minimum(supply.max(axis=1), demand.max(axis=1)) > _NO_MASS
        # Copies are not worth one problem less.
        if np.count_nonzero(active) <= 0.8 * active.size:
            done = ~active
            least[unsolved[done]] = np.einsum("bij,bij->b", flow[done], costs[done])
            costs, above, flow = costs[active], above[active], flow[active]
            supply, demand, is_sink = supply[active], demand[active], is_sink[active]
            unsolved = unsolved[active]
            continue
        _augment(above, flow, supply, demand, active, is_sink)
    return least


def _send_to_the_cheapest(
    costs: np.ndarray, flow: np.ndarray, supply: np.ndarray, demand: np.ndarray
) -> np.ndarray:
    """Fill edges at which prices of sinks, then of sources, are tight; changes flow and masses.

    Returns what each edge costs above the prices of its ends.
    """
    problem = np.arange(len(costs))

    def send(source, sink, allowed):
        amount = np.where(allowed, np.minimum(supply[problem, source], demand[problem, sink]), 0.0)
        flow[problem, source, sink] += amount
        supply[problem, source] -= amount
        demand[problem, sink] -= amount

    cheapest_source, prices = costs.argmin(axis=1), costs.min(axis=1)
    for sink in range(costs.shape[2]):
        send(cheapest_source[:, sink], sink, True)
    above = costs - prices[:, None, :]
    cheapest_sink, least = above.argmin(axis=2), above.min(axis=2)
    for source in range(costs.shape[1]):
        # Where a source is the cheapest of a sink, its price is zero and its edges are filled.
        send(source, cheapest_sink[:, source], least[:, source] > 0)
    above -= least[:, :, None]
    return above


def _augment(
    above: np.ndarray,
    flow: np.ndarray,
    supply: np.ndarray,
    demand: np.ndarray,
    active: np.ndarray,
    is_sink: np.ndarray,
) -> None:
    """Send what fits along a shortest path of each active problem; changes all but the last two."""
    problem = np.arange(len(above))
    sink, source_of, sink_of = _shortest_paths(above, flow, supply, demand, active, is_sink)
    last, root = sink, source_of[problem, sink]
    amount, is_open = demand[problem, sink], active.copy()
    forward, backward = [], []
    while is_open.any():
        source = source_of[problem, sink]
        forward.append((problem[is_open], source[is_open], sink[is_open]))
        before = sink_of[problem, source]
        at_root = before < 0
        room = np.where(at_root, supply[problem, source], flow[problem, source, before])
        amount = np.where(is_open, np.minimum(amount, room), amount)
        root = np.where(is_open, source, root)
        is_open &= ~at_root
        backward.append((problem[is_open], source[is_open], before[is_open]))
        sink = np.where(is_open, before, sink)
    for edges in forward:
        flow[edges] += amount[edges[0]]
    for edges in backward:
        flow[edges] -= amount[edges[0]]
    sent = np.where(active, amount, 0.0)
    supply[problem, root] -= sent
    demand[problem, last] -= sent


def _shortest_paths(
    above: np.ndarray,
    flow: np.ndarray,
    supply: np.ndarray,
    demand: np.ndarray,
    active: np.ndarray,
    is_sink: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The nearest sink with demand, and the node before each source and sink on the way to it.

    As Dijkstra does, over what costs are above the prices, which is zero on edges with flow; then
    the prices of what is nearer are changed so that the path is tight. The sink before a source is
    -1 where a path begins.
    """
    problem = np.arange(len(above))
    has_supply = supply > _NO_MASS
    to_source = np.where(has_supply, 0.0, np.inf)
    over_edges = np.where(has_supply[:, :, None], above, np.inf)
    source_of = over_edges.argmin(axis=1)
    to_sink = np.take_along_axis(over_edges, source_of[:, None], axis=1)[:, 0]
    sink_of = np.full(to_source.shape, -1)
    nearest = np.zeros(len(above), dtype=np.intp)
    waiting = np.where(is_sink, to_sink, np.inf)
    searching = np.flatnonzero(active)
    while searching.size:
        # All sinks that are nearest, many of them at distance zero.
        far = waiting[searching]
        length = far.min(axis=1)
        is_nearest = far <= length[:, None]
        has_demand = is_nearest & (demand[searching] > _NO_MASS)
        nearest[searching] = has_demand.argmax(axis=1)
        goes_on = ~has_demand.any(axis=1)
        searching, length, is_nearest = searching[goes_on], length[goes_on], is_nearest[goes_on]
        waiting[searching] = np.where(is_nearest, np.inf, waiting[searching])
        fed = (flow[searching] > 0) & is_nearest[:, None, :]
        is_new = fed.any(axis=2) & np.isinf(to_source[searching])
        which, sources = is_new.nonzero()
        own = searching[which]
        sink_of[own, sources] = fed[which, sources].argmax(axis=1)
        to_source[own, sources] = length[which]
        lengths = np.where(is_new[:, :, None], above[searching], np.inf)
        before = lengths.argmin(axis=1)
        lengths = length[:, None] + np.take_along_axis(lengths, before[:, None], axis=1)[:, 0]
        which, sinks = (lengths < to_sink[searching]).nonzero()
        own = searching[which]
        to_sink[own, sinks] = waiting[own, sinks] = lengths[which, sinks]
        source_of[own, sinks] = before[which, sinks]
    length = np.where(active, to_sink[problem, nearest], 0.0)[:, None]
    above -= np.maximum(length - to_source, 0.0)[:, :, None]
    above += np.maximum(length - to_sink, 0.0)[:, None, :]
    np.maximum(above, 0.0, out=above)
    return nearest, source_of, sink_of

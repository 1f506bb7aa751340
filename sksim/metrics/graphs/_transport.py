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
#: Differences of lengths of paths, relative to the largest cost, that are rounding: a cycle whose
#: length is zero but for rounding must not be walked.
_NO_LENGTH = 1e-12


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
    supply, demand = supply.copy(), demand.copy()
    _send_to_the_cheapest(costs, flow, supply, demand)
    unsolved = np.arange(len(costs))
    tolerance = _NO_LENGTH * max(costs.max(initial=0.0), 1e-300)
    while unsolved.size:
        active = np.minimum(supply.max(axis=1), demand.max(axis=1)) > _NO_MASS
        # Copies are not worth one problem less.
        if np.count_nonzero(active) <= 0.8 * active.size:
            done = ~active
            least[unsolved[done]] = np.einsum("bij,bij->b", flow[done], costs[done])
            costs, flow, unsolved = costs[active], flow[active], unsolved[active]
            supply, demand = supply[active], demand[active]
            continue
        _augment(costs, flow, supply, demand, active, tolerance)
    return least


def _send_to_the_cheapest(
    costs: np.ndarray, flow: np.ndarray, supply: np.ndarray, demand: np.ndarray
) -> None:
    """Fill edges at which prices of sinks, then of sources, are tight; changes flow and masses."""
    problem = np.arange(len(costs))

    def send(source, sink, allowed):
        amount = np.where(allowed, np.minimum(supply[problem, source], demand[problem, sink]), 0.0)
        flow[problem, source, sink] += amount
        supply[problem, source] -= amount
        demand[problem, sink] -= amount

    cheapest_source, prices = costs.argmin(axis=1), costs.min(axis=1)
    for sink in range(costs.shape[2]):
        send(cheapest_source[:, sink], sink, True)
    reduced = costs - prices[:, None, :]
    cheapest_sink, least = reduced.argmin(axis=2), reduced.min(axis=2)
    for source in range(costs.shape[1]):
        # Where a source is the cheapest of a sink, its price is zero and its edges are filled.
        send(source, cheapest_sink[:, source], least[:, source] > 0)


def _augment(
    costs: np.ndarray,
    flow: np.ndarray,
    supply: np.ndarray,
    demand: np.ndarray,
    active: np.ndarray,
    tolerance: float,
) -> None:
    """Send what fits along a shortest path of each active problem; changes flow and masses."""
    problem = np.arange(len(costs))
    to_source, to_sink, source_of, sink_of = _shortest_paths(costs, flow, supply, tolerance)
    sink = np.where(demand > _NO_MASS, to_sink, np.inf).argmin(axis=1)
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
    costs: np.ndarray, flow: np.ndarray, supply: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Lengths of the shortest paths to sources and sinks, and the node before each on the path.

    By Bellman and Ford, whose rounds are few: a path goes back over an edge with flow seldom.
    Source -1 of none, sink -1 where the path begins.
    """
    to_source = np.where(supply > _NO_MASS, 0.0, np.inf)
    to_sink = np.full((len(costs), costs.shape[2]), np.inf)
    source_of = np.full(to_sink.shape, -1)
    sink_of = np.full(to_source.shape, -1)
    has_flow = flow > 0
    while True:
        over_edges = to_source[:, :, None] + costs
        nearest = over_edges.argmin(axis=1)
        length = np.take_along_axis(over_edges, nearest[:, None], axis=1)[:, 0]
        shorter = length < to_sink - tolerance
        to_sink[shorter], source_of[shorter] = length[shorter], nearest[shorter]
        if not shorter.any():
            break
        back = np.where(has_flow, to_sink[:, None, :] - costs, np.inf)
        nearest = back.argmin(axis=2)
        length = np.take_along_axis(back, nearest[:, :, None], axis=2)[:, :, 0]
        shorter = length < to_source - tolerance
        to_source[shorter], sink_of[shorter] = length[shorter], nearest[shorter]
        if not shorter.any():
            break
    return to_source, to_sink, source_of, sink_of

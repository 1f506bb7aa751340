"""Faulty input, and whether it is refused, for the checks of those who take it."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import Any

import numpy as np

from sksim.utils._typing import SparseGraph

__all__ = ["ENTRY_FAULTS", "GRAPH_FAULTS", "refusal", "spoil"]

#: What can be wrong with one entry.
ENTRY_FAULTS = (
    "column -1",
    "column too large",
    "repeated column",
    "NaN",
    "infinity",
    "negative distance",
    "unsorted row",
)
#: The same, and what can be wrong with the graph as a whole.
GRAPH_FAULTS = (
    *ENTRY_FAULTS,
    "complex distances",
    "columns of 8 bits",
    "falling row ends",
    "entries missing",
)


def spoil(graph: SparseGraph, fault: str, entry: int, other: int) -> SparseGraph:
    """Copy of a graph with one fault, which scipy does not notice.

    ``entry`` is spoilt; ``other`` is a second entry of its row, neither of them the sample itself.
    """
    graph = graph.copy()
    match fault:
        case "column -1":
            graph.indices[entry] = -1
        case "column too large":
            graph.indices[entry] = graph.shape[1]
        case "repeated column":
            graph.indices[entry] = graph.indices[other]
        case "NaN":
            graph.data[entry] = np.nan
        case "infinity":
            graph.data[entry] = np.inf
        case "negative distance":
            graph.data[entry] = -1e-3
        case "unsorted row":
            near, far = sorted([entry, other])
            graph.data[far] = graph.data[near] / 2
        case "complex distances":
            graph.data = graph.data * (1 + 1e-9j)
        case "columns of 8 bits":
            graph.indices = graph.indices.astype(np.int8)
        case "falling row ends":
            graph.indptr[1] = graph.indptr[-1] + 1
        case "entries missing":
            graph.data = graph.data[:-1]
        case _:
            raise ValueError(f"fault must be one of {GRAPH_FAULTS}, got {fault!r}.")
    return graph


def refusal(call: Callable[..., Any], *args: Any) -> ValueError | TypeError | None:
    """Error by which a call refuses its input; None if it answers."""
    try:
        call(*args)
    except (ValueError, TypeError) as error:
        return error
    return None

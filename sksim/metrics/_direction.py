"""Whether greater or smaller values of a function are better, told by its name."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
from collections.abc import Callable

__all__ = ["GREATER_SUFFIXES", "LESS_SUFFIXES", "function_name", "greater_is_better"]

GREATER_SUFFIXES = ("_score", "_similarity")
LESS_SUFFIXES = ("_distance", "_divergence", "_error", "_loss")

#: Direction of the functions of this package whose name does not tell it.
_GREATER_IS_BETTER = {
    "alignment": False,
    "anisotropy": False,
    "disagreement_rate": False,
    "effective_rank": True,
    "information_imbalance": False,
    "isoscore": True,
    "matrix_nuclear_norm": True,
    "mean_correlation_coefficient": True,
    "minmax_normalized_disagreement": False,
    "participation_ratio": True,
    "stable_rank": True,
    "uniformity": False,
    "von_neumann_entropy": True,
}


def function_name(function: Callable) -> str:
    """Name of a function, of the function of a partial, or of the type of another callable."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", type(function).__name__)


def greater_is_better(function: Callable) -> bool | None:
    """Direction of a function or a partial of one; None if the name does not tell."""
    name = function_name(function)
    if name.endswith(GREATER_SUFFIXES):
        return True
    if name.endswith(LESS_SUFFIXES):
        return False
    return _GREATER_IS_BETTER.get(name)

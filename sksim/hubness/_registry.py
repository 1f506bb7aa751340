"""Reductions by name."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import re
from inspect import isabstract, isclass
from typing import Any

from sklearn.base import clone

from sksim import hubness
from sksim.hubness._adapter import TransformerReduction
from sksim.hubness._base import GraphReduction
from sksim.utils._names import unknown_name_error

__all__ = ["REDUCTIONS", "resolve_reduction"]


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


_FAMILY: list[type[GraphReduction]] = [
    cls for name, cls in vars(hubness).items() if name in hubness.__all__ and not isabstract(cls)
]

#: The public reductions by their usual names.
REDUCTIONS: dict[str, type[GraphReduction]] = {
    cls.short_name or _snake_case(cls.__name__): cls for cls in _FAMILY
}


def resolve_reduction(reduction: Any) -> GraphReduction | None:
    """Unfitted reduction of a name, a reduction or another transformer; None stays None.

    Parameters
    ----------
    reduction : str, estimator or None
        A key of ``REDUCTIONS``, the name of its class with underscores, a reduction, which is
        cloned, or any transformer from graph to graph, which is adapted.

    Returns
    -------
    reduction : GraphReduction or None
        A new, unfitted estimator.
    """
    if reduction is None:
        return None
    if isinstance(reduction, str):
        full_names = {_snake_case(cls.__name__): cls for cls in _FAMILY}
        if reduction not in {**REDUCTIONS, **full_names}:
            accepted = "a transformer from graph to graph or None"
            raise unknown_name_error("reduction", reduction, REDUCTIONS, or_else=accepted)
        return {**REDUCTIONS, **full_names}[reduction]()
    if isinstance(reduction, GraphReduction):
        return clone(reduction)
    if isclass(reduction) or not (hasattr(reduction, "fit") and hasattr(reduction, "transform")):
        got = f"the class {reduction.__name__}" if isclass(reduction) else type(reduction).__name__
        raise TypeError(
            "reduction must be a name, a transformer from graph to graph (with fit and transform) "
            f"or None, got {got}."
        )
    return TransformerReduction(reduction)

"""Discovery of everything public: estimators, functions and displays."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import importlib
import inspect
from collections.abc import Callable
from typing import Any

from sklearn.base import BaseEstimator

import sksim

__all__ = ["all_displays", "all_estimators", "all_functions"]


def _public_objects() -> list[tuple[str, Any]]:
    """Pairs (name, object) of each public sub-package but utils, sorted by name."""
    found = {}
    for subpackage in sksim._SUBPACKAGES:
        if subpackage == "utils":
            continue
        module = importlib.import_module(f"sksim.{subpackage}")
        found.update({name: getattr(module, name) for name in module.__all__})
    return sorted(found.items())


def all_estimators() -> list[tuple[str, type]]:
    """List all public estimator classes, abstract bases left out.

    Returns
    -------
    estimators : list of (str, class)
        Name and class, sorted by name.

    Examples
    --------
    >>> from sksim.utils.discovery import all_estimators
    >>> "MutualProximity" in dict(all_estimators())
    True
    """
    return [
        (name, obj)
        for name, obj in _public_objects()
        if inspect.isclass(obj) and issubclass(obj, BaseEstimator) and not inspect.isabstract(obj)
    ]


def all_functions() -> list[tuple[str, Callable[..., Any]]]:
    """List all public functions.

    Returns
    -------
    functions : list of (str, function)
        Name and function, sorted by name.

    Examples
    --------
    >>> from sksim.utils.discovery import all_functions
    >>> "k_occurrence" in dict(all_functions())
    True
    """
    return [(name, obj) for name, obj in _public_objects() if inspect.isroutine(obj)]


def all_displays() -> list[tuple[str, type]]:
    """List all public display classes.

    Returns
    -------
    displays : list of (str, class)
        Name and class, sorted by name.

    Examples
    --------
    >>> from sksim.utils.discovery import all_displays
    >>> "KOccurrenceDisplay" in dict(all_displays())
    True
    """
    return [
        (name, obj)
        for name, obj in _public_objects()
        if inspect.isclass(obj) and name.endswith("Display")
    ]

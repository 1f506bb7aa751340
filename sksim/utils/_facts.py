"""Plain facts that are written beside weights: what a field may be, and which one is wrong."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
import reprlib
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np

__all__ = [
    "OF_TRAINING",
    "Fields",
    "are_names",
    "are_numbers",
    "are_rows",
    "are_sizes",
    "fields_problem",
    "is_integer",
    "is_number_type",
    "is_plain",
    "plain",
]

#: What each field must be, in words and as a test; a dot leads into a dict.
Fields: TypeAlias = Mapping[str, tuple[str, Callable[[Any], bool]]]


def plain(value: Any) -> Any:
    """A value with NumPy's numbers and arrays as Python's, which are read without code."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return list(map(plain, value)) if isinstance(value, list) else value


def is_plain(value: Any, depth: int = 8) -> bool:
    """Whether it holds numbers, texts and None only; a forged file may hold a list in itself."""
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        return depth > 0 and all(is_plain(item, depth - 1) for item in value)
    return value is None or type(value) in (bool, int, float, str)


def is_integer(value: Any, low: float = -math.inf, high: float = math.inf) -> bool:
    return type(value) is int and low <= value <= high


def are_sizes(value: Any, lengths: tuple[int, ...]) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) in lengths
        and all(is_integer(n, 1, 2**40) for n in value)
    )


def are_numbers(value: Any, low: float = -math.inf) -> bool:
    """Whether it is a list of finite numbers above a bound."""
    return isinstance(value, list) and all(
        type(x) in (int, float) and low < x and abs(x) <= sys.float_info.max for x in value
    )


def are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def is_number_type(value: Any) -> bool:
    try:
        return isinstance(value, str) and np.dtype(value).kind in "biuf"
    except (TypeError, ValueError, SyntaxError):
        return False


def are_rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) and is_plain(row) for row in value)


#: What training leaves, for every kind of network.
OF_TRAINING: Fields = {
    "structure": (
        "texts by their names",
        lambda v: isinstance(v, dict) and are_names([*v, *v.values()]),
    ),
    "feature_names_in": ("a list of names", are_names),
    "history": ("a list of dicts of numbers, texts and None", are_rows),
}


def fields_problem(fields: Fields, facts: Mapping[str, Any]) -> str:
    """What is wrong with the facts, naming the field; empty if nothing is."""
    missing = object()
    for name, (expected, is_valid) in fields.items():
        place, _, key = name.rpartition(".")
        value = (facts[place] if place else facts).get(key, missing)
        if value is missing:
            return f"the field {name!r} is missing"
        if not is_valid(value):
            return f"the field {name!r} must be {expected}, got {reprlib.repr(value)}"
    return ""

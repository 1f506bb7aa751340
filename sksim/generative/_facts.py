"""The facts that are written beside the weights of a diffusion estimator, and what they may be."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import itertools
import math
import reprlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sksim.generative._data import _MOST_LEVELS

__all__ = ["facts_problem", "plain"]


def plain(value: Any) -> Any:
    """A value with NumPy's numbers and arrays as Python's, which are read without code."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return list(map(plain, value)) if isinstance(value, list) else value


def _is_plain(value: Any, depth: int = 8) -> bool:
    """Whether it holds numbers, texts and None only; a forged file may hold a list in itself."""
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        return depth > 0 and all(_is_plain(item, depth - 1) for item in value)
    return value is None or type(value) in (bool, int, float, str)


def _is_integer(value: Any, low: float = -math.inf, high: float = math.inf) -> bool:
    return type(value) is int and low <= value <= high


def _are_sizes(value: Any, lengths: tuple[int, ...]) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) in lengths
        and all(_is_integer(n, 1, 2**40) for n in value)
    )


def _are_numbers(value: Any, low: float = -math.inf) -> bool:
    """Whether it is a list of finite numbers above a bound."""
    return isinstance(value, list) and all(
        type(x) in (int, float) and low < x and abs(x) <= sys.float_info.max for x in value
    )


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_number_type(value: Any) -> bool:
    try:
        return isinstance(value, str) and np.dtype(value).kind in "biuf"
    except (TypeError, ValueError, SyntaxError):
        return False


def _are_rows(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(row, dict) and _is_plain(row) for row in value
    )


def _are_steps(value: Any) -> bool:
    if value is None:
        return True
    if not (isinstance(value, list) and len(value) == 2 and all(map(_are_numbers, value))):
        return False
    times, ratio = value
    return (
        len(times) == len(ratio) + 1 > 1
        and (times[0], times[-1]) == (0, 1)
        and all(s < t for s, t in itertools.pairwise(times))
        and min(ratio) > 0
    )


#: What each field must be, in words and as a test.
_FIELDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "second_moment": ("a number, not negative", lambda v: type(v) is float and 0 <= v < math.inf),
    "structure": (
        "texts by their names",
        lambda v: isinstance(v, dict) and _are_names([*v, *v.values()]),
    ),
    "feature_names_in": ("a list of names", _are_names),
    "history": (
        "a list of dicts of numbers, texts and None",
        lambda v: (
            isinstance(v, list) and all(isinstance(row, dict) and _is_plain(row) for row in v)
        ),
    ),
    "steps": ("None, or times from 0 to 1 and a positive ratio for each step", _are_steps),
    "data": ("a dict", lambda v: isinstance(v, dict)),
    "data.shape": ("one or three positive integers", lambda v: _are_sizes(v, (1, 3))),
    "data.image_shape": (
        "None, or two or three positive integers",
        lambda v: v is None or _are_sizes(v, (2, 3)),
    ),
    "data.as_images": ("True or False", lambda v: isinstance(v, bool)),
    "data.dtype": ("the name of a type of numbers", _is_number_type),
    "data.n_levels": (
        f"None, or an integer from 2 to {_MOST_LEVELS}",
        lambda v: v is None or _is_integer(v, 2, _MOST_LEVELS),
    ),
    "data.first_level": ("an integer of 64 bits", lambda v: _is_integer(v, -(2**63), 2**64 - 1)),
    "data.loc": (
        "a finite number, or one for each feature",
        lambda v: _are_numbers(v if isinstance(v, list) else [v]),
    ),
    "data.scale": (
        "a positive number, or one for each feature",
        lambda v: _are_numbers(v if isinstance(v, list) else [v], low=0),
    ),
}


def facts_problem(facts: Mapping[str, Any]) -> str:
    """What is wrong with the facts, naming the field; empty if nothing is."""
    missing = object()
    for name, (expected, is_valid) in _FIELDS.items():
        place, _, key = name.rpartition(".")
        value = (facts[place] if place else facts).get(key, missing)
        if value is missing:
            return f"the field {name!r} is missing"
        if not is_valid(value):
            return f"the field {name!r} must be {expected}, got {reprlib.repr(value)}"
    data = facts["data"]
    unknown = sorted(map(str, {f"data.{key}" for key in data} - _FIELDS.keys()))
    if unknown:
        return f"the field {unknown[0]!r} is unknown"
    if data["as_images"] and data["image_shape"] is None:
        return "the field 'data.as_images' is True, but 'data.image_shape' is None"
    n_features = math.prod(data["shape"])
    for name, length in {
        "data.image_shape": math.prod(data["image_shape"] or [n_features]),
        "data.loc": len(data["loc"]) if isinstance(data["loc"], list) else n_features,
        "data.scale": len(data["scale"]) if isinstance(data["scale"], list) else n_features,
        "feature_names_in": len(facts["feature_names_in"]) or n_features,
    }.items():
        if length != n_features:
            return f"the field {name!r} has {length} entries, but 'data.shape' has {n_features}"
    return ""

"""The facts that are written beside the weights of a diffusion estimator, and what they may be."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import itertools
import math
from collections.abc import Mapping
from typing import Any

from sksim.generative._data import _MOST_LEVELS
from sksim.utils._facts import (
    OF_TRAINING,
    Fields,
    are_numbers,
    are_sizes,
    fields_problem,
    is_integer,
    is_number_type,
)

__all__ = ["facts_problem"]


def _are_steps(value: Any) -> bool:
    if value is None:
        return True
    if not (isinstance(value, list) and len(value) == 2 and all(map(are_numbers, value))):
        return False
    times, ratio = value
    return (
        len(times) == len(ratio) + 1 > 1
        and (times[0], times[-1]) == (0, 1)
        and all(s < t for s, t in itertools.pairwise(times))
        and min(ratio) > 0
    )


#: What each field must be, in words and as a test.
_FIELDS: Fields = {
    "second_moment": ("a number, not negative", lambda v: type(v) is float and 0 <= v < math.inf),
    **OF_TRAINING,
    "steps": ("None, or times from 0 to 1 and a positive ratio for each step", _are_steps),
    "data": ("a dict", lambda v: isinstance(v, dict)),
    "data.shape": ("one or three positive integers", lambda v: are_sizes(v, (1, 3))),
    "data.image_shape": (
        "None, or two or three positive integers",
        lambda v: v is None or are_sizes(v, (2, 3)),
    ),
    "data.as_images": ("True or False", lambda v: isinstance(v, bool)),
    "data.dtype": ("the name of a type of numbers", is_number_type),
    "data.n_levels": (
        f"None, or an integer from 2 to {_MOST_LEVELS}",
        lambda v: v is None or is_integer(v, 2, _MOST_LEVELS),
    ),
    "data.first_level": ("an integer of 64 bits", lambda v: is_integer(v, -(2**63), 2**64 - 1)),
    "data.loc": (
        "a finite number, or one for each feature",
        lambda v: are_numbers(v if isinstance(v, list) else [v]),
    ),
    "data.scale": (
        "a positive number, or one for each feature",
        lambda v: are_numbers(v if isinstance(v, list) else [v], low=0),
    ),
}


def facts_problem(facts: Mapping[str, Any]) -> str:
    """What is wrong with the facts, naming the field; empty if nothing is."""
    problem = fields_problem(_FIELDS, facts)
    if problem:
        return problem
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
    image_shape = facts["structure"].get("image_shape")
    if image_shape not in (None, repr(data["image_shape"])):
        return (
            f"the field 'data.image_shape' is {data['image_shape']}, but "
            f"'structure.image_shape' is {image_shape}"
        )
    return ""

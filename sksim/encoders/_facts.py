"""The facts that are written beside the weights of an encoder, and what they may be."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping
from typing import Any

from sksim.encoders._scaling import LIKELIHOODS
from sksim.utils._facts import OF_TRAINING, Fields, are_numbers, fields_problem

__all__ = ["facts_problem"]

_FIELDS: Fields = {
    "estimator": ("the name of an estimator", lambda v: isinstance(v, str)),
    **OF_TRAINING,
    "likelihood": (f"one of {LIKELIHOODS}", lambda v: v in LIKELIHOODS),
    "loc": ("a finite number for each feature", are_numbers),
    "scale": ("a positive number for each feature", lambda v: are_numbers(v, low=0)),
}


def facts_problem(facts: Mapping[str, Any]) -> str:
    """What is wrong with the facts, naming the field; empty if nothing is."""
    problem = fields_problem(_FIELDS, facts)
    if problem:
        return problem
    n_features = len(facts["loc"])
    for name, length in {
        "scale": len(facts["scale"]),
        "feature_names_in": len(facts["feature_names_in"]) or n_features,
    }.items():
        if length != n_features:
            return f"the field {name!r} has {length} entries, but 'loc' has {n_features}"
    return "" if n_features else "the field 'loc' is empty"

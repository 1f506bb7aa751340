"""What the distances of this family take, said in one place to callers who pass something else."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import inspect
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sksim.utils._sklearn import InvalidParameterError

__all__ = [
    "EMBEDDING_CONSTRAINTS",
    "LOG_PROBABILITY_CONSTRAINTS",
    "of_embeddings",
    "of_labels",
    "of_log_probabilities",
]

P = ParamSpec("P")
R = TypeVar("R")

LOG_PROBABILITY_CONSTRAINTS = {"log_p": ["array-like"], "log_q": ["array-like"]}
EMBEDDING_CONSTRAINTS = {name: ["array-like"] for name in ("f1", "g1", "f2", "g2")}


def _takes(function: Callable[P, R], what: str, advice: str) -> Callable[P, R]:
    """Refuse estimators and surplus arguments by saying what the function takes instead."""
    name = function.__name__
    parameters = inspect.signature(function).parameters.values()
    arrays = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        given = [*args, *(kwargs[array] for array in arrays if array in kwargs)]
        models = any(hasattr(value, "fit") or hasattr(value, "predict") for value in given)
        if models or len(args) > len(arrays):
            raise InvalidParameterError(
                f"{name} takes {len(arrays)} arrays, {', '.join(arrays)}: {what}; everything else "
                f"is passed by name. Got {', '.join(type(value).__name__ for value in given)}. "
                + advice.format(name=name)
            )
        return function(*args, **kwargs)

    return checked


def of_log_probabilities(distance: Callable[P, R]) -> Callable[P, R]:
    """Say how to come from two classifiers to a distance between their distributions."""
    return _takes(
        distance,
        "log-probabilities, one row an input and one column a label",
        "For two fitted classifiers use {name}(*aligned_log_probabilities([model_a, model_b], X)), "
        "or make_distribution_scorer({name}, reference=model_a) for model selection.",
    )


def of_embeddings(distance: Callable[P, R]) -> Callable[P, R]:
    """Say how to come from two models to a distance between their embeddings."""
    return _takes(
        distance,
        "embeddings f, one row an input, and unembeddings g, one row a label",
        "Of a fitted EmbeddingClassifier these are model.transform(X) and model.unembeddings_.",
    )


def of_labels(measure: Callable[P, R]) -> Callable[P, R]:
    """Say how to come from two classifiers to a comparison of their predictions."""
    return _takes(
        measure,
        "labels, one a sample",
        "For two fitted classifiers use model.predict(X) of each.",
    )

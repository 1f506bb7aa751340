"""Weights of encoders in files that are safe to read."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import os
from collections.abc import Callable, Mapping
from typing import Any, Self

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.encoders._scaling import LIKELIHOODS, Scaling
from sksim.utils._facts import (
    Fields,
    are_names,
    are_numbers,
    are_rows,
    fields_problem,
    plain,
)
from sksim.utils._optional import require_torch

__all__ = ["WeightsMixin", "as_text", "differences"]

_FIELDS: Fields = {
    "estimator": ("the name of an estimator", lambda v: isinstance(v, str)),
    "structure": (
        "texts by their names",
        lambda v: isinstance(v, dict) and are_names([*v, *v.values()]),
    ),
    "feature_names_in": ("a list of names", are_names),
    "history": ("a list of dicts of numbers, texts and None", are_rows),
    "likelihood": (f"one of {LIKELIHOODS}", lambda v: v in LIKELIHOODS),
    "loc": ("a finite number for each feature", are_numbers),
    "scale": ("a positive number for each feature", lambda v: are_numbers(v, low=0)),
}


def _facts_problem(facts: dict[str, Any]) -> str:
    """What is wrong with the facts, naming the field; empty if nothing is."""
    problem = fields_problem(_FIELDS, facts)
    if problem:
        return problem
    n_features = len(facts["loc"])
    for name in ("scale", "feature_names_in"):
        if len(facts[name]) not in ({n_features} if name == "scale" else {0, n_features}):
            return f"the field {name!r} has {len(facts[name])} entries, but 'loc' has {n_features}"
    return "" if n_features else "the field 'loc' is empty"


def as_text(network: type, structure: Mapping[str, Any]) -> dict[str, str]:
    """What a network is and is built from, as it is written and compared."""
    values = {name: repr(value) for name, value in structure.items()}
    return {"network": network.__name__} | values


def differences(ours: Mapping[str, str], theirs: Mapping[str, str]) -> str:
    """In what two networks, as text, differ: a phrase, empty if in nothing."""
    return ", ".join(
        f"{name} ({value}, not {theirs.get(name)})"
        for name, value in ours.items()
        if value != theirs.get(name)
    )


class WeightsMixin(SksimEstimator):
    """Writing and reading of the trained model, for a :class:`BaseEncoder`."""

    _scaling: Scaling
    _built_from: dict[str, str]
    _structure: Callable[..., dict[str, Any]]
    _network_class: Any
    _make_net: Callable[..., tuple[Any, Any]]
    _set_state: Callable[..., None]
    _set_history: Callable[..., None]
    likelihood_: str
    net_: Any
    history_: list[dict[str, Any]]

    def save_weights(self, path: str | os.PathLike[str]) -> None:
        """Write the trained model to a file that holds tensors and plain values only.

        Unlike a pickle, the file runs no code when it is read. It is there whole or not at all,
        and a checksum covers each of its bytes.

        Parameters
        ----------
        path : str or path-like
            The file. A link is followed; the permissions of an earlier file are kept.

        Raises
        ------
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If the model could not be read back: a weight is NaN or infinite, or a callback left
            something else than plain values in ``history_``.
        OSError
            If the file cannot be written; ``filename`` is ``path``.
        """
        check_is_fitted(self, "net_")
        from sksim._torch._weights import write_weights

        facts = plain(
            {
                "estimator": type(self).__name__,
                "structure": self._built_from,
                "feature_names_in": list(getattr(self, "feature_names_in_", [])),
                "history": self.history_,
                "likelihood": self.likelihood_,
                "loc": self._scaling.loc,
                "scale": self._scaling.scale,
            }
        )
        problem = _facts_problem(facts)
        if problem:
            raise ValueError(f"Nothing was written to {path}: {problem}.")
        write_weights(self.net_.module_, facts, path, kind="encoder")

    def load_weights(self, path: str | os.PathLike[str]) -> Self:
        """Read a file of :meth:`save_weights` into an estimator with the same parameters.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        self : object
            The estimator, fitted. Further training starts with a fresh optimizer.

        Raises
        ------
        ValueError
            If the file is another one, was damaged, edited or cut after it was written, holds
            code, or a field that is missing or impossible, which is named; or if it was written
            by another estimator, or one whose parameters make another network. The estimator is
            left as it was.
        OSError
            If there is no file that can be read.
        """
        self._validate_params()
        require_torch(self)
        from sksim._torch._weights import InvalidFileError, load_state, read_weights

        state = read_weights(path, kind="encoder")
        problem = _facts_problem(state)
        if problem:
            raise InvalidFileError(f"{path} cannot be used: {problem}.")
        if state["estimator"] != type(self).__name__:
            raise ValueError(
                f"The weights in {path} are those of {state['estimator']}, not of "
                f"{type(self).__name__}."
            )
        scaling = Scaling(np.array(state["loc"], float), np.array(state["scale"], float))
        structure = self._structure(len(scaling.loc), state["likelihood"])
        changed = differences(as_text(self._network_class, structure), state["structure"])
        if changed:
            raise ValueError(f"The weights in {path} do not fit the parameters: {changed}.")
        net, stream = self._make_net(
            structure, check_random_state(self.random_state), validates=False
        )
        load_state(net.module_, state["weights"], path)
        self._set_state(scaling, state["likelihood"], structure, net, stream)
        self.n_features_in_ = len(scaling.loc)
        if state["feature_names_in"]:
            self.feature_names_in_ = np.array(state["feature_names_in"], dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self._set_history(state["history"])
        return self

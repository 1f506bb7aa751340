"""Weights of diffusion estimators in files that are safe to read."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import asdict

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sksim.generative._data import DataMap
from sksim.utils._optional import import_optional

__all__ = ["WeightsMixin", "as_text", "differences", "import_torch"]

# What a file of weights leaves open: the process of training, and the speed.
_OPEN = {"n_steps", "ratio", "precision", "compile", "ema_decay"}


def import_torch(estimator) -> None:
    """ImportError that names the extra, if torch or skorch is missing."""
    for package in ("torch", "skorch"):
        import_optional(package, extra="torch", purpose=type(estimator).__name__)


def as_text(values: dict) -> dict[str, str]:
    """Values that can be compared and written: names of classes, else ``repr``."""
    return {k: v.__name__ if isinstance(v, type) else repr(v) for k, v in values.items()}


def differences(ours: dict[str, str], theirs: dict[str, str], leave_out=frozenset()) -> str:
    """The entries that differ, as a phrase; empty if none does."""
    names = [name for name in ours if name not in leave_out and ours[name] != theirs.get(name)]
    return ", ".join(f"{name} ({ours[name]}, not {theirs.get(name)})" for name in names)


class WeightsMixin:
    """Writing and reading of the trained model."""

    def save_weights(self, path):
        """Write the trained model to a file that holds tensors and plain values only.

        Unlike a pickle, the file runs no code when it is read.

        Parameters
        ----------
        path : str or path-like
            The file.
        """
        check_is_fitted(self, "net_")
        from sksim._torch._weights import write_weights

        steps = self._steps()
        facts = {
            "data": asdict(self._data),
            "second_moment": self._second_moment,
            "structure": self._built_from,
            "feature_names_in": list(getattr(self, "feature_names_in_", [])),
            "history": self.history_,
            "steps": None if steps is None else [part.tolist() for part in steps],
        }
        write_weights(self.net_.module_, facts, path)

    def load_weights(self, path):
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
            If the file is another one, or was written by an estimator whose parameters make
            another network of the same weights.
        """
        self._validate_params()
        import_torch(self)
        from sksim._torch._weights import load_state, read_weights

        state = read_weights(path)
        data, moment = DataMap(**state["data"]), state["second_moment"]
        changed = differences(self._structure(data, moment), state["structure"], _OPEN)
        if changed:
            raise ValueError(f"The weights in {path} do not fit the parameters: {changed}.")
        rng = check_random_state(self.random_state)
        net, stream = self._make_net(data, moment, rng, validates=False)
        load_state(net.module_, state["weights"], path)
        self._set_state(data, moment, net, stream)
        self.n_features_in_ = data.n_features
        self.history_, self.n_iter_ = state["history"], len(state["history"])
        if hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        if state["feature_names_in"]:
            self.feature_names_in_ = np.array(state["feature_names_in"], dtype=object)
        if state["steps"] is not None:
            self.step_times_, self.variance_ratio_ = map(np.array, state["steps"])
        return self

"""Weights of diffusion estimators in files that are safe to read."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import os
from dataclasses import asdict
from typing import Self

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.generative._data import DataMap
from sksim.generative._facts import facts_problem
from sksim.utils._facts import plain
from sksim.utils._optional import require_torch
from sksim.utils._typing import FloatArray

__all__ = ["WeightsMixin"]


class WeightsMixin(SksimEstimator):
    """Writing and reading of the trained model, for a :class:`BaseDiffusion`."""

    step_times_: FloatArray | None
    variance_ratio_: FloatArray | None

    def save_weights(self, path: str | os.PathLike[str]) -> None:
        """Write the trained model to a file that holds tensors and plain values only.

        Unlike a pickle, the file runs no code when it is read. It is there whole or not at all:
        an error, a full disk, a kill or a second writer leaves the earlier file, or a whole one.
        A checksum covers each of its bytes.

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

        Notes
        -----
        Memory: a copy of the weights. A process that is killed while it writes may leave a
        hidden file ``.name.*.tmp`` beside ``path``; the next call that is an hour later or more
        removes it.
        """
        check_is_fitted(self, "net_")
        from sksim._torch._weights import write_weights

        steps = self._steps()
        facts = plain(
            {
                "data": asdict(self._data),
                "second_moment": self._second_moment,
                "structure": self._built_from,
                "feature_names_in": list(getattr(self, "feature_names_in_", [])),
                "history": self.history_,
                "steps": None if steps is None else list(steps),
            }
        )
        problem = facts_problem(facts)
        if problem:
            raise ValueError(f"Nothing was written to {path}: {problem}.")
        write_weights(self.net_.module_, facts, path, kind="diffusion")

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
            code, or a field that is missing or impossible, which is named, such as weights that
            are not finite; or if it was written by an estimator whose parameters make another
            network of the same weights. The estimator is left as it was.
        OSError
            If there is no file that can be read.

        Notes
        -----
        Files of earlier releases, without a checksum, can be read: of them the content of each
        part is compared with its CRC-32.
        """
        self._validate_params()
        require_torch(self)
        from sksim._torch._weights import InvalidFileError, load_state, read_weights
        from sksim._torch.diffusion._spec import OF_TRAINING

        state = read_weights(path, kind="diffusion")
        problem = facts_problem(state)
        if problem:
            raise InvalidFileError(f"{path} cannot be used: {problem}.")
        data = DataMap(**state["data"])
        spec = self._make_spec(data, state["second_moment"])
        changed = spec.differences(state["structure"], OF_TRAINING)
        if changed:
            raise ValueError(f"The weights in {path} do not fit the parameters: {changed}.")
        if data.image_shape != spec.image_shape:
            raise InvalidFileError(
                f"{path} cannot be used: the field 'data.image_shape' is {data.image_shape}, but "
                f"'structure.image_shape' is {spec.image_shape}."
            )
        net, stream = self._make_net(spec, check_random_state(self.random_state), validates=False)
        load_state(net.module_, state["weights"], path)
        self._set_state(data, spec, net, stream)
        self.n_features_in_ = data.n_features
        self.history_, self.n_iter_ = state["history"], len(state["history"])
        if state["feature_names_in"]:
            self.feature_names_in_ = np.array(state["feature_names_in"], dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        if state["steps"] is not None:
            times, ratio = state["steps"]
            self.step_times_, self.variance_ratio_ = np.array(times), np.array(ratio)
        return self

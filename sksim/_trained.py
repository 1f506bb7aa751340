"""The life of an estimator whose network learns a representation.

Validate, scale, make the net, train, go on, and the way into files of weights and back. The
families :mod:`sksim.encoders` and :mod:`sksim.generative` stand on it; each says how its rows
become network input, what its network is built from, and which facts of its data a file holds.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import abc
import os
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.utils._facts import plain
from sksim.utils._optional import require_torch
from sksim.utils._sklearn import Interval
from sksim.utils._typing import AnyArray, ArrayLike, FloatArray, RandomState

__all__ = ["TrainedEstimator"]

_PATIENCE = 10
_VALIDATION_FRACTION = 0.1


class TrainedEstimator(
    ClassNamePrefixFeaturesOutMixin, TransformerMixin, SksimEstimator, metaclass=abc.ABCMeta
):
    """A transformer whose ``net_`` is trained; a family fills in the abstract methods.

    Its data map, made from the first training rows, is how rows become network input: an object
    with ``to_network``, ``n_features``, ``likelihood``, ``loc`` and ``scale``. Its specification is
    a :class:`sksim._torch._spec.Spec`.
    """

    max_epochs: int
    batch_size: int
    lr: float
    weight_decay: float
    validation_fraction: float | None
    early_stopping: bool
    device: str
    callbacks: Sequence[Any] | None
    checkpoint: str | os.PathLike[str] | None
    checkpoint_minutes: float
    warm_start: bool
    verbose: int
    random_state: RandomState

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "early_stopping": ["boolean"],
        "device": [str],
        "callbacks": [list, tuple, None],
        "checkpoint": [str, os.PathLike, None],
        "checkpoint_minutes": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    #: Kind of the files of weights.
    _kind: ClassVar[str]
    #: What to do instead of going on with another network.
    _instead: ClassVar[str] = "Fit a clone."

    # What a family says.

    @abc.abstractmethod
    def _validate_rows(self, X: ArrayLike, *, reset: bool) -> AnyArray:
        """Rows (n, n_features) in their own type."""

    @abc.abstractmethod
    def _map_data(self, X: ArrayLike, rows: AnyArray, known: Any) -> Any:
        """The data map of training rows: the known one, if there is one and it can hold them."""

    def _targets(self, rows: AnyArray, y: Any) -> AnyArray | None:
        """What the loss needs beside the rows."""
        return None

    @abc.abstractmethod
    def _make_spec(self, data: Any) -> Any:
        """What the network is built from, for the present parameters."""

    @abc.abstractmethod
    def _settings(self) -> dict[str, Any]:
        """Parameters beside those of every training that may change from one to the next."""

    @abc.abstractmethod
    def _build(self, spec: Any, training: Any, **parameters: Any) -> Any:
        """The net, initialised."""

    @abc.abstractmethod
    def _facts(self) -> dict[str, Any]:
        """Plain facts about the data, for a file of weights."""

    @abc.abstractmethod
    def _facts_problem(self, facts: Mapping[str, Any]) -> str:
        """What is wrong with the facts of a file, naming the field; empty if nothing is."""

    @abc.abstractmethod
    def _map_of_facts(self, facts: Mapping[str, Any]) -> Any:
        """The data map that sound facts describe."""

    # Make the net.

    def _training(self, *, validates: bool) -> Any:
        """What may change from one training to the next."""
        from sksim._torch._net import Training

        return Training(
            lr=self.lr,
            weight_decay=self.weight_decay,
            batch_size=self.batch_size,
            verbose=self.verbose,
            monitor="valid_loss" if validates else "train_loss",
            patience=_PATIENCE if self.early_stopping and validates else None,
            settings=self._settings(),
        )

    def _make_net(
        self, spec: Any, rng: np.random.RandomState, *, validates: bool
    ) -> tuple[Any, Any]:
        """The net, initialised, and the random stream of its training."""
        from sksim._torch._random import RandomStream
        from sksim._torch._training import resolve_device

        device = resolve_device(self.device)
        stream = RandomStream(rng, device)
        with stream.active(foreign=True):
            net = self._build(
                spec,
                self._training(validates=validates),
                max_epochs=self.max_epochs,
                device=device,
                callbacks=self.callbacks,
            )
        return net, stream

    def _set_state(self, data: Any, spec: Any, net: Any, stream: Any) -> None:
        """Set the attributes that the first training data determine."""
        self._data, self._stream, self.net_ = data, stream, net
        self._built_from = spec.as_text()  # what it is now, whatever becomes of the parameters
        self.loc_, self.scale_, self.likelihood_ = data.loc, data.scale, data.likelihood

    # Train.

    def _begin(
        self, data: Any, x: FloatArray, rng: np.random.RandomState, *, validates: bool
    ) -> None:
        """Set up a new net for training on x."""
        spec = self._make_spec(data)
        self._set_state(data, spec, *self._make_net(spec, rng, validates=validates))

    def _go_on(self, *, validates: bool) -> None:
        """Take over the settings of training; ValueError if the network would be another one."""
        changed = self._make_spec(self._data).differences(self._built_from)
        if changed:
            raise ValueError(f"Training cannot go on with another {changed}. {self._instead}")
        self.net_.go_on(self._training(validates=validates))

    def _train_on(
        self, X: ArrayLike, y: Any, epochs: int, *, resume: bool, holds_out: bool
    ) -> Self:
        """Some epochs, of a new net or of the present one."""
        require_torch(self)
        from sksim._torch._checkpoint import make_checkpoint

        rng = check_random_state(self.random_state)
        rows = self._validate_rows(X, reset=not resume)
        targets = self._targets(rows, y)
        data = self._map_data(X, rows, self._data if resume else None)
        x = data.to_network(rows, np.float32)
        (x, targets), held_out = self._split(x, targets, rng, holds_out=holds_out)
        if resume:
            self._go_on(validates=held_out is not None)
        else:
            self._begin(data, x, rng, validates=held_out is not None)
        checkpoint = None
        if holds_out and not resume:
            told = [rows, x, targets, *(held_out or ())]
            checkpoint = make_checkpoint(self, self.net_, self._stream, told)
        try:
            self.net_.train_on(
                self._stream, (x, targets), held_out, epochs=epochs, checkpoint=checkpoint
            )
        finally:  # what training leaves behind if it diverges or is interrupted, too
            self._finish(x, rng)
        return self

    def _split(
        self, x: FloatArray, y: AnyArray | None, rng: np.random.RandomState, *, holds_out: bool
    ) -> tuple[tuple[FloatArray, AnyArray | None], tuple[FloatArray, AnyArray | None] | None]:
        """The rows to train on, and those that are held out, if any are to be."""
        fraction = self.validation_fraction
        if fraction is None and self.early_stopping:
            fraction = _VALIDATION_FRACTION
        if fraction is None or not holds_out:
            return (x, y), None
        from sksim._torch._training import hold_out

        train, valid = (
            (x[part], None if y is None else y[part]) for part in hold_out(len(x), fraction, rng)
        )
        return train, valid

    def _finish(self, x: FloatArray, rng: np.random.RandomState) -> None:
        """Set what the training on x determines."""
        from sksim._torch._training import epoch_history

        self._set_history(epoch_history(self.net_))

    def _set_history(self, history: list[dict[str, Any]]) -> None:
        self.history_, self.n_iter_ = history, len(history)

    # Use.

    def _network_rows(self, X: ArrayLike) -> tuple[FloatArray, AnyArray]:
        """Network input and rows of new data."""
        check_is_fitted(self, "net_")
        rows = self._validate_rows(X, reset=False)
        return self._data.to_network(rows), rows

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "net_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    # Files.

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

        facts = plain(
            {
                "structure": self._built_from,
                "feature_names_in": list(getattr(self, "feature_names_in_", [])),
                "history": self.history_,
                **self._facts(),
            }
        )
        problem = self._facts_problem(facts)
        if problem:
            raise ValueError(f"Nothing was written to {path}: {problem}.")
        write_weights(self.net_.module_, facts, path, kind=self._kind)

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
            are not finite; or if it was written by another estimator, or one whose parameters
            make another network, be it of the same weights. The estimator is left as it was.
        OSError
            If there is no file that can be read.

        Notes
        -----
        Files of diffusion models by earlier releases, without a checksum, can be read: of them the
        content of each part is compared with its CRC-32.
        """
        self._validate_params()
        require_torch(self)
        from sksim._torch._weights import InvalidFileError, load_state, read_weights

        facts = read_weights(path, kind=self._kind)
        problem = self._facts_problem(facts)
        if problem:
            raise InvalidFileError(f"{path} cannot be used: {problem}.")
        name = type(self).__name__
        writer = facts.get("estimator", name)  # else the structure tells
        if writer != name:
            raise ValueError(f"The weights in {path} are those of {writer}, not of {name}.")
        data = self._map_of_facts(facts)
        spec = self._make_spec(data)
        changed = spec.differences(facts["structure"], spec.of_training)
        if changed:
            raise ValueError(f"The weights in {path} do not fit the parameters: {changed}.")
        net, stream = self._make_net(spec, check_random_state(self.random_state), validates=False)
        load_state(net.module_, facts["weights"], path)
        self._set_state(data, spec, net, stream)
        self._set_facts(facts)
        return self

    def _set_facts(self, facts: Mapping[str, Any]) -> None:
        """Set what a file tells beside the data map and the weights."""
        self._set_history(facts["history"])
        self.n_features_in_ = self._data.n_features
        if facts["feature_names_in"]:
            self.feature_names_in_ = np.array(facts["feature_names_in"], dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

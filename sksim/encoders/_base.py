"""The life of an encoder: validate, scale, make the net, train, encode; and back."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from sksim.encoders._parameters import EncoderParameters
from sksim.encoders._scaling import Scaling, for_likelihood
from sksim.encoders._weights import WeightsMixin, as_text, differences
from sksim.utils._arrays import check_named_array, validate_named_data
from sksim.utils._networks import layer_sizes
from sksim.utils._optional import require_torch
from sksim.utils._sklearn import StrOptions, _fit_context
from sksim.utils._typing import AnyArray, ArrayLike, FloatArray

__all__ = ["BaseAutoencoder", "BaseEncoder", "DeepAutoencoder"]

_DTYPES = [np.float64, np.float32]
_PATIENCE = 10
_BLOCK_ROWS = 1024
_VALIDATION_FRACTION = 0.1


class BaseEncoder(
    WeightsMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    EncoderParameters,
    metaclass=abc.ABCMeta,
):
    """The life of the estimators; a subclass says what its network is and how rows are scaled.

    Its network class, of ``sksim._torch.autoencoder``, is built from the structure, which is
    fixed by the first fit, and the settings, which later fits may change.
    """

    @property
    @abc.abstractmethod
    def _network_class(self) -> Any:
        """The class of the network."""

    @abc.abstractmethod
    def _structure(self, n_features: int, likelihood: str) -> dict[str, Any]:
        """Arguments of the network that determine its weights."""

    def _settings(self) -> dict[str, Any]:
        """Arguments of the network, and attributes, that further training may change."""
        return {}

    @abc.abstractmethod
    def _scale(self, rows: FloatArray, known: str | None) -> tuple[Scaling, str]:
        """The scaling of the training rows, and their likelihood, unless that is known."""

    def _targets(self, rows: FloatArray, y: Any) -> AnyArray | None:
        """What the loss needs beside the rows."""
        return None

    def _optimizer(self) -> dict[str, Any]:
        """Further parameters of the net: those of the optimizer."""
        return {}

    def _prepare(self, x: FloatArray) -> None:
        """What the new network takes from the training rows."""
        self.net_.module_.mean.copy_(self.net_.module_.mean.new_tensor(x.mean(axis=0)))

    # Validate.

    def _validate_rows(self, X: ArrayLike, *, reset: bool) -> FloatArray:
        """Rows (n, n_features) in their own floating type."""
        return validate_named_data(
            self, X, reset=reset, dtype=_DTYPES, ensure_min_samples=2 if reset else 1
        )

    def _network_rows(self, X: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Network input and rows of new data."""
        check_is_fitted(self, "net_")
        rows = self._validate_rows(X, reset=False)
        return self._scaling.to_network(rows), rows

    # Make the net.

    def _training(self, *, validates: bool) -> Any:
        """What may change from one training to the next."""
        from sksim._torch.autoencoder._net import Training

        return Training(
            lr=self.lr,
            weight_decay=self.weight_decay,
            batch_size=self.batch_size,
            verbose=self.verbose,
            monitor="valid_loss" if validates else "train_loss",
            patience=_PATIENCE if self.early_stopping and validates else None,
        )

    def _make_net(
        self, structure: dict[str, Any], rng: np.random.RandomState, *, validates: bool
    ) -> tuple[Any, Any]:
        """The net, initialised, and the random stream of its training."""
        from sksim._torch._random import RandomStream
        from sksim._torch._training import resolve_device
        from sksim._torch.autoencoder._net import make_encoder_net

        device = resolve_device(self.device)
        stream = RandomStream(rng, device)
        with stream.active(foreign=True):
            net = make_encoder_net(
                self._network_class,
                {**structure, **self._settings()},
                self._training(validates=validates),
                max_epochs=self.max_epochs,
                device=device,
                callbacks=self.callbacks,
                **self._optimizer(),
            )
        return net, stream

    def _set_state(
        self, scaling: Scaling, likelihood: str, structure: dict[str, Any], net: Any, stream: Any
    ) -> None:
        """Set the attributes that the first training data determine."""
        self._scaling, self._stream, self.net_ = scaling, stream, net
        self._built_from = as_text(self._network_class, structure)
        self.loc_, self.scale_, self.likelihood_ = scaling.loc, scaling.scale, likelihood

    def _resume(self, *, validates: bool) -> None:
        """Take over the settings of training; ValueError if the network would be another one."""
        from sksim._torch.autoencoder._net import update_encoder_net

        structure = self._structure(self.n_features_in_, self.likelihood_)
        changed = differences(as_text(self._network_class, structure), self._built_from)
        if changed:
            raise ValueError(f"Training cannot go on with another {changed}. Fit a clone.")
        update_encoder_net(self.net_, self._training(validates=validates), self._settings())

    def _set_history(self, history: list[dict[str, Any]]) -> None:
        self.history_ = history
        self.n_iter_ = len(history)

    # Train.

    def _train_on(self, X: ArrayLike, y: Any, epochs: int, *, resume: bool, holds_out: bool) -> Any:
        """Some epochs, of a new net or of the present one."""
        require_torch(self)
        from sksim._torch._checkpoint import make_checkpoint
        from sksim._torch._training import epoch_history, hold_out, validation_split

        rng = check_random_state(self.random_state)
        rows = self._validate_rows(X, reset=not resume)
        targets = self._targets(rows, y)
        scaling, likelihood = self._scale(rows, self.likelihood_ if resume else None)
        if resume:
            scaling = self._scaling
        structure = self._structure(rows.shape[1], likelihood)
        x = scaling.to_network(rows).astype(np.float32)
        fraction = self.validation_fraction if holds_out else None
        if holds_out and fraction is None and self.early_stopping:
            fraction = _VALIDATION_FRACTION
        train, valid = hold_out(len(x), fraction, rng)
        if resume:
            self._resume(validates=len(valid) > 0)
        else:
            net, stream = self._make_net(structure, rng, validates=len(valid) > 0)
            self._set_state(scaling, likelihood, structure, net, stream)
            with stream.active(foreign=True):
                self._prepare(x[train])
        checkpoint = None
        if holds_out and not resume:
            checkpoint = make_checkpoint(self, self.net_, self._stream, [rows, targets, valid])

        def part(which: AnyArray) -> tuple[FloatArray, AnyArray | None]:
            return x[which], None if targets is None else targets[which]

        split = validation_split(*part(valid)) if len(valid) else None
        self.net_.set_params(train_split=split)
        try:
            with self._stream.active(foreign=self.net_.draws_on_its_own()):
                self.net_.partial_fit(*part(train), epochs=epochs, checkpoint=checkpoint)
        finally:
            self.net_.set_params(train_split=None)  # keeps no rows
            self._set_history(epoch_history(self.net_))
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Train the encoder.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training data, two rows or more.
        y : Ignored
            Present for the interface.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            For data that the likelihood cannot hold; with ``warm_start``, for parameters that
            make another network.
        FloatingPointError
            If the loss becomes infinite or NaN. The estimator then holds the best weights
            before that, and can be used.
        KeyboardInterrupt
            At Ctrl-C, after the present step. The estimator can be used, and goes on with
            ``warm_start=True``.

        Warns
        -----
        ConvergenceWarning
            If the loss ends far above its start.
        """
        resume = self.warm_start and hasattr(self, "net_")
        return self._train_on(X, y, self.max_epochs, resume=resume, holds_out=True)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Train for one more pass over ``X``.

        The first call fixes the scaling and the network; later ones go on with the present
        ``lr``, ``batch_size`` and so on. No rows are set aside for validation.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data.
        y : Ignored
            Present for the interface.

        Returns
        -------
        self : object
            The fitted estimator.
        """
        return self._train_on(X, y, 1, resume=hasattr(self, "net_"), holds_out=False)

    # Encode.

    def _infer(self, function: Callable[..., Any], x: FloatArray) -> FloatArray:
        """``function(model, rows)`` of network rows, in float64 and in blocks."""
        from sksim._torch._exact import exact_copy, in_blocks

        model = exact_copy(self.net_.module_)
        for name, value in self._settings().items():
            setattr(model, name, value)
        return in_blocks(lambda rows: function(model, rows), model, x, n_rows=self._n_block_rows())

    def _n_block_rows(self) -> int:
        """Rows that are encoded at once."""
        return _BLOCK_ROWS

    def transform(self, X: ArrayLike) -> FloatArray:
        """Encode the rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The data.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_features_out)
            The representation, computed in float64, in the floating type of X. Row i depends on
            row i only.
        """
        x, rows = self._network_rows(X)
        return self._infer(lambda model, part: model.encode(part), x).astype(rows.dtype)

    @property
    def _n_features_out(self) -> int:
        return self.net_.module_.n_components

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "net_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class BaseAutoencoder(BaseEncoder):
    """An encoder with a decoder."""

    def inverse_transform(self, Z: ArrayLike) -> FloatArray:
        """Decode latents.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_components)
            Latents, such as :meth:`transform` returns.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            The mean of the data given the latents, in the units of the training data and the
            floating type of Z.

        Raises
        ------
        ValueError
            If Z has another number of columns than there are components.
        """
        check_is_fitted(self, "net_")
        latents = check_named_array(Z, "Z", dtype=_DTYPES)
        n_components = self.net_.module_.n_components
        if latents.shape[1] != n_components:
            raise ValueError(
                f"Z must hold latents, with {n_components} columns, got {latents.shape[1]}."
            )
        decoded = self._infer(lambda model, part: model.decode(part), latents)
        return self._scaling.to_rows(decoded).astype(latents.dtype)

    def score(self, X: ArrayLike, y: object = None) -> float:
        r"""One minus the fraction of variance that the reconstruction leaves unexplained.

        .. math:: 1 - \sum_i \lVert x_i - \hat x_i \rVert^2 \Big/ \sum_i \lVert x_i - \bar x
                  \rVert^2

        with the mean :math:`\bar x` of the training data, in units of ``scale_``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The data, best held-out ones.
        y : Ignored
            Present for the interface.

        Returns
        -------
        score : float
            At most 1, for a perfect reconstruction; 0 for that by the training mean. NaN if all
            rows are the training mean.
        """
        x, _ = self._network_rows(X)
        decoded = self._infer(lambda model, part: model.decode(model.encode(part)), x)
        residual = ((x - decoded) ** 2).sum()
        total = ((x - self.net_.module_.mean.cpu().numpy().astype(np.float64)) ** 2).sum()
        return float(1 - residual / total) if total > 0 else float("nan")


@dataclass(eq=False, repr=False, kw_only=True)
class DeepAutoencoder(BaseAutoencoder):
    """An autoencoder whose encoder and decoder have hidden layers."""

    hidden_layer_sizes: tuple[int, ...] = (256, 256)
    likelihood: Literal["auto", "gaussian", "bernoulli"] = "auto"
    embedding: Literal["latent", "informative"] = "latent"

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseEncoder._parameter_constraints,
        "hidden_layer_sizes": [tuple, list],
        "likelihood": [StrOptions({"auto", "gaussian", "bernoulli"})],
        "embedding": [StrOptions({"latent", "informative"})],
    }

    def _structure(self, n_features: int, likelihood: str) -> dict[str, Any]:
        return {
            "n_features": n_features,
            "n_components": self.n_components,
            "hidden": layer_sizes(self.hidden_layer_sizes),
            "likelihood": likelihood if self.likelihood == "auto" else self.likelihood,
        }

    def _scale(self, rows: FloatArray, known: str | None) -> tuple[Scaling, str]:
        return for_likelihood(rows, known or self.likelihood)

    def transform(self, X: ArrayLike) -> FloatArray:
        """Encode the rows: the latents, or the informative embeddings.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The data.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_features_out)
            Latents (n_samples, n_components) or, with ``embedding="informative"``, the
            activations of the last hidden layer of the decoder. Computed in float64, in the
            floating type of X. Row i depends on row i only.
        """
        if self.embedding == "latent":
            return super().transform(X)
        x, rows = self._network_rows(X)
        informative = self._infer(lambda model, part: model.informative(model.encode(part)), x)
        return informative.astype(rows.dtype)

    @property
    def _n_features_out(self) -> int:
        if self.embedding == "informative":
            return self.net_.module_.n_informative
        return super()._n_features_out

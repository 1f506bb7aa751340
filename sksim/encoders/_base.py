"""What the encoders share: scaling, the making of the net, encoding and decoding."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sksim.encoders._facts import facts_problem
from sksim.encoders._parameters import EncoderParameters
from sksim.encoders._scaling import Scaling, for_likelihood
from sksim.utils._arrays import check_named_array, validate_named_data
from sksim.utils._networks import layer_sizes
from sksim.utils._sklearn import StrOptions, _fit_context
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["BaseAutoencoder", "BaseEncoder", "DeepAutoencoder"]

_DTYPES = [np.float64, np.float32]
_BLOCK_ROWS = 1024


class BaseEncoder(EncoderParameters):
    """What the encoders share; each says what its network is and how its rows are scaled.

    Its network class, of ``sksim._torch.autoencoder``, is built from the structure, which is
    fixed by the first fit, and the settings, which later fits may change: they are attributes.
    """

    _kind = "encoder"
    _data: Scaling

    @property
    @abc.abstractmethod
    def _network_class(self) -> Any:
        """The class of the network."""

    @abc.abstractmethod
    def _structure(self, n_features: int, likelihood: str) -> dict[str, Any]:
        """Arguments of the network that determine its weights."""

    @abc.abstractmethod
    def _scale(self, rows: FloatArray, known: str | None) -> Scaling:
        """The scaling of the training rows, for their likelihood if that is known."""

    def _prepare(self, x: FloatArray) -> None:
        """What the new network takes from the training rows."""
        self.net_.module_.mean.copy_(self.net_.module_.mean.new_tensor(x.mean(axis=0)))

    # Validate, scale, make the net.

    def _validate_rows(self, X: ArrayLike, *, reset: bool) -> FloatArray:
        return validate_named_data(
            self, X, reset=reset, dtype=_DTYPES, ensure_min_samples=2 if reset else 1
        )

    def _map_data(self, X: ArrayLike, rows: FloatArray, known: Scaling | None) -> Scaling:
        made = self._scale(rows, None if known is None else known.likelihood)
        return made if known is None else known

    def _make_spec(self, data: Scaling) -> Any:
        from sksim._torch.autoencoder._net import EncoderSpec

        return EncoderSpec(self._network_class, self._structure(data.n_features, data.likelihood))

    def _build(self, spec: Any, training: Any, **parameters: Any) -> Any:
        from sksim._torch.autoencoder._net import make_encoder_net

        return make_encoder_net(spec, training, **parameters)

    def _begin(
        self, data: Scaling, x: FloatArray, rng: np.random.RandomState, *, validates: bool
    ) -> None:
        super()._begin(data, x, rng, validates=validates)
        with self._stream.active(foreign=True):
            self._prepare(x)

    # Files.

    def _facts(self) -> dict[str, Any]:
        return {
            "estimator": type(self).__name__,
            "likelihood": self._data.likelihood,
            "loc": self._data.loc,
            "scale": self._data.scale,
        }

    def _facts_problem(self, facts: Mapping[str, Any]) -> str:
        return facts_problem(facts)

    def _map_of_facts(self, facts: Mapping[str, Any]) -> Scaling:
        loc, scale = (np.array(facts[name], float) for name in ("loc", "scale"))
        return Scaling(loc, scale, facts["likelihood"])

    # Train.

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
        return self._data.to_rows(decoded).astype(latents.dtype)

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

    def _scale(self, rows: FloatArray, known: str | None) -> Scaling:
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

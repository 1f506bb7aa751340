"""Which hidden units of a network are active, as a code of its input."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import itertools
from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.utils._arrays import check_named_array, validate_named_data
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import StrOptions, _fit_context
from sksim.utils._typing import AnyArray, ArrayLike, FloatArray, RandomState

__all__ = ["ActivationCodes"]

_FLOATS = [np.float64, np.float32]


def _random_layers(widths: Sequence[int], random_state: RandomState) -> list[Any]:
    """Pairs (weights, offsets) as scikit-learn's perceptrons draw them before training."""
    rng = check_random_state(random_state)
    layers = []
    for n_in, n_out in itertools.pairwise(widths):
        bound = np.sqrt(6.0 / (n_in + n_out))
        layers.append(
            (rng.uniform(-bound, bound, (n_in, n_out)), rng.uniform(-bound, bound, n_out))
        )
    return layers


def _is_fitted(estimator: Any) -> bool:
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


class ActivationCodes(ClassNamePrefixFeaturesOutMixin, TransformerMixin, SksimEstimator):
    r"""Codes of the hidden ReLU units of a network: one where a unit is active.

    With the pre-activations :math:`z(x)` of all hidden layers side by side, the code of x is the
    vector of bits :math:`[z_j(x) > 0]`. Rows of one code lie in one region of the input in which
    the network is affine.

    .. versionadded:: 0.1

    Parameters
    ----------
    estimator : MLPClassifier, MLPRegressor or callable, default=None
        The network: a perceptron of scikit-learn with ``activation="relu"``, used as it is if
        fitted (frozen or not) and else fitted on the rows that ``fit`` gets; or a function of an
        array (n_samples, n_features) that returns a list of pre-activations or activations
        (n_samples, n_units), one of each hidden layer. None is an untrained perceptron, the
        baseline of any statement about trained ones.
    layers : "all" or sequence of int, default="all"
        Hidden layers whose units make the code, counted from 0, negative ones from the end.
    hidden_layer_sizes : sequence of int, default=(64,)
        Widths of the untrained perceptron.
    drop_constant : bool, default=False
        Whether units that are active on all training rows, or on none, are left out.
    random_state : int, RandomState instance or None, default=None
        Of the weights of the untrained perceptron.

    Attributes
    ----------
    estimator_ : estimator or None
        The fitted perceptron, if there is one.
    support_ : ndarray of shape (n_units,)
        Which units of the layers are in the code.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if X has any.

    See Also
    --------
    sksim.metrics.code_redundancy : How many rows share their code with others.
    sksim.inspection.collect_activations : Activations of networks of torch, for a callable.
    sksim.metrics.local_rank : How many directions a layer keeps around a row.
    ResidualBinarizer : Bits of the vectors themselves.

    Notes
    -----
    ReLU networks as hash encoders [1]_. The authors leave out units that are constant on training
    and test rows together; here only the training rows are looked at. Unchanged where weights and
    offset of a unit are multiplied by a positive number.

    Codes of a trained network that classify well say little about its training: on digits, those
    of an untrained perceptron with two layers of 64 units or more do so as well or better, and
    fewer rows share one; below 16 units training helps. What holds is that wider networks give
    nearly every row a code of its own.

    Time O(n p) for p weights, memory n bytes a unit. Compare codes by ``metric="hamming"``.

    References
    ----------
    .. [1] F. He, S. Lei, J. Ji and D. Tao (2021). Neural networks behave as hash encoders: an
           empirical study. arXiv.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sksim.codes import ActivationCodes
    >>> from sksim.metrics import code_redundancy
    >>> X, y = load_digits(return_X_y=True)
    >>> untrained = ActivationCodes(hidden_layer_sizes=(64, 64), random_state=0)
    >>> codes = untrained.fit_transform(X / 16)
    >>> codes.shape
    (1797, 128)
    >>> code_redundancy(codes) < 0.01
    True
    >>> knn = KNeighborsClassifier(metric="hamming").fit(codes[::2], y[::2])
    >>> knn.score(codes[1::2], y[1::2]) > 0.9
    True
    """

    _parameter_constraints: dict = {
        "estimator": [MLPClassifier, MLPRegressor, FrozenEstimator, callable, None],
        "layers": [StrOptions({"all"}), "array-like"],
        "hidden_layer_sizes": ["array-like"],
        "drop_constant": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: MLPClassifier | MLPRegressor | FrozenEstimator | Callable | None = None,
        *,
        layers: Literal["all"] | Sequence[int] = "all",
        hidden_layer_sizes: Sequence[int] = (64,),
        drop_constant: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.estimator = estimator
        self.layers = layers
        self.hidden_layer_sizes = hidden_layer_sizes
        self.drop_constant = drop_constant
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Fit the network, if it is not, and find the units of the code.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,), default=None
            Targets of a network that is not fitted yet.

        Returns
        -------
        self : ActivationCodes
            The transformer.
        """
        X = validate_named_data(self, X, dtype=_FLOATS)
        self.estimator_: Any = None
        if self.estimator is None:
            widths = [X.shape[1], *self.hidden_layer_sizes]
            if len(widths) < 2 or not all(
                isinstance(w, int | np.integer) and w > 0 for w in widths
            ):
                raise ValueError(
                    f"hidden_layer_sizes must be positive integers, got {self.hidden_layer_sizes}."
                )
            self._layers = _random_layers(widths, self.random_state)
        elif not callable(self.estimator):
            self.estimator_ = self._fitted_perceptron(X, y)
            network = self.estimator_
            self._layers = list(zip(network.coefs_, network.intercepts_, strict=True))[:-1]
        codes = self._codes(X)
        self.support_ = np.ones(codes.shape[1], dtype=bool)
        if self.drop_constant:
            self.support_ = (codes != codes[0]).any(axis=0)
            if not self.support_.any():
                raise ValueError("X: every unit is constant on these rows, which leaves no code.")
        self._n_features_out = int(self.support_.sum())
        return self

    def _fitted_perceptron(self, X: FloatArray, y: Any) -> Any:
        """The perceptron, fitted on X and y if it is not."""
        network: Any = self.estimator
        if isinstance(network, FrozenEstimator):
            network = network.estimator
        if not isinstance(network, MLPClassifier | MLPRegressor) or network.activation != "relu":
            activation = getattr(network, "activation", None)
            raise ValueError(
                "estimator must be an MLPClassifier or MLPRegressor with activation='relu', got "
                f"{type(network).__name__}" + (f" with {activation!r}." if activation else ".")
            )
        if not _is_fitted(network):
            if y is None:
                raise ValueError("y must be given for an estimator that is not fitted, got None.")
            return clone(network).fit(X, y)
        if network.n_features_in_ != X.shape[1]:
            raise ValueError(
                f"X must have the {network.n_features_in_} features of estimator, got {X.shape[1]}."
            )
        return network

    def _activations(self, X: FloatArray) -> list[AnyArray]:
        """Of each hidden layer, before or after ReLU: (n, n_units)."""
        if callable(self.estimator):
            found = self.estimator(X)
            if not isinstance(found, list | tuple) or not found:
                raise ValueError(
                    "estimator must return a list of arrays, one of each hidden layer, got "
                    f"{type(found).__name__} of length {len(found)}."
                )
            layers = [check_named_array(Z, f"layer {i} of estimator") for i, Z in enumerate(found)]
            if any(len(Z) != len(X) for Z in layers):
                sizes = [len(Z) for Z in layers]
                raise ValueError(f"estimator must return {len(X)} rows of each layer, got {sizes}.")
            return layers
        layers, inputs = [], X
        for weights, offsets in self._layers:
            layers.append(inputs @ weights + offsets)
            inputs = np.maximum(layers[-1], 0)
        return layers

    def _codes(self, X: FloatArray) -> AnyArray:
        """Codes of all units of the layers."""
        if callable(self.estimator):
            blocks = [slice(None)]
        else:
            n_units = sum(len(offsets) for _, offsets in self._layers)
            blocks = list(row_blocks(len(X), 24.0 * n_units))
        codes = []
        for rows in blocks:
            layers = self._activations(X[rows])
            chosen = range(len(layers)) if isinstance(self.layers, str) else self.layers
            if not all(
                isinstance(i, int | np.integer) and -len(layers) <= i < len(layers) for i in chosen
            ):
                raise ValueError(
                    f"layers must be hidden layers from 0 to {len(layers) - 1}, got {self.layers}."
                )
            if not len(chosen):
                raise ValueError("layers must hold one hidden layer at least, got none.")
            codes.append(np.hstack([layers[i] > 0 for i in chosen]).view(np.uint8))
        return np.concatenate(codes)

    def transform(self, X: ArrayLike) -> AnyArray:
        """Codes of rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_units)
            Bits, of type uint8.
        """
        check_is_fitted(self)
        X = validate_named_data(self, X, dtype=_FLOATS, reset=False)
        return self._codes(X)[:, self.support_]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

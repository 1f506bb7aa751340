"""Local rank: how many directions of its input a layer of a network still tells apart."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Iterator
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.validation import check_is_fitted

from sksim.metrics._validation import check_representation
from sksim.utils._array_api import to_numpy
from sksim.utils._arrays import check_named_array
from sksim.utils._blocks import row_blocks
from sksim.utils._optional import import_optional
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["local_rank"]

#: Activations of scikit-learn's perceptrons, and their derivatives at the same place.
_ACTIVATIONS: dict[str, tuple[Callable, Callable]] = {
    "identity": (lambda a: a, np.ones_like),
    "relu": (lambda a: np.maximum(a, 0.0), lambda a: (a > 0).astype(np.float64)),
    "tanh": (np.tanh, lambda a: 1.0 - np.tanh(a) ** 2),
    "logistic": (expit, lambda a: expit(a) * expit(-a)),
}


def _perceptron_jacobians(model: Any, X: np.ndarray) -> Iterator[list[np.ndarray]]:
    """Jacobians (rows, n_outputs, n_inputs) of each layer of a fitted perceptron, in blocks.

    The first is the matrix of weights, each further one the last, cut by the derivatives of
    the activations, times the next weights.
    """
    activation, derivative = _ACTIVATIONS[model.activation]
    widths = [len(W.T) for W in model.coefs_]
    for rows in row_blocks(len(X), 16.0 * X.shape[1] * sum(widths)):
        a, J = X[rows], np.broadcast_to(np.eye(X.shape[1]), (len(X[rows]), *2 * X.shape[1:]))
        jacobians = []
        for i, (W, b) in enumerate(zip(model.coefs_, model.intercepts_)):
            if i:
                J = derivative(a)[:, :, None] * J
                a = activation(a)
            a, J = a @ W + b, W.T @ J
            jacobians.append(J)
        yield jacobians


def _jacobians(model: Any, X: ArrayLike) -> Iterator[list[np.ndarray]]:
    if isinstance(model, MLPClassifier | MLPRegressor):
        check_is_fitted(model)
        rows = check_representation(X, min_samples=1, constant_ok=True).astype(np.float64)
        if rows.shape[1] != model.n_features_in_:
            raise ValueError(
                f"X must have the {model.n_features_in_} features of model, got {rows.shape[1]}."
            )
        return _perceptron_jacobians(model, rows)
    import_optional("torch", extra="torch", purpose="local_rank of a network")
    from sksim._torch.layers._jacobians import pre_activation_jacobians

    if hasattr(model, "fit"):  # an estimator around a network
        check_is_fitted(model)
        model = getattr(getattr(model, "net_", model), "module_", model)
        model = getattr(model, "embedding", model)
    rows = check_named_array(to_numpy(X), "X", dtype=np.float64, ensure_2d=False, allow_nd=True)
    if rows.ndim < 2:
        raise ValueError(f"X must have a row of features for each sample, got shape {rows.shape}.")
    return pre_activation_jacobians(model, rows)


@validate_params(
    {
        "X": ["array-like"],
        "layer": [Integral, None],
        "rtol": [Interval(Real, 0, None, closed="left")],
        "atol": [Interval(Real, 0, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def local_rank(
    model: Any, X: ArrayLike, *, layer: int | None = None, rtol: float = 1e-3, atol: float = 0.0
) -> FloatArray | float:
    r"""Mean rank of the Jacobian of each layer: the dimension that the layer keeps of its input.

    .. math:: \frac{1}{n} \sum_i \#\{ k : \sigma_k(J_l(x_i)) >
              \max(\mathrm{rtol} \, \sigma_1(J_l(x_i)),\ \mathrm{atol}) \}, \qquad
              J_l(x) = \frac{\partial a_l}{\partial x}

    with :math:`a_l` the **pre-activations** of layer l, and :math:`\sigma_k` singular values. The
    value lies between 0 and the least width up to the layer.

    .. versionadded:: 0.1

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, torch.nn.Module or estimator
        A fitted perceptron of scikit-learn; a network of torch; or a fitted estimator with such a
        network in ``net_``, as :class:`~sksim.identifiability.EmbeddingClassifier`, whose embedding
        is taken.
    X : array-like of shape (n_samples, n_features)
        Inputs; networks of torch may have more axes.
    layer : int or None, default=None
        Number of a layer, from 0 or, negative, from the end; None means all.
    rtol : float, default=1e-3
        Threshold relative to the largest singular value, which no unit changes.
    atol : float, default=0.0
        Absolute threshold; the published rule is this one alone, with ``rtol=0``.

    Returns
    -------
    rank : ndarray of shape (n_layers,) or float
        Mean rank over the inputs, of each layer with weights (linear and convolutional) in the
        order in which they are called, or of the one that was asked for.

    Raises
    ------
    ValueError
        If the widths do not fit, there is no such layer, or the network has no linear layers.

    See Also
    --------
    intrinsic_dimension : The dimension of the samples, not of the map.
    effective_rank : Of a representation, as a whole.

    Notes
    -----
    Good to see whether, and when, training compresses a layer. Of a layer that passes nothing
    on the rank is 0. In exact arithmetic invertible linear maps of the input or of the layer change
    nothing, with a threshold they may; a translation of the input together with the first offsets
    never does. Time O(n) times the products of the widths, and a singular value decomposition for
    each input and layer; memory a block of inputs.

    That ranks of later layers decline late in training is what is published [1]_; a penalty on the
    weights lowers them too, so compare networks at the same penalty.

    References
    ----------
    .. [1] N. Patel and R. Shwartz-Ziv (2024). Learning to compress: local rank and information
           compression in deep neural networks. arXiv:2410.07687.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neural_network import MLPRegressor
    >>> from sksim.metrics import local_rank
    >>> X = np.random.RandomState(0).randn(100, 6)
    >>> net = MLPRegressor(hidden_layer_sizes=(4, 2), tol=1, random_state=0).fit(X, X[:, 0])
    >>> bool(np.all(local_rank(net, X) <= [4, 2, 1]))
    True
    """
    totals, n_samples = np.zeros(0), 0
    for jacobians in _jacobians(model, X):
        ranks = []
        for J in jacobians:
            sigma = np.linalg.svd(J, compute_uv=False)
            threshold = np.maximum(rtol * sigma[:, :1], atol)
            ranks.append((sigma > threshold).sum())
        totals = totals + ranks if n_samples else np.array(ranks, dtype=np.float64)
        n_samples += len(jacobians[0])
    means = totals / n_samples
    if layer is None:
        return means
    if not -len(means) <= layer < len(means):
        raise ValueError(f"layer must be one of the {len(means)} layers of model, got {layer}.")
    return float(means[layer])

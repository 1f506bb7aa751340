"""Usable information: what a family of probes can read of a target from a representation."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from sklearn.base import is_regressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import type_of_target

from sksim.metrics._measure import SHAPE_MAPS, ProbeMeasure
from sksim.metrics._registry import register
from sksim.metrics._validation import check_representation, check_same_rows
from sksim.metrics.probing._probe import Losses, class_losses, value_losses
from sksim.utils._labels import check_labels
from sksim.utils._sklearn import HasMethods, StrOptions, validate_params
from sksim.utils._typing import ArrayLike, Representations

__all__ = ["feature_complexity", "v_information"]

_PROBE_CONSTRAINTS = {"estimator": [HasMethods(["fit", "predict"]), None], "cv": ["cv_object"]}


def _losses(
    X: np.ndarray, y: np.ndarray, estimator: Any, cv: Any, *, free_variance: bool
) -> Losses:
    """Of a target of classes or of values, as the estimator says, or else the target itself."""
    if estimator is None:
        values = type_of_target(y) == "continuous"
        logistic = LogisticRegression(tol=1e-8, max_iter=10_000)
        estimator = LinearRegression() if values else make_pipeline(StandardScaler(), logistic)
    if is_regressor(estimator):
        return value_losses(X, y.astype(np.float64), estimator, cv, free_variance=free_variance)
    return class_losses(X, y, estimator, cv)


def _check_target(y: ArrayLike, X: np.ndarray, name: str, first: str) -> np.ndarray:
    target = check_labels(y, name)
    check_same_rows(X, target, name=name, first=first)
    if (target == target[0]).all():
        raise ValueError(f"{name} is constant: there is nothing to be informed of.")
    return target


@validate_params(
    {
        "X": ["array-like"],
        "y": ["array-like"],
        **_PROBE_CONSTRAINTS,
        "normalize": ["boolean"],
        "scale": [StrOptions({"auto", "fixed_variance", "free_variance"})],
    },
    prefer_skip_nested_validation=True,
)
def v_information(
    X: ArrayLike,
    y: ArrayLike,
    *,
    estimator: Any = None,
    cv: Any = 5,
    normalize: bool = False,
    scale: Literal["auto", "fixed_variance", "free_variance"] = "auto",
) -> float:
    r"""Information on a target that a family of probes can use.

    .. math:: I_V(X \to Y) = H_V(Y) - H_V(Y | X),

    the cross-entropy of the best constant prediction minus that of the best probe of the family V
    [1]_, in nats, here on held-out samples, where both are fitted on the same training parts:

    * classes: the mean negative log-probability, :math:`H_V(Y)` that of the class shares;
    * values, "free_variance": the mean negative log-likelihood of a Gaussian around the
      prediction, with the variance that it has in the training part; in sample this is
      :math:`-\frac12 \log(1 - R^2)`;
    * values, "fixed_variance": the same with the variance of y for both, in sample
      :math:`R^2 / 2`.

    ``normalize=True`` divides by :math:`H_V(Y)`, for values without its constant term:
    the share of the uncertainty that is removed, at most 1, and :math:`R^2` for values with a
    fixed variance. The value is 0 for a probe that does no better than the constant, and on
    held-out samples negative for one that does worse; it is not clipped.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation.
    y : array-like of shape (n_samples,)
        Classes, or values. A regressor takes any numbers for values, a classifier takes y for
        classes, and without an estimator numbers that are not whole are values.
    estimator : estimator, default=None
        The family: a classifier with ``predict_log_proba``, or a regressor. None takes
        logistic regression on standardised features, or linear regression.
    cv : int, cross-validation generator, iterable or None, default=5
        Folds; an int gives consecutive ones, stratified for classes, so that rows that are
        in an order are to be shuffled before. None fits and scores all samples, in sample.
    normalize : bool, default=False
        Whether to divide by the uncertainty without X.
    scale : {"auto", "fixed_variance", "free_variance"}, default="auto"
        The Gaussian of values; "auto" takes a fixed variance with ``normalize=True`` and a free one
        without.

    Returns
    -------
    information : float
        Usable information, in nats or as a share.

    Raises
    ------
    TypeError
        If a classifier has no ``predict_log_proba``.
    ValueError
        If y is constant, a class has fewer samples than there are folds, the estimator gives the
        probability 0 to a true class or fits values without error, or a free variance is to be
        normalised.

    See Also
    --------
    feature_complexity : The same over the layers of a network.
    mutual_information : What an unlimited family could use.
    explained_variance_by_label : The opposite direction, from the label to the representation.

    Notes
    -----
    A larger family has more usable information in sample. A computed layer can have more than its
    input, unlike mutual information: for the exclusive-or of two of eight random bits, logistic
    regression has -0.01 nats from the bits and 0.69 = log 2 from the hidden layer of a trained
    network. That is what the measure is good for.

    The default classifier is unchanged by the scale and translation of each feature, linear
    regression by any invertible linear map; the unit and origin of values change nothing. The
    penalty of the logistic regression is scikit-learn's: without one, pass
    ``LogisticRegression(C=np.inf)``, the loss on classes that are separable in a training part has
    no bound. Quantised or rarely calibrated probes can have an infinite loss, which is refused.

    Time and memory are those of one fit a fold, and O(n d).

    References
    ----------
    .. [1] Y. Xu, S. Zhao, J. Song, R. Stewart and S. Ermon (2020). A theory of usable information
           under computational constraints. International Conference on Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import v_information
    >>> rng = np.random.RandomState(0)
    >>> bits = rng.randint(2, size=(400, 4))
    >>> y = bits[:, 0] ^ bits[:, 1]
    >>> product = np.column_stack([bits, bits[:, 0] * bits[:, 1]])
    >>> v_information(bits, y) < 0.0, v_information(product, y) > 0.6
    (True, True)
    """
    X = check_representation(X).astype(np.float64, copy=False)
    target = _check_target(y, X, "y", "X")
    if normalize and scale == "free_variance":
        raise ValueError(
            "scale='free_variance' cannot be normalised: the uncertainty of values without X "
            "depends on their unit then. Take scale='fixed_variance'."
        )
    free_variance = scale == "free_variance" or (scale == "auto" and not normalize)
    losses = _losses(X, target, estimator, cv, free_variance=free_variance)
    information = losses.constant - losses.probe
    return information / losses.constant if normalize else information


@validate_params(
    {"layers": [dict, list, tuple], "z": ["array-like"], **_PROBE_CONSTRAINTS},
    prefer_skip_nested_validation=True,
)
def feature_complexity(
    layers: Representations, z: ArrayLike, *, estimator: Any = None, cv: Any = 5
) -> float:
    r"""How late in a network a feature becomes readable.

    .. math:: 1 - \frac{1}{L} \sum_{l=1}^L \frac{I_V(X_l \to Z)}{H_V(Z)},

    over the layers l = 1, ..., L, each share clipped to [0, 1] [1]_. In [0, 1]: 0 for a feature
    that each layer holds in full, 1 for one that none holds.

    .. versionadded:: 0.1

    Parameters
    ----------
    layers : dict or list of array-like of shape (n_samples, n_features)
        Representations of the same samples in the layers.
    z : array-like of shape (n_samples,)
        The feature: values, or classes.
    estimator : estimator, default=None
        The family of probes, see :func:`v_information`.
    cv : int, cross-validation generator, iterable or None, default=5
        Folds, see :func:`v_information`.

    Returns
    -------
    complexity : float
        One minus the mean share.

    Raises
    ------
    ValueError
        If there is no layer, z is constant, or as in :func:`v_information`.

    See Also
    --------
    v_information : The information in one layer.
    sksim.inspection.collect_activations : The layers of a network.

    Notes
    -----
    For values the share is the held-out :math:`R^2` of the regression, with a Gaussian of fixed
    variance. The paper normalises its values too; whether by this entropy was not to be checked.

    Time and memory are those of one fit for each fold and layer.

    References
    ----------
    .. [1] T. Fel, L. Bethune, A. K. Lampinen, T. Serre and K. Hermann (2024). Understanding visual
           feature reliance through the lens of complexity. Advances in Neural Information
           Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import feature_complexity
    >>> bits = np.random.RandomState(0).randint(2, size=(400, 4))
    >>> product = np.column_stack([bits, bits[:, 0] * bits[:, 1]])
    >>> feature = bits[:, 0] ^ bits[:, 1]
    >>> round(feature_complexity([bits, bits, product], feature), 1)
    0.7
    """
    entries = layers.items() if isinstance(layers, Mapping) else enumerate(layers)
    checked = {f"layers[{key!r}]": value for key, value in entries}
    if not checked:
        raise ValueError("layers must hold one representation or more, got none.")
    shares = []
    for name, layer in checked.items():
        X = check_representation(layer, name=name).astype(np.float64, copy=False)
        target = _check_target(z, X, "z", name)
        losses = _losses(X, target, estimator, cv, free_variance=False)
        shares.append(np.clip(1 - losses.probe / losses.constant, 0, 1))
    return float(1 - np.mean(shares))


_OF_CLASSES = frozenset({"scale", "translation", "permutation", "target"})

register(
    ProbeMeasure(
        name="v_information",
        function=v_information,
        range=(-math.inf, math.inf),
        invariances=_OF_CLASSES,
        min_samples=15,
    )
)
register(
    ProbeMeasure(
        name="v_information_in_sample",
        function=v_information,
        params={"cv": None},
        range=(0.0, math.inf),
        invariances=_OF_CLASSES | {"row_order"},
    )
)
register(
    ProbeMeasure(
        name="v_information_r2",
        function=v_information,
        params={"normalize": True},
        targets="values",
        range=(-math.inf, 1.0),
        invariances=SHAPE_MAPS | {"invertible", "target"},
        min_samples=5,
    )
)

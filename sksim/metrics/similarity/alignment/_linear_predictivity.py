"""Linear predictivity: how well one representation predicts another on unseen samples."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from typing import Any

import numpy as np
from sklearn.model_selection import check_cv, cross_val_score

from sksim.metrics._linalg import power_of_two
from sksim.metrics._measure import SHAPE_MAPS, PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._ridge import RelativeRidgeCV, check_squares
from sksim.metrics._steps import (
    Steps,
    evaluate,
    identity,
    permute_rows,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS
from sksim.utils._sklearn import HasMethods, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["linear_predictivity_score"]


def _compare(X: np.ndarray, Y: np.ndarray, *, estimator, cv) -> float:
    if estimator is None:  # which knows no unit: the squares of the values are kept in range
        estimator = RelativeRidgeCV()
        X, Y = (A / A.dtype.type(power_of_two(np.abs(A).max(), A.dtype)) for A in (X, Y))
    check_squares(X, "X")
    check_squares(Y, "Y")
    splitter = check_cv(cv)
    smallest = min(len(test) for _, test in splitter.split(X, Y))
    if smallest < 2:
        raise ValueError(
            f"cv must leave at least two samples in each test set, got {smallest} of "
            f"{X.shape[0]} samples: the share of explained variance needs a variance."
        )
    # What overflows is no number in the end, and raises.
    with np.errstate(over="ignore", invalid="ignore"):
        return float(cross_val_score(estimator, X, Y, cv=splitter, error_score="raise").mean())


def _steps(*, estimator=None, cv=None) -> Steps:
    return Steps(identity, functools.partial(_compare, estimator=estimator, cv=cv), permute_rows)


@validate_params(
    {
        **PAIR_CONSTRAINTS,
        "estimator": [HasMethods(["fit", "predict"]), None],
        "cv": ["cv_object"],
    },
    prefer_skip_nested_validation=True,
)
def linear_predictivity_score(
    X: ArrayLike, Y: ArrayLike, *, estimator: Any = None, cv: Any = None
) -> float:
    r"""Share of the variance of Y that a regression on X explains, on held-out samples.

    The mean over the splits of ``estimator.score``, for the regressors of scikit-learn
    :math:`R^2 = 1 - \sum_i (y_i - \hat y_i)^2 / \sum_i (y_i - \bar y)^2` of the test samples,
    averaged over the features of Y.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        The representation that predicts.
    Y : array-like of shape (n_samples, n_features_y)
        The representation to be predicted, of the same samples, row by row.
    estimator : estimator object, default=None
        A regressor for several targets; None is :class:`sklearn.linear_model.RidgeCV` with the
        penalties 0.1, 1 and 10 times the mean variance of a feature of the training samples.
    cv : int, cross-validation generator or iterable, default=None
        The splits; None is five folds of consecutive samples. Shuffle samples that are sorted.

    Returns
    -------
    score : float
        In (-inf, 1]; 1 if Y is predicted without error, 0 or less if no better than by its mean.

    Raises
    ------
    ValueError
        If a test set has less than two samples, or squares of the values leave the range of floats
        with an ``estimator``: rescale.

    See Also
    --------
    cca_score : Symmetric.
    SimilarityAccumulator : The in-sample share by ordinary least squares, from batches.

    Notes
    -----
    Directed. The default does not depend on the unit of X or of Y, as its penalties are relative;
    with another estimator that is the estimator's affair. The score depends on the order of the
    samples through the folds. A feature of Y that is constant in a test set counts 1 if predicted
    exactly, else 0. Time and memory are those of the estimator, fitted once a fold.

    References
    ----------
    .. [1] M. Schrimpf, J. Kubilius, H. Hong, N. J. Majaj, R. Rajalingham, E. B. Issa, K. Kar,
           P. Bashivan, J. Prescott-Roy, F. Geiger, K. Schmidt, D. L. K. Yamins and J. J. DiCarlo
           (2018). Brain-Score: which artificial neural network for object recognition is most
           brain-like? bioRxiv 407007.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import linear_predictivity_score
    >>> X = np.random.default_rng(0).standard_normal((200, 3))
    >>> Y = X[:, :1] + X[:, 1:2]
    >>> round(linear_predictivity_score(X, Y), 2), round(linear_predictivity_score(Y, X), 1)
    (1.0, 0.3)
    """
    return evaluate(_steps(estimator=estimator, cv=cv), X, Y, min_samples=4)


register(
    PairedMeasure(
        name="linear_predictivity",
        function=linear_predictivity_score,
        make_steps=_steps,
        range=(-math.inf, 1.0),
        symmetric=False,
        identity=False,
        row_order_free=False,
        invariances=SHAPE_MAPS,
        invariances_y=SHAPE_MAPS - {"orthogonal"},
        min_samples=10,
    )
)

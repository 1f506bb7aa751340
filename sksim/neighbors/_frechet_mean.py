"""Labels that were never trained on, from the distances between labels."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Real
from typing import Any, Self

import numpy as np
from scipy.optimize import linprog
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Tags, get_tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from sksim._base import SksimEstimator
from sksim.utils._arrays import check_named_array, validate_named_data
from sksim.utils._labels import check_labels
from sksim.utils._sklearn import HasMethods, Interval, _fit_context, validate_params
from sksim.utils._typing import AnyArray, ArrayLike, FloatArray, MatrixLike

__all__ = ["FrechetMeanClassifier", "predictable_labels"]

_TOLERANCE = 1e-8
#: Of the largest variance: a smaller lead is rounding of the linear programme.
_STRICT = 1e-9


def _check_label_distances(label_distances: ArrayLike) -> FloatArray:
    D = check_named_array(label_distances, "label_distances", dtype=np.float64)
    if D.shape[0] != D.shape[1]:
        raise ValueError(f"label_distances must be square, got shape {D.shape}.")
    if D.min() < 0:
        raise ValueError(f"label_distances must not be negative, got {D.min():g}.")
    if np.any(D.diagonal()):
        raise ValueError("label_distances must be zero on the diagonal.")
    if np.abs(D - D.T).max() > _TOLERANCE * D.max():
        raise ValueError("label_distances must be symmetric.")
    return D


def _check_positions(trained: ArrayLike, n_labels: int) -> np.ndarray:
    positions = check_named_array(trained, "trained", ensure_2d=False, dtype=None)
    if positions.dtype.kind not in "iu" or positions.ndim != 1:
        raise ValueError(
            "trained must be a vector of integers, positions of labels, got an array of type "
            f"{positions.dtype} and shape {positions.shape}."
        )
    if positions.min() < 0 or positions.max() >= n_labels:
        raise ValueError(
            f"trained must hold rows of label_distances, 0 to {n_labels - 1}, got {positions}."
        )
    return np.unique(positions)


@validate_params(
    {
        "label_distances": ["array-like"],
        "trained": ["array-like"],
        "power": [Interval(Real, 0, None, closed="neither")],
    },
    prefer_skip_nested_validation=True,
)
def predictable_labels(
    label_distances: ArrayLike, trained: ArrayLike, *, power: float = 2
) -> np.ndarray:
    r"""Which labels can be the Fréchet mean of labels that were trained on.

    Label y is predictable [1]_ if for some probabilities p of the trained labels i it has a smaller
    variance than every other label,

    .. math:: \max_{p \in \Delta,\; t} \; t \quad \text{such that} \quad
        \sum_i p_i \left( d(i, y)^q - d(i, y')^q \right) + t \le 0
        \quad \text{for all } y' \neq y, \qquad t > 0.

    .. versionadded:: 0.1

    Parameters
    ----------
    label_distances : array-like of shape (n_labels, n_labels)
        Distances d between all labels.
    trained : array-like of shape (n_trained,)
        Positions of the labels that a classifier gives probabilities for.
    power : float, default=2
        Power q of the distances.

    Returns
    -------
    predictable : ndarray of shape (n_labels,), bool
        Whether each label can be predicted.

    Raises
    ------
    ValueError
        If label_distances is not a matrix of distances or trained holds no positions in it.

    See Also
    --------
    FrechetMeanClassifier : Predicts them.

    Notes
    -----
    Takes the time of one linear programme of ``n_trained + 1`` variables and ``n_labels - 1``
    conditions a label, and memory O(n_trained n_labels). The
    label to collect data for next is the one whose addition to ``trained`` makes most labels
    predictable.

    References
    ----------
    .. [1] N. Roberts, X. Li, D. Adila, S. Cromp, T.-H. Huang, J. Zhao and F. Sala (2023).
           Geometry-aware adaptation for pretrained models. Advances in Neural Information
           Processing Systems.

    Examples
    --------
    The two ends of a path reach every label between them; without a geometry only the trained
    labels are reached:

    >>> import numpy as np
    >>> from sksim.neighbors import predictable_labels
    >>> path = np.abs(np.subtract.outer(np.arange(5), np.arange(5)))
    >>> predictable_labels(path, [0, 4])
    array([ True,  True,  True,  True,  True])
    >>> predictable_labels(1 - np.eye(5), [0, 4])
    array([ True, False, False, False,  True])
    """
    D = _check_label_distances(label_distances)
    rows = _check_positions(trained, len(D))
    # In units of the largest distance, so that one bound tells a lead from rounding.
    costs = (D[rows] / (D.max() or 1.0)) ** power
    if len(D) == 1:
        return np.ones(1, dtype=bool)
    simplex = np.append(np.ones(len(rows)), 0.0)[None]
    objective = np.append(np.zeros(len(rows)), -1.0)
    bounds = [(0, None)] * len(rows) + [(None, None)]
    predictable = np.zeros(len(D), dtype=bool)
    for y in range(len(D)):
        leads = np.delete(costs[:, [y]] - costs, y, axis=1).T
        conditions = np.column_stack([leads, np.ones(len(leads))])
        programme = linprog(
            objective, conditions, np.zeros(len(leads)), simplex, [1.0], bounds, method="highs"
        )
        predictable[y] = -programme.fun > _STRICT
    return predictable


class FrechetMeanClassifier(MetaEstimatorMixin, ClassifierMixin, SksimEstimator):
    r"""Predict the label that is nearest on average, whether it was trained on or not.

    With the probabilities :math:`p_i(x)` of the trained labels and distances d between all
    labels [1]_,

    .. math:: \hat y(x) = \arg\min_y \sum_i p_i(x)\, d(i, y)^q,

    the Fréchet mean for q = 2: between the labels that a classifier hesitates about. Distances come
    from a hierarchy or a path, as lengths of ways between labels, or from embeddings of the
    labels. The most probable label is the case of distances that are all 1, which is the default.

    .. versionadded:: 0.1

    Parameters
    ----------
    estimator : classifier or None, default=None
        Classifier with ``predict_proba``; None means
        :class:`~sklearn.linear_model.LogisticRegression`. A trained one is wrapped in
        :class:`~sklearn.frozen.FrozenEstimator`.
    label_distances : array-like of shape (n_labels, n_labels) or None, default=None
        Distances d between all labels, those never trained on included. None means 1 between any
        two of the trained labels.
    labels : array-like of shape (n_labels,) or None, default=None
        The labels, in the order of ``label_distances``. None means the trained ones, sorted.
    power : float, default=2
        Power q of the distances; 1 gives medians.

    Attributes
    ----------
    classes_ : ndarray of shape (n_labels,)
        All labels, in the order of ``label_distances``.
    estimator_ : classifier
        The fitted classifier.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has them.

    See Also
    --------
    predictable_labels : Which labels can be predicted at all.

    Notes
    -----
    Takes O(n_samples n_trained n_labels) time and O(n_samples n_labels) memory beside the
    classifier's. A label that was not trained
    on has no probability, hence no ``predict_proba``. The probabilities must be calibrated: where
    they are near 0 and 1 the mean is the most probable label. The gain is large
    where labels lie in few dimensions, such as ages or angles, and small on flat sets of labels.

    References
    ----------
    .. [1] N. Roberts, X. Li, D. Adila, S. Cromp, T.-H. Huang, J. Zhao and F. Sala (2023).
           Geometry-aware adaptation for pretrained models. Advances in Neural Information
           Processing Systems.

    Examples
    --------
    Five grades, of which the classifier has only seen the first and the last:

    >>> import numpy as np
    >>> from sksim.neighbors import FrechetMeanClassifier
    >>> X, y = np.array([[0.0], [0.5], [3.5], [4.0]]), np.array([0, 0, 4, 4])
    >>> grades = np.arange(5)
    >>> path = np.abs(np.subtract.outer(grades, grades))
    >>> model = FrechetMeanClassifier(label_distances=path, labels=grades).fit(X, y)
    >>> model.predict([[0.2], [2.0], [3.8]])
    array([1, 2, 3])
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict_proba"]), None],
        "label_distances": ["array-like", None],
        "labels": ["array-like", None],
        "power": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        estimator: Any = None,
        *,
        label_distances: ArrayLike | None = None,
        labels: ArrayLike | None = None,
        power: float = 2,
    ) -> None:
        self.estimator = estimator
        self.label_distances = label_distances
        self.labels = labels
        self.power = power

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Fit the classifier.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The inputs.
        y : array-like of shape (n_samples,)
            Labels.

        Returns
        -------
        self : FrechetMeanClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If label_distances is not a matrix of distances, or labels do not fit it or lack a label
            that was trained on.
        """
        X, y = self._checked(X, y)
        check_classification_targets(y)
        estimator = LogisticRegression() if self.estimator is None else clone(self.estimator)
        self.estimator_ = estimator.fit(X, y)
        trained = self.estimator_.classes_
        self.classes_, distances = self._label_space(trained)
        missing = np.setdiff1d(trained, self.classes_)
        if missing.size:
            raise ValueError(f"labels must hold every trained label, {missing.tolist()} are not.")
        order = np.argsort(self.classes_)
        positions = order[np.searchsorted(self.classes_, trained, sorter=order)]
        self._costs = distances[positions] ** self.power
        return self

    def _checked(self, X: Any, *y: Any) -> Any:
        """Rows, and labels if given; a given estimator knows what rows it takes, such as texts."""
        reset = bool(y)
        if self.estimator is None:
            return validate_named_data(
                self, X, *y, reset=reset, accept_sparse="csr", dtype=[np.float64, np.float32]
            )
        validate_data(self, X, reset=reset, skip_check_array=True)
        return (X, check_labels(y[0], "y")) if y else X

    def _label_space(self, trained: AnyArray) -> tuple[AnyArray, FloatArray]:
        """All labels, and the distances between them."""
        if self.label_distances is None:
            if self.labels is not None:
                raise ValueError("labels must come with label_distances, which are None.")
            return trained, 1.0 - np.eye(len(trained))
        distances = _check_label_distances(self.label_distances)
        labels = trained if self.labels is None else check_labels(self.labels, "labels")
        if len(labels) != len(distances):
            raise ValueError(
                f"labels must name the {len(distances)} rows of label_distances, got {len(labels)}"
                f"{' trained labels' if self.labels is None else ''}."
            )
        if len(np.unique(labels)) < len(labels):
            raise ValueError(f"labels must differ from each other, got {labels.tolist()}.")
        return labels, distances

    def _variances(self, X: MatrixLike) -> FloatArray:
        check_is_fitted(self)
        return self.estimator_.predict_proba(self._checked(X)) @ self._costs

    def decision_function(self, X: MatrixLike) -> FloatArray:
        """Minus the variance about each label.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The inputs.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_labels) or (n_samples,)
            Columns in the order of ``classes_``; of two labels the variance about the first minus
            that about the second.
        """
        variances = self._variances(X)
        return variances[:, 0] - variances[:, 1] if variances.shape[1] == 2 else -variances

    def predict(self, X: MatrixLike) -> AnyArray:
        """Label of the least variance, the first of equal ones.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The inputs.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels.
        """
        nearest = self._variances(X).argmin(axis=1)
        return self.classes_[nearest]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = LogisticRegression() if self.estimator is None else self.estimator
        tags.input_tags = get_tags(inner).input_tags
        return tags

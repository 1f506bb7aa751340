"""Relative representations: samples described by their similarities to anchors."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, Self, TypeAlias

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin
from sklearn.metrics.pairwise import pairwise_distances
from sklearn.utils import check_random_state

from sksim.preprocessing._base import VectorTransformer
from sksim.utils._names import unknown_name_error
from sksim.utils._sklearn import Interval, StrOptions, _fit_context
from sksim.utils._typing import ArrayLike, FloatArray, RandomState
from sksim.utils._unit_rows import unit_rows

__all__ = ["RelativeRepresentation"]

#: How a sample relates to an anchor: a name, or a function of samples and anchors.
Relation: TypeAlias = str | Callable[..., Any]

_DISTANCES = ("euclidean", "manhattan", "chebyshev")
_METRICS = ("cosine", *_DISTANCES)


def _relate(X: np.ndarray, anchors: np.ndarray, metric: Relation) -> np.ndarray:
    """Similarities (cosine) or distances (the others) to the anchors, in the precision of X."""
    if metric == "cosine":
        values = unit_rows(X) @ unit_rows(anchors).T
    elif callable(metric):
        values = metric(X, anchors)
    else:
        values = pairwise_distances(X, anchors, metric=metric)
    return np.asarray(values).astype(X.dtype, copy=False)


def _metric_list(metric: Relation | Sequence[Relation]) -> list[Relation]:
    """The metrics of the blocks; a single one makes one block."""
    metrics = [metric] if isinstance(metric, str) or callable(metric) else list(metric)
    unknown = [m for m in metrics if not callable(m) and m not in _METRICS]
    if unknown or not metrics:
        got = unknown[0] if unknown else metric
        raise unknown_name_error(
            "metric", got, _METRICS, or_else="a callable or a sequence of these"
        )
    return metrics


class RelativeRepresentation(ClassNamePrefixFeaturesOutMixin, VectorTransformer):
    r"""Describe each sample by how it relates to anchors, which are training samples.

    .. math:: z(x) = \big(r(x, a_1), \dots, r(x, a_m)\big)

    with r the cosine, or a distance. What r ignores, z ignores: two encoders that differ by a
    rotation give the same relative representation if the same samples are the anchors, so that
    a model trained on one works on the other (zero-shot) [1]_. A sequence of metrics puts their
    blocks side by side: a product space, for encoders that differ in an unknown way [2]_.

    ============  ====================================================================
    metric        z stays the same if all of X goes through
    ============  ====================================================================
    "cosine"      rotation; scale, also one for each row
    "euclidean"   rotation; translation
    "manhattan"   permutation and signs of the features; translation
    "chebyshev"   permutation and signs of the features; translation
    ============  ====================================================================

    .. versionadded:: 0.1

    Parameters
    ----------
    n_anchors : int, default=100
        Number of anchors m, drawn without replacement; all training samples if there are fewer.
    metric : str, callable or sequence of these, default="cosine"
        "cosine" (a similarity), "euclidean", "manhattan", "chebyshev" (distances), or a
        callable that gets ``(X, anchors)`` and returns the matrix.
    random_state : int, RandomState instance or None, default=None
        Draws the anchors. The rows drawn depend on the number of training samples only: the same
        seed gives two encoders of the same samples the same anchors.

    Attributes
    ----------
    anchors_ : ndarray of shape (n_anchors, n_features)
        The anchors.
    anchor_indices_ : ndarray of shape (n_anchors,)
        Their rows in the training data.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in ``fit``, if X has any.

    See Also
    --------
    sksim.alignment.ProcrustesAligner : Learns the rotation from paired samples.
    sklearn.kernel_approximation.Nystroem : Kernel values at landmarks, whitened.

    Notes
    -----
    Time and memory of ``transform`` O(n m d) and O(n m) for each metric. Distances and cosines
    differ in scale: put a ``StandardScaler`` behind a product space. A row of zeros has the
    cosine 0 with all anchors.

    References
    ----------
    .. [1] L. Moschella, V. Maiorca, M. Fumero, A. Norelli, F. Locatello and E. Rodolà (2023).
           Relative representations enable zero-shot latent space communication. International
           Conference on Learning Representations.
    .. [2] I. Cannistraci, L. Moschella, M. Fumero, V. Maiorca and E. Rodolà (2024). From bricks to
           bridges: product of invariances to enhance latent space communication. International
           Conference on Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.preprocessing import RelativeRepresentation
    >>> X = np.random.RandomState(0).randn(50, 3)
    >>> other_encoder = 2 * X[:, [2, 0, 1]] * [1, -1, 1]
    >>> relative = RelativeRepresentation(5, random_state=0)
    >>> bool(np.allclose(relative.fit_transform(X), relative.fit_transform(other_encoder)))
    True
    """

    _parameter_constraints: dict = {
        "n_anchors": [Interval(Integral, 1, None, closed="left")],
        "metric": [StrOptions(set(_METRICS)), callable, list, tuple],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_anchors: int = 100,
        metric: Relation | Sequence[Relation] = "cosine",
        *,
        random_state: RandomState = None,
    ) -> None:
        self.n_anchors = n_anchors
        self.metric = metric
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Draw the anchors.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training data.
        y : None
            Ignored.

        Returns
        -------
        self : RelativeRepresentation
            The fitted transformer.
        """
        X = self._check_training_rows(X)
        metrics = _metric_list(self.metric)
        size = min(self.n_anchors, X.shape[0])
        rng = check_random_state(self.random_state)
        self.anchor_indices_ = rng.choice(X.shape[0], size, replace=False)
        self.anchors_ = X[self.anchor_indices_]
        self._n_features_out = size * len(metrics)
        return self

    def transform(self, X: ArrayLike) -> FloatArray:
        """Relate samples to the anchors.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_anchors * n_metrics)
            Similarities or distances to the anchors, one block for each metric.
        """
        X = self._check_rows(X)
        anchors = self.anchors_.astype(X.dtype, copy=False)
        return np.hstack([_relate(X, anchors, m) for m in _metric_list(self.metric)])

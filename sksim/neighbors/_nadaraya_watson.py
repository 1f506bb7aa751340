"""Kernel classification among the nearest neighbours."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Real
from typing import Literal, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sksim.neighbors._base import complete_lists
from sksim.neighbors._vote import ProbabilityVote, sum_of_votes
from sksim.utils._sklearn import Interval, StrOptions, _fit_context
from sksim.utils._typing import ArrayLike, CacheMemory, FloatArray, MatrixLike, Metric, MetricParams

__all__ = ["NadarayaWatsonClassifier"]


def _log_gaussian(scaled):
    return -(scaled**2) / 2


def _log_exponential(scaled):
    return -scaled


_LOG_KERNELS = {"gaussian": _log_gaussian, "exponential": _log_exponential}


class NadarayaWatsonClassifier(ProbabilityVote):
    r"""Classify by a kernel average of the labels of the nearest neighbours.

    The estimate of Nadaraya [1]_ and Watson [2]_,

    .. math:: P(c \mid q) = \frac{\sum_{x \in NN_k(q)} K(d'(q, x) / h)\, [y_x = c]}
        {\sum_{x \in NN_k(q)} K(d'(q, x) / h)},

    with :math:`d'` the distance after hubness reduction, :math:`K(u) = e^{-u^2 / 2}` or
    :math:`e^{-u}` and the bandwidth h. By default h is the distance of the query to its k-th
    neighbour, so that the kernel adapts to the density and to the unit of the distance.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbours k in the average; smaller than the number of training samples.
    kernel : {"gaussian", "exponential"}, default="gaussian"
        The kernel K.
    bandwidth : float or "auto", default="auto"
        Bandwidth h in units of the reduced distance.
    reduction : str, estimator or None, default="mutual_proximity"
        Name of a reduction of :mod:`sksim.hubness`, an instance, or another transformer from
        graph to graph; its parameters can be searched as ``reduction__<parameter>``, those of a
        name too. None means the primary
        distance.
    n_candidates : int or "auto", default="auto"
        Number of candidates by primary distance, at least ``n_neighbors`` and cut to the
        number of other samples.
    metric : str or callable, default="euclidean"
        Primary distance: any metric of :func:`~sklearn.metrics.pairwise_distances`. With
        "precomputed", X holds the distances: a square dense matrix or a neighbour graph.
    metric_params : dict, default=None
        Parameters of the metric.
    backend : str or estimator, default="auto"
        Search of the candidates, see :class:`HubnessReducedKNeighborsTransformer`.
    device : str, default="auto"
        Where ``backend="torch"`` searches, such as "cpu" or "cuda:1"; "auto" is a GPU where there
        is one.
    n_jobs : int, default=None
        Number of threads of the exact search.
    memory : str or object with the joblib.Memory interface, default=None
        Where the lists of candidates are kept for other reductions of the same samples, by default
        nowhere; see :class:`HubnessReducedKNeighborsTransformer`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    reduction_ : reduction or None
        The fitted reduction.
    effective_n_candidates_ : int
        Number of candidates in use.
    backend_ : object
        The fitted candidate search, which shows what it is.
    n_samples_fit_ : int
        Number of training samples.
    n_features_in_ : int
        Number of features seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in ``fit``, where all of them are strings.

    See Also
    --------
    HubnessReducedKNeighborsClassifier : The vote of fewer neighbours.

    Notes
    -----
    The kernel is evaluated by its logarithm, relative to the nearest neighbour: far queries get
    the label of their nearest neighbour, not a division by zero. Time and memory as of
    :class:`HubnessReducedKNeighborsTransformer`.

    References
    ----------
    .. [1] E. A. Nadaraya (1964). On estimating regression. Theory of Probability and its
           Applications 9.
    .. [2] G. S. Watson (1964). Smooth regression analysis. Sankhyā A 26.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sksim.neighbors import NadarayaWatsonClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = NadarayaWatsonClassifier().fit(X[:1000], y[:1000])
    >>> classifier.score(X[1000:], y[1000:]) > 0.9
    True
    """

    _parameter_constraints: dict = {
        **ProbabilityVote._parameter_constraints,
        "kernel": [StrOptions(set(_LOG_KERNELS))],
        "bandwidth": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
    }

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        kernel: Literal["gaussian", "exponential"] = "gaussian",
        bandwidth: float | Literal["auto"] = "auto",
        reduction: str | BaseEstimator | None = "mutual_proximity",
        n_candidates: int | Literal["auto"] = "auto",
        metric: Metric = "euclidean",
        metric_params: MetricParams = None,
        backend: str | BaseEstimator = "auto",
        device: str = "auto",
        n_jobs: int | None = None,
        memory: CacheMemory = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.kernel = kernel
        self.bandwidth = bandwidth
        self.reduction = reduction
        self.n_candidates = n_candidates
        self.metric = metric
        self.metric_params = metric_params
        self.backend = backend
        self.device = device
        self.n_jobs = n_jobs
        self.memory = memory

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Index the training samples, fit the reduction and store the labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples; distances (n_samples, n_samples) with ``metric="precomputed"``.
        y : array-like of shape (n_samples,)
            Labels.

        Returns
        -------
        self : object
            The fitted classifier.
        """
        X, self._labels = self._validated_labels(X, y)
        self._fit_search(X, self._labels)
        return self

    def predict_proba(self, X: MatrixLike | None = None) -> FloatArray:
        """Kernel averages of the labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            Queries. None means the training samples, each left out of its own neighbours.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            Columns in the order of ``classes_``.
        """
        check_is_fitted(self)
        distances, indices = complete_lists(
            self._neighbor_graph(X, n_kept=self.n_neighbors), self.n_neighbors
        )
        log_kernel = _LOG_KERNELS[self.kernel](distances / self._bandwidths(distances))
        weights = np.exp(log_kernel - log_kernel.max(axis=1, keepdims=True))
        votes = sum_of_votes(weights, np.eye(self.classes_.size), self._labels[indices])
        return votes / votes.sum(axis=1, keepdims=True)

    def _bandwidths(self, distances):
        if self.bandwidth != "auto":
            return self.bandwidth
        farthest = distances[:, -1:]
        return np.where(farthest > 0, farthest, 1)

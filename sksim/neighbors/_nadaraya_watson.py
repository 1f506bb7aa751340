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
from sksim.utils._labels import check_labels
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

    .. math:: P(c \mid q) = \frac{\sum_{x \in NN_k(q)} w_x K(d'(q, x) / h)\, [y_x = c]}
        {\sum_{x \in NN_k(q)} w_x K(d'(q, x) / h)},

    with :math:`d'` the distance after hubness reduction, :math:`K(u) = e^{-u^2 / 2}` or
    :math:`e^{-u}` and the bandwidth h. By default h is the distance of the query to its k-th
    neighbour, so that the kernel adapts to the density and to the unit of the distance.

    Where samples come in groups, such as the places where they were taken, the neighbours may be
    restricted to some of them (``support_groups``), and every class of every group given the same
    weight in all, :math:`w_x = 1 / n_{g_x, y_x}` (``support="balanced"``), so that a group
    in which a class is frequent does not speak for the class [3]_. Else :math:`w_x = 1`.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbours k in the average; smaller than the number of training samples.
    kernel : {"gaussian", "exponential"}, default="gaussian"
        The kernel K.
    bandwidth : float or "auto", default="auto"
        Bandwidth h in units of the reduced distance.
    support : {"all", "balanced"}, default="all"
        "all": training samples count alike. "balanced": each by one over the number of samples
        of its group and class.
    support_groups : array-like or None, default=None
        Groups whose samples are searched; None means all. Needs ``groups`` in :meth:`fit`.
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
        is one. On a GPU most reductions are computed too (:ref:`arrays`).
    n_jobs : int, default=None
        Number of threads of the exact search.
    memory : str or object with the joblib.Memory interface, default=None
        Where the lists of candidates are kept for other reductions of the same samples, by default
        nowhere; see :class:`HubnessReducedKNeighborsTransformer`.
    verbose : int, default=0
        Whether a search that takes more than ten seconds shows its progress: a bar where tqdm is
        installed, one line otherwise.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    support_ : ndarray of shape (n_samples_fit\_,)
        Positions of the training samples that are searched.
    reduction_ : reduction or None
        The fitted reduction.
    effective_n_candidates_ : int
        Number of candidates in use.
    backend_ : object
        The fitted candidate search, which shows what it is.
    n_samples_fit_ : int
        Number of training samples that are searched.
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
    .. [3] A. Q. Wang, M. Nguyen and M. R. Sabuncu (2023). Learning invariant representations with a
           nonparametric Nadaraya--Watson head. Advances in Neural Information Processing Systems.

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
        "support": [StrOptions({"all", "balanced"})],
        "support_groups": ["array-like", None],
    }

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        kernel: Literal["gaussian", "exponential"] = "gaussian",
        bandwidth: float | Literal["auto"] = "auto",
        support: Literal["all", "balanced"] = "all",
        support_groups: ArrayLike | None = None,
        reduction: str | BaseEstimator | None = "mutual_proximity",
        n_candidates: int | Literal["auto"] = "auto",
        metric: Metric = "euclidean",
        metric_params: MetricParams = None,
        backend: str | BaseEstimator = "auto",
        device: str = "auto",
        n_jobs: int | None = None,
        memory: CacheMemory = None,
        verbose: int = 0,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.kernel = kernel
        self.bandwidth = bandwidth
        self.support = support
        self.support_groups = support_groups
        self.reduction = reduction
        self.n_candidates = n_candidates
        self.metric = metric
        self.metric_params = metric_params
        self.backend = backend
        self.device = device
        self.n_jobs = n_jobs
        self.memory = memory
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: MatrixLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """Index the training samples, fit the reduction and store the labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples; distances (n_samples, n_samples) with ``metric="precomputed"``.
        y : array-like of shape (n_samples,)
            Labels.
        groups : array-like of shape (n_samples,), default=None
            Group of each sample; None means one group.

        Returns
        -------
        self : object
            The fitted classifier.

        Raises
        ------
        ValueError
            If a group of ``support_groups`` is not in ``groups``, or ``metric="precomputed"`` comes
            with ``support_groups``.
        """
        X, labels = self._validated_labels(X, y)
        groups = np.zeros(len(labels), dtype=int) if groups is None else self._checked(groups, X)
        self.support_ = self._rows_of_the_support(groups)
        if len(self.support_) < len(labels):
            self._check_n_neighbors(len(self.support_))
            X = X[self.support_]
        self._labels, groups = labels[self.support_], groups[self.support_]
        self._weights = np.ones(len(self.support_))
        if self.support == "balanced":
            cells = np.column_stack([np.unique(groups, return_inverse=True)[1], self._labels])
            _, cell, sizes = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
            self._weights = 1.0 / sizes[cell.ravel()]
        self._fit_search(X, self._labels)
        return self

    @staticmethod
    def _checked(groups, X) -> np.ndarray:
        groups = check_labels(groups, "groups")
        if len(groups) != X.shape[0]:
            raise ValueError(
                f"groups must hold one group for each of the {X.shape[0]} samples of X, got "
                f"{len(groups)}."
            )
        return groups

    def _rows_of_the_support(self, groups: np.ndarray) -> np.ndarray:
        if self.support_groups is None:
            return np.arange(len(groups))
        if self.metric == "precomputed":
            raise ValueError(
                "support_groups must be None with metric='precomputed': leave the rows and columns "
                "of other groups out of X."
            )
        wanted = np.unique(check_labels(self.support_groups, "support_groups"))
        known = np.unique(groups)
        missing = np.setdiff1d(wanted, known)
        if missing.size:
            raise ValueError(
                f"support_groups must be among the groups {known.tolist()} that fit is given, got "
                f"{missing.tolist()}."
            )
        return np.flatnonzero(np.isin(groups, wanted))

    def predict_proba(self, X: MatrixLike | None = None) -> FloatArray:
        """Kernel averages of the labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            Queries. None means the training samples that are searched, each left out of its own
            neighbours.

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
        weights *= self._weights[indices]
        votes = sum_of_votes(weights, np.eye(self.classes_.size), self._labels[indices])
        return votes / votes.sum(axis=1, keepdims=True)

    def _bandwidths(self, distances):
        if self.bandwidth != "auto":
            return self.bandwidth
        farthest = distances[:, -1:]
        return np.where(farthest > 0, farthest, 1)

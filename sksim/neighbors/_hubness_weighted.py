"""Classifiers whose neighbours vote as their hubness in the training set tells."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral, Real
from typing import Literal, NamedTuple, Self

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sksim.neighbors._base import complete_lists
from sksim.neighbors._vote import ProbabilityVote, sum_of_votes
from sksim.utils._sklearn import Interval, StrOptions, _fit_context
from sksim.utils._typing import ArrayLike, CacheMemory, FloatArray, MatrixLike, Metric, MetricParams

__all__ = ["HubnessWeightedKNeighborsClassifier"]


class Occurrences(NamedTuple):
    """Occurrences of the training samples in each other's lists of k neighbours.

    ``by_class`` (n_samples, n_classes) counts the lists of samples of each class, ``own``
    (n_samples, n_classes) is one at the class of the sample itself.
    """

    by_class: np.ndarray
    own: np.ndarray
    n_neighbors: int

    @property
    def total(self) -> np.ndarray:
        """k-occurrence N(x) of each sample."""
        return self.by_class.sum(axis=1)

    @property
    def bad(self) -> np.ndarray:
        """Bad k-occurrence: lists of samples of another class."""
        return (self.by_class * (1 - self.own)).sum(axis=1)

    def class_sums(self) -> np.ndarray:
        """Occurrences of all samples of each class, by class (n_classes, n_classes)."""
        return self.own.T @ self.by_class


def _count_occurrences(indices, labels, n_classes: int) -> Occurrences:
    n_samples, n_neighbors = indices.shape
    pairs = indices * n_classes + labels[:, None]
    counts = np.bincount(pairs.ravel(), minlength=n_samples * n_classes)
    return Occurrences(
        counts.reshape(n_samples, n_classes).astype(float), np.eye(n_classes)[labels], n_neighbors
    )


def _bad_hub_votes(occurrences, smoothing, threshold):
    """hw-kNN: a vote for the own label, weighted down by the standardized bad occurrence."""
    bad = occurrences.bad
    deviation = bad.std()
    score = (bad - bad.mean()) / deviation if deviation > 0 else np.zeros_like(bad)
    return occurrences.own * np.exp(-score)[:, None]


def _fuzzy_votes(occurrences, smoothing, threshold):
    """h-FNN: shares of the classes among the occurrences; of the label's, for anti-hubs."""
    n_classes = occurrences.own.shape[1]
    shares = occurrences.by_class + occurrences.own + smoothing
    shares /= shares.sum(axis=1, keepdims=True)
    of_class = occurrences.class_sums() + np.eye(n_classes) * occurrences.own.sum(axis=0)
    of_class += smoothing
    of_class /= of_class.sum(axis=1, keepdims=True)
    is_antihub = occurrences.total <= threshold
    return np.where(is_antihub[:, None], occurrences.own @ of_class, shares)


def _bayesian_votes(occurrences, smoothing, threshold):
    """NHBNN: logarithm of the probability to be in a list of each class."""
    class_sizes = occurrences.own.sum(axis=0)
    counts = occurrences.by_class + occurrences.own
    of_class = occurrences.class_sums() / class_sizes[:, None] + np.eye(class_sizes.size)
    is_antihub = occurrences.total <= threshold
    counts = np.where(is_antihub[:, None], occurrences.own @ of_class, counts)
    n_slots = class_sizes * (occurrences.n_neighbors + 1)
    return np.log((counts + smoothing) / (n_slots + smoothing * class_sizes.sum()))


def _information_votes(occurrences, smoothing, threshold):
    """HIKNN: information of an occurrence, of the label for anti-hubs, of the lists for hubs."""
    n_samples, total = occurrences.own.shape[0], occurrences.total
    information = np.log2(n_samples / (total + 1))
    least = information.min()
    relative = ((information - least) / (np.log2(n_samples) - least))[:, None]
    shares = (occurrences.by_class + occurrences.own) / (total + 1)[:, None]
    return information[:, None] * (relative * occurrences.own + (1 - relative) * shares)


_VOTES = {
    "hw": _bad_hub_votes,
    "hfnn": _fuzzy_votes,
    "nhbnn": _bayesian_votes,
    "hiknn": _information_votes,
}


def _distance_weights(distances):
    """Inverse squares of the distances in units of the nearest; zeros, if any, count alone."""
    is_zero = distances == 0
    positive = np.where(is_zero, 1.0, distances)
    relative = positive.min(axis=1, keepdims=True) / positive
    return np.where(is_zero.any(axis=1, keepdims=True), is_zero, relative**2)


class HubnessWeightedKNeighborsClassifier(ProbabilityVote):
    r"""Classify by neighbours whose votes depend on their hubness in the training set.

    :math:`N(x)` is the number of lists of k neighbours of the other training samples that hold
    :math:`x`, :math:`N_c(x)` of those the lists of samples of class c, and
    :math:`M_c(x) = N_c(x) + [y_x = c]`; n is the number of training samples, :math:`n_c` of those
    of class c, C the number of classes and :math:`\lambda` the smoothing. The neighbours
    :math:`x_1, ..., x_k` of a query, with labels :math:`y_i`, vote by ``scheme``:

    "hw" (weights against bad hubs [1]_)
        :math:`\sum_i w_i [y_i = c]\, e^{-h(x_i)}`, with :math:`h` the standardized number of lists
        of samples of another class, :math:`N(x) - N_{y_x}(x)`.
    "hfnn" (hubness-based fuzzy neighbours [2]_)
        :math:`\sum_i w_i (M_c(x_i) + \lambda) / (N(x_i) + 1 + C \lambda)`.
    "nhbnn" (naive hubness Bayesian [3]_)
        :math:`\log (n_c / n) + \sum_i \log \frac{M_c(x_i) + \lambda}{n_c (k + 1) + \lambda n}`.
    "hiknn" (hubness information [4]_)
        :math:`\sum_i w_i I(x_i) \left( \alpha_i [y_i = c] + (1 - \alpha_i)
        \frac{M_c(x_i)}{N(x_i) + 1} \right)`, where :math:`I(x) = \log_2 \frac{n}{N(x) + 1}` and
        :math:`\alpha_i = (I(x_i) - \min I) / (\log_2 n - \min I)`.

    In "hfnn" and "nhbnn" a neighbour with :math:`N(x_i)` up to ``antihub_threshold`` takes the mean
    counts of the samples of its label instead of its own.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbours k that vote; smaller than the number of training samples.
    scheme : {"hw", "hfnn", "nhbnn", "hiknn"}, default="hw"
        How the votes depend on the occurrences.
    weights : {"uniform", "distance"}, default="uniform"
        Weights :math:`w_i`: one, or the inverse squared distance to the query. "nhbnn" has no
        weights.
    smoothing : float, default=1e-3
        Additive smoothing :math:`\lambda` of "hfnn" and "nhbnn".
    antihub_threshold : int, default=0
        Largest occurrence of the samples that take the mean counts of their label.
    reduction : str, estimator or None, default=None
        Hubness reduction before the neighbours are taken: a name, an instance, or another
        transformer from graph to graph. None means plain neighbours, as in the publications.
    n_candidates : int or "auto", default="auto"
        Number of candidates by primary distance for the reduction.
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
    occurrences_ : ndarray of shape (n_samples, n_classes)
        Counts :math:`N_c(x)`, a sample never counted in its own list.
    class_prior_ : ndarray of shape (n_classes,)
        Share of each class in the training set.
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
    HubnessReducedKNeighborsClassifier : Changes the neighbours instead of their votes.

    Notes
    -----
    Cost: one search of the training set in itself in ``fit``, :math:`O(n^2 d)` time in blocks, and
    :math:`O(n C)` memory for the counts.

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2009). Nearest neighbors in
           high-dimensional data: the emergence and influence of hubs. International Conference on
           Machine Learning.
    .. [2] N. Tomašev, M. Radovanović, D. Mladenić and M. Ivanović (2014). Hubness-based fuzzy
           measures for high-dimensional k-nearest neighbor classification. International Journal of
           Machine Learning and Cybernetics 5.
    .. [3] N. Tomašev, M. Radovanović, D. Mladenić and M. Ivanović (2011). A probabilistic approach
           to nearest-neighbor classification: naive hubness Bayesian kNN. ACM International
           Conference on Information and Knowledge Management.
    .. [4] N. Tomašev and D. Mladenić (2012). Nearest neighbor voting in high dimensional data:
           learning from past occurrences. Computer Science and Information Systems 9.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sksim.neighbors import HubnessWeightedKNeighborsClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = HubnessWeightedKNeighborsClassifier(scheme="hiknn").fit(X[:1000], y[:1000])
    >>> classifier.score(X[1000:], y[1000:]) > 0.95
    True
    """

    _parameter_constraints: dict = {
        **ProbabilityVote._parameter_constraints,
        "scheme": [StrOptions(set(_VOTES))],
        "weights": [StrOptions({"uniform", "distance"})],
        "smoothing": [Interval(Real, 0, None, closed="neither")],
        "antihub_threshold": [Interval(Integral, 0, None, closed="left")],
    }

    def __init__(
        self,
        n_neighbors: int = 5,
        *,
        scheme: Literal["hw", "hfnn", "nhbnn", "hiknn"] = "hw",
        weights: Literal["uniform", "distance"] = "uniform",
        smoothing: float = 1e-3,
        antihub_threshold: int = 0,
        reduction: str | BaseEstimator | None = None,
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
        self.scheme = scheme
        self.weights = weights
        self.smoothing = smoothing
        self.antihub_threshold = antihub_threshold
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
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Count the occurrences of the training samples in each other's neighbour lists.

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
        if self.scheme == "nhbnn" and self.weights != "uniform":
            raise ValueError(
                f"weights must be 'uniform' with scheme='nhbnn', got {self.weights!r}."
            )
        X, labels = self._validated_labels(X, y)
        self._fit_search(X, labels)
        _, indices = complete_lists(
            self._neighbor_graph(None, self.n_neighbors, n_kept=self.n_neighbors), self.n_neighbors
        )
        occurrences = _count_occurrences(indices, labels, self.classes_.size)
        self.occurrences_ = occurrences.by_class
        self.class_prior_ = occurrences.own.mean(axis=0)
        self._votes = _VOTES[self.scheme](occurrences, self.smoothing, self.antihub_threshold)
        return self

    def predict_proba(self, X: MatrixLike | None = None) -> FloatArray:
        """Shares of the votes for each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            Queries. None means the training samples, each left out of its own neighbours.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes)
            Columns in the order of ``classes_``. All classes alike where no neighbour carries
            information.
        """
        check_is_fitted(self)
        distances, indices = complete_lists(
            self._neighbor_graph(X, n_kept=self.n_neighbors), self.n_neighbors
        )
        if self.scheme == "nhbnn":
            log_likelihood = sum_of_votes(np.ones(indices.shape), self._votes, indices)
            return softmax(log_likelihood + np.log(self.class_prior_), axis=1)
        weights = np.ones(indices.shape)
        if self.weights == "distance":
            weights = _distance_weights(distances)
        votes = sum_of_votes(weights, self._votes, indices)
        total = votes.sum(axis=1, keepdims=True)
        return np.where(total > 0, votes, 1) / np.where(total > 0, total, votes.shape[1])

"""k-nearest-neighbour classification with reduced hubness."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Self

from sklearn.base import ClassifierMixin
from sklearn.neighbors import KNeighborsClassifier

from sksim.neighbors._vote import NeighborVote
from sksim.utils._sklearn import _fit_context
from sksim.utils._typing import ArrayLike, FloatArray, MatrixLike

__all__ = ["HubnessReducedKNeighborsClassifier"]


class HubnessReducedKNeighborsClassifier(ClassifierMixin, NeighborVote):
    r"""Classify by the vote of the nearest neighbours after hubness reduction.

    The class of a query :math:`q` is :math:`\arg\max_c \sum_{x \in NN_k(q)} w(q, x) [y_x = c]`,
    where :math:`NN_k(q)` are its neighbours by the secondary distance :math:`d'` of the
    reduction and :math:`w` is 1, :math:`1 / d'` or a function of :math:`d'`.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_neighbors : int, default=5
        Number of neighbours that vote; smaller than the number of training samples.
    reduction : str, estimator or None, default="mutual_proximity"
        Name of a reduction of :mod:`sksim.hubness`, an instance, or another transformer from
        graph to graph; its parameters can be searched as ``reduction__<parameter>``, those of a
        name too. None means plain neighbours.
    weights : {"uniform", "distance"} or callable, default="uniform"
        Weights of the votes. "distance" weights by the inverse of the secondary distance: a
        training sample that is asked for is at distance 0 and decides alone.
    n_candidates : int or "auto", default="auto"
        Number of candidates by primary distance, at least ``n_neighbors`` and cut to the
        number of other samples. "auto" is the larger of ``10 * n_neighbors`` and 100, or what
        the reduction needs.
    metric : str or callable, default="euclidean"
        Primary distance: any metric of :func:`~sklearn.metrics.pairwise_distances`. With
        "precomputed", X holds the distances: a square dense matrix or a neighbour graph.
    metric_params : dict, default=None
        Parameters of the metric.
    backend : str or estimator, default="auto"
        Search of the candidates, exact by default; see
        :class:`HubnessReducedKNeighborsTransformer`.
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
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        Class labels, a list for several outputs.
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
    HubnessReducedKNeighborsTransformer : The graph alone, for pipelines.
    HubnessReducedKNeighborsRegressor : Regression by the same neighbours.

    Notes
    -----
    Cost: the search of the candidates, :math:`O(n_q n d)` time in blocks for the exact one, then
    :math:`O(n_q K)` time and memory for most reductions. The votes are counted by
    :class:`~sklearn.neighbors.KNeighborsClassifier` on the reduced graph.

    References
    ----------
    .. [1] D. Schnitzer, A. Flexer, M. Schedl and G. Widmer (2012). Local and global scaling reduce
           hubs in space. Journal of Machine Learning Research 13.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sksim.neighbors import HubnessReducedKNeighborsClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> classifier = HubnessReducedKNeighborsClassifier(reduction="nicdm").fit(X[:1000], y[:1000])
    >>> classifier.score(X[1000:], y[1000:]) > 0.95
    True
    """

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Index the training samples, fit the reduction and store the labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training samples; distances (n_samples, n_samples) with ``metric="precomputed"``.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels.

        Returns
        -------
        self : object
            The fitted classifier.
        """
        self._fit_vote(KNeighborsClassifier, X, y)
        self.classes_ = self._vote.classes_
        return self

    def predict_proba(self, X: MatrixLike | None = None) -> FloatArray | list[FloatArray]:
        """Share of the weighted votes for each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_queries, n_features), default=None
            Queries. None means the training samples, each without its own vote.

        Returns
        -------
        probabilities : ndarray of shape (n_queries, n_classes), or list of ndarray
            Columns in the order of ``classes_``; a list for several outputs.
        """
        voters = self._voters(X)
        return self._vote.predict_proba(voters)

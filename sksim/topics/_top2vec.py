"""Topics as dense regions of documents."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import warnings
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, Literal, Self

import numpy as np
from scipy import sparse
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    clone,
)
from sklearn.cluster import DBSCAN, HDBSCAN
from sklearn.manifold import SpectralEmbedding
from sklearn.utils import Tags
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.neighbors import HubnessReducedNearestNeighbors
from sksim.utils._arrays import check_named_array, validate_named_data
from sksim.utils._blocks import row_blocks
from sksim.utils._labels import check_labels
from sksim.utils._results import Result
from sksim.utils._sklearn import HasMethods, Interval, StrOptions, _fit_context, validate_params
from sksim.utils._typing import FloatArray, IntArray, MatrixLike, RandomState
from sksim.utils._unit_rows import unit_rows
from sksim.utils._warnings import warn_caller

__all__ = ["Top2Vec"]


def _unit_means(unit: Any, labels: IntArray) -> FloatArray:
    """Means of the rows of each label at unit length; labels below 0 belong to none."""
    rows = np.flatnonzero(labels >= 0)
    shape = (labels.max() + 1, len(labels))
    members = sparse.csr_array((np.ones(len(rows)), (labels[rows], rows)), shape=shape)
    return unit_rows(np.asarray(safe_sparse_dot(members, unit, dense_output=True)))


def _nearest(unit: Any, topics: FloatArray) -> tuple[IntArray, FloatArray]:
    """The topic of the largest inner product with each row, and this product."""
    labels = np.empty(unit.shape[0], dtype=np.intp)
    scores = np.empty(unit.shape[0])
    for rows in row_blocks(unit.shape[0], 8.0 * len(topics)):
        products = safe_sparse_dot(unit[rows], topics.T, dense_output=True)
        labels[rows], scores[rows] = products.argmax(axis=1), products.max(axis=1)
    return labels, scores


def _merge_near(topics: FloatArray, distance: float) -> IntArray:
    """Number of the group of each topic: near ones, and chains of near ones, are one."""
    groups = np.full(len(topics), -1)
    if distance > 0:
        groups = DBSCAN(eps=distance, min_samples=2, metric="cosine").fit_predict(topics)
    alone = groups < 0
    groups[alone] = groups.max() + 1 + np.arange(np.count_nonzero(alone))
    return groups


def _merge_smallest(
    unit: Any, topics: FloatArray, n_topics: int
) -> tuple[FloatArray, list[list[int]]]:
    """Merge the smallest topic with the one most like it until ``n_topics`` are left.

    Each merger changes two topics, so that only documents of these two are compared with all topics
    again, others with the new one.
    """
    members = [[topic] for topic in range(len(topics))]
    labels, best = _nearest(unit, topics)
    while len(topics) > n_topics:
        sizes = np.bincount(labels, minlength=len(topics))
        small = int(sizes.argmin())
        likeness = topics @ topics[small]
        likeness[small] = -np.inf
        partner = int(likeness.argmax())
        weights = sizes[[partner, small]] if sizes[[partner, small]].any() else np.ones(2)
        merged = unit_rows((weights @ topics[[partner, small]])[None])[0]
        lost = np.flatnonzero((labels == small) | (labels == partner))
        members[partner].extend(members[small])
        del members[small]
        topics = topics.copy()
        topics[partner] = merged
        topics = np.delete(topics, small, axis=0)
        labels[labels > small] -= 1
        partner -= partner > small
        product = safe_sparse_dot(unit, merged)
        nearer = product > best
        labels[nearer], best[nearer] = partner, product[nearer]
        labels[lost], best[lost] = _nearest(unit[lost], topics)
    return topics, [sorted(each) for each in members]


class Top2Vec(ClassNamePrefixFeaturesOutMixin, TransformerMixin, SksimEstimator):
    r"""Topics as dense regions of documents, as many as there are.

    Documents :math:`\bar x` at unit length are brought into few dimensions, in which
    :class:`~sklearn.cluster.HDBSCAN` finds the dense regions :math:`C_t`. A topic is the direction
    of the mean of its region in the space of the documents, and each document belongs to the
    topic nearest to it [1]_:

    .. math:: v_t = \frac{\sum_{x \in C_t} \bar x}{\| \sum_{x \in C_t} \bar x \|}, \qquad
              t(x) = \arg\max_t \langle \bar x, v_t \rangle .

    Topics nearer to each other than ``merge_distance`` become one. ``n_topics`` merges further:
    the smallest topic with the one most like it, by the mean weighted with their sizes, until so
    many are left.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_topics : int or None, default=None
        Number of topics to merge to. None keeps those that are found.
    reducer : "spectral", transformer or None, default="spectral"
        How documents come into few dimensions. "spectral": eigenvectors of the graph of the nearest
        neighbours, rows at unit length. Another transformer, such as UMAP, is given the documents
        at unit length. None: not at all.
    n_components : int, default=5
        Number of dimensions of "spectral", and cut to the number of documents less two.
    n_neighbors : int, default=15
        Number of neighbours in its graph, the document itself not counted, and cut to the number of
        other documents.
    reduction : str, estimator or None, default=None
        Reduction of :mod:`sksim.hubness` of the neighbours in its graph, by name or an instance, as
        in :class:`~sksim.neighbors.HubnessReducedNearestNeighbors`.
    min_cluster_size : int, default=15
        Least number of documents in a dense region.
    merge_distance : float, default=0.1
        Cosine distance up to which topics become one; 0 merges none.
    n_jobs : int, default=None
        Number of threads of the search and of the clustering.
    random_state : int, RandomState instance or None, default=None
        Start of the search for eigenvectors.

    Attributes
    ----------
    labels_ : ndarray of shape (n_samples,)
        Topic of each document, the most frequent is 0.
    topic_vectors_ : ndarray of shape (n_topics, n_features)
        The topics v, of unit length.
    topic_sizes_ : ndarray of shape (n_topics,)
        Number of documents of each topic, falling.
    found_topic_vectors_ : ndarray of shape (n_found, n_features)
        Those that were found, before ``n_topics`` merged them, ordered by size too.
    cluster_labels_ : ndarray of shape (n_samples,)
        The topic, of those found, whose dense region a document lies in, or -1.
    hierarchy_ : list of list of int
        Topics found that each topic consists of.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has them.

    See Also
    --------
    Lbl2Vec : Topics that are named by a few words or documents.
    sksim.metrics.hubness_report : Whether a reduction may help.

    Notes
    -----
    A graph tells dense regions apart where principal components may not. Many topics need more of
    its eigenvectors than the default: 50 for the 150 intents of
    :func:`~sksim.datasets.load_sentence_embeddings`, where reductions of hubness bring the
    topics nearer to the intents. Parts of the graph that nothing joins are far from each other.

    Where no region is dense, all documents are one topic, and a warning says so.

    Time of the search, :math:`O(n^2 d)`, of the eigenvectors of a sparse matrix, and of HDBSCAN,
    at most :math:`O(n^2)`; a merger of two topics takes :math:`O(n d)`, and compares their
    documents with all topics. Memory O(n (d + n_neighbors)), or what the reducer takes.

    References
    ----------
    .. [1] D. Angelov (2020). Top2Vec: distributed representations of topics. arXiv:2008.09470.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import make_blobs
    >>> from sksim.topics import Top2Vec
    >>> directions = 10 * np.eye(6, 20)
    >>> X, _ = make_blobs(300, centers=directions, random_state=0)
    >>> model = Top2Vec(random_state=0).fit(X)
    >>> model.topic_sizes_
    array([50, 50, 50, 50, 50, 50])
    """

    _parameter_constraints: dict = {
        "n_topics": [Interval(Integral, 1, None, closed="left"), None],
        "reducer": [StrOptions({"spectral"}), HasMethods(["fit_transform"]), None],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "reduction": [str, HasMethods(["fit", "transform"]), None],
        "min_cluster_size": [Interval(Integral, 2, None, closed="left")],
        "merge_distance": [Interval(Real, 0, 2, closed="both")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_topics: int | None = None,
        *,
        reducer: Literal["spectral"] | BaseEstimator | None = "spectral",
        n_components: int = 5,
        n_neighbors: int = 15,
        reduction: str | BaseEstimator | None = None,
        min_cluster_size: int = 15,
        merge_distance: float = 0.1,
        n_jobs: int | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.n_topics = n_topics
        self.reducer = reducer
        self.n_components = n_components
        self.n_neighbors = n_neighbors
        self.reduction = reduction
        self.min_cluster_size = min_cluster_size
        self.merge_distance = merge_distance
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: MatrixLike, y: object = None) -> Self:
        """Find the topics.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Vectors of documents.
        y : None
            Ignored.

        Returns
        -------
        self : Top2Vec
            The fitted estimator.

        Raises
        ------
        ValueError
            If a reduction comes with another reducer than "spectral".

        Warns
        -----
        UserWarning
            If no region is dense, or there are fewer topics than ``n_topics``.
        """
        X = validate_named_data(
            self, X, accept_sparse="csr", dtype=[np.float64, np.float32], ensure_min_samples=2
        )
        if self.reduction is not None and self.reducer != "spectral":
            raise ValueError(
                "reduction must be None with another reducer than 'spectral', got "
                f"{self.reduction!r}: put HubnessReducedKNeighborsTransformer before a reducer of "
                "neighbour graphs, in a pipeline."
            )
        unit = unit_rows(X)
        clusters = self._dense_regions(unit)
        if clusters.max() < 0:
            warn_caller(
                f"min_cluster_size={self.min_cluster_size}: no region of the {X.shape[0]} "
                "documents is dense, so that all of them are one topic."
            )
            topics = _unit_means(unit, np.zeros_like(clusters))
        else:
            topics = _unit_means(unit, clusters)
            groups = _merge_near(topics, self.merge_distance)
            topics = _unit_means(topics, groups)
            clusters = np.where(clusters < 0, -1, groups[clusters])
        order = self._by_size(unit, topics)
        self.found_topic_vectors_ = topics[order]
        self.cluster_labels_ = np.append(np.argsort(order), -1)[clusters]
        n_topics = self.n_topics or len(topics)
        if n_topics > len(topics):
            warn_caller(
                f"n_topics={n_topics} is more than the {len(topics)} topics that were found, all "
                "of which are kept. Lower min_cluster_size to find more."
            )
        topics, hierarchy = _merge_smallest(unit, self.found_topic_vectors_, n_topics)
        order = self._by_size(unit, topics)
        self.topic_vectors_ = topics[order]
        self.hierarchy_ = [hierarchy[topic] for topic in order]
        self.labels_ = _nearest(unit, self.topic_vectors_)[0]
        self.topic_sizes_ = np.bincount(self.labels_, minlength=len(topics))
        return self

    @staticmethod
    def _by_size(unit: Any, topics: FloatArray) -> IntArray:
        sizes = np.bincount(_nearest(unit, topics)[0], minlength=len(topics))
        return np.argsort(-sizes, kind="stable")

    def _dense_regions(self, unit: Any) -> IntArray:
        """Number of the dense region of each document, -1 outside of all."""
        if unit.shape[0] < 2 * self.min_cluster_size:  # no two regions, the least that are told
            return np.full(unit.shape[0], -1)
        if self.reducer == "spectral":
            coordinates = self._spectral_coordinates(unit)
        else:
            coordinates = unit if self.reducer is None else clone(self.reducer).fit_transform(unit)
        scan = HDBSCAN(min_cluster_size=self.min_cluster_size, n_jobs=self.n_jobs, copy=True)
        return scan.fit_predict(coordinates)

    def _spectral_coordinates(self, unit: Any) -> FloatArray:
        n = unit.shape[0]
        n_neighbors = min(self.n_neighbors, n - 1)
        search = HubnessReducedNearestNeighbors(
            n_neighbors, reduction=self.reduction, metric="cosine", n_jobs=self.n_jobs
        ).fit(unit)
        # In 32 bits, the only ones that the search for eigenvectors takes.
        columns = np.ravel(search.kneighbors()[1]).astype(np.int32)
        ends = np.arange(0, n * n_neighbors + 1, n_neighbors, dtype=np.int32)
        graph = sparse.csr_array((np.ones(len(columns)), columns, ends), shape=(n, n))
        embedding = SpectralEmbedding(
            min(self.n_components, n - 2),
            affinity="precomputed",
            eigen_solver="arpack",
            random_state=self.random_state,
        )
        with warnings.catch_warnings():
            # Parts that nothing joins are far from each other, as topics should be.
            warnings.filterwarnings("ignore", message="Graph is not fully connected")
            return unit_rows(embedding.fit_transform((graph + graph.T) / 2))

    @property
    def _n_features_out(self) -> int:
        return len(self.topic_vectors_)

    def _checked(self, X: MatrixLike) -> Any:
        check_is_fitted(self)
        return validate_named_data(
            self, X, reset=False, accept_sparse="csr", dtype=[np.float64, np.float32]
        )

    # scikit-learn's ClusterMixin is for what finds clusters among fifty samples too.
    def fit_predict(self, X: MatrixLike, y: object = None) -> IntArray:
        """Find the topics and return that of each document.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Vectors of documents.
        y : None
            Ignored.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            The attribute ``labels_``.
        """
        return self.fit(X).labels_

    def predict(self, X: MatrixLike) -> IntArray:
        """Nearest topic of each document.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Vectors of documents.

        Returns
        -------
        topics : ndarray of shape (n_samples,)
            Rows of ``topic_vectors_``.
        """
        return _nearest(unit_rows(self._checked(X)), self.topic_vectors_)[0]

    def transform(self, X: MatrixLike) -> FloatArray:
        """Cosines of documents with the topics.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Vectors of documents.

        Returns
        -------
        cosines : ndarray of shape (n_samples, n_topics)
            In [-1, 1].
        """
        X = self._checked(X)
        cosines = safe_sparse_dot(unit_rows(X), self.topic_vectors_.T, dense_output=True)
        return cosines.astype(X.dtype, copy=False)

    @validate_params(
        {
            "self": "no_validation",
            "word_vectors": ["array-like", "sparse matrix"],
            "vocabulary": ["array-like"],
            "n_words": [Interval(Integral, 1, None, closed="left")],
        },
        prefer_skip_nested_validation=True,
    )
    def topic_words(
        self, word_vectors: MatrixLike, vocabulary: Sequence[str], n_words: int = 10
    ) -> Result:
        """Words, or whatever lies in the space of the documents, that are nearest to each topic.

        Parameters
        ----------
        word_vectors : {array-like, sparse matrix} of shape (n_vocabulary, n_features)
            Vectors of the words.
        vocabulary : sequence of str, of length n_vocabulary
            The words.
        n_words : int, default=10
            Number of words of a topic, cut to the number of all.

        Returns
        -------
        words : Bunch
            With ``words`` (n_topics, n_words), the nearest first, and their cosines ``scores``.
        """
        check_is_fitted(self)
        vectors = check_named_array(
            word_vectors, "word_vectors", accept_sparse="csr", dtype=[np.float64, np.float32]
        )
        names = check_labels(vocabulary, "vocabulary")
        if vectors.shape != (len(names), self.n_features_in_):
            raise ValueError(
                "word_vectors must have one row for each word of vocabulary and one column for "
                f"each feature, {(len(names), self.n_features_in_)}, got shape {vectors.shape}."
            )
        scores = safe_sparse_dot(unit_rows(vectors), self.topic_vectors_.T, dense_output=True).T
        order = np.argsort(-scores, axis=1, kind="stable")[:, :n_words]
        return Result(words=names[order], scores=np.take_along_axis(scores, order, axis=1))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

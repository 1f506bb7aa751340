"""Labels of documents from a few labelled words or documents."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.neighbors import LocalOutlierFactor
from sklearn.utils import Tags
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.hubness._registry import resolve_reduction
from sksim.utils._arrays import validate_named_data
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import HasMethods, Interval, _fit_context
from sksim.utils._typing import AnyArray, ArrayLike, FloatArray, IntArray, MatrixLike
from sksim.utils._unit_rows import unit_rows

__all__ = ["Lbl2Vec"]

#: Neighbours of the local outlier factor, as published.
_OUTLIER_NEIGHBORS = 20


def _mean_of_rows(X: Any, rows: IntArray) -> FloatArray:
    return np.asarray(X[rows].mean(axis=0), dtype=np.float64).ravel()


class Lbl2Vec(ClassifierMixin, SksimEstimator):
    r"""Label documents by a few labelled words or documents, and what lies near them.

    For each label c, with the unit vectors :math:`\bar w` of its labelled rows :math:`W_c` and the
    documents x [1]_,

    .. math:: q_c = \frac{1}{|W_c|} \sum_{w \in W_c} \bar w, \qquad
              D_c = \{x : \cos(x, q_c) > \tau_c\}, \qquad
              v_c = \frac{1}{|D_c|} \sum_{x \in D_c} x,

    without the outliers of :math:`D_c`, and a document has the label of the largest
    :math:`\cos(x, v_c)`. By default :math:`\tau_c` is the largest cosine less 0.1.

    Of many labels some are hubs, near to documents of all others: ``reduction`` repairs the
    distances from documents to labels.

    .. versionadded:: 0.1

    Parameters
    ----------
    similarity_threshold : float or None, default=None
        Least cosine :math:`\tau` of a label's documents, which must be above it. None means that
        of the most similar one less ``threshold_offset``.
    threshold_offset : float, default=0.1
        How much less, without effect where ``similarity_threshold`` is given.
    min_docs : int, default=1
        Number of documents that a label has at least, the most similar ones.
    max_docs : int or None, default=None
        Number that it has at most; None means no bound.
    clean_outliers : bool, default=True
        Whether documents that :class:`~sklearn.neighbors.LocalOutlierFactor` of 20 neighbours calls
        outliers are left out of the mean; if all are, all stay.
    reduction : str, estimator or None, default=None
        Name of a reduction of :mod:`sksim.hubness` or an instance, fitted on the cosine distances
        from the labels to the documents; None means cosines.
    n_jobs : int, default=None
        Number of jobs of the local outlier factor.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    keyword_vectors_ : ndarray of shape (n_classes, n_features)
        Means q of the labelled rows at unit length.
    label_vectors_ : ndarray of shape (n_classes, n_features)
        Means v of the documents.
    document_indices_ : list of ndarray
        Rows of X that each label vector is the mean of, the most similar first.
    n_docs_ : ndarray of shape (n_classes,)
        Their numbers.
    reduction_ : reduction or None
        The fitted reduction.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has them.

    See Also
    --------
    Top2Vec : Topics without a label.
    sklearn.neighbors.NearestCentroid : Where all rows are labelled.

    Notes
    -----
    Time O(n d k) for n documents, d features and k labels, beside that of the local outlier factor,
    quadratic in the number of documents of a label: ``max_docs`` bounds it. Memory O(n d), and
    cosines in blocks of labels; with a reduction O(n k).

    A label vector that is a single document counts as that document: what the reduction learns of
    it leaves it out. Reductions that compare neighbours in one set are refused.

    A rotation of all vectors changes nothing, nor does the length of a labelled row. The length of
    a document is its weight in the mean.

    On the sentences of :func:`~sksim.datasets.load_sentence_embeddings` with one labelled sentence
    an intent it is better than the nearest sentence. A reduction helps where few documents make a
    label, and not where many do.

    References
    ----------
    .. [1] T. Schopf, D. Braun and F. Matthes (2021). Lbl2Vec: an embedding-based approach for
           unsupervised document retrieval on predefined topics. International Conference on Web
           Information Systems and Technologies.

    Examples
    --------
    Six documents and one word for each label:

    >>> import numpy as np
    >>> from sksim.topics import Lbl2Vec
    >>> documents = [[1, 0], [0.96, 0.28], [0.8, 0.6], [0.6, 0.8], [0, 1], [-0.6, 0.8]]
    >>> words = [[3, 0], [0, 2]]
    >>> model = Lbl2Vec().fit(np.vstack([documents, words]), [-1] * 6 + [0, 1])
    >>> model.n_docs_
    array([2, 1])
    >>> model.predict(documents)
    array([0, 0, 0, 1, 1, 1])
    """

    _parameter_constraints: dict = {
        "similarity_threshold": [Real, None],
        "threshold_offset": [Interval(Real, 0, None, closed="left")],
        "min_docs": [Interval(Integral, 1, None, closed="left")],
        "max_docs": [Interval(Integral, 1, None, closed="left"), None],
        "clean_outliers": ["boolean"],
        "reduction": [str, HasMethods(["fit", "transform"]), None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        *,
        similarity_threshold: float | None = None,
        threshold_offset: float = 0.1,
        min_docs: int = 1,
        max_docs: int | None = None,
        clean_outliers: bool = True,
        reduction: str | BaseEstimator | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.similarity_threshold = similarity_threshold
        self.threshold_offset = threshold_offset
        self.min_docs = min_docs
        self.max_docs = max_docs
        self.clean_outliers = clean_outliers
        self.reduction = reduction
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: MatrixLike, y: ArrayLike) -> Self:
        """Find the documents of each label, and their mean.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Vectors of documents, and of labelled words or documents.
        y : array-like of shape (n_samples,)
            -1 for a document, a label for what stands for it. Where all rows are labelled, or
            beside -1 there is one value only, all values are labels and all rows documents too.

        Returns
        -------
        self : Lbl2Vec
            The fitted classifier.

        Raises
        ------
        ValueError
            If there are fewer documents than ``min_docs``, or ``max_docs`` is less than that.
        """
        X, y = validate_named_data(self, X, y, accept_sparse="csr", dtype=[np.float64, np.float32])
        if self.max_docs is not None and self.max_docs < self.min_docs:
            raise ValueError(
                f"max_docs must be at least min_docs={self.min_docs}, got {self.max_docs}."
            )
        keywords, labels, documents = self._parts(y)
        if self.min_docs > len(documents):
            raise ValueError(
                f"min_docs must be at most the number of documents, {len(documents)}, got "
                f"{self.min_docs}."
            )
        self.classes_, labels = np.unique(labels, return_inverse=True)
        words = unit_rows(X[keywords])
        self.keyword_vectors_ = np.stack(
            [_mean_of_rows(words, labels == c) for c in range(len(self.classes_))]
        )
        candidates = X[documents]
        chosen = self._choose(candidates)
        self.label_vectors_ = np.stack([_mean_of_rows(candidates, rows) for rows in chosen])
        self.document_indices_ = [documents[rows] for rows in chosen]
        self.n_docs_ = np.array([len(rows) for rows in chosen])
        self.reduction_ = resolve_reduction(self.reduction)
        if self.reduction_ is not None:
            self.reduction_.fit_graph(
                self._distances(candidates).T,
                vectors=self.label_vectors_,
                metric="cosine",
                bank=candidates,
            )
        return self

    @staticmethod
    def _parts(y: AnyArray) -> tuple[IntArray, AnyArray, IntArray]:
        """Rows that are labelled, their labels, and rows that are documents."""
        # As objects, of which strings and numbers can be compared with -1.
        is_document = y.astype(object) == -1
        labels = y[~is_document]
        if not (is_document.any() and len(labels) and any(labels != labels[0])):
            is_document = np.zeros(len(y), dtype=bool)
            labels = y
        if labels.dtype.kind == "O":
            labels = np.array(labels.tolist())
        # Beside the documents: labels alone, each of them once, would be taken for numbers.
        check_classification_targets(np.append(labels, np.repeat(labels[:1], is_document.sum())))
        rows = np.arange(len(y))
        if not is_document.any():
            return rows, labels, rows
        return rows[~is_document], labels, rows[is_document]

    def _choose(self, documents: Any) -> list[IntArray]:
        """Documents of each label by cosine to its keywords, the most similar first."""
        unit, keywords = unit_rows(documents), unit_rows(self.keyword_vectors_)
        chosen = []
        for block in row_blocks(len(keywords), 8.0 * unit.shape[0]):
            for cosines in safe_sparse_dot(unit, keywords[block].T, dense_output=True).T:
                order = np.argsort(-cosines, kind="stable")
                threshold = self.similarity_threshold
                if threshold is None:
                    threshold = cosines[order[0]] - self.threshold_offset
                n_docs = max(np.count_nonzero(cosines > threshold), self.min_docs)
                rows = order[: min(n_docs, self.max_docs or n_docs)]
                chosen.append(self._inliers(documents, rows))
        return chosen

    def _inliers(self, documents: Any, rows: IntArray) -> IntArray:
        if not self.clean_outliers or len(rows) < 2:
            return rows
        factor = LocalOutlierFactor(min(_OUTLIER_NEIGHBORS, len(rows) - 1), n_jobs=self.n_jobs)
        is_inlier = factor.fit_predict(documents[rows]) == 1
        return rows[is_inlier] if is_inlier.any() else rows

    def _cosines(self, X: Any) -> FloatArray:
        return safe_sparse_dot(unit_rows(X), unit_rows(self.label_vectors_).T, dense_output=True)

    def _distances(self, X: Any) -> FloatArray:
        return np.maximum(1 - self._cosines(X), 0.0)

    def _scores(self, X: MatrixLike) -> FloatArray:
        check_is_fitted(self)
        X = validate_named_data(
            self, X, reset=False, accept_sparse="csr", dtype=[np.float64, np.float32]
        )
        if self.reduction_ is None:
            return self._cosines(X)
        return -self.reduction_.reduce_graph(self._distances(X), queries=X)

    def decision_function(self, X: MatrixLike) -> FloatArray:
        """Cosines to the label vectors, or minus the reduced distances from them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Documents.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_classes) or (n_samples,)
            Columns in the order of ``classes_``; of two labels the score of the second less that
            of the first.
        """
        scores = self._scores(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores

    def predict(self, X: MatrixLike) -> AnyArray:
        """Label of the largest score, the first of equal ones.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Documents.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Labels.
        """
        best = self._scores(X).argmax(axis=1)
        return self.classes_[best]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

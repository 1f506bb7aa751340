"""Chamfer similarity of sets of vectors."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np

from sksim.metrics.retrieval._sets import VectorSets, check_vector_sets
from sksim.utils._blocks import row_blocks
from sksim.utils._typing import FloatArray, IntArray

__all__ = ["chamfer_similarity", "listed_chamfer_similarity"]


def _of_sets(queries: VectorSets, documents: VectorSets, out: np.ndarray) -> None:
    """Fill (n_queries, n_documents) with one product of a block of query vectors at a time."""
    sizes = np.diff(queries.starts)
    row_bytes = queries.vectors.itemsize * len(documents.vectors)
    for block in row_blocks(queries.n_sets, row_bytes * int(sizes.max())):
        start, stop = queries.starts[block.start], queries.starts[block.stop]
        products = queries.vectors[start:stop] @ documents.vectors.T
        best = np.maximum.reduceat(products, documents.starts[:-1], axis=1)
        first = queries.starts[block.start : block.stop] - start
        out[block] = np.add.reduceat(best, first, axis=0, dtype=np.float64)


def listed_chamfer_similarity(
    queries: VectorSets, documents: VectorSets, listed: IntArray
) -> FloatArray:
    """Similarity of each query to the documents in its list, all of shape (n_queries, n_listed)."""
    similarity = np.empty(listed.shape)
    sizes = np.diff(documents.starts)
    for i, columns in enumerate(listed):
        ends = np.cumsum(sizes[columns])
        firsts = ends - sizes[columns]
        # All vectors of the listed documents, one document after the other.
        rows = np.repeat(documents.starts[columns] - firsts, sizes[columns]) + np.arange(ends[-1])
        query = queries.vectors[queries.starts[i] : queries.starts[i + 1]]
        products = query @ documents.vectors[rows].T
        best = np.maximum.reduceat(products, firsts, axis=1)
        similarity[i] = best.sum(axis=0, dtype=np.float64)
    return similarity


def chamfer_similarity(queries: Any, documents: Any) -> FloatArray:
    r"""Sum over the vectors of a query of their best match in a document.

    .. math:: S_{ij} = \sum_{q \in Q_i} \max_{p \in P_j} \langle q, p \rangle

    of the query :math:`Q_i` and the document :math:`P_j`, both sets of vectors. The values are
    unbounded, at most the number of query vectors where all vectors have unit length; greater is
    more similar. Late interaction between token embeddings scores documents so [1]_; search by
    single vectors that approximate it is the subject of [2]_.

    .. versionadded:: 0.1

    Parameters
    ----------
    queries : list of array-like of shape (n_vectors_i, n_features), or array-like
        Sets of vectors. An array of shape (n_queries, n_vectors, n_features) holds as many in
        each set, one of shape (n_queries, n_features) a single one.
    documents : list of array-like of shape (n_vectors_j, n_features), or array-like
        Sets of vectors, likewise.

    Returns
    -------
    similarity : ndarray of shape (n_queries, n_documents)
        Similarities in float64.

    Raises
    ------
    ValueError
        If there is no set, a set is empty, or the numbers of features differ.

    See Also
    --------
    retrieval_precision_score : Of single vectors.

    Notes
    -----
    Not symmetric. Linear in the lengths of the query vectors; unchanged by a rotation of all
    vectors, and by what order or how often a document holds its vectors. Time
    O(N_q N_p d) for N_q and N_p vectors in all, in blocks within scikit-learn's working memory.

    References
    ----------
    .. [1] O. Khattab and M. Zaharia (2020). ColBERT: efficient and effective passage search via
           contextualized late interaction over BERT. ACM SIGIR Conference on Research and
           Development in Information Retrieval.
    .. [2] L. Dhulipala, M. Hadian, R. Jayaram, J. Lee and V. Mirrokni (2024). MUVERA: multi-vector
           retrieval via fixed dimensional encodings. Advances in Neural Information Processing
           Systems.

    Examples
    --------
    >>> from sksim.metrics import chamfer_similarity
    >>> query = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.6, 0.8, 0.0]]
    >>> document = [[0.8, 0.6, 0.0], [0.0, 0.0, 1.0]]
    >>> chamfer_similarity([query], [document]).round(2)
    array([[2.36]])
    >>> chamfer_similarity([document], [query]).round(2)
    array([[0.96]])
    """
    sets_q = check_vector_sets(queries, "queries")
    sets_d = check_vector_sets(documents, "documents")
    if sets_q.vectors.shape[1] != sets_d.vectors.shape[1]:
        raise ValueError(
            "queries and documents must have the same number of features, got "
            f"{sets_q.vectors.shape[1]} and {sets_d.vectors.shape[1]}."
        )
    similarity = np.empty((sets_q.n_sets, sets_d.n_sets))
    _of_sets(sets_q, sets_d, similarity)
    return similarity

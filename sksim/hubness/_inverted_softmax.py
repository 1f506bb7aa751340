"""Inverted softmax, with the dynamic gate of query-bank normalization."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Real

import numpy as np
from scipy.special import logsumexp
from sklearn.metrics import pairwise_distances_chunked

from sksim._search._exact import exact_neighbors
from sksim.hubness._additive import add_bias, fit_bias
from sksim.hubness._base import GraphReduction, missing_vectors_error
from sksim.hubness._inner_product import additive_index
from sksim.utils._sklearn import Interval

__all__ = ["InvertedSoftmax"]


def _stored_soft_maximum(beta, distances):
    """(1 / beta) log mean exp(-beta d) over the stored neighbours of each row."""
    nearest = distances.row_minimum(distances.values)
    excess = np.maximum(distances.values - distances.by_row(nearest), 0)
    total = distances.row_sum(np.exp(-beta * excess))
    count = distances.shape[1] - distances.has_self
    with np.errstate(divide="ignore", invalid="ignore"):
        soft = -nearest + np.log(total / np.maximum(count, 1)) / beta
    return np.where(distances.counts > 0, soft, np.nan)


def _bank_soft_maximum(beta, space):
    """The same over the whole bank, from vectors; without a bank over all other samples."""
    own_bank = space.bank is None
    bank = space.vectors if own_bank else space.bank

    def of_block(D, start):
        scores = -beta * D
        if own_bank:
            rows = np.arange(len(D))
            scores[rows, space.rows.start + start + rows] = -np.inf
        return logsumexp(scores, axis=1) - np.log(D.shape[1] - own_bank)

    blocks = pairwise_distances_chunked(
        space.row_vectors, bank, reduce_func=of_block, metric=space.metric, **space.metric_params
    )
    return np.concatenate(list(blocks)) / beta


def _bank_neighbors(distances, space):
    """Nearest indexed sample of each member of the bank."""
    if space.bank is None:
        nearest = distances.nearest(1)[1]
    elif space.vectors is not None:
        options = {"metric": space.metric, "metric_params": space.metric_params}
        nearest = exact_neighbors(space.bank, space.vectors, n_neighbors=1, **options)[1]
    elif distances.is_complete:
        nearest = distances.toarray().argmin(axis=0)
    else:
        raise missing_vectors_error("InvertedSoftmax", "dynamic=True with a bank")
    return nearest[nearest >= 0]


class InvertedSoftmax(GraphReduction):
    r"""Inverted softmax: how likely the query is, given the sample, among the queries of a bank.

    With similarities :math:`s = -d` and a bank B of reference queries the score of x is
    :math:`e^{\beta s(q, x)} / \sum_{b \in B} e^{\beta s(b, x)}`. Its logarithm is ranked [1]_,

    .. math:: IS(q, x) = d(q, x) + b(x) + c \ge 0, \qquad
        b(x) = \frac{1}{\beta} \log \frac{1}{|B|} \sum_{b \in B} e^{-\beta d(b, x)}.

    Without a bank the indexed samples are the bank, each left out of its own sum. A small
    :math:`\beta` subtracts the mean similarity, a large one the largest.

    .. versionadded:: 0.1

    Parameters
    ----------
    beta : float, default=20.0
        Inverse temperature :math:`\beta`, in units of one over the distance. The default suits
        cosine distances.
    dynamic : bool, default=False
        Whether to reduce only the queries whose nearest indexed sample is also the nearest of some
        member of the bank, and to leave the distances of all others as they are: the dynamic
        inverted softmax of query-bank normalization [2]_.

    Attributes
    ----------
    bias_ : ndarray of shape (n_samples,)
        The bias b of the indexed samples.
    activated_ : ndarray of shape (n_samples,) of bool
        Nearest samples of the members of the bank. Only with ``dynamic=True``.
    offset_ : float
        Constant that makes the values non-negative.
    n_samples_fit_ : int
        Number of indexed samples.
    n_features_in_ : int
        The same: number of columns of the graph.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the matrix was a data frame.

    Raises
    ------
    MemoryError
        If a complete matrix of distances, and what is made of it, does not fit into the memory
        available.

    See Also
    --------
    NearestNeighborNormalization : Subtracts the mean similarity of the nearest bank members.
    SinkhornNormalization : Repeats the normalization in both directions until it is consistent.

    Notes
    -----
    Where vectors are at hand the sum runs over the whole bank, in blocks within scikit-learn's
    working memory: time O(n b D) for b bank vectors. On a bare graph it runs over the stored
    neighbours, which carry almost all of it for large :math:`\beta`; on a complete graph the two
    agree.

    A bank that is unlike the queries does harm. Compare their k-occurrences.

    References
    ----------
    .. [1] S. L. Smith, D. H. P. Turban, S. Hamblin and N. Y. Hammerla (2017). Offline bilingual
           word vectors, orthogonal transformations and the inverted softmax. International
           Conference on Learning Representations.
    .. [2] S.-V. Bogolin, I. Croitoru, H. Jin, Y. Liu and S. Albanie (2022). Cross modal retrieval
           with querybank normalisation. IEEE/CVF Conference on Computer Vision and Pattern
           Recognition.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.hubness import InvertedSoftmax
    >>> D = np.array([[0.0, 0.2, 0.1], [0.2, 0.0, 0.3], [0.1, 0.3, 0.0]])
    >>> InvertedSoftmax().fit(D).bias_.round(3)
    array([-0.128, -0.228, -0.134])
    """

    _parameter_constraints: dict = {
        "beta": [Interval(Real, 0, None, closed="neither")],
        "dynamic": ["boolean"],
    }

    def __init__(self, *, beta: float = 20.0, dynamic: bool = False) -> None:
        self.beta = beta
        self.dynamic = dynamic

    @property
    def needs_vectors(self) -> bool:
        """Vectors make the sum over the bank exact."""
        return True

    @property
    def fits_by_rows(self) -> bool:
        """Whether the gate stays out, which asks all members of the bank at once."""
        return not self.dynamic

    def _statistics(self, distances, space):
        if self.dynamic:
            space.source = np.zeros(distances.shape[0], dtype=bool)
            space.source[_bank_neighbors(distances, space)] = True
        if space.vectors is None or distances.is_complete:
            return _stored_soft_maximum(self.beta, distances)
        return _bank_soft_maximum(self.beta, space)

    def _store(self, bias, space):
        self.bias_, self.offset_ = fit_bias(bias)
        if self.dynamic:
            self.activated_ = space.source

    def _reduce(self, distances, queries):
        reduced = add_bias(distances.values, distances, self.bias_ + self.offset_)
        if not self.dynamic:
            return reduced
        nearest = distances.nearest(1)[1]
        nearest = nearest[:, 0] if nearest.shape[1] else np.full(distances.shape[0], -1)
        is_active = (nearest >= 0) & self.activated_[nearest]
        return np.where(distances.by_row(is_active), reduced, distances.values)

    def _inner_product_index(self, vectors, metric):
        if self.dynamic:
            raise ValueError(
                "InvertedSoftmax(dynamic=True) decides for each query whether to normalize, which "
                "is no inner product. Use dynamic=False."
            )
        return additive_index(vectors, metric, self.bias_, name="InvertedSoftmax")

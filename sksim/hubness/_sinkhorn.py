"""Sinkhorn normalization of the similarities of a bank of queries."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral, Real

import numpy as np
from scipy.special import logsumexp
from sklearn.metrics import pairwise_distances

from sksim.hubness._additive import add_bias, fit_bias
from sksim.hubness._base import GraphReduction, missing_vectors_error
from sksim.hubness._inner_product import additive_index
from sksim.utils._arrays import check_named_array
from sksim.utils._blocks import row_blocks
from sksim.utils._memory import check_fits
from sksim.utils._sklearn import Interval
from sksim.utils._typing import ArrayLike, FloatArray, MatrixLike

__all__ = ["SinkhornNormalization"]


def _column_update(K, f, columns):
    """Log sum over the rows of exp(K + f) for some columns."""
    return logsumexp(K[:, columns] + f[:, None], axis=0)


def _half_rounds(K, g, log_row):
    """Row potentials that give each row its mass, and the log column sums of exp(K + f)."""
    f, sums = np.empty(K.shape[0]), np.zeros(K.shape[1])
    for rows in row_blocks(K.shape[0], 16 * K.shape[1]):
        scores = K[rows] + g
        top = scores.max(axis=1)
        scores -= top[:, None]
        np.exp(scores, out=scores)
        mass = scores.sum(axis=1)
        f[rows] = log_row - top - np.log(mass)
        sums += np.exp(log_row) / mass @ scores
    lost = sums <= 0  # far below the rest: their sums are taken in logs
    log_sums = np.log(np.where(lost, 1.0, sums)) - g
    log_sums[lost] = _column_update(K, f, lost)
    return f, log_sums


def sinkhorn_potentials(
    K: FloatArray, log_columns: FloatArray, n_iterations: int
) -> tuple[FloatArray, FloatArray]:
    """Potentials f of the rows and g of the columns of the scaled similarities K.

    After each round exp(K + f + g) has the column sums exp(log_columns), and in the limit row sums
    of one over the number of rows.
    """
    log_row, g = -np.log(K.shape[0]), np.zeros(K.shape[1])
    for _ in range(n_iterations):
        f, log_sums = _half_rounds(K, g, log_row)
        g = log_columns - log_sums
    return f, g


def _check_plan(n_bank: int, n_indexed: int) -> None:
    """Raise before a plan that does not fit: distances, scaled, in the order of the other side."""
    check_fits(
        24.0 * n_bank * n_indexed,
        f"SinkhornNormalization: the transport plan of {n_bank} bank queries and {n_indexed} "
        "samples",
        "Give a smaller bank, or take InvertedSoftmax, which works in blocks.",
    )


class SinkhornNormalization(GraphReduction):
    r"""Sinkhorn normalization: the similarities of a bank become a transport plan.

    With similarities :math:`s = -d`, a bank of m reference queries b and n indexed samples x, the
    potentials f and g make

    .. math:: P_{bx} = \exp\left(\frac{s(b, x) + f(b) + g(x)}{\tau}\right), \qquad
        \sum_x P_{bx} = \frac{1}{m}, \quad \sum_b P_{bx} = p(x),

    so that each sample gets its share p(x) of the bank, 1/n by default. Queries then rank by [1]_

    .. math:: SN(q, x) = d(q, x) - g(x) + c \ge 0.

    Without a bank the indexed samples are the bank, none transported to itself.

    .. versionadded:: 0.1

    Parameters
    ----------
    temperature : float, default=0.05
        Temperature :math:`\tau`, in units of the distance.
    n_iterations : int, default=30
        Rounds of scaling the rows and then the columns. One round is the inverted softmax of
        similarities whose rows were scaled first.
    prior : array-like of shape (n_samples,), default=None
        Expected share p of each indexed sample, positive; scaled to sum 1. Give larger shares to
        samples that are frequent answers for good reason. None means equal shares.
    target_bank : array-like of shape (n_targets, n_features), default=None
        Vectors from the space of the indexed samples between which and the bank the plan is found;
        the indexed samples then get their g from the bank's f [2]_. None means the indexed samples.

    Attributes
    ----------
    bias_ : ndarray of shape (n_samples,)
        :math:`-g` of the indexed samples, up to a constant.
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
        If, in ``fit``, the transport plan does not fit into the memory available.

    See Also
    --------
    InvertedSoftmax : One half of one round.
    NearestNeighborNormalization : Subtracts mean similarities.

    Notes
    -----
    Needs the vectors, or a complete graph. The plan is a matrix of m times n numbers: O(m n) memory
    and O(m n) time for each round. Row and column sums are taken in logs, so that small
    temperatures do not underflow.

    References
    ----------
    .. [1] J. Huang, Q. Qiu and K. Church (2019). Hubless nearest neighbor search for bilingual
           lexicon induction. Annual Meeting of the Association for Computational Linguistics.
    .. [2] Z. Pan, H. Wang, F. Wu, P. Zhang and J. Bu (2025). Hubness reduction with dual bank
           Sinkhorn normalization for cross-modal retrieval. ACM International Conference on
           Multimedia.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.hubness import SinkhornNormalization
    >>> D = np.array([[0.0, 0.2, 0.1], [0.2, 0.0, 0.3], [0.1, 0.3, 0.0]])
    >>> reduction = SinkhornNormalization(temperature=0.1).fit(D)
    >>> (reduction.bias_ - reduction.bias_[0]).round(3)
    array([ 0. , -0.2, -0.1])
    """

    _parameter_constraints: dict = {
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "n_iterations": [Interval(Integral, 1, None, closed="left")],
        "prior": ["array-like", None],
        "target_bank": ["array-like", None],
    }

    short_name = "sinkhorn"

    def __init__(
        self,
        *,
        temperature: float = 0.05,
        n_iterations: int = 30,
        prior: ArrayLike | None = None,
        target_bank: MatrixLike | None = None,
    ) -> None:
        self.temperature = temperature
        self.n_iterations = n_iterations
        self.prior = prior
        self.target_bank = target_bank

    @property
    def needs_vectors(self) -> bool:
        """The plan needs all distances between the bank and the indexed samples."""
        return True

    @property
    def fits_by_rows(self) -> bool:
        """The plan is one matrix of all rows."""
        return False

    def _statistics(self, distances, space):
        K = np.ascontiguousarray(self._scaled_similarities(distances, space))
        log_prior = self._log_prior(K.shape[1])
        if self.target_bank is None:
            g = sinkhorn_potentials(K, log_prior, self.n_iterations)[1]
        else:
            g = log_prior - _column_update(K, self._target_potentials(space), slice(None))
        return -self.temperature * g

    def _store(self, bias, space):
        self.bias_, self.offset_ = fit_bias(bias)

    def _reduce(self, distances, queries):
        return add_bias(distances.values, distances, self.bias_ + self.offset_)

    def _scaled_similarities(self, distances, space):
        """K of shape (n_bank, n_indexed); a sample and itself are kept apart by -inf."""
        if distances.is_complete:
            D = distances.toarray()
            own_row = np.flatnonzero(distances.has_self)
            own_column = distances.self_index[own_row]
            if space.bank is None and D.shape[0] == D.shape[1]:
                # Of duplicates it is the one on the diagonal: a sample is kept from itself alone.
                is_diagonal = D[own_row, own_row] <= D[own_row, own_column]
                own_column = np.where(is_diagonal, own_row, own_column)
        elif space.vectors is None:
            raise missing_vectors_error("SinkhornNormalization", "for the distances to the bank")
        else:
            bank = space.vectors if space.bank is None else space.bank
            _check_plan(bank.shape[0], space.vectors.shape[0])
            D = pairwise_distances(space.vectors, bank, metric=space.metric, **space.metric_params)
            own_row = own_column = np.arange(D.shape[0] if space.bank is None else 0)
        K = D / -self.temperature
        K[own_row, own_column] = -np.inf
        return K.T

    def _log_prior(self, n_indexed: int):
        if self.prior is None:
            return np.full(n_indexed, -np.log(n_indexed))
        prior = check_named_array(self.prior, "prior", ensure_2d=False, dtype=np.float64)
        if prior.shape != (n_indexed,) or prior.min() <= 0:
            raise ValueError(
                f"prior must hold {n_indexed} positive numbers, one for each indexed sample, got "
                f"shape {prior.shape} and a smallest value of {prior.min():g}."
            )
        return np.log(prior / prior.sum())

    def _target_potentials(self, space):
        """Potentials f of the bank from the plan between the bank and the target bank."""
        if space.vectors is None:
            raise missing_vectors_error("SinkhornNormalization", "for target_bank")
        targets = check_named_array(self.target_bank, "target_bank", accept_sparse="csr")
        bank = space.vectors if space.bank is None else space.bank
        _check_plan(bank.shape[0], targets.shape[0])
        D = pairwise_distances(bank, targets, metric=space.metric, **space.metric_params)
        uniform = np.full(D.shape[1], -np.log(D.shape[1]))
        return sinkhorn_potentials(D / -self.temperature, uniform, self.n_iterations)[0]

    def _inner_product_index(self, vectors, metric):
        return additive_index(vectors, metric, self.bias_, name="SinkhornNormalization")

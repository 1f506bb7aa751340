"""Distances between distributions whose log-probabilities arrive in batches."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np

from sksim.metrics.distributions._index_sets import check_index, check_label_pair
from sksim.metrics.distributions._kl import array_row_kl_divergence, row_kl_divergence
from sksim.metrics.distributions._label_terms import (
    LabelSums,
    label_sums,
    score_pivots,
    sum_products,
    terms_of_sums,
)
from sksim.metrics.distributions._log_probabilities import LogProbabilityPair
from sksim.metrics.distributions._logit_distance import (
    array_row_squared_logit_distance,
    row_squared_logit_distance,
)
from sksim.metrics.distributions._tables_in_place import PairInPlace, model_tables
from sksim.metrics.distributions._terms import Terms, report_degenerate
from sksim.utils._array_api import namespace_of
from sksim.utils._names import unknown_name_error
from sksim.utils._results import Result
from sksim.utils._typing import ArrayLike, FloatArray, IntArray

__all__ = ["DistributionAccumulator"]


@dataclass(frozen=True, eq=False)
class _Totals:
    """What has been seen of two models; two samples can be pooled."""

    n_samples: int
    pivots: IntArray
    floors: tuple[float, float]
    divergence: float
    squared_distance: float
    means: FloatArray
    sums: LabelSums

    @classmethod
    def of(cls, pair: LogProbabilityPair, pivots: IntArray) -> Self:
        if isinstance(pair, PairInPlace):
            rows = [
                function(pair.log_p, pair.log_q)
                for function in (array_row_kl_divergence, array_row_squared_logit_distance)
            ]
            divergence, squared_distance = (float(namespace_of(row).sum(row)) for row in rows)
        else:
            divergence = float(row_kl_divergence(pair).sum())
            squared_distance = float(row_squared_logit_distance(pair).sum())
        return cls(
            n_samples=pair.n_samples,
            pivots=pivots,
            floors=pair.floors,
            divergence=divergence,
            squared_distance=squared_distance,
            means=pair.variable_means,
            sums=label_sums(pair, pivots),
        )

    def plus(self, other: Self) -> Self:
        if self.means.shape != other.means.shape:
            raise ValueError(
                f"The number of labels must stay the same: got {other.means.shape[1]} after "
                f"{self.means.shape[1]}."
            )
        if not np.array_equal(self.pivots, other.pivots):
            raise ValueError("Both accumulators must keep the same pivots.")
        n_total = self.n_samples + other.n_samples
        gap = other.means - self.means
        between = sum_products(gap[:, None], self.pivots)
        weight = self.n_samples * other.n_samples / n_total
        return replace(
            self,
            n_samples=n_total,
            floors=(max(self.floors[0], other.floors[0]), max(self.floors[1], other.floors[1])),
            divergence=self.divergence + other.divergence,
            squared_distance=self.squared_distance + other.squared_distance,
            means=self.means + gap * (other.n_samples / n_total),
            sums=self.sums.plus(other.sums).plus(between, weight),
        )


class DistributionAccumulator:
    r"""Distances between two conditional distributions, from batches of log-probabilities.

    Keeps the sums of the divergences and of the squared logit distances [1]_, and the means and
    products, centred, of log p + log q and log p - log q. With means :math:`\mu` and centred
    products S of two samples of sizes n and m, the pooled products [2]_ are

    .. math::

        S = S_1 + S_2 + \frac{n m}{n + m} (\mu_2 - \mu_1)(\mu_2 - \mu_1)^T,

    so that the result does not depend on how the inputs are split into batches.

    .. versionadded:: 0.1

    Parameters
    ----------
    pivots : array-like of int, default=None
        The labels that :meth:`label_terms` may be asked about. None allows all of them, which
        takes O(k^2) memory for k labels; for large vocabularies name a few.

    Attributes
    ----------
    n_samples : int
        Number of inputs seen.

    See Also
    --------
    kl_divergence : The same number from whole arrays.
    logit_distance : The same number from whole arrays.
    log_likelihood_variance_distance : t1 and t3 of :meth:`label_terms`, and the input side.

    Notes
    -----
    Keeping the difference of the log-probabilities, rather than both, makes the terms accurate
    where the models are close: t1 and t3 agree with the direct formula to about 1e-8 of their
    value. A log-ratio counts as constant below 1e-7 of the variation of the log-probabilities,
    which products of them do not resolve.

    An update takes time O(b k P) for b inputs and P pivots, memory is O((b + P) k).

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, A. Dittadi and L. Gresele (2025). When does closeness in
           distribution imply representational similarity? An identifiability perspective. Advances
           in Neural Information Processing Systems.
    .. [2] T. F. Chan, G. H. Golub and R. J. LeVeque (1982). Updating formulae and a pairwise
           algorithm for computing sample variances. COMPSTAT Symposium on Computational Statistics.

    Examples
    --------
    >>> from sksim.datasets import make_permuted_pair
    >>> from sksim.metrics import DistributionAccumulator
    >>> pair = make_permuted_pair(rho=3, n_per_class=10, jitter=1, random_state=0)
    >>> accumulator = DistributionAccumulator()
    >>> for rows in (slice(0, 30), slice(30, 70)):
    ...     accumulator = accumulator.partial_fit(pair.log_p[rows], pair.log_q[rows])
    >>> accumulator.n_samples
    70
    >>> round(accumulator.label_terms(pivot=0).t1, 2)
    1.32
    """

    def __init__(self, pivots: ArrayLike | None = None) -> None:
        self.pivots = pivots
        self._totals: _Totals | None = None

    @property
    def n_samples(self) -> int:
        """Number of inputs seen."""
        return 0 if self._totals is None else self._totals.n_samples

    def __repr__(self) -> str:
        return f"DistributionAccumulator(n_samples={self.n_samples})"

    def _checked_pivots(self, n_labels: int) -> np.ndarray:
        if self.pivots is None:
            return np.arange(n_labels)
        pivots = np.unique(self.pivots)
        if pivots.dtype.kind not in "iu" or len(pivots) == 0:
            raise ValueError(f"pivots must be a list of label indices, got {self.pivots!r}.")
        check_index(pivots[0], n_labels, "each of pivots")
        check_index(pivots[-1], n_labels, "each of pivots")
        return pivots

    def partial_fit(self, log_p: ArrayLike, log_q: ArrayLike) -> Self:
        """Add a batch of inputs.

        Parameters
        ----------
        log_p : array-like of shape (n_batch, n_labels)
            Log-probabilities of the first model.
        log_q : array-like of shape (n_batch, n_labels)
            Log-probabilities of the second model, same inputs and same order of labels.

        Returns
        -------
        self : DistributionAccumulator
            The accumulator.

        Raises
        ------
        ValueError
            If a row is not normalised or holds -inf, or if the number of labels changes.
        """
        pair = model_tables(log_p, log_q)
        self._add(_Totals.of(pair, self._checked_pivots(pair.n_labels)))
        return self

    def merge(self, other: "DistributionAccumulator") -> Self:
        """Add everything that another accumulator has seen, in place.

        Parameters
        ----------
        other : DistributionAccumulator
            An accumulator with the same pivots and labels. It is not changed.

        Returns
        -------
        self : DistributionAccumulator
            The accumulator.

        Raises
        ------
        TypeError
            If ``other`` is no accumulator of this kind.
        ValueError
            If the labels or pivots differ.
        """
        if not isinstance(other, DistributionAccumulator):
            raise TypeError(f"other must be a DistributionAccumulator, got {type(other).__name__}.")
        if other._totals is not None:
            self._add(other._totals)
        return self

    def _add(self, totals: _Totals) -> None:
        self._totals = totals if self._totals is None else self._totals.plus(totals)

    def _seen(self, least: int) -> _Totals:
        if self._totals is None or self._totals.n_samples < least:
            raise ValueError(
                f"At least {least} inputs must be seen first (partial_fit), got {self.n_samples}."
            )
        return self._totals

    def kl_divergence(self) -> float:
        """Kullback-Leibler divergence of the first model from the second.

        Returns
        -------
        divergence : float
            Mean over all inputs seen, in nats.
        """
        totals = self._seen(1)
        return totals.divergence / totals.n_samples

    def logit_distance(self, *, squared: bool = False) -> float:
        """Logit distance of the two models.

        Parameters
        ----------
        squared : bool, default=False
            Whether to return the square.

        Returns
        -------
        distance : float
            The distance over all inputs seen, or its square.
        """
        totals = self._seen(1)
        squared_distance = totals.squared_distance / totals.n_samples
        return squared_distance if squared else float(np.sqrt(squared_distance))

    def label_terms(
        self,
        pivot: int,
        *,
        left_out: int | Literal["auto"] = "auto",
        reduce: Literal["max", "mean"] = "max",
    ) -> Result:
        """Terms t1 and t3 of the log-likelihood variance distance, for one pivot label.

        Parameters
        ----------
        pivot : int
            The pivot label, one of ``pivots``.
        left_out : int or "auto", default="auto"
            The left-out label. "auto" leaves out the label that makes t1 smallest.
        reduce : {"max", "mean"}, default="max"
            Whether t1 and t3 are the maximum or the mean over labels.

        Returns
        -------
        terms : Bunch
            ``t1``, ``t3``, ``pivot``, ``left_out``.

        Raises
        ------
        ValueError
            If fewer than 2 inputs or 3 labels were seen, the pivot is not kept, or the log-ratio
            of a label to the pivot is constant.
        """
        totals = self._seen(2)
        n_labels = totals.means.shape[1]
        check_label_pair(pivot, left_out, n_labels)
        if n_labels < 3:
            raise ValueError(f"At least 3 labels are needed, got {n_labels}.")
        if reduce not in ("max", "mean"):
            raise unknown_name_error("reduce", reduce, ("max", "mean"))
        column = np.flatnonzero(totals.pivots == pivot)
        if len(column) == 0:
            raise ValueError(f"pivot must be one of pivots={totals.pivots.tolist()}, got {pivot}.")
        kept = {name: getattr(totals.sums, name)[:, column] for name in ("aa", "bb", "md")}
        terms = terms_of_sums(
            totals.sums._replace(**kept), totals.pivots[column], totals.n_samples, totals.floors
        )
        is_pivot = np.arange(n_labels)[:, None] == pivot
        _, (chosen,) = score_pivots(terms, is_pivot, left_out=left_out, reduce=reduce, skip=False)
        others = np.setdiff1d(np.arange(n_labels), [pivot, chosen])
        terms = Terms(*(part[others, 0] for part in terms))
        report_degenerate("label", others[np.isnan(terms.rest)], "raise", all_of_them=False)
        return Result(
            t1=terms.shape_gap(reduce),
            t3=terms.scale_gap(reduce),
            pivot=int(pivot),
            left_out=int(chosen),
        )

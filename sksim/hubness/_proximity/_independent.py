"""Mutual proximity with independent distributions: a strategy of ``MutualProximity``."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from sksim.hubness._base import Space, missing_vectors_error
from sksim.hubness._distances import DenseDistances, Distances
from sksim.hubness._proximity._gamma import gamma_cdf
from sksim.hubness._proximity._moments import (
    ClosedFormMoments,
    GraphMoments,
    Moments,
    StreamedMoments,
    exact_moments,
)
from sksim.hubness._proximity._symmetric import combine_with_transpose
from sksim.hubness._statistics import fill_missing
from sksim.utils._array_api import any_namespace, normal_cdf, to_numpy
from sksim.utils._typing import FloatArray, RandomState

__all__ = ["CDFS", "IndependentProximity"]

_EPS = float(np.finfo(np.float64).eps)

#: Least mean whose square, and that of whose square root to the fourth, are accurate.
_LEAST_MEAN = 1e-145


def _normal_cdf(distance, mean, deviation):
    z = distance - mean
    z /= deviation
    return normal_cdf(z)


def _either(p, q):
    """Probability of one event or the other, independent ones; overwrites p."""
    both = p * q
    p += q
    p -= both
    return p


class _Distribution(NamedTuple):
    """Cumulative distribution function of (d, mean, deviation), and the divisor n - ddof."""

    cdf: Callable[[Any, Any, Any], Any]
    ddof: int


CDFS = {"normal": _Distribution(_normal_cdf, 0), "gamma": _Distribution(gamma_cdf, 1)}


def _moment_source(
    X: Any, space: Space, moments: str, n_landmarks: int, random_state: RandomState, like: Any
) -> GraphMoments | ClosedFormMoments | StreamedMoments:
    """Source of the moments over the rows of X, over the graph without vectors."""
    if moments == "graph" or X is None:
        return GraphMoments()
    if moments == "exact":
        return exact_moments(X, metric=space.metric, metric_params=space.metric_params, like=like)
    rng = check_random_state(random_state)
    landmarks = np.sort(rng.choice(X.shape[0], min(n_landmarks, X.shape[0]), replace=False))
    return StreamedMoments(X, landmarks, metric=space.metric, metric_params=space.metric_params)


class IndependentProximity:
    """``F_q(d) + F_x(d) - F_q(d) F_x(d)``: each sample with a distribution of its own."""

    # What overflows here is found out of range in the end.
    @np.errstate(over="ignore", invalid="ignore")
    def __init__(
        self,
        distribution: _Distribution,
        distances: Distances,
        space: Space,
        moments: str,
        n_landmarks: int,
        random_state: RandomState,
    ) -> None:
        self.cdf, self.ddof = distribution
        self.moments = moments
        options = moments, n_landmarks, random_state, distances.values
        self.over_indexed = _moment_source(space.vectors, space, *options)
        self.over_bank = self.over_indexed
        if space.bank is not None:
            self.over_bank = _moment_source(space.bank, space, *options)
        self.needs_queries = not isinstance(self.over_indexed, GraphMoments)

    @np.errstate(over="ignore", invalid="ignore")
    def statistics(self, distances: Distances, space: Space) -> FloatArray:
        """Moments of the distances of each row."""
        if space.vectors is None and self.moments != "graph" and not distances.is_complete:
            raise missing_vectors_error("MutualProximity", f"moments={self.moments!r}")
        moments = self.over_bank.of(distances, space.row_vectors)
        return np.column_stack([to_numpy(part) for part in moments])

    def store(self, statistics: FloatArray) -> dict[str, Any]:
        """Keep the distributions of the indexed samples; they are the attributes of the fit."""
        moments = Moments(*statistics.T)
        means = moments.mean[(moments.n_distances > 0) & (moments.mean != 0)]
        extreme = means[~((means > _LEAST_MEAN) & (means < 1 / _LEAST_MEAN))]
        if extreme.size:
            raise ValueError(
                "MutualProximity squares the distances (twice with exact moments of Euclidean "
                f"ones), which overflows or vanishes: got a mean of {extreme[0]:g}. Rescale the "
                "vectors."
            )
        # The smallest mean or deviation to divide by is proportional to the distances.
        positive = moments.mean[moments.mean > 0]
        self.floor = float(_EPS * np.median(positive)) if positive.size else 1.0
        usual = moments._replace(
            mean=fill_missing(moments.mean, np.nanmedian(moments.mean)),
            variance=fill_missing(moments.variance, np.nanmedian(moments.variance)),
        )
        self.mean, self.deviation = self._mean_and_deviation(usual)
        return {"mean_": self.mean, "scale_": self.deviation, "scale_floor_": self.floor}

    def _mean_and_deviation(self, moments: Moments) -> tuple[Any, Any]:
        """Mean and deviation of each row's distribution, safe to divide by."""
        xp = any_namespace(moments.mean)
        count = xp.clip(moments.n_distances, 1, None)
        variance = moments.variance * (count / xp.clip(count - self.ddof, 1, None))
        mean = xp.clip(fill_missing(moments.mean, 0.0), self.floor, None)
        deviation = fill_missing(xp.sqrt(xp.clip(variance, 0, None)), 0.0)
        return mean, xp.maximum(deviation, xp.clip(_EPS * mean, self.floor, None))

    def reduce(self, distances: Distances, queries: Any) -> FloatArray:
        """Probability that one of both samples has a nearer neighbour, beside each distance."""
        d = self.over_indexed.variable(distances.values)
        mean, deviation = self._mean_and_deviation(self.over_indexed.of(distances, queries))
        of_query = self.cdf(d, distances.by_row(mean), distances.by_row(deviation))
        of_indexed = self.cdf(
            d, distances.by_column(self.mean), distances.by_column(self.deviation)
        )
        return _either(of_query, of_indexed)

    def reduce_symmetric(self, distances: DenseDistances) -> FloatArray:
        """The same for a symmetric matrix, each distribution evaluated once."""
        shares = np.empty(distances.shape)
        for rows, _, block in distances.blocks():
            shares[rows] = self.cdf(block.values, self.mean[rows, None], self.deviation[rows, None])
        combine_with_transpose(shares, _either)
        return shares

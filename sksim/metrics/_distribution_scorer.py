"""Scorers of distributions: distance to a fitted reference, and agreement over seeds."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from sksim.metrics._measure import DistributionMeasure
from sksim.metrics._registry import get_measure
from sksim.metrics.distributions._log_probabilities import aligned_log_probabilities, label_orders
from sksim.utils._sklearn import HasMethods, validate_params
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["DistributionScorer", "SeedScorer", "make_distribution_scorer", "model_arrays"]


def model_arrays(
    distance: DistributionMeasure, estimators: Sequence[Any], X: ArrayLike
) -> list[tuple[FloatArray, ...]]:
    """What a distance takes of each fitted classifier, with the labels in one order.

    Log-probabilities, or the embeddings of X and the unembeddings.
    """
    if distance.inputs == "log_probabilities":
        return [(log_p,) for log_p in aligned_log_probabilities(estimators, X)]
    for estimator in estimators:
        if not (hasattr(estimator, "transform") and hasattr(estimator, "unembeddings_")):
            raise TypeError(
                f"{distance.name} needs models with transform and unembeddings_, which "
                f"{type(estimator).__name__} has not."
            )
    orders = label_orders(estimators)
    return [
        (estimator.transform(X), estimator.unembeddings_[order])
        for estimator, order in zip(estimators, orders, strict=True)
    ]


class DistributionScorer:
    """Minus the distance of a reference's distribution to the estimator's."""

    def __init__(
        self, distance: str | Callable[..., float], reference: Any, kwargs: dict[str, Any]
    ) -> None:
        self.distance, self.reference, self.kwargs = distance, reference, kwargs

    def __repr__(self) -> str:
        name = getattr(self.distance, "__name__", self.distance)
        return f"make_distribution_scorer({name}, reference={self.reference!r})"

    def __call__(self, estimator: BaseEstimator, X: ArrayLike, y: Any = None) -> float:
        distance = get_measure(self.distance, DistributionMeasure)
        first, second = model_arrays(distance, [self.reference, estimator], X)
        return -distance(*first, *second, **self.kwargs)


class SeedScorer:
    """Minus the median distance between the copies of a SeedEnsemble."""

    def __init__(self, metric: str) -> None:
        self.metric = metric

    def __repr__(self) -> str:
        return f"get_scorer('neg_seed_{self.metric}')"

    def __call__(self, estimator: BaseEstimator, X: ArrayLike, y: Any = None) -> float:
        if not hasattr(estimator, "pairwise_distances"):
            raise TypeError(f"This scorer needs a SeedEnsemble, got {type(estimator).__name__}.")
        distances = estimator.pairwise_distances(X, self.metric)
        return -float(np.median(distances[~np.eye(len(distances), dtype=bool)]))


@validate_params(
    {
        "distance": [str, callable],
        "reference": [HasMethods(["predict_log_proba"])],
    },
    prefer_skip_nested_validation=True,
)
def make_distribution_scorer(
    distance: str | Callable[..., float], *, reference: BaseEstimator, **kwargs: Any
) -> DistributionScorer:
    r"""Make a scorer that compares a classifier with a fitted reference, as distributions.

    The score of a classifier with distribution q on inputs X is

    .. math::

        - d(p, q) \le 0,

    with the reference's distribution p as first argument of the distance d. Greater is better.

    .. versionadded:: 0.1

    Parameters
    ----------
    distance : str or callable
        "kl_divergence", "logit_distance", "log_likelihood_variance_distance",
        "max_pls_svd_distance", "jensen_shannon_divergence", "jensen_shannon_distance"; between
        models with ``transform`` and ``unembeddings_`` also "linear_identifiability_distance",
        "logit_distance_from_embeddings", "log_likelihood_variance_distance_from_embeddings"; or a
        function of two arrays of log-probabilities.
    reference : fitted classifier
        With ``predict_log_proba``. It is neither cloned nor refitted.
    **kwargs : dict
        Further arguments of the distance. Distances that draw at random do so with
        ``random_state=0`` unless it is given here.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y=None)``, returns a float. It can be pickled if the reference can.

    Raises
    ------
    ValueError
        If the name of the distance is unknown; by the scorer, if the classifier does not know
        the same labels as the reference, as may happen in a fold that lacks a class. Columns are
        aligned by label.

    See Also
    --------
    sksim.identifiability.SeedEnsemble : Distances among copies of one classifier.
    make_representation_scorer : Comparison of outputs of ``transform``.

    Notes
    -----
    Time and memory are those of ``predict_log_proba`` of both models and of the distance.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sksim.metrics import make_distribution_scorer
    >>> X, y = load_iris(return_X_y=True)
    >>> reference = LogisticRegression(C=0.1, max_iter=500).fit(X, y)
    >>> search = GridSearchCV(
    ...     LogisticRegression(max_iter=500),
    ...     {"C": [0.01, 0.1, 1]},
    ...     scoring=make_distribution_scorer("logit_distance", reference=reference),
    ... )
    >>> search.fit(X, y).best_params_
    {'C': 0.1}
    """
    get_measure(distance, DistributionMeasure, parameter="distance")
    return DistributionScorer(distance, reference, kwargs)

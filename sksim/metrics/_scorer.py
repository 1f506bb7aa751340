"""Scorers by name: each record of a measure gives one."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import sklearn.metrics

from sksim.metrics._distribution_scorer import SeedScorer
from sksim.metrics._hubness_scorer import make_hubness_scorer
from sksim.metrics._measure import (
    DistributionMeasure,
    Measure,
    OccurrenceMeasure,
    PairedMeasure,
    ProbeMeasure,
    QualityMeasure,
)
from sksim.metrics._registry import all_measures
from sksim.metrics._representation_scorer import make_representation_scorer
from sksim.utils._names import unknown_name_error
from sksim.utils._sklearn import validate_params

__all__ = ["get_scorer", "get_scorer_names", "get_scorers"]

Scorer: TypeAlias = Callable[..., float]


def _scorer_of(measure: Measure) -> Scorer:
    if isinstance(measure, OccurrenceMeasure):
        return make_hubness_scorer(measure.name)
    if isinstance(measure, DistributionMeasure):
        return SeedScorer(measure.name)
    return make_representation_scorer(measure.function, **measure.params)


#: Kinds whose measures have scorers by name; those of labels need a reference, those of ranked
#: lists have no representation to look at, and a graph cannot be cut into folds.
_SCORED_KINDS = (
    OccurrenceMeasure,
    PairedMeasure,
    QualityMeasure,
    ProbeMeasure,
    DistributionMeasure,
)


def _scorer_names(measure: Measure, names: Iterable[str]) -> list[str]:
    """Names of the scorer of a measure: "neg_" in front if less is better.

    The measures of two models are scored over the copies of a SeedEnsemble.
    """
    if measure.greater_is_better is None or not isinstance(measure, _SCORED_KINDS):
        return []
    sign = "" if measure.greater_is_better else "neg_"
    seed = "seed_" if isinstance(measure, DistributionMeasure) else ""
    return [sign + seed + name for name in names]


def get_scorer_names() -> list[str]:
    """List the names of all scorers of sksim, for use with :func:`get_scorer`.

    The name of a scorer is that of the measure, the name of its function without ``_score``, with
    ``"neg_"`` in front if less is better; further words name a form with other parameters, such as
    "cka_rbf". Short names ("neg_robin_hood" for "neg_robin_hood_index") are listed too.

    .. versionadded:: 0.1

    Returns
    -------
    names : list of str
        Sorted. :func:`get_scorer` knows the names of scikit-learn besides.

    See Also
    --------
    get_scorer : The scorer of a name.
    get_scorers : The scorers of several names.

    Examples
    --------
    >>> from sksim.metrics import get_scorer_names
    >>> "neg_k_skewness" in get_scorer_names()
    True
    """
    return sorted(
        name for measure in all_measures() for name in _scorer_names(measure, measure.names)
    )


@validate_params({"scoring": [str, callable]}, prefer_skip_nested_validation=True)
def get_scorer(scoring: str | Scorer) -> Scorer:
    """Return the scorer of a name, of sksim or of scikit-learn.

    scikit-learn does not let other packages add names, so ``scoring="neg_k_skewness"`` is
    unknown to :class:`~sklearn.model_selection.GridSearchCV`; ``scoring=get_scorer(name)``
    works everywhere.

    .. versionadded:: 0.1

    Parameters
    ----------
    scoring : str or callable
        A name from :func:`get_scorer_names`, a name that scikit-learn knows, or a scorer,
        which is returned as it is.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y=None) -> float``, greater is better.

    Raises
    ------
    ValueError
        If the name is unknown.

    See Also
    --------
    get_scorers : The scorers of several names.
    get_scorer_names : The names.
    make_hubness_scorer : Hubness scorers with other parameters.

    Examples
    --------
    >>> from sksim.metrics import get_scorer
    >>> get_scorer("neg_k_skewness")
    make_hubness_scorer('k_skewness', n_neighbors=10, adjusted=True)
    >>> get_scorer("accuracy")
    make_scorer(accuracy_score, response_method='predict')
    """
    if callable(scoring):
        return scoring
    scored = {
        name: measure
        for measure in all_measures()
        for name in _scorer_names(measure, measure.spellings)
    }
    if scoring in scored:
        return _scorer_of(scored[scoring])
    if scoring in sklearn.metrics.get_scorer_names():
        return sklearn.metrics.get_scorer(scoring)
    raise unknown_name_error("scoring", scoring, [*scored, *sklearn.metrics.get_scorer_names()])


def get_scorers(
    names: Iterable[str] | Mapping[str, str | Scorer],
) -> dict[str, Scorer]:
    """Return the scorers of several names, as scikit-learn takes them.

    scikit-learn looks names in a list up among its own only; it takes a dict of scorers
    wherever it takes a list of names, :class:`~sklearn.model_selection.GridSearchCV` and
    :func:`~sklearn.model_selection.cross_validate` among others.

    .. versionadded:: 0.1

    Parameters
    ----------
    names : list or tuple of str, or dict
        Names of sksim or of scikit-learn; or a dict of such names or of scorers, by the names
        that the results shall have.

    Returns
    -------
    scorers : dict
        ``scorer(estimator, X, y=None) -> float`` by name, greater is better.

    Raises
    ------
    TypeError
        If ``names`` is one name, or none.
    ValueError
        If a name is unknown, or twice in the list.

    See Also
    --------
    get_scorer : One of them.
    get_scorer_names : The names of sksim.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sksim.datasets import make_gaussian_hubs
    >>> from sksim.metrics import get_scorers
    >>> from sksim.neighbors import HubnessReducedKNeighborsClassifier
    >>> X, y = make_gaussian_hubs(200, 60, random_state=0)
    >>> search = GridSearchCV(
    ...     HubnessReducedKNeighborsClassifier(),
    ...     {"reduction": [None, "mutual_proximity"]},
    ...     scoring=get_scorers(["accuracy", "neg_k_skewness"]),
    ...     refit="accuracy",
    ...     cv=3,
    ... ).fit(X, y)
    >>> less = search.cv_results_["mean_test_neg_k_skewness"]
    >>> bool(less[1] > less[0])
    True
    """
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(
            f"names must be a list of names, or a dict of names or scorers, got {names!r}. For "
            "one scorer use get_scorer."
        )
    if isinstance(names, Mapping):
        return {name: get_scorer(scoring) for name, scoring in names.items()}
    names = list(names)
    if len(set(names)) < len(names):
        raise ValueError(f"names must be different from each other, got {names}.")
    return {name: get_scorer(name) for name in names}

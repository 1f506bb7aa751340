"""Scorers by name. A family of scorers is a module with a dict ``SCORERS``."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable

import sklearn.metrics

from sksim.metrics import _distribution_scorer, _hubness_scorer, _representation_scorer
from sksim.utils._sklearn import validate_params

__all__ = ["get_scorer", "get_scorer_names"]

#: All scorers of sksim; each family adds its own here.
_SCORERS = {
    **_distribution_scorer.SCORERS,
    **_hubness_scorer.SCORERS,
    **_representation_scorer.SCORERS,
}


def get_scorer_names() -> list[str]:
    """List the names of all scorers of sksim, for use with :func:`get_scorer`.

    .. versionadded:: 0.1

    Returns
    -------
    names : list of str
        Sorted. :func:`get_scorer` knows the names of scikit-learn besides.

    See Also
    --------
    get_scorer : The scorer of a name.

    Examples
    --------
    >>> from sksim.metrics import get_scorer_names
    >>> "neg_k_skewness" in get_scorer_names()
    True
    """
    return sorted(_SCORERS)


@validate_params({"scoring": [str, callable]}, prefer_skip_nested_validation=True)
def get_scorer(scoring) -> Callable:
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
    if scoring in _SCORERS:
        return _SCORERS[scoring]
    if scoring in sklearn.metrics.get_scorer_names():
        return sklearn.metrics.get_scorer(scoring)
    raise ValueError(
        f"scoring must be one of {get_scorer_names()} or a name from "
        f"sklearn.metrics.get_scorer_names(), got {scoring!r}."
    )

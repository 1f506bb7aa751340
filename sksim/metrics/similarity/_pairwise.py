"""Similarities of many representations: each is prepared once."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations_with_replacement, product
from typing import Any, TypeAlias

import numpy as np
from sklearn import config_context, get_config
from sklearn.utils.parallel import Parallel, delayed

from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import get_measure
from sksim.metrics._steps import ArraySteps, Steps
from sksim.metrics._validation import check_like, check_same_rows, check_value
from sksim.utils._array_api import constant
from sksim.utils._progress import progress, shown
from sksim.utils._results import Result, Table
from sksim.utils._typing import ArrayLike

__all__ = ["cross_similarity", "pairwise_similarity"]

#: Several representations, with their names or in order.
Representations: TypeAlias = Mapping[Any, ArrayLike] | Sequence[ArrayLike] | np.ndarray


class SimilarityMatrix(Result):
    """Similarities with the labels of their rows and columns.

    Its attribute ``values`` is the matrix, not the method of dict.
    """

    @property
    def values(self) -> np.ndarray:
        return self["values"]

    def _sides(self) -> tuple[list, list]:
        """Labels of the rows and of the columns."""
        sides = [self[name] for name in self if name != "values"]
        return sides[0], sides[-1]

    def _table(self) -> Table:
        rows, columns = self._sides()
        return Table(rows, columns, self.values)

    def _others(self) -> list[str]:
        return []


def _labeled(representations, name: str) -> tuple[list, list]:
    """Labels and representations of a dict or a sequence."""
    if isinstance(representations, Mapping):
        labels, values = list(representations), list(representations.values())
    elif isinstance(representations, list | tuple) or getattr(representations, "ndim", 0) == 3:
        labels, values = list(range(len(representations))), list(representations)
    else:
        raise TypeError(
            f"{name} must be a dict or a list of representations, got "
            f"{type(representations).__name__}."
        )
    if not values:
        raise ValueError(f"{name} must hold at least one representation, got none.")
    return labels, values


def _checked(
    labels: list, values: list, measure: PairedMeasure, steps: Steps | ArraySteps, first
) -> list:
    """The validated arrays, with as many rows as ``first``, where it is, and the same index."""
    check = check_like(first, steps.keep, min_samples=measure.min_samples)
    arrays = []
    for label, value in zip(labels, values, strict=True):
        try:
            arrays.append(check(constant(value)))
            check_same_rows(first, value)
        except (TypeError, ValueError) as error:
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"Representation {label!r}: {error}") from error
    return arrays


def _compare_all(
    steps: Steps | ArraySteps, states_x: list, states_y: list, pairs: list, n_jobs
) -> list[float]:
    if isinstance(steps, Steps) and steps.together is not None and len(pairs) > 1:
        steps.together(states_x, states_y)

    def compare(i: int, j: int) -> float:
        return check_value(steps.compare(states_x[i], states_y[j]))

    return Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(compare)(i, j) for i, j in progress(pairs, "comparisons")
    )


def _prepare_all(steps: Steps | ArraySteps, arrays: list, n_jobs) -> list:
    """The states of all sides, which share the working memory of a pair."""
    share = get_config()["working_memory"] * min(1.0, 2.0 / len(arrays))
    with config_context(working_memory=share):
        return Parallel(n_jobs=n_jobs, prefer="threads")(
            delayed(steps.prepare)(X) for X in progress(arrays, "representations")
        )


def pairwise_similarity(
    representations: Representations,
    metric: str | Callable[..., float] = "cka",
    *,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> SimilarityMatrix:
    """Similarity of every pair of several representations of the same samples.

    .. versionadded:: 0.1

    Parameters
    ----------
    representations : dict or list of array-like of shape (n_samples, n_features)
        The m representations, such as the layers of a network or different models. The numbers
        of features may differ.
    metric : str or callable, default="cka"
        Name of a measure or of a public function for paired representations, such a function, a
        :func:`functools.partial` of one, or any function of two arrays.
    n_jobs : int, default=None
        Number of threads.
    verbose : int, default=0
        Whether to show the progress: a bar where tqdm is installed, one line otherwise.

    Returns
    -------
    similarities : Bunch
        ``values`` (m, m), with ``values[i, j]`` the measure of representation i and j in this
        order, and ``labels``, the keys of the dict or the positions in the list.

    See Also
    --------
    cross_similarity : Two sets of representations against each other.

    Notes
    -----
    Time: m preparations (centring, factors, neighbours) and m (m + 1) / 2 comparisons, or m^2 if
    the measure is not symmetric. Matrices over pairs of samples (kernels, distances, ranks) are
    formed m times in all, in blocks that one product compares; so are the kernels of linear CKA
    where features are many. Memory: all that is prepared; distances that two passes need are kept
    as far as those of all representations fit into ``working_memory``. A function that is not of
    the library is evaluated for each pair.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import pairwise_similarity
    >>> X = np.random.default_rng(0).standard_normal((50, 4))
    >>> layers = {"input": X, "rotated": X[:, ::-1], "squared": X**2}
    >>> result = pairwise_similarity(layers, "procrustes")
    >>> result.labels
    ['input', 'rotated', 'squared']
    >>> result.values.round(1)
    array([[1. , 1. , 0.2],
           [1. , 1. , 0.2],
           [0.2, 0.2, 1. ]])
    """
    measure = get_measure(metric, PairedMeasure, parameter="metric")
    labels, representations = _labeled(representations, "representations")
    steps, size = measure.steps().suited_to(representations[0]), len(labels)
    arrays = _checked(labels, representations, measure, steps, representations[0])
    indices = range(size)
    if measure.symmetric:
        pairs = list(combinations_with_replacement(indices, 2))
    else:
        pairs = list(product(indices, indices))
    values = np.empty((size, size))
    with shown(verbose):
        states = _prepare_all(steps, arrays, n_jobs)
        compared = _compare_all(steps, states, states, pairs, n_jobs)
    for (i, j), value in zip(pairs, compared, strict=True):
        values[i, j] = value
        if measure.symmetric:
            values[j, i] = value
    return SimilarityMatrix(values=values, labels=labels)


def cross_similarity(
    a_layers: Representations,
    b_layers: Representations,
    metric: str | Callable[..., float] = "cka",
    *,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> SimilarityMatrix:
    """Similarity of each representation of one set with each of another set.

    .. versionadded:: 0.1

    Parameters
    ----------
    a_layers : dict or list of array-like of shape (n_samples, n_features)
        The first set, such as the layers of one network.
    b_layers : dict or list of array-like of shape (n_samples, n_features)
        The second set, of the same samples.
    metric : str or callable, default="cka"
        The measure, see :func:`pairwise_similarity`.
    n_jobs : int, default=None
        Number of threads.
    verbose : int, default=0
        Whether to show the progress: a bar where tqdm is installed, one line otherwise.

    Returns
    -------
    similarities : Bunch
        ``values`` (m_a, m_b), with ``values[i, j]`` the measure of ``a_layers`` i and
        ``b_layers`` j in this order, ``row_labels`` and ``column_labels``.

    See Also
    --------
    pairwise_similarity : One set against itself.

    Notes
    -----
    Time: m_a + m_b preparations and m_a m_b comparisons. Memory: all that is prepared.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import cross_similarity
    >>> X = np.random.default_rng(0).standard_normal((50, 4))
    >>> result = cross_similarity({"input": X}, [X + 1, np.abs(X)], "procrustes")
    >>> result.values.round(2), result.row_labels, result.column_labels
    (array([[1.  , 0.23]]), ['input'], [0, 1])
    """
    measure = get_measure(metric, PairedMeasure, parameter="metric")
    row_labels, rows = _labeled(a_layers, "a_layers")
    column_labels, columns = _labeled(b_layers, "b_layers")
    steps = measure.steps().suited_to(rows[0])
    arrays_a, arrays_b = (
        _checked(labels, values, measure, steps, rows[0])
        for labels, values in ((row_labels, rows), (column_labels, columns))
    )
    pairs = list(product(range(len(rows)), range(len(columns))))
    with shown(verbose):
        states = _prepare_all(steps, [*arrays_a, *arrays_b], n_jobs)
        states_a, states_b = states[: len(rows)], states[len(rows) :]
        values = _compare_all(steps, states_a, states_b, pairs, n_jobs)
    return SimilarityMatrix(
        values=np.reshape(values, (len(rows), len(columns))),
        row_labels=row_labels,
        column_labels=column_labels,
    )

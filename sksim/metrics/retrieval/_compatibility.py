"""May queries of a new model search the index of an old one?"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.metrics import pairwise_distances

from sksim.metrics._validation import check_classes, check_representation, check_same_rows
from sksim.utils._arrays import check_named_array
from sksim.utils._blocks import row_blocks
from sksim.utils._results import Result
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import ArrayLike, FloatArray, Metric, Representations

__all__ = ["average_compatibility", "compatibility_matrix", "compatibility_score"]

#: Of the largest distance of a row: equal distances that are rounded differently are equal.
_TOLERANCE = 1e-12


def _check_one_space(first: FloatArray, other: FloatArray, names: tuple[str, str]) -> None:
    if first.shape[1] != other.shape[1]:
        raise ValueError(
            f"{names[0]} and {names[1]} must have the same number of features, got "
            f"{first.shape[1]} and {other.shape[1]}. Map one onto the other by an aligner of "
            "sksim.alignment first."
        )


@validate_params(
    {
        "X_new": ["array-like"],
        "X_old": ["array-like"],
        "y": ["array-like"],
        "metric": [str, callable],
    },
    prefer_skip_nested_validation=True,
)
def compatibility_score(
    X_new: ArrayLike, X_old: ArrayLike, y: ArrayLike, *, metric: Metric = "cosine"
) -> Result:
    r"""Share of pairs that a new model keeps as near, or as far, as the old model has them.

    A new representation is backward compatible [1]_ if for all pairs of samples

    .. math:: d(\phi_{new}(x_i), \phi_{old}(x_j)) \; \begin{cases}
        \le d(\phi_{old}(x_i), \phi_{old}(x_j)) & y_i = y_j, \\
        \ge d(\phi_{old}(x_i), \phi_{old}(x_j)) & y_i \ne y_j.
        \end{cases}

    Each share lies in [0, 1]; both are 1 for the old representation itself. Classes to come fit
    in where the vectors of classes were fixed from the start [2]_.

    .. versionadded:: 0.1

    Parameters
    ----------
    X_new : array-like of shape (n_samples, n_features)
        Queries, represented by the new model.
    X_old : array-like of shape (n_samples, n_features)
        The same samples, represented by the old model.
    y : array-like of shape (n_samples,)
        Class of each sample; at least two classes, of at least two samples each.
    metric : str or callable, default="cosine"
        Any metric of :func:`~sklearn.metrics.pairwise_distances`.

    Returns
    -------
    result : Bunch
        With ``same`` and ``different``, the shares of satisfied pairs of one class and of two, and
        ``score``, their mean.

    Raises
    ------
    ValueError
        If the numbers of features differ, there is one class only, or a class has one sample.

    See Also
    --------
    compatibility_matrix : By the accuracy of a search.
    sksim.alignment.ProcrustesAligner : Maps the new representation into the old space.

    Notes
    -----
    Takes O(n² d) time; memory is bounded by scikit-learn's ``working_memory``. A rotation of one
    representation destroys compatibility, one of both does not matter.

    References
    ----------
    .. [1] Y. Shen, Y. Xiong, W. Xia and S. Soatto (2020). Towards backward-compatible
           representation learning. Conference on Computer Vision and Pattern Recognition.
    .. [2] N. Biondi, F. Pernici, M. Bruni and A. Del Bimbo (2023). CoReS: compatible
           representations via stationarity. IEEE Transactions on Pattern Analysis and Machine
           Intelligence 45.

    Examples
    --------
    >>> from sksim.metrics import compatibility_score
    >>> old = [[1, 0], [0.8, 0.6], [0, 1], [-0.6, 0.8]]
    >>> new = [[1, 0.1], [0.9, 0.3], [0.1, 1], [-0.1, 1]]
    >>> result = compatibility_score(new, old, [0, 0, 1, 1])
    >>> result.same, result.different
    (0.75, 0.25)
    """
    new = check_representation(X_new, name="X_new").astype(np.float64)
    old = check_representation(X_old, name="X_old").astype(np.float64)
    check_same_rows(X_new, X_old, first="X_new", name="X_old")
    _check_one_space(new, old, ("X_new", "X_old"))
    codes = check_classes(old, y)
    sizes = np.bincount(codes)
    if sizes.min() < 2:
        raise ValueError("y must hold at least two samples of each class, got a class with one.")
    satisfied = np.zeros(2, dtype=np.int64)
    for rows in row_blocks(len(old), 8 * 5 * len(old)):
        among_old = pairwise_distances(old[rows], old, metric=metric)
        across = pairwise_distances(new[rows], old, metric=metric)
        slack = _TOLERANCE * among_old.max(axis=1, keepdims=True)
        same = codes[rows, None] == codes
        others = np.arange(len(old)) != np.arange(len(old))[rows, None]
        satisfied[0] += np.sum((across <= among_old + slack) & same & others)
        satisfied[1] += np.sum((across >= among_old - slack) & ~same)
    n_same = int(np.sum(sizes * (sizes - 1)))
    n_different = len(old) ** 2 - int(np.sum(sizes**2))
    shares = float(satisfied[0] / n_same), float(satisfied[1] / n_different)
    return Result(same=shares[0], different=shares[1], score=sum(shares) / 2)


def _check_models(representations: Representations, y: ArrayLike) -> tuple[list, np.ndarray]:
    """The representations as arrays of one width, and the codes of the classes."""
    named: list[tuple[Any, Any]] = (
        list(representations.items())
        if isinstance(representations, Mapping)
        else list(enumerate(representations))
    )
    if len(named) < 2:
        raise ValueError(f"representations must be of at least two models, got {len(named)}.")
    names = [f"representations[{label!r}]" for label, _ in named]
    models = [check_representation(X, name=name) for name, (_, X) in zip(names, named, strict=True)]
    for name, (_, given), X in zip(names, named, models, strict=True):
        check_same_rows(named[0][1], given, first=names[0], name=name)
        _check_one_space(models[0], X, (names[0], name))
    return models, check_classes(models[0], y)


def _check_gallery(gallery: ArrayLike | None, n_samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows that are searched, and rows that are queries."""
    if gallery is None:
        return np.arange(n_samples), np.arange(n_samples)
    rows = check_named_array(gallery, "gallery", ensure_2d=False, dtype=None)
    if rows.dtype.kind not in "iu" or rows.ndim != 1:
        raise ValueError(
            "gallery must be a vector of integers, positions of rows, got an array of type "
            f"{rows.dtype} and shape {rows.shape}."
        )
    if rows.min() < 0 or rows.max() >= n_samples or len(np.unique(rows)) < len(rows):
        raise ValueError(f"gallery must hold different rows, 0 to {n_samples - 1}, got {rows}.")
    queries = np.setdiff1d(np.arange(n_samples), rows)
    if not queries.size:
        raise ValueError("gallery must leave rows for the queries, got all of them.")
    return rows, queries


@validate_params(
    {
        "representations": [list, tuple, dict],
        "y": ["array-like"],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "metric": [str, callable],
        "gallery": ["array-like", None],
        "n_jobs": [Integral, None],
    },
    prefer_skip_nested_validation=True,
)
def compatibility_matrix(
    representations: Representations,
    y: ArrayLike,
    *,
    n_neighbors: int = 1,
    metric: Metric = "cosine",
    reduction: Any = None,
    gallery: ArrayLike | None = None,
    n_jobs: int | None = None,
) -> FloatArray:
    r"""Accuracy of the queries of each model in the index of each earlier one.

    .. math:: M_{ij} = \frac{1}{n} \sum_q \mathbf{1}\left[
        \operatorname{vote}\{ y_x : x \in N_k^{(j)}(\phi_i(q)) \} = y_q \right], \qquad j \le i,

    with :math:`N_k^{(j)}` the k nearest samples as model j has them, and the diagonal each
    model's search of its own index. Model i is compatible with model j if
    :math:`M_{ij} \ge M_{jj}` [1]_: the queries may be replaced without indexing again.

    .. versionadded:: 0.1

    Parameters
    ----------
    representations : list or dict of array-like of shape (n_samples, n_features)
        The same samples by at least two models, the oldest first.
    y : array-like of shape (n_samples,)
        Class of each sample.
    n_neighbors : int, default=1
        Number k of neighbours that vote; of equal counts the first class wins.
    metric : str or callable, default="cosine"
        Any metric of scikit-learn's neighbour search.
    reduction : str, estimator or None, default=None
        Hubness reduction, as in :class:`~sksim.neighbors.HubnessReducedNearestNeighbors`, fitted on
        the index alone.
    gallery : array-like of shape (n_gallery,) or None, default=None
        Positions of the rows that are indexed; the other rows are the queries. None: all rows are
        both, and none is its own neighbour.
    n_jobs : int, default=None
        Number of threads of the search.

    Returns
    -------
    M : ndarray of shape (n_models, n_models)
        Accuracies in [0, 1]; NaN above the diagonal.

    Raises
    ------
    ValueError
        If the numbers of features differ, there are less than two models, or n_neighbors is not
        less than the number of indexed rows.

    See Also
    --------
    average_compatibility : Summary of the matrix.
    compatibility_score : By pairs of samples.

    Notes
    -----
    Takes the time and memory of n_models (n_models + 1) / 2 exact searches, O(n² d) time each.

    References
    ----------
    .. [1] N. Biondi, F. Pernici, M. Bruni and A. Del Bimbo (2023). CoReS: compatible
           representations via stationarity. IEEE Transactions on Pattern Analysis and Machine
           Intelligence 45.

    Examples
    --------
    Two embeddings of digits, the second with one direction more, and the second reflected:

    >>> import numpy as np
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.decomposition import PCA
    >>> from sksim.metrics import compatibility_matrix
    >>> X, y = load_digits(return_X_y=True)
    >>> new = PCA(10).fit_transform(X[:500])
    >>> old = new * (np.arange(10) < 9)
    >>> compatibility_matrix([old, new], y[:500]).round(2)
    array([[0.97,  nan],
           [0.97, 0.96]])
    >>> compatibility_matrix([old, -new], y[:500]).round(2)
    array([[0.97,  nan],
           [0.  , 0.96]])
    """
    # The search with reductions stands above the measures; this is one measure of it.
    from sksim.neighbors import HubnessReducedNearestNeighbors

    models, codes = _check_models(representations, y)
    indexed, queries = _check_gallery(gallery, len(codes))
    if n_neighbors >= len(indexed):
        raise ValueError(
            f"n_neighbors={n_neighbors} must be less than the {len(indexed)} rows that are indexed."
        )
    votes = np.eye(codes.max() + 1)
    M = np.full((len(models), len(models)), np.nan)
    for j, model in enumerate(models):
        search = HubnessReducedNearestNeighbors(
            n_neighbors, reduction=reduction, metric=metric, n_jobs=n_jobs
        ).fit(model[indexed])
        for i in range(j, len(models)):
            found = search.kneighbors(
                models[i][queries], n_neighbors=n_neighbors + 1, return_distance=False
            )
            # A query that is indexed is passed over; without one in the list, the last place is.
            passed = indexed[found] == queries[:, None]
            passed[~passed.any(axis=1), -1] = True
            neighbors = indexed[found][~passed].reshape(len(queries), n_neighbors)
            predicted = votes[codes[neighbors]].sum(axis=1).argmax(axis=1)
            M[i, j] = np.mean(predicted == codes[queries])
    return M


@validate_params({"M": ["array-like"]}, prefer_skip_nested_validation=True)
def average_compatibility(M: ArrayLike) -> Result:
    r"""Summary of a matrix of compatibilities of T models, each with all earlier ones.

    .. math:: AC = 1 - \frac{2}{T (T - 1)} \sum_{j < i} \mathbf{1}[M_{ij} < M_{jj}], \qquad
        AM = \frac{2}{T (T + 1)} \sum_{j \le i} M_{ij}, \qquad
        G_{ij} = \frac{M_{ij} - M_{jj}}{M_{ii} - M_{jj}}

    the share of compatible pairs of models, the mean accuracy over all pairs, and the part of the
    gain of a new model that is had without indexing again [1]_.

    .. versionadded:: 0.1

    Parameters
    ----------
    M : array-like of shape (n_models, n_models)
        Accuracies of queries of model i (rows) in the index of model j <= i; what is above the
        diagonal is ignored.

    Returns
    -------
    result : Bunch
        With ``compatibility`` AC in [0, 1], ``accuracy`` AM, and ``gain`` G of shape
        (n_models, n_models), NaN on and above the diagonal and where both models are alike.

    Raises
    ------
    ValueError
        If M is not square, of less than two models, or not finite up to the diagonal.

    See Also
    --------
    compatibility_matrix : The accuracies.

    Notes
    -----
    Takes O(T²) time and memory. A pair may miss compatibility by little: read AC with AM.

    References
    ----------
    .. [1] N. Biondi, F. Pernici, M. Bruni and A. Del Bimbo (2023). CoReS: compatible
           representations via stationarity. IEEE Transactions on Pattern Analysis and Machine
           Intelligence 45.

    Examples
    --------
    >>> from sksim.metrics import average_compatibility
    >>> M = [[0.60, 0, 0], [0.62, 0.70, 0], [0.55, 0.71, 0.80]]
    >>> result = average_compatibility(M)
    >>> round(result.compatibility, 3), round(result.accuracy, 3)
    (0.667, 0.663)
    """
    values = check_named_array(M, "M", dtype=np.float64, ensure_all_finite=False)
    if values.shape[0] != values.shape[1]:
        raise ValueError(f"M must be square, got shape {values.shape}.")
    if len(values) < 2:
        raise ValueError("M must be of at least two models, got one.")
    lower = np.tril_indices(len(values))
    if not np.isfinite(values[lower]).all():
        raise ValueError("M must be finite on and below the diagonal.")
    own = values.diagonal()
    i, j = np.tril_indices(len(values), -1)
    denominators = own[i] - own[j]
    gain = np.full(values.shape, np.nan)
    gain[i, j] = np.divide(
        values[i, j] - own[j], denominators, out=np.full(len(i), np.nan), where=denominators != 0
    )
    return Result(
        compatibility=float(np.mean(values[i, j] >= own[j])),
        accuracy=float(values[lower].mean()),
        gain=gain,
    )

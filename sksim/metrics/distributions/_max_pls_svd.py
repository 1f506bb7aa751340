"""Maximal PLS-SVD dissimilarity of two models' representations, d_{f,g}."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numbers
from typing import Any, Literal

import numpy as np
from sklearn.utils import check_random_state, gen_batches

from sksim.metrics._measure import DistributionMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import keeping
from sksim.metrics.distributions._arguments import (
    LOG_PROBABILITY_CONSTRAINTS,
    of_log_probabilities,
)
from sksim.metrics.distributions._index_sets import INDEX_CONSTRAINTS, index_subsets
from sksim.metrics.distributions._input_terms import choose_inputs
from sksim.metrics.distributions._label_terms import choose_labels
from sksim.metrics.distributions._log_probabilities import LogProbabilityPair
from sksim.metrics.distributions._tables_in_place import model_tables
from sksim.metrics.distributions._terms import report_degenerate
from sksim.utils._array_api import any_namespace, beside, to_numpy
from sksim.utils._results import Result
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import ArrayLike, FloatArray, IntArray, RandomState

__all__ = ["max_pls_svd_distance"]

_BLOCK_ENTRIES = 2**22


def _standardized(values: Any, kind: str, indices: IntArray, floor: float) -> Any:
    """Columns with mean 0 and norm 1; an error names those that vary by no more than rounding."""
    xp = any_namespace(values)
    centered = values - xp.mean(values, axis=0)
    norms = xp.sqrt(xp.sum(centered * centered, axis=0))
    constant = ~(to_numpy(norms) > floor * np.sqrt(values.shape[0] - 1))
    report_degenerate(kind, indices[constant], "raise", all_of_them=bool(constant.all()))
    return centered / norms


def _distance(cross_correlation: FloatArray) -> FloatArray:
    """1 - sum of singular values / M of each (M, M) matrix."""
    singular_values = np.linalg.svd(cross_correlation, compute_uv=False)
    return np.maximum(1 - singular_values.mean(axis=-1), 0.0)


def _embedding_distance(
    pair: LogProbabilityPair,
    pivot: int,
    others: IntArray,
    size: int,
    n_label_sets: int,
    random_state: np.random.RandomState,
) -> float:
    """d_f: the largest distance of L^T f and L'^T f' over sets of the other labels.

    The correlations of the labels, and so the sets, are NumPy's.
    """
    xp, columns = any_namespace(pair.log_p), beside(others, pair.log_p)
    Z, W = (
        _standardized(
            xp.take(log, columns, axis=1) - log[:, pivot : pivot + 1], "label", others, floor
        )
        for log, floor in zip((pair.log_p, pair.log_q), pair.floors, strict=True)
    )
    correlation = to_numpy(Z.T @ W)
    chosen = index_subsets(len(others), size, n_label_sets, random_state)
    blocks = (chosen[part] for part in gen_batches(len(chosen), max(1, _BLOCK_ENTRIES // size**2)))
    return max(
        float(_distance(correlation[sets[:, :, None], sets[:, None, :]]).max()) for sets in blocks
    )


def _unembedding_distance(pair: LogProbabilityPair, inputs: IntArray) -> float:
    """d_g: the distance of N^T g and N'^T g' for the chosen inputs."""
    xp, rows = any_namespace(pair.log_p), beside(inputs[1:], pair.log_p)
    Z, W = (
        _standardized(
            (xp.take(log, rows, axis=0) - log[int(inputs[0]), :]).T, "input", inputs[1:], floor
        )
        for log, floor in zip((pair.log_p, pair.log_q), pair.floors, strict=True)
    )
    return float(_distance(to_numpy(Z.T @ W)))


@of_log_probabilities
@validate_params(
    {
        **LOG_PROBABILITY_CONSTRAINTS,
        **INDEX_CONSTRAINTS,
        "n_label_sets": [Interval(numbers.Integral, 1, None, closed="left")],
        "return_terms": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
@keeping("library")
def max_pls_svd_distance(
    log_p: ArrayLike,
    log_q: ArrayLike,
    *,
    n_components: int | None = None,
    pivot: int | Literal["auto"] = "auto",
    left_out: int | Literal["auto"] = "auto",
    inputs: ArrayLike | Literal["auto"] = "auto",
    n_candidates: int = 200,
    n_label_sets: int = 10_000,
    random_state: RandomState = None,
    return_terms: bool = False,
) -> float | Result:
    r"""Maximal PLS-SVD dissimilarity of the representations of two models.

    .. math::

        d_{f,g} = \max(d_f, d_g), \qquad
        d_f = \max_J d_{SVD}(L_J^T f(x), {L'_J}^T f'(x)), \qquad
        d_g = d_{SVD}(N^T g(y), {N'}^T g'(y))

    for models p(y|x) ~ exp(f(x).g(y)) with M-dimensional f and g. The columns of L are
    :math:`g(y_i) - g(y_0)` for the M labels of a set J and a pivot label :math:`y_0`, those of
    N are :math:`f(x_j) - f(x_0)`, so that both products are differences of log-probabilities:
    no embeddings are needed. With columns Z, W standardised over the n inputs (over the k labels
    for g) and C = Z^T W / (n - 1), :math:`d_{SVD} = 1 - \frac{1}{M} \sum_i \sigma_i(C)`.
    It lies in [0, 1]; 0 means equal up to the transformations that the distribution does not see.

    .. versionadded:: 0.1

    Parameters
    ----------
    log_p : array-like of shape (n_samples, n_labels)
        Log-probabilities of the first model, at least 3 labels and 2 inputs.
    log_q : array-like of shape (n_samples, n_labels)
        Log-probabilities of the second model, same inputs and same order of labels.
    n_components : int, default=None
        Dimension M of the representations: the size of J, one less than the number of inputs.
        None takes the numerical rank of the doubly centred log-probabilities.
    pivot : int or "auto", default="auto"
        Pivot label y_0, a column. "auto" chooses as
        :func:`log_likelihood_variance_distance` does.
    left_out : int or "auto", default="auto"
        A label that is in no set J. "auto" chooses as
        :func:`log_likelihood_variance_distance` does.
    inputs : array-like of shape (n_components + 1,) or "auto", default="auto"
        Row indices of the inputs, pivot input x_0 first. "auto" chooses as
        :func:`log_likelihood_variance_distance` does, for the same ``random_state``.
    n_candidates : int, default=200
        Number of sets of inputs to choose from.
    n_label_sets : int, default=10000
        All sets J are tried if there are no more than this, otherwise so many random ones: then
        the distance is a lower bound of the maximum.
    random_state : int, RandomState instance or None, default=None
        Draws the candidate sets of inputs, and sets of labels where there are too many.
    return_terms : bool, default=False
        Whether to return d_f, d_g and the sets as well.

    Returns
    -------
    distance : float or Bunch
        The distance; with ``return_terms=True`` a :class:`~sklearn.utils.Bunch` of ``distance``,
        ``d_f``, ``d_g``, ``pivot``, ``left_out``, ``inputs``.

    Raises
    ------
    ValueError
        If a row is not normalised or holds -inf, if there are too few inputs or labels, or if a
        log-ratio is constant.

    See Also
    --------
    log_likelihood_variance_distance : Bounds this distance.
    pls_svd_score : The same score of two given representations.

    Notes
    -----
    For the same pivot, left-out label and inputs, with the terms of
    :func:`log_likelihood_variance_distance`, ``d_f <= 2 * t1**2`` and ``d_g <= 2 * t2**2``. The
    paper's bound is ``distance <= 2 * M * max(t1, t2)``. There is no converse.

    Where there are only M + 1 labels and ``n_components`` is None, J holds the M - 1 labels that
    are left.

    Time is O(n k^2) for the correlations and O(M^3) for each set of labels, memory O(n k + k^2).

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, A. Dittadi and L. Gresele (2025). When does closeness in
           distribution imply representational similarity? An identifiability perspective. Advances
           in Neural Information Processing Systems.

    Examples
    --------
    >>> from sksim.datasets import make_permuted_pair
    >>> from sksim.metrics import max_pls_svd_distance
    >>> pair = make_permuted_pair(rho=20)
    >>> round(max_pls_svd_distance(pair.log_p, pair.log_q, inputs=[0, 2, 5]), 6)
    1.0
    """
    pair = model_tables(log_p, log_q, min_samples=2, min_labels=3)
    rng = check_random_state(random_state)
    inputs, _ = choose_inputs(
        pair,
        inputs,
        n_components=n_components,
        n_candidates=n_candidates,
        random_state=rng,
    )
    pivot, left_out = choose_labels(pair, pivot, left_out)
    others = np.setdiff1d(np.arange(pair.n_labels), [pivot, left_out])
    if n_components is not None and n_components > len(others):
        raise ValueError(
            f"n_components={n_components} needs at least {n_components + 2} labels (a pivot, a "
            f"left-out label and n_components others), got {pair.n_labels}."
        )
    size = min(len(inputs) - 1, len(others))
    d_f = _embedding_distance(pair, pivot, others, size, n_label_sets, rng)
    d_g = _unembedding_distance(pair, inputs)
    if not return_terms:
        return max(d_f, d_g)
    return Result(
        distance=max(d_f, d_g), d_f=d_f, d_g=d_g, pivot=pivot, left_out=left_out, inputs=inputs
    )


# Ties between pivots are broken by the order of the labels, and candidate inputs are drawn by row.
register(
    DistributionMeasure(
        name="max_pls_svd_distance",
        function=max_pls_svd_distance,
        range=(0.0, 1.0),
        draws=True,
        definite=False,
        invariances=frozenset({"gauge"}),
    )
)

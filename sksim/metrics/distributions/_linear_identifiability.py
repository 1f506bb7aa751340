"""Linear identifiability dissimilarity of two models, d_rep."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numbers
from typing import Literal

import numpy as np
from sklearn.utils import check_random_state, gen_batches

from sksim.metrics._measure import DistributionMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import keeping
from sksim.metrics.distributions._arguments import EMBEDDING_CONSTRAINTS, of_embeddings
from sksim.metrics.distributions._embeddings import EmbeddingPair
from sksim.metrics.distributions._embeddings_in_place import model_embeddings
from sksim.metrics.distributions._identifiability_map import difference_rounding
from sksim.metrics.distributions._index_sets import index_subsets
from sksim.utils._array_api import to_numpy
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike, FloatArray, IntArray, RandomState
from sksim.utils._warnings import warn_caller

__all__ = ["linear_identifiability_distance"]

_BLOCK_ENTRIES = 2**21


def _label_choices(
    n_labels: int,
    size: int,
    n_pivots: int,
    n_label_sets: int,
    random_state: np.random.RandomState,
) -> IntArray:
    """Rows (pivot, labels of the set), each set without its pivot."""
    pivots = np.arange(n_labels)
    if n_pivots < n_labels:
        pivots = random_state.choice(n_labels, n_pivots, replace=False)
    choices = []
    for pivot in pivots:
        sets = index_subsets(n_labels - 1, size, n_label_sets, random_state)
        sets = sets + (sets >= pivot)
        choices.append(np.column_stack([np.full(len(sets), pivot), sets]))
    return np.concatenate(choices)


def _maps(Lt: FloatArray, Lt2: FloatArray, rcond: float, rounding: float) -> FloatArray:
    """A = Lt^{-1} Lt2 for every Lt whose reciprocal condition (1-norm) is above ``rcond``.

    Lt that are no more than rounding are left out as well.
    """

    def one_norm(matrices: FloatArray) -> FloatArray:
        return np.abs(matrices).sum(axis=1).max(axis=1)

    try:
        inverse = np.linalg.inv(Lt)
    except np.linalg.LinAlgError:
        regular = np.linalg.slogdet(Lt)[0] != 0
        Lt, Lt2 = Lt[regular], Lt2[regular]
        inverse = np.linalg.inv(Lt)
    smallest = 1 / one_norm(inverse)
    kept = (smallest / one_norm(Lt) > rcond) & (smallest > rounding)
    return inverse[kept] @ Lt2[kept]


def _squared_errors(pair: EmbeddingPair, choices: IntArray, rcond: float) -> FloatArray:
    """Mean over inputs of ||f1 - A f2||^2 for all well-conditioned choices of pivot and labels."""
    rows1, rows2 = pair.embedding_moments
    size = rows1.shape[1]
    g1, g2 = to_numpy(pair.g1), to_numpy(pair.g2)
    rounding = difference_rounding(g1)
    errors = []
    for part in gen_batches(len(choices), max(1, _BLOCK_ENTRIES // (4 * size**2))):
        pivots, labels = choices[part, :1], choices[part, 1:]
        Lt, Lt2 = g1[labels] - g1[pivots], g2[labels] - g2[pivots]
        A = _maps(Lt, Lt2, rcond, rounding)
        residual = rows1 - rows2 @ A.transpose(0, 2, 1)
        errors.append(np.einsum("sij,sij->s", residual, residual) / pair.n_samples)
    return np.concatenate(errors)


def _report_dropped(n_kept: int, n_choices: int, rcond: float) -> None:
    if n_kept == 0:
        raise ValueError(
            f"The unembeddings g1 are rank deficient: for all {n_choices} choices of pivot and "
            f"labels the reciprocal condition of L is at most rcond={rcond:g}. See diversity(f, g)."
        )
    if n_kept < n_choices:
        warn_caller(
            f"{n_choices - n_kept} of {n_choices} choices of pivot and labels are left out: the "
            f"reciprocal condition of L is at most rcond={rcond:g}."
        )


@of_embeddings
@validate_params(
    {
        **EMBEDDING_CONSTRAINTS,
        "n_pivots": [Interval(numbers.Integral, 1, None, closed="left")],
        "n_label_sets": [Interval(numbers.Integral, 1, None, closed="left")],
        "squared": ["boolean"],
        "aggregate": [StrOptions({"mean", "median"})],
        "rcond": [Interval(numbers.Real, 0, 1, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
@keeping("library")
def linear_identifiability_distance(
    f1: ArrayLike,
    g1: ArrayLike,
    f2: ArrayLike,
    g2: ArrayLike,
    *,
    n_pivots: int = 10,
    n_label_sets: int = 100,
    squared: bool = False,
    aggregate: Literal["mean", "median"] = "mean",
    rcond: float = 1e-10,
    random_state: RandomState = None,
) -> float:
    r"""Linear identifiability dissimilarity of two models p(y|x) ~ exp(f(x).g(y)).

    .. math::

        d_{rep}^2 = \frac{1}{P C n} \sum_{y_0, J} \sum_{i=1}^n
        \left\| f_1(x_i) - A_{J, y_0} f_2(x_i) \right\|^2, \qquad
        A_{J, y_0} = L_1^{-T} L_2^T,

    over P pivot labels :math:`y_0` and C sets J of M other labels each, where the columns of
    :math:`L` are :math:`g(y) - g(y_0)`, y in J. If the two distributions agree, every A is the
    same linear map, :math:`f_1 = A f_2`, and the dissimilarity is 0. It lies in [0, inf), in
    units of f1.

    .. versionadded:: 0.1

    Parameters
    ----------
    f1 : array-like of shape (n_samples, n_components)
        Embeddings of the first model, in whose coordinates the error is measured. In distillation
        this is the student.
    g1 : array-like of shape (n_labels, n_components)
        Unembeddings of the first model.
    f2 : array-like of shape (n_samples, n_components)
        Embeddings of the second model, same inputs.
    g2 : array-like of shape (n_labels, n_components)
        Unembeddings of the second model, same labels.
    n_pivots : int, default=10
        Number P of pivot labels. All labels are used if there are no more than that.
    n_label_sets : int, default=100
        Number C of sets of labels for each pivot. All sets are used if there are no more.
    squared : bool, default=False
        Whether to return the square.
    aggregate : {"mean", "median"}, default="mean"
        How to combine the choices of pivot and labels. The mean is heavy-tailed where sets of
        labels are nearly singular; the median is not.
    rcond : float, default=1e-10
        Choices whose L has a reciprocal condition number of no more than this are left out, with
        a warning.
    random_state : int, RandomState instance or None, default=None
        Draws pivots and sets where not all are used.

    Returns
    -------
    distance : float
        Root of the mean of the squared errors, or that mean if ``squared``.

    Raises
    ------
    ValueError
        If the models have different dimensions, there are fewer than n_components + 1 labels, or
        no choice of labels has a well-conditioned L.

    See Also
    --------
    logit_distance : Bounds this dissimilarity.
    identifiability_map : The map A itself.
    diversity : Whether L can be inverted at all.

    Notes
    -----
    It is not symmetric, and it does not change under f -> B f, g -> B^{-T} g + c of the second
    model, nor under g -> g + c of the first; an invertible B in the first model changes it unless
    B is orthogonal.

    With all pivots and sets, ``d_rep**2 <= 2 * M / (k - 1) * max_J sigma_min(L_J)**-2 *
    logit_distance**2``.

    The embeddings enter through the triangle R of one QR decomposition of [f1, f2] only, which
    loses no accuracy near 0: time O(n M^2) once and O(M^3) for each choice, in blocks of constant
    memory.

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, L. Gresele, A. Dittadi and S. Buchholz (2026). Logit
           distance bounds representational similarity. arXiv:2602.15438.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import linear_identifiability_distance
    >>> rng = np.random.RandomState(0)
    >>> f, g = rng.standard_normal((50, 2)), rng.standard_normal((5, 2))
    >>> B = np.array([[2.0, 1.0], [0.0, 1.0]])
    >>> twin = f @ B.T, g @ np.linalg.inv(B)  # the same distribution
    >>> round(linear_identifiability_distance(f, g, *twin), 12)
    0.0
    """
    pair = model_embeddings(f1, g1, f2, g2)
    size, n_labels = pair.g1.shape[1], pair.n_labels
    if pair.f2.shape[1] != size:
        raise ValueError(
            "f1 and f2 must have the same number of columns, because A must be square, got "
            f"{size} and {pair.f2.shape[1]}."
        )
    if n_labels < size + 1:
        raise ValueError(
            f"g1 must have at least n_components + 1 = {size + 1} labels (rows), got {n_labels}."
        )
    rng = check_random_state(random_state)
    choices = _label_choices(n_labels, size, n_pivots, n_label_sets, rng)
    errors = _squared_errors(pair, choices, rcond)
    _report_dropped(len(errors), len(choices), rcond)
    result = float(np.mean(errors) if aggregate == "mean" else np.median(errors))
    return result if squared else float(np.sqrt(result))


# In units of the first model; labels are drawn where there are many.
register(
    DistributionMeasure(
        name="linear_identifiability_distance",
        function=linear_identifiability_distance,
        inputs="embeddings",
        draws=True,
        symmetric=False,
        invariances=frozenset({"row_order"}),
        min_samples=1,
    )
)

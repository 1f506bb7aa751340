"""CKA of the nearest neighbours only (CKNNA)."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from numbers import Integral
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from sksim._search._exact import exact_neighbors
from sksim.metrics._array_formulas import array_directions, array_in_unit
from sksim.metrics._linalg import directions, power_of_two, row_squares
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import (
    ArraySteps,
    Steps,
    evaluate,
)
from sksim.metrics._validation import PAIR_CONSTRAINTS, clip
from sksim.metrics.similarity.neighborhoods._neighborhood import (
    DIRECTION_MAPS,
    array_largest_products,
    array_neighbor_indices,
    neighbor_indices,
    neighbor_weights,
    overlap_mask,
    relabel,
)
from sksim.utils._array_api import move, namespace_of, to_numpy
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["cknna_score"]


class _State(NamedTuple):
    """Those of largest inner product with each sample (k, n), and the products (k, n)."""

    neighbors: np.ndarray
    products: np.ndarray


def _largest_products(X: np.ndarray, n_neighbors: int, with_self: bool) -> np.ndarray:
    """Samples of largest inner product with each sample, (n_neighbors, n).

    With one more feature the indexed samples have equal lengths, so that the largest inner product
    is the least distance.
    """
    squares = row_squares(X)
    indexed = np.column_stack([X, np.sqrt(squares.max() - squares)])
    queries = np.column_stack([X, np.zeros(len(X))])
    _, indices = exact_neighbors(
        queries, indexed, n_neighbors=n_neighbors, exclude_self=not with_self
    )
    return np.ascontiguousarray(indices.T, dtype=np.int32)


def _inner_products(X: np.ndarray, neighbors: np.ndarray) -> np.ndarray:
    """Inner products of each sample with its neighbours, (k, n)."""
    products = np.empty(neighbors.shape)
    for rows in row_blocks(len(X), 8.0 * neighbors.shape[0] * X.shape[1], max_rows=512):
        products[:, rows] = np.einsum("id,rid->ri", X[rows], X[neighbors[:, rows]])
    return products


def _check_n_neighbors(n_neighbors: int, n_samples: int) -> None:
    if n_neighbors >= n_samples:
        raise ValueError(
            f"n_neighbors must be between 1 and the number of other samples, {n_samples - 1}, got "
            f"{n_neighbors}."
        )


def _after_self(others: np.ndarray) -> np.ndarray:
    """Each sample the first of its own neighbours."""
    return np.vstack([np.arange(others.shape[1], dtype=others.dtype)[None], others])


def _prepare(X: np.ndarray, *, n_neighbors: int, normalize: bool, form: str, with_self: bool):
    _check_n_neighbors(n_neighbors, len(X))
    if normalize:
        rows = directions(X, "A representation")
        others = neighbor_indices(X, n_neighbors=n_neighbors - with_self)
        neighbors = _after_self(others) if with_self else others
    else:
        rows = X.astype(np.float64)
        rows /= power_of_two(np.abs(rows).max(), np.float64)
        neighbors = _largest_products(rows, n_neighbors, with_self)
    products = _inner_products(rows, neighbors)
    if form == "paper":
        products -= rows @ rows.mean(axis=0)
    return _State(neighbors, products)


def _array_prepare(
    X: Any, *, n_neighbors: int, normalize: bool, form: str, with_self: bool
) -> _State:
    """``_prepare`` of an array of another library: searched and multiplied there, listed here."""
    xp = namespace_of(X)
    _check_n_neighbors(n_neighbors, X.shape[0])
    if normalize:
        rows = array_directions(X, "A representation")
        others = array_neighbor_indices(X, n_neighbors=n_neighbors - with_self, metric="cosine")
        neighbors = _after_self(others) if with_self else others
    else:
        rows = array_in_unit(X).values
        neighbors = array_largest_products(rows, n_neighbors, with_self=with_self)
    means = rows @ xp.mean(rows, axis=0) if form == "paper" else 0.0
    products = [
        to_numpy(xp.sum(rows * xp.take(rows, move(one, like=rows), axis=0), axis=1) - means)
        for one in neighbors.astype(np.int64)
    ]
    return _State(neighbors, np.stack(products))


def _permute(state: _State, order: Any) -> _State:
    order = to_numpy(order)
    return _State(relabel(state.neighbors, order), state.products[:, order])


def _hsic(A: csr_array, B: csr_array, unbiased: bool) -> float:
    """HSIC of two sparse matrices, not symmetric, up to a factor that depends on n."""
    n = A.shape[0]
    product = float(A.multiply(B.T.tocsr()).sum())
    sums = float(A.sum()) * float(B.sum())
    through = float(A.sum(axis=0) @ B.sum(axis=1))
    if unbiased:
        return product + sums / ((n - 1) * (n - 2)) - 2.0 * through / (n - 2)
    back = float(B.sum(axis=0) @ A.sum(axis=1))
    return product - (through + back) / n + sums / n**2


def _compare_hsic(x: _State, y: _State, *, unbiased: bool) -> float:
    own = []
    for side, state in (("X", x), ("Y", y)):
        weights = neighbor_weights(state.neighbors, state.products)
        own.append(_hsic(weights, weights, unbiased))
        if own[-1] <= 0:
            raise ValueError(
                f"CKNNA is not defined here: the HSIC of {side} with itself is {own[-1]:.3g}, not "
                "positive, over so few neighbours. Take more of them, or form='paper'."
            )
    A, B = (
        neighbor_weights(one.neighbors, one.products, overlap_mask(one.neighbors, other.neighbors))
        for one, other in ((x, y), (y, x))
    )
    return _hsic(A, B, unbiased) / math.sqrt(own[0]) / math.sqrt(own[1])


def _compare_paper(x: _State, y: _State) -> float:
    own = [float(np.sum(state.products**2)) for state in (x, y)]
    if min(own) == 0:
        raise ValueError(
            "CKNNA is not defined where all inner products of neighbours are their row means."
        )
    A, B = (neighbor_weights(*state) for state in (x, y))
    return clip(float(A.multiply(B).sum()) / math.sqrt(own[0]) / math.sqrt(own[1]), -1.0, 1.0)


def _steps(*, n_neighbors=10, normalize=True, unbiased=True, form="hsic") -> Steps:
    prepare, array_prepare = (
        functools.partial(
            function,
            n_neighbors=n_neighbors,
            normalize=normalize,
            form=form,
            with_self=form == "hsic" and not unbiased,
        )
        for function in (_prepare, _array_prepare)
    )
    of_hsic = functools.partial(_compare_hsic, unbiased=unbiased)
    compare = _compare_paper if form == "paper" else of_hsic
    return Steps(prepare, compare, _permute, ArraySteps(array_prepare, compare, _permute))


@validate_params(
    {
        **PAIR_CONSTRAINTS,
        "n_neighbors": [Interval(Integral, 2, None, closed="left")],
        "normalize": ["boolean"],
        "unbiased": ["boolean"],
        "form": [StrOptions({"hsic", "paper"})],
    },
    prefer_skip_nested_validation=True,
)
def cknna_score(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    n_neighbors: int = 10,
    normalize: bool = True,
    unbiased: bool = True,
    form: Literal["hsic", "paper"] = "hsic",
) -> float:
    r"""CKA of the inner products of nearest neighbours: centred kernel nearest-neighbour alignment.

    With :math:`K = X X^\top`, :math:`L = Y Y^\top` of rows of unit length, and masks
    :math:`M_K` (n, n) that are 1 for the k largest entries of each row off the diagonal, 0 else,

    .. math:: s = \frac{h(M K, M L)}{\sqrt{h(M_K K, M_K K) \, h(M_L L, M_L L)}},
              \qquad M = M_K M_L

    with elementwise products, and :math:`h` the estimate of HSIC,

    .. math:: h(A, B) \propto \sum_{ij} A_{ij} B_{ji} + \frac{\Sigma A \, \Sigma B}{(n - 1)(n - 2)}
              - \frac{2}{n - 2} \mathbf{1}^\top A B \mathbf{1}

    if ``unbiased``. Otherwise it is :math:`\operatorname{tr}(A H B H)`, and the k largest entries
    are taken with the diagonal. Masks are not symmetric, so that the first sum sees neighbours of
    each other only.

    ``form="paper"`` subtracts the means of the rows of K and L instead, and is
    :math:`\sum M a b / \sqrt{\sum M_K a^2 \sum M_L b^2}` of these.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples, row by row.
    n_neighbors : int, default=10
        Number of neighbours k, at least 2; the sample itself is one of them only with
        ``unbiased=False``.
    normalize : bool, default=True
        Whether to bring the rows to unit length first. Otherwise neighbours are those of largest
        inner product.
    unbiased : bool, default=True
        Which estimate of HSIC; without effect on ``form="paper"``.
    form : {"hsic", "paper"}, default="hsic"
        What the authors' code computes, or the formula as it is written.

    Returns
    -------
    score : float
        1 for equal sides. In [-1, 1] for ``form="paper"``; the other form has no bounds: 1.5 and
        -0.5 occur for few samples.

    Raises
    ------
    ValueError
        If there are fewer than four samples or not more samples than neighbours, a row is zero with
        ``normalize``, or the estimate of one side is not positive.

    See Also
    --------
    cka_score : All pairs of samples: the limit of n - 1 neighbours.
    mutual_knn_score : Common neighbours without their inner products, and its chance level.

    Notes
    -----
    Used to say how far models agree on what is near [1]_. Unrelated representations do not have 0
    but 0.16 for 5 neighbours among 30 samples, and 0.49 with ``unbiased=False``: judge values by
    :func:`permutation_test_similarity`. The authors' code adds 1e-6 to the denominator, which
    takes the score of X with itself below 1, the further the more samples, and their published
    values come from features of which outliers were clipped.

    The unbiased form is not symmetric, as :math:`\mathbf{1}^\top A B \mathbf{1}` depends on which
    side is A. Unchanged by rotation and scale, with ``normalize`` by the lengths of the rows. With
    n - 1 neighbours the form "hsic" is the unbiased CKA of the uncentred Gram matrices. Ties go to
    the smaller index. Time O(n^2 d) for two neighbour searches and O(n k d) for the rest, memory
    O(n (k + d)): no matrix of n x n entries is formed.

    References
    ----------
    .. [1] M. Huh, B. Cheung, T. Wang and P. Isola (2024). The Platonic representation hypothesis.
           International Conference on Machine Learning.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import cknna_score
    >>> rng = np.random.RandomState(0)
    >>> X = rng.randn(200, 10)
    >>> noise = rng.randn(200, 10)
    >>> [round(cknna_score(X, Y), 2) for Y in (X, X + noise, noise)]
    [1.0, 0.21, 0.04]
    """
    steps = _steps(n_neighbors=n_neighbors, normalize=normalize, unbiased=unbiased, form=form)
    return evaluate(steps, X, Y, min_samples=4)


for _suffix, _params, _range in (
    ("", {}, (-math.inf, math.inf)),
    ("_biased", {"unbiased": False}, (-math.inf, math.inf)),
    ("_paper", {"form": "paper"}, (-1.0, 1.0)),
):
    register(
        PairedMeasure(
            name=f"cknna{_suffix}",
            function=cknna_score,
            params=_params,
            make_steps=_steps,
            range=_range,
            symmetric=_suffix != "",
            identity=_suffix == "_paper",  # 1, which is not the best where there is no bound
            invariances=DIRECTION_MAPS,
            min_samples=11,
        )
    )

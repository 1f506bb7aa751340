"""Fixed directions of classes: unit vectors that are as far apart as can be."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

import numpy as np
from scipy.linalg import helmert
from scipy.optimize import minimize
from sklearn.utils import check_random_state

from sksim.utils._memory import check_fits
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import FloatArray, RandomState

__all__ = ["equiangular_basis_vectors", "simplex_class_targets"]


def _check_pairs_fit(n_classes: int, n_components: int) -> None:
    check_fits(
        8 * n_classes * (4 * n_classes + 30 * n_components),
        f"The cosines of {n_classes} class vectors",
        "Take fewer classes.",
    )


@validate_params(
    {"n_classes": [Interval(Integral, 2, None, closed="left")]}, prefer_skip_nested_validation=True
)
def simplex_class_targets(n_classes: int) -> FloatArray:
    r"""Vertices of a regular simplex: unit vectors with the largest angle between all classes.

    .. math:: W = \sqrt{\tfrac{C}{C - 1}}\; U^\top, \qquad
        W W^\top = \tfrac{C}{C - 1} \left(I - \tfrac{1}{C} \mathbf{1} \mathbf{1}^\top\right), \qquad
        W^\top W = \tfrac{C}{C - 1}\, I,

    with the rows of U the Helmert basis of the vectors of C numbers whose sum is zero. All cosines
    are :math:`-1 / (C - 1)`, the rows sum to zero. Features that are trained towards fixed
    vertices point the same way in every training, and room for classes to come can be kept [1]_.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_classes : int
        Number C of classes, at least 2, those to come included: the vertices of fewer classes are
        not a part of those of more.

    Returns
    -------
    W : ndarray of shape (n_classes, n_classes - 1)
        Unit rows.

    See Also
    --------
    equiangular_basis_vectors : More classes than dimensions.
    EmbeddingClassifier : Trains towards them, with ``unembedding="simplex"``.

    Notes
    -----
    Time and memory O(C²).

    References
    ----------
    .. [1] N. Biondi, F. Pernici, M. Bruni and A. Del Bimbo (2023). CoReS: compatible
           representations via stationarity. IEEE Transactions on Pattern Analysis and Machine
           Intelligence 45.

    Examples
    --------
    >>> from sksim.identifiability import simplex_class_targets
    >>> W = simplex_class_targets(5)
    >>> (W @ W.T).round(2)[0]
    array([ 1.  , -0.25, -0.25, -0.25, -0.25])
    """
    _check_pairs_fit(n_classes, n_classes)
    return np.sqrt(n_classes / (n_classes - 1)) * helmert(n_classes).T


def _soft_maximum(
    flat: FloatArray, shape: tuple[int, int], power: float, absolute: bool
) -> tuple[float, FloatArray]:
    """Smooth upper bound of the largest cosine of the normalised rows, and its gradient.

    (1/p) log sum exp(p |c|) over the pairs exceeds the largest |c| by at most log(pairs) / p.
    """
    vectors = flat.reshape(shape)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = vectors / lengths
    cosines = units @ units.T
    np.fill_diagonal(cosines, 0.0)
    sizes = np.abs(cosines) if absolute else cosines.copy()
    np.fill_diagonal(sizes, -np.inf)
    largest = sizes.max()
    weights = np.exp(power * (sizes - largest))
    total = weights.sum()
    slopes = weights * np.sign(cosines) / total if absolute else weights / total
    gradient = 2 * slopes @ units
    gradient -= np.sum(gradient * units, axis=1, keepdims=True) * units
    return largest + np.log(total / 2) / power, (gradient / lengths).ravel()


def _spread(start: FloatArray, absolute: bool, max_iter: int) -> tuple[float, FloatArray]:
    """Largest cosine and unit rows that minimise it near ``start``, ever less smoothed."""
    flat = start.ravel()
    for power in 4.0 ** np.arange(1, 8):
        flat = minimize(
            _soft_maximum,
            flat,
            args=(start.shape, power, absolute),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": max_iter, "ftol": 1e-15, "gtol": 1e-12},
        ).x
    units = flat.reshape(start.shape)
    units = units / np.linalg.norm(units, axis=1, keepdims=True)
    cosines = (units @ units.T)[np.triu_indices(len(units), 1)]
    return float(np.max(np.abs(cosines) if absolute else cosines)), units


@validate_params(
    {
        "n_classes": [Interval(Integral, 1, None, closed="left")],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "absolute": ["boolean"],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def equiangular_basis_vectors(
    n_classes: int,
    n_components: int,
    *,
    absolute: bool = True,
    n_init: int = 4,
    max_iter: int = 500,
    random_state: RandomState = None,
) -> FloatArray:
    r"""Unit vectors whose largest cosine is as small as can be found: directions of many classes.

    .. math:: \min_{\|w_1\| = \dots = \|w_C\| = 1} \; \max_{i \neq j} |w_i \cdot w_j|
        \;\geq\; \sqrt{\frac{C - d}{d\,(C - 1)}} \qquad (C > d),

    the bound being Welch's [1]_, which lines of one common angle reach and no others. Equiangular
    basis vectors [2]_ allow any angle that is close enough to a right one, and are found by
    gradient steps; here the smallest largest cosine itself is looked for.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_classes : int
        Number C of vectors.
    n_components : int
        Dimension d. With C <= d the vectors are the unit vectors of the axes.
    absolute : bool, default=True
        Whether opposite vectors count as close. If not, the largest signed cosine is minimised,
        with the regular simplex as the solution for C <= d + 1.
    n_init : int, default=4
        Number of random starts, of which the best is kept.
    max_iter : int, default=500
        Largest number of steps at each of seven degrees of smoothing.
    random_state : int, RandomState instance or None, default=None
        Draws the starts.

    Returns
    -------
    W : ndarray of shape (n_classes, n_components)
        Unit rows.

    See Also
    --------
    simplex_class_targets : C vectors in C - 1 dimensions.
    EmbeddingClassifier : Trains towards them, with ``unembedding="equiangular"``.

    Notes
    -----
    The largest cosine is smoothed to :math:`\tfrac{1}{p} \log \sum_{i<j} e^{p |c_{ij}|}`, which
    L-BFGS minimises with p = 4, 16, ..., 16384 in turn. The problem has many local minima; a few
    starts reach the known optima of small cases, such as 1/3 for ten lines in five dimensions.
    One evaluation takes O(C² d) time and O(C²) memory, which makes some thousands of classes the
    limit.

    References
    ----------
    .. [1] L. R. Welch (1974). Lower bounds on the maximum cross correlation of signals. IEEE
           Transactions on Information Theory 20.
    .. [2] Y. Shen, X. Sun and X.-S. Wei (2023). Equiangular basis vectors. Conference on Computer
           Vision and Pattern Recognition.

    Examples
    --------
    The six diagonals of the icosahedron, all at the cosine 1 / sqrt(5):

    >>> import numpy as np
    >>> from sksim.identifiability import equiangular_basis_vectors
    >>> W = equiangular_basis_vectors(6, 3, random_state=0)
    >>> np.abs(W @ W.T).round(4)[0]
    array([1.    , 0.4472, 0.4472, 0.4472, 0.4472, 0.4472])
    """
    _check_pairs_fit(n_classes, n_components)
    if (n_classes <= n_components and absolute) or n_classes == 1:
        return np.eye(n_classes, n_components)
    if n_classes <= n_components + 1 and not absolute:
        spare = n_components - (n_classes - 1)
        return np.pad(simplex_class_targets(n_classes), ((0, 0), (0, spare)))
    if n_components == 1:  # +1 and -1 is all that there is
        return np.where(np.arange(n_classes) % 2, -1.0, 1.0)[:, None]
    rng = check_random_state(random_state)
    starts = (rng.standard_normal((n_classes, n_components)) for _ in range(n_init))
    solutions = [_spread(start, absolute, max_iter) for start in starts]
    return min(solutions, key=lambda solution: solution[0])[1]

"""The mean of several representations up to rotation, scale and shift."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy import linalg
from sklearn.exceptions import ConvergenceWarning

from sksim.metrics._linalg import center
from sksim.metrics._validation import check_representation, check_same_rows
from sksim.utils._results import Result
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import FloatArray, Representations
from sksim.utils._warnings import warn_caller

__all__ = ["mean_shape"]


def _unit_shapes(representations: Representations) -> FloatArray:
    """Centred arrays of unit norm, padded by zeros to one width: (m, n, d)."""
    named: list[tuple[Any, Any]] = (
        list(representations.items())
        if isinstance(representations, Mapping)
        else list(enumerate(representations))
    )
    if not named:
        raise ValueError("representations must hold at least one representation, got none.")
    names = [f"representations[{label!r}]" for label, _ in named]
    arrays = [check_representation(X, name=name) for name, (_, X) in zip(names, named, strict=True)]
    for name, (_, X) in zip(names, named, strict=True):
        check_same_rows(named[0][1], X, name=name)
    width = max(X.shape[1] for X in arrays)
    shapes = np.zeros((len(arrays), arrays[0].shape[0], width))
    for shape, X in zip(shapes, arrays, strict=True):
        values = center(X.astype(np.float64)).values
        shape[:, : X.shape[1]] = values / linalg.norm(values)
    return shapes


def _medoid(shapes: FloatArray) -> FloatArray:
    """The shape of largest correlations with the others after the best rotations."""
    totals = np.zeros(len(shapes))
    for i, one in enumerate(shapes):
        for j in range(i):
            totals[[i, j]] += linalg.svdvals(one.T @ shapes[j]).sum()
    return shapes[totals.argmax()]


def _rotations(shapes: FloatArray, mean: FloatArray) -> FloatArray:
    """Q (m, d, d) that bring each shape nearest to the mean."""
    U, _, Vt = np.linalg.svd(shapes.transpose(0, 2, 1) @ mean)
    return U @ Vt


@validate_params(
    {
        "representations": [list, tuple, Mapping],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def mean_shape(
    representations: Representations, *, max_iter: int = 1000, tol: float = 1e-12
) -> Result:
    r"""Fréchet mean of the shapes of several representations of the same samples.

    With centred representations :math:`X_m` (n, d) of unit Frobenius norm, narrower ones padded by
    zeros, the mean Z (n, d) and rotations :math:`Q_m` minimise

    .. math:: \frac{1}{M} \sum_m \lVert X_m Q_m - Z \rVert^2,

    which is :math:`1 - \lVert Z \rVert^2` where Z is the mean of the :math:`X_m Q_m`: the more the
    shapes differ, the shorter is their mean. The objective lies in [0, 1].

    .. versionadded:: 0.1

    Parameters
    ----------
    representations : dict or list of array-like of shape (n_samples, n_features)
        The M representations. The numbers of features may differ.
    max_iter : int, default=1000
        Largest number of rounds.
    tol : float, default=1e-12
        The rounds end when one lowers the objective by no more than this.

    Returns
    -------
    shape : Bunch
        ``mean`` (n, d), the array Z; ``rotations`` (M, d, d); ``objective``; and ``n_iter``, the
        number of rounds.

    Raises
    ------
    ValueError
        If the numbers of samples differ, or a representation is constant; it is named.

    Warns
    -----
    ConvergenceWarning
        If ``max_iter`` rounds do not suffice.

    See Also
    --------
    ProcrustesAligner : Of one representation onto another.
    sksim.metrics.procrustes_distance : The distance whose squares are averaged, as "unit".

    Notes
    -----
    Generalised Procrustes analysis [1]_ with shapes as in [2]_: rotations for the given mean, the
    mean for the given rotations, in turn, from the representation that is nearest to all others.
    The objective never grows. Unchanged by rotation, scale and translation of each representation.
    Time O(M^2 (n d^2 + d^3)) for the start and O(M (n d^2 + d^3)) a round, memory O(M n d).

    References
    ----------
    .. [1] J. C. Gower (1975). Generalized Procrustes analysis. Psychometrika 40.
    .. [2] A. H. Williams, E. Kunz, S. Kornblith and S. W. Linderman (2021). Generalized shape
           metrics on neural representations. Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.alignment import mean_shape
    >>> rng = np.random.RandomState(0)
    >>> X = rng.randn(50, 3)
    >>> round(mean_shape([X, 2 * X[:, ::-1], X + 1]).objective, 6)
    0.0
    >>> noisy = [X + 0.5 * rng.randn(50, 3) for _ in range(10)]
    >>> shape = mean_shape(noisy)
    >>> round(shape.objective, 2)
    0.16
    """
    shapes = _unit_shapes(representations)
    mean, objective = _medoid(shapes), np.inf
    n_iter = 0
    while n_iter < max_iter:
        n_iter += 1
        rotations = _rotations(shapes, mean)
        aligned = shapes @ rotations
        mean = aligned.mean(axis=0)
        before, objective = objective, float(np.sum((aligned - mean) ** 2)) / len(shapes)
        if before - objective <= tol:
            break
    else:
        warn_caller(f"No convergence in max_iter={max_iter} rounds.", ConvergenceWarning)
    return Result(mean=mean, rotations=rotations, objective=objective, n_iter=n_iter)

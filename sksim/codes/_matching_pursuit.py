"""Rows as sums of few rows of a dictionary, found one after the other."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral, Real
from typing import Any

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.utils.extmath import row_norms

from sksim.utils._arrays import check_named_array
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import ArrayLike, FloatArray, IntArray, MatrixLike, SparseGraph
from sksim.utils._unit_rows import powers_of_two, scale_rows

__all__ = ["matching_pursuit"]

# Products that a block of rows holds at once, so that the steps stay in the processor's cache.
_BLOCK = 2**17


def _pursue(
    products: FloatArray,
    lengths: FloatArray,
    atoms: FloatArray,
    gram: FloatArray | None,
    n_steps: int,
    non_negative: bool,
    tol: float,
) -> tuple[IntArray, FloatArray]:
    """Atoms (n, n_steps) picked by each row, and their coefficients, 0 after the last pick.

    ``products`` (n, h) of the rows with the unit atoms is overwritten by those of the residuals.
    """
    picks = np.zeros((len(products), n_steps), dtype=np.int64)
    coefficients = np.zeros(picks.shape)
    # Below this a product is rounding: one of d terms, and of the steps so far.
    floor = 4 * np.finfo(float).eps * np.sqrt(atoms.shape[1] + n_steps) * lengths
    left = lengths**2
    active = np.arange(len(products))
    for step in range(n_steps):
        pick = (products if non_negative else np.abs(products)).argmax(axis=1)
        coefficient = products[np.arange(len(active)), pick]
        go = np.abs(coefficient) > floor[active]
        if non_negative:
            go &= coefficient > 0
        if tol > 0:  # left is a difference, exact to rounding of the squared length only
            go &= left[active] > (tol * lengths[active]) ** 2
        if not go.all():
            active, products = active[go], products[go]
            pick, coefficient = pick[go], coefficient[go]
        if not active.size:
            break
        picks[active, step], coefficients[active, step] = pick, coefficient
        left[active] -= coefficient**2
        if step + 1 < n_steps:
            overlaps = atoms[pick] @ atoms.T if gram is None else gram[pick]
            products -= np.multiply(overlaps, coefficient[:, None], out=overlaps)
    return picks, coefficients


@validate_params(
    {
        "X": ["array-like", "sparse matrix"],
        "components": ["array-like"],
        "n_nonzero": [Interval(Integral, 1, None, closed="left")],
        "non_negative": ["boolean"],
        "tol": [Interval(Real, 0, 1, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def matching_pursuit(
    X: MatrixLike,
    components: ArrayLike,
    *,
    n_nonzero: int,
    non_negative: bool = True,
    tol: float = 0.0,
) -> SparseGraph:
    r"""Sparse codes of rows over a dictionary, by matching pursuit.

    With atoms :math:`w_j`, the rows of ``components`` at unit length, and :math:`r_0 = x`, each of
    K steps takes the atom that is nearest to what is left,

    .. math:: j_t = \arg\max_j \langle w_j, r_{t-1} \rangle, \quad
              a_t = \langle w_{j_t}, r_{t-1} \rangle, \quad r_t = r_{t-1} - a_t w_{j_t},

    and the code holds :math:`z_j = \sum_{t : j_t = j} a_t / \lVert \text{component}_j \rVert`, so
    that codes @ components is near X. Then :math:`\lVert x \rVert^2 = \lVert r_K \rVert^2 +
    \sum_t a_t^2`: the error never grows. Codes are positive, or of either sign where the largest
    :math:`|\langle w_j, r \rangle|` is taken.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows.
    components : array-like of shape (n_components, n_features)
        The dictionary; no row is zero. Lengths do not change which atoms are taken.
    n_nonzero : int
        Number K of steps. An atom may be taken twice, so that a row has at most as many non-zeros.
    non_negative : bool, default=True
        Whether atoms are only added. A row then ends where no atom has a positive product with
        what is left.
    tol : float, default=0.0
        A row ends where the length of what is left is at most this share of its own; known to 1e-8.

    Returns
    -------
    codes : csr_matrix or csr_array of shape (n_samples, n_components)
        Codes with sorted columns and no stored zeros, in float32 where X is; csr_array where X is a
        sparse array.

    Raises
    ------
    ValueError
        If ``n_nonzero`` is more than n_components, the numbers of features differ, or a component
        is zero.

    See Also
    --------
    sklearn.linear_model.orthogonal_mp : Fits all coefficients anew at each step, which costs more.
    sklearn.decomposition.SparseCoder : Other codes over a given dictionary.

    Notes
    -----
    Introduced for signals [1]_; the encoder of the matching pursuit autoencoder [2]_, which takes
    non-negative codes and finds children below parents that share directions. Equal products take
    the lowest index. With an orthonormal dictionary and either sign, the K largest coefficients are
    kept.

    Time O(n h d) for the first products of n rows with h atoms of d features, then O(n h) a step
    with the products of the atoms, which take O(h^2 d) time and O(h^2) memory once. Where these
    exceed scikit-learn's ``working_memory``, or the rows are too few to pay for them, a step takes
    O(n h d). The rows are worked on in blocks; float64 throughout.

    References
    ----------
    .. [1] S. G. Mallat and Z. Zhang (1993). Matching pursuits with time-frequency dictionaries.
           IEEE Transactions on Signal Processing 41.
    .. [2] V. Costa, T. Fel, E. S. Lubana, B. Tolooshams and D. Ba (2025). From flat to
           hierarchical: extracting sparse representations with matching pursuit. Advances in Neural
           Information Processing Systems.

    Examples
    --------
    >>> from sksim.codes import matching_pursuit
    >>> dictionary = [[1.0, 0.0], [0.6, 0.8], [-0.8, 0.6]]
    >>> codes = matching_pursuit([[2.0, 1.0]], dictionary, n_nonzero=3)
    >>> codes.toarray().round(6)
    array([[2. , 0.8, 0.6]])
    >>> (codes @ dictionary).round(6) + 0.0
    array([[2., 1.]])
    """
    X = check_named_array(X, "X", accept_sparse="csr", dtype=[np.float64, np.float32])
    components = check_named_array(components, "components", dtype=np.float64)
    if components.shape[1] != X.shape[1]:
        raise ValueError(
            f"components must have as many features as X, {X.shape[1]}, got {components.shape[1]}."
        )
    if n_nonzero > len(components):
        raise ValueError(
            f"n_nonzero must be at most the number of components, {len(components)}, "
            f"got {n_nonzero}."
        )
    factors = powers_of_two(components)
    lengths = row_norms(scale_rows(components, factors))
    if not lengths.all():
        raise ValueError(f"components must not be zero, got zeros in row {lengths.argmin()}.")
    atoms = scale_rows(components, factors) / lengths[:, None]
    codes = _codes(X, atoms, n_nonzero, non_negative, tol)
    codes.data *= (factors / lengths)[codes.indices]
    return codes.astype(X.dtype, copy=False)


def _codes(X: Any, atoms: FloatArray, n_steps: int, non_negative: bool, tol: float) -> SparseGraph:
    """Codes over atoms of unit length, in float64."""
    n_samples, n_atoms = X.shape[0], len(atoms)
    is_small = 8 * n_atoms**2 <= get_config()["working_memory"] * 2**20
    gram = atoms @ atoms.T if is_small and n_samples * n_steps > n_atoms else None
    picks = np.empty((n_samples, n_steps), dtype=np.int64)
    coefficients = np.empty(picks.shape)
    for rows in row_blocks(n_samples, 24 * n_atoms, max_rows=max(16, _BLOCK // n_atoms)):
        block = X[rows].astype(np.float64, copy=False)
        factors = powers_of_two(block)  # so that squares stay in range
        block = scale_rows(block, factors)
        found = _pursue(block @ atoms.T, row_norms(block), atoms, gram, n_steps, non_negative, tol)
        picks[rows] = found[0]
        coefficients[rows] = found[1] / factors[:, None]
    make = sparse.csr_array if isinstance(X, sparse.sparray) else sparse.csr_matrix
    starts = np.arange(0, n_samples * n_steps + 1, n_steps)
    codes = make((coefficients.ravel(), picks.ravel(), starts), shape=(n_samples, n_atoms))
    codes.sum_duplicates()  # sorts the columns too
    codes.eliminate_zeros()
    return codes

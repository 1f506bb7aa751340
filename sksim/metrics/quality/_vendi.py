"""Diversity of one representation: Vendi score and von Neumann entropy."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from collections.abc import Callable
from numbers import Real
from typing import Any, Literal

import numpy as np
from scipy.linalg import eigvalsh
from scipy.special import entr

from sksim.metrics._array_formulas import (
    array_count,
    array_directions,
    array_entropy,
    array_smaller_gram,
)
from sksim.metrics._linalg import directions
from sksim.metrics._measure import QualityMeasure
from sksim.metrics._registry import register
from sksim.metrics._validation import check_representation, clip, kernel_of_samples
from sksim.metrics.quality._spectral import of_uncentered_array, smaller_gram
from sksim.utils._array_api import constant, move, namespace_of
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["vendi_score", "von_neumann_entropy"]


def _check_semidefinite(smallest: float, largest: float) -> None:
    if smallest < -1e-7 * largest:
        raise ValueError(
            "The kernel matrix must be positive semi-definite, got the eigenvalues "
            f"{smallest:g} to {largest:g}."
        )


def _shares(gram: np.ndarray) -> np.ndarray:
    """Eigenvalues over their sum; those within rounding error of zero are left out."""
    values = eigvalsh(gram, check_finite=False)
    _check_semidefinite(values[0], values[-1])
    values = values[values > gram.shape[0] * np.finfo(np.float64).eps * values[-1]]
    return values / values.sum()


def _check_kernel_matrix(K) -> np.ndarray:
    K = check_representation(K, constant_ok=True, name="The kernel matrix").astype(np.float64)
    if K.shape[0] != K.shape[1]:
        raise ValueError(f"The kernel matrix must be square, got shape {K.shape}.")
    if not np.allclose(K, K.T, rtol=1e-6, atol=1e-6):
        raise ValueError("The kernel matrix must be symmetric.")
    if not np.allclose(np.diag(K), 1.0, rtol=0, atol=1e-6):
        raise ValueError(
            "The kernel matrix must have ones on its diagonal, got values from "
            f"{np.diag(K).min():g} to {np.diag(K).max():g}."
        )
    return K


def _gram(X, kernel) -> np.ndarray:
    """Matrix with the non-zero eigenvalues of the kernel matrix."""
    if kernel == "precomputed":
        return _check_kernel_matrix(X)
    X = check_representation(X, constant_ok=True)
    if kernel == "cosine":
        return smaller_gram(directions(X))
    return _check_kernel_matrix(kernel_of_samples(kernel, X))


def _renyi_entropy(p: np.ndarray, q: float) -> float:
    """Renyi entropy of order q in nats; p is positive and sums to one."""
    if q == 1:
        entropy = entr(p).sum()
    elif np.isinf(q):
        entropy = -np.log(p.max())
    else:
        # sum p^q = 1 + sum p (p^(q - 1) - 1): nothing cancels as q comes close to 1
        entropy = np.log1p(p @ np.expm1((q - 1) * np.log(p))) / (1 - q)
    return clip(entropy, 0.0, math.log(p.size))


def _array_gram(x: Any, kernel: Any) -> Any:
    """Matrix with the non-zero eigenvalues of the kernel matrix."""
    if not callable(kernel) and kernel == "cosine":
        return array_smaller_gram(array_directions(x))
    K = move(kernel(x, x), x) if callable(kernel) else x
    _check_kernel_matrix(constant(K))  # on the processor: a matrix of the samples is small
    return K


def _array_vendi(x: Any, *, q: float, kernel: Any) -> Any:
    return namespace_of(x).exp(_array_renyi_entropy(_array_gram(x, kernel), q))


def _array_von_neumann_entropy(x: Any) -> Any:
    return _array_renyi_entropy(_array_gram(x, "cosine"), 1)


def _array_renyi_entropy(gram: Any, q: float) -> Any:
    """Renyi entropy of order q, in nats, of the eigenvalues over their sum."""
    xp = namespace_of(gram)
    values = xp.linalg.eigvalsh(gram)
    largest = constant(values[-1])
    _check_semidefinite(float(constant(values[0])), float(largest))
    counts = values > gram.shape[0] * float(xp.finfo(gram.dtype).eps) * largest
    p = xp.where(counts, values, xp.zeros_like(values))
    p = p / xp.sum(p)
    if q == 1:
        entropy = array_entropy(p)
    elif math.isinf(q):
        entropy = -xp.log(xp.max(p))
    else:
        logs = xp.log(xp.where(counts, p, xp.ones_like(p)))
        entropy = xp.log1p(xp.sum(p * xp.expm1((q - 1) * logs))) / (1 - q)
    return xp.clip(entropy, 0.0, math.log(array_count(counts)))


@validate_params(
    {
        "q": [Interval(Real, 0, None, closed="both")],
        "kernel": [StrOptions({"cosine", "precomputed"}), callable],
    },
    prefer_skip_nested_validation=True,
)
@of_uncentered_array(_array_vendi)
def vendi_score(
    X: ArrayLike,
    *,
    q: float = 1,
    kernel: Literal["cosine", "precomputed"] | Callable[..., ArrayLike] = "cosine",
) -> float:
    r"""Effective number of different samples.

    .. math:: V_q = \exp\Big(\frac{1}{1 - q} \log \sum_i \lambda_i^q\Big), \qquad
              V_1 = \exp\Big(-\sum_i \lambda_i \log \lambda_i\Big)

    with :math:`\lambda_i` the eigenvalues of :math:`K / n`, K the kernel matrix of the samples,
    which has ones on its diagonal [1]_. The value lies in [1, n]: 1 if all samples are alike, n if
    no two resemble each other. It falls as q grows [2]_: a small q lets rare kinds of samples
    count.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
        The representation, or the kernel matrix if ``kernel="precomputed"``.
    q : float, default=1
        Order of the entropy, 0 or more; ``np.inf`` gives :math:`1 / \lambda_{\max}`.
    kernel : {"cosine", "precomputed"} or callable, default="cosine"
        Kernel; a callable gets ``(X, X)`` and returns the matrix.

    Returns
    -------
    score : float
        Effective number of samples.

    Raises
    ------
    MemoryError
        If the kernel matrix does not fit into the memory available.
    ValueError
        If a row is zero (cosine), or the kernel matrix is not square, not symmetric, not positive
        semi-definite, or does not have ones on its diagonal.

    See Also
    --------
    von_neumann_entropy : Its logarithm for q = 1 and the cosine kernel.
    effective_rank : Entropy of the singular values after centring.

    Notes
    -----
    The cosine kernel takes the smaller of the n x n and the d x d matrix, which have the same
    non-zero eigenvalues: time O(n d min(n, d)), memory O(n d). Other kernels need O(n^2)
    memory and O(n^3) time. Eigenvalues within rounding error of zero are left out: counted, they
    would dominate for q < 1.

    References
    ----------
    .. [1] D. Friedman and A. B. Dieng (2023). The Vendi score: a diversity evaluation metric for
           machine learning. Transactions on Machine Learning Research.
    .. [2] A. P. Pasarkar and A. B. Dieng (2024). Cousins of the Vendi score: a family of
           similarity-based diversity metrics for science and machine learning. International
           Conference on Artificial Intelligence and Statistics.

    Examples
    --------
    >>> from sksim.metrics import vendi_score
    >>> X = [[1, 0], [2, 0], [0, 1], [0, 3]]
    >>> round(vendi_score(X), 6)
    2.0
    >>> from sklearn.metrics.pairwise import rbf_kernel
    >>> round(vendi_score(X, kernel=rbf_kernel), 2)
    3.48
    """
    shares = _shares(_gram(X, kernel))
    return clip(math.exp(_renyi_entropy(shares, q)), 1.0, shares.size)


@of_uncentered_array(_array_von_neumann_entropy)
def von_neumann_entropy(X: ArrayLike) -> float:
    r"""Entropy of the spectrum of the rows on the unit sphere, in nats.

    .. math:: H = -\sum_k \lambda_k \log \lambda_k

    with :math:`\lambda_k` the eigenvalues of :math:`\hat X^T \hat X / n`,
    :math:`\hat x_i = x_i / \lVert x_i \rVert`. The value lies in :math:`[0, \log \min(n, d)]`.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation, not centred.

    Returns
    -------
    entropy : float
        Entropy in nats; its exponential is ``vendi_score(X)``.

    Raises
    ------
    MemoryError
        If the matrix of inner products does not fit into the memory available.
    ValueError
        If a row is zero, or there are fewer than two rows.

    See Also
    --------
    vendi_score : Its exponential, with other kernels and orders.

    Notes
    -----
    Time O(n d min(n, d)), memory O(n d). Unchanged by rotation and by the lengths of the rows.

    With ``array_api_dispatch`` a torch tensor with a gradient gives a tensor with one, so that the
    entropy is a term of a loss: to add to it minus the entropy spreads the representation [1]_.

    References
    ----------
    .. [1] J. Kim, S. Kang, D. Hwang, J. Shin and W. Rhee (2023). VNE: an effective method for
           improving deep representation by manipulating eigenvalue distribution. IEEE/CVF
           Conference on Computer Vision and Pattern Recognition.

    Examples
    --------
    >>> import math
    >>> from sksim.metrics import von_neumann_entropy
    >>> round(math.exp(von_neumann_entropy([[1, 0], [2, 0], [0, 1], [0, 3]])), 6)
    2.0
    """
    return _renyi_entropy(_shares(_gram(X, "cosine")), 1)


_ON_THE_SPHERE = frozenset(
    {"orthogonal", "scale", "permutation", "row_scale", "row_order", "duplication"}
)

for _name, _params in (("vendi", {}), ("vendi_collision", {"q": 2})):
    register(
        QualityMeasure(
            name=_name,
            function=vendi_score,
            params=_params,
            range=(1.0, math.inf),
            invariances=_ON_THE_SPHERE,
        )
    )
register(
    QualityMeasure(
        name="von_neumann_entropy",
        function=von_neumann_entropy,
        range=(0.0, math.inf),
        invariances=_ON_THE_SPHERE,
    )
)

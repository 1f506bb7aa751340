"""Kullback-Leibler divergence of samples that are Gaussians."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.utils._arrays import check_named_array
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["check_gaussians", "gaussian_kl_divergence", "pairwise_gaussian_kl"]


def check_gaussians(
    mean: ArrayLike, variance: ArrayLike, names: tuple[str, str] = ("mean", "variance")
) -> tuple[np.ndarray, np.ndarray]:
    """Validate means and variances (n, d), the latter positive, and return them in float64."""
    mean, variance = (
        check_named_array(X, name, dtype=np.float64) for X, name in zip((mean, variance), names)
    )
    if mean.shape != variance.shape:
        raise ValueError(
            f"{names[0]} and {names[1]} must have the same shape, got {mean.shape} and "
            f"{variance.shape}."
        )
    if variance.min() <= 0:
        row, column = np.unravel_index(np.argmin(variance), variance.shape)
        raise ValueError(
            f"{names[1]} must be positive, got {variance[row, column]:g} in row {row}, column "
            f"{column}."
        )
    return mean, variance


@validate_params(
    {name: ["array-like"] for name in ("mean_p", "variance_p", "mean_q", "variance_q")},
    prefer_skip_nested_validation=True,
)
def gaussian_kl_divergence(
    mean_p: ArrayLike, variance_p: ArrayLike, mean_q: ArrayLike, variance_q: ArrayLike
) -> FloatArray:
    r"""Kullback-Leibler divergence of each Gaussian of one set from each of another.

    .. math:: D_{ij} = \frac{1}{2} \sum_l \left( \frac{(m_{il} - n_{jl})^2}{w_{jl}}
              + \frac{v_{il}}{w_{jl}} - 1 - \log \frac{v_{il}}{w_{jl}} \right)

    of :math:`p_i = \mathcal{N}(m_i, \operatorname{diag} v_i)` from :math:`q_j =
    \mathcal{N}(n_j, \operatorname{diag} w_j)`, in nats. The values are non-negative, and 0 for
    equal Gaussians.

    .. versionadded:: 0.1

    Parameters
    ----------
    mean_p : array-like of shape (n_p, n_features)
        Means m, of the queries in retrieval.
    variance_p : array-like of shape (n_p, n_features)
        Variances v, positive.
    mean_q : array-like of shape (n_q, n_features)
        Means n, of the documents in retrieval.
    variance_q : array-like of shape (n_q, n_features)
        Variances w, positive.

    Returns
    -------
    divergence : ndarray of shape (n_p, n_q)
        Divergence in nats.

    Raises
    ------
    ValueError
        If a variance is not positive, or the shapes do not fit.

    See Also
    --------
    pairwise_gaussian_kl : The same of rows that hold means and logarithms of variances.

    Notes
    -----
    Each term is formed by itself, so that nothing cancels, however near the Gaussians are. Time
    O(n_p n_q d) with a logarithm for each term, memory O(n_p (n_q + d)). Unchanged if all means and
    standard deviations are scaled alike, feature by feature, or all means translated; not by
    rotations, since the covariances are diagonal.

    References
    ----------
    .. [1] H. Zamani and M. Bendersky (2023). Multivariate representation learning for information
           retrieval. ACM SIGIR Conference on Research and Development in Information Retrieval.

    Examples
    --------
    >>> from sksim.metrics import gaussian_kl_divergence
    >>> gaussian_kl_divergence([[0.5, -1.0]], [[0.25, 1.0]], [[0.0, 1.0]], [[1.0, 4.0]]).round(4)
    array([[1.2613]])
    """
    mean_p, variance_p = check_gaussians(mean_p, variance_p, ("mean_p", "variance_p"))
    mean_q, variance_q = check_gaussians(mean_q, variance_q, ("mean_q", "variance_q"))
    if mean_p.shape[1] != mean_q.shape[1]:
        raise ValueError(
            "mean_p and mean_q must have the same number of features, got "
            f"{mean_p.shape[1]} and {mean_q.shape[1]}."
        )
    divergence = np.empty((len(mean_p), len(mean_q)))
    for j, (mean, variance) in enumerate(zip(mean_q, variance_q)):
        excess = (variance_p - variance) / variance
        terms = (mean_p - mean) ** 2 / variance
        # x - log(1 + x) is non-negative in floating point too, and exactly 0 at 0
        terms += excess - np.log1p(excess)
        divergence[:, j] = terms.sum(axis=1) / 2
    return divergence


def _halves(X, name: str) -> tuple[np.ndarray, np.ndarray]:
    X = check_named_array(X, name, dtype=np.float64)
    if X.shape[1] % 2:
        raise ValueError(
            f"{name} must hold means and as many logarithms of variances, got {X.shape[1]} columns."
        )
    mean, log_variance = np.hsplit(X, 2)
    return mean, np.exp(log_variance)


@validate_params(
    {"X": ["array-like"], "Y": ["array-like", None]}, prefer_skip_nested_validation=True
)
def pairwise_gaussian_kl(X: ArrayLike, Y: ArrayLike | None = None) -> FloatArray:
    r"""Kullback-Leibler divergences of rows that hold a mean and logarithms of variances.

    Row :math:`[m_i, \log v_i]` of X stands for :math:`\mathcal{N}(m_i, \operatorname{diag} v_i)`,
    rows of Y likewise; the values are those of :func:`gaussian_kl_divergence`, in nats.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples_x, 2 * n_features)
        Means, and behind them the logarithms of the variances, as encoders give them.
    Y : array-like of shape (n_samples_y, 2 * n_features), default=None
        The same for the second set; None means X.

    Returns
    -------
    divergence : ndarray of shape (n_samples_x, n_samples_y)
        Divergence of each row of X from each row of Y, in nats.

    Raises
    ------
    ValueError
        If a number of columns is odd, or they differ.

    See Also
    --------
    gaussian_kl_divergence : From means and variances, with the formula.

    Notes
    -----
    Time O(n_x n_y d), memory O(n_x (n_y + d)).

    References
    ----------
    .. [1] H. Zamani and M. Bendersky (2023). Multivariate representation learning for information
           retrieval. ACM SIGIR Conference on Research and Development in Information Retrieval.

    Examples
    --------
    >>> from sksim.metrics import pairwise_gaussian_kl
    >>> pairwise_gaussian_kl([[0.0, 0.0], [1.0, 0.0]])
    array([[0. , 0.5],
           [0.5, 0. ]])
    """
    first = _halves(X, "X")
    return gaussian_kl_divergence(*first, *(first if Y is None else _halves(Y, "Y")))

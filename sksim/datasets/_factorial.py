"""Data that a few independent sources determine."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_random_state

from sksim.utils._sklearn import Interval, validate_params
from sksim.utils._typing import FloatArray, IntArray, RandomState

__all__ = ["make_factorial_latents"]

_POSITIVE = Interval(Integral, 1, None, closed="left")


@validate_params(
    {
        "n_samples": [_POSITIVE],
        "n_sources": [_POSITIVE],
        "n_values": [Interval(Integral, 2, None, closed="left")],
        "n_features": [_POSITIVE],
        "n_hidden": [_POSITIVE],
        "noise": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_factorial_latents(
    n_samples: int = 1000,
    *,
    n_sources: int = 2,
    n_values: int = 5,
    n_features: int = 20,
    n_hidden: int = 64,
    noise: float = 0.0,
    random_state: RandomState = None,
) -> tuple[FloatArray, IntArray]:
    r"""Rows that independent discrete sources determine, through a random network.

    .. math:: X = \tanh(U A + b) B + \sigma E, \qquad
              U_{is} = 2 \frac{S_{is}}{n_\text{values} - 1} - 1,

    with sources :math:`S_{is}` uniform on 0, ..., n_values - 1, A of standard deviation
    :math:`1.5 / \sqrt{n_\text{sources}}`, b of 0.5, B of :math:`1 / \sqrt{n_\text{hidden}}` and
    standard normal E.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_samples : int, default=1000
        Number of rows.
    n_sources : int, default=2
        Number of sources.
    n_values : int, default=5
        Levels of each source, two or more.
    n_features : int, default=20
        Number of features.
    n_hidden : int, default=64
        Hidden units of the random network.
    noise : float, default=0.0
        Standard deviation :math:`\sigma` of the noise.
    random_state : int, RandomState instance or None, default=None
        Draws the network, the sources and the noise.

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        The data.
    sources : ndarray of int of shape (n_samples, n_sources)
        The sources.

    Raises
    ------
    ValueError
        If a number is out of range.

    See Also
    --------
    sksim.metrics.infomec : How well latents follow the sources.
    sksim.encoders.QuantizedLatentAutoencoder : Finds latents for them.

    Notes
    -----
    Small data of the kind on which disentanglement is judged [1]_. The network is drawn first: with
    one seed, data of any length come from the same one. Time
    O(n_samples n_hidden (n_sources + n_features)), memory of the rows and hidden units.

    References
    ----------
    .. [1] K. Hsu, W. Dorrell, J. C. R. Whittington, J. Wu and C. Finn (2023). Disentanglement via
           latent quantization. Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> from sksim.datasets import make_factorial_latents
    >>> X, sources = make_factorial_latents(100, random_state=0)
    >>> X.shape, sources.shape, sources.max(axis=0)
    ((100, 20), (100, 2), array([4, 4]))
    """
    rng = check_random_state(random_state)
    A = rng.standard_normal((n_sources, n_hidden)) * 1.5 / np.sqrt(n_sources)
    b = 0.5 * rng.standard_normal(n_hidden)
    B = rng.standard_normal((n_hidden, n_features)) / np.sqrt(n_hidden)
    sources = rng.randint(n_values, size=(n_samples, n_sources))
    hidden = np.tanh((2.0 * sources / (n_values - 1) - 1) @ A + b)
    return hidden @ B + noise * rng.standard_normal((n_samples, n_features)), sources

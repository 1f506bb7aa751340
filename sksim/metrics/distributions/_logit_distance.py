"""Logit distance: the root mean square distance of the centred log-ratios."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.metrics.distributions._log_probabilities import (
    centered_log_ratio,
    check_log_probability_pair,
)
from sksim.utils._sklearn import validate_params

__all__ = ["logit_distance", "row_squared_logit_distance"]


def row_squared_logit_distance(log_p: np.ndarray, log_q: np.ndarray) -> np.ndarray:
    """Squared distance of the centred log-ratios of each row."""
    difference = centered_log_ratio(log_p - log_q)
    return np.einsum("ij,ij->i", difference, difference)


@validate_params(
    {"log_p": ["array-like"], "log_q": ["array-like"], "squared": ["boolean"]},
    prefer_skip_nested_validation=True,
)
def logit_distance(log_p, log_q, *, squared=False) -> float:
    r"""Logit distance between two conditional distributions.

    .. math::

        d_{logit}^2(p, q) = \frac{1}{n} \sum_{i=1}^n
        \left\| u(x_i) - u'(x_i) \right\|^2, \qquad
        u(x)_y = \log p(y|x) - \frac{1}{k} \sum_{y'} \log p(y'|x),

    where u' is the centred log-ratio of q, in the same way. For a model
    p(y|x) ~ exp(f(x).g(y)) it equals the logit f(x).(g(y) - mean g). The distance, in nats, lies
    in [0, inf) and is a metric: symmetric, 0 if and only if the distributions agree on all
    inputs, with the triangle inequality.

    .. versionadded:: 0.1

    Parameters
    ----------
    log_p : array-like of shape (n_samples, n_labels)
        Log-probabilities of the first model.
    log_q : array-like of shape (n_samples, n_labels)
        Log-probabilities of the second model, same inputs and same order of labels.
    squared : bool, default=False
        Whether to return the square.

    Returns
    -------
    distance : float
        The distance, or its square. It grows with the number of labels; divide by the root of
        ``n_labels`` to compare vocabularies of different sizes.

    Raises
    ------
    ValueError
        If a row is not normalised or holds -inf: nothing is smoothed or clipped.

    See Also
    --------
    logit_distance_from_embeddings : The same number without the (n_samples, n_labels) arrays.
    linear_identifiability_distance : What this distance bounds.
    kl_divergence : Bounded by a quarter of the squared logit distance.

    Notes
    -----
    Three inequalities tie it to other measures. In both directions
    ``kl_divergence <= d**2 / 4``. If all probabilities are at least tau,
    ``d**2 <= 2 * kl_divergence / tau``. With the eigenvalues l_i of the covariance of u and the
    canonical correlations r_i of the embeddings, both in descending order,
    ``sum(l_i * (1 - r_i**2)) <= d**2``: a small distance forces high canonical correlations in all
    directions that matter to the first model.

    Time and memory are O(n k).

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, L. Gresele, A. Dittadi and S. Buchholz (2026). Logit
           distance bounds representational similarity. arXiv:2602.15438.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import logit_distance
    >>> log_p = np.log([[0.5, 0.5], [0.9, 0.1]])
    >>> log_q = np.log([[0.25, 0.75], [0.9, 0.1]])
    >>> round(logit_distance(log_p, log_q), 4)
    0.5493
    """
    log_p, log_q = check_log_probability_pair(log_p, log_q)
    squared_distance = float(row_squared_logit_distance(log_p, log_q).mean())
    return squared_distance if squared else float(np.sqrt(squared_distance))

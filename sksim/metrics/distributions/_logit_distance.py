"""Logit distance between two conditional distributions."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np

from sksim.metrics._array_formulas import array_root
from sksim.metrics._measure import DistributionMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import identity, keeping, with_array_formula
from sksim.metrics.distributions._arguments import (
    EMBEDDING_CONSTRAINTS,
    LOG_PROBABILITY_CONSTRAINTS,
    of_embeddings,
    of_log_probabilities,
)
from sksim.metrics.distributions._embeddings_in_place import model_embeddings
from sksim.metrics.distributions._log_probabilities import LogProbabilityPair
from sksim.metrics.distributions._tables_in_place import array_centered, check_tables_in_place
from sksim.utils._array_api import namespace_of
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = [
    "array_row_squared_logit_distance",
    "logit_distance",
    "logit_distance_from_embeddings",
    "row_squared_logit_distance",
]


def row_squared_logit_distance(pair: LogProbabilityPair) -> FloatArray:
    """Squared distance of the centered log ratios of each row."""
    difference = pair.log_ratio_difference
    return np.einsum("ij,ij->i", difference, difference)


def array_row_squared_logit_distance(log_p: Any, log_q: Any) -> Any:
    """``row_squared_logit_distance`` for arrays of other libraries."""
    difference = array_centered(log_p - log_q)
    return namespace_of(log_p).sum(difference * difference, axis=1)


def _array_logit_distance(log_p: Any, log_q: Any, *, squared: bool) -> Any:
    mean = namespace_of(log_p).mean(array_row_squared_logit_distance(log_p, log_q))
    return mean if squared else array_root(mean)


@of_log_probabilities
@validate_params(
    {**LOG_PROBABILITY_CONSTRAINTS, "squared": ["boolean"]},
    prefer_skip_nested_validation=True,
)
@with_array_formula(_array_logit_distance, check_tables_in_place, keep="gradient")
def logit_distance(log_p: ArrayLike, log_q: ArrayLike, *, squared: bool = False) -> float:
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
    pair = LogProbabilityPair.check(log_p, log_q)
    squared_distance = float(row_squared_logit_distance(pair).mean())
    return squared_distance if squared else float(np.sqrt(squared_distance))


@of_embeddings
@validate_params(
    {**EMBEDDING_CONSTRAINTS, "squared": ["boolean"]}, prefer_skip_nested_validation=True
)
@keeping("library")
def logit_distance_from_embeddings(
    f1: ArrayLike, g1: ArrayLike, f2: ArrayLike, g2: ArrayLike, *, squared: bool = False
) -> float:
    r"""Logit distance of two models, without their (n_samples, n_labels) log-probabilities.

    .. math::

        d_{logit}^2 = \frac{1}{n} \sum_{i=1}^n \sum_{y=1}^k
        \left( f_1(x_i) \cdot \bar g_1(y) - f_2(x_i) \cdot \bar g_2(y) \right)^2,

    with unembeddings :math:`\bar g` centred over the k labels. The number is that of
    :func:`logit_distance`, in [0, inf), in nats.

    .. versionadded:: 0.1

    Parameters
    ----------
    f1 : array-like of shape (n_samples, n_components_1)
        Embeddings of the first model; of a language model, the hidden states after the last norm.
    g1 : array-like of shape (n_labels, n_components_1)
        Unembeddings of the first model; of a language model, the rows of the head.
    f2 : array-like of shape (n_samples, n_components_2)
        Embeddings of the second model, same inputs.
    g2 : array-like of shape (n_labels, n_components_2)
        Unembeddings of the second model, same labels.
    squared : bool, default=False
        Whether to return the square.

    Returns
    -------
    distance : float
        The distance, or its square.

    Raises
    ------
    ValueError
        If the arrays do not describe two models of the same inputs and labels.

    See Also
    --------
    logit_distance : From log-probabilities; the right choice for models with biases.
    log_likelihood_variance_distance_from_embeddings : The other distance, in the same way.

    Notes
    -----
    float32 arrays are read block by block and computed on in float64. Leave out rows of g that
    only pad the vocabulary.

    The inputs enter through the triangle of a QR decomposition if there are more than
    n_components_1 + n_components_2, so that the result is as accurate as the direct formula, near
    0 as well. With M the sum of the dimensions, time is O(n M^2 + min(n, M) M k), and memory
    O(min(n, M) M) plus a block of constant size.

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, L. Gresele, A. Dittadi and S. Buchholz (2026). Logit
           distance bounds representational similarity. arXiv:2602.15438.

    Examples
    --------
    >>> from sksim.datasets import make_permuted_pair
    >>> from sksim.metrics import logit_distance, logit_distance_from_embeddings
    >>> pair = make_permuted_pair(rho=3)
    >>> round(logit_distance_from_embeddings(pair.f1, pair.g1, pair.f2, pair.g2), 4)
    15.8745
    >>> round(logit_distance(pair.log_p, pair.log_q), 4)
    15.8745
    """
    pair = model_embeddings(f1, g1, f2, g2, dtype=[np.float64, np.float32])
    rows1, rows2 = pair.embedding_moments
    total = 0.0
    for block1, block2 in pair.unembedding_blocks(len(rows1)):
        difference = rows1 @ block1.T - rows2 @ block2.T
        total += float(np.vdot(difference, difference))
    squared_distance = total / pair.n_samples
    return squared_distance if squared else float(np.sqrt(squared_distance))


register(
    DistributionMeasure(
        name="logit_distance",
        function=logit_distance,
        distance=identity,
        invariances=frozenset({"row_order", "label_order", "gauge"}),
        min_samples=1,
    )
)
register(
    DistributionMeasure(
        name="logit_distance_from_embeddings",
        function=logit_distance_from_embeddings,
        inputs="embeddings",
        distance=identity,
        invariances=frozenset({"row_order", "label_order", "gauge"}),
        min_samples=1,
    )
)

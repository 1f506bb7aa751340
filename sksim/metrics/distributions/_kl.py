"""Kullback-Leibler divergence between two conditional distributions."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np

from sksim.metrics._measure import DistributionMeasure
from sksim.metrics._registry import register
from sksim.metrics._steps import with_array_formula
from sksim.metrics.distributions._arguments import (
    LOG_PROBABILITY_CONSTRAINTS,
    of_log_probabilities,
)
from sksim.metrics.distributions._log_probabilities import LogProbabilityPair
from sksim.metrics.distributions._tables_in_place import check_tables_in_place
from sksim.utils._array_api import move, namespace_of
from sksim.utils._arrays import check_named_array
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["array_row_kl_divergence", "check_weights", "kl_divergence", "row_kl_divergence"]


def row_kl_divergence(pair: LogProbabilityPair) -> FloatArray:
    """KL(p(.|x) || q(.|x)) of each row, rounding errors below 0 set to 0."""
    return np.maximum(np.einsum("ij,ij->i", np.exp(pair.log_p), pair.log_p - pair.log_q), 0.0)


def check_weights(sample_weight: ArrayLike, n_samples: int) -> FloatArray:
    weight = check_named_array(sample_weight, "sample_weight", ensure_2d=False, dtype=np.float64)
    if weight.shape != (n_samples,):
        raise ValueError(
            f"sample_weight must have shape ({n_samples},), one weight a row, got {weight.shape}."
        )
    if weight.min() < 0 or weight.sum() == 0:
        raise ValueError(
            "sample_weight must be non-negative with a positive sum, got minimum "
            f"{weight.min():g} and sum {weight.sum():g}."
        )
    return weight


def array_row_kl_divergence(log_p: Any, log_q: Any) -> Any:
    """``row_kl_divergence`` for arrays of other libraries."""
    xp = namespace_of(log_p)
    return xp.clip(xp.sum(xp.exp(log_p) * (log_p - log_q), axis=1), min=0.0)


def _array_kl_divergence(log_p: Any, log_q: Any, *, sample_weight: Any) -> Any:
    xp = namespace_of(log_p)
    divergences = array_row_kl_divergence(log_p, log_q)
    if sample_weight is None:
        return xp.mean(divergences)
    weights = check_weights(sample_weight, log_p.shape[0])
    shares = xp.astype(move(weights / weights.sum(), log_p), divergences.dtype, copy=False)
    return xp.sum(shares * divergences)


@of_log_probabilities
@validate_params(
    {**LOG_PROBABILITY_CONSTRAINTS, "sample_weight": ["array-like", None]},
    prefer_skip_nested_validation=True,
)
@with_array_formula(_array_kl_divergence, check_tables_in_place, keep="gradient")
def kl_divergence(
    log_p: ArrayLike, log_q: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    r"""Kullback-Leibler divergence between two conditional distributions, averaged over inputs.

    .. math::

        d_{KL}(p, q) = \frac{1}{n} \sum_{i=1}^n \sum_{y=1}^k p(y|x_i)
        \left( \log p(y|x_i) - \log q(y|x_i) \right),

    for n inputs and k labels, in nats. It lies in [0, inf), is 0 if and only if the
    distributions agree on all inputs, and is not symmetric.

    .. versionadded:: 0.1

    Parameters
    ----------
    log_p : array-like of shape (n_samples, n_labels)
        Log-probabilities of the first model. The expectation is under this one.
    log_q : array-like of shape (n_samples, n_labels)
        Log-probabilities of the second model, same inputs and same order of labels.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the inputs. None gives each input the same weight.

    Returns
    -------
    divergence : float
        The mean divergence in nats.

    Raises
    ------
    ValueError
        If a row is not normalised or holds -inf: nothing is smoothed or clipped.

    See Also
    --------
    logit_distance : Bounds the divergence, ``kl_divergence <= logit_distance ** 2 / 4``.
    log_likelihood_variance_distance : Bounds the dissimilarity of the representations.

    Notes
    -----
    The divergence weighs errors by p and hence hardly sees labels of small probability. Two
    models may come arbitrarily close in it while their representations stay as dissimilar as
    they can be, see :func:`sksim.datasets.make_permuted_pair`.

    Time and memory are O(n k).

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, A. Dittadi and L. Gresele (2025). When does closeness in
           distribution imply representational similarity? An identifiability perspective. Advances
           in Neural Information Processing Systems.

    Examples
    --------
    >>> from typing import Any

    import numpy as np
    >>> from sksim.metrics import kl_divergence
    >>> log_p = np.log([[0.5, 0.5], [0.9, 0.1]])
    >>> log_q = np.log([[0.25, 0.75], [0.9, 0.1]])
    >>> round(kl_divergence(log_p, log_q), 4)
    0.0719
    """
    pair = LogProbabilityPair.check(log_p, log_q)
    divergences = row_kl_divergence(pair)
    if sample_weight is None:
        return float(divergences.mean())
    return float(np.average(divergences, weights=check_weights(sample_weight, pair.n_samples)))


register(
    DistributionMeasure(
        name="kl_divergence",
        function=kl_divergence,
        symmetric=False,
        invariances=frozenset({"row_order", "label_order", "gauge"}),
        min_samples=1,
    )
)

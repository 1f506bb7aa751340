"""Information that an input gives on the label, and the norm of the embedding that shows it."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Literal

import numpy as np
from scipy.special import logsumexp, softmax
from sklearn.utils import gen_batches

from sksim.metrics.distributions._kl import check_weights, row_kl_divergence
from sksim.metrics.distributions._log_probabilities import (
    LogProbabilityPair,
    check_log_probabilities,
    check_same_tables,
)
from sksim.utils._arrays import check_named_array
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import StrOptions, validate_params
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["information_gain", "information_gain_norm"]

#: Entries of a block of log-probabilities whose exponentials are summed at once.
_BLOCK_ENTRIES = 2**17


def _shares(sample_weight: ArrayLike | None, n_samples: int) -> FloatArray:
    if sample_weight is None:
        return np.full(n_samples, 1.0 / n_samples)
    weight = check_weights(sample_weight, n_samples)
    return weight / weight.sum()


def _log_mixture(log_p: FloatArray, shares: FloatArray) -> FloatArray:
    """Log of the weighted mean of the distributions, (1, k)."""
    n_samples, n_labels = log_p.shape
    columns = gen_batches(n_labels, max(1, _BLOCK_ENTRIES // n_samples))
    weights = shares[:, None]
    parts = [logsumexp(log_p[:, labels], axis=0, b=weights) for labels in columns]
    return np.concatenate(parts)[None]


@validate_params(
    {
        "log_p": ["array-like"],
        "log_q": ["array-like", None],
        "sample_weight": ["array-like", None],
    },
    prefer_skip_nested_validation=True,
)
def information_gain(
    log_p: ArrayLike, log_q: ArrayLike | None = None, *, sample_weight: ArrayLike | None = None
) -> FloatArray:
    r"""Information that each input gives on the label.

    .. math::

        \mathrm{KL}(x) = \sum_{y=1}^k p(y|x) \left( \log p(y|x) - \log q(y) \right), \qquad
        q = \sum_x w_x\, p(\cdot|x),

    for k labels and the weights :math:`w_x` of the inputs, which sum to 1: how far the
    distribution of an input is from that of all of them. In nats and not negative; the weighted
    mean over the inputs is exactly the mutual information :math:`I(x; y)` of input and label [1]_.

    .. versionadded:: 0.1

    Parameters
    ----------
    log_p : array-like of shape (n_samples, n_labels)
        Log-probabilities, one row an input.
    log_q : array-like of shape (1, n_labels) or (n_samples, n_labels), default=None
        Log-probabilities to compare with, such as known frequencies of the labels; None takes the
        mixture q of the inputs.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the inputs in the mixture, such as their frequencies. None gives each the same
        weight.

    Returns
    -------
    gains : ndarray of shape (n_samples,)
        The divergence of each input in nats.

    Raises
    ------
    ValueError
        If a row is not normalised or holds -inf, if there is one input only in the mixture, whose
        gain is 0 by definition, or if weights come with ``log_q``, which they do not change.

    See Also
    --------
    information_gain_norm : What the embedding alone tells of it.
    kl_divergence : Divergence of two models, averaged over inputs.

    Notes
    -----
    It depends on the distributions only: any embeddings of the same model have the same gains.
    Time and memory are O(n k).

    References
    ----------
    .. [1] M. Oyama, S. Yokoi and H. Shimodaira (2023). Norm of word embedding encodes information
           gain. Conference on Empirical Methods in Natural Language Processing.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import information_gain
    >>> p = np.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])
    >>> information_gain(np.log(p)).round(3)
    array([0.073, 0.073, 0.291])
    """
    if log_q is not None:
        if sample_weight is not None:
            raise ValueError("sample_weight weights the mixture, which log_q takes the place of.")
        pair = LogProbabilityPair(
            check_log_probabilities(log_p, "log_p"), check_log_probabilities(log_q, "log_q")
        )
        if len(pair.log_q) == 1:
            spread = np.broadcast_to(pair.log_q, (len(pair.log_p), pair.log_q.shape[1]))
            pair = LogProbabilityPair(pair.log_p, spread)
        check_same_tables(pair.log_p, pair.log_q, 2)
        return row_kl_divergence(pair)
    table = check_log_probabilities(log_p, "log_p", min_samples=2)
    mixture = _log_mixture(table, _shares(sample_weight, len(table)))
    return row_kl_divergence(LogProbabilityPair(table, np.broadcast_to(mixture, table.shape)))


@validate_params(
    {
        "f": ["array-like"],
        "g": ["array-like"],
        "sample_weight": ["array-like", None],
        "base": [StrOptions({"marginal", "center"})],
    },
    prefer_skip_nested_validation=True,
)
def information_gain_norm(
    f: ArrayLike,
    g: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    base: Literal["marginal", "center"] = "marginal",
) -> FloatArray:
    r"""Information gain of each input by the norm of its embedding.

    For a model :math:`p(y|x) \propto \exp(f(x) \cdot g(y))` with M-dimensional embeddings,

    .. math:: \tfrac12\, (f(x) - \bar f)^T\, G\, (f(x) - \bar f), \qquad
        \bar f = \sum_x w_x f(x), \qquad G = \operatorname{Cov}_{y \sim q}[g(y)],

    the second-order term of :func:`information_gain` in :math:`f - \bar f`, so in nats and not
    negative: 2 KL over the squared norm tends to 1 as the embeddings come near their mean [1]_.
    The covariance is under "marginal", the mixture :math:`q = \sum_x w_x p(\cdot|x)`, or "center",
    the distribution of the model at :math:`\bar f`, where it is a plain Taylor expansion.

    .. versionadded:: 0.1

    Parameters
    ----------
    f : array-like of shape (n_samples, n_components)
        Embeddings of the inputs, such as ``transform`` of a fitted
        :class:`~sksim.identifiability.EmbeddingClassifier`.
    g : array-like of shape (n_labels, n_components)
        Unembeddings of the labels, such as its ``unembeddings_``.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the inputs, such as their frequencies. None gives each the same weight.
    base : {"marginal", "center"}, default="marginal"
        Distribution of the labels of the covariance.

    Returns
    -------
    gains : ndarray of shape (n_samples,)
        Half the squared norm of each input, in nats.

    Raises
    ------
    ValueError
        If f and g differ in their number of components, there is one input only, or the weights
        are negative or all zero.

    See Also
    --------
    information_gain : The divergence itself.
    diversity : Whether embeddings and unembeddings identify the model.

    Notes
    -----
    Unchanged by :math:`f \to A f`, :math:`g \to A^{-T} g` for any invertible A, and by
    :math:`g \to g + c`, which are the same model. The squared norm :math:`\lVert f \rVert^2`
    itself has none of these invariances, and says something only next to others of one model.

    Near the mean the two agree: for Gaussian embeddings of deviation s in eight dimensions and
    300 labels, the sum of KL over that of the norms was 0.971, 0.993, 0.9986 and 0.9998 for s of
    0.4, 0.2, 0.1 and 0.05. Of a trained classifier the gains are large: on three classes in the
    plane the norm was three to five times the gain, and only the order of the inputs was much
    the same, with a rank correlation of 0.80 to 0.93 over seeds.

    Time O(n k M), memory O(n M + k M) and scikit-learn's working memory; with
    ``base="center"`` O(k M^2 + n M^2), which never forms the table of all probabilities.

    References
    ----------
    .. [1] M. Oyama, S. Yokoi and H. Shimodaira (2023). Norm of word embedding encodes information
           gain. Conference on Empirical Methods in Natural Language Processing.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.special import log_softmax
    >>> from sksim.metrics import information_gain, information_gain_norm
    >>> f, g = 0.1 * np.random.RandomState(0).randn(50, 2), np.random.RandomState(1).randn(9, 2)
    >>> gains = information_gain(log_softmax(f @ g.T, axis=1))
    >>> round(float(gains.sum() / information_gain_norm(f, g).sum()), 2)
    0.99
    """
    f = check_named_array(f, "f", dtype=np.float64, ensure_min_samples=2)
    g = check_named_array(g, "g", dtype=np.float64, ensure_min_samples=2)
    if f.shape[1] != g.shape[1]:
        raise ValueError(
            "f and g must have the same number of components (columns), got "
            f"{f.shape[1]} and {g.shape[1]}."
        )
    shares = _shares(sample_weight, len(f))
    centered, labels = f - shares @ f, g - g.mean(axis=0)
    if base == "center":
        q = softmax(labels @ (shares @ f))
    else:
        q = np.zeros(len(labels))
        for rows in row_blocks(len(f), 24.0 * len(labels)):
            q += shares[rows] @ softmax(f[rows] @ labels.T, axis=1)
    # The root of G, so that rounding makes nothing negative.
    root = np.asarray(np.linalg.qr(np.sqrt(q)[:, None] * (labels - q @ labels), mode="r"))
    return np.square(centered @ root.T).sum(axis=1) / 2

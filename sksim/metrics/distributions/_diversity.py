"""The diversity condition of a model, under which its representations are identifiable."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.metrics.distributions._embeddings import check_embedding_model
from sksim.metrics.distributions._identifiability_map import difference_rounding, spread_rows
from sksim.utils._results import Result
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike, FloatArray, IntArray

__all__ = ["diversity"]


def _rank(values: FloatArray) -> int:
    """Rank after centring; what rounding leaves of the mean does not count."""
    singular_values = np.linalg.svd(values - values.mean(axis=0), compute_uv=False)
    least = max(1e-10 * singular_values[0], difference_rounding(values))
    return int((singular_values > least).sum())


def _spread_set(values: FloatArray, size: int) -> tuple[int, IntArray, FloatArray]:
    """A pivot in the middle, up to ``size`` rows spread around it, and their singular values."""
    pivot = int(np.linalg.norm(values - values.mean(axis=0), axis=1).argmin())
    displaced = values - values[pivot]
    others = np.setdiff1d(np.arange(len(values)), [pivot])
    chosen = others[spread_rows(displaced[others], size)]
    return pivot, chosen, np.linalg.svd(displaced[chosen], compute_uv=False)


@validate_params({"f": ["array-like"], "g": ["array-like"]}, prefer_skip_nested_validation=True)
def diversity(f: ArrayLike, g: ArrayLike) -> Result:
    r"""Check the diversity condition of a model p(y|x) ~ exp(f(x).g(y)).

    The condition asks for labels :math:`y_0, ..., y_M` and inputs :math:`x_0, ..., x_M` such
    that :math:`g(y_i) - g(y_0)`, i = 1..M, and :math:`f(x_j) - f(x_0)`, j = 1..M, are each
    linearly independent. Then the representations are identified by the distribution up to one
    invertible linear map.

    .. versionadded:: 0.1

    Parameters
    ----------
    f : array-like of shape (n_samples, n_components)
        Embeddings.
    g : array-like of shape (n_labels, n_components)
        Unembeddings.

    Returns
    -------
    result : Bunch
        ``satisfied`` (bool); ``rank_f`` and ``rank_g``, the ranks after centring, in
        [0, n_components]; a well-conditioned choice ``pivot``, ``labels``, ``pivot_input``,
        ``inputs`` by pivoted QR around the most central row (fewer labels or inputs than
        n_components if there are not more); ``singular_values_f`` and ``singular_values_g`` of
        the rows so chosen, in descending order.

    See Also
    --------
    identifiability_map : The map between two models that satisfy the condition.
    linear_identifiability_distance : Needs the condition for the first model.

    Notes
    -----
    A small last singular value means that the condition holds on paper only: maps that invert L
    or N amplify noise by its reciprocal. Models whose classes have collapsed to their means are a
    common case.

    Time is O((n + k) M^2), memory O((n + k) M).

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, A. Dittadi and L. Gresele (2025). When does closeness in
           distribution imply representational similarity? An identifiability perspective. Advances
           in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import diversity
    >>> f = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> diversity(f, [[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]).satisfied
    True
    >>> diversity(f, [[1.0, 1.0], [0.0, 0.0], [-1.0, -1.0]]).rank_g
    1
    """
    f, g = check_embedding_model(f, g)
    size = f.shape[1]
    rank_f, rank_g = _rank(f), _rank(g)
    pivot, labels, singular_values_g = _spread_set(g, size)
    pivot_input, inputs, singular_values_f = _spread_set(f, size)
    return Result(
        satisfied=rank_f == size and rank_g == size,
        rank_f=rank_f,
        rank_g=rank_g,
        pivot=pivot,
        labels=labels,
        pivot_input=pivot_input,
        inputs=inputs,
        singular_values_f=singular_values_f,
        singular_values_g=singular_values_g,
    )

"""Share of binary codes that are not the first of their kind."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.metrics._measure import QualityMeasure
from sksim.metrics._registry import register
from sksim.metrics._validation import check_representation
from sksim.utils._typing import ArrayLike

__all__ = ["code_redundancy"]


def code_redundancy(codes: ArrayLike) -> float:
    r"""Share of rows whose binary code an earlier row has.

    .. math:: 1 - \frac{\text{number of different codes}}{n},

    a bit being one where the entry of the (n, p) array is positive, so that activations, before or
    after ReLU, are taken as well as bits. In [0, 1 - 1 / n]: 0 where all codes differ, as a hash
    wants it; near 1 where a network cuts the rows into few regions.

    .. versionadded:: 0.1

    Parameters
    ----------
    codes : array-like of shape (n_samples, n_bits)
        Codes; entries above zero are ones.

    Returns
    -------
    redundancy : float
        The share.

    See Also
    --------
    sksim.codes.ActivationCodes : Codes of the hidden units of a network.
    sksim.codes.ResidualBinarizer : Codes of vectors.

    Notes
    -----
    The redundancy ratio of [1]_. It is not the share of rows that have a twin: of two equal rows,
    one counts. Unchanged by the lengths of rows and by the scale of each bit's activation. Depends
    on the number of rows: compare equal numbers.

    Time O(n p + n log n), memory n p / 8 bytes beside the codes.

    References
    ----------
    .. [1] F. He, S. Lei, J. Ji and D. Tao (2021). Neural networks behave as hash encoders: an
           empirical study. arXiv.

    Examples
    --------
    >>> from sksim.metrics import code_redundancy
    >>> code_redundancy([[1, 0, 1], [1, 0, 1], [0, 0, 1], [1, 1, 1], [1, 0, 1]])
    0.4
    """
    codes = check_representation(codes, min_samples=1, constant_ok=True, name="codes")
    packed = np.ascontiguousarray(np.packbits(codes > 0, axis=1))
    n_different = len(np.unique(packed.view(f"V{packed.shape[1]}")))
    return (len(codes) - n_different) / len(codes)


register(
    QualityMeasure(
        name="code_redundancy",
        function=code_redundancy,
        greater_is_better=None,
        range=(0.0, 1.0),
        invariances=frozenset({"scale", "permutation", "row_scale", "row_order"}),
        min_samples=1,
    )
)

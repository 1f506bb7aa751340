"""Mutual information of two continuous representations by nearest neighbours."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from numbers import Integral
from typing import Literal

import numpy as np
from scipy.special import digamma

from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import register
from sksim.metrics._validation import PAIR_CONSTRAINTS, check_paired
from sksim.metrics.probing._max_norm import joint_counts
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike

__all__ = ["mutual_information"]


@validate_params(
    {
        **PAIR_CONSTRAINTS,
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "method": [StrOptions({"ksg"})],
    },
    prefer_skip_nested_validation=True,
)
def mutual_information(
    X: ArrayLike, Y: ArrayLike, *, n_neighbors: int = 3, method: Literal["ksg"] = "ksg"
) -> float:
    r"""Mutual information of two continuous representations, estimated by nearest neighbours.

    The first estimate of Kraskov, Stögbauer and Grassberger [1]_: with :math:`\epsilon_i` the
    max-norm distance of sample i to its k-th neighbour among the joint rows (x, y), and
    :math:`n_x(i)`, :math:`n_y(i)` the numbers of other samples that are strictly nearer than
    :math:`\epsilon_i` in X and in Y alone,

    .. math:: I = \psi(k) + \psi(n) - \frac{1}{n} \sum_i \psi(n_x(i) + 1) + \psi(n_y(i) + 1),

    :math:`\psi` the digamma function and n the number of samples, in nats. The truth is 0 for
    independent representations and positive for others; the estimate scatters around it, can
    be negative, and is not clipped.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features_x)
        First representation.
    Y : array-like of shape (n_samples, n_features_y)
        Second representation of the same samples.
    n_neighbors : int, default=3
        Neighbours k. More of them vary less and are biased more.
    method : {"ksg"}, default="ksg"
        The estimate.

    Returns
    -------
    information : float
        The estimate in nats.

    Raises
    ------
    ValueError
        If there are no more samples than neighbours, or more than ``n_neighbors`` joint rows are
        equal, which makes the density infinite: add a little noise.

    See Also
    --------
    differential_entropy : Entropy of one representation by the same idea.
    noisy_layer_information : Information that a layer with noise has on its input.
    canonical_correlations : For Gaussian data, :math:`-\frac12 \sum_i \log(1 - \rho_i^2)`.

    Notes
    -----
    For few dimensions and information that is not large: the estimate needs about
    :math:`e^I` samples a neighbour, and at most :math:`\psi(n) + \psi(k)` can come out. In ten or
    more dimensions it is much too low; reduce them first.

    Unchanged by translation and by the order of features and samples. The true value does not
    change under any smooth invertible map of either side; the estimate does so only about, under
    scales of one side and rotations too, and less where a map is flat: for the data of the
    example it is 1.02 nats for X and 0.71 for the cube of X.

    Time O(n log n) by trees for up to 12 features of both together, O(n^2 (d_x + d_y)) above, in
    blocks; memory O(n (d_x + d_y)) within scikit-learn's working memory.

    References
    ----------
    .. [1] A. Kraskov, H. Stögbauer and P. Grassberger (2004). Estimating mutual information.
           Physical Review E 69.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import mutual_information
    >>> rng = np.random.RandomState(0)
    >>> X = rng.randn(300, 2)
    >>> Y = 0.8 * X + 0.6 * rng.randn(300, 2)
    >>> round(mutual_information(X, Y), 2), round(-float(np.log(1 - 0.8**2)), 2)
    (1.02, 1.02)
    """
    X, Y = check_paired(X, Y, min_samples=n_neighbors + 1)
    radii, n_x, n_y = joint_counts(X.astype(np.float64), Y.astype(np.float64), n_neighbors)
    if not radii.all():
        raise ValueError(
            f"X and Y repeat {int((radii == 0).sum())} joint rows more than {n_neighbors} times, "
            "where the density is infinite: add a little noise to them, or drop repeated rows."
        )
    # Each row counts itself among those that are nearer.
    terms = digamma(n_x) + digamma(n_y)
    return float(digamma(n_neighbors) + digamma(len(X)) - terms.mean())


register(
    PairedMeasure(
        name="mutual_information",
        function=mutual_information,
        range=(-math.inf, math.inf),
        invariances=frozenset({"translation", "permutation"}),
        identity=False,
        null=0.0,
        min_samples=4,
    )
)

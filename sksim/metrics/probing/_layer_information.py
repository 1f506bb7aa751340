"""Information that a layer has on its input and on a label: with noise, and in bins."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from numbers import Integral, Real
from typing import Literal

import numpy as np
from sklearn.decomposition import PCA
from sklearn.utils import check_random_state

from sksim.metrics._validation import check_representation, check_same_rows
from sksim.metrics.probing._differential_entropy import nearest_neighbor_entropy
from sksim.metrics.probing._entropies import entropy, joint_codes
from sksim.utils._labels import check_labels
from sksim.utils._results import Result
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike, RandomState

__all__ = ["binned_information", "noisy_layer_information"]


def _class_codes(H: np.ndarray, y: ArrayLike) -> np.ndarray:
    labels = check_labels(y, "y")
    check_same_rows(H, labels, name="y", first="H")
    return np.unique(labels, return_inverse=True)[1]


@validate_params(
    {
        "H": ["array-like"],
        "y": ["array-like", None],
        "noise": [Interval(Real, 0, None, closed="neither")],
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def noisy_layer_information(
    H: ArrayLike,
    y: ArrayLike | None = None,
    *,
    noise: float,
    n_components: int | None = None,
    n_neighbors: int = 5,
    random_state: RandomState = None,
) -> Result:
    r"""Information of a layer with added noise on its input, and on a label.

    A deterministic layer of a continuous input has infinite information on it. With noise,
    :math:`T = H + \mathcal{N}(0, \sigma^2 I)`, it is finite [1]_:

    .. math::

        I(X; T) = h(T) - \tfrac{d}{2} \log(2 \pi e \sigma^2), \qquad
        I(T; Y) = h(T) - \sum_y p_y\, h(T | y),

    with h the nearest-neighbour estimate of the entropy, see :func:`differential_entropy`, and d
    the number of features, or of the principal components of T that are kept. Both in nats;
    the true values are not negative, the estimates can be, by their error.

    .. versionadded:: 0.1

    Parameters
    ----------
    H : array-like of shape (n_samples, n_features)
        Activations of the layer.
    y : array-like of shape (n_samples,), default=None
        Labels.
    noise : float
        Standard deviation :math:`\sigma` of the noise, in the unit of H. The values of layers
        compare only where the noise means the same for both.
    n_components : int, default=None
        Principal components of T that are kept; None keeps T as it is.
    n_neighbors : int, default=5
        Neighbours of the estimate of the entropy.
    random_state : int, RandomState instance or None, default=None
        Draws the noise. A seed that the data were drawn with gives noise that is no noise.

    Returns
    -------
    result : Bunch
        Floats ``ixt`` and ``ity`` in nats; ``ity`` is None without y.

    Raises
    ------
    ValueError
        If ``noise`` is not positive, ``n_components`` more than the features or samples, or there
        are no more samples, or samples of a class, than neighbours.

    See Also
    --------
    binned_information : Information of binned activations.
    mutual_information : Information of two representations.

    Notes
    -----
    Components are linear functions of T, and the noise on them is as large as on the features.
    So what is lost with the others is lost to both values: they are lower bounds of those
    of the whole noisy layer, up to the error of the estimate. With few samples in many dimensions
    that error is larger: keep as few components as carry the variance, and compare with
    Gaussian activations of the same variances v, of which :math:`I(X; T) = \frac12 \sum_j
    \log(1 + v_j / \sigma^2)`.

    Unchanged by the order of the samples but for the drawn noise, and by a common scale of H and
    ``noise``.

    Time O(n^2 d) for the search of neighbours, O(n d^2) for the components; memory O(n d) and
    scikit-learn's working memory.

    References
    ----------
    .. [1] I. Butakov, A. Tolmachev, S. Malanchuk, A. Neopryatnaya, A. Frolov and K. Andreev (2024).
           Information bottleneck analysis of deep neural networks via lossy compression.
           International Conference on Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import noisy_layer_information
    >>> H = np.random.RandomState(0).randn(1000, 2) * [1.0, 0.5]
    >>> result = noisy_layer_information(H, noise=0.3, random_state=1)
    >>> truth = np.log(1 + np.array([1.0, 0.25]) / 0.3**2).sum() / 2
    >>> bool(abs(result.ixt - truth) < 0.1), result.ity
    (True, None)
    """
    H = check_representation(H, name="H", min_samples=n_neighbors + 1, constant_ok=True)
    T = H + noise * check_random_state(random_state).standard_normal(H.shape)
    if n_components is not None:
        if n_components > min(T.shape):
            raise ValueError(
                f"n_components must be at most {min(T.shape)}, the lesser of the numbers of "
                f"samples and features of H, got {n_components}."
            )
        T = PCA(n_components, svd_solver="full").fit_transform(T)
    whole = nearest_neighbor_entropy(T, n_neighbors, "H")
    log_noise = 0.5 * math.log(2 * math.pi * math.e) + math.log(noise)
    result = Result(ixt=whole - T.shape[1] * log_noise, ity=None)
    if y is not None:
        codes = _class_codes(H, y)
        counts = np.bincount(codes)
        if counts.min() <= n_neighbors:
            raise ValueError(
                f"y must hold more than n_neighbors={n_neighbors} samples of each class, got "
                f"{counts.min()} of one."
            )
        within = [
            nearest_neighbor_entropy(T[codes == c], n_neighbors, "H") for c in range(len(counts))
        ]
        result.ity = whole - float(counts @ within) / len(codes)
    return result


@validate_params(
    {
        "H": ["array-like"],
        "y": ["array-like", None],
        "n_bins": [Interval(Integral, 2, None, closed="left")],
        "strategy": [StrOptions({"quantile", "uniform"})],
    },
    prefer_skip_nested_validation=True,
)
def binned_information(
    H: ArrayLike,
    y: ArrayLike | None = None,
    *,
    n_bins: int = 30,
    strategy: Literal["quantile", "uniform"] = "quantile",
) -> Result:
    r"""Information of the binned activations of a layer on its input, and on a label.

    Each unit falls into one of B bins, whose edges are the same for all units of the layer, and
    the vector of its bins is the code T of a sample. For a deterministic layer

    .. math:: I(X; T) = H(T), \qquad I(T; Y) = H(T) - H(T | Y),

    in bits, with the plug-in estimate of the entropies. "quantile" edges adapt to the layer [1]_:
    :math:`u_{\lfloor i U / B \rfloor}`, i = 1, ..., B - 1, of its U sorted *distinct*
    activations u; "uniform" ones divide their range evenly. Bins hold their left edge.
    Both values lie in [0, :math:`\log_2 n`].

    .. versionadded:: 0.1

    Parameters
    ----------
    H : array-like of shape (n_samples, n_features)
        Activations of the layer.
    y : array-like of shape (n_samples,), default=None
        Labels.
    n_bins : int, default=30
        Number B of bins.
    strategy : {"quantile", "uniform"}, default="quantile"
        How the edges are chosen.

    Returns
    -------
    result : Bunch
        Floats ``ixt`` and ``ity`` in bits, ``ity`` None without y; and ``ceiling``, log2 n. Where
        ``ixt`` is near the ceiling each sample has a code of its own: then ``ity`` is the entropy
        of y, and neither says anything of the layer.

    Raises
    ------
    ValueError
        If H is not a finite matrix, or y does not fit.

    See Also
    --------
    noisy_layer_information : The same question with noise instead of bins.
    sklearn.preprocessing.KBinsDiscretizer : Bins of each feature alone.

    Notes
    -----
    "quantile" bins do not change under one increasing map of all units, such as a scale; neither
    kind changes with the order of units or samples; both change under a rotation.

    The code is the vector of all units: with a few dozen of them nearly each sample is alone,
    even with two bins. What bins say of compression in training varies much with
    initialisation and activation function, as the paper of the adaptive bins reports itself, so
    show several seeds. Its code puts the lowest value, 0 after a ReLU, into a bin of its own
    first; the rule here has no special case, and its numbers are not those of that code.

    Time O(n d log(n d)), memory O(n d).

    References
    ----------
    .. [1] I. Chelombiev, C. Houghton and C. O'Donnell (2019). Adaptive estimators show information
           compression in deep neural networks. International Conference on Learning
           Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import binned_information
    >>> H = np.maximum(np.random.RandomState(0).randn(40, 3), 0)
    >>> result = binned_information(H, np.repeat([0, 1], 20), n_bins=2)
    >>> round(result.ixt, 2), round(result.ity, 2), round(result.ceiling, 2)
    (2.52, 0.14, 5.32)
    """
    H = check_representation(H, name="H", min_samples=1, constant_ok=True)
    if strategy == "quantile":
        values = np.unique(H)
        edges = values[np.arange(1, n_bins) * len(values) // n_bins]
    else:
        edges = np.linspace(H.min(), H.max(), n_bins + 1)[1:-1]
    bins = np.searchsorted(np.unique(edges), H, side="right")
    codes = np.unique(bins, axis=0, return_inverse=True)[1].ravel()
    result = Result(ixt=entropy(codes) / math.log(2), ity=None, ceiling=math.log2(len(H)))
    if y is not None:
        labels = _class_codes(H, y)
        conditional = entropy(joint_codes(codes, labels)) - entropy(labels)
        result.ity = max(0.0, result.ixt - conditional / math.log(2))
    return result

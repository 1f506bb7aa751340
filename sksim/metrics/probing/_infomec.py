"""Modularity, explicitness and compactness of latents with respect to known sources."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral
from typing import Any, Literal

import numpy as np
from scipy.special import digamma
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import check_random_state

from sksim.metrics._validation import check_same_rows
from sksim.metrics.probing._entropies import entropy, plug_in_information
from sksim.metrics.probing._max_norm import count_nearer, kth_distances
from sksim.metrics.probing._probe import class_losses
from sksim.utils._arrays import check_named_array, naming
from sksim.utils._results import Result
from sksim.utils._sklearn import Interval, StrOptions, validate_params
from sksim.utils._typing import ArrayLike, FloatArray, RandomState

__all__ = ["infomec"]

#: A continuous latent with less than this share of the largest range is switched off.
_LEAST_RANGE = 1 / 20


def _source_codes(sources: ArrayLike) -> np.ndarray:
    """Each source as codes 0, 1, ... of its levels; there are two sources or more."""
    values = check_named_array(sources, "sources", dtype=None)
    if values.shape[1] < 2:
        raise ValueError(
            "sources must hold two sources or more, one a column, got one: modularity compares "
            "the information that a latent has on each of them."
        )
    if values.dtype.kind == "f" and (values % 1).any():
        raise ValueError(
            "sources must be discrete, got numbers that are not whole: bin them first, such as by "
            "sklearn.preprocessing.KBinsDiscretizer; v_information takes sources as they are."
        )
    with naming("sources"):
        codes = np.stack([np.unique(s, return_inverse=True)[1] for s in values.T], axis=1)
    constant = np.flatnonzero(codes.max(axis=0) == 0)
    if constant.size:
        raise ValueError(
            f"sources must vary, got one level only in column {constant[0]}: its entropy is zero."
        )
    return codes


def _information_on_classes(z: FloatArray, codes: np.ndarray, n_neighbors: int) -> float:
    """Mutual information in nats of a continuous variable and a discrete one, at least 0.

    psi(n) + mean(psi(k) - psi(n_class) - psi(m)), m the number of samples, each itself among
    them, nearer than its k-th neighbour in its class; smaller classes take all they have.
    """
    counts = np.bincount(codes)
    kept = counts[codes] > 1
    if not kept.any():
        raise ValueError("sources must have two samples of some level, got a level for each.")
    z, codes = z[kept, None], codes[kept]
    radii, k = np.empty(len(z)), np.minimum(n_neighbors, counts - 1)
    for code in np.unique(codes):
        radii[codes == code] = kth_distances(z[codes == code], k[code])
    terms = digamma(k[codes]) - digamma(counts[codes]) - digamma(count_nearer(z, radii))
    return max(0.0, float(digamma(len(z)) + terms.mean()))


def _shares_of_best(P: FloatArray) -> float | None:
    """Mean over rows of the largest share, 0 for equal shares and 1 for a single one."""
    n_columns = P.shape[1]
    sums = P.sum(axis=1)
    if n_columns < 2 or not sums.any():
        return None
    share = np.mean(P[sums > 0].max(axis=1) / sums[sums > 0])
    return float((share - 1 / n_columns) / (1 - 1 / n_columns))


@validate_params(
    {
        "sources": ["array-like"],
        "latents": ["array-like"],
        "discrete": ["boolean", StrOptions({"auto"})],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "explicitness": [StrOptions({"in_sample"}), "cv_object"],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def infomec(
    sources: ArrayLike,
    latents: ArrayLike,
    *,
    discrete: bool | Literal["auto"] = "auto",
    n_neighbors: int = 10,
    explicitness: Any = "in_sample",
    random_state: RandomState = None,
) -> Result:
    r"""Modularity, explicitness and compactness of latents with respect to known sources.

    With the normalised mutual information :math:`P_{ij} = I(s_i; z_j) / H(s_i)` of source i of
    :math:`n_s` and active latent j of :math:`n_a` [1]_:

    .. math::

        \text{modularity} &= \Big(\operatorname{mean}_j \frac{\max_i P_{ij}}{\sum_i P_{ij}}
        - \frac{1}{n_s}\Big) \Big/ \Big(1 - \frac{1}{n_s}\Big), \\
        \text{compactness} &= \Big(\operatorname{mean}_i \frac{\max_j P_{ij}}{\sum_j P_{ij}}
        - \frac{1}{n_a}\Big) \Big/ \Big(1 - \frac{1}{n_a}\Big), \\
        \text{explicitness} &= \operatorname{mean}_i \frac{H(s_i) - H_V(s_i | z)}{H(s_i)},

    with :math:`H_V` the cross-entropy of an unpenalised multinomial logistic regression on all
    latents, one-hot if they are discrete and standardised if not. Each value is at most 1, and
    the first two are not negative: 1 for latents that each follow one source (modularity),
    sources that each have one latent (compactness), and sources that can be read off linearly
    (explicitness). All are ratios, without a unit.

    .. versionadded:: 0.1

    Parameters
    ----------
    sources : array-like of shape (n_samples, n_sources)
        The known factors, two or more: whole numbers, booleans or strings.
    latents : array-like of shape (n_samples, n_latents)
        The representation.
    discrete : bool or "auto", default="auto"
        Whether the values of the latents are categories; "auto" takes integers and booleans for
        such. A discrete latent is active if it varies, a continuous one if its range is more than
        1/20 of the largest one.
    n_neighbors : int, default=10
        Neighbours of the estimate of the information between a source and a continuous latent.
    explicitness : "in_sample", int, cross-validation generator or iterable, default="in_sample"
        Where :math:`H_V` and :math:`H` of the explicitness are taken: on the samples of the fit,
        as published, or on held-out folds. There the value can be negative, and the regression
        has scikit-learn's default penalty: without one its loss on classes that are separable
        in the training part has no bound.
    random_state : int, RandomState instance or None, default=None
        Draws the noise, 1e-10 of the values, that breaks ties of continuous latents.

    Returns
    -------
    result : Bunch
        Floats ``modularity``, ``explicitness`` and ``compactness``; ``nmi`` of shape (n_sources,
        n_latents), zero for latents that are not active; ``active``, booleans of shape
        (n_latents,). ``compactness`` is None with one active latent, and both it and
        ``modularity`` are None if no latent tells anything of any source: they are 0 / 0 then.

    Raises
    ------
    ValueError
        If there is one source only, a source is constant or not discrete, or no latent is active.

    Warns
    -----
    ConvergenceWarning
        If a logistic regression has not converged.

    See Also
    --------
    v_information : What one target has in a representation, for any probe; continuous sources too.
    mean_correlation_coefficient : Recovery of sources one by one, by correlation.

    Notes
    -----
    A latent without information on any source is left out of the mean of the modularity, as it
    prefers none; a source that no latent tells is left out of that of the compactness.

    The information of a source and a continuous latent is the nearest-neighbour estimate [2]_,
    clipped at 0. It is that of :func:`sklearn.feature_selection.mutual_info_classif`, where that
    one searches by trees; for classes of fewer than twice ``n_neighbors`` samples that one takes
    rounded distances, which count a neighbour too many here and there. The plug-in estimate for
    discrete latents has a bias of about :math:`(K_s - 1)(K_z - 1) / (2 n)` nats for independent
    variables of :math:`K_s` and :math:`K_z` levels.

    Unchanged by the order of the latents, by the names of levels, and, for continuous latents, by
    one scale of all; a scale of its own can switch a latent off. A rotation changes modularity
    and compactness, which is what they measure, and the explicitness of continuous latents is
    that of any invertible linear map of them.

    The authors' code weights the classes in the fit of the logistic regression but not where it
    measures its loss, so that on unbalanced sources its explicitness is no share of :math:`H`: on
    a source with one class of 5 % it gave 0.461 where the formula gives 0.420. Here nothing is
    weighted; on balanced sources both agree. That a quantised latent space scores higher was not
    tried, as it takes training on images.

    Time is one estimate for each pair, O(n) for discrete and O(n log n) for continuous latents,
    and one logistic regression for each source; memory O(n d), for discrete latents O(n) times
    their levels.

    References
    ----------
    .. [1] K. Hsu, W. Dorrell, J. C. R. Whittington, J. Wu and C. Finn (2023). Disentanglement via
           latent quantization. Advances in Neural Information Processing Systems.
    .. [2] B. C. Ross (2014). Mutual information between discrete and continuous data sets. PLoS ONE
           9.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.metrics import infomec
    >>> rng = np.random.RandomState(0)
    >>> sources = rng.randint(4, size=(300, 2))
    >>> latents = sources + 0.1 * rng.randn(300, 2)
    >>> result = infomec(sources, latents, random_state=0)
    >>> round(result.modularity, 2), round(result.compactness, 2)
    (1.0, 1.0)
    >>> turned = latents @ [[0.6, -0.8], [0.8, 0.6]]
    >>> result = infomec(sources, turned, random_state=0)
    >>> result.modularity < 0.7, round(result.explicitness, 2)
    (True, 1.0)
    """
    codes = _source_codes(sources)
    latents = check_named_array(latents, "latents", dtype="numeric")
    check_same_rows(codes, latents, name="latents", first="sources")
    if isinstance(discrete, str):
        discrete = latents.dtype.kind in "biu"
    ranges = np.ptp(latents.astype(np.float64), axis=0)
    active = ranges > (0.0 if discrete else _LEAST_RANGE * ranges.max())
    if not active.any():
        raise ValueError("latents must vary, got constant columns only: no latent is active.")

    if discrete:
        features = OneHotEncoder(sparse_output=False).fit_transform(latents)
        levels = [np.unique(z, return_inverse=True)[1] for z in latents[:, active].T]
        information = [[plug_in_information(s, z) for z in levels] for s in codes.T]
    else:
        features = StandardScaler().fit_transform(latents.astype(np.float64))
        noise = check_random_state(random_state).standard_normal(features.shape)
        untied = (features + 1e-10 * noise)[:, active].T
        information = [
            [_information_on_classes(z, s, n_neighbors) for z in untied] for s in codes.T
        ]
    entropies = np.array([entropy(s) for s in codes.T])
    nmi = np.zeros((codes.shape[1], latents.shape[1]))
    nmi[:, active] = np.asarray(information) / entropies[:, None]

    cv = None if isinstance(explicitness, str) else explicitness
    penalty = np.inf if cv is None else 1.0
    # One-hot columns add up to one, and a Newton step needs a Hessian of full rank.
    few = not discrete and features.shape[1] * (codes.max() + 1) <= 500
    solver = "newton-cholesky" if few else "lbfgs"
    probe = LogisticRegression(C=penalty, tol=1e-8, max_iter=10_000, solver=solver)
    losses = [class_losses(features, s, probe, cv) for s in codes.T]
    return Result(
        modularity=_shares_of_best(nmi[:, active].T),
        explicitness=float(np.mean([1 - loss.probe / loss.constant for loss in losses])),
        compactness=_shares_of_best(nmi[:, active]),
        nmi=nmi,
        active=active,
    )

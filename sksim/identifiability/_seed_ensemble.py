"""One model for several seeds, and how far the results agree."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numbers
import os
from collections.abc import Callable, Mapping
from typing import Any, Literal, Self

import numpy as np
from scipy.special import logsumexp
from sklearn.base import MetaEstimatorMixin, TransformerMixin, clone
from sklearn.utils import Tags, check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.identifiability._base import LogProbabilityClassifierMixin
from sksim.identifiability._embedding_classifier import EmbeddingClassifier
from sksim.metrics._distribution_scorer import model_arrays
from sksim.metrics._measure import DistributionMeasure
from sksim.metrics._registry import get_measure
from sksim.utils._optional import require_torch
from sksim.utils._progress import progress, shown
from sksim.utils._sklearn import HasMethods, Interval, StrOptions, _fit_context
from sksim.utils._typing import AnyArray, ArrayLike, FloatArray, RandomState

__all__ = ["SeedEnsemble"]


def _set_seed(estimator: Any, seed: int) -> Any:
    """Give every ``random_state`` of an estimator the seed."""
    names = [
        name
        for name in estimator.get_params(deep=True)
        if name == "random_state" or name.endswith("__random_state")
    ]
    if not names:
        raise ValueError(
            f"estimator must have a random_state, so that seeds make a difference; "
            f"{type(estimator).__name__} has none."
        )
    return estimator.set_params(**dict.fromkeys(names, seed))


def _can_be_stacked(estimator: Any) -> bool:
    return (
        type(estimator) is EmbeddingClassifier
        and estimator.module is None
        and estimator.image_shape is None
        and estimator.callbacks is None
        and estimator.checkpoint is None
        and not estimator.early_stopping
        and not estimator.verbose
    )


def _share_what_is_known_of_the_data(source: Any, target: Any) -> None:
    for name in ("classes_", "n_features_in_", "feature_names_in_"):
        if hasattr(source, name):
            setattr(target, name, getattr(source, name))
        elif hasattr(target, name):  # of an earlier fit
            delattr(target, name)


def _fit_side_by_side(
    members: list[EmbeddingClassifier], X: ArrayLike, y: ArrayLike | None
) -> None:
    """Fit copies of an EmbeddingClassifier as one stack of networks; a teacher is asked once."""
    require_torch(members[0])
    from sksim._torch.embedding._ensemble import train_side_by_side

    members[0]._validate_params()
    X_float, targets = members[0]._validate(X, y)
    for member in members:
        _share_what_is_known_of_the_data(members[0], member)
        member._initialize()
    train_side_by_side(
        [member.net_ for member in members],
        [member._stream for member in members],
        X_float,
        targets,
        members[0].max_epochs,
    )
    for member in members:
        member._finish()


def _has_transform(ensemble: "SeedEnsemble") -> bool:
    return ensemble.estimator is None or hasattr(ensemble.estimator, "transform")


class SeedEnsemble(
    LogProbabilityClassifierMixin, TransformerMixin, MetaEstimatorMixin, SksimEstimator
):
    r"""Copies of one classifier for several seeds, and the distances between them.

    With m copies and a distance d between conditional distributions, :meth:`score` is

    .. math::

        \text{stability} = - \operatorname{reduce}_{i \neq j} \; d(p_i, p_j) \in (-\infty, 0],

    so that a search over the parameters of the classifier finds those for which the
    distribution, and with it the representation, depends least on the seed [1]_. The copies vote by
    their mean probability.

    .. versionadded:: 0.1

    Parameters
    ----------
    estimator : classifier or None, default=None
        A classifier with ``random_state`` (anywhere in it) and ``predict_log_proba``. None is
        :class:`EmbeddingClassifier` with its defaults. With a ``checkpoint``, each copy has a
        folder ``seed_0``, ``seed_1``, ... inside it.
    n_seeds : int, default=5
        Number m of copies, at least 2.
    metric : str or callable, default="logit_distance"
        Distance of :meth:`score`: "kl_divergence", "logit_distance",
        "log_likelihood_variance_distance", "max_pls_svd_distance", "jensen_shannon_divergence",
        "jensen_shannon_distance", "linear_identifiability_distance",
        "logit_distance_from_embeddings", "log_likelihood_variance_distance_from_embeddings", or a
        function of two arrays of log-probabilities.
    metric_params : dict or None, default=None
        Further arguments of the distance. Distances that draw at random do so with
        ``random_state=0`` unless it is given here.
    reduce : {"mean", "median"}, default="mean"
        How :meth:`score` combines the pairs. The median resists single seeds that have learned
        something else.
    batched : bool, default=True
        Whether to train the copies as one stack of networks where that is possible: copies of
        :class:`EmbeddingClassifier` with the built-in networks, without early stopping, callbacks,
        checkpoint or printing. The result is that of training one by one, up to rounding, which
        long training amplifies.
    verbose : int, default=0
        Whether to show the progress over epochs, copies and pairs: a bar where tqdm is installed,
        one line otherwise.
    random_state : int, RandomState instance or None, default=None
        Draws the seeds of the copies.

    Attributes
    ----------
    estimators_ : list of classifiers
        The fitted copies.
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.
    n_features_in_ : int
        Number of features seen in :meth:`fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has them.

    See Also
    --------
    EmbeddingClassifier : The classifier that this is made for.
    sksim.metrics.make_distribution_scorer : Distance to one fitted reference, as a scorer.

    Notes
    -----
    A stack of m networks of width w costs much less than m times one of them while w is small,
    because the time of small networks goes into calls, not arithmetic. Memory: the weights of all
    networks, and their activations for one batch.

    :meth:`transform` concatenates the representations of the copies. For a task that was not
    trained for, that is much richer than one such network: on digits, nets of 16 units trained on
    five classes told the other five with 90 % accuracy alone, and five of them together with 97 %.
    One net of 80 units did as well, though, so that the gain of [2]_ over an equally wide net was
    not seen.

    References
    ----------
    .. [1] B. M. G. Nielsen, E. Marconato, A. Dittadi and L. Gresele (2025). When does closeness in
           distribution imply representational similarity? An identifiability perspective. Advances
           in Neural Information Processing Systems.
    .. [2] J. Zhang and L. Bottou (2023). Learning useful representations for shifting tasks and
           distributions. International Conference on Machine Learning.

    Examples
    --------
    >>> from sksim.datasets import make_radial_classification
    >>> from sksim.identifiability import EmbeddingClassifier, SeedEnsemble
    >>> X, y = make_radial_classification(300, random_state=0)
    >>> model = EmbeddingClassifier(lr=0.01, max_epochs=20)
    >>> ensemble = SeedEnsemble(model, n_seeds=3, random_state=0).fit(X, y)
    >>> ensemble.pairwise_distances(X).shape
    (3, 3)
    >>> bool(ensemble.score(X) < 0)
    True
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict_log_proba"]), None],
        "n_seeds": [Interval(numbers.Integral, 2, None, closed="left")],
        "metric": [str, callable],
        "metric_params": [dict, None],
        "reduce": [StrOptions({"mean", "median"})],
        "batched": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any = None,
        n_seeds: int = 5,
        *,
        metric: str | Callable[..., float] = "logit_distance",
        metric_params: Mapping[str, Any] | None = None,
        reduce: Literal["mean", "median"] = "mean",
        batched: bool = True,
        verbose: int = 0,
        random_state: RandomState = None,
    ) -> None:
        self.estimator = estimator
        self.n_seeds = n_seeds
        self.metric = metric
        self.metric_params = metric_params
        self.reduce = reduce
        self.batched = batched
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Fit the copies.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The inputs.
        y : array-like of shape (n_samples,), default=None
            The labels.

        Returns
        -------
        self : SeedEnsemble
            The fitted ensemble.
        """
        get_measure(self.metric, DistributionMeasure, parameter="metric")
        seeds = check_random_state(self.random_state).randint(2**31 - 1, size=self.n_seeds)
        estimator = EmbeddingClassifier() if self.estimator is None else self.estimator
        members = [_set_seed(clone(estimator), int(seed)) for seed in seeds]
        with shown(self.verbose):
            self._fit_all(members, X, y)
        self.estimators_ = members
        _share_what_is_known_of_the_data(members[0], self)
        return self

    def _fit_all(self, members: list[Any], X: ArrayLike, y: ArrayLike | None) -> None:
        if self.batched and _can_be_stacked(members[0]):
            _fit_side_by_side(members, X, y)
        else:
            for i, member in progress(list(enumerate(members)), "seeds"):
                folder = getattr(member, "checkpoint", None)
                if folder is not None:  # each copy is a training of its own
                    member.set_params(checkpoint=os.path.join(folder, f"seed_{i}"))
                member.fit(X, y)

    def predict_log_proba(self, X: ArrayLike) -> FloatArray:
        """Compute the logarithm of the copies' mean probability.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The inputs.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            Log-probabilities, columns in the order of ``classes_``.
        """
        check_is_fitted(self)
        log_p = np.stack([member.predict_log_proba(X) for member in self.estimators_])
        return logsumexp(log_p, axis=0) - np.log(len(log_p))

    def transform(self, X: ArrayLike) -> FloatArray:
        """Concatenate the representations of the copies.

        There only if the estimator has ``transform``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The inputs.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_seeds * n_components)
            The columns of the first copy, then those of the second, and so on.
        """
        check_is_fitted(self)
        return np.hstack([member.transform(X) for member in self.estimators_])

    def get_feature_names_out(self, input_features: Any = None) -> AnyArray:
        """Names of the columns of :meth:`transform`, those of each copy behind its number.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the inputs, handed on to the copies.

        Returns
        -------
        names : ndarray of object
            Such as "seed0_embeddingclassifier1".
        """
        check_is_fitted(self)
        names = [
            f"seed{i}_{name}"
            for i, member in enumerate(self.estimators_)
            for name in member.get_feature_names_out(input_features)
        ]
        return np.array(names, dtype=object)

    def pairwise_distances(
        self, X: ArrayLike, metric: str | Callable[..., float] | None = None, **metric_params: Any
    ) -> FloatArray:
        """Compute the distances between all pairs of copies.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The inputs.
        metric : str, callable or None, default=None
            The distance, as in the constructor. None takes the constructor's, with its
            ``metric_params``.
        **metric_params : dict
            Further arguments of the distance.

        Returns
        -------
        distances : ndarray of shape (n_seeds, n_seeds)
            Entry (i, j) is the distance of copy i, as first argument, to copy j; the diagonal is
            0. Symmetric unless the distance is not.
        """
        check_is_fitted(self)
        if metric is None:
            metric, metric_params = self.metric, {**(self.metric_params or {}), **metric_params}
        distance = get_measure(metric, DistributionMeasure, parameter="metric")
        models = model_arrays(distance, self.estimators_, X)
        with shown(self.verbose):
            return _distance_matrix(models, distance, metric_params)

    def score(self, X: ArrayLike, y: ArrayLike | None = None) -> float:
        """Compute the stability: minus the mean or median distance of pairs of copies.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The inputs.
        y : array-like of shape (n_samples,), default=None
            Ignored; stability needs no labels. For the accuracy use ``scoring="accuracy"``.

        Returns
        -------
        stability : float
            At most 0; greater is better.
        """
        distances = self.pairwise_distances(X)
        pairs = distances[~np.eye(len(distances), dtype=bool)]
        return -float(np.mean(pairs) if self.reduce == "mean" else np.median(pairs))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        if self.estimator is not None and hasattr(self.estimator, "__sklearn_tags__"):
            inner = self.estimator.__sklearn_tags__()
            tags.input_tags = inner.input_tags
            tags.target_tags.required = inner.target_tags.required
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


# Not by a decorator: ``set_output`` wraps the method when the class is made, and would lose it.
SeedEnsemble.transform = available_if(_has_transform)(  # type: ignore[method-assign]
    SeedEnsemble.transform
)


def _distance_matrix(
    models: list[tuple[FloatArray, ...]],
    distance: DistributionMeasure,
    metric_params: Mapping[str, Any],
) -> FloatArray:
    values = np.zeros((len(models), len(models)))
    pairs = list(zip(*np.triu_indices(len(models), 1)))
    for i, j in progress(pairs, "pairs of seeds"):
        values[i, j] = values[j, i] = distance(*models[i], *models[j], **metric_params)
        if not distance.symmetric:
            values[j, i] = distance(*models[j], *models[i], **metric_params)
    return values

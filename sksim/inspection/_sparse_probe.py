"""How well a probe reads a label from few features."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import check_cv, cross_val_score
from sklearn.pipeline import make_pipeline

from sksim.inspection._display import Display, draw_band
from sksim.inspection._docs import with_shared_entries
from sksim.metrics._validation import check_representation, label_codes
from sksim.metrics.probing import mean_difference
from sksim.utils._arrays import check_named_array
from sksim.utils._typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SparseProbeDisplay"]


def _numbers_of_features(n_features: Sequence[int] | None, width: int) -> list[int]:
    """Powers of two and the width of X, or what was asked for."""
    if n_features is None:
        return sorted({*(2**i for i in range(width.bit_length())), width})
    numbers = [int(number) for number in n_features]
    if not numbers or min(numbers) < 1 or max(numbers) > width:
        raise ValueError(
            f"n_features must hold numbers from 1 to the {width} features of X, got {n_features}."
        )
    return numbers


@with_shared_entries
class SparseProbeDisplay(Display):
    """Score of a probe of the k best features, against k.

    Is a concept in one unit, in a few, or in many? In each fold the features are ranked on the
    training rows, the best k are kept, a probe is fitted to them and scored on the held-out rows.
    The line is the mean over folds, the band one standard deviation to either side.

    It is recommended to use :meth:`from_representation`.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_features : array-like of shape (n_numbers,)
        Numbers of features k.
    scores : array-like of shape (n_numbers, n_folds)
        Held-out score of each fold.
    score_name : str, default="score"
        Label of the axis of the scores.
    name : str, default=None
        Name in the legend; None draws no legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curve.
    figure_ : matplotlib Figure
        Figure containing it.
    line_ : matplotlib Artist
        The mean over folds.
    band_ : matplotlib Artist
        One standard deviation over folds to either side.

    See Also
    --------
    sksim.metrics.mean_difference : The ranking of the features.
    sksim.metrics.v_information : What a probe of all features can read, in nats.

    Notes
    -----
    That a label is one feature's own shows as a full score at k = 1; a random rotation of the
    same representation takes it away, and the curve rises with k only. So on planted sparse
    features F1 was 0.96 at k = 1 when each had a unit of its own, and about 0.5 up to k = 8
    when 20 of them shared 10 directions.

    The paper has another way to the best k, an exact search with a commercial solver, which is
    not here [1]_.

    References
    ----------
    .. [1] W. Gurnee, N. Nanda, M. Pauly, K. Harvey, D. Troitskii and D. Bertsimas (2023). Finding
           neurons in a haystack: case studies with sparse probing. Transactions on Machine Learning
           Research.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.inspection import SparseProbeDisplay
    >>> X = np.random.RandomState(0).randn(200, 6)
    >>> display = SparseProbeDisplay.from_representation(X, X[:, 2] > 0.5)
    >>> display.n_features, bool(display.scores[0].mean() > 0.9)
    ([1, 2, 4, 6], True)
    """

    def __init__(
        self,
        n_features: Sequence[int],
        scores: ArrayLike,
        *,
        score_name: str = "score",
        name: str | None = None,
    ) -> None:
        self.n_features = n_features
        self.scores = scores
        self.score_name = score_name
        self.name = name

    @classmethod
    def from_representation(
        cls,
        X: ArrayLike,
        y: ArrayLike,
        *,
        n_features: Sequence[int] | None = None,
        score_func: Callable[..., Any] = mean_difference,
        estimator: Any = None,
        scoring: Any = None,
        cv: Any = 5,
        n_jobs: int | None = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Fit the probes and draw their scores.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The representation. The ranking by ``mean_difference`` follows the unit of each
            feature; standardise X first if units differ.
        y : array-like of shape (n_samples,)
            Classes.
        n_features : sequence of int, default=None
            Numbers of features; None takes the powers of two, and all features.
        score_func : callable, default=mean_difference
            Ranks the features, ``score_func(X, y) -> scores``, as of
            :class:`sklearn.feature_selection.SelectKBest`, such as
            :func:`sklearn.feature_selection.f_classif`.
        estimator : classifier, default=None
            The probe; None takes logistic regression with balanced classes.
        scoring : str or callable, default=None
            Score as of :func:`sklearn.model_selection.cross_val_score`; None takes F1, of the
            second of two classes, or the mean over more of them.
        cv : int, cross-validation generator or iterable, default=5
            Folds.
        n_jobs : int, default=None
            Number of processes.
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        X = check_representation(X)
        codes = label_codes(X, y)
        numbers = _numbers_of_features(n_features, X.shape[1])
        score_name = scoring if isinstance(scoring, str) else "score"
        if scoring is None:
            scoring, score_name = "f1" if codes.max() == 1 else "f1_macro", "F1"
        if estimator is None:
            estimator = LogisticRegression(class_weight="balanced", max_iter=1000)
        folds = list(check_cv(cv, codes, classifier=True).split(X, codes))

        def scores_of_best(number: int) -> np.ndarray:
            probe = make_pipeline(SelectKBest(score_func, k=number), clone(estimator))
            return cross_val_score(probe, X, codes, scoring=scoring, cv=folds, n_jobs=n_jobs)

        scores = np.array([scores_of_best(number) for number in numbers])
        return cls(numbers, scores, score_name=score_name, name=name).plot(ax, **style)

    def plot(self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any) -> Self:
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on, those of another display to compare; None makes new ones.
        name : str, default=None
            Name in the legend; None is that of the constructor.
        **style : dict
            Keywords of matplotlib's ``plot``, such as ``color``.

        Returns
        -------
        display : SparseProbeDisplay
            The display itself.
        """
        scores = check_named_array(self.scores, "scores", dtype=np.float64)
        if len(scores) != len(self.n_features):
            raise ValueError(
                f"scores must hold a row for each of the {len(self.n_features)} numbers in "
                f"n_features, got {len(scores)}."
            )
        name = self._start(ax, name)
        mean, spread = scores.mean(axis=1), scores.std(axis=1)
        (self.line_,) = self.ax_.plot(
            self.n_features, mean, **({"marker": "o", "label": name} | style)
        )
        self.band_ = draw_band(self.line_, mean - spread, mean + spread)
        self.ax_.set_xscale("log", base=2)
        self.ax_.set(xlabel="features kept", ylabel=self.score_name)
        if name is not None:
            self.ax_.legend()
        return self

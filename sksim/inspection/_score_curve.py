"""A score along layers, widths, depths or numbers of candidates, with its uncertainty."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from scipy.special import ndtri
from sklearn.utils import check_random_state

from sksim.inspection._cv_results import cv_column
from sksim.inspection._display import Display, draw_band
from sksim.inspection._docs import with_shared_entries
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import get_measure
from sksim.metrics.similarity._chance import similarity_interval
from sksim.utils._arrays import check_named_array
from sksim.utils._names import unknown_name_error
from sksim.utils._typing import ArrayLike, RandomState, Representations

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ScoreCurveDisplay"]

_INTERVAL_STYLES = ["auto", "band", "bars"]


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _by_name(representations: Representations) -> dict[Any, ArrayLike]:
    """Representations by name, or by number."""
    if isinstance(representations, Mapping):
        return dict(representations)
    return dict(enumerate(representations))


def _partners(reference: Any, size: int) -> list[ArrayLike]:
    """What each representation is compared with."""
    if not isinstance(reference, Mapping | list | tuple):
        return [reference] * size
    partners = list(_by_name(reference).values())
    if len(partners) != size:
        raise ValueError(
            f"reference must be one array, or one for each of the {size} representations, got "
            f"{len(partners)}."
        )
    return partners


@with_shared_entries
class ScoreCurveDisplay(Display):
    """A score against layers, widths, depths or numbers of candidates, with intervals.

    The similarity of each layer to a reference, the accuracy of a probe over the depth of a
    diffusion model, or the recall of a search by its number of candidates. Numbers are drawn where
    they are, with a band; names side by side, with bars. Displays on the same axes compare.

    It is recommended to use :meth:`from_representations`, :meth:`from_cv_results`,
    :meth:`from_reports` or :meth:`from_scores`.

    .. versionadded:: 0.1

    Parameters
    ----------
    positions : sequence of shape (n_positions,)
        Numbers, or names.
    scores : array-like of shape (n_positions,)
        Score of each.
    intervals : array-like of shape (n_positions, 2), default=None
        Lower and upper end of the interval of each; None draws none.
    position_name : str, default=None
        Label of the axis of the positions.
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
        The scores.
    interval_ : matplotlib Artist or None
        The band or the bars, None without intervals.

    See Also
    --------
    SimilarityMatrixDisplay : All layers against all.
    SparseProbeDisplay : Score of a probe of few features.
    sklearn.model_selection.ValidationCurveDisplay : Training scores beside test scores.

    Notes
    -----
    The intervals of :meth:`from_representations` and :meth:`from_reports` are about the samples
    and the queries, for the models and searches as they are. Those of :meth:`from_scores` and
    :meth:`from_cv_results` are one standard deviation over repeats or folds to either side.

    Similarity over layers is a usual picture of how a network changes its input [1]_.

    References
    ----------
    .. [1] S. Kornblith, M. Norouzi, H. Lee and G. Hinton (2019). Similarity of neural network
           representations revisited. International Conference on Machine Learning.

    Examples
    --------
    >>> from sksim.datasets import load_encoder_layers
    >>> from sksim.inspection import ScoreCurveDisplay
    >>> data = load_encoder_layers()
    >>> display = ScoreCurveDisplay.from_representations(
    ...     data.layers, data.lsa, "cka", random_state=0
    ... )
    >>> display.intervals.shape
    (7, 2)
    """

    def __init__(
        self,
        positions: Sequence[Any],
        scores: ArrayLike,
        *,
        intervals: ArrayLike | None = None,
        position_name: str | None = None,
        score_name: str = "score",
        name: str | None = None,
    ) -> None:
        self.positions = positions
        self.scores = scores
        self.intervals = intervals
        self.position_name = position_name
        self.score_name = score_name
        self.name = name

    @classmethod
    def from_scores(
        cls,
        positions: Sequence[Any],
        scores: ArrayLike,
        *,
        position_name: str | None = None,
        score_name: str = "score",
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the mean of repeated scores, and one standard deviation to either side.

        Parameters
        ----------
        {positions}
        scores : array-like of shape (n_positions,) or (n_positions, n_repeats)
            Scores, of folds or seeds where they are several.
        {position_name}
        {score_name}
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        repeats = check_named_array(scores, "scores", dtype=np.float64, ensure_2d=False)
        intervals = None
        if repeats.ndim == 2:
            mean, spread = repeats.mean(axis=1), repeats.std(axis=1)
            repeats, intervals = mean, np.column_stack([mean - spread, mean + spread])
        return cls(
            positions,
            repeats,
            intervals=intervals,
            position_name=position_name,
            score_name=score_name,
            name=name,
        ).plot(ax, **style)

    @classmethod
    def from_representations(
        cls,
        representations: Representations,
        reference: Any,
        metric: str | Callable[..., float] = "cka",
        *,
        confidence: float | None = 0.95,
        random_state: RandomState = None,
        position_name: str | None = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Compare each representation with a reference and draw the similarities.

        Parameters
        ----------
        representations : dict or list of array-like of shape (n_samples, n_features)
            The representations; the keys of a dict, names or numbers, are the positions.
        reference : array-like of shape (n_samples, n_features), or dict or list of such
            What all are compared with; or a list with a partner for each, such as the layer
            before.
        metric : str or callable, default="cka"
            The measure, see :func:`sksim.metrics.pairwise_similarity`.
        confidence : float, default=0.95
            Probability that an interval covers the value of the population, see
            :func:`sksim.metrics.similarity_interval`; None draws no intervals.
        random_state : int, RandomState instance or None, default=None
            Source of the halves that the intervals come from.
        {position_name}
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        measure = get_measure(metric, PairedMeasure, parameter="metric")
        by_name = _by_name(representations)
        pairs = list(zip(by_name.values(), _partners(reference, len(by_name))))
        intervals = None
        if confidence is not None:
            rng = check_random_state(random_state)
            ends = [
                similarity_interval(X, Y, metric, confidence=confidence, random_state=rng)
                for X, Y in pairs
            ]
            intervals = np.array(ends)
        return cls(
            list(by_name),
            [measure(X, Y) for X, Y in pairs],
            intervals=intervals,
            position_name=position_name,
            score_name=measure.name,
            name=name,
        ).plot(ax, **style)

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        param: str,
        *,
        metric: str = "score",
        position_name: str | None = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the best score of a search for each value of one of its parameters.

        Parameters
        ----------
        cv_results : dict
            ``cv_results_`` of a search of scikit-learn.
        param : str
            The parameter. If others are searched too, each of its values has the score of the
            best candidate with it.
        metric : str, default="score"
            Name of the metric of a search with several.
        position_name : str, default=None
            Label of the axis of the positions; None means the last part of ``param``.
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        values = cv_column(cv_results, param, "param_", "param")
        mean = np.asarray(cv_column(cv_results, metric, "mean_test_", "metric"))
        spread = np.asarray(cv_results[f"std_test_{metric}"])
        best: dict[Any, int] = {}
        for i, value in enumerate(values):
            key = value if _is_number(value) else str(value)
            if value is not np.ma.masked and (key not in best or mean[i] > mean[best[key]]):
                best[key] = i
        positions = sorted(best) if all(map(_is_number, best)) else list(best)
        chosen = [best[position] for position in positions]
        mean, spread = mean[chosen], spread[chosen]
        return cls(
            positions,
            mean,
            intervals=np.column_stack([mean - spread, mean + spread]),
            position_name=param.rpartition("__")[2] if position_name is None else position_name,
            score_name=metric.replace("_", " "),
            name=name,
        ).plot(ax, **style)

    @classmethod
    def from_reports(
        cls,
        reports: Mapping[Any, Mapping[str, Any]],
        *,
        confidence: float = 0.95,
        position_name: str | None = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the recall of searches that differ in the number of candidates, or the backend.

        Parameters
        ----------
        reports : dict of str or number to Bunch
            Results of :func:`sksim.neighbors.candidate_report`.
        confidence : float, default=0.95
            Probability that an interval covers the recall of all queries, by the normal
            approximation of a mean.
        {position_name}
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        recalls = [np.asarray(report["recalls"], dtype=float) for report in reports.values()]
        means = np.array([values.mean() for values in recalls])
        errors = np.array([values.std(ddof=1) / np.sqrt(values.size) for values in recalls])
        width = ndtri((1 + confidence) / 2) * errors
        return cls(
            list(reports),
            means,
            intervals=np.column_stack([means - width, means + width]).clip(0, 1),
            position_name=position_name,
            score_name="recall of the nearest",
            name=name,
        ).plot(ax, **style)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        interval_style: Literal["auto", "band", "bars"] = "auto",
        name: str | None = None,
        **style: Any,
    ) -> Self:
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on, those of another display to compare; None makes new ones.
        interval_style : {"auto", "band", "bars"}, default="auto"
            How intervals are drawn; "auto" takes a band for numbers and bars for names.
        name : str, default=None
            Name in the legend; None is that of the constructor.
        **style : dict
            Keywords of matplotlib's ``plot``, such as ``color``.

        Returns
        -------
        display : ScoreCurveDisplay
            The display itself.
        """
        if interval_style not in _INTERVAL_STYLES:
            raise unknown_name_error("interval_style", interval_style, _INTERVAL_STYLES)
        positions, scores, intervals = self._checked()
        name = self._start(ax, name)
        options = {"marker": "o", "markersize": 5, "label": name} | style
        (self.line_,) = self.ax_.plot(positions, scores, **options)
        self.interval_ = None
        if intervals is not None:
            numbers = not isinstance(positions[0], str)
            band = interval_style == "band" or (interval_style == "auto" and numbers)
            low, high = intervals.T
            if band:
                self.interval_ = draw_band(self.line_, low, high)
            else:
                color = self.line_.get_color()
                self.interval_ = self.ax_.vlines(positions, low, high, color=color, lw=2, alpha=0.5)
        self.ax_.set_ylabel(self.score_name)
        if self.position_name is not None:
            self.ax_.set_xlabel(self.position_name)
        if name is not None:
            self.ax_.legend()
        return self

    def _checked(self) -> tuple[list[Any], np.ndarray, np.ndarray | None]:
        """Numbers or words, a score and perhaps an interval for each."""
        positions = list(self.positions)
        if not all(map(_is_number, positions)):
            positions = [str(position) for position in positions]
        size = len(positions)
        columns: dict[str, tuple[Any, tuple[int, ...]]] = {"scores": (self.scores, (size,))}
        if self.intervals is not None:
            columns["intervals"] = (self.intervals, (size, 2))
        checked = {}
        for key, (values, shape) in columns.items():
            array = checked[key] = check_named_array(values, key, dtype=np.float64, ensure_2d=False)
            if array.shape != shape:
                raise ValueError(
                    f"{key} must be of the shape {shape}, for {size} positions, got {array.shape}."
                )
        return positions, checked["scores"], checked.get("intervals")

"""Accuracy against hubness of the candidates of a search."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sksim.inspection._cv_results import cv_column
from sksim.inspection._display import Display
from sksim.inspection._docs import with_shared_entries
from sksim.utils._arrays import check_named_array
from sksim.utils._typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["HubnessAccuracyDisplay"]

_MARKERS = "osD^vP*X<>"


def _words_of(values: Any, parameter: str) -> list[str]:
    """Values of a parameter: estimators by their class, None by what there is none of."""

    def word(value: Any) -> str:
        if value is None:
            return f"no {parameter.rpartition('__')[2]}"
        return type(value).__name__ if hasattr(value, "get_params") else str(value)

    return [word(value) for value in np.asarray(values)]


@with_shared_entries
class HubnessAccuracyDisplay(Display):
    """Accuracy against hubness, a point for each candidate of a search over two metrics.

    Does the reduction that leaves the fewest hubs classify best? Points to the left have less
    hubness, points at the top more accuracy. Colour and shape of the points can tell the values of
    two parameters. The dotted line is the level of chance.

    It is recommended to use :meth:`from_cv_results`.

    .. versionadded:: 0.1

    Parameters
    ----------
    hubness : array-like of shape (n_candidates,)
        Hubness of each candidate, greater is worse.
    accuracy : array-like of shape (n_candidates,)
        Accuracy of each candidate, greater is better.
    colors : sequence of str of shape (n_candidates,), default=None
        What the colour of each point says.
    markers : sequence of str of shape (n_candidates,), default=None
        What the shape of each point says, at most ten different values.
    chance : float, default=0.0
        Hubness without hubs, which adjusted measures have at 0; None draws no line.
    hubness_name : str, default="hubness above chance"
        Label of the axis of the hubness.
    accuracy_name : str, default="accuracy"
        Label of the axis of the accuracy.
    name : str, default=None
        Title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the points.
    figure_ : matplotlib Figure
        Figure containing it.
    points_ : list of matplotlib Artist
        The points, one artist for each colour and shape.
    line_ : matplotlib Artist or None
        The level of chance, None without one.

    See Also
    --------
    sksim.metrics.make_hubness_scorer : The scorer of the hubness.
    KOccurrenceDisplay : The hubness of one space.

    Notes
    -----
    Candidates see the same folds, so that two of them are compared fold by fold, from
    ``split*_test_*`` of ``cv_results_``, and not by a spread over folds, which none is drawn of.
    That less hubness goes with better neighbours is the finding of [1]_; it is no rule among
    reductions.

    References
    ----------
    .. [1] R. Feldbauer and A. Flexer (2019). A comprehensive empirical comparison of hubness
           reduction in high-dimensional spaces. Knowledge and Information Systems 59.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sksim.inspection import HubnessAccuracyDisplay
    >>> from sksim.metrics import make_hubness_scorer
    >>> from sksim.neighbors import HubnessReducedKNeighborsClassifier
    >>> search = GridSearchCV(
    ...     HubnessReducedKNeighborsClassifier(),
    ...     {"reduction": [None, "csls"]},
    ...     scoring={"accuracy": "accuracy", "hubness": make_hubness_scorer()},
    ...     refit="accuracy",
    ... ).fit(*load_iris(return_X_y=True))
    >>> display = HubnessAccuracyDisplay.from_cv_results(
    ...     search.cv_results_, color="reduction"
    ... )
    >>> display.colors
    ['no reduction', 'csls']
    """

    def __init__(
        self,
        hubness: ArrayLike,
        accuracy: ArrayLike,
        *,
        colors: Sequence[str] | None = None,
        markers: Sequence[str] | None = None,
        chance: float | None = 0.0,
        hubness_name: str = "hubness above chance",
        accuracy_name: str = "accuracy",
        name: str | None = None,
    ) -> None:
        self.hubness = hubness
        self.accuracy = accuracy
        self.colors = colors
        self.markers = markers
        self.chance = chance
        self.hubness_name = hubness_name
        self.accuracy_name = accuracy_name
        self.name = name

    @classmethod
    def from_cv_results(
        cls,
        cv_results: Mapping[str, Any],
        *,
        hubness: str = "hubness",
        accuracy: str = "accuracy",
        color: str | None = None,
        marker: str | None = None,
        chance: float | None = 0.0,
        hubness_name: str = "hubness above chance",
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the means over folds of a search.

        Parameters
        ----------
        cv_results : dict
            ``cv_results_`` of a search of scikit-learn with several metrics.
        hubness : str, default="hubness"
            Name of the metric that is a scorer of hubness, where less hubness scores higher; its
            sign is turned.
        accuracy : str, default="accuracy"
            Name of the metric that is an accuracy or another score.
        color : str, default=None
            Parameter of the search that the colour shows.
        marker : str, default=None
            Parameter of the search that the shape shows.
        {chance}
        {hubness_name}
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        colors, markers = (
            None if key is None else _words_of(cv_column(cv_results, key, "param_", parameter), key)
            for key, parameter in ((color, "color"), (marker, "marker"))
        )
        return cls(
            -np.asarray(cv_column(cv_results, hubness, "mean_test_", "hubness")),
            cv_column(cv_results, accuracy, "mean_test_", "accuracy"),
            colors=colors,
            markers=markers,
            chance=chance,
            hubness_name=hubness_name,
            accuracy_name=f"{accuracy.replace('_', ' ')} in cross-validation",
            name=name,
        ).plot(ax, **style)

    def plot(self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any) -> Self:
        """Draw the points.

        Parameters
        ----------
        {ax}
        name : str, default=None
            Title; None is that of the constructor.
        **style : dict
            Keywords of matplotlib's ``scatter``, such as ``s``.

        Returns
        -------
        display : HubnessAccuracyDisplay
            The display itself.
        """
        hubness, accuracy = (
            check_named_array(getattr(self, key), key, dtype=np.float64, ensure_2d=False)
            for key in ("hubness", "accuracy")
        )
        columns = {"accuracy": accuracy, "colors": self.colors, "markers": self.markers}
        for key, column in columns.items():
            if column is not None and len(column) != len(hubness):
                raise ValueError(
                    f"{key} must hold one entry for each of the {len(hubness)} candidates, got "
                    f"{len(column)}."
                )
        colors, markers = (
            [""] * len(hubness) if values is None else list(values)
            for values in (self.colors, self.markers)
        )
        color_of = {value: f"C{i % 10}" for i, value in enumerate(dict.fromkeys(colors))}
        if len(set(markers)) > len(_MARKERS):
            raise ValueError(
                f"markers must hold at most {len(_MARKERS)} different values, got "
                f"{len(set(markers))}."
            )
        marker_of = dict(zip(dict.fromkeys(markers), _MARKERS))
        name = self._start(ax, name)
        self.line_ = None
        if self.chance is not None:
            self.line_ = self.ax_.axvline(self.chance, color="0.6", ls=":", lw=1)
        self.points_ = []
        for color, marker in dict.fromkeys(zip(colors, markers)):
            rows = [i for i, pair in enumerate(zip(colors, markers)) if pair == (color, marker)]
            options = {"color": color_of[color], "marker": marker_of[marker], "s": 50, "alpha": 0.8}
            points = self.ax_.scatter(hubness[rows], accuracy[rows], **(options | style))
            self.points_.append(points)
        self._draw_legend(color_of, marker_of)
        self.ax_.set(xlabel=self.hubness_name, ylabel=self.accuracy_name)
        if name is not None:
            self.ax_.set_title(name)
        return self

    def _draw_legend(self, color_of: dict[str, str], marker_of: dict[str, str]) -> None:
        """Shapes in grey, then colours as bars, so that the two parameters read apart."""
        entries: list[tuple[str, dict[str, Any]]] = []
        if self.markers is not None:
            entries += [(v, {"ls": "", "marker": m, "color": "0.3"}) for v, m in marker_of.items()]
        if self.colors is not None:
            entries += [(v, {"lw": 6, "color": c}) for v, c in color_of.items()]
        if entries:
            handles = [self.ax_.plot([], [], label=v, **look)[0] for v, look in entries]
            self.ax_.legend(handles=handles)

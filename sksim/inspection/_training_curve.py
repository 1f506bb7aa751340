"""Loss of a network by epoch: did training converge?"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sksim.inspection._display import Display
from sksim.inspection._docs import with_shared_entries

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.lines import Line2D

__all__ = ["TrainingCurveDisplay"]

_LABELS = {"train_loss": "training", "valid_loss": "validation"}


@with_shared_entries
class TrainingCurveDisplay(Display):
    """Curves of a history: the training and, where there is one, the validation loss.

    The epoch with the smallest loss, of the validation if there is one, is marked.

    It is recommended to use :meth:`from_estimator`.

    .. versionadded:: 0.1

    Parameters
    ----------
    history : list of dict
        One entry for each epoch, such as ``history_`` of an estimator with a network.
    entries : tuple of str, default=("train_loss", "valid_loss")
        The curves; those that the history lacks are left out, and epochs without one are gaps.
    name : str, default=None
        Name of the estimator in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curves.
    figure_ : matplotlib Figure
        Figure containing them.
    lines_ : list of matplotlib Artist
        The curves.
    best_ : matplotlib Artist
        The mark of the best epoch.
    best_epoch_ : int
        The best epoch; the first one is 1.

    See Also
    --------
    DepthLossDisplay : Where in a diffusion process the loss is.

    Examples
    --------
    >>> from sksim.inspection import TrainingCurveDisplay
    >>> history = [{"train_loss": 2.0}, {"train_loss": 1.5}, {"train_loss": 1.6}]
    >>> TrainingCurveDisplay(history).plot().best_epoch_
    2
    """

    def __init__(
        self,
        history: Sequence[Mapping[str, Any]],
        *,
        entries: Sequence[str] = ("train_loss", "valid_loss"),
        name: str | None = None,
    ) -> None:
        self.history = history
        self.entries = entries
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        entries: Sequence[str] = ("train_loss", "valid_loss"),
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the history of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            Fitted, with the attribute ``history_``.
        {entries}
        name : str, default=None
            Name in the legend; None is the name of the class.
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        name = type(estimator).__name__ if name is None else name
        return cls(estimator.history_, entries=entries, name=name).plot(ax, **style)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        name: str | None = None,
        log: bool = False,
        **style: Any,
    ) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on, those of another display to compare; None makes new ones.
        name : str, default=None
            Name in the legend; None is that of the constructor.
        log : bool, default=False
            Logarithmic loss axis.
        **style : dict
            Keywords of matplotlib's ``plot``, such as ``color``.

        Returns
        -------
        display : TrainingCurveDisplay
            The display itself.
        """
        present = [e for e in self.entries if any(e in row for row in self.history)]
        if not present:
            raise ValueError(f"The history holds none of the entries {tuple(self.entries)}.")
        if not np.isfinite([row.get(present[-1], np.nan) for row in self.history]).any():
            raise ValueError(f"The history must hold a finite {present[-1]}, got none.")
        name = self._start(ax, name)
        self.lines_ = [self._draw(entry, name, style) for entry in present]
        self.best_epoch_, self.best_ = self._mark_best(self.lines_[-1])
        self.ax_.set(xlabel="epoch", ylabel="loss", yscale="log" if log else "linear")
        self.ax_.legend()
        return self

    def _draw(self, entry: str, name: str | None, style: dict[str, Any]) -> "Line2D":
        values = [row.get(entry, np.nan) for row in self.history]
        label = " ".join(part for part in (name, _LABELS.get(entry, entry)) if part)
        epochs = np.arange(1, len(values) + 1)
        dashed = {"linestyle": "--"} if entry.startswith("train") else {}
        return self.ax_.plot(epochs, values, label=label, **(dashed | style))[0]

    def _mark_best(self, line: "Line2D") -> tuple[int, "PathCollection"]:
        epochs, values = np.asarray(line.get_data())
        best = int(np.nanargmin(values))
        mark = self.ax_.scatter(epochs[best], values[best], color=line.get_color(), zorder=3)
        return int(epochs[best]), mark

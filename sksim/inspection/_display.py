"""What all displays share: the axes that they draw on, and how."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sksim.utils._optional import import_optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import FillBetweenPolyCollection
    from matplotlib.lines import Line2D

__all__ = ["Display", "draw_band"]


class Display(ABC):
    """Computed quantities that can be drawn, on the axes of another display too."""

    name: str | None

    @abstractmethod
    def plot(self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any) -> Self:
        """Draw the quantities and set ``ax_`` and ``figure_``.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes new ones.
        name : str, default=None
            Title, or name in the legend; None is that of the constructor.
        **style : dict
            Keywords of the artist.
        """

    def _start(self, ax: "Axes | None", name: str | None = None) -> str | None:
        """Take the given axes, or make new ones; the name that is to be drawn.

        Without matplotlib an ImportError names the extra and the display.
        """
        if ax is None:
            purpose = type(self).__name__
            plt = import_optional("matplotlib.pyplot", extra="plot", purpose=purpose)
            ax = plt.subplots(layout="constrained")[1]
        self.ax_ = ax
        self.figure_ = ax.figure
        return self.name if name is None else name


def draw_band(line: "Line2D", low: np.ndarray, high: np.ndarray) -> "FillBetweenPolyCollection":
    """A band along a line, in its colour."""
    x, color = line.get_xdata(), line.get_color()
    return line.axes.fill_between(x, low, high, alpha=0.2, color=color, lw=0)

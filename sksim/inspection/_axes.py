"""Axes to draw on."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import TYPE_CHECKING

from sksim.utils._optional import import_optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["axes_for"]


def axes_for(display: object, ax: "Axes | None" = None) -> "Axes":
    """The given matplotlib Axes, or new ones; ImportError that names the extra and the display."""
    if ax is not None:
        return ax
    plt = import_optional("matplotlib.pyplot", extra="plot", purpose=type(display).__name__)
    return plt.subplots(layout="constrained")[1]

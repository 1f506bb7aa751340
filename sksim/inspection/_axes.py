"""Axes to draw on."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.utils._optional import import_optional

__all__ = ["axes_for"]


def axes_for(display, ax=None):
    """The given matplotlib Axes, or new ones; ImportError that names the extra and the display."""
    if ax is not None:
        return ax
    purpose = type(display).__name__
    return import_optional("matplotlib.pyplot", extra="plot", purpose=purpose).subplots()[1]

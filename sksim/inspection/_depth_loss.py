"""Loss of a diffusion model by depth: where in the process are the bits?"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sksim.inspection._display import Display, draw_band
from sksim.inspection._docs import with_shared_entries
from sksim.utils._arrays import check_named_array
from sksim.utils._typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DepthLossDisplay"]


@with_shared_entries
class DepthLossDisplay(Display):
    """Diffusion loss by time, in bits per feature, with a band of two standard errors.

    The area under the curve is the diffusion term of the bound. On the left the last details of
    the data are told, on the right the first, global ones.

    It is recommended to use :meth:`from_estimator`.

    .. versionadded:: 0.1

    Parameters
    ----------
    times : array-like of shape (n_depths,)
        Times in [0, 1].
    losses : array-like of shape (n_depths,)
        Integrand of the diffusion term, bits per feature.
    errors : array-like of shape (n_depths,), default=None
        Standard errors of the losses.
    name : str, default=None
        Name of the model in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curve.
    figure_ : matplotlib Figure
        Figure containing it.
    line_ : matplotlib Artist
        The curve.
    band_ : matplotlib Artist or None
        The band, None without errors.

    See Also
    --------
    TrainingCurveDisplay : Loss by epoch.
    sksim.generative.VariationalDiffusion.depth_losses : The data of the curve.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.inspection import DepthLossDisplay
    >>> t = np.linspace(0, 1, 5)
    >>> display = DepthLossDisplay(t, 4 * t * (1 - t), name="model").plot()
    >>> display.ax_.get_xlabel()
    'time t'
    """

    def __init__(
        self,
        times: ArrayLike,
        losses: ArrayLike,
        *,
        errors: ArrayLike | None = None,
        name: str | None = None,
    ) -> None:
        self.times = times
        self.losses = losses
        self.errors = errors
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        *,
        n_depths: int = 32,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Compute the losses of a fitted diffusion model and draw them.

        Parameters
        ----------
        estimator : estimator
            Fitted diffusion model.
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.
        n_depths : int, default=32
            Number of times.
        name : str, default=None
            Name in the legend; None is the name of the class.
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        found = estimator.depth_losses(X, n_depths=n_depths)
        name = type(estimator).__name__ if name is None else name
        return cls(found.times, found.losses, errors=found.errors, name=name).plot(ax, **style)

    def _check_lengths(self) -> None:
        arrays = {"times": self.times, "losses": self.losses, "errors": self.errors}
        sizes = {
            name: len(check_named_array(values, name, dtype=np.float64, ensure_2d=False))
            for name, values in arrays.items()
            if values is not None
        }
        if len(set(sizes.values())) > 1:
            raise ValueError(f"times, losses and errors must be of equal lengths, got {sizes}.")

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
        display : DepthLossDisplay
            The display itself.
        """
        self._check_lengths()
        name = self._start(ax, name)
        (self.line_,) = self.ax_.plot(self.times, self.losses, label=name, **style)
        self.band_ = None
        if self.errors is not None:
            losses, errors = np.asarray(self.losses), np.asarray(self.errors)
            self.band_ = draw_band(self.line_, losses - 2 * errors, losses + 2 * errors)
        self.ax_.set(xlabel="time t", ylabel="diffusion loss (bits per feature)")
        if name is not None:
            self.ax_.legend()
        return self

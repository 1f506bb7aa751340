"""Spectrum of a representation: how the variance is spread over directions."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from scipy.special import entr

from sksim.inspection._display import Display
from sksim.inspection._docs import with_shared_entries
from sksim.metrics.quality._spectral_slope import check_ranks, covariance_spectrum, log_log_slope
from sksim.utils._arrays import check_named_array
from sksim.utils._names import unknown_name_error
from sksim.utils._typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["SpectrumDisplay"]

#: Ranks of the fit where none are given and there are as many eigenvalues.
_RANKS = (10, 100)


@with_shared_entries
class SpectrumDisplay(Display):
    r"""Eigenvalues of the covariance of a representation, by rank.

    As shares of the variance on two logarithmic axes, where a power law is a straight line,
    dashed over the ranks that it is fitted to; or summed up to each rank, with a disc at the
    participation ratio and a square at the effective rank. With :math:`\lambda_r` the
    eigenvalues,

    .. math:: \log \lambda_r \approx c - \alpha \log r, \qquad
              \mathrm{PR} = \frac{(\sum_r \lambda_r)^2}{\sum_r \lambda_r^2}, \qquad
              \mathrm{ER} = \exp\Big(-\sum_r p_r \log p_r\Big), \quad
              p_r = \sqrt{\lambda_r} \Big/ \sum_s \sqrt{\lambda_s}.

    It is recommended to use :meth:`from_representation`.

    .. versionadded:: 0.1

    Parameters
    ----------
    eigenvalues : array-like of shape (n_eigenvalues,)
        Eigenvalues of the covariance above 0, in any unit, the largest first.
    ranks : tuple (first, last), default=None
        Ranks of the fit, counted from 1; None takes 10 to 100 where there are as many
        eigenvalues, and fits nothing elsewhere.
    name : str, default=None
        Name in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the spectrum.
    figure_ : matplotlib Figure
        Figure containing it.
    line_ : matplotlib Artist
        The spectrum.
    fit_line_ : matplotlib Artist or None
        The power law, None without one.
    marks_ : list of matplotlib Artist
        The marks of the two numbers of dimensions, of the sums only.
    slope_ : float or None
        Exponent of the power law, None without one.
    participation_ratio_ : float
        Number of directions that carry the variance.
    effective_rank_ : float
        Number of directions in use.

    See Also
    --------
    sksim.metrics.spectral_slope : The exponent.
    sksim.metrics.participation_ratio : One number of dimensions.
    sksim.metrics.effective_rank : Another, which small eigenvalues raise more.

    Notes
    -----
    The last eigenvalues are biased low where there are not many more samples than features; two
    spectra compare at the same number of samples. Exponents near 1 were found in visual cortex
    [1]_; whether a power law describes a spectrum at all is what the picture is for.

    References
    ----------
    .. [1] C. Stringer, M. Pachitariu, N. Steinmetz, M. Carandini and K. D. Harris (2019).
           High-dimensional geometry of population responses in visual cortex. Nature 571.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.inspection import SpectrumDisplay
    >>> X = np.random.RandomState(0).randn(2000, 200) * np.arange(1, 201) ** -0.5
    >>> display = SpectrumDisplay.from_representation(X)
    >>> round(display.slope_, 2)
    1.01
    """

    def __init__(
        self,
        eigenvalues: ArrayLike,
        *,
        ranks: Sequence[int] | None = None,
        name: str | None = None,
    ) -> None:
        self.eigenvalues = eigenvalues
        self.ranks = ranks
        self.name = name

    @classmethod
    def from_representation(
        cls,
        X: ArrayLike,
        *,
        ranks: Sequence[int] | None = None,
        kind: Literal["eigenvalues", "cumulative"] = "eigenvalues",
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Compute the spectrum of a representation and draw it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The representation.
        {ranks}
        {kind}
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        return cls(covariance_spectrum(X), ranks=ranks, name=name).plot(ax, kind=kind, **style)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        kind: Literal["eigenvalues", "cumulative"] = "eigenvalues",
        name: str | None = None,
        **style: Any,
    ) -> Self:
        """Draw the spectrum.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on, those of another display to compare; None makes new ones.
        kind : {"eigenvalues", "cumulative"}, default="eigenvalues"
            Whether to draw each eigenvalue or the sum up to it.
        name : str, default=None
            Name in the legend; None is that of the constructor.
        **style : dict
            Keywords of matplotlib's ``plot``, such as ``color``.

        Returns
        -------
        display : SpectrumDisplay
            The display itself.
        """
        if kind not in ("eigenvalues", "cumulative"):
            raise unknown_name_error("kind", kind, ["eigenvalues", "cumulative"])
        shares = self._shares()
        self.participation_ratio_ = float(1 / np.square(shares).sum())
        sigma = np.sqrt(shares)
        self.effective_rank_ = float(np.exp(entr(sigma / sigma.sum()).sum()))
        ranks = self._ranks_of_fit(shares.size)
        self.slope_ = None if ranks is None else float(log_log_slope(shares, *ranks))
        name = self._start(ax, name)
        self.fit_line_: Line2D | None = None
        self.marks_: list[Line2D] = []
        if kind == "eigenvalues":
            self._draw_eigenvalues(shares, ranks, name, style)
        else:
            self._draw_sums(np.cumsum(shares), name, style)
        self.ax_.set_xlabel("rank")
        if self.ax_.get_legend_handles_labels()[0]:
            self.ax_.legend()
        return self

    def _shares(self) -> np.ndarray:
        eigenvalues = check_named_array(
            self.eigenvalues, "eigenvalues", dtype=np.float64, ensure_2d=False
        )
        if eigenvalues.ndim != 1 or eigenvalues.min() <= 0 or np.any(np.diff(eigenvalues) > 0):
            raise ValueError(
                "eigenvalues must be a vector of numbers above 0, the largest first, got "
                f"an array of the shape {eigenvalues.shape} from {eigenvalues.min():.3g} on."
            )
        return eigenvalues / eigenvalues.sum()

    def _ranks_of_fit(self, n_eigenvalues: int) -> tuple[int, int] | None:
        if self.ranks is None:
            return _RANKS if n_eigenvalues >= _RANKS[1] else None
        first, last = check_ranks(self.ranks)
        if last > n_eigenvalues:
            raise ValueError(
                f"ranks={(first, last)} must end at most at the {n_eigenvalues} eigenvalues."
            )
        return first, last

    def _draw_eigenvalues(
        self,
        shares: np.ndarray,
        ranks: tuple[int, int] | None,
        name: str | None,
        style: dict[str, Any],
    ) -> None:
        slope = None if self.slope_ is None else f"exponent {self.slope_:.2f}"
        label = slope if name is None else f"{name} ({slope})" if slope else name
        drawn = np.arange(1, shares.size + 1)
        (self.line_,) = self.ax_.plot(drawn, shares, **({"label": label} | style))
        self.ax_.set(xscale="log", yscale="log", ylabel="share of the variance")
        if ranks is None or self.slope_ is None:
            return
        fitted = np.arange(ranks[0], ranks[1] + 1)
        level = np.log(shares[ranks[0] - 1 : ranks[1]]) + self.slope_ * np.log(fitted)
        heights = np.exp(level.mean()) * fitted**-self.slope_
        (self.fit_line_,) = self.ax_.plot(fitted, heights, "k--", lw=1, zorder=3)

    def _draw_sums(self, sums: np.ndarray, name: str | None, style: dict[str, Any]) -> None:
        numbers = {"o": self.participation_ratio_, "s": self.effective_rank_}
        label = f"PR {numbers['o']:.3g}, ER {numbers['s']:.3g}"
        label = label if name is None else f"{name} ({label})"
        ranks = np.arange(sums.size + 1)
        sums = np.concatenate([[0.0], sums])
        (self.line_,) = self.ax_.plot(ranks, sums, **({"label": label} | style))
        color = self.line_.get_color()
        for marker, number in numbers.items():
            height = np.interp(number, ranks, sums)
            self.marks_ += self.ax_.plot(number, height, marker, color=color, mec="k")
        self.ax_.set(ylim=(0, 1.02), ylabel="share of the variance up to this rank")

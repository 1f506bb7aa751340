"""Occurrence by rank: few giant hubs, and the share of anti-hubs."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sksim.inspection._docs import with_shared_entries
from sksim.inspection._occurrence_display import OccurrenceDisplay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["HubRankDisplay"]


@with_shared_entries
class HubRankDisplay(OccurrenceDisplay):
    """Occurrence of the samples from the largest hub down, both axes logarithmic.

    Read on the left how many giant hubs there are, on the right where the anti-hubs begin,
    which are nobody's neighbours: their ranks are shaded. The dashed curve shows the same
    ranks without hubness, by the quantiles of the binomial distribution.

    It is recommended to use :meth:`from_estimator`, :meth:`from_graph` or
    :meth:`from_occurrence`.

    .. versionadded:: 0.1

    Parameters
    ----------
    {occurrence}
    {n_neighbors}
    {n_queries}
    {name}

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the curve.
    figure_ : matplotlib Figure
        Figure containing it.
    line_ : matplotlib Artist
        The curve of the counts.
    chance_ : matplotlib Artist
        The curve without hubness.
    span_ : matplotlib Artist or None
        The shaded ranks of the anti-hubs, None if there are none.

    See Also
    --------
    KOccurrenceDisplay : The same counts as a histogram.
    sksim.metrics.antihub_rate : The shaded share.

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2010). Hubs in space: popular nearest
           neighbors in high-dimensional data. Journal of Machine Learning Research 11.

    Examples
    --------
    >>> from sksim.datasets import make_gaussian_hubs
    >>> from sksim.inspection import HubRankDisplay
    >>> from sksim.metrics import k_occurrence
    >>> X, _ = make_gaussian_hubs(200, 50, random_state=0)
    >>> N = k_occurrence(X, n_neighbors=10)
    >>> display = HubRankDisplay.from_occurrence(N, n_neighbors=10)
    """

    def plot(self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any) -> Self:
        """Draw the counts by rank.

        Parameters
        ----------
        {ax}
        {name}
        **style : dict
            Keywords of matplotlib's ``plot``, such as ``color``.

        Returns
        -------
        display : HubRankDisplay
            The display itself.
        """
        ordered = np.sort(self._checked_counts())[::-1]
        name = self._start(ax, name)
        n_indexed, n_found = ordered.size, int((ordered > 0).sum())
        share = f"anti-hubs {1 - n_found / n_indexed:.1%}"
        label = share if name is None else f"{name} ({share})"
        ranks = np.arange(1, n_indexed + 1)
        (self.line_,) = self.ax_.plot(ranks[:n_found], ordered[:n_found], label=label, **style)
        self.span_ = None
        if n_found < n_indexed:
            nobodys = n_found + 0.5, n_indexed + 0.5
            color = self.line_.get_color()
            self.span_ = self.ax_.axvspan(*nobodys, alpha=0.15, color=color, lw=0)
        expected = self._chance(n_indexed).isf((ranks - 0.5) / n_indexed)
        self.chance_ = self._draw_chance(ranks[expected > 0], expected[expected > 0])
        self.ax_.set(
            xscale="log", yscale="log", xlabel="rank", ylabel=f"{self.n_neighbors}-occurrence"
        )
        self.ax_.legend()
        return self

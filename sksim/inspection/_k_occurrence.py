"""Histogram of the k-occurrence beside its distribution without hubness."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sksim.inspection._docs import with_shared_entries
from sksim.inspection._occurrence_display import OccurrenceDisplay
from sksim.metrics import k_skewness

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["KOccurrenceDisplay"]


@with_shared_entries
class KOccurrenceDisplay(OccurrenceDisplay):
    r"""Histogram of how often samples are neighbours, with what chance gives.

    A long tail to the right are hubs, a tall first bar are anti-hubs. The dashed curve is the
    binomial distribution: :math:`n \binom{m}{j} p^j (1 - p)^{m - j}` samples with occurrence j,
    for m queries, n indexed samples and p = ``n_neighbors`` / n. The vertical axis is logarithmic.

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
        Axes with the histogram.
    figure_ : matplotlib Figure
        Figure containing it.
    bars_ : matplotlib BarContainer or list of Polygon
        The histogram.
    line_ : matplotlib Artist or None
        The curve without hubness.

    See Also
    --------
    HubRankDisplay : The same counts by rank.
    sksim.metrics.hubness_report : The same in numbers.

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2010). Hubs in space: popular nearest
           neighbors in high-dimensional data. Journal of Machine Learning Research 11.

    Examples
    --------
    >>> from sksim.datasets import make_gaussian_hubs
    >>> from sksim.inspection import KOccurrenceDisplay
    >>> from sksim.metrics import k_occurrence
    >>> X, _ = make_gaussian_hubs(200, 50, random_state=0)
    >>> N = k_occurrence(X, n_neighbors=10)
    >>> display = KOccurrenceDisplay.from_occurrence(N, n_neighbors=10)
    """

    def plot(self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any) -> Self:
        """Draw the histogram.

        Parameters
        ----------
        {ax}
        {name}
        **style : dict
            Keywords of matplotlib's ``hist``, such as ``color``.

        Returns
        -------
        display : KOccurrenceDisplay
            The display itself.
        """
        counts = self._checked_counts()
        name = self._start(ax, name)
        label = f"skewness {k_skewness(counts):.2f}"
        label = label if name is None else f"{name} ({label})"
        style = {"histtype": "stepfilled", "alpha": 0.5, "lw": 1, **style}
        # One bin for each whole count, so that displays on the same axes compare.
        edges = np.arange(int(np.ceil(counts.max())) + 2) - 0.5
        _, _, self.bars_ = self.ax_.hist(counts, edges, label=label, **style)
        if not {"ec", "edgecolor"} & set(style):
            for bar in self.bars_:
                bar.set_edgecolor(bar.get_facecolor())
        self.line_ = self._draw_binomial(counts.size)
        self.ax_.set(
            yscale="log",
            ylim=(0.5, None),
            xlabel=f"{self.n_neighbors}-occurrence",
            ylabel="samples",
        )
        self.ax_.legend()
        return self

    def _draw_binomial(self, n_indexed: int) -> "Line2D":
        """Samples expected with each count, where that is one half or more."""
        chance = self._chance(n_indexed)
        center, width = chance.mean(), 10 * chance.std()
        counts = np.arange(max(0, int(center - width) - 1), int(center + width) + 10)
        expected = n_indexed * chance.pmf(counts)
        return self._draw_chance(counts[expected >= 0.5], expected[expected >= 0.5], marker=".")

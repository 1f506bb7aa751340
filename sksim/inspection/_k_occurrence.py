"""Histogram of the k-occurrence beside its law without hubness."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from scipy.stats import binom

from sksim.inspection._occurrence_display import OccurrenceDisplayMixin
from sksim.metrics import k_skewness

__all__ = ["KOccurrenceDisplay"]


def _bin_edges(occurrence: np.ndarray) -> np.ndarray:
    """One bin for each whole count, so that displays on the same axes compare."""
    return np.arange(int(np.ceil(occurrence.max())) + 2) - 0.5


def _binomial_curve(display) -> tuple[np.ndarray, np.ndarray]:
    """Counts, and samples expected with each without hubness, where that is one half or more."""
    n_indexed = display.occurrence.size
    law = binom(display.n_queries, min(1.0, display.n_neighbors / n_indexed))
    low, high = max(0, int(law.mean() - 10 * law.std()) - 1), int(law.mean() + 10 * law.std()) + 10
    counts = np.arange(low, high)
    expected = n_indexed * law.pmf(counts)
    return counts[expected >= 0.5], expected[expected >= 0.5]


class KOccurrenceDisplay(OccurrenceDisplayMixin):
    r"""Histogram of how often samples are neighbours, with the law without hubness.

    A long tail to the right are hubs, a tall first bar are anti-hubs. The dashed curve is what
    chance gives: :math:`n \binom{m}{j} p^j (1 - p)^{m - j}` samples with occurrence j, for m
    queries, n indexed samples and p = ``n_neighbors`` / n. The vertical axis is logarithmic.

    It is recommended to use :meth:`from_estimator`, :meth:`from_graph` or
    :meth:`from_occurrence`.

    .. versionadded:: 0.1

    Parameters
    ----------
    occurrence : array-like of shape (n_indexed,)
        Occurrence counts, see :func:`sksim.metrics.k_occurrence`.
    n_neighbors : int
        Number of neighbours that the counts are of.
    n_queries : int, default=None
        Number of queries; None means that the samples are the queries.
    name : str, default=None
        Name of the space in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the histogram.
    figure_ : matplotlib Figure
        Figure containing it.
    bars_ : matplotlib BarContainer or list of Polygon
        The histogram.
    line_ : matplotlib Artist or None
        The curve of the law without hubness.

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

    def plot(self, ax=None, *, name=None, **style):
        """Draw the histogram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on, those of another display to compare; None makes new ones.
        name : str, default=None
            Name of the space in the legend; None means that of the constructor.
        **style : dict
            Keywords of matplotlib's ``hist``, such as ``color``.

        Returns
        -------
        display : object
            The display itself.
        """
        plt, name = self._start(ax, name)
        label = f"skewness {k_skewness(self.occurrence):.2f}"
        style = {"histtype": "stepfilled", "alpha": 0.5, "lw": 1, **style}
        label = label if name is None else f"{name} ({label})"
        _, _, self.bars_ = self.ax_.hist(
            self.occurrence, _bin_edges(self.occurrence), label=label, **style
        )
        if not {"ec", "edgecolor"} & set(style):
            plt.setp(self.bars_, edgecolor=self.bars_[0].get_facecolor())
        self.line_ = self._draw_chance(*_binomial_curve(self), marker=".")
        self.ax_.set(
            yscale="log",
            ylim=(0.5, None),
            xlabel=f"{self.n_neighbors}-occurrence",
            ylabel="samples",
        )
        self.ax_.legend()
        return self

"""Heat map of the similarities of many representations."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import numpy as np
from scipy.cluster.hierarchy import dendrogram as link_coordinates

from sksim.inspection._display import Display
from sksim.inspection._distances import clustering_of, distances_of
from sksim.inspection._docs import with_shared_entries
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import get_measure
from sksim.metrics.similarity._pairwise import cross_similarity, pairwise_similarity
from sksim.utils._arrays import check_named_array
from sksim.utils._names import unknown_name_error
from sksim.utils._typing import ArrayLike, Representations
from sksim.utils._warnings import warn_caller

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colorbar import Colorbar

__all__ = ["SimilarityMatrixDisplay"]

#: A measure of :mod:`sksim.metrics`, by name or as the function.
Measure: TypeAlias = str | Callable[..., Any]
Labels: TypeAlias = Sequence[object] | np.ndarray

#: Numbers are written into the cells up to this many rows and columns.
_LARGEST_WITH_NUMBERS = 12


def _color_limits(values: np.ndarray, measure: Any) -> tuple[float, float]:
    """From 0 to the end of the range for bounded measures, else the range of the values."""
    if measure is not None and np.isfinite(measure.range[1]):
        return 0.0, float(measure.range[1])
    if measure is None and np.abs(values).max() <= 1:
        return 0.0, 1.0
    return min(0.0, float(values.min())), float(values.max())


def _check_labels(labels: Labels | None, size: int, name: str) -> list[str]:
    checked = [str(label) for label in (range(size) if labels is None else labels)]
    if len(checked) != size:
        raise ValueError(f"{name} must hold {size} labels, got {len(checked)}.")
    return checked


def _first(entries: dict[str, Any], *keys: str) -> Any:
    """The first of some entries that exists, or None."""
    return next((entries[key] for key in keys if key in entries), None)


def _metric_or_measure(metric: Measure | None, measure: Any) -> Measure | None:
    """``metric``, which was called ``measure`` before."""
    if isinstance(measure, str) and measure == "deprecated":
        return metric
    warn_caller(
        "measure was renamed to metric, as in pairwise_similarity; the old name will go.",
        FutureWarning,
    )
    return measure


@with_shared_entries
class SimilarityMatrixDisplay(Display):
    """Heat map of the similarities of representations: layers, models, seeds.

    Bounded measures have one colour scale, from 0 to the end of their range, so that figures
    compare; brighter means more alike, for distances too. Up to 12 rows and columns have their
    numbers written in. One set of representations is drawn from the top left; two sets, such as
    the layers of two networks, from the bottom left, with a line from the first pair to the last
    where there are more than three.

    It is recommended to use :meth:`from_representations` or :meth:`from_matrix`.

    .. versionadded:: 0.1

    Parameters
    ----------
    values : array-like of shape (n_rows, n_columns)
        Similarities, or distances.
    row_labels : sequence of str, default=None
        Names of the rows; None numbers them.
    column_labels : sequence of str, default=None
        Names of the columns, for two sets of representations; None means that the columns are the
        rows.
    metric : str or callable, default=None
        The measure, for its range, direction and metric form: a name, or a function of
        :mod:`sksim.metrics`. None takes the values for similarities.
    name : str, default=None
        Title; None means the name of the measure.
    measure : str or callable, default="deprecated"
        The former name of ``metric``.

        .. deprecated:: 0.1

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the heat map.
    figure_ : matplotlib Figure
        Figure containing it.
    image_ : matplotlib Artist
        The heat map.
    colorbar_ : matplotlib Colorbar or None
        The scale, None if there is none.
    text_ : ndarray of matplotlib Artists or None
        The numbers in the cells, None if there are none.
    order_ : ndarray of int
        Rows in the order in which they are drawn.
    linkage_ : ndarray or None
        Clustering as of :func:`scipy.cluster.hierarchy.linkage`, None without.
    dendrogram_ax_ : matplotlib Axes or None
        Axes with the dendrogram, None without.

    See Also
    --------
    sksim.metrics.pairwise_similarity : The matrix of one set of representations.
    sksim.metrics.cross_similarity : The matrix of two sets.
    sksim.metrics.layer_similarity : The matrix of the layers of two networks.

    References
    ----------
    .. [1] S. Kornblith, M. Norouzi, H. Lee and G. Hinton (2019). Similarity of neural network
           representations revisited. International Conference on Machine Learning.

    Examples
    --------
    >>> from sksim.datasets import load_encoder_layers
    >>> from sksim.inspection import SimilarityMatrixDisplay
    >>> layers = load_encoder_layers().layers
    >>> display = SimilarityMatrixDisplay.from_representations(layers, metric="cka")
    >>> display.image_.get_clim()
    (0.0, 1.0)
    """

    def __init__(
        self,
        values: ArrayLike,
        *,
        row_labels: Labels | None = None,
        column_labels: Labels | None = None,
        metric: Measure | None = None,
        name: str | None = None,
        measure: Any = "deprecated",
    ) -> None:
        self.values = values
        self.row_labels = row_labels
        self.column_labels = column_labels
        self.metric = _metric_or_measure(metric, measure)
        self.name = name

    @classmethod
    def from_matrix(
        cls,
        similarities: Any,
        *,
        row_labels: Labels | None = None,
        column_labels: Labels | None = None,
        metric: Measure | None = None,
        name: str | None = None,
        order: Literal["cluster"] | None = None,
        dendrogram: bool = False,
        ax: "Axes | None" = None,
        measure: Any = "deprecated",
        **style: Any,
    ) -> Self:
        """Draw similarities that are computed already.

        Parameters
        ----------
        similarities : Bunch or array-like of shape (n_rows, n_columns)
            The result of :func:`sksim.metrics.pairwise_similarity`,
            :func:`sksim.metrics.cross_similarity` or :func:`sksim.metrics.layer_similarity`,
            with its labels, or a matrix.
        row_labels : sequence of str, default=None
            Names of the rows; None means those of the Bunch, or numbers.
        column_labels : sequence of str, default=None
            Names of the columns, for two sets of representations; None means those of the Bunch,
            or that the columns are the rows.
        {metric}
        {name}
        {order}
        {dendrogram}
        {ax}
        {measure}
        {style}

        Returns
        -------
        {display}
        """
        values, rows, columns = similarities, None, None
        if isinstance(similarities, dict):
            values = similarities["values"]
            rows = _first(similarities, "row_labels", "labels_a", "labels")
            columns = _first(similarities, "column_labels", "labels_b")
        display = cls(
            values,
            row_labels=rows if row_labels is None else row_labels,
            column_labels=columns if column_labels is None else column_labels,
            metric=_metric_or_measure(metric, measure),
            name=name,
        )
        return display.plot(ax, order=order, dendrogram=dendrogram, **style)

    @classmethod
    def from_representations(
        cls,
        representations: Representations,
        others: Representations | None = None,
        *,
        metric: Measure = "cka",
        n_jobs: int | None = None,
        name: str | None = None,
        order: Literal["cluster"] | None = None,
        dendrogram: bool = False,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Compare representations of the same samples and draw the result.

        Parameters
        ----------
        representations : dict or list of array-like of shape (n_samples, n_features)
            The representations; the keys of a dict are the labels.
        others : dict or list of array-like of shape (n_samples, n_features), default=None
            A second set, such as the layers of another network; None compares the first with
            itself.
        metric : str or callable, default="cka"
            The measure, see :func:`sksim.metrics.pairwise_similarity`.
        n_jobs : int, default=None
            Number of threads.
        {name}
        {order}
        {dendrogram}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        if others is None:
            similarities = pairwise_similarity(representations, metric, n_jobs=n_jobs)
        else:
            similarities = cross_similarity(representations, others, metric, n_jobs=n_jobs)
        return cls.from_matrix(
            similarities,
            metric=metric,
            name=name,
            order=order,
            dendrogram=dendrogram,
            ax=ax,
            **style,
        )

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        name: str | None = None,
        order: Literal["cluster"] | None = None,
        dendrogram: bool = False,
        colorbar: bool = True,
        text: bool | None = None,
        **style: Any,
    ) -> Self:
        """Draw the heat map.

        Parameters
        ----------
        {ax}
        name : str, default=None
            Title; None means that of the constructor, or the name of the measure.
        order : {None, "cluster"}, default=None
            "cluster" puts similar representations side by side: average linkage of the metric
            form of the measure where it has one, in the optimal order of the leaves.
        dendrogram : bool, default=False
            Whether to draw the clustering above the heat map, which sets ``order="cluster"``.
        colorbar : bool, default=True
            Whether to draw the scale.
        text : bool, default=None
            Whether to write the numbers into the cells; None does so up to 12 rows and columns.
        **style : dict
            Keywords of matplotlib's ``imshow``, such as ``cmap``, ``vmin`` and ``vmax``.

        Returns
        -------
        display : SimilarityMatrixDisplay
            The display itself.
        """
        measure = None if self.metric is None else get_measure(self.metric, PairedMeasure)
        values = check_named_array(self.values, "values", dtype=np.float64)
        self._arrange(values, measure, order, dendrogram)
        self._start(ax)
        drawn = values[np.ix_(self.order_, self._column_order)]
        self._draw_image(drawn, measure, style)
        self._draw_labels(values.shape)
        if text is None:
            text = max(values.shape) <= _LARGEST_WITH_NUMBERS
        self.text_ = self._draw_numbers(drawn) if text else None
        self.colorbar_ = self._draw_colorbar(drawn) if colorbar else None
        self.dendrogram_ax_ = self._draw_dendrogram() if dendrogram else None
        title = name or self.name or (None if measure is None else measure.name)
        if title is not None:
            (self.dendrogram_ax_ or self.ax_).set_title(title)
        return self

    def _arrange(
        self, values: np.ndarray, measure: Any, order: str | None, dendrogram: bool
    ) -> None:
        """Fix the order of the rows and columns."""
        if order not in (None, "cluster"):
            raise unknown_name_error("order", order, ["cluster"], or_else="None")
        n_rows, n_columns = values.shape
        self.order_, self._column_order = np.arange(n_rows), np.arange(n_columns)
        self.linkage_ = None
        if self.column_labels is None and n_rows != n_columns:
            raise ValueError(
                f"values must be square if column_labels is None, got shape {values.shape}."
            )
        if order is None and not dendrogram:
            return
        if self.column_labels is not None or n_rows < 2:
            raise ValueError("Clustering needs one set of at least two representations.")
        self.linkage_ = clustering_of(distances_of(values, measure))
        leaves = link_coordinates(self.linkage_, no_plot=True)["leaves"]
        self.order_ = self._column_order = np.array(leaves)

    def _draw_image(self, drawn: np.ndarray, measure: Any, style: dict[str, Any]) -> None:
        low, high = _color_limits(drawn, measure)
        is_distance = measure is not None and not measure.greater_is_better
        defaults = {
            "vmin": low,
            "vmax": high,
            "cmap": "viridis_r" if is_distance else "viridis",
            "origin": "upper" if self.column_labels is None else "lower",
        }
        self.image_ = self.ax_.imshow(drawn, **{**defaults, **style})
        if self.column_labels is not None and min(drawn.shape) > 3:
            ends = [0, drawn.shape[1] - 1], [0, drawn.shape[0] - 1]
            self.ax_.plot(*ends, color="white", ls=":", lw=1)

    def _draw_labels(self, shape: tuple[int, ...]) -> None:
        rows = _check_labels(self.row_labels, shape[0], "row_labels")
        columns = rows
        if self.column_labels is not None:
            columns = _check_labels(self.column_labels, shape[1], "column_labels")
        longest = max(len(label) for label in columns)
        turned = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if longest > 3 else {}
        self.ax_.set_xticks(range(shape[1]), [columns[i] for i in self._column_order], **turned)
        self.ax_.set_yticks(range(shape[0]), [rows[i] for i in self.order_])

    def _draw_numbers(self, drawn: np.ndarray) -> np.ndarray:
        """Numbers in black on bright cells, in white on dark ones."""
        colors = self.image_.cmap(self.image_.norm(drawn))[..., :3]
        is_bright = colors @ [0.299, 0.587, 0.114] > 0.5
        size = 6 if max(drawn.shape) > 8 else 8
        texts = [
            self.ax_.text(
                j, i, f"{drawn[i, j]:.2f}", ha="center", va="center", fontsize=size,
                color="black" if is_bright[i, j] else "white",
            )
            for i, j in np.ndindex(drawn.shape)
        ]  # fmt: skip
        return np.array(texts, dtype=object).reshape(drawn.shape)

    def _draw_colorbar(self, drawn: np.ndarray) -> "Colorbar":
        low, high = self.image_.get_clim()
        sides = drawn.min() < low, drawn.max() > high
        extend = {(True, True): "both", (True, False): "min", (False, True): "max"}
        return self.figure_.colorbar(
            self.image_, ax=self.ax_, extend=extend.get(sides, "neither"), shrink=0.8
        )

    def _draw_dendrogram(self) -> "Axes":
        """Links in the columns' coordinates, on axes above the heat map."""
        links = link_coordinates(self.linkage_, no_plot=True)
        above = self.ax_.inset_axes([0, 1.02, 1, 0.2], sharex=self.ax_)
        for x, y in zip(links["icoord"], links["dcoord"], strict=True):
            above.plot(np.array(x) / 10 - 0.5, y, color="0.3", lw=1)
        above.set_ylim(bottom=0)
        above.axis("off")
        return above

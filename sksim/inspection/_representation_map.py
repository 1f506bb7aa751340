"""Map of many representations: those that are alike lie side by side."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from scipy.cluster.hierarchy import dendrogram
from scipy.linalg import eigh
from sklearn.manifold import smacof

from sksim.inspection._display import Display
from sksim.inspection._distances import clustering_of, distances_of
from sksim.inspection._docs import with_shared_entries
from sksim.metrics._linalg import center_matrix
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import get_measure
from sksim.metrics.similarity._pairwise import pairwise_similarity
from sksim.utils._arrays import check_named_array
from sksim.utils._names import unknown_name_error
from sksim.utils._typing import ArrayLike, Representations

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RepresentationMapDisplay"]

#: Points have their names beside them up to this many.
_LARGEST_WITH_NAMES = 24


def _points_in_the_plane(distances: np.ndarray) -> np.ndarray:
    """Least squares of distances, begun at classical scaling, so that nothing is random."""
    size = len(distances)
    if not distances.any():
        return np.zeros((size, 2))
    gram = -0.5 * center_matrix(np.square(distances))
    values, vectors = eigh(gram, subset_by_index=(size - 2, size - 1))
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(axis=0), [0, 1]])
    start = (vectors * np.sqrt(np.maximum(values, 0.0)))[:, ::-1]
    return smacof(distances, n_components=2, init=start, n_init=1, eps=1e-9, max_iter=1000)[0]


@with_shared_entries
class RepresentationMapDisplay(Display):
    """Map of representations: layers, models, seeds; as points in the plane or as a tree.

    The similarities become distances, by the metric form of the measure where it has one. In the
    plane, multidimensional scaling places the points so that their distances come close to these;
    what does not fit into two dimensions is the error that the axis states. The tree joins the
    closest groups first, by the average distance of their members, and loses other things. For a
    statement on two representations read the matrix.

    It is recommended to use :meth:`from_representations` or :meth:`from_matrix`.

    .. versionadded:: 0.1

    Parameters
    ----------
    values : array-like of shape (n_representations, n_representations)
        Similarities, or distances.
    labels : sequence of str, default=None
        Names of the representations; None numbers them.
    groups : sequence of str, default=None
        Group of each representation, which its colour shows.
    metric : str or callable, default=None
        The measure, for its direction and metric form: a name, or a function of
        :mod:`sksim.metrics`. None takes the values for similarities.
    name : str, default=None
        Title; None means the name of the measure.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the map.
    figure_ : matplotlib Figure
        Figure containing it.
    distances_ : ndarray of shape (n_representations, n_representations)
        The distances.
    points_ : ndarray of shape (n_representations, 2) or None
        The points, None of a tree.
    error_ : float or None
        Mean absolute difference of distances in the plane from these; None of a tree.
    linkage_ : ndarray or None
        The tree as of :func:`scipy.cluster.hierarchy.linkage`, None of points.
    artists_ : list of matplotlib Artist
        The points, one artist for each group, or the links of the tree.
    text_ : list of matplotlib Artist
        The names that are drawn.

    See Also
    --------
    SimilarityMatrixDisplay : All the numbers.
    sksim.metrics.pairwise_similarity : The matrix.

    Notes
    -----
    Scaling minimises the sum of squared differences of distances, beginning at classical scaling.
    A map of models needs a measure that obeys the triangle inequality [1]_.

    References
    ----------
    .. [1] A. H. Williams, E. Kunz, S. Kornblith and S. W. Linderman (2021). Generalized shape
           metrics on neural representations. Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> from sksim.datasets import load_encoder_layers
    >>> from sksim.inspection import RepresentationMapDisplay
    >>> layers = load_encoder_layers().layers
    >>> display = RepresentationMapDisplay.from_representations(layers, metric="procrustes")
    >>> display.points_.shape
    (7, 2)
    """

    def __init__(
        self,
        values: ArrayLike,
        *,
        labels: Sequence[object] | None = None,
        groups: Sequence[object] | None = None,
        metric: str | Callable[..., Any] | None = None,
        name: str | None = None,
    ) -> None:
        self.values = values
        self.labels = labels
        self.groups = groups
        self.metric = metric
        self.name = name

    @classmethod
    def from_matrix(
        cls,
        similarities: Any,
        *,
        labels: Sequence[object] | None = None,
        groups: Sequence[object] | None = None,
        metric: str | Callable[..., Any] | None = None,
        kind: Literal["points", "tree"] = "points",
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw similarities that are computed already.

        Parameters
        ----------
        similarities : Bunch or array-like of shape (n_representations, n_representations)
            The result of :func:`sksim.metrics.pairwise_similarity`, or a matrix.
        labels : sequence of str, default=None
            Names of the representations; None means those of the Bunch, or numbers.
        {groups}
        {metric}
        {kind}
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        values = similarities
        if isinstance(similarities, dict):
            values = similarities["values"]
            labels = similarities.get("labels") if labels is None else labels
        display = cls(values, labels=labels, groups=groups, metric=metric, name=name)
        return display.plot(ax, kind=kind, **style)

    @classmethod
    def from_representations(
        cls,
        representations: Representations,
        *,
        metric: str | Callable[..., Any] = "cka",
        groups: Sequence[object] | None = None,
        kind: Literal["points", "tree"] = "points",
        n_jobs: int | None = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Compare representations of the same samples and draw the result.

        Parameters
        ----------
        representations : dict or list of array-like of shape (n_samples, n_features)
            The representations; the keys of a dict are the names.
        metric : str or callable, default="cka"
            The measure, see :func:`sksim.metrics.pairwise_similarity`.
        {groups}
        {kind}
        n_jobs : int, default=None
            Number of threads.
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        similarities = pairwise_similarity(representations, metric, n_jobs=n_jobs)
        return cls.from_matrix(
            similarities, groups=groups, metric=metric, kind=kind, name=name, ax=ax, **style
        )

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        kind: Literal["points", "tree"] = "points",
        text: bool | None = None,
        name: str | None = None,
        **style: Any,
    ) -> Self:
        """Draw the map.

        Parameters
        ----------
        {ax}
        kind : {"points", "tree"}, default="points"
            Points in the plane, or a tree.
        text : bool, default=None
            Whether to write the names; None does so up to 24 points, and at all leaves of a tree.
        name : str, default=None
            Title; None means that of the constructor, or the name of the measure.
        **style : dict
            Keywords of matplotlib's ``scatter``, or of ``plot`` for the links of a tree.

        Returns
        -------
        display : RepresentationMapDisplay
            The display itself.
        """
        if kind not in ("points", "tree"):
            raise unknown_name_error("kind", kind, ["points", "tree"])
        measure = None if self.metric is None else get_measure(self.metric, PairedMeasure)
        values = check_named_array(self.values, "values", dtype=np.float64)
        if values.shape[0] != values.shape[1] or len(values) < 3:
            raise ValueError(
                "values must be a square matrix of three or more representations, got the shape "
                f"{values.shape}."
            )
        labels = self._one_for_each(self.labels, "labels", len(values)) or [
            str(i) for i in range(len(values))
        ]
        groups = self._one_for_each(self.groups, "groups", len(values))
        self.distances_ = distances_of(values, measure)
        self.points_: np.ndarray | None = None
        self.error_: float | None = None
        self.linkage_: np.ndarray | None = None
        self._start(ax)
        if kind == "points":
            text = len(labels) <= _LARGEST_WITH_NAMES if text is None else text
            self._draw_points(labels if text else [], groups, style)
        else:
            self._draw_tree(labels if text or text is None else [], groups, style)
        title = name or self.name or (None if measure is None else measure.name)
        if title is not None:
            self.ax_.set_title(title)
        return self

    def _one_for_each(
        self, names: Sequence[object] | None, parameter: str, size: int
    ) -> list[str] | None:
        if names is None:
            return None
        if len(names) != size:
            raise ValueError(
                f"{parameter} must hold one name for each of the {size} representations, got "
                f"{len(names)}."
            )
        return [str(name) for name in names]

    def _draw_points(
        self, labels: list[str], groups: list[str] | None, style: dict[str, Any]
    ) -> None:
        self.points_ = points = _points_in_the_plane(self.distances_)
        differences = np.linalg.norm(points[:, None] - points, axis=2) - self.distances_
        off_diagonal = ~np.eye(len(points), dtype=bool)
        self.error_ = float(np.abs(differences[off_diagonal]).mean())
        members: dict[str | None, np.ndarray] = {None: np.arange(len(points))}
        if groups is not None:
            members = {g: np.flatnonzero(np.array(groups) == g) for g in dict.fromkeys(groups)}
        self.artists_ = [
            self.ax_.scatter(*points[rows].T, **({"label": group, "zorder": 2} | style))
            for group, rows in members.items()
        ]
        self.text_ = [
            self.ax_.annotate(label, point, (4, 4), textcoords="offset points", fontsize=8)
            for label, point in zip(labels, points)
        ]
        if groups is not None:
            self.ax_.legend()
        mean = self.distances_[off_diagonal].mean()
        self.ax_.set(aspect="equal", xticks=[], yticks=[])
        self.ax_.margins(0.12)
        self.ax_.set_xlabel(f"mean distance {mean:.2g}, mean error of the map {self.error_:.2g}")

    def _draw_tree(
        self, labels: list[str], groups: list[str] | None, style: dict[str, Any]
    ) -> None:
        self.linkage_ = clustering_of(self.distances_)
        tree = dendrogram(self.linkage_, no_plot=True)
        options = {"color": "0.3", "lw": 1} | style
        self.artists_ = [
            self.ax_.plot(x, np.array(y) / 10 - 0.5, **options)[0]
            for x, y in zip(tree["dcoord"], tree["icoord"], strict=True)
        ]
        leaves = tree["leaves"]
        self.ax_.set_yticks(range(len(leaves)), [labels[i] for i in leaves] if labels else [])
        self.text_ = self.ax_.get_yticklabels() if labels else []
        if groups is not None:
            places = {leaf: place for place, leaf in enumerate(leaves)}
            for group in dict.fromkeys(groups):
                rows = [places[i] for i in range(len(leaves)) if groups[i] == group]
                self.ax_.plot(np.zeros(len(rows)), rows, "o", label=group, clip_on=False)
            self.ax_.legend(loc="upper left", bbox_to_anchor=(1, 1))
        self.ax_.set(xlim=(0, None), xlabel="distance")

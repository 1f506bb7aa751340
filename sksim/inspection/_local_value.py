"""A number for each sample or edge: its histogram, centre and reference."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from scipy.sparse import issparse, triu

from sksim.inspection._display import Display
from sksim.inspection._docs import with_shared_entries
from sksim.metrics.graphs import ollivier_ricci_curvature
from sksim.metrics.quality import local_intrinsic_dimension
from sksim.utils._arrays import check_named_array
from sksim.utils._names import unknown_name_error
from sksim.utils._typing import ArrayLike, MatrixLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LocalValueDisplay"]

#: What the middle of many values is.
_CENTERS: dict[str, Callable[[np.ndarray], Any]] = {
    "mean": np.mean,
    "geometric mean": lambda values: np.exp(np.mean(np.log(values))),
    "median": np.median,
}


@with_shared_entries
class LocalValueDisplay(Display):
    """Histogram of a quantity of each sample or edge, with its centre and a reference.

    One number for a whole space, such as its mean dimension or curvature, hides whether all of it
    is alike. The solid line is the centre, the dotted one a value to compare with: the number of
    features, or the curvature zero of a flat space. Displays on the same axes compare spaces.

    It is recommended to use :meth:`from_values`, :meth:`from_representation` or
    :meth:`from_graph`.

    .. versionadded:: 0.1

    Parameters
    ----------
    values : array-like of shape (n_values,)
        The values; those that are infinite are left out, and the legend says how many.
    center : {"mean", "geometric mean", "median"}, default="mean"
        What the solid line is.
    reference : float, default=None
        Where the dotted line is; None draws none.
    value_name : str, default="value"
        Label of the axis of the values.
    name : str, default=None
        Name in the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the histogram.
    figure_ : matplotlib Figure
        Figure containing it.
    bars_ : matplotlib BarContainer or list of Polygon
        The histogram.
    center_ : float
        Centre of the finite values.
    center_line_ : matplotlib Artist
        The solid line.
    reference_line_ : matplotlib Artist or None
        The dotted line, None without a reference.

    See Also
    --------
    sksim.metrics.local_intrinsic_dimension : A number for each sample.
    sksim.metrics.ollivier_ricci_curvature : A number for each edge of a graph.
    KOccurrenceDisplay : Histogram of how often samples are neighbours.

    Notes
    -----
    The centre of local dimensions is their geometric mean, as that of a scale parameter in
    Fisher-Rao geometry [1]_.

    References
    ----------
    .. [1] H. Huang, R. J. G. B. Campello, S. M. Erfani, X. Ma, M. E. Houle and J. Bailey (2024).
           LDReg: local dimensionality regularized self-supervised learning. International
           Conference on Learning Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.inspection import LocalValueDisplay
    >>> X = np.random.RandomState(0).randn(600, 20)
    >>> display = LocalValueDisplay.from_representation(X)
    >>> round(display.center_), display.reference
    (14, 20)
    """

    def __init__(
        self,
        values: ArrayLike,
        *,
        center: Literal["mean", "geometric mean", "median"] = "mean",
        reference: float | None = None,
        value_name: str = "value",
        name: str | None = None,
    ) -> None:
        self.values = values
        self.center = center
        self.reference = reference
        self.value_name = value_name
        self.name = name

    @classmethod
    def from_values(
        cls,
        values: MatrixLike,
        *,
        center: Literal["mean", "geometric mean", "median"] = "mean",
        reference: float | None = None,
        value_name: str = "value",
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw values that are computed already.

        Parameters
        ----------
        values : {array-like of shape (n_values,), sparse matrix of shape (n_nodes, n_nodes)}
            The values. Of a sparse matrix, such as the curvature of the edges of a graph, those
            above the diagonal, so that each edge counts once.
        {center}
        {reference}
        {value_name}
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        drawn = triu(values, 1, format="coo").data if issparse(values) else values
        return cls(
            drawn, center=center, reference=reference, value_name=value_name, name=name
        ).plot(ax, **style)

    @classmethod
    def from_representation(
        cls,
        X: ArrayLike,
        Y: ArrayLike | None = None,
        *,
        method: Literal["mle", "mom"] = "mle",
        n_neighbors: int = 20,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Estimate the local dimension of each sample and draw them; the features are a reference.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.
        Y : array-like of shape (n_indexed, n_features), default=None
            The samples among which neighbours are looked for; None means X.
        method : {"mle", "mom"}, default="mle"
            Estimator, see :func:`sksim.metrics.local_intrinsic_dimension`.
        n_neighbors : int, default=20
            Neighbours of each sample.
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        X = check_named_array(X, "X")
        values = local_intrinsic_dimension(X, Y, method=method, n_neighbors=n_neighbors)
        return cls(
            values,
            center="geometric mean",
            reference=X.shape[1],
            value_name="local dimension",
            name=name,
        ).plot(ax, **style)

    @classmethod
    def from_graph(
        cls,
        graph: MatrixLike,
        *,
        alpha: float = 0.5,
        walk: Literal["uniform", "gaussian"] = "uniform",
        edge_length: Literal["distance", "hops"] = "distance",
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Compute the curvature of each edge of a graph and draw them; a flat space has zero.

        Parameters
        ----------
        graph : {array-like, sparse matrix} of shape (n_nodes, n_nodes)
            The edges and their lengths, such as a neighbour graph.
        alpha : float, default=0.5
            Mass that stays at its node, see :func:`sksim.metrics.ollivier_ricci_curvature`.
        walk : {"uniform", "gaussian"}, default="uniform"
            Where the rest goes.
        edge_length : {"distance", "hops"}, default="distance"
            Whether the values of the graph are the lengths of the edges, or each is one long.
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        edges = ollivier_ricci_curvature(
            graph, alpha=alpha, walk=walk, edge_length=edge_length
        ).edges
        return cls.from_values(
            edges, reference=0.0, value_name="curvature of an edge", name=name, ax=ax, **style
        )

    def plot(self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any) -> Self:
        """Draw the histogram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on, those of another display to compare; None makes new ones.
        name : str, default=None
            Name in the legend; None is that of the constructor.
        **style : dict
            Keywords of matplotlib's ``hist``, such as ``bins`` or ``color``.

        Returns
        -------
        display : LocalValueDisplay
            The display itself.
        """
        if self.center not in _CENTERS:
            raise unknown_name_error("center", self.center, list(_CENTERS))
        values = check_named_array(
            self.values, "values", dtype=np.float64, ensure_2d=False, ensure_all_finite=False
        )
        if np.isnan(values).any() or not np.isfinite(values).any():
            raise ValueError("values must hold a finite number and no NaN.")
        finite = values[np.isfinite(values)]
        if self.center == "geometric mean" and finite.min() <= 0:
            raise ValueError(f"A geometric mean needs values above 0, got {finite.min():.3g}.")
        self.center_ = float(_CENTERS[self.center](finite))
        name = self._start(ax, name)
        options = {"bins": 30, "histtype": "stepfilled", "alpha": 0.5} | style
        label = f"{self.center} {self.center_:.3g}"
        if finite.size < values.size:
            label += f", {values.size - finite.size} infinite"
        options.setdefault("label", label if name is None else f"{name} ({label})")
        _, _, self.bars_ = self.ax_.hist(finite, **options)
        color = self.bars_[0].get_facecolor()[:3]
        self.center_line_ = self.ax_.axvline(self.center_, color=color)
        self.reference_line_ = None
        if self.reference is not None:
            self.reference_line_ = self.ax_.axvline(self.reference, color="0.3", ls=":")
        self.ax_.set(xlabel=self.value_name, ylabel="number")
        self.ax_.legend()
        return self

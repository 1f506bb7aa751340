"""Distances between copies of a model that differ in their seed."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sksim.inspection._display import Display
from sksim.inspection._docs import with_shared_entries
from sksim.utils._arrays import check_named_array
from sksim.utils._typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["SeedDistanceDisplay"]


def _pairs(distances: ArrayLike, name: str) -> np.ndarray:
    """Distances of pairs; both directions where the two differ."""
    matrix = check_named_array(distances, name, dtype=np.float64)
    size = len(matrix)
    if matrix.shape != (size, size) or size < 2:
        raise ValueError(
            f"{name} must be a square matrix of two or more copies, got the shape {matrix.shape}."
        )
    above, below = matrix[np.triu_indices(size, 1)], matrix.T[np.triu_indices(size, 1)]
    return above if np.allclose(above, below) else np.append(above, below)


@with_shared_entries
class SeedDistanceDisplay(Display):
    """Distances of all pairs of copies of a model, in columns by group.

    How far are the copies of a model that differ in their seed from each other, and does that
    depend on the width, the depth or the data? Each dot is a pair, the bar the median. No box is
    drawn: pairs share copies, and one copy that is unlike the others shows in all its pairs.

    It is recommended to use :meth:`from_estimators` or :meth:`from_matrices`.

    .. versionadded:: 0.1

    Parameters
    ----------
    distances : dict of str to array-like of shape (n_seeds, n_seeds)
        Matrix of the distances, or similarities, of the copies, for each group.
    group_name : str, default=None
        Label of the axis of the groups.
    distance_name : str, default="distance"
        Label of the axis of the distances.
    name : str, default=None
        Title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the columns.
    figure_ : matplotlib Figure
        Figure containing them.
    points_ : list of matplotlib Artist
        The pairs of each group.
    bars_ : list of matplotlib Artist
        The median of each group.
    medians_ : ndarray of shape (n_groups,)
        The medians.

    See Also
    --------
    sksim.identifiability.SeedEnsemble : The copies, and their distances.
    SimilarityMatrixDisplay : Which pairs they are.

    Notes
    -----
    Pairs are not independent: an interval takes resampling of the copies, not of the pairs. That
    seeds alone make representations differ is reported in [1]_.

    References
    ----------
    .. [1] M. Klabunde and F. Lemmerich (2022). On the prediction instability of graph neural
           networks. European Conference on Machine Learning and Principles and Practice of
           Knowledge Discovery in Databases.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.inspection import SeedDistanceDisplay
    >>> near, far = np.array([[0, 1], [1, 0]]), np.array([[0, 3], [3, 0]])
    >>> display = SeedDistanceDisplay.from_matrices({"wide": near, "narrow": far})
    >>> display.medians_
    array([1., 3.])
    """

    def __init__(
        self,
        distances: Mapping[Any, ArrayLike],
        *,
        group_name: str | None = None,
        distance_name: str = "distance",
        name: str | None = None,
    ) -> None:
        self.distances = distances
        self.group_name = group_name
        self.distance_name = distance_name
        self.name = name

    @classmethod
    def from_matrices(
        cls,
        distances: Any,
        *,
        group_name: str | None = None,
        distance_name: str = "distance",
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw distances that are computed already.

        Parameters
        ----------
        distances : dict of str to array-like of shape (n_seeds, n_seeds)
            Matrix of the distances, or similarities, of the copies, for each group, as of
            :meth:`SeedEnsemble.pairwise_distances
            <sksim.identifiability.SeedEnsemble.pairwise_distances>`.
        {group_name}
        {distance_name}
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        return cls(distances, group_name=group_name, distance_name=distance_name, name=name).plot(
            ax, **style
        )

    @classmethod
    def from_estimators(
        cls,
        ensembles: Mapping[Any, Any],
        X: ArrayLike,
        *,
        metric: str | Callable[..., float] | None = None,
        metric_params: Mapping[str, Any] | None = None,
        group_name: str | None = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Compute the distances of the copies of fitted ensembles and draw them.

        Parameters
        ----------
        ensembles : dict of str to SeedEnsemble
            A fitted ensemble for each group.
        X : array-like of shape (n_samples, n_features)
            The inputs.
        metric : str, callable or None, default=None
            The distance, see :class:`sksim.identifiability.SeedEnsemble`; None takes that of each
            ensemble.
        metric_params : dict, default=None
            Further arguments of the distance.
        {group_name}
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        distances = {
            group: ensemble.pairwise_distances(X, metric, **(metric_params or {}))
            for group, ensemble in ensembles.items()
        }
        named = next(iter(ensembles.values())).metric if metric is None else metric
        distance_name = str(getattr(named, "__name__", named))
        return cls.from_matrices(
            distances,
            group_name=group_name,
            distance_name=distance_name.replace("_", " "),
            name=name,
            ax=ax,
            **style,
        )

    def plot(self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any) -> Self:
        """Draw the columns.

        Parameters
        ----------
        {ax}
        name : str, default=None
            Title; None is that of the constructor.
        **style : dict
            Keywords of matplotlib's ``scatter``, such as ``s``.

        Returns
        -------
        display : SeedDistanceDisplay
            The display itself.
        """
        if not isinstance(self.distances, Mapping) or not self.distances:
            raise ValueError("distances must be a dict with a matrix for each group.")
        groups = {g: _pairs(matrix, f"distances[{g!r}]") for g, matrix in self.distances.items()}
        self.medians_ = np.array([np.median(pairs) for pairs in groups.values()])
        name = self._start(ax, name)
        self.points_, self.bars_ = [], []
        options = {"s": 14, "alpha": 0.5, "lw": 0, "color": "C0"} | style
        for place, (pairs, median) in enumerate(zip(groups.values(), self.medians_)):
            beside = np.linspace(-0.2, 0.2, pairs.size + 2)[1:-1]
            self.points_.append(self.ax_.scatter(place + beside, pairs, **options))
            bar = self.ax_.plot([place - 0.3, place + 0.3], [median] * 2, "k", lw=2)
            self.bars_ += bar
        self.ax_.set_xticks(range(len(groups)), [str(group) for group in groups])
        self.ax_.set(xlabel=self.group_name or "", ylabel=self.distance_name)
        if name is not None:
            self.ax_.set_title(name)
        return self

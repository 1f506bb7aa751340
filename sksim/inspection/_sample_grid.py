"""Samples of a generative model: do they look right?"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.neighbors import NearestNeighbors

from sksim.inspection._display import Display
from sksim.inspection._docs import with_shared_entries
from sksim.utils._arrays import check_named_array
from sksim.utils._images import channels_come_first
from sksim.utils._typing import ArrayLike, RandomState

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PathCollection
    from matplotlib.image import AxesImage

__all__ = ["SampleGridDisplay"]


def _tile(images: np.ndarray, n_columns: int) -> np.ndarray:
    """Images (n, height, width, ...) as one mosaic, row by row, NaN between and in empty places."""
    n_rows = math.ceil(len(images) / n_columns)
    height, width, *rest = images.shape[1:]
    mosaic = np.full((n_rows, n_columns, height + 1, width + 1, *rest), np.nan)
    cells = mosaic.reshape(n_rows * n_columns, height + 1, width + 1, *rest)
    cells[: len(images), :height, :width] = images
    shape = (n_rows * (height + 1), n_columns * (width + 1), *rest)
    return mosaic.swapaxes(1, 2).reshape(shape)[:-1, :-1]


def _tile_groups(images: np.ndarray, size: int, n_columns: int) -> np.ndarray:
    """A mosaic of groups of ``size`` images each, a wider gap between the groups."""
    groups = images.reshape(-1, size, *images.shape[1:])
    lines = np.array([_tile(group, size) for group in groups])
    if size > 1:
        gap = [(0, 0)] * lines.ndim
        gap[2] = (0, max(1, images.shape[2] // 3))
        lines = np.pad(lines, gap, constant_values=np.nan)
    return _tile(lines, min(max(n_columns // size, 1), len(lines)))


@with_shared_entries
class SampleGridDisplay(Display):
    """Samples side by side: images as a mosaic, points in the plane against the data.

    With ``n_neighbors``, each image is followed by the rows of the data that are nearest to it: a
    model that copies its training data is seen at once.

    It is recommended to use :meth:`from_estimator` or :meth:`from_samples`.

    .. versionadded:: 0.1

    Parameters
    ----------
    samples : array-like of shape (n_samples, ...) or (n_samples, 2)
        Images, grey or with three or four channels last (one or three may come first); or points.
    X : array-like, default=None
        The data: points, drawn behind the samples; or images, the nearest of which are shown.
    n_neighbors : int, default=None
        Images only: how many rows of X follow each sample, those at the least Euclidean
        distance, nearest first. None: no row.
    n_columns : int, default=8
        Images in a row of the mosaic.
    name : str, default=None
        Title of the figure.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the samples.
    figure_ : matplotlib Figure
        Figure containing them.
    artist_ : matplotlib Artist
        The mosaic, or the points of the samples.
    data_ : matplotlib Artist or None
        The points of the data.
    distances_, indices_ : ndarray of shape (n_samples, n_neighbors), or None
        Euclidean distances of the rows of X that are shown, and their numbers.

    See Also
    --------
    DepthLossDisplay : Loss of a diffusion model by time.
    sksim.metrics.kernel_distance : How far samples are from data, as a number.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.inspection import SampleGridDisplay
    >>> images = np.random.RandomState(0).rand(10, 4, 4)
    >>> SampleGridDisplay(images, n_columns=5).plot().artist_.get_array().shape
    (9, 24)
    """

    def __init__(
        self,
        samples: ArrayLike,
        *,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        n_columns: int = 8,
        name: str | None = None,
    ) -> None:
        self.samples = samples
        self.X = X
        self.n_neighbors = n_neighbors
        self.n_columns = n_columns
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        n_samples: int = 64,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        image_shape: Sequence[int] | None = None,
        n_columns: int = 8,
        random_state: RandomState = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw samples from a fitted model, and show them.

        Parameters
        ----------
        estimator : estimator
            Fitted, with ``sample(n_samples, random_state=...)``.
        n_samples : int, default=64
            Number of samples.
        {X}
        n_neighbors : int, default=None
            How many rows of X follow each image; None: no row.
        image_shape : tuple, default=None
            Shape of a sample that is a row; None is the estimator's ``image_shape``.
        {n_columns}
        random_state : int, RandomState instance or None, default=None
            Draws the samples.
        name : str, default=None
            Title; None is the name of the class.
        {ax}
        **style : dict
            Keywords of matplotlib's ``imshow`` or ``scatter``. For images of an estimator with
            levels, ``vmin`` and ``vmax`` are the first and the last level.

        Returns
        -------
        {display}
        """
        samples = estimator.sample(n_samples, random_state=random_state)
        shape = getattr(estimator, "image_shape", None) if image_shape is None else image_shape
        if shape is not None and getattr(estimator, "n_levels_", None) is not None:
            first = estimator.loc_ - (estimator.n_levels_ - 1) / 2
            style = {"vmin": first, "vmax": first + estimator.n_levels_ - 1} | style
        name = type(estimator).__name__ if name is None else name
        return cls.from_samples(
            samples,
            X=X,
            n_neighbors=n_neighbors,
            image_shape=shape,
            n_columns=n_columns,
            name=name,
            ax=ax,
            **style,
        )

    @classmethod
    def from_samples(
        cls,
        samples: ArrayLike,
        *,
        X: ArrayLike | None = None,
        n_neighbors: int | None = None,
        image_shape: Sequence[int] | None = None,
        n_columns: int = 8,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Show samples that are drawn already, or images of a data set.

        Parameters
        ----------
        samples : array-like of shape (n_samples, ...) or (n_samples, n_features)
            Images or points, or images that are rows, if ``image_shape`` is given.
        {X}
        n_neighbors : int, default=None
            How many rows of X follow each image; None: no row.
        image_shape : tuple, default=None
            Shape of a sample that is a row; None takes the samples as they are.
        {n_columns}
        name : str, default=None
            Title; None is no title.
        {ax}
        **style : dict
            Keywords of matplotlib's ``imshow`` or ``scatter``, see :meth:`plot`.

        Returns
        -------
        {display}
        """
        if image_shape is not None:
            rows = np.asarray(samples)
            if math.prod(rows.shape[1:]) != math.prod(image_shape):
                raise ValueError(
                    f"samples must have the {math.prod(image_shape)} values of "
                    f"image_shape={tuple(image_shape)} each, got the shape {rows.shape}."
                )
            samples = rows.reshape(len(rows), *image_shape)
        made = cls(samples, X=X, n_neighbors=n_neighbors, n_columns=n_columns, name=name)
        return made.plot(ax, **style)

    def plot(self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any) -> Self:
        """Draw the samples.

        Parameters
        ----------
        {ax}
        name : str, default=None
            Title; None is that of the constructor.
        **style : dict
            Keywords of matplotlib's ``imshow`` or ``scatter``. Images with channels show the
            values from ``vmin`` to ``vmax``: if not given, 0 to 255 for integers, else 0 to 1.

        Returns
        -------
        display : SampleGridDisplay
            The display itself.
        """
        samples = check_named_array(
            self.samples, "samples", dtype=None, ensure_2d=False, allow_nd=True
        )
        if samples.ndim < 3 and samples.shape[1:] != (2,):
            raise ValueError(
                "samples must be images (n_samples, height, width, ...) or points (n_samples, 2), "
                f"got the shape {samples.shape}. Give image_shape for images that are rows."
            )
        name = self._start(ax, name)
        self.data_: PathCollection | None = None
        self.artist_: AxesImage | PathCollection
        self.distances_ = self.indices_ = None
        self._plot_images(samples, style) if samples.ndim > 2 else self._plot_points(samples, style)
        if name is not None:
            self.ax_.set_title(name)
        return self

    def _with_neighbors(self, images: np.ndarray) -> np.ndarray:
        """Each image and the rows of X that are nearest to it, (n (1 + n_neighbors), ...)."""
        if self.n_neighbors is None:
            return images
        if self.X is None:
            raise ValueError(f"n_neighbors={self.n_neighbors} needs X, the images to choose from.")
        X = check_named_array(self.X, "X", dtype=None, ensure_2d=False, allow_nd=True)
        if math.prod(X.shape[1:]) != math.prod(images.shape[1:]):
            raise ValueError(
                f"X must hold images of the shape {images.shape[1:]}, got the shape {X.shape}."
            )
        rows = X.reshape(len(X), -1)
        search = NearestNeighbors(n_neighbors=self.n_neighbors, algorithm="brute").fit(rows)
        self.distances_, self.indices_ = search.kneighbors(images.reshape(len(images), -1))
        nearest = X.reshape(len(X), *images.shape[1:])[self.indices_].astype(images.dtype)
        return np.concatenate([images[:, None], nearest], axis=1).reshape(-1, *images.shape[1:])

    def _plot_images(self, images: np.ndarray, style: dict[str, Any]) -> None:
        top = 255 if images.dtype.kind in "iu" else 1
        images = self._with_neighbors(images).astype(float)
        if images.ndim == 4:
            style = dict(style)
            images = np.moveaxis(images, 1, 3) if channels_come_first(images.shape[1:]) else images
            low, high = style.pop("vmin", 0), style.pop("vmax", top)
            images = ((images - low) / (high - low)).clip(0, 1)
            images = images[..., 0] if images.shape[3] == 1 else images
        mosaic = _tile_groups(images, 1 + (self.n_neighbors or 0), self.n_columns)
        mosaic = mosaic if mosaic.ndim == 2 else np.nan_to_num(mosaic, nan=1.0)
        options = {"cmap": "gray_r", "interpolation": "nearest"} | style
        self.artist_ = self.ax_.imshow(mosaic, **options)
        self.ax_.set_axis_off()

    def _plot_points(self, points: np.ndarray, style: dict[str, Any]) -> None:
        if self.X is not None:
            X = check_named_array(self.X, "X")
            if X.shape[1] != 2:
                raise ValueError(f"X must be points (n_samples, 2), got the shape {X.shape}.")
            x, y = X.T
            self.data_ = self.ax_.scatter(x, y, s=2, color="0.8", label="data")
        options: dict[str, Any] = {"s": 2, "label": "samples", **style}
        self.artist_ = self.ax_.scatter(points[:, 0], points[:, 1], **options)
        self.ax_.set_aspect("equal")
        self.ax_.legend()

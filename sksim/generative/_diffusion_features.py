"""Activations of a diffusion model at several times and blocks as a transformer."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sksim.generative._base import BaseDiffusion
from sksim.generative._model_inside import ModelTransformer
from sksim.utils._sklearn import HasMethods, Interval, StrOptions
from sksim.utils._typing import ArrayLike, FloatArray, RandomState

__all__ = ["DiffusionFeatures"]


class DiffusionFeatures(ModelTransformer):
    r"""Activations of the denoiser of a diffusion model, at any depth and block.

    A network that removes noise has to know what the data look like; what it knows can be read
    from its activations, best at a middle amount of noise and in a middle block [1]_ [2]_. The
    features of x are

    .. math:: \operatorname{pool} h_b(\alpha_t x_t, t),

    h_b being the activations inside block b at the time t, the depth. Several depths and blocks
    come from one model: a grid over them trains it once.

    Needs the ``torch`` extra: ``pip install 'sksim[torch]'``.

    .. versionadded:: 0.1

    Parameters
    ----------
    model : estimator, default=None
        A diffusion estimator, of which a copy is trained, or a fitted one inside
        :class:`sklearn.frozen.FrozenEstimator`. None: :class:`VariationalDiffusion`.

    depth : float or list of float, default=0.35
        Times in [0, 1]. Features of several are put side by side.

    layer : {"middle", "all"}, int or list of int, default="middle"
        Blocks of the denoiser, from 0, or from the end if negative. Features of several are put
        side by side, within a depth.

    pooling : {"avg", "max"} or int, default=2
        Of images: the average or the largest value over all pixels, or averages of so many fields
        in each direction. Tables are not pooled.

    n_draws : int, default=0
        Number of noisy inputs ``alpha_t x_t + sigma_t eps`` of which the features are averaged; the
        values of a row determine its noise. 0: the noise-free input.

    random_state : int, RandomState instance or None, default=None
        Seed of the noise, beside the values of the rows (None: the values alone), and of the
        training of the default model; other models have their own.

    Attributes
    ----------
    model_ : estimator
        The fitted model.

    depths_ : tuple of float
        The times.

    blocks_ : tuple of int
        The blocks.

    n_features_in_ : int
        Number of features.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if the training data had string names.

    See Also
    --------
    VariationalDiffusion.transform : One depth, the middle block.
    sksim.inspection.collect_activations : Activations of any torch network.

    Notes
    -----
    Time: for each depth one pass through the network, whatever the number of blocks (times
    ``n_draws``, if any). Memory: the features, and a batch of 64 rows.

    A grid search over depth and block around a frozen model trains nothing. The model has then
    seen the rows of all folds, though no labels; where that matters, fit it on other rows.

    At the greatest depth noisy inputs hold nothing, and a probe is at chance. The noise-free input
    is the data on a small scale, from which a linear probe still reads nearly as much as from the
    data: compare depths with it, not amounts of information.

    References
    ----------
    .. [1] S. Mukhopadhyay, M. Gwilliam, V. Agarwal, N. Padmanabhan, A. Swaminathan,
           S. Hegde, T. Zhou and A. Shrivastava (2023). Diffusion models beat GANs on image
           classification. arXiv:2307.08702.
    .. [2] W. Xiang, H. Yang, D. Huang and Y. Wang (2023). Denoising diffusion autoencoders are
           unified self-supervised learners. International Conference on Computer Vision.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.frozen import FrozenEstimator
    >>> from sksim.generative import DiffusionFeatures, VariationalDiffusion
    >>> X = np.random.RandomState(0).normal(3.0, 0.5, size=(100, 2))
    >>> model = VariationalDiffusion(max_epochs=2, random_state=0).fit(X)
    >>> features = DiffusionFeatures(FrozenEstimator(model), depth=[0.2, 0.5], layer="all")
    >>> features.fit_transform(X).shape
    (100, 512)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "model": [HasMethods(["fit"]), None],
        "depth": [Interval(Real, 0, 1, closed="both"), "array-like"],
        "layer": [StrOptions({"middle", "all"}), Integral, "array-like"],
        "pooling": [StrOptions({"avg", "max"}), Interval(Integral, 1, None, closed="left")],
        "n_draws": [Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        model: Any = None,
        depth: float | Sequence[float] = 0.35,
        layer: Literal["middle", "all"] | int | Sequence[int] = "middle",
        pooling: Literal["avg", "max"] | int = 2,
        *,
        n_draws: int = 0,
        random_state: RandomState = None,
    ) -> None:
        self.model = model
        self.depth = depth
        self.layer = layer
        self.pooling = pooling
        self.n_draws = n_draws
        self.random_state = random_state

    def _check_model(self, model: BaseDiffusion) -> None:
        from sksim._torch.diffusion._features import count_blocks, layered

        depths = tuple(float(t) for t in np.ravel(self.depth))
        if not depths or not all(0 <= t <= 1 for t in depths):
            raise ValueError(f"depth must be one or more times in [0, 1], got {self.depth!r}.")
        n_blocks = count_blocks(model._model, model._data.shape)
        blocks: list[Any] = np.ravel(self.layer).tolist()
        if self.layer == "middle":
            blocks = [layered(model._model.denoiser.network).middle]
        elif self.layer == "all":
            blocks = list(range(n_blocks))
        known = range(-n_blocks, n_blocks)
        if not blocks or not all(isinstance(b, Integral) and b in known for b in blocks):
            raise ValueError(
                f"layer must be 'middle', 'all', or one or more blocks from {-n_blocks} to "
                f"{n_blocks - 1}, got {self.layer!r}."
            )
        self.depths_, self.blocks_ = depths, tuple(b % n_blocks for b in blocks)

    def transform(self, X: ArrayLike) -> FloatArray:
        """The features of the data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features_out)
            Depth by depth, within a depth block by block:
            ``X_new.reshape(n_samples, len(depths_), len(blocks_), -1)`` takes them apart. float32
            for float32 input, else float64. Row i depends on row i only.
        """
        check_is_fitted(self)
        x, rows = self.model_._network_rows(X)
        features = self._pooled(x, rows)
        features = features if rows.dtype == np.float32 else features.astype(np.float64)
        return features.reshape(len(features), -1)

    def _pooled(self, x: FloatArray, rows: np.ndarray) -> FloatArray:
        """(n, n_depths, n_blocks, features of a block)."""
        from sksim._torch.diffusion._features import pooled_features

        return pooled_features(
            self.model_._model,
            x,
            rows,
            depths=self.depths_,
            blocks=self.blocks_,
            pooling=self.pooling,
            n_draws=self.n_draws,
            seed=self._seed,
        )

    @property
    def _n_features_out(self) -> int:
        data = self.model_._data
        x = np.zeros((1, *data.shape), dtype=np.float32)
        return int(self._pooled(x, x.reshape(1, -1)).size)

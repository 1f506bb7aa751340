"""InfoDiffusion: variational diffusion with a low-dimensional code that is not ignored."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import os
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sksim.generative._data import DataMap
from sksim.generative._docs import with_shared_parts
from sksim.generative._variational_diffusion import VariationalDiffusion
from sksim.utils._arrays import check_named_array
from sksim.utils._sklearn import Interval, StrOptions
from sksim.utils._typing import ArrayLike, FloatArray, RandomState

__all__ = ["InfoDiffusion"]


@with_shared_parts(
    representations='"code", "features"', encoded=", or the mean code", default='"code"'
)
@dataclass(eq=False, repr=False, kw_only=True)
class InfoDiffusion(VariationalDiffusion):
    r"""Density model by variational diffusion given a low-dimensional code of the data.

    The denoiser is told a code z of the data, drawn from
    :math:`q(z | x) = N(\mu(x), \operatorname{diag} s^2(x))`, in each of its blocks. The bound of
    the log-likelihood has a further term, the divergence of the code from its prior
    :math:`p(z) = N(0, I)`. The bound as a loss lets the denoiser ignore the code, as it can do
    nearly as well without; training therefore maximises, per sample and in nats [1]_,

    .. math::

        E_{q(z | x)}[\text{bound of } \log p(x | z)] - (1 - \zeta) D_{KL}(q(z | x) \,\|\, p(z))
        - (\lambda + \zeta - 1) D(q(z) \,\|\, p(z)),

    D being the squared maximum mean discrepancy of the codes of a batch and N(0, I), with the
    kernel :math:`\exp(-\|u - v\|^2 / d^2)`, d the number of components:

    .. math::

        \frac{1}{n^2} \sum_{ij} k(z_i, z_j)
        - \frac{2}{n} \Big(\frac{d^2}{d^2 + 2}\Big)^{d/2} \sum_i e^{-\|z_i\|^2 / (d^2 + 2)}
        + \Big(\frac{d^2}{d^2 + 4}\Big)^{d/2},

    whose means over the prior are exact. ``zeta=0, lambda_=1`` is the plain bound.

    Needs the ``torch`` extra: ``pip install 'sksim[torch]'``.

    .. versionadded:: 0.1

    Parameters
    ----------
    {shared}

    n_components : int, default=32
        Number of components d of the code.

    zeta : float, default=1.0
        What is taken off the weight of the divergence of each code; 0 leaves it, 1 removes it.

    lambda_ : float, default=100.0
        With ``zeta`` the weight ``lambda_ + zeta - 1`` of the discrepancy, which is not negative.

    encoder_params : dict, default=None
        ``network="mlp" | "conv"`` or a class, by default "mlp" for tables and "conv" for images,
        and its arguments, such as ``width``. A class of :class:`torch.nn.Module` is made as
        ``network(shape, n_outputs, ...)`` and called as ``network(x)``; its result (n, n_outputs),
        ``n_outputs = 2 * n_components``, holds the means and the log-variances plus 5, which are
        then bounded between -6 and 6: codes start narrow. A denoiser that is a class is called as
        ``network(z, t, code)``.

    conditioning : {"add", "film"}, default="add"
        A linear map of the code is added to the normalised activations of each block, or also
        scales them, as in [2]_.

    time_nested : bool, default=False
        At time t tell the first ``ceil(t d)`` components only, as in [3]_: the later ones hold
        what is lost in much noise alone.

    views : callable, default=None
        In training the encoder sees ``views(x)``, another view of the same data such as crops of
        an image or :class:`torch.nn.Dropout` of features, as in [2]_; x is a tensor (n, ...) in
        the units of the network. None: it sees x.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    VariationalDiffusion : The same without code.
    sklearn.decomposition.PCA : A linear code.

    Notes
    -----
    {notes}

    ``history_`` tells whether the code is used: ``train_kl``, the divergence in nats, and
    ``train_active``, how many components have means whose variance over the data is above 0.01,
    are both near zero for a code that has collapsed. ``train_mmd`` is the discrepancy.
    :meth:`score_samples` has the whole divergence whatever the weights, and stays a bound.

    For samples of codes that the data have, rather than of the prior, fit a density to the codes:
    ``model.sample(codes=GaussianMixture(10).fit(model.transform(X)).sample(100)[0])``.

    Of [3]_ this is the order of the code in time; that the diffusion model is trained before and
    frozen is not part of it.

    References
    ----------
    .. [1] Y. Wang, Y. Schiff, A. Gokaslan, W. Pan, F. Wang, C. De Sa and V. Kuleshov (2023).
           InfoDiffusion: representation learning using information maximizing diffusion models.
           International Conference on Machine Learning.
    .. [2] D. A. Hudson, D. Zoran, M. Malinowski, A. K. Lampinen, A. Jaegle, J. L. McClelland,
           L. Matthey, F. Hill and A. Lerchner (2024). SODA: bottleneck diffusion models for
           representation learning. Conference on Computer Vision and Pattern Recognition.
    .. [3] Z. Yue, J. Wang, Q. Sun, L. Ji, E. I.-C. Chang and H. Zhang (2024). Exploring diffusion
           time-steps for unsupervised representation learning. International Conference on Learning
           Representations.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.generative import InfoDiffusion
    >>> X = np.random.RandomState(0).normal(3.0, 0.5, size=(200, 4))
    >>> model = InfoDiffusion(n_components=2, max_epochs=2, random_state=0).fit(X)
    >>> model.transform(X).shape
    (200, 2)
    >>> model.set_params(n_score_steps=16).elbo_terms(X[:5]).shape
    (5, 4)
    >>> model.reconstruct(X[:5], random_state=0).shape
    (5, 4)
    """

    representation: str = "code"
    n_components: int = 32
    zeta: float = 1.0
    lambda_: float = 100.0
    encoder_params: dict[str, Any] | None = None
    conditioning: Literal["add", "film"] = "add"
    time_nested: bool = False
    views: Callable[[Any], Any] | None = None

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **VariationalDiffusion._parameter_constraints,
        "representation": [StrOptions({"code", "features"})],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "zeta": [Interval(Real, None, None, closed="neither")],
        "lambda_": [Interval(Real, None, None, closed="neither")],
        "encoder_params": [dict, None],
        "conditioning": [StrOptions({"add", "film"})],
        "time_nested": ["boolean"],
        "views": [callable, None],
    }

    def _make_spec(self, data: DataMap) -> Any:
        if self.lambda_ + self.zeta - 1 < 0:
            raise ValueError(
                "The weight lambda_ + zeta - 1 of the discrepancy must not be negative, got "
                f"lambda_={self.lambda_:g}, zeta={self.zeta:g}."
            )
        return super()._make_spec(data)

    def elbo_terms(self, X: ArrayLike) -> FloatArray:
        """The four terms of the negative bound for each sample, in nats.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.

        Returns
        -------
        terms : ndarray of shape (n_samples, 4)
            Prior, reconstruction and diffusion term given the code, and the divergence of the
            code from its prior, ``KL(q(z | x) || N(0, I))``.
        """
        return super().elbo_terms(X)

    def transform(self, X: ArrayLike) -> FloatArray:
        """The mean of the code, or activations of the denoiser that is told it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features_out)
            float32 for float32 input, else float64. Row i depends on row i only.
        """
        return self._codes(X) if self.representation == "code" else super().transform(X)

    def _codes(self, X: ArrayLike) -> FloatArray:
        return self._evaluate(lambda model, x: model.code(x), X)

    def sample(
        self,
        n_samples: int | None = None,
        random_state: RandomState = None,
        *,
        codes: ArrayLike | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> np.ndarray:
        """Draw samples from the model.

        Parameters
        ----------
        n_samples : int, default=None
            Number of samples. None: one, or one for each of the codes.
        random_state : int, RandomState instance or None, default=None
            Source of the codes and of the noise.
        codes : array-like of shape (n_samples, n_components), default=None
            What the samples are told. None: draws of the prior.
        checkpoint : str or path-like, default=None
            A file for the samples so far, as in :meth:`VariationalDiffusion.sample`.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features) or (n_samples, ...)
            Samples in the layout, type and units of the training data.

        Raises
        ------
        ValueError
            If ``n_samples`` is no positive integer, or not the number of the codes.
        """
        check_is_fitted(self, "net_")
        if codes is None:
            n = 1 if n_samples is None else n_samples
            if not isinstance(n, Integral) or n < 1:
                raise ValueError(f"n_samples must be a positive integer, got {n!r}.")
            rng = check_random_state(random_state)
            told = rng.standard_normal((n, self.n_components))
        else:
            told = self._check_codes(codes, n_samples)
        return self._sample(len(told), random_state, codes=told, checkpoint=checkpoint)

    def _check_codes(self, codes: ArrayLike, n_rows: int | None) -> FloatArray:
        told = check_named_array(codes, "codes", dtype=[np.float64, np.float32])
        if told.shape[1] != self.n_components or n_rows not in (None, len(told)):
            n = "n_samples" if n_rows is None else n_rows
            raise ValueError(
                f"codes must have the shape ({n}, {self.n_components}), got {told.shape}."
            )
        return told

    def reconstruct(self, X: ArrayLike, random_state: RandomState = None) -> np.ndarray:
        """Samples that are told the mean codes of the data: what the codes hold of them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.
        random_state : int, RandomState instance or None, default=None
            Source of the noise.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features) or (n_samples, ...)
            One sample for each row. With the noise of the rows too, by :meth:`to_latent` and
            :meth:`from_latent`, they would return as they were.
        """
        return self.sample(random_state=random_state, codes=self._codes(X))

    def from_latent(self, Z: ArrayLike, codes: ArrayLike | None = None) -> np.ndarray:
        """The data that the sampler makes from latents and codes.

        Parameters
        ----------
        Z : array-like of shape (n_samples, n_steps + 2, n_features)
            Latents of :meth:`to_latent`, which are those given the mean codes.
        codes : array-like of shape (n_samples, n_components), default=None
            The codes. Those of the same rows, from :meth:`transform`, make the inverse; those of
            other rows keep the noise and exchange what the code holds.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features) or (n_samples, ...)
            In the layout and the units of the training data.

        Raises
        ------
        ValueError
            Without codes, or if they or ``Z`` have another shape.
        """
        check_is_fitted(self, "net_")
        told = None if codes is None else self._check_codes(codes, None)
        latents = self._check_latents(Z)
        if told is None:
            raise ValueError("from_latent of InfoDiffusion needs codes=, those of transform.")
        return self._decode(latents, self._check_codes(told, len(latents)))

    @property
    def _n_features_out(self) -> int:
        return self.n_components if self.representation == "code" else super()._n_features_out

"""DiffEnc: variational diffusion with a learned, time-dependent encoder of the data."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar, Literal

from sksim.generative._base import BaseDiffusion
from sksim.generative._docs import with_shared_parts
from sksim.utils._sklearn import StrOptions
from sksim.utils._typing import ArrayLike, FloatArray

__all__ = ["DiffEnc"]


@with_shared_parts(representations='"features", "encoder"', encoded=", or the encoder's result")
@dataclass(eq=False, repr=False, kw_only=True)
class DiffEnc(BaseDiffusion):
    r"""Density model by variational diffusion with a learned encoder.

    The data are encoded [1]_ before the noise of variational diffusion [2]_ is added,
    ``z_t = alpha_t x_t + sigma_t eps`` with

    .. math:: x_t = \alpha_t^2 x + \sigma_t^2 y_\phi(x, t),

    so that :math:`x_0 \approx x` and :math:`x_1 \approx y_\phi(x, 1)`. The network predicts
    :math:`x_t`. With :math:`\lambda = \log(\alpha^2 / \sigma^2)`, the diffusion term in
    continuous time is

    .. math::

        \tfrac12 E_{t, \epsilon}\left[ \gamma_t' e^{-\gamma_t}
        \| \hat x - x_t + \sigma_t^2 \hat x - \mathrm{d}x_t / \mathrm{d}\lambda \|^2 \right].

    :math:`\sigma_t^2 \hat x` is the counterterm: the generative process cannot know the
    derivative of the encoder, and assumes that of the encoder without parameters. With or without
    it, the bound is a bound. With a perfect denoiser no encoder can beat plain variational
    diffusion by more than its prior term; what an encoder can gain is what the network's limits
    leave.

    Needs the ``torch`` extra: ``pip install 'sksim[torch]'``.

    .. versionadded:: 0.1

    Parameters
    ----------
    {shared}

    encoder : {"trainable", "nt", "identity"} or class, default="trainable"
        The encoder: a network y, no network (y = 0, "nt" for not trainable), ``x_t = x``, or a
        class of :class:`torch.nn.Module`, made as ``encoder(shape, **encoder_params)`` and called
        as ``y(x, t)`` with t (n,) in [0, 1]; row i of y may depend on row i only.

    encoder_params : dict, default=None
        Arguments of the encoder network; for ``encoder="trainable"`` also
        ``network="mlp" | "conv" | "unet"``, and ``reach``, the largest value of y: 1 for levels,
        which lie between -1 and 1, and 5 standard deviations for real numbers.

    encoder_init : {"zero", "identity"}, default="zero"
        What is added to the network's result to make y: nothing, or x itself. The built-in
        networks start at zero, so training starts at the "nt" encoder, or at ``x_t = x``.

    counterterm : bool, default=True
        Whether the generative process has the counterterm.

    Attributes
    ----------
    {attributes}

    See Also
    --------
    VariationalDiffusion : The same without encoder.

    Notes
    -----
    {notes}

    A training step evaluates the encoder two or three times (four times with both ``n_steps`` and
    a learned schedule), and takes its exact derivative in continuous time; it costs about twice a
    step of :class:`VariationalDiffusion`.

    References
    ----------
    .. [1] B. M. G. Nielsen, A. Christensen, A. Dittadi and O. Winther (2024). DiffEnc: variational
           diffusion with a learned encoder. International Conference on Learning Representations.
    .. [2] D. P. Kingma, T. Salimans, B. Poole and J. Ho (2021). Variational diffusion models.
           Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.generative import DiffEnc
    >>> X = np.random.RandomState(0).normal(3.0, 0.5, size=(200, 2))
    >>> model = DiffEnc(max_epochs=2, n_score_steps=64, random_state=0).fit(X)
    >>> model.elbo_terms(X[:5]).shape
    (5, 3)
    >>> bool(abs(model.encode(X, 0.0) - X).max() < 0.01)
    True
    """

    encoder: str | type = "trainable"
    encoder_params: dict[str, Any] | None = None
    encoder_init: Literal["zero", "identity"] = "zero"
    counterterm: bool = True

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseDiffusion._parameter_constraints,
        "representation": [StrOptions({"features", "encoder"})],
        "encoder": [str, type],
        "encoder_params": [dict, None],
        "encoder_init": [StrOptions({"zero", "identity"})],
        "counterterm": ["boolean"],
    }

    def encode(self, X: ArrayLike, t: float) -> FloatArray:
        """The encoded data x_t, in the units of ``X``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.
        t : float
            Time in [0, 1]; ``encode(X, 0)`` is nearly ``X``.

        Returns
        -------
        X_t : ndarray of shape (n_samples, n_features)
            float32 for float32 input, else float64; images as rows.

        Raises
        ------
        ValueError
            If ``t`` is outside of [0, 1].
        """
        if not (isinstance(t, Real) and 0 <= float(t) <= 1):
            raise ValueError(f"t must be a number in [0, 1], got {t!r}.")
        encoded = self._evaluate(lambda model, x: model.encode(x, t), X)
        return self._data.to_rows(encoded).astype(encoded.dtype)

    def transform(self, X: ArrayLike) -> FloatArray:
        """Activations of the denoiser, or the encoded data, at the time ``depth``.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, ...)
            The data.

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features_out)
            float32 for float32 input, else float64. Row i depends on row i only.
        """
        if self.representation == "encoder":
            return self.encode(X, self.depth)
        return super().transform(X)

    @property
    def _n_features_out(self) -> int:
        if self.representation == "encoder":
            return self._data.n_features
        return super()._n_features_out

"""The denoising autoencoder: the baseline of the learned encoders."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar, Literal

from sksim.encoders._base import DeepAutoencoder
from sksim.encoders._docs import with_shared_parts
from sksim.utils._sklearn import Interval, StrOptions

__all__ = ["DenoisingAutoencoder"]


@with_shared_parts
@dataclass(eq=False, repr=False, kw_only=True)
class DenoisingAutoencoder(DeepAutoencoder):
    r"""Autoencoder that restores rows from noisy ones, the baseline of the learned encoders.

    .. math:: \min_{f, g} E \lVert x - g(f(\tilde x)) \rVert^2, \qquad
              \tilde x = x + \sigma \epsilon, \quad \epsilon \sim N(0, I),

    with an encoder f into ``n_components`` dimensions, a decoder g and :math:`\sigma` the
    ``noise_level``, in standard deviations of each feature; or :math:`\tilde x` is x with that
    share of its values masked [1]_. Values in [0, 1] have their cross-entropy, summed over the
    features, for the squared error. :meth:`transform` gives f(x), without noise;
    ``noise_level=0`` is the plain autoencoder.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_components : int, default=16
        Number of latents.

    {training}

    {deep}

    noise : {"gaussian", "masking"}, default="gaussian"
        Normal noise, or values that become the mean of their feature.

    noise_level : float, default=0.1
        Standard deviation of the normal noise, in network units, or share of the values that
        are masked.

    Attributes
    ----------
    {attributes: ``effective_rank`` of the latents, which falls to 1 when they collapse, and
        ``fvu``, the fraction of variance unexplained}

    See Also
    --------
    sksim.generative.VariationalDiffusion : A density model with features.

    Notes
    -----
    {notes}

    References
    ----------
    .. [1] P. Vincent, H. Larochelle, Y. Bengio and P.-A. Manzagol (2008). Extracting and composing
           robust features with denoising autoencoders. International Conference on Machine
           Learning.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sksim.encoders import DenoisingAutoencoder
    >>> X = load_digits().data / 16
    >>> model = DenoisingAutoencoder(8, max_epochs=3, random_state=0).fit(X)
    >>> model.transform(X).shape, model.set_params(embedding="informative").transform(X).shape
    ((1797, 8), (1797, 256))
    """

    noise: Literal["gaussian", "masking"] = "gaussian"
    noise_level: float = 0.1

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **DeepAutoencoder._parameter_constraints,
        "noise": [StrOptions({"gaussian", "masking"})],
        "noise_level": [Interval(Real, 0, None, closed="left")],
    }

    @property
    def _network_class(self) -> Any:
        from sksim._torch.autoencoder._denoising import DenoisingNetwork

        return DenoisingNetwork

    def _settings(self) -> dict[str, Any]:
        if self.noise == "masking" and self.noise_level >= 1:
            raise ValueError(
                "noise_level must be below 1, the share of values that noise='masking' hides, "
                f"got {self.noise_level}."
            )
        return {"noise": self.noise, "noise_level": self.noise_level}

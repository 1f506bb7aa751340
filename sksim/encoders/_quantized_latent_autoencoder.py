"""Latents that each have a few values of their own, under strong weight decay."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sksim.encoders._base import DeepAutoencoder
from sksim.encoders._docs import with_shared_parts
from sksim.utils._sklearn import Interval
from sksim.utils._typing import ArrayLike, FloatArray, IntArray

__all__ = ["QuantizedLatentAutoencoder"]


@with_shared_parts
@dataclass(eq=False, repr=False)
class QuantizedLatentAutoencoder(DeepAutoencoder):
    r"""Autoencoder whose latents each take a few values of their own.

    Each latent :math:`z_j` of the encoder is replaced by the nearest of its :math:`n_v` values
    :math:`V_j`, which start evenly spaced from -0.5 to 0.5; the decoder sees
    :math:`q_j = \arg\min_{v \in V_j} |z_j - v|`, and its gradient goes straight through to z
    [1]_. The loss is

    .. math:: \text{reconstruction} + w_q \operatorname{mean}_j (\operatorname{sg}(z_j) - q_j)^2
              + w_c \operatorname{mean}_j (z_j - \operatorname{sg}(q_j))^2,

    sg stopping the gradient, with a strong decay of the weights of encoder and decoder. Few
    values and small weights are meant to let each latent follow one source of the data, which
    :func:`sksim.metrics.infomec` measures.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_components : int, default=8
        Number of latents.

    {training}

    {deep}

    n_values : int, default=12
        Values :math:`n_v` of each latent.

    learn_values : bool, default=True
        Whether the values are trained.

    quantization_weight : float, default=0.01
        Weight :math:`w_q` of the distance that moves the values.

    commitment_weight : float, default=0.01
        Weight :math:`w_c` of the distance that moves the encoder.

    Attributes
    ----------
    values_ : ndarray of shape (n_components, n_values)
        The values of each latent.

    {attributes: ``used_values`` of each latent, all 1 when they collapse, ``effective_rank`` of
        the values, and ``fvu``, the fraction of variance unexplained}

    See Also
    --------
    sksim.metrics.infomec : Modularity, explicitness and compactness of latents.
    sksim.datasets.make_factorial_latents : Data with known sources.
    DenoisingAutoencoder : Latents of any value.

    Notes
    -----
    The reconstruction error is the mean square, or for values in [0, 1] the cross-entropy summed
    over the features. The default weights 0.01 and the decay 0.1 are the published ones as far as
    they are remembered here, not read in the paper. The published gain in modularity was not seen
    on small factorial data: 0.43 to 0.66 over three seeds, against 0.50 to 0.81 of a plain
    autoencoder, with the decay or without it; see the example on quantised latents.

    Quantisation takes O(n_components n_values) time a row. {notes}

    References
    ----------
    .. [1] K. Hsu, W. Dorrell, J. C. R. Whittington, J. Wu and C. Finn (2023). Disentanglement via
           latent quantization. Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> from sksim.datasets import make_factorial_latents
    >>> from sksim.encoders import QuantizedLatentAutoencoder
    >>> X, sources = make_factorial_latents(300, random_state=0)
    >>> model = QuantizedLatentAutoencoder(4, n_values=5, max_epochs=3, random_state=0).fit(X)
    >>> model.transform(X).shape, int(model.encode_indices(X).max() < 5)
    ((300, 4), 1)
    """

    n_components: int | None = 8
    _: KW_ONLY
    weight_decay: float = 0.1
    n_values: int = 12
    learn_values: bool = True
    quantization_weight: float = 0.01
    commitment_weight: float = 0.01

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **DeepAutoencoder._parameter_constraints,
        "n_values": [Interval(Integral, 2, None, closed="left")],
        "learn_values": ["boolean"],
        "quantization_weight": [Interval(Real, 0, None, closed="left")],
        "commitment_weight": [Interval(Real, 0, None, closed="left")],
    }

    @property
    def _network_class(self) -> Any:
        from sksim._torch.autoencoder._quantized import QuantizedNetwork

        return QuantizedNetwork

    def _structure(self, n_features: int, likelihood: str) -> dict[str, Any]:
        own = {"n_values": self.n_values, "learn_values": self.learn_values}
        return super()._structure(n_features, likelihood) | own

    def _settings(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("quantization_weight", "commitment_weight")}

    def encode_indices(self, X: ArrayLike) -> IntArray:
        """Index of the value of each latent.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The data.

        Returns
        -------
        indices : ndarray of int of shape (n_samples, n_components)
            ``values_[j, indices[i, j]]`` is what :meth:`transform` gives for row i and latent j.
        """
        x, _ = self._network_rows(X)
        return self._infer(lambda model, part: model.indices(part), x).astype(np.int64)

    @property
    def values_(self) -> FloatArray:
        """The values of each latent."""
        check_is_fitted(self, "net_")
        return self.net_.module_.values.detach().cpu().numpy().astype(np.float64)

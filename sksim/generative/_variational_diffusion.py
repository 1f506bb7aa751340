"""Variational diffusion: a density model that is trained by denoising."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.generative._base import BaseDiffusion
from sksim.generative._docs import with_shared_parts

__all__ = ["VariationalDiffusion"]


@with_shared_parts()
class VariationalDiffusion(BaseDiffusion):
    r"""Density model by variational diffusion.

    Noise is added to x by ``z_t = alpha_t x + sigma_t eps`` with ``alpha_t^2 + sigma_t^2 = 1`` and
    ``gamma_t = log(sigma_t^2 / alpha_t^2)`` growing in t; a network learns to remove it. In
    continuous time

    .. math::

        -\log p(x) \le
        \underbrace{D_{KL}(q(z_1 | x) \,\|\, N(0, I))}_{\text{prior}}
        + \underbrace{E[-\log p(x | z_0)]}_{\text{reconstruction}}
        + \underbrace{\tfrac12 E_{t, \epsilon}
          [\gamma_t' \|\epsilon - \hat\epsilon(z_t, t)\|^2]}_{\text{diffusion}},

    summed over the D features, in nats. The estimator is a density (:meth:`score_samples`), a
    sampler (:meth:`sample`) and a transformer (the activations of the denoiser).

    Needs the ``torch`` extra: ``pip install 'sksim[torch]'``.

    .. versionadded:: 0.1

    Parameters
    ----------
    {shared}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    DiffEnc : The same with a learned encoder of the data.
    sklearn.neighbors.KernelDensity : Density by kernels.
    sklearn.mixture.GaussianMixture : Density by a mixture.

    Notes
    -----
    {notes}

    References
    ----------
    .. [1] D. P. Kingma, T. Salimans, B. Poole and J. Ho (2021). Variational diffusion models.
           Advances in Neural Information Processing Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.generative import VariationalDiffusion
    >>> X = np.random.RandomState(0).normal(3.0, 0.5, size=(200, 2))
    >>> model = VariationalDiffusion(max_epochs=2, n_score_steps=64, random_state=0)
    >>> model.fit(X).score_samples(X[:5]).shape
    (5,)
    >>> model.sample(3, random_state=0).shape
    (3, 2)
    """

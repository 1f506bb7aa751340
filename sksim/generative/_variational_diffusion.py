"""Variational diffusion: a density model that is trained by denoising."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.generative._base import BaseDiffusion
from sksim.generative._docs import with_shared_parameters

__all__ = ["VariationalDiffusion"]


@with_shared_parameters
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

    def __init__(
        self,
        denoiser="auto",
        *,
        denoiser_params=None,
        prediction="v",
        schedule="linear",
        gamma_min="auto",
        gamma_max=5.0,
        n_steps=None,
        variance="equal",
        likelihood="auto",
        n_levels=None,
        image_shape=None,
        max_epochs=20,
        batch_size=128,
        lr=2e-4,
        weight_decay=0.01,
        ema_decay=0.9999,
        warmup_steps=100,
        clip_norm=None,
        validation_fraction=None,
        early_stopping=False,
        n_score_steps=128,
        n_sample_steps=250,
        representation="features",
        depth=0.35,
        device="auto",
        precision="32",
        compile=False,
        callbacks=None,
        warm_start=False,
        verbose=0,
        random_state=None,
    ):
        self.denoiser = denoiser
        self.denoiser_params = denoiser_params
        self.prediction = prediction
        self.schedule = schedule
        self.gamma_min = gamma_min
        self.gamma_max = gamma_max
        self.n_steps = n_steps
        self.variance = variance
        self.likelihood = likelihood
        self.n_levels = n_levels
        self.image_shape = image_shape
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.ema_decay = ema_decay
        self.warmup_steps = warmup_steps
        self.clip_norm = clip_norm
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.n_score_steps = n_score_steps
        self.n_sample_steps = n_sample_steps
        self.representation = representation
        self.depth = depth
        self.device = device
        self.precision = precision
        self.compile = compile
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    def _encoder_spec(self) -> dict:
        return {
            "encoder": "identity",
            "encoder_params": None,
            "encoder_init": "identity",
            "counterterm": False,
        }

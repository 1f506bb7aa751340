"""The variational diffusion model with an encoder: three terms of the bound, and sampling.

The data x are encoded, ``x_t = encoder(x, t)``, and noised, ``z_t = alpha_t x_t + sigma_t eps``.
The reverse process from t to s < t has, with ``c = 1 - SNR_t / SNR_s``,

    mean_Q = (alpha_s / alpha_t) (1 - c) z_t + alpha_s c x_t + alpha_s (x_s - x_t)
    mean_P = (alpha_s / alpha_t) (1 - c) z_t + alpha_s (c + (gamma_t - gamma_s) sigma_t^2) x^

and the variances ``var_Q = c sigma_s^2`` and ``var_P = var_Q / w``. ``x^`` is the denoiser's
prediction of x_t; the second part of its factor is the counterterm. Kingma et al. (2021) is the
case without encoder and counterterm, Nielsen et al. (2024) the general one.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Iterable, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from sksim._torch._random import generator
from sksim._torch.diffusion._encoders import TrainableEncoder, encode_pair, same_shape
from sksim._torch.diffusion._layers import expand
from sksim._torch.diffusion._protocols import (
    Encoder,
    Encoding,
    FeatureDenoiser,
    LayeredDenoiser,
    Likelihood,
    Schedule,
    missing_parts,
)
from sksim._torch.diffusion._schedules import alpha_sigma, stratified_times

__all__ = ["Denoiser", "Diffusion", "ratio_penalty"]

_VALIDATION_DRAWS = 8


def _sum_squares(values: Tensor) -> Tensor:
    return values.square().flatten(1).sum(1)


def ratio_penalty(ratio: float | np.ndarray, n_features: int) -> float | np.ndarray:
    """``(D/2) (w - 1 - ln w)`` nats: what a ratio of variances w costs in each step."""
    return 0.5 * n_features * (ratio - 1 - np.log(ratio))


class Denoiser(nn.Module):
    """A network and its skip connection: predicts ``v`` from z.

    Parameters
    ----------
    network : torch.nn.Module
        Called as ``network(z, t)``, t (n,) in [0, 1].
    gamma_min, gamma_max : float
        The time given to the network is ``(gamma - gamma_min) / (gamma_max - gamma_min)``.
    prediction : {"v", "eps", "x"}, default="v"
        What network and skip connection predict.
    skip : {"gaussian", "identity", "none"}, default="gaussian"
        Add the best linear prediction for data of the given second moment, and scale the
        network's output by the error it leaves; or add z itself as the papers do; or nothing.
    precision : {"32", "bf16"}, default="32"
        Precision inside the network; everything around it is in single precision.
    """

    def __init__(
        self,
        network: nn.Module,
        gamma_min: float,
        gamma_max: float,
        prediction: str = "v",
        skip: str = "gaussian",
        precision: str = "32",
    ) -> None:
        super().__init__()
        self.network = network
        self.gamma_min = gamma_min
        self.span = gamma_max - gamma_min
        self.prediction = prediction
        self.skip = skip
        self.precision = precision

    def position(self, gamma: Tensor) -> Tensor:
        """The time that the network sees."""
        return (gamma - self.gamma_min) / self.span

    def forward(
        self, z: Tensor, gamma: Tensor, moment: Tensor, code: Tensor | None = None
    ) -> Tensor:
        """Prediction of v, (n, *shape), for data of the given second moments (n,)."""
        alpha, sigma = alpha_sigma(expand(gamma, z))
        with torch.autocast(z.device.type, torch.bfloat16, enabled=self.precision == "bf16"):
            told = () if code is None else (code,)
            output = self.network(z, self.position(gamma), *told)
        output = same_shape(output, z, "denoiser").to(z.dtype)
        if self.skip == "gaussian":
            moment = expand(moment, z)
            variance = alpha**2 * moment + sigma**2
            eps, x = sigma / variance, alpha * moment / variance
            linear = {"eps": eps, "x": x, "v": alpha * eps - sigma * x}
            output = linear[self.prediction] * z + (moment / variance).sqrt() * output
        elif self.skip == "identity":
            output = output + z
        if self.prediction == "eps":
            return (output - sigma * z) / alpha
        return (alpha * z - output) / sigma if self.prediction == "x" else output

    def extra_repr(self) -> str:
        return f"prediction={self.prediction}, skip={self.skip}, precision={self.precision}"


class Diffusion(nn.Module):
    """The model: ``forward(x)`` gives the prior, reconstruction and diffusion terms, (n, 3) nats.

    Parameters
    ----------
    denoiser : Denoiser
        Predicts v.
    encoder, schedule, likelihood : torch.nn.Module
        The other parts, each with what the protocol of its name asks for.
    second_moment : float
        Mean of x^2 over the training data, for the Gaussian skip connection.
    counterterm : bool
        Whether the generative mean has its last term.
    n_steps : int or None
        Depth in training; None is continuous time.
    ratio : float, default=1.0
        ``w = var_Q / var_P`` in training; one in continuous time.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        encoder: Encoder,
        schedule: Schedule,
        likelihood: Likelihood,
        *,
        second_moment: float,
        counterterm: bool,
        n_steps: int | None,
        ratio: float = 1.0,
    ) -> None:
        super().__init__()
        self.denoiser = denoiser
        self.encoder = encoder
        self.schedule = schedule
        self.likelihood = likelihood
        self.second_moment = second_moment
        self.counterterm = counterterm
        self.n_steps = n_steps
        self.ratio = ratio

    #: Names of the columns of :meth:`forward`, and the weights of those beyond the bound's three.
    terms: tuple[str, ...] = ("prior", "reconstruction", "diffusion")
    weights: tuple[float, ...] = ()
    n_code = 0

    def code(self, x: Tensor, noise: Tensor | None = None) -> Tensor | None:
        """What the denoiser is told of x: nothing."""
        return None

    def code_cost(self, x: Tensor) -> Tensor:
        """Nats that the code adds to the bound, (n, 0) where there is none."""
        return x.new_zeros(len(x), 0)

    def visible(self, code: Tensor | None, gamma: Tensor) -> Tensor | None:
        """What of the code is told at the time."""
        return code

    def velocity(self, z: Tensor, gamma: Tensor, code: Tensor | None = None) -> Tensor:
        """Prediction of v."""
        moment = self.second_moment * self.encoder.second_moment(gamma)
        return self.denoiser(z, gamma, moment, self.visible(code, gamma))

    def _gamma(self, x: Tensor, t: float) -> Tensor:
        """gamma(t) for each row of x."""
        return self.schedule(torch.full((len(x),), t, device=x.device, dtype=x.dtype))

    def prior(self, x: Tensor) -> Tensor:
        """KL(q(z_1 | x) || N(0, I)), (n,)."""
        gamma = self._gamma(x, 1.0)
        return self._prior_of(self.encoder.encode(x, gamma), gamma)

    def _prior_of(self, x_1: Tensor, gamma: Tensor) -> Tensor:
        alpha2 = torch.sigmoid(-gamma)
        # sigma^2 - 1 - ln sigma^2, about alpha^4 / 2: differences from one would leave no digit.
        spread = -alpha2 - nn.functional.logsigmoid(gamma)
        return 0.5 * (alpha2 * _sum_squares(x_1) + x_1[0].numel() * spread)

    def reconstruction(self, x: Tensor, eps: Tensor, *, encoded: bool = True) -> Tensor:
        """-log p(x | z_0) at ``z_0 / alpha_0 = x_0 + exp(gamma_0 / 2) eps``, (n,).

        ``encoded=False`` takes x for x_0.
        """
        gamma = self._gamma(x, 0.0)
        x_0 = self.encoder.encode(x, gamma) if encoded else x
        return self.likelihood.nll(x, x_0 + torch.exp(expand(gamma, x) / 2) * eps, gamma[0])

    def rate(self, x: Tensor, t: Tensor, eps: Tensor, code: Tensor | None = None) -> Tensor:
        """Diffusion term in continuous time, an unbiased draw at each t, (n,).

        ``(1/2) gamma' alpha^2 |v - v^ + sigma (x^ - u)|^2``, u the drift of the encoder.
        """
        gamma = self.schedule(t)
        return self._rate_of(self.encoder(x, gamma), gamma, t, eps, code)

    def _rate_of(
        self, encoding: Encoding, gamma: Tensor, t: Tensor, eps: Tensor, code: Tensor | None
    ) -> Tensor:
        x_t, drift = encoding
        alpha, sigma = alpha_sigma(expand(gamma, x_t))
        z = alpha * x_t + sigma * eps
        v_hat = self.velocity(z, gamma, code)
        pull = alpha * z - sigma * v_hat if self.counterterm else 0.0
        residual = alpha * eps - sigma * x_t - v_hat + sigma * (pull - drift)
        return 0.5 * self.schedule.slope(t) * torch.sigmoid(-gamma) * _sum_squares(residual)

    def step_loss(
        self, x: Tensor, s: Tensor, t: Tensor, eps: Tensor, code: Tensor | None = None
    ) -> Tensor:
        """KL of one step from t to s with equal variances, (n,)."""
        gamma_s, gamma_t = self.schedule(s), self.schedule(t)
        alpha, sigma = alpha_sigma(expand(gamma_t, x))
        c = -torch.expm1(gamma_s - gamma_t)  # 1 - SNR_t / SNR_s, exact for near times too
        x_s, x_t = encode_pair(self.encoder, x, gamma_s, gamma_t)
        z = alpha * x_t + sigma * eps
        v_hat = self.velocity(z, gamma_t, code)
        gap = expand(c, x) * sigma * (alpha * eps - sigma * x_t - v_hat) - (x_s - x_t)
        if self.counterterm:
            gap = gap + expand(gamma_t - gamma_s, x) * sigma**2 * (alpha * z - sigma * v_hat)
        return 0.5 * torch.exp(-gamma_s) / c * _sum_squares(gap)

    def _diffusion(self, x: Tensor, u: Tensor, eps: Tensor, code: Tensor | None) -> Tensor:
        """Diffusion term at times u in continuous time, or at the steps that hold them."""
        if self.n_steps is None:
            return self.rate(x, u, eps, code)
        index = torch.floor(u * self.n_steps).clamp(max=self.n_steps - 1)
        loss = self.step_loss(x, index / self.n_steps, (index + 1) / self.n_steps, eps, code)
        penalty = float(ratio_penalty(self.ratio, x[0].numel()))
        return self.n_steps * (self.ratio * loss + penalty)

    def forward(self, x: Tensor) -> Tensor:
        return self.training_terms(x) if self.training else self.validation_terms(x)

    def training_terms(self, x: Tensor, code: Tensor | None = None) -> Tensor:
        """The three terms with fresh noise, given the code."""
        draws = generator(x.device)
        start = torch.rand((), generator=draws, device=x.device, dtype=x.dtype)
        eps = torch.empty_like(x).normal_(generator=draws)
        times = stratified_times(len(x), start)
        prior, diffusion = self._prior_and_diffusion(x, times, eps, code)
        # With a fixed schedule the reconstruction has nothing to learn: no encoding for it.
        learned = self.schedule.learned
        eps = torch.empty_like(x).normal_(generator=draws)
        reconstruction = self.reconstruction(x, eps, encoded=learned)
        prior = self.prior(x) if prior is None else prior
        return torch.stack([prior, reconstruction, diffusion], dim=1)

    def _prior_and_diffusion(
        self, x: Tensor, t: Tensor, eps: Tensor, code: Tensor | None
    ) -> tuple[Tensor | None, Tensor]:
        """Both terms, if an encoder makes x_t and x_1 for less than one after the other."""
        encoder = self.encoder
        if self.n_steps is not None or not (
            isinstance(encoder, TrainableEncoder) and encoder.shares_trunk()
        ):
            return None, self._diffusion(x, t, eps, code)
        gamma, end = self.schedule(t), self._gamma(x, 1.0)
        encoding, x_1 = encoder.with_end(x, gamma, end)
        return self._prior_of(x_1, end), self._rate_of(encoding, gamma, t, eps, code)

    def validation_terms(self, x: Tensor, n_draws: int = _VALIDATION_DRAWS) -> Tensor:
        """The same noise in every call, so that epochs can be compared."""
        generator = torch.Generator().manual_seed(0)
        total = x.new_zeros(len(x), 2)
        for draw in range(n_draws):
            start = x.new_tensor((draw + 0.5) / (n_draws * len(x)))
            eps, eps0 = (torch.randn(x.shape, generator=generator).to(x) for _ in range(2))
            code = self.code(x, torch.randn(len(x), self.n_code, generator=generator).to(x))
            diffusion = self._diffusion(x, stratified_times(len(x), start), eps, code)
            total = total + torch.stack([self.reconstruction(x, eps0), diffusion], dim=1)
        return torch.cat([self.prior(x).unsqueeze(1), total / n_draws], dim=1)

    def reverse_step(
        self, z: Tensor, s: Tensor, t: Tensor, code: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """mean_P (n, ...) and var_Q (scalar) from time t to s (scalars)."""
        gamma_s, gamma_t = self.schedule(s), self.schedule(t)
        (alpha_s, sigma_s), (alpha, sigma) = alpha_sigma(gamma_s), alpha_sigma(gamma_t)
        c = -torch.expm1(gamma_s - gamma_t)
        x_hat = alpha * z - sigma * self.velocity(z, gamma_t.expand(len(z)), code)
        counter = (gamma_t - gamma_s) * sigma**2 if self.counterterm else 0.0
        return alpha_s / alpha * (1 - c) * z + alpha_s * (c + counter) * x_hat, c * sigma_s**2

    def sample(
        self,
        noise: Callable[[], Tensor],
        times: Tensor,
        ratio: Tensor,
        watch: Callable[[Iterable[int]], Iterable[int]] = iter,
        code: Tensor | None = None,
    ) -> Tensor:
        """Ancestral samples: most likely x after stepping down the ``times`` (T + 1,).

        ``noise()`` draws standard normal values (n, *shape), ``ratio`` (T,) is w of each step.
        """
        z = noise()
        for i in watch(range(len(times) - 2, -1, -1)):
            mean, variance = self.reverse_step(z, times[i], times[i + 1], code)
            z = mean + (variance / ratio[i]).sqrt() * noise()
        gamma = self.schedule(times[0])
        return self.likelihood.mode(z / torch.sigmoid(-gamma).sqrt(), gamma)

    def features(self, x: Tensor, t: float) -> Tensor:
        """Activations of the denoiser at the noise-free ``alpha_t x_t``, (n, n_features)."""
        network = self.denoiser.network
        if not isinstance(network, FeatureDenoiser):
            missing = " and ".join(missing_parts(network, FeatureDenoiser))
            raise ValueError(
                f"Features need a denoiser with {missing}; {type(network).__name__} has none."
            )
        return network.features(*self._at(x, t))

    def _at(self, x: Tensor, t: float, eps: Tensor | None = None) -> tuple[Tensor, ...]:
        """What the network sees at time t: ``alpha_t x_t``, with noise or without, time, code."""
        gamma = self._gamma(x, t)
        alpha, sigma = alpha_sigma(expand(gamma, x))
        z = alpha * self.encoder.encode(x, gamma)
        z = z if eps is None else z + sigma * eps
        code = self.visible(self.code(x), gamma)
        told = () if code is None else (code,)
        return z, self.denoiser.position(gamma), *told

    def block_activations(
        self, x: Tensor, t: float, blocks: Sequence[int], eps: Tensor | None = None
    ) -> list[Tensor]:
        """Activations inside some blocks, in their order, by one pass through the network."""
        network = cast(LayeredDenoiser, self.denoiser.network)
        found: dict[int, Tensor] = {}
        for i, hidden in enumerate(network.activations(*self._at(x, t, eps))):
            found[i] = hidden
            if i == max(blocks):
                break
        return [found[i] for i in blocks]

    def encode(self, x: Tensor, t: float) -> Tensor:
        """x_t, the shape of x."""
        return self.encoder.encode(x, self._gamma(x, t))

    def extra_repr(self) -> str:
        return f"counterterm={self.counterterm}, n_steps={self.n_steps}, ratio={self.ratio:g}"

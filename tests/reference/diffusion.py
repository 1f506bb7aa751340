"""Literal, slow formulas of variational diffusion with an encoder, in float64.

gamma = -log SNR increases in time; alpha^2 = 1 / (1 + e^gamma), sigma^2 = 1 / (1 + e^-gamma).
The loops go over samples; everything is summed over the features of a sample, in nats.
Kingma, Salimans, Poole, Ho: Variational diffusion models (2021);
Nielsen, Christensen, Dittadi, Winther: DiffEnc (2024).
"""

import itertools
import math

import numpy as np


def alpha(gamma):
    return math.sqrt(1 / (1 + math.exp(gamma)))


def sigma(gamma):
    return math.sqrt(1 / (1 + math.exp(-gamma)))


def snr(gamma):
    return math.exp(-gamma)


def posterior(z_t, x_s, x_t, gamma_s, gamma_t):
    """Mean and variance of q(z_s | z_t, x): the product of two Gaussians, plus the mean shift."""
    alpha_ts = alpha(gamma_t) / alpha(gamma_s)
    var_ts = sigma(gamma_t) ** 2 - alpha_ts**2 * sigma(gamma_s) ** 2
    mean = alpha_ts * sigma(gamma_s) ** 2 / sigma(gamma_t) ** 2 * z_t
    mean = mean + alpha(gamma_s) * var_ts / sigma(gamma_t) ** 2 * x_t
    mean = mean + alpha(gamma_s) * (x_s - x_t)
    return mean, var_ts * sigma(gamma_s) ** 2 / sigma(gamma_t) ** 2


def generative_mean(z_t, x_hat, gamma_s, gamma_t, counterterm):
    """Mean of p(z_s | z_t): x_hat for x_t, and sigma_t^2 x_hat for the encoder's derivative."""
    mean, _ = posterior(z_t, x_hat, x_hat, gamma_s, gamma_t)
    if counterterm:
        lambda_s, lambda_t = -gamma_s, -gamma_t
        mean = mean + alpha(gamma_s) * (lambda_s - lambda_t) * sigma(gamma_t) ** 2 * x_hat
    return mean


def latents(chain, x, gammas, x_hat):
    """z_1, eps_T, ..., eps_1, eps_0 of a chain z_1, ..., z_0; gammas of the times 0 to 1, w = 1."""
    found, z = [chain[0]], chain[0]
    for k, z_s in enumerate(chain[1:]):
        gamma_s, gamma_t = gammas[-2 - k], gammas[-1 - k]
        mean = generative_mean(z, x_hat(z, gamma_t), gamma_s, gamma_t, counterterm=False)
        found.append((z_s - mean) / math.sqrt(posterior(z, 0, 0, gamma_s, gamma_t)[1]))
        z = z_s
    return [*found, (z - alpha(gammas[0]) * x) / sigma(gammas[0])]


def discrepancy(codes, others):
    """Biased squared maximum mean discrepancy, kernel exp(-|u - v|^2 / d^2)."""

    def mean_kernel(a, b):
        d = np.shape(a)[1]
        total = sum(math.exp(-np.sum(np.subtract(u, v) ** 2) / d**2) for u in a for v in b)
        return total / (len(a) * len(b))

    return mean_kernel(codes, codes) - 2 * mean_kernel(codes, others) + mean_kernel(others, others)


def gaussian_code_divergence(mean, variance):
    """KL(N(mean, diag variance) || N(0, I))."""
    return sum(0.5 * (m**2 + s2 - 1 - math.log(s2)) for m, s2 in zip(mean, variance))


def gaussian_kl(mean_q, var_q, mean_p, var_p):
    """KL of two isotropic Gaussians."""
    n_features = np.size(mean_q)
    squares = float(np.sum((mean_q - mean_p) ** 2))
    logs = n_features * math.log(var_p / var_q)
    return 0.5 * (n_features * var_q / var_p + squares / var_p - n_features + logs)


def step_kl(z_t, x_s, x_t, x_hat, gamma_s, gamma_t, *, counterterm, ratio=1.0):
    """KL(q(z_s | z_t, x) || p(z_s | z_t)) with var_P = var_Q / ratio."""
    mean_q, var_q = posterior(z_t, x_s, x_t, gamma_s, gamma_t)
    mean_p = generative_mean(z_t, x_hat, gamma_s, gamma_t, counterterm)
    return gaussian_kl(mean_q, var_q, mean_p, var_q / ratio)


def continuous_loss(x_t, dx_dlambda, x_hat, gamma, slope, *, counterterm):
    """Limit of the steps: 1/2 gamma' e^-gamma |x_hat - x_t + [sigma^2 x_hat] - dx_t/dlambda|^2."""
    residual = x_hat - x_t - dx_dlambda
    if counterterm:
        residual = residual + sigma(gamma) ** 2 * x_hat
    return 0.5 * slope * math.exp(-gamma) * float(np.sum(residual**2))


def optimal_gaussian_denoiser(z, gamma, s2):
    """E[x | z] for x ~ N(0, s2)."""
    return alpha(gamma) * s2 * z / (alpha(gamma) ** 2 * s2 + sigma(gamma) ** 2)


def gaussian_diffusion_loss(s2, gamma_0, gamma_1):
    """Continuous loss of the optimal denoiser on N(0, s2), nats per feature."""
    return 0.5 * math.log((1 + s2 * math.exp(-gamma_0)) / (1 + s2 * math.exp(-gamma_1)))


def gaussian_step_losses(s2, gammas):
    """Equal-variance step losses of the optimal denoiser on N(0, s2), nats per feature."""
    losses = []
    for gamma_s, gamma_t in itertools.pairwise(gammas):
        error = s2 * sigma(gamma_t) ** 2 / (alpha(gamma_t) ** 2 * s2 + sigma(gamma_t) ** 2)
        losses.append(0.5 * (snr(gamma_s) - snr(gamma_t)) * error)
    return np.array(losses)


def optimal_ratio(step_loss, n_features):
    """w that minimises (D/2)(w - 1 - ln w) + w L."""
    return 1 / (1 + 2 * step_loss / n_features)


def ratio_penalty(ratio, n_features):
    return 0.5 * n_features * (ratio - 1 - math.log(ratio))


def prior_term(x_1, gamma_1):
    """KL(N(alpha_1 x_1, sigma_1^2) || N(0, I))."""
    return gaussian_kl(alpha(gamma_1) * x_1, sigma(gamma_1) ** 2, 0 * x_1, 1.0)


def levels(n_levels):
    return np.array([2 * (k + 0.5) / n_levels - 1 for k in range(n_levels)])


def categorical_nll(index, z, gamma_0, n_levels):
    """-sum_d log softmax_k(-((z_d - x_k) e^(-gamma_0/2))^2 / 2)[k_d]."""
    total = 0.0
    for k, value in zip(np.ravel(index), np.ravel(z)):
        logits = [-0.5 * ((value - x) * math.exp(-gamma_0 / 2)) ** 2 for x in levels(n_levels)]
        largest = max(logits)
        total -= logits[k] - largest - math.log(sum(math.exp(v - largest) for v in logits))
    return total


def gaussian_nll(x, z, gamma_0):
    """-log N(x; z, e^gamma_0)."""
    return float(
        np.sum(
            0.5 * math.log(2 * math.pi)
            + 0.5 * gamma_0
            + 0.5 * ((x - z) * math.exp(-gamma_0 / 2)) ** 2
        )
    )

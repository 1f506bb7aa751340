"""Networks of the user: what they return is the prediction, and the loss is the formula's."""

import itertools
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim.generative import DiffEnc, VariationalDiffusion
from tests.reference import diffusion as oracle

GAMMA_0, GAMMA_1 = -10.0, 5.0


def signal(t, z):
    """alpha and sigma at the times t, like z."""
    gamma = (GAMMA_0 + (GAMMA_1 - GAMMA_0) * t).reshape(-1, *[1] * (z.ndim - 1))
    return torch.sigmoid(-gamma).sqrt(), torch.sigmoid(gamma).sqrt()


class Optimal(torch.nn.Module):
    """E[. | z] for x ~ N(0, 1), where Var z = 1; x itself is predicted as ``factor`` of that."""

    def __init__(self, shape, kind, rescaled=False):
        super().__init__()
        self.kind, self.rescaled = kind, rescaled
        self.unused = torch.nn.Parameter(torch.zeros(()))

    def forward(self, z, t):
        alpha, sigma = signal(t, z)
        factor = {"eps": sigma, "x": alpha, "v": 0 * alpha}[self.kind]
        factor = factor * (1 + sigma**2) if self.rescaled else factor
        return factor * z + 0 * self.unused


@pytest.fixture
def rows(rng):
    return rng.standard_normal((300, 2)) * [0.5, 3] + 2


def fit(X, kind="x", Model=VariationalDiffusion, rescaled=False, **options):
    params = {"kind": kind, "rescaled": rescaled}
    options = {"max_epochs": 1, "n_score_steps": 128, "random_state": 0} | options
    return Model(Optimal, denoiser_params=params, prediction=kind, **options).fit(X)


@pytest.mark.parametrize("kind", ["v", "eps", "x"])
def test_the_optimal_denoiser_reaches_the_entropy(rows, kind):
    model = fit(rows, kind)
    diffusion = model.elbo_terms(rows)[:, 2].mean()
    assert diffusion == pytest.approx(2 * oracle.gaussian_diffusion_loss(1, -10, 5), abs=0.15)
    entropy = math.log(2 * math.pi * math.e) + np.log(rows.std(axis=0)).sum()
    assert -model.score(rows) == pytest.approx(entropy, abs=0.15)


@pytest.mark.parametrize("variance", ["equal", "optimal", 0.5])
def test_every_depth(rows, variance):
    losses = oracle.gaussian_step_losses(1.0, np.linspace(GAMMA_0, GAMMA_1, 9))
    ratios = {"equal": np.ones(8), "optimal": oracle.optimal_ratio(losses, 1)}
    w = ratios.get(variance, np.full(8, 0.5))
    expected = sum(oracle.ratio_penalty(w, 1) + w * loss for w, loss in zip(w, losses))
    model = fit(rows, n_steps=8, variance=variance)
    assert model.elbo_terms(rows)[:, 2].mean() / 2 == pytest.approx(expected, rel=0.04)


def test_the_identity_encoder_rescales_the_prediction(rows):
    a = fit(rows, Model=DiffEnc, encoder="identity")
    b = fit(rows, rescaled=True)
    np.testing.assert_allclose(a.elbo_terms(rows), b.elbo_terms(rows), rtol=1e-4)
    c = fit(rows, Model=DiffEnc, encoder="identity", counterterm=False)
    np.testing.assert_allclose(c.elbo_terms(rows), fit(rows).elbo_terms(rows), rtol=1e-4)


class Wave(torch.nn.Module):
    """An encoder without parameters: y = sin(2 x + 3 t)."""

    def __init__(self, shape):
        super().__init__()

    def forward(self, x, t):
        return torch.sin(2 * x + 3 * t.unsqueeze(1))


def wave(x, gamma):
    alpha2 = oracle.alpha(gamma) ** 2
    t = (gamma - GAMMA_0) / (GAMMA_1 - GAMMA_0)
    return alpha2 * x + oracle.sigma(gamma) ** 2 * np.sin(2 * x + 3 * t)


def literal_diffusion(x, n_steps, counterterm, rng):
    """Sum of the mean steps over some draws of the noise, with the optimal x^ for N(0, 1)."""
    x = np.tile(x, (max(100 // n_steps, 1), 1))
    total, gammas = 0.0, np.linspace(GAMMA_0, GAMMA_1, n_steps + 1)
    for gamma_s, gamma_t in itertools.pairwise(gammas):
        z = oracle.alpha(gamma_t) * wave(x, gamma_t)
        z = z + oracle.sigma(gamma_t) * rng.standard_normal(x.shape)
        ends = wave(x, gamma_s), wave(x, gamma_t), oracle.alpha(gamma_t) * z
        total += oracle.step_kl(z, *ends, gamma_s, gamma_t, counterterm=counterterm)
    return total / len(x)


class Column(torch.nn.Module):
    """Returns one value for a row."""

    def __init__(self, shape):
        super().__init__()
        self.layer = torch.nn.Linear(shape[0], 1)

    def forward(self, z, t):
        return self.layer(z)


def test_a_result_of_another_shape_is_an_error(rows):
    shapes = r"the shape of its input \(128, 2\), got \(128, 1\)"
    with pytest.raises(ValueError, match=f"denoiser must return {shapes}"):
        VariationalDiffusion(Column).fit(rows)
    with pytest.raises(ValueError, match=f"encoder must return {shapes}"):
        DiffEnc(encoder=Column).fit(rows)


class Mute(torch.nn.Module):
    """Has no forward."""

    def __init__(self, shape):
        super().__init__()


def test_an_error_says_what_a_network_lacks(rows):
    with pytest.raises(ValueError, match=r"denoiser=Mute lacks forward\(z, t\)"):
        VariationalDiffusion(Mute).fit(rows)
    with pytest.raises(ValueError, match=r"encoder=Mute lacks forward\(x, t\)"):
        DiffEnc(encoder=Mute).fit(rows)


@pytest.mark.parametrize("counterterm", [True, False])
@pytest.mark.parametrize("n_steps", [5, None])
def test_an_own_encoder(rows, counterterm, n_steps, rng):
    options = {"encoder": Wave, "counterterm": counterterm, "n_steps": n_steps}
    model = fit(rows, Model=DiffEnc, **options)
    x = (rows - model.loc_) / model.scale_
    expected = literal_diffusion(x, n_steps or 400, counterterm, rng)
    assert model.elbo_terms(rows)[:, 2].mean() == pytest.approx(expected, rel=0.04)
    in_units = (model.encode(rows, 0.6) - model.loc_) / model.scale_
    np.testing.assert_allclose(in_units, wave(x, -1.0), atol=1e-4)

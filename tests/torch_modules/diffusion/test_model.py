import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from hypothesis import given
from hypothesis import strategies as st

from sksim._torch.diffusion._model import ratio_penalty
from sksim._torch.diffusion._schedules import alpha_sigma
from tests.reference import diffusion as oracle

ENCODERS = ["identity", "nt", "trainable"]
GAMMA_0, GAMMA_1 = -13.3, 5.0


@pytest.fixture
def draw(generator):
    """x, t and eps, float64."""
    x, eps = torch.randn((2, 5, 3), generator=generator, dtype=torch.float64)
    return x, torch.linspace(0.05, 0.95, 5, dtype=torch.float64), eps


def prediction(model, x, t, eps):
    """gamma, x_t, dx_t/dlambda, z and the prediction of x_t, as arrays."""
    gamma = model.schedule(t)
    alpha, sigma = alpha_sigma(gamma[:, None])
    x_t, drift = model.encoder(x, gamma)
    z = alpha * x_t + sigma * eps
    x_hat = alpha * z - sigma * model.velocity(z, gamma)
    found = gamma, x_t, sigma**2 * drift, z, x_hat
    return [value.detach().numpy() for value in found]


# The loss is the formula.


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("counterterm", [True, False])
@pytest.mark.parametrize("kind", ["v", "eps", "x"])
@pytest.mark.parametrize("skip", ["gaussian", "identity"])
def test_continuous_loss_equals_the_literal_one(make_model, draw, encoder, counterterm, kind, skip):
    model = make_model(
        scramble=True,
        encoder=encoder,
        counterterm=counterterm,
        prediction=kind,
        denoiser_params={"width": 8, "skip": skip},
    )
    gamma, x_t, derivative, _, x_hat = prediction(model, *draw)
    expected = [
        oracle.continuous_loss(
            x_t[i], derivative[i], x_hat[i], gamma[i], GAMMA_1 - GAMMA_0, counterterm=counterterm
        )
        for i in range(5)
    ]
    np.testing.assert_allclose(model.rate(*draw).detach(), expected, rtol=1e-8)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("counterterm", [True, False])
def test_step_equals_the_literal_kl(make_model, draw, encoder, counterterm):
    model = make_model(scramble=True, encoder=encoder, counterterm=counterterm)
    x, t, eps = draw
    s = t - 0.04
    gamma, x_t, _, z, x_hat = prediction(model, *draw)
    gamma_s = model.schedule(s)
    x_s = model.encoder.encode(x, gamma_s).detach().numpy()
    for ratio in (1.0, 0.3, 1.7):
        expected = [
            oracle.step_kl(
                z[i],
                x_s[i],
                x_t[i],
                x_hat[i],
                float(gamma_s[i]),
                gamma[i],
                counterterm=counterterm,
                ratio=ratio,
            )
            for i in range(5)
        ]
        loss = model.step_loss(x, s, t, eps).detach()
        got = ratio_penalty(ratio, 3) + ratio * loss
        np.testing.assert_allclose(got, expected, rtol=1e-8)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_reverse_step_equals_the_literal_mean(make_model, draw, encoder):
    model = make_model(scramble=True, encoder=encoder, counterterm=encoder != "identity")
    z, s, t = draw[0], *torch.tensor([0.3, 0.4], dtype=torch.float64)
    gamma_s, gamma = float(model.schedule(s)), float(model.schedule(t))
    v_hat = model.velocity(z, torch.full((5,), gamma, dtype=torch.float64))
    x_hat = (oracle.alpha(gamma) * z - oracle.sigma(gamma) * v_hat).detach().numpy()
    mean, variance = model.reverse_step(z, s, t)
    expected = oracle.generative_mean(z.numpy(), x_hat, gamma_s, gamma, encoder != "identity")
    np.testing.assert_allclose(mean.detach(), expected, rtol=1e-9)
    assert float(variance) == pytest.approx(oracle.posterior(0, 0, 0, gamma_s, gamma)[1])


def test_the_three_forms_of_the_loss_agree(make_model, draw):
    model = make_model(scramble=True)
    x, t, eps = draw
    gamma, _, _, z, x_hat = prediction(model, *draw)
    alpha, sigma = np.sqrt(1 / (1 + np.exp(gamma))), np.sqrt(1 / (1 + np.exp(-gamma)))
    alpha, sigma, slope = alpha[:, None], sigma[:, None], GAMMA_1 - GAMMA_0
    eps_hat, v_hat = (z - alpha * x_hat) / sigma, (alpha * z - x_hat) / sigma
    v = alpha * eps.numpy() - sigma * x.numpy()
    forms = [
        slope * ((eps.numpy() - eps_hat) ** 2).sum(1),
        slope * (alpha**2 * (v - v_hat) ** 2).sum(1),
        slope * ((alpha / sigma) ** 2 * (x.numpy() - x_hat) ** 2).sum(1),
    ]
    for form in forms:
        np.testing.assert_allclose(model.rate(*draw).detach(), form / 2, rtol=1e-7)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_steps_converge_to_continuous_time_at_first_order(make_model, draw, encoder):
    model = make_model(scramble=True, encoder=encoder, counterterm=encoder != "identity")
    x, t, eps = draw
    rate = model.rate(*draw).detach()
    errors = []
    for n_steps in (1000, 10000):
        finite = n_steps * model.step_loss(x, t - 1 / n_steps, t, eps).detach()
        errors.append((finite - rate) / rate)
    np.testing.assert_allclose(errors[0], 0, atol=0.2)
    np.testing.assert_allclose(errors[1] * 10, errors[0], rtol=0.15)


# Relations between models.


def test_zero_head_equals_the_encoder_without_parameters(make_model, draw):
    trainable = make_model(encoder="trainable", counterterm=True)
    nt = make_model(encoder="nt", counterterm=True)
    nt.denoiser = trainable.denoiser
    np.testing.assert_allclose(trainable.rate(*draw).detach(), nt.rate(*draw).detach(), rtol=1e-12)


def test_identity_encoder_rescales_the_prediction(make_model, draw):
    vdm = make_model(scramble=True)
    diffenc = make_model(scramble=True, counterterm=True)
    plain = make_model(scramble=True, encoder="trainable", encoder_init="identity")
    for parameter in plain.encoder.parameters():
        parameter.data.zero_()
    plain.denoiser = vdm.denoiser
    np.testing.assert_allclose(plain.rate(*draw).detach(), vdm.rate(*draw).detach(), rtol=1e-9)
    gamma, x_t, _, _, x_hat = prediction(vdm, *draw)
    rescaled = [
        oracle.continuous_loss(
            x_t[i],
            0 * x_t[i],
            (1 + oracle.sigma(gamma[i]) ** 2) * x_hat[i],
            gamma[i],
            GAMMA_1 - GAMMA_0,
            counterterm=False,
        )
        for i in range(5)
    ]
    np.testing.assert_allclose(diffenc.rate(*draw).detach(), rescaled, rtol=1e-8)
    assert not np.allclose(diffenc.rate(*draw).detach(), vdm.rate(*draw).detach(), rtol=1e-2)


# Gaussian data: with the Gaussian skip, an untrained network is the optimal denoiser. Its loss is
# a quadratic form in (x, eps), so the mean over x ~ N(0, s2), eps ~ N(0, 1) is the sum of two.


def gaussian_model(make_model, s2, **changes):
    return make_model(shape=(1,), second_moment=s2, **changes)


def mean_loss(loss, s2, n):
    """E[loss(x, eps)] over Gaussian x and eps, for n times at once."""
    zero, one = torch.zeros(n, 1).double(), torch.ones(n, 1).double()
    return (loss(math.sqrt(s2) * one, zero) + loss(zero, one)).detach()


def continuous_total(model, s2, n=20000):
    t = (torch.arange(n).double() + 0.5) / n
    return float(mean_loss(lambda x, eps: model.rate(x, t, eps), s2, n).mean())


def step_losses(model, s2, n_steps):
    grid = torch.linspace(0, 1, n_steps + 1, dtype=torch.float64)
    return mean_loss(
        lambda x, eps: model.step_loss(x, grid[:-1], grid[1:], eps), s2, n_steps
    ).numpy()


@pytest.mark.parametrize("s2", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("kind", ["v", "eps", "x"])
def test_gaussian_data_in_continuous_time(make_model, s2, kind):
    model = gaussian_model(make_model, s2, prediction=kind)
    expected = oracle.gaussian_diffusion_loss(s2, GAMMA_0, GAMMA_1)
    assert continuous_total(model, s2) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("s2", [0.25, 1.0])
def test_gaussian_data_at_finite_depth(make_model, s2):
    model = gaussian_model(make_model, s2)
    totals, optima = [], []
    for n_steps in (1, 5, 10, 100):
        losses = step_losses(model, s2, n_steps)
        gammas = np.linspace(GAMMA_0, GAMMA_1, n_steps + 1)
        np.testing.assert_allclose(losses, oracle.gaussian_step_losses(s2, gammas), rtol=1e-7)
        totals.append(losses.sum())
        ratios = oracle.optimal_ratio(losses, 1)
        penalties = [oracle.ratio_penalty(w, 1) for w in ratios]
        optima.append((penalties + ratios * losses).sum())
    expected = oracle.gaussian_diffusion_loss(s2, GAMMA_0, GAMMA_1)
    assert (np.diff(totals) < 0).all()
    assert totals[-1] > expected
    np.testing.assert_allclose(optima, expected, rtol=1e-7)  # exact at every depth


class Warped(torch.nn.Module):
    """A schedule with the same end points and another course."""

    def __init__(self, warp, slope):
        super().__init__()
        self.warp, self.warp_slope = warp, slope

    def forward(self, t):
        return GAMMA_0 + (GAMMA_1 - GAMMA_0) * self.warp(t)

    def slope(self, t):
        return (GAMMA_1 - GAMMA_0) * self.warp_slope(t)


@pytest.mark.parametrize("encoder", ["identity", "nt"])
def test_the_course_of_the_schedule_matters_at_finite_depth_only(make_model, encoder):
    model = gaussian_model(make_model, 0.25, encoder=encoder, counterterm=encoder == "nt")
    linear, finite = continuous_total(model, 0.25), step_losses(model, 0.25, 10).sum()
    warps = [
        (lambda t: t**2, lambda t: 2 * t),
        (lambda t: torch.sin(math.pi / 2 * t), lambda t: math.pi / 2 * torch.cos(math.pi / 2 * t)),
    ]
    for warp in warps:
        model.schedule = Warped(*warp)
        assert continuous_total(model, 0.25) == pytest.approx(linear, rel=1e-6)
        assert abs(step_losses(model, 0.25, 10).sum() / finite - 1) > 0.05
    if encoder == "identity":
        assert linear == pytest.approx(5.9560146336, rel=1e-6)
        assert finite == pytest.approx(15.728, abs=1e-3)


def test_the_encoder_without_parameters_is_worse_by_the_known_factor(make_model):
    s2, n = 0.25, 50
    t = (torch.arange(n).double() + 0.5) / n
    model = gaussian_model(make_model, s2, encoder="nt", counterterm=True)
    got = mean_loss(lambda x, eps: model.rate(x, t, eps), s2, n).numpy()
    gamma = model.schedule(t).numpy()
    sigma2 = 1 / (1 + np.exp(-gamma))
    snr = (1 - sigma2) ** 3 / sigma2  # of z = alpha^3 x + sigma eps
    own = (GAMMA_1 - GAMMA_0) * (1 + 2 * sigma2) * snr * s2 / (1 + snr * s2) / 2
    factor = (1 + sigma2) ** 2 / (1 + 2 * sigma2)
    np.testing.assert_allclose(got, own * factor, rtol=1e-7)
    assert (factor >= 1).all()
    assert factor.max() == pytest.approx(4 / 3, abs=0.01)
    vdm = continuous_total(gaussian_model(make_model, s2), s2)
    prior_gain = 0.5 * math.log1p(s2 * math.exp(-GAMMA_1))
    assert continuous_total(model, s2) > vdm + prior_gain


def test_bound_of_gaussian_data_and_its_gap(make_model):
    s2 = 0.25
    model = gaussian_model(make_model, s2)
    prior = mean_loss(lambda x, eps: model.prior(x), s2, 1)
    prior = float(prior) - float(model.prior(torch.zeros(1, 1).double()))  # the constant once
    eps = torch.linspace(-4, 4, 9, dtype=torch.float64).reshape(-1, 1)
    flat = float(model.reconstruction(torch.zeros(9, 1).double(), 0 * eps)[0])
    total = prior + flat + 0.5 + oracle.gaussian_diffusion_loss(s2, GAMMA_0, GAMMA_1)
    entropy = 0.5 * math.log(2 * math.pi * math.e * s2)
    alpha1 = oracle.alpha(GAMMA_1) ** 2 * s2 + oracle.sigma(GAMMA_1) ** 2
    gap = 0.5 * (alpha1 - 1 - math.log(alpha1)) + 0.5 * math.log1p(math.exp(GAMMA_0) / s2)
    assert total == pytest.approx(entropy + gap, abs=1e-9)
    assert 0 < gap < 0.01


# Variances and sampling.


@given(loss=st.floats(1e-6, 100), n_features=st.integers(1, 50), shift=st.floats(-0.9, 3))
def test_the_optimal_ratio_is_the_minimum(loss, n_features, shift):
    best = oracle.optimal_ratio(loss, n_features)

    def total(w):
        return ratio_penalty(w, n_features) + w * loss

    assert total(best) <= total(best * (1 + shift)) + 1e-9 * n_features
    assert total(best) == pytest.approx(n_features / 2 * math.log1p(2 * loss / n_features))


def test_any_other_ratio_costs_the_same_in_each_step(make_model):
    constants = {0.5: 0.0966, 0.9: 0.00268, 0.99: 0.0000252, 2.0: 0.1534}
    for ratio, nats in constants.items():
        penalty = ratio_penalty(ratio, 1)
        assert penalty == pytest.approx(nats, rel=2e-3)
    x = torch.randn(64, 3, generator=torch.Generator().manual_seed(0)).double()
    excess = []
    for n_steps in (200, 400):
        terms = [
            make_model(n_steps=n_steps, ratio=ratio).eval()(x)[:, 2].detach().mean()
            for ratio in (1.0, 2.0)
        ]
        excess.append(float(terms[1] - 2 * terms[0]))
    np.testing.assert_allclose(excess, [3 * 0.15343 * n for n in (200, 400)], rtol=1e-3)


def sample_variance(model, s2, n_steps, *, optimal=False, counter=1.0):
    """Variance of the samples: each reverse step is linear in z."""
    grid = torch.linspace(0, 1, n_steps + 1, dtype=torch.float64)
    ratio = (
        oracle.optimal_ratio(step_losses(model, s2, n_steps), 1) if optimal else np.ones(n_steps)
    )
    variance = 1.0
    for i in range(n_steps - 1, -1, -1):
        s, t = grid[i], grid[i + 1]
        slope, noise = model.reverse_step(torch.ones(1, 1).double(), s, t)
        if counter != 1:
            bare, _ = model_without_counterterm(model).reverse_step(torch.ones(1, 1).double(), s, t)
            slope = bare + counter * (slope - bare)
        variance = float(slope.detach()) ** 2 * variance + float(noise) / ratio[i]
    return variance / oracle.alpha(GAMMA_0) ** 2


def model_without_counterterm(model):
    import copy

    other = copy.copy(model)
    other.counterterm = False
    return other


@pytest.mark.parametrize("n_steps", [1, 10, 50])
def test_samples_have_the_variance_of_the_data_with_the_optimal_ratio(make_model, n_steps):
    s2 = 0.25
    model = gaussian_model(make_model, s2)
    equal = sample_variance(model, s2, n_steps)
    optimal = sample_variance(model, s2, n_steps, optimal=True)
    start = oracle.alpha(GAMMA_1) ** 2 * s2 + oracle.sigma(GAMMA_1) ** 2
    assert equal < s2
    assert optimal == pytest.approx(s2 + math.exp(GAMMA_0), rel=4 * (1 - start) / n_steps + 1e-9)


def test_wrong_counterterms_are_seen_in_the_samples(make_model):
    model = gaussian_model(make_model, 1.0, encoder="nt", counterterm=True)
    variances = [sample_variance(model, 1.0, 1000, counter=c) for c in (1.0, 0.0, -1.0)]
    np.testing.assert_allclose(variances, [0.992, 0.558, 0.341], atol=2e-3)


def test_sampling_by_chance_has_the_computed_variance(make_model, generator):
    model = gaussian_model(make_model, 0.25)
    times = torch.linspace(0, 1, 11, dtype=torch.float64)

    def noise():
        return torch.randn(20000, 1, generator=generator, dtype=torch.float64)

    x = model.sample(noise, times, torch.ones(10).double()).detach()
    assert float(x.var()) == pytest.approx(sample_variance(model, 0.25, 10), rel=0.04)


def test_sampling_needs_no_encoder(make_model, generator):
    model = make_model(scramble=True, encoder="trainable", counterterm=True)

    def fail(*args):
        raise AssertionError("the encoder was called")

    model.encoder.encode = model.encoder.forward = model.encoder.target = fail
    times = torch.linspace(0, 1, 4, dtype=torch.float64)
    x = model.sample(lambda: torch.randn(2, 3, generator=generator).double(), times, torch.ones(3))
    assert torch.isfinite(x).all()


# Discrete data with the Bayes denoiser.


class BayesDenoiser(torch.nn.Module):
    """E[x | z] - z for levels with given probabilities, as a network with the identity skip."""

    def __init__(self, shape, p):
        super().__init__()
        self.x, self.log_p = torch.from_numpy(oracle.levels(len(p))), torch.from_numpy(np.log(p))

    def forward(self, z, t):
        alpha, sigma = alpha_sigma(-13.3 + 18.3 * t.reshape(-1, 1))
        logits = self.log_p - 0.5 * ((z - alpha * self.x) / sigma) ** 2
        return (torch.softmax(logits, dim=1) @ self.x).unsqueeze(1) - z


def discrete_bound(make_model, p, n_times=150, n_nodes=16):
    """Expected prior, reconstruction and diffusion terms by quadrature, bits."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(n_nodes)
    model = make_model(
        shape=(1,),
        n_levels=len(p),
        denoiser=BayesDenoiser,
        denoiser_params={"p": p, "skip": "identity"},
        prediction="x",
    )
    x = torch.from_numpy(oracle.levels(len(p)))
    t = (torch.arange(n_times).double() + 0.5) / n_times
    x, t, eps = (
        a.reshape(-1) for a in torch.meshgrid(x, t, torch.from_numpy(nodes), indexing="ij")
    )
    x, eps = x.unsqueeze(1), eps.unsqueeze(1)
    terms = torch.stack([model.prior(x), model.reconstruction(x, eps), model.rate(x, t, eps)])
    terms = terms.reshape(3, len(p), n_times, n_nodes).mean(2) @ torch.from_numpy(weights)
    return (terms @ torch.from_numpy(p)).numpy() / weights.sum() / math.log(2)


@pytest.mark.parametrize(
    "p",
    [
        np.full(16, 1 / 16),
        np.array([0.5, 1e-12, 1e-12, 0.5 - 2e-12]),
        np.array([1e-12, 1 - 2e-12, 1e-12]),
        0.5 ** np.array([1, 2, 3, 4, 5, 6, 7, 7]),
    ],
    ids=["uniform", "two-point", "constant", "geometric"],
)
def test_discrete_data_reach_their_entropy(make_model, p):
    entropy = -(p * np.log2(p)).sum()
    terms = discrete_bound(make_model, p)
    assert entropy - 1e-3 < terms.sum() < entropy + 0.02
    assert terms[0] < 0.006


def test_eight_bits_for_uniform_bytes(make_model):
    prior, reconstruction, diffusion = discrete_bound(make_model, np.full(256, 1 / 256), 60, 8)
    assert prior + reconstruction + diffusion == pytest.approx(8, abs=0.005)
    assert reconstruction == pytest.approx((254 * 0.0104532 + 2 * 0.0052266) / 256, abs=3e-3)
    assert prior == pytest.approx(0.004828 / 3 + 0.0000162, abs=2e-5)


# Prior, gradients, validation.


def test_prior_term(make_model, draw):
    x = draw[0]
    model = make_model()
    expected = [oracle.prior_term(row.numpy(), GAMMA_1) for row in x]
    np.testing.assert_allclose(model.prior(x), expected, rtol=1e-9)
    bits = (model.prior(x) / math.log(2)).numpy()
    np.testing.assert_allclose(bits, 0.004828 * (x**2).sum(1) + 3 * 0.0000162, rtol=2e-3)
    nt = make_model(encoder="nt").prior(x) / (3 * math.log(2))
    np.testing.assert_allclose(nt, 0.0000164, rtol=0.2)


@pytest.mark.parametrize("gamma_max", [5.0, 12.0])
def test_prior_term_in_single_precision(make_model, gamma_max):
    model = make_model(encoder="nt", gamma_max=gamma_max).float()
    exact = 3 * oracle.prior_term(np.zeros(1), gamma_max)
    assert float(model.prior(torch.zeros(1, 3))) == pytest.approx(exact, rel=1e-3)


def test_gradient_reaches_the_whole_encoder(make_model):
    model = make_model(encoder="trainable", counterterm=True).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    x = torch.randn(32, 3, generator=torch.Generator().manual_seed(0)).double()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for step in range(4):
            optimizer.zero_grad()
            model(x).sum(1).mean().backward()
            if step == 0:
                assert model.encoder.network.last.weight.grad.abs().max() > 0
            optimizer.step()
    for parameter in model.encoder.parameters():
        assert parameter.grad.abs().max() > 0


@pytest.mark.parametrize("n_steps", [None, 7])
def test_validation_noise_is_fixed_and_unbiased(make_model, n_steps):
    model = make_model(scramble=True, n_steps=n_steps)
    x = torch.randn(200, 3, generator=torch.Generator().manual_seed(0)).double()
    valid = model.eval()(x).detach()
    np.testing.assert_array_equal(valid, model(x).detach())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        train = torch.stack([model.train()(x).detach().mean(0) for _ in range(60)])
    error = train.std(0) / math.sqrt(8) + 1e-9
    assert ((train.mean(0) - valid.mean(0)).abs() < 4 * error).all()


@pytest.mark.parametrize(
    ("n_steps", "schedule", "calls"),
    [(None, "linear", 2), (None, "learned_linear", 3), (5, "linear", 3), (5, "learned_linear", 4)],
)
def test_evaluations_of_the_encoder(make_model, n_steps, schedule, calls):
    model = make_model(encoder="trainable", counterterm=True, n_steps=n_steps, schedule=schedule)
    seen = []
    model.encoder.network.trunk.register_forward_hook(lambda *_: seen.append(1))
    with torch.random.fork_rng(devices=[]):
        model.double().train()(torch.zeros(4, 3).double())
    assert len(seen) == calls


def test_learned_ends_receive_gradients_from_all_terms(make_model):
    model = make_model(schedule="learned_linear", n_levels=16, gamma_min=-6.0).double().train()
    x = torch.from_numpy(oracle.levels(16)[np.arange(12).reshape(4, 3)])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        terms = model(x).sum(0)
    for i in range(3):
        grads = torch.autograd.grad(
            terms[i], list(model.schedule.parameters()), retain_graph=True, allow_unused=True
        )
        assert any(g is not None and g.abs() > 0 for g in grads)


@pytest.mark.parametrize("encoder", ENCODERS)
def test_half_precision_is_confined_to_the_network(make_model, draw, encoder):
    x, t, eps = (value.float() for value in draw)
    options = {"encoder": encoder, "counterterm": encoder != "identity", "scramble": True}
    full, half = (make_model(precision=p, **options).float() for p in ("32", "bf16"))
    a, b = full.rate(x, t, eps).detach(), half.rate(x, t, eps).detach()
    assert b.dtype == torch.float32
    np.testing.assert_allclose(a, b, rtol=0.1)
    assert not torch.equal(a, b)
    half.rate(x, t, eps).sum().backward()

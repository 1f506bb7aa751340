"""What the numbers mean."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import norm

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim._torch.diffusion import _inference
from sksim.generative import DiffEnc, VariationalDiffusion
from tests.reference import diffusion as oracle


@pytest.fixture(scope="module")
def gaussian():
    """An untrained model is the optimal one for N(0, s2): one step at a rate of nearly zero."""
    X = np.random.RandomState(0).normal(2.0, 0.5, size=(4000, 2))
    model = VariationalDiffusion(max_epochs=1, lr=1e-12, batch_size=4000, random_state=0)
    return model.fit(X), X


def test_code_length_of_gaussian_data(gaussian):
    model, X = gaussian
    rows = X[:150]
    bits = -norm.logpdf(rows, 2.0, 0.5).mean() / math.log(2)
    got = model.set_params(n_score_steps=512).bits_per_dim(rows)
    assert got == pytest.approx(bits, abs=0.03)


def test_terms_of_gaussian_data(gaussian):
    model, X = gaussian
    terms = model.set_params(n_score_steps=256).elbo_terms(X[:150]).mean(axis=0) / 2
    z = (X[:150] - model.loc_) / model.scale_
    prior = np.mean([oracle.prior_term(row, 5.0) for row in z]) / 2
    reconstruction = 0.5 * math.log(2 * math.pi) - 5 + 0.5 + math.log(0.5)
    diffusion = oracle.gaussian_diffusion_loss(1.0, -10, 5)
    assert terms[0] == pytest.approx(prior, rel=1e-4)
    assert terms[1] == pytest.approx(reconstruction, abs=0.02)
    assert terms[2] == pytest.approx(diffusion, abs=0.05)


@pytest.mark.parametrize("ends", [(-29.0, 5.0), (-10.0, 55.0)])
@pytest.mark.parametrize("kind", ["v", "eps", "x"])
def test_extreme_ends_of_the_schedule(ends, kind):
    X = np.random.RandomState(0).normal(2.0, 0.5, size=(1000, 2))
    options = {"max_epochs": 1, "lr": 1e-12, "n_score_steps": 256, "random_state": 0}
    gammas = dict(zip(("gamma_min", "gamma_max"), ends))
    model = VariationalDiffusion(prediction=kind, **options, **gammas).fit(X)
    bits = -norm.logpdf(X[:150], 2.0, 0.5).mean() / math.log(2)
    assert model.bits_per_dim(X[:150]) == pytest.approx(bits, abs=0.15)


def test_every_depth_with_the_optimal_variance(gaussian):
    model, X = gaussian
    expected = oracle.gaussian_diffusion_loss(1.0, -10, 5)
    equal, optimal = [], []
    for n_steps in (2, 10):
        for variance, found in (("equal", equal), ("optimal", optimal)):
            model.calibrate(X, n_steps, variance=variance)
            found.append(model.elbo_terms(X[:150])[:, 2].mean() / 2)
        gammas = np.linspace(-10, 5, n_steps + 1)
        losses = oracle.gaussian_step_losses(1.0, gammas)
        assert equal[-1] == pytest.approx(losses.sum(), rel=0.05)
        np.testing.assert_allclose(model.variance_ratio_, oracle.optimal_ratio(losses, 1), rtol=0.1)
    np.testing.assert_allclose(optimal, expected, rtol=0.02)
    model.calibrate(X, None)
    assert model.step_times_ is None


def spread_of_samples(n_steps):
    """Standard deviation by the linear recursion of equal-variance steps for N(0, 1)."""
    gammas, variance = np.linspace(-10, 5, n_steps + 1), 1.0
    for gamma_s, gamma_t in itertools.pairwise(gammas[::-1]):
        gamma_s, gamma_t = gamma_t, gamma_s
        x_hat = oracle.optimal_gaussian_denoiser(1.0, gamma_t, 1.0)
        slope = oracle.generative_mean(1.0, x_hat, gamma_s, gamma_t, counterterm=False)
        variance = slope**2 * variance + oracle.posterior(0, 0, 0, gamma_s, gamma_t)[1]
    return math.sqrt(variance) / oracle.alpha(-10)


def test_samples_of_gaussian_data(gaussian):
    model, X = gaussian
    model.set_params(n_sample_steps=50)
    samples = model.sample(4000, random_state=0)
    np.testing.assert_allclose(samples.mean(axis=0), 2.0, atol=0.04)
    np.testing.assert_allclose(samples.std(axis=0), 0.5 * spread_of_samples(50), rtol=0.04)
    model.calibrate(X, 2)
    few = model.sample(4000, random_state=0)
    np.testing.assert_allclose(few.std(axis=0), 0.5, rtol=0.05)
    model.calibrate(X, 2, variance="equal")
    few = model.sample(4000, random_state=0)
    np.testing.assert_allclose(few.std(axis=0), 0.5 * spread_of_samples(2), rtol=0.05)
    assert spread_of_samples(2) < spread_of_samples(50) < 1
    model.calibrate(X, None)


def test_standard_error_is_honest(gaussian):
    model, X = gaussian
    truth = model.set_params(n_score_steps=2048).score_samples(X[:60])
    bound, std = model.set_params(n_score_steps=32).score_samples(X[:60], return_std=True)
    deviations = (bound - truth) / std
    assert 0.6 < deviations.std() < 1.6
    assert abs(deviations.mean()) < 0.5
    assert np.isinf(
        model.set_params(n_score_steps=1).score_samples(X[:2], return_std=True)[1]
    ).all()


def test_units_of_the_data(tiny, table):
    options = tiny | {"n_score_steps": 512}
    a = VariationalDiffusion(**options).fit(table)
    b = VariationalDiffusion(**options).fit(table * 100 - 7)
    (bound, std), other = a.score_samples(table, return_std=True), b.score(table * 100 - 7)
    error = 3 * np.sqrt(2 * (std**2).sum()) / len(std)
    assert other == pytest.approx(bound.mean() - 3 * math.log(100), abs=error)


def test_training_helps_on_dependent_features(rng):
    x = rng.standard_normal((2000, 1))
    X = np.hstack([x, x + 0.1 * rng.standard_normal((2000, 1))])
    options = {"lr": 2e-3, "n_score_steps": 64, "random_state": 0, "warmup_steps": 10}
    start = VariationalDiffusion(max_epochs=1, **options | {"lr": 1e-12}).fit(X[:1800])
    end = VariationalDiffusion(max_epochs=20, **options).fit(X[:1800])
    entropy = 0.5 * math.log2(2 * math.pi * math.e) + 0.5 * math.log2(0.1)
    gap = [model.bits_per_dim(X[1800:]) - entropy for model in (start, end)]
    assert gap[0] > 1.5
    assert gap[1] < gap[0] - 1


def test_a_ratio_costs_in_each_step(tiny, table):
    model = VariationalDiffusion(**tiny, n_steps=4).fit(table)
    equal = model.elbo_terms(table)[:, 2]
    other = model.calibrate(table, 4, variance=2.0).elbo_terms(table)[:, 2]
    np.testing.assert_allclose(other, 2 * equal + 4 * oracle.ratio_penalty(2.0, 3), rtol=1e-5)


def test_levels_are_scored_as_probabilities(tiny, rng):
    X = rng.randint(0, 4, size=(400, 1))
    options = tiny | {"max_epochs": 100, "lr": 3e-3, "ema_decay": 0.95, "n_score_steps": 16384}
    model = VariationalDiffusion(**options | {"denoiser_params": {"width": 32}}, n_levels=4).fit(X)
    probabilities = np.exp(model.score_samples(np.arange(4).reshape(-1, 1)))
    np.testing.assert_allclose(probabilities, 0.25, atol=0.1)
    assert 0.85 < probabilities.sum() < 1.03  # lower bounds, up to the error of 16384 draws


def test_more_steps_are_a_better_bound(gaussian):
    model, X = gaussian
    bounds = []
    for n_steps in (2, 8, 32, None):
        model.calibrate(X, n_steps, variance="equal")
        bounds.append(model.set_params(n_score_steps=64).score(X[:150]))
    assert (np.diff(bounds) > 0).all()


def test_best_times_are_better_than_even_ones(gaussian):
    model, X = gaussian
    model.set_params(n_score_steps=120)
    even = model.calibrate(X, 4, variance="equal").elbo_terms(X[:150])[:, 2].mean()
    model.calibrate(X, 4, variance="equal", times="optimal", n_grid=24)
    best = model.elbo_terms(X[:150])[:, 2].mean()
    assert best < 0.8 * even
    assert model.step_times_.shape == (5,)
    assert (np.diff(model.step_times_) > 0).all()
    assert model.step_times_[[0, -1]].tolist() == [0, 1]
    model.calibrate(X, None)


def test_encoded_data(tiny, table):
    nt = DiffEnc(**tiny, encoder="nt").fit(table)
    np.testing.assert_allclose(nt.encode(table, 0), table, atol=1e-2)
    alpha2 = 1 / (1 + math.exp(5))
    mean = table.mean(axis=0)
    np.testing.assert_allclose(nt.encode(table, 1), mean + alpha2 * (table - mean), rtol=1e-5)
    trained = DiffEnc(**tiny).fit(table)
    np.testing.assert_allclose(trained.encode(table, 0), table, atol=1e-2)
    assert trained.encode(table.astype(np.float32), 0.5).dtype == np.float32
    trained.set_params(representation="encoder", depth=0.5)
    np.testing.assert_array_equal(trained.transform(table), trained.encode(table, 0.5))
    assert list(trained.get_feature_names_out()) == ["diffenc0", "diffenc1", "diffenc2"]


def test_prior_term_of_the_encoder_without_parameters(tiny, table):
    vdm, nt = VariationalDiffusion(**tiny).fit(table), DiffEnc(**tiny, encoder="nt").fit(table)
    priors = [model.elbo_terms(table)[:, 0].mean() / (3 * math.log(2)) for model in (vdm, nt)]
    assert priors[0] == pytest.approx(0.004828 + 0.0000162, rel=1e-2)
    assert priors[1] == pytest.approx(0.0000164, rel=0.05)


@pytest.mark.parametrize("n_steps", [None, 3, 20])
def test_rows_scored_together_have_their_own_scores(tiny, table, monkeypatch, n_steps):
    """As on a GPU, in groups of rows of which the last is filled up."""
    model = DiffEnc(**tiny).fit(table)
    if n_steps is not None:
        model.calibrate(table, n_steps)
    alone = model.score_samples(table[:11], return_std=True)
    monkeypatch.setattr(_inference, "_rows_at_once", lambda device, n_draws: 4)
    together = model.score_samples(table[:11], return_std=True)
    np.testing.assert_allclose(together, alone, rtol=1e-4)
    np.testing.assert_allclose(model.score_samples(table[7:9]), alone[0][7:9], rtol=1e-4)


def test_channels_last_is_the_same_model(tiny, images):
    model = DiffEnc(image_shape=images.shape[1:], **tiny).fit(images)
    expected = model.score_samples(images)
    model.net_.module_.to(memory_format=torch.channels_last)
    np.testing.assert_allclose(model.score_samples(images), expected, rtol=1e-4)
    model.partial_fit(images)
    assert np.isfinite(model.score_samples(images)).all()
    assert model.net_.module_.ema.n_averaged.device.type == "cpu"

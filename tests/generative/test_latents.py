"""The Gaussian latents: the formulas, the way there and back, and what two models share."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_moons
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim._torch.diffusion._latents import chain_of_latents, latents_of_chain
from sksim.generative import DiffEnc, DPMEncoder, VariationalDiffusion
from tests.reference import diffusion as oracle

GOLDEN = [0.5, 0.372589706728, 6.773991825259, -0.678281067174]
IMAGE = {"image_shape": (6, 4)}
LIVES = {
    "rows": (VariationalDiffusion, {}),
    "eps": (VariationalDiffusion, {"prediction": "eps"}),
    "optimal": (VariationalDiffusion, {"n_steps": 12, "variance": "optimal"}),
    "learned": (DiffEnc, {"schedule": "learned_linear"}),
    "encoder": (DiffEnc, {"encoder_params": {"width": 8}}),
    "nt": (DiffEnc, {"encoder": "nt", "counterterm": False}),
    "images": (VariationalDiffusion, IMAGE),
    "encoded images": (DiffEnc, IMAGE),
    "bf16": (VariationalDiffusion, {"precision": "bf16"}),
}


def plain_model(tiny, X, **options):
    """A model whose denoiser predicts x = 0: v = alpha z / sigma, which is x^ = 0."""

    class Nothing(torch.nn.Module):
        def __init__(self, shape):
            super().__init__()
            self.unused = torch.nn.Parameter(torch.zeros(()))

        def forward(self, z, t):
            return 0 * z * self.unused

    options = {"denoiser": Nothing, "denoiser_params": None, "prediction": "x"} | options
    return VariationalDiffusion(**tiny | options).fit(X)


def test_published_steps_by_hand():
    """T = 2, gamma from -4 to 2, denoiser 0, x = 1, chain .5, .25, .9."""
    gammas, chain, x = [-4.0, -1.0, 2.0], [0.5, 0.25, 0.9], 1.0
    found = oracle.latents(chain, x, gammas, lambda z, gamma: 0.0)
    np.testing.assert_allclose(found, GOLDEN, rtol=1e-11)


def test_golden_values_of_the_model(tiny, table):
    model = plain_model(tiny, table, gamma_min=-4.0, gamma_max=2.0).net_.module_.average.double()
    x = torch.ones(1, 1).double()
    chain = torch.tensor([[[0.5], [0.25], [0.9]]], dtype=torch.float64)
    times, ratio = torch.linspace(0, 1, 3).double(), torch.ones(2).double()
    with torch.no_grad():
        latents = latents_of_chain(model, x, chain, times, ratio)
        np.testing.assert_allclose(latents.flatten(), GOLDEN, rtol=1e-11)
        z_0, decoded = chain_of_latents(model, latents, times, ratio)
    assert z_0.item() == pytest.approx(0.9, abs=1e-14)
    assert decoded.item() == pytest.approx(1.0, abs=1e-14)


@pytest.mark.parametrize("name", LIVES)
def test_there_and_back(tiny, table, images, name):
    Model, options = LIVES[name]
    X = images if "image_shape" in options else table
    model = Model(**tiny | options).fit(X)
    for n_steps in (None, 1, 7):
        Z = model.to_latent(X, n_steps=n_steps)
        T = n_steps or (12 if name == "optimal" else 3)
        assert Z.shape == (len(X), T + 2, X[0].size)
        assert Z.dtype == np.float64
        back = model.from_latent(Z)
        assert back.dtype == X.dtype
        np.testing.assert_allclose(back, X, rtol=0, atol=1e-12 * np.std(X, axis=0).max())


@pytest.mark.parametrize("name", ["rows", "encoder"])
def test_there_and_back_in_single_precision(tiny, table, name):
    Model, options = LIVES[name]
    model = Model(**tiny | options).fit(table)
    X = table.astype(np.float32)
    Z = model.to_latent(X, n_steps=20)
    back = model.from_latent(Z)
    assert Z.dtype == back.dtype == np.float32
    assert (np.abs(back - X).max(axis=0) < 1e-5 * table.std(axis=0)).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 6), st.integers(0, 100))
def test_the_latents_are_those_of_the_formula(n_steps, seed):
    rng = np.random.RandomState(seed)
    X = rng.standard_normal((5, 2))
    options = {"max_epochs": 1, "denoiser_params": {"width": 8}, "random_state": 0}
    model = DiffEnc(**options, lr=0.05, warmup_steps=0).fit(X)
    ratio = rng.uniform(0.5, 1, n_steps)
    model.step_times_, model.variance_ratio_ = np.linspace(0, 1, n_steps + 1), ratio
    Z = model.to_latent(X, random_state=seed)
    inside = model.net_.module_.average.double()
    gammas = np.linspace(*model.gamma_range_, n_steps + 1)

    def velocity(z, gamma):
        with torch.no_grad():
            v = inside.velocity(torch.tensor(z)[None], torch.tensor([gamma], dtype=torch.float64))
        return v[0].numpy()

    def x_hat(z, gamma):
        return oracle.alpha(gamma) * z - oracle.sigma(gamma) * velocity(z, gamma)

    z, x = Z[0, 0], (X[0] - model.loc_) / model.scale_
    for i, eps in zip(reversed(range(n_steps)), Z[0, 1:-1]):
        guess = x_hat(z, gammas[i + 1])
        mean = oracle.generative_mean(z, guess, gammas[i], gammas[i + 1], True)
        variance = oracle.posterior(z, 0, 0, gammas[i], gammas[i + 1])[1] / ratio[i]
        z = mean + np.sqrt(variance) * eps
    z_0 = oracle.alpha(gammas[0]) * x + oracle.sigma(gammas[0]) * Z[0, -1]
    np.testing.assert_allclose(z, z_0, rtol=1e-6, atol=1e-6)


def test_mean_squares_are_the_losses_of_the_steps(rng):
    X = rng.normal(2.0, 0.5, size=(4000, 2))
    options = {"max_epochs": 1, "lr": 1e-12, "batch_size": 4000, "random_state": 0}
    model = VariationalDiffusion(**options).fit(X)  # the optimal one for N(0, 1)
    losses = oracle.gaussian_step_losses(1.0, np.linspace(-10, 5, 5))
    squares = (model.to_latent(X, n_steps=4) ** 2).mean(axis=(0, 2))
    np.testing.assert_allclose(squares[1:-1], 1 + 2 * losses[::-1], rtol=0.05)
    np.testing.assert_allclose(squares[[0, -1]], 1, rtol=0.05)
    squares = (model.calibrate(X, 4).to_latent(X) ** 2).mean(axis=(0, 2))
    np.testing.assert_allclose(squares, 1, rtol=0.05)


def test_latents_of_a_row_are_its_own(tiny, table):
    model = DiffEnc(**tiny).fit(table)
    for X, tolerance in ((table, 1e-10), (table.astype(np.float32), 1e-3)):
        Z = model.to_latent(X)
        order = np.random.RandomState(0).permutation(len(X))
        np.testing.assert_allclose(model.to_latent(X[order]), Z[order], atol=tolerance)
        np.testing.assert_allclose(model.to_latent(X[5:6]), Z[5:6], atol=tolerance)
    other = model.to_latent(table, random_state=1)
    np.testing.assert_array_equal(other, model.to_latent(table, random_state=1))
    assert np.abs(other - model.to_latent(table)).max() > 1
    np.testing.assert_allclose(model.from_latent(other), table, atol=1e-11)


def test_bad_arguments(tiny, table):
    model = VariationalDiffusion(**tiny).fit(table)
    for n_steps in (0, -1, 2.5, "all"):
        with pytest.raises(ValueError, match="n_steps must be a positive integer or None"):
            model.to_latent(table, n_steps=n_steps)
    for shape in ((4, 5), (4, 2, 3), (4, 5, 2)):
        with pytest.raises(ValueError, match=r"Z must have the shape \(n_samples, n_steps \+ 2, 3"):
            model.from_latent(np.zeros(shape))
    with pytest.raises(ValueError, match="Input Z contains NaN"):
        model.from_latent(np.full((1, 4, 3), np.nan))


def test_encoder_in_a_pipeline(tiny, table):
    encoder = DPMEncoder(VariationalDiffusion(**tiny), n_steps=4)
    pipeline = make_pipeline(StandardScaler(), encoder).fit(table)
    Z = pipeline.transform(table)
    assert Z.shape == (60, 18)
    assert list(encoder.get_feature_names_out()[:2]) == ["dpmencoder0", "dpmencoder1"]
    np.testing.assert_allclose(pipeline.inverse_transform(Z), table, atol=1e-11)
    np.testing.assert_array_equal(
        Z.reshape(60, 6, 3),
        encoder.model_.to_latent(pipeline[0].transform(table), n_steps=4),
    )
    with pytest.raises(ValueError, match="= 18 columns, got 17"):
        encoder.inverse_transform(Z[:, :17])


def test_encoder_of_a_frozen_model(tiny, images, table):
    model = VariationalDiffusion(**tiny, image_shape=(6, 4)).fit(images)
    encoder = DPMEncoder(FrozenEstimator(model), n_steps=3).fit(images)
    assert encoder.model_ is model
    back = encoder.inverse_transform(encoder.transform(images))
    np.testing.assert_array_equal(back, images)
    assert back.dtype == images.dtype
    with pytest.raises(TypeError, match="DPMEncoder needs a diffusion estimator"):
        DPMEncoder(StandardScaler()).fit(table)
    with pytest.raises(NotFittedError):
        DPMEncoder(FrozenEstimator(VariationalDiffusion())).fit(table)


@pytest.mark.slow
def test_seeds_share_latents_and_domains_do_not():
    """Two moons, two models of other samples and seeds; and of turned and doubled data."""
    turn = 2 * np.array([[0.0, -1.0], [1.0, 0.0]])

    def moons(seed):
        return StandardScaler().fit_transform(make_moons(2000, noise=0.05, random_state=seed)[0])

    def encoder(X, seed):
        model = VariationalDiffusion(max_epochs=40, lr=2e-3, ema_decay=0.99, random_state=seed)
        return DPMEncoder(model, n_steps=20).fit(X)

    def error(X, Y):
        return np.sqrt(((X - Y) ** 2).sum(axis=1).mean())

    a, b, c = encoder(moons(0), 0), encoder(moons(1), 1), encoder(moons(1) @ turn.T, 2)
    X = moons(2)[:400]
    Z = a.transform(X)
    assert error(b.inverse_transform(Z), X) < 0.25
    decoded = c.inverse_transform(Z) @ np.linalg.inv(turn).T
    assert error(decoded, X) > 1.5  # not translated
    pairs = [error(X, np.roll(X, k, axis=0)) for k in range(1, 20)]
    assert min(pairs) > 1.7

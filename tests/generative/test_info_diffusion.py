"""Diffusion given a code: the formulas, the limits that are known, the code's use."""

import math
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim._torch.diffusion._coded import code_divergence, discrepancy_from_normal
from sksim.generative import DiffusionFeatures, DPMEncoder, InfoDiffusion, VariationalDiffusion
from tests.reference import diffusion as oracle

CODE = {"n_components": 2, "encoder_params": {"width": 8}}
IMAGE = {"image_shape": (6, 4)}
OPTIONS = [
    {},
    {"conditioning": "film"},
    {"time_nested": True},
    {"n_steps": 4, "variance": "optimal"},
    {**IMAGE, "conditioning": "film"},
    {**IMAGE, "denoiser": "unet", "denoiser_params": {"width": 8, "n_layers": 1}},
]


def double(values):
    return torch.tensor(values, dtype=torch.float64)


def test_golden_values():
    points, others = [(0, 0), (1, 1)], [(0, 1), (2, 0)]
    assert oracle.discrepancy(points, others) == pytest.approx(0.180511894772969, abs=1e-14)
    found = discrepancy_from_normal(double(points)).item()
    assert found == pytest.approx(0.158911122807124, abs=1e-14)
    found = code_divergence(double([(0.5, -1.0)]), double([(1.0, 0.25)]).log()).item()
    assert found == pytest.approx(0.943147180559945, abs=1e-14)


def test_discrepancy_is_the_integral_over_the_prior():
    codes = np.random.RandomState(0).normal(0.5, 1.5, size=(40, 1))
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()

    def kernel(a, b):
        return np.exp(-((a[:, None] - b) ** 2))

    z = codes[:, 0]
    expected = kernel(z, z).mean() - 2 * (kernel(z, nodes) @ weights).mean()
    expected += weights @ kernel(nodes, nodes) @ weights
    assert discrepancy_from_normal(double(codes)).item() == pytest.approx(expected, abs=1e-9)


def data(options, table, images):
    return images if "image_shape" in options else table


@pytest.mark.parametrize("options", OPTIONS)
def test_an_untrained_model_is_the_one_without_a_code(tiny, table, images, options):
    """The paths of the code start at zero, and the other weights are those of the same seed."""
    X = data(options, table, images)
    shared = tiny | {"lr": 1e-12, "weight_decay": 0.0} | options
    plain = {k: v for k, v in shared.items() if k not in ("conditioning", "time_nested")}
    model = InfoDiffusion(**shared, **CODE).fit(X)
    expected = VariationalDiffusion(**plain).fit(X)
    if "n_steps" in options:
        model.variance_ratio_ = expected.variance_ratio_
    terms = model.elbo_terms(X)
    np.testing.assert_allclose(terms[:, :3], expected.elbo_terms(X), rtol=1e-4, atol=1e-4)


def test_terms_off_is_the_plain_bound(tiny, table):
    """zeta = 0, lambda = 1: the loss of an epoch is the sum of the terms of the bound."""
    options = tiny | CODE | {"max_epochs": 3}
    model = InfoDiffusion(zeta=0.0, lambda_=1.0, **options).fit(table)
    for row in model.history_:
        bits = row["train_prior"] + row["train_reconstruction"] + row["train_diffusion"]
        kl = row["train_kl"] / (3 * math.log(2))
        assert row["train_loss"] == pytest.approx(bits + kl, rel=1e-5)
    weighted = InfoDiffusion(zeta=0.75, lambda_=50.0, **options).fit(table)
    for row in weighted.history_:
        bits = row["train_prior"] + row["train_reconstruction"] + row["train_diffusion"]
        others = 0.25 * row["train_kl"] + 49.75 * row["train_mmd"]
        assert row["train_loss"] == pytest.approx(bits + others / (3 * math.log(2)), rel=1e-5)


def test_the_score_has_the_whole_divergence(tiny, table):
    model = InfoDiffusion(**tiny | CODE).fit(table)
    inside = model.net_.module_.average
    x = torch.as_tensor(model._network_rows(table)[0])
    with torch.no_grad():
        mean, log_variance = inside.posterior(x)
    expected = [
        oracle.gaussian_code_divergence(m, s)
        for m, s in zip(mean.double().numpy(), np.exp(log_variance.double().numpy()))
    ]
    np.testing.assert_allclose(model.elbo_terms(table)[:, 3], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.transform(table), mean, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("options", OPTIONS)
def test_one_life(tiny, table, images, options, tmp_path):
    X = data(options, table, images)
    settings = tiny | CODE | options
    model = InfoDiffusion(**settings, lr=1e-2).fit(X)
    scores = model.score_samples(X)
    assert np.isfinite(scores).all()
    np.testing.assert_array_equal(clone(model).fit(X).score_samples(X), scores)
    np.testing.assert_array_equal(model.score_samples(X[5:6]), scores[5:6])
    codes = model.transform(X)
    assert codes.shape == (len(X), 2)
    assert list(model.get_feature_names_out()) == ["infodiffusion0", "infodiffusion1"]
    assert {"train_kl", "train_mmd", "train_active"} <= set(model.history_[0])
    samples = model.sample(3, random_state=0)
    assert samples.shape == (3, *X.shape[1:])
    assert model.reconstruct(X, random_state=0).shape == X.shape
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.transform(X), codes)
    model.save_weights(tmp_path / "weights.pt")
    loaded = InfoDiffusion(**settings).load_weights(tmp_path / "weights.pt")
    np.testing.assert_array_equal(loaded.score_samples(X), scores)
    for other in ({"n_components": 3}, {"encoder_params": {"width": 9}}):
        with pytest.raises(ValueError, match="do not fit the parameters"):
            InfoDiffusion(**settings | other).load_weights(tmp_path / "weights.pt")
    Z = model.to_latent(X)
    back = model.from_latent(Z, codes)
    np.testing.assert_allclose(back, X, rtol=0, atol=1e-6 * X.std())
    features = model.set_params(representation="features").transform(X)
    frozen = DiffusionFeatures(FrozenEstimator(model))
    np.testing.assert_array_equal(frozen.fit_transform(X), features)


def test_the_plain_bound_collapses_and_the_discrepancy_cures_it(rng):
    """One number makes four features: a code of two tells it, or nothing if nothing asks it to."""
    angle = rng.uniform(-1.5, 1.5, size=(1500, 1))
    X = np.hstack([np.sin(angle), np.cos(angle), angle**3, -angle])
    X = X + 0.05 * rng.standard_normal(X.shape)
    options = {"max_epochs": 30, "lr": 3e-3, "ema_decay": 0.98, "random_state": 0}
    options |= {"n_components": 2, "n_sample_steps": 40}
    chance = np.square(X[:300] - X[300:600]).mean()
    errors, ends = [], []
    for weights in ({"zeta": 0.0, "lambda_": 1.0}, {}):
        model = InfoDiffusion(**options, **weights).fit(X)
        again = model.reconstruct(X[:300], random_state=0)
        errors.append(np.square(again - X[:300]).mean() / chance)
        ends.append(model.history_[-1])
    assert ends[0]["train_kl"] < 0.2 < 2 < ends[1]["train_kl"]
    assert ends[1]["train_active"] == 2
    assert errors[0] > 0.5
    assert errors[1] < 0.2
    codes = model.transform(X)
    assert (np.abs(codes.mean(axis=0)) < 0.3).all()
    assert (np.abs(codes.std(axis=0) - 1) < 0.3).all()


def test_components_are_told_in_order_of_time(tiny, table):
    model = InfoDiffusion(**tiny | CODE | {"n_components": 4}, time_nested=True).fit(table)
    inside = model.net_.module_.average
    gamma = inside.schedule(torch.tensor([0.0, 0.25, 0.26, 0.6, 1.0]))
    visible = inside.visible(torch.ones(5, 4), gamma).sum(1)
    assert visible.tolist() == [0, 1, 2, 3, 4]


def test_views_are_of_the_encoder_in_training_alone(tiny, table):
    before = torch.get_rng_state()
    options = tiny | CODE | {"lr": 1e-2}
    model = InfoDiffusion(**options, views=torch.nn.Dropout(0.5)).fit(table)
    assert torch.equal(torch.get_rng_state(), before)
    again = clone(model).fit(table)
    np.testing.assert_array_equal(again.transform(table), model.transform(table))
    plain = InfoDiffusion(**options).fit(table)
    assert np.abs(plain.transform(table) - model.transform(table)).max() > 1e-4
    constant = InfoDiffusion(**options, views=torch.zeros_like).fit(table)
    assert constant.history_[-1]["train_active"] == 0


class OwnDenoiser(torch.nn.Module):
    def __init__(self, shape, n_code):
        super().__init__()
        self.layer = torch.nn.Linear(shape[0] + 1 + n_code, shape[0])

    def forward(self, z, t, code):
        return self.layer(torch.cat([z, t.unsqueeze(1), code], dim=1))


class OwnCode(torch.nn.Module):
    def __init__(self, shape, n_outputs):
        super().__init__()
        self.layer = torch.nn.Linear(shape[0], n_outputs)

    def forward(self, x):
        return self.layer(x)


def test_own_networks(tiny, table):
    options = tiny | {"n_components": 2, "encoder_params": {"network": OwnCode}}
    options |= {"denoiser": OwnDenoiser, "denoiser_params": {"n_code": 2}}
    model = InfoDiffusion(**options).fit(table)
    assert model.transform(table).shape == (60, 2)
    from tests.generative.test_life import Network

    with pytest.raises(ValueError, match=r"lacks forward\(z, t, code\)"):
        InfoDiffusion(Network, **tiny | CODE | {"denoiser_params": None}).fit(table)


def test_bad_arguments(tiny, table):
    with pytest.raises(ValueError, match=r"lambda_ \+ zeta - 1 of the discrepancy"):
        InfoDiffusion(**tiny | CODE, zeta=0.5, lambda_=0.2).fit(table)
    model = InfoDiffusion(**tiny | CODE).fit(table)
    with pytest.raises(ValueError, match="needs codes="):
        model.from_latent(model.to_latent(table))
    with pytest.raises(ValueError, match=r"codes must have the shape \(3, 2\), got \(2, 2\)"):
        model.sample(3, codes=np.zeros((2, 2)))
    with pytest.raises(TypeError, match="DPMEncoder cannot invert"):
        DPMEncoder(FrozenEstimator(model)).fit(table)

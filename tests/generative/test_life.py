"""One life for all models: fit, score, sample, transform, clone, pickle, resume."""

import ast
import inspect
import math
import pickle
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim.generative import DiffEnc, InfoDiffusion, VariationalDiffusion


class Network(torch.nn.Module):
    """A user's module for both places."""

    def __init__(self, shape, width=4):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(shape[0] + 1, width), torch.nn.Tanh(), torch.nn.Linear(width, shape[0])
        )
        self.n_features = width

    def forward(self, z, t):
        return self.layers(torch.cat([z, t.unsqueeze(1)], dim=1))

    def features(self, z, t):
        return self.layers[0](torch.cat([z, t.unsqueeze(1)], dim=1))


IMAGE = {"image_shape": (6, 4)}
UNET = {"denoiser": "unet", "denoiser_params": {"width": 8, "n_layers": 1}}
LIVES = {
    "vdm": (VariationalDiffusion, {}),
    "eps": (VariationalDiffusion, {"prediction": "eps"}),
    "x": (VariationalDiffusion, {"prediction": "x"}),
    "papers": (VariationalDiffusion, {"denoiser_params": {"width": 8, "skip": "identity"}}),
    "learned": (VariationalDiffusion, {"schedule": "learned_linear"}),
    "steps": (VariationalDiffusion, {"n_steps": 5}),
    "optimal": (VariationalDiffusion, {"n_steps": 12, "variance": "optimal"}),
    "ratio": (DiffEnc, {"n_steps": 5, "variance": 0.9}),
    "module": (VariationalDiffusion, {"denoiser": Network}),
    "conv": (VariationalDiffusion, IMAGE),
    "unet": (VariationalDiffusion, {**IMAGE, **UNET}),
    "diffenc": (DiffEnc, {"encoder_params": {"width": 8}}),
    "nt": (DiffEnc, {"encoder": "nt"}),
    "identity": (DiffEnc, {"encoder": "identity"}),
    "residual": (DiffEnc, {"encoder_init": "identity", "counterterm": False}),
    "own encoder": (DiffEnc, {"encoder": Network, "schedule": "learned_linear"}),
    "encoded": (DiffEnc, {"representation": "encoder"}),
    "conv encoder": (DiffEnc, IMAGE),
    "info": (InfoDiffusion, {"n_components": 2}),
    "info images": (InfoDiffusion, {**IMAGE, "n_components": 2, "conditioning": "film"}),
    "unet encoder": (DiffEnc, {**IMAGE, "encoder_params": {"network": "unet", "width": 8}}),
}


@pytest.fixture(params=LIVES)
def life(request, tiny, table, images):
    Model, changes = LIVES[request.param]
    return Model(**(tiny | changes)), images if "image_shape" in changes else table


def test_one_life(life):
    model, X = life
    model.fit(X)
    scores = model.score_samples(X)
    assert scores.shape == (len(X),)
    assert np.isfinite(scores).all()
    terms = model.elbo_terms(X)
    np.testing.assert_array_equal(-terms.sum(axis=1), scores)
    assert (terms[:, [0, 2]] >= 0).all()
    assert model.score(X) == pytest.approx(scores.mean())
    bits = -scores.mean() / (model.n_features_in_ * math.log(2))
    assert model.bits_per_dim(X) == pytest.approx(bits)
    samples = model.sample(3, random_state=0)
    assert samples.shape == (3, *X.shape[1:])
    assert samples.dtype == X.dtype
    features = model.transform(X)
    assert features.shape == (len(X), len(model.get_feature_names_out()))
    assert model.n_iter_ == len(model.history_) == 2

    again = clone(model).fit(X)
    np.testing.assert_array_equal(again.score_samples(X), scores)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.score_samples(X), scores)
    np.testing.assert_array_equal(loaded.sample(3, random_state=0), samples)
    np.testing.assert_array_equal(loaded.transform(X), features)
    parts = clone(model).partial_fit(X)
    parts = pickle.loads(pickle.dumps(parts)).partial_fit(X)
    if model.variance != "optimal":  # estimated once for each training
        np.testing.assert_array_equal(parts.score_samples(X), scores)
    losses = [[row["train_loss"] for row in m.history_] for m in (model, parts)]
    assert losses[0] == losses[1]


def test_rows_do_not_depend_on_each_other(life):
    model, X = life
    model.fit(X)
    order = np.random.RandomState(0).permutation(len(X))
    scores = model.score_samples(X)
    np.testing.assert_array_equal(model.score_samples(X[order]), scores[order])
    np.testing.assert_array_equal(model.score_samples(X[5:6]), scores[5:6])
    features = model.transform(X)
    np.testing.assert_allclose(model.transform(X[order]), features[order], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.transform(X[5:6]), features[5:6], rtol=1e-5, atol=1e-6)


def test_a_model_of_a_gpu_loads_on_the_cpu(tiny, table, monkeypatch):
    model = DiffEnc(**tiny).fit(table)
    with monkeypatch.context() as patch:  # what the tensors of a model on a GPU are written as
        patch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
        text = pickle.dumps(model)
    loaded = pickle.loads(text)
    np.testing.assert_array_equal(loaded.score_samples(table), model.score_samples(table))
    assert loaded.partial_fit(table).n_iter_ == 3


def test_the_encoder_reaches_as_far_as_the_data(tiny, table):
    levels = np.arange(12).reshape(6, 2)
    for X, reach in ((table, 5.0), (levels, 1.0)):
        network = DiffEnc(**tiny).fit(X).net_.module_.average.encoder.network
        assert network.reach == reach
    own = DiffEnc(**tiny, encoder_params={"reach": 2.0}).fit(table)
    assert own.net_.module_.average.encoder.network.reach == 2.0


def test_constructors_store_what_they_get_and_nothing_else():
    """Explicit arguments, shared ones with the same defaults, as scikit-learn reads them."""
    shared, all_of_them = (
        inspect.signature(Model.__init__).parameters for Model in (VariationalDiffusion, DiffEnc)
    )
    assert list(all_of_them)[: len(shared)] == list(shared)
    assert all(all_of_them[name] == one for name, one in shared.items())
    assert [p.kind for p in shared.values()][:2] == [inspect.Parameter.POSITIONAL_OR_KEYWORD] * 2
    assert {p.kind for p in list(all_of_them.values())[2:]} == {inspect.Parameter.KEYWORD_ONLY}
    params = {"width": 3}
    model = DiffEnc("conv", denoiser_params=params, counterterm=False)
    assert vars(model) == model.get_params() | {"denoiser_params": params}
    assert model.denoiser_params is params
    assert model != DiffEnc("conv", denoiser_params=params, counterterm=False)
    assert hash(model)


def test_scores_do_not_depend_on_settings_of_speed(tiny, table):
    model = VariationalDiffusion(**tiny).fit(table)
    scores = model.score_samples(table)
    model.set_params(batch_size=7, random_state=5)
    np.testing.assert_array_equal(model.score_samples(table), scores)
    rounded = table.astype(np.float32)
    a, b = model.score_samples(rounded), model.score_samples(rounded.astype(np.float64))
    np.testing.assert_allclose(a, b, rtol=1e-5)


def test_global_generators_stay_untouched(tiny, table):
    def states():
        return torch.get_rng_state().numpy(), np.random.get_state()[1]

    before = [state.copy() for state in states()]
    model = DiffEnc(**tiny, validation_fraction=0.2).fit(table).partial_fit(table)
    model.score(table)
    model.sample(2, random_state=0)
    model.transform(table)
    model.calibrate(table, 3)
    for a, b in zip(before, states()):
        np.testing.assert_array_equal(a, b)


def test_same_seed_same_model_in_a_fresh_process(tiny):
    code = (
        "import numpy as np\n"
        "from sksim.generative import DiffEnc\n"
        "X = np.random.RandomState(0).standard_normal((40, 2))\n"
        f"model = DiffEnc(**{tiny!r}).fit(X)\n"
        "print(repr(model.score(X)), model.sample(1, random_state=0).tolist())\n"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    X = np.random.RandomState(0).standard_normal((40, 2))
    here = DiffEnc(**tiny).fit(X)
    score, sample = run.stdout.split(maxsplit=1)
    assert float(score) == pytest.approx(here.score(X), rel=1e-6)
    np.testing.assert_allclose(ast.literal_eval(sample), here.sample(1, random_state=0), rtol=1e-5)

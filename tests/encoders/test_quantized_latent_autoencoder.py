import numpy as np
import pytest

from sksim.datasets import make_factorial_latents
from sksim.encoders import QuantizedLatentAutoencoder

from .small import MODELS, table

torch = pytest.importorskip("torch")

from sksim._torch.autoencoder._quantized import QuantizedNetwork, nearest_values

FIVE = torch.linspace(-0.5, 0.5, 5, dtype=torch.float64).repeat(3, 1)


def nearest_one_by_one(z, values):
    """Literal quantisation of a row."""
    return [min(range(len(v)), key=lambda i: (abs(x - v[i]), i)) for x, v in zip(z, values)]


@pytest.mark.parametrize(
    ("z", "values", "indices", "error"),
    [
        ([-0.9, 0.1, 0.2], [-0.5, 0, 0.25], [0, 2, 3], 0.0575),
        ([0.125, 0.6, -0.13], [0, 0.5, -0.25], [2, 4, 1], 0.0133416666666667),
    ],
)
def test_known_values(z, values, indices, error):
    z = torch.tensor([z], dtype=torch.float64)
    quantized, found = nearest_values(z, FIVE)
    np.testing.assert_allclose(quantized, [values])
    assert found.tolist() == [indices]
    assert ((z - quantized) ** 2).mean().item() == pytest.approx(error, abs=1e-12)


def test_nearest_values(rng):
    z, values = rng.standard_normal((30, 4)), rng.standard_normal((4, 6))
    quantized, indices = nearest_values(torch.from_numpy(z), torch.from_numpy(values))
    assert indices.tolist() == [nearest_one_by_one(row, values) for row in z]
    again, _ = nearest_values(quantized, torch.from_numpy(values))
    np.testing.assert_array_equal(again, quantized)


def test_the_gradient_goes_straight_through(rng):
    """Of the latents it is the decoder's at the values, plus the commitment's."""
    network = QuantizedNetwork(
        n_features=3, n_components=2, hidden=(), likelihood="gaussian", n_values=4,
        learn_values=True, quantization_weight=0.0, commitment_weight=2.0,
    ).double()  # fmt: skip
    network.encoder = torch.nn.Identity()
    x = torch.from_numpy(rng.standard_normal((5, 2))).requires_grad_()
    target = torch.from_numpy(rng.standard_normal((5, 3)))
    outputs = network(x)
    parts = network.losses(outputs, target, None)
    sum(w * part for w, part in zip(network.weights(), parts)).backward()
    q = nearest_values(x.detach(), network.values.detach())[0].requires_grad_()
    ((network.decoder(q) - target) ** 2).mean().backward()
    expected = q.grad + 2.0 * 2 * (x.detach() - q.detach()) / x.numel()
    np.testing.assert_allclose(x.grad, expected)


def test_codes_are_values_of_their_latents():
    X = table()
    model = MODELS["quantized"]().fit(X)
    indices = model.encode_indices(X)
    assert model.values_.shape == (2, 12)
    np.testing.assert_allclose(model.values_[[0, 1], indices], model.transform(X), atol=1e-7)
    used = [len(np.unique(column)) for column in indices.T]
    assert model.history_[-1]["used_values"] == used
    fixed = MODELS["quantized"](learn_values=False, max_epochs=8, lr=0.1).fit(X)
    np.testing.assert_allclose(
        fixed.values_, np.tile(np.linspace(-0.5, 0.5, 12), (2, 1)), atol=1e-7
    )
    moved = MODELS["quantized"](max_epochs=8, lr=0.1).fit(X)
    assert np.abs(moved.values_ - fixed.values_).max() > 0.01


def test_values_do_not_decay():
    model = MODELS["quantized"](weight_decay=1.0, quantization_weight=0.0, lr=0.01).fit(table())
    groups = model.net_.optimizer_.param_groups
    decay = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    assert decay[id(model.net_.module_.values)] == 0
    assert decay[id(model.net_.module_.encoder[0].weight)] == 1
    assert decay[id(model.net_.module_.encoder[0].bias)] == 0


def test_factorial_data():
    X, sources = make_factorial_latents(400, n_sources=3, n_values=4, random_state=0)
    assert X.shape == (400, 20)
    assert sources.shape == (400, 3)
    assert set(np.unique(sources)) == set(range(4))
    distinct = len(np.unique(X, axis=0))
    assert distinct == len(np.unique(sources, axis=0)) == 64
    longer, _ = make_factorial_latents(500, n_sources=3, n_values=4, random_state=0)
    assert len(np.unique(np.concatenate([X, longer]).round(12), axis=0)) == 64
    noisy, _ = make_factorial_latents(400, n_sources=3, n_values=4, noise=0.5, random_state=0)
    assert (noisy - X).std() == pytest.approx(0.5, rel=0.05)
    with pytest.raises(ValueError, match="n_values"):
        make_factorial_latents(n_values=1)


def test_it_reconstructs_factorial_data():
    X, _ = make_factorial_latents(500, random_state=0)
    model = QuantizedLatentAutoencoder(
        4, n_values=5, hidden_layer_sizes=(64,), max_epochs=60, lr=3e-3, random_state=0
    ).fit(X)
    assert model.score(X) > 0.9

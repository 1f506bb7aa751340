import numpy as np
import pytest
from sklearn.decomposition import PCA

from sksim.encoders import DenoisingAutoencoder
from sksim.metrics import effective_rank

from .small import MODELS, table

torch = pytest.importorskip("torch")

from sksim._torch.autoencoder import _denoising, _network


def test_noise():
    x, mean = torch.zeros(200, 300), torch.full((300,), 7.0)
    noisy = _denoising.corrupt(x, "gaussian", 0.5, mean)
    assert noisy.std().item() == pytest.approx(0.5, rel=0.01)
    masked = _denoising.corrupt(x, "masking", 0.3, mean)
    assert set(masked.unique().tolist()) == {0.0, 7.0}
    assert (masked == 7).float().mean().item() == pytest.approx(0.3, rel=0.02)
    assert _denoising.corrupt(x, "gaussian", 0, mean) is x


def test_reconstruction_errors():
    x, decoded = torch.tensor([[0.0, 1.0], [0.5, 1.0]]), torch.tensor([[0.0, 2.0], [1.0, -1.0]])
    squares = (0 + 1 + 0.25 + 4) / 4
    found = _network.reconstruction_error(x, decoded, "gaussian")
    assert found.item() == pytest.approx(squares)
    p = 1 / (1 + np.exp(-decoded.double().numpy()))
    nats = -(x.numpy() * np.log(p) + (1 - x.numpy()) * np.log(1 - p)).sum() / 2
    assert _network.reconstruction_error(x, decoded, "bernoulli").item() == pytest.approx(nats)


def test_the_monitor_is_the_effective_rank(rng):
    Z = rng.standard_normal((40, 5)) * [1, 2, 3, 0.1, 0]
    assert _network.effective_rank(torch.from_numpy(Z)) == pytest.approx(effective_rank(Z))
    assert _network.effective_rank(torch.ones(4, 3)) == 1
    model = MODELS["denoising"]().fit(table())
    expected = effective_rank(model.transform(table()))
    assert model.history_[-1]["effective_rank"] == pytest.approx(expected, rel=1e-4)


def test_it_finds_the_plane(rng):
    """Linear data of rank two: nearly the reconstruction of PCA."""
    X = rng.standard_normal((400, 2)) @ rng.standard_normal((2, 6))
    X += 0.1 * rng.standard_normal(X.shape)
    model = DenoisingAutoencoder(
        2, hidden_layer_sizes=(64,), noise_level=0.0, max_epochs=60, lr=3e-3, random_state=0
    ).fit(X)
    z = (X - X.mean(0)) / X.std(0)
    best = PCA(2).fit(z)
    residual = ((z - best.inverse_transform(best.transform(z))) ** 2).sum() / (z**2).sum()
    assert 1 - model.score(X) < 1.2 * residual


def test_all_values_cannot_be_masked():
    with pytest.raises(ValueError, match="noise_level must be below 1"):
        MODELS["masking"](noise_level=1.0).fit(table())

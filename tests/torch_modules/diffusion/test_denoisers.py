import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim._torch.diffusion._denoisers import ConvDenoiser, MLPDenoiser
from sksim._torch.diffusion._layers import Attention, FourierFeatures
from sksim._torch.diffusion._unet import UNetDenoiser

CASES = [
    (MLPDenoiser, (3,), {"width": 8}),
    (ConvDenoiser, (2, 8, 8), {"width": 8}),
    (ConvDenoiser, (1, 7, 5), {"width": 12, "n_blocks": 1}),
    (UNetDenoiser, (1, 6, 6), {"width": 8, "n_layers": 2}),
]


@pytest.fixture(autouse=True)
def own_stream():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize(("kind", "shape", "params"), CASES)
def test_one_life(kind, shape, params):
    network = kind(shape, fourier=(0, 1), **params)
    z, t = torch.randn(4, *shape), torch.rand(4)
    assert network(z, t).shape == z.shape
    assert not network(z, t).any()  # the last layer starts at zero
    assert network.features(z, t).shape == (4, network.n_features)
    for parameter in network.parameters():
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    network(z, t).square().sum().backward()
    assert all(p.grad.any() for p in network.parameters())
    network.eval()
    np.testing.assert_allclose(
        network(z[1:2], t[1:2]).detach(), network(z, t)[1:2].detach(), atol=1e-4
    )
    assert (network(z, t) - network(z, 1 - t)).abs().max() > 1e-4


def test_fourier_features():
    z = torch.randn(2, 3, 4, 4)
    out = FourierFeatures((0, 2))(z)
    assert out.shape == (2, 15, 4, 4)
    np.testing.assert_array_equal(out[:, :3], z)
    np.testing.assert_allclose(out[:, 6:9], torch.sin(8 * torch.pi * z), atol=1e-6)
    np.testing.assert_allclose(out[:, 9:12], torch.cos(2 * torch.pi * z), atol=1e-6)


def test_fourier_features_tell_neighbouring_levels_apart():
    levels = (2 * (torch.arange(256) + 0.5) / 256 - 1).reshape(1, -1)
    waves = FourierFeatures((6, 7))(levels)[0].reshape(5, 256)[1:]
    steps = waves.diff(dim=1).square().sum(0).sqrt()
    assert steps.min() > 1.9


def test_attention_starts_at_the_identity_and_matches_the_fused_kernel():
    layer = Attention(8).double()
    h = torch.randn(2, 8, 3, 5, dtype=torch.float64)
    np.testing.assert_array_equal(layer(h).detach(), h)
    layer.out.weight.data.normal_()
    q, k, v = (p.transpose(1, 2) for p in layer.qkv(layer.norm(h)).flatten(2).chunk(3, dim=1))
    fused = torch.nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2)
    expected = h + layer.out(fused.reshape(h.shape))
    np.testing.assert_allclose(layer(h).detach(), expected.detach(), atol=1e-12)


@pytest.mark.parametrize("kind", [ConvDenoiser, MLPDenoiser])
def test_no_blocks_no_features(kind):
    with pytest.raises(ValueError, match="n_blocks must be at least 1 in denoiser_params, got 0"):
        kind((1, 8, 8), n_blocks=0)

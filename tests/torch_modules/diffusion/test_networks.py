"""The registry of networks, and what a network has to offer."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim._torch.diffusion._networks import (
    DENOISERS,
    ENCODER_NETWORKS,
    ENCODERS,
    find_network,
    make_network,
)
from sksim._torch.diffusion._protocols import (
    DenoiserNetwork,
    Encoder,
    EncoderNetwork,
    FeatureDenoiser,
    missing_parts,
)

SHAPES = {"rows": (3,), "images": (1, 8, 8)}


@pytest.fixture(autouse=True)
def own_stream():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize(
    ("known", "protocol"), [(DENOISERS, FeatureDenoiser), (ENCODER_NETWORKS, EncoderNetwork)]
)
def test_every_built_in_network_offers_what_is_asked_for(known, protocol):
    for one in known.values():
        shape = SHAPES[one.samples]
        network = one.network(shape, width=8)
        assert not missing_parts(network, protocol)
        x, t = torch.rand(2, *shape), torch.rand(2)
        assert network(x, t).shape == x.shape
        if protocol is FeatureDenoiser:
            assert network.features(x, t).shape == (2, network.n_features)


@pytest.mark.parametrize("known", [DENOISERS, ENCODER_NETWORKS])
def test_auto_is_the_first_that_fits(known):
    assert find_network("network", "auto", known, (3,)) is known["mlp"].network
    assert find_network("network", "auto", known, (1, 8, 8)) is known["conv"].network


def test_encoders_are_encoders(make_model):
    for name in ENCODERS:
        encoder = make_model(encoder=name).encoder
        assert not missing_parts(encoder, Encoder)
        x, gamma = torch.rand(2, 3).double(), torch.zeros(2).double()
        assert torch.equal(encoder(x, gamma).x, encoder.encode(x, gamma))
    assert missing_parts(torch.nn.Identity(), Encoder) == [
        "encode(x, gamma)",
        "second_moment(gamma)",
    ]


class Half(torch.nn.Module):
    """Neither half is there."""

    def __init__(self, shape, width=4):
        super().__init__()

    def features(self, z):
        return z


class Silent(torch.nn.Module):
    def __init__(self, shape, **params):
        super().__init__()
        self.n_features, self.params = 3, params

    def forward(self, z, time, unused=None):
        return z


def test_what_is_missing_is_named():
    assert missing_parts(Half((3,)), FeatureDenoiser) == [
        "forward(z, t)",
        "features(z, t)",
        "n_features",
    ]
    assert missing_parts(Silent((3,)), FeatureDenoiser) == ["features(z, t)"]
    assert not missing_parts(Silent((3,)), DenoiserNetwork)


def test_arguments_are_checked_before_and_methods_after():
    options = {"protocol": DenoiserNetwork, "other_keys": ["skip"]}
    with pytest.raises(ValueError, match="denoiser=Half lacks forward\\(z, t\\)"):
        make_network("denoiser", Half, (3,), {"width": 2}, **options)
    with pytest.raises(ValueError, match="'skip', 'width'.*, got 'with'. Did you mean 'width'"):
        make_network("denoiser", Half, (3,), {"with": 2}, **options)
    assert make_network("denoiser", Silent, (3,), {"anything": 1}, **options).params
    with pytest.raises(ValueError, match=r"Linear\(shape, \*\*denoiser_params\): missing"):
        make_network("denoiser", torch.nn.Linear, (3,), {}, **options)

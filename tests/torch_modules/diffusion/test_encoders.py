import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim._torch.diffusion._encoder_networks import ConvEncoder, MLPEncoder
from sksim._torch.diffusion._encoders import (
    IdentityEncoder,
    ScalingEncoder,
    TrainableEncoder,
    derivative_double_vjp,
    derivative_jvp,
    encode_pair,
)
from sksim._torch.diffusion._unet import UNetEncoder

NETWORKS = [(MLPEncoder, (3,)), (ConvEncoder, (2, 8, 8)), (UNetEncoder, (1, 8, 8))]


def make_encoder(kind, shape, residual=False):
    torch.manual_seed(0)
    encoder = TrainableEncoder(kind(shape, width=8), -13.3, 5.0, residual).double().eval()
    for parameter in encoder.parameters():
        parameter.data.add_(0.3 * torch.randn_like(parameter))
    return encoder


@pytest.fixture(autouse=True)
def own_stream():
    with torch.random.fork_rng(devices=[]):
        yield


def points(shape, generator, n=4):
    x = torch.rand((n, *shape), generator=generator, dtype=torch.float64) * 2 - 1
    return x, torch.linspace(-6, 4, n, dtype=torch.float64)


def central_difference(f, gamma, h=1e-4):
    return (f(gamma + h) - f(gamma - h)) / (2 * h)


@pytest.mark.parametrize(("kind", "shape"), NETWORKS)
@pytest.mark.parametrize("derivative", [derivative_jvp, derivative_double_vjp])
def test_exact_derivatives_equal_the_central_difference(kind, shape, derivative, generator):
    encoder = make_encoder(kind, shape)
    x, gamma = points(shape, generator)
    y, slope = derivative(lambda g: encoder.target(x, g), gamma)
    np.testing.assert_allclose(y.detach(), encoder.target(x, gamma).detach())
    # The sinusoids of 1000 t in the papers' network are stiff: a smaller step.
    h = 1e-6 if kind is UNetEncoder else 1e-4
    expected = central_difference(lambda g: encoder.target(x, g).detach(), gamma, h)
    assert expected.abs().max() > 1e-4
    np.testing.assert_allclose(slope.detach(), expected, atol=1e-5)


@pytest.mark.parametrize(("kind", "shape"), NETWORKS)
@pytest.mark.parametrize("residual", [False, True])
def test_drift_is_the_derivative_of_the_encoded_data(kind, shape, residual, generator):
    encoder = make_encoder(kind, shape, residual)
    x, gamma = points(shape, generator)
    x_t, drift = (value.detach() for value in encoder(x, gamma))
    np.testing.assert_allclose(x_t, encoder.encode(x, gamma).detach(), atol=1e-14)
    h = 1e-6 if kind is UNetEncoder else 1e-4
    in_lambda = -central_difference(lambda g: encoder.encode(x, g).detach(), gamma, h)
    sigma2 = torch.sigmoid(gamma).reshape(-1, *[1] * len(shape))
    np.testing.assert_allclose(sigma2 * drift, in_lambda, atol=1e-5)
    with torch.no_grad():
        np.testing.assert_allclose(encoder(x, gamma).drift, drift, atol=1e-10)


@pytest.mark.parametrize(("kind", "shape"), NETWORKS)
def test_the_derivative_that_a_network_brings_is_that_of_its_forward(kind, shape, generator):
    if "value_and_slope" not in vars(kind):
        pytest.skip("differentiated automatically")
    network = make_encoder(kind, shape).network
    x, gamma = points(shape, generator)
    t = (gamma / 20 + 0.5).requires_grad_()
    y, slope = network.value_and_slope(x, t)
    assert torch.equal(y, network(x, t))
    expected = derivative_double_vjp(lambda t: network(x, t), t)[1]
    np.testing.assert_allclose(slope.detach(), expected.detach(), rtol=1e-12, atol=1e-14)
    parameters = [t, *network.parameters()]
    gradients, others = (
        torch.autograd.grad(one.square().sum(), parameters, retain_graph=True, allow_unused=True)
        for one in (slope, expected)
    )
    for gradient, other in zip(gradients, others, strict=True):
        if other is None:  # of what does not depend on the time
            assert gradient is None
        else:
            np.testing.assert_allclose(gradient, other, rtol=1e-9, atol=1e-12)


def test_a_subclass_with_another_forward_has_another_derivative(generator):
    class Halved(MLPEncoder):
        def forward(self, x, t):
            return super().forward(x, t / 2)

    encoder = make_encoder(Halved, (3,))
    x, gamma = points((3,), generator)
    x_t, drift = (value.detach() for value in encoder(x, gamma))
    in_lambda = -central_difference(lambda g: encoder.encode(x, g).detach(), gamma)
    np.testing.assert_allclose(torch.sigmoid(gamma)[:, None] * drift, in_lambda, atol=1e-5)


@pytest.mark.parametrize(
    "f", [lambda x, t: 0.5 * x, lambda x, t: x * x.requires_grad_(), lambda x, t: x * t.floor()]
)
def test_a_target_may_ignore_the_time(f, generator):
    x, gamma = torch.rand((4, 1), generator=generator), torch.rand(4, generator=generator) + 1
    y, slope = derivative_double_vjp(lambda g: f(x, g.unsqueeze(1)), gamma)
    np.testing.assert_allclose(y.detach(), f(x, gamma.unsqueeze(1)).detach())
    np.testing.assert_array_equal(slope.detach(), 0)


class Dropped(torch.nn.Module):
    def forward(self, x, t):
        return torch.nn.functional.dropout(x, 0.5, self.training)


def test_a_pair_sees_one_mask(generator):
    encoder = TrainableEncoder(Dropped(), -13.3, 5.0).train()
    x, gamma = points((50,), generator)
    x_s, x_t = encode_pair(encoder, x, gamma, gamma)
    np.testing.assert_array_equal(x_s, x_t)
    assert not torch.equal(encoder.encode(x, gamma), x_t)  # the random stream went on
    x_s, x_t = encode_pair(encoder.eval(), x, gamma - 1, gamma)
    np.testing.assert_array_equal(x_s, encoder.encode(x, gamma - 1))
    np.testing.assert_array_equal(x_t, encoder.encode(x, gamma))


@pytest.mark.parametrize("encoder", [IdentityEncoder(), ScalingEncoder()])
def test_closed_form_encoders(encoder, generator):
    x, gamma = points((3,), generator)
    x_t, drift = encoder(x, gamma)
    in_lambda = -central_difference(lambda g: encoder.encode(x, g), gamma)
    np.testing.assert_allclose(torch.sigmoid(gamma)[:, None] * drift, in_lambda, atol=1e-9)
    np.testing.assert_array_equal(x_t, encoder.encode(x, gamma))
    moment = (x_t**2).mean(1) / (x**2).mean(1)
    np.testing.assert_allclose(encoder.second_moment(gamma), moment, rtol=1e-12)


@pytest.mark.parametrize(("kind", "shape"), NETWORKS)
def test_a_row_depends_on_itself_only(kind, shape, generator):
    encoder = make_encoder(kind, shape)
    x, gamma = points(shape, generator)
    whole = encoder(x, gamma)
    row = encoder(x[2:3], gamma[2:3])
    for a, b in zip(whole, row):
        np.testing.assert_allclose(a[2:3].detach(), b.detach(), atol=1e-12)


@pytest.mark.parametrize("kind", [ConvEncoder, UNetEncoder])
def test_strides_do_not_matter(kind, generator):
    encoder = make_encoder(kind, (1, 8, 8))
    x, gamma = points((8, 8, 1), generator)
    with torch.no_grad():
        for whole, again in zip(
            encoder(x.movedim(3, 1), gamma), encoder(x.reshape(4, 1, 8, 8), gamma)
        ):
            np.testing.assert_allclose(whole, again, atol=1e-12)


@pytest.mark.parametrize(("kind", "shape"), NETWORKS)
@pytest.mark.parametrize(("residual", "start"), [(False, ScalingEncoder), (True, IdentityEncoder)])
def test_start_of_training(kind, shape, residual, start, generator):
    encoder = TrainableEncoder(kind(shape, width=8), -13.3, 5.0, residual).double()
    x, gamma = points(shape, generator)
    for a, b in zip(encoder(x, gamma), start()(x, gamma)):
        np.testing.assert_allclose(a.detach(), b, atol=1e-14)
    np.testing.assert_array_equal(encoder.second_moment(gamma), start().second_moment(gamma))


@pytest.mark.parametrize(("kind", "shape"), NETWORKS)
def test_reach_of_the_target(kind, shape, generator):
    x, gamma = points(shape, generator)
    highest = []
    for reach in (1.0, 5.0):
        network = kind(shape, width=8, reach=reach).double().eval()
        torch.nn.init.constant_(network.last.bias, 3.0)
        highest.append(float(network(x, gamma).detach().max()))
    np.testing.assert_allclose(highest, [np.tanh(3), 5 * np.tanh(3 / 5)])


def test_boundary_values(generator):
    encoder = make_encoder(MLPEncoder, (3,))
    x, _ = points((3,), generator)
    ends = torch.full((4,), -13.3).double(), torch.full((4,), 5.0).double()
    start, end = (encoder.encode(x, gamma).detach() for gamma in ends)
    np.testing.assert_allclose(start, x, atol=2 * 1.7e-6)
    np.testing.assert_allclose(end, encoder.target(x, ends[1]).detach(), atol=2 * 0.0067)


def test_unet_encoder_names_the_size_it_needs():
    with pytest.raises(ValueError, match="even height and width"):
        UNetEncoder((1, 7, 8))

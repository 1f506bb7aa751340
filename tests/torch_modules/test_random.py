"""Streams of random numbers: own generators, code that knows the process-wide one, threads."""

import copy
import pickle
import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

import torch.nn.functional as F
from torch import nn

from sksim._torch._random import (
    RandomStream,
    draws_on_its_own,
    generator,
    same_draws,
)

X = torch.arange(12.0).reshape(4, 3) / 12
KERNEL = torch.ones(1, 2, 4, 4)
HEADS = torch.ones(2, 1, 4)

#: Ways to draw from the process-wide generator without naming it.
DRAWS = {
    "rand": lambda: torch.rand(5),
    "randn": lambda: torch.randn(2, 3),
    "randint": lambda: torch.randint(10, (7,)),
    "randperm": lambda: torch.randperm(9),
    "normal": lambda: torch.normal(X, 2.0),
    "bernoulli": lambda: torch.bernoulli(X),
    "multinomial": lambda: torch.multinomial(X, 2),
    "poisson": lambda: torch.poisson(X),
    "Tensor.uniform_": lambda: torch.empty(5).uniform_(),
    "Tensor.exponential_": lambda: torch.empty(5).exponential_(),
    "Tensor.bernoulli": lambda: X.bernoulli(),
    "rand_like": lambda: torch.rand_like(X),
    "randn_like": lambda: torch.randn_like(X),
    "randint_like": lambda: torch.randint_like(X, 10),
    "dropout": lambda: F.dropout(X, 0.4),
    "dropout in place": lambda: F.dropout(X.clone(), 0.4, inplace=True),
    "dropout, all or none": lambda: torch.cat([F.dropout(X, 1.0), F.dropout(X, 0.0)]),
    "torch.dropout": lambda: torch.dropout(X, 0.4, True),
    "dropout1d": lambda: F.dropout1d(KERNEL[0], 0.4),
    "dropout2d": lambda: F.dropout2d(KERNEL, 0.4),
    "alpha_dropout": lambda: F.alpha_dropout(X, 0.4, training=True),
    "rrelu": lambda: F.rrelu(-X, training=True),
    "gumbel_softmax": lambda: F.gumbel_softmax(X),
    "fractional pooling": lambda: F.fractional_max_pool2d(KERNEL, 2, output_size=3),
    "attention": lambda: F.scaled_dot_product_attention(HEADS, HEADS, HEADS, dropout_p=0.5),
    "MultiheadAttention": lambda: nn.MultiheadAttention(4, 2, 0.5)(HEADS, HEADS, HEADS)[0],
    "LSTM": lambda: nn.LSTM(4, 3, num_layers=2, dropout=0.5)(HEADS)[0],
    "GRU": lambda: nn.GRU(4, 3, num_layers=2, dropout=0.5)(HEADS)[0],
    "TransformerEncoderLayer": lambda: nn.TransformerEncoderLayer(4, 2, 8)(HEADS),
    "Linear": lambda: nn.Linear(3, 2).weight,
    "Conv2d": lambda: nn.Conv2d(3, 2, 3).bias,
    "Embedding": lambda: nn.Embedding(3, 2).weight,
    **{
        name: lambda name=name: getattr(nn.init, name)(torch.empty(4, 3))
        for name in ("xavier_uniform_", "xavier_normal_", "kaiming_normal_", "orthogonal_")
        + ("trunc_normal_", "uniform_", "normal_")
    },
    "sparse_": lambda: nn.init.sparse_(torch.empty(4, 3), 0.5),
    "distributions": lambda: torch.distributions.Gamma(X + 1, 1.0).sample(),
    "Normal": lambda: torch.distributions.Normal(X, 1.0).rsample(),
}


@pytest.mark.parametrize("name", DRAWS)
def test_code_that_knows_the_process_wide_generator_draws_from_the_stream(name):
    torch.manual_seed(11)
    before = torch.get_rng_state()
    with RandomStream(0).active(foreign=True):
        drawn = [DRAWS[name]().detach() for _ in range(2)]
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(RandomStream(0).seed)  # the numbers are those of torch's own generator
    for value in drawn:
        torch.testing.assert_close(value, DRAWS[name]().detach(), rtol=0, atol=0)


def test_a_generator_that_is_named_is_used():
    with RandomStream(0).active(foreign=True):
        named = torch.rand(3, generator=torch.Generator().manual_seed(5))
    assert torch.equal(named, torch.rand(3, generator=torch.Generator().manual_seed(5)))


def test_dropout_has_its_gradient():
    x = X.clone().requires_grad_()
    with RandomStream(0).active(foreign=True):
        y = F.dropout(x, 0.4)
    y.sum().backward()
    np.testing.assert_allclose(x.grad[X > 0], (y / X)[X > 0].detach(), rtol=1e-6)


def test_no_stream_is_the_process_wide_generator():
    assert generator() is None
    with RandomStream(0).active():
        outer = generator()
        with RandomStream(1).active():
            assert generator() is not outer
        assert generator() is outer
        seen = []
        thread = threading.Thread(target=lambda: seen.append(generator()))
        thread.start()
        thread.join()
        assert seen == [None]
    assert generator() is None


@pytest.mark.parametrize("in_a_stream", [True, False])
def test_same_draws(in_a_stream):
    stream = RandomStream(0)
    with stream.active(), same_draws(torch.device("cpu")):
        first = torch.rand(3, generator=generator() if in_a_stream else None)
    with torch.random.fork_rng(devices=[]):
        with same_draws(torch.device("cpu")):
            free = torch.rand(3)
        assert torch.equal(free, torch.rand(3))
    if in_a_stream:
        assert torch.equal(first, torch.rand(3, generator=stream.generator()))


def test_compiled_code_is_lent_the_process_wide_generator():
    a, b = RandomStream(0), RandomStream(0)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    with a.active(compiled=True):
        assert generator() is None
        lent = torch.rand(3), torch.rand(3)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(torch.cat(lent[:1]), torch.rand(3, generator=b.generator()))
    assert torch.equal(torch.cat(lent[1:]), torch.rand(3, generator=b.generator()))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_copies_go_on_where_the_stream_is(copied):
    stream = RandomStream(0)
    torch.rand(3, generator=stream.generator())
    other, third = copied(stream), RandomStream(1)
    third.load_state_dict(stream.state_dict())
    expected = torch.rand(3, generator=stream.generator())
    for one in (other, third):
        assert torch.equal(torch.rand(3, generator=one.generator()), expected)


def test_what_draws_on_its_own():
    class Mine(nn.Module):
        pass

    plain = [nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.0)), nn.LayerNorm(2)]
    drawing = [Mine(), nn.Sequential(nn.Dropout(0.1)), nn.LSTM(2, 2), nn.MultiheadAttention(2, 1)]
    assert not any(map(draws_on_its_own, plain))
    assert all(map(draws_on_its_own, drawing))


def test_threads_share_nothing():
    """Three threads that draw in every way, one of them from the process-wide generator."""
    strict = [name for name in DRAWS if name in ("rand", "dropout", "Linear", "xavier_normal_")]

    def draw(stream):
        with stream.active(foreign=True):
            return [DRAWS[name]().detach() for _ in range(100) for name in strict]

    alone = [draw(RandomStream(seed)) for seed in (0, 1)]
    torch.manual_seed(7)
    expected = torch.rand(2000)
    torch.manual_seed(7)
    found = {}
    work = {
        0: lambda: draw(RandomStream(0)),
        1: lambda: draw(RandomStream(1)),
        2: lambda: torch.stack([torch.rand(()) for _ in range(2000)]),
    }

    def run(i):
        found[i] = work[i]()

    threads = [threading.Thread(target=run, args=(i,)) for i in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in (0, 1):
        assert all(torch.equal(a, b) for a, b in zip(found[i], alone[i], strict=True))
    torch.manual_seed(7)
    assert torch.equal(found[2], torch.stack([torch.rand(()) for _ in range(2000)]))
    assert expected.shape == found[2].shape


@pytest.mark.parametrize("foreign", [True, False])
def test_gradients_are_as_before_wherever_an_interrupt_comes(foreign):
    """The mode is asked about ``set_grad_enabled`` too: an interrupt there leaves them off."""

    def interrupted():
        with RandomStream(0).active(foreign=foreign):
            torch.set_grad_enabled(False)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert torch.is_grad_enabled()

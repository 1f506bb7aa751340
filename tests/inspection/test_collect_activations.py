import sys
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils import Bunch

from sksim.inspection import collect_activations
from sksim.metrics import pairwise_similarity

torch = pytest.importorskip("torch")
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from sksim._torch.layers import _stream
from tests.small_networks import SmallResNet, TokenEncoder, seeded, transformer

RNG = np.random.default_rng(0)
IMAGES = RNG.standard_normal((30, 1, 8, 8)).astype(np.float32)
SEQUENCES = RNG.standard_normal((30, 6, 8)).astype(np.float32)
TABLE = RNG.standard_normal((30, 4)).astype(np.float32)


@pytest.fixture
def mlp():
    return seeded(lambda: nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)))


@pytest.fixture
def resnet():
    network = seeded(SmallResNet)
    for module in network.modules():  # statistics that evaluation and training do not share
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-1, 1, generator=torch.Generator().manual_seed(0))
    return network.eval()


@pytest.fixture
def encoder():
    return seeded(transformer).eval()


@pytest.fixture
def tokens():
    """Words with padding, on either side, and the mask."""
    mask = np.ones((30, 10), int)
    for row, length in zip(mask[::2], RNG.integers(2, 10, 15), strict=True):
        row[length:] = 0
    mask[4] = mask[4, ::-1]
    return {"input_ids": RNG.integers(0, 30, (30, 10)), "attention_mask": mask}


def whole_outputs(network, name, *args, **kwargs):
    """Copies of what a layer puts out in one forward pass of all samples: the literal oracle."""
    outputs = []
    layer = network.get_submodule(name)
    handle = layer.register_forward_hook(lambda m, i, out: outputs.append(out.clone()))
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    with torch.no_grad():
        network(*args, **kwargs)
    torch.backends.mha.set_fastpath_enabled(fast)
    handle.remove()
    return [one.numpy() for one in outputs]


def assert_close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6)


# --- layers and their names -----------------------------------------------------------------


def test_layers_of_a_sequential(mlp):
    activations = collect_activations(mlp, TABLE, batch_size=7)
    assert isinstance(activations, Bunch)
    assert list(activations) == ["0", "1", "2"]
    for name, values in activations.items():
        assert values.dtype == np.float32
        assert_close(values, whole_outputs(mlp, name, torch.from_numpy(TABLE))[0])


def test_blocks_of_a_residual_network(resnet):
    names = ["conv1", "bn1", "relu", "layer1.0", "layer1.1", "layer2.0", "layer2.1", "fc"]
    activations = collect_activations(resnet, IMAGES, batch_size=8)
    assert list(activations) == names
    for name in names:
        (output,) = whole_outputs(resnet, name, torch.from_numpy(IMAGES))
        if name == "bn1":
            assert output.min() < 0  # what the next layer overwrites
        assert_close(activations[name], output.reshape(*output.shape[:2], -1).mean(-1)
                     if output.ndim == 4 else output)  # fmt: skip


def test_blocks_of_a_transformer(encoder):
    activations = collect_activations(encoder, SEQUENCES, batch_size=8)
    assert list(activations) == ["layers.0", "layers.1"]
    for name, values in activations.items():
        (output,) = whole_outputs(encoder, name, torch.from_numpy(SEQUENCES))
        assert_close(values, output.mean(axis=1))


def test_blocks_without_containers():
    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.second, self.first = nn.Linear(5, 3), nn.Linear(4, 5)

        def forward(self, x):
            return self.second(self.first(x))

    assert list(collect_activations(seeded(Pair), TABLE)) == ["first", "second"]  # as called
    assert list(collect_activations(seeded(nn.Linear, 4, 2), TABLE)) == [""]


def test_inner_layers_and_patterns(encoder):
    names = ["layers.1.linear1", "layers.0.self_attn", "layers.0.linear1", ""]
    activations = collect_activations(encoder, SEQUENCES, layers=names)
    assert list(activations) == names
    (output,) = whole_outputs(encoder, "layers.1.linear1", torch.from_numpy(SEQUENCES))
    assert_close(activations["layers.1.linear1"], output.mean(axis=1))
    matched = collect_activations(encoder, SEQUENCES, layers=["layers.*.linear1"])
    assert list(matched) == ["layers.0.linear1", "layers.1.linear1"]
    everything = collect_activations(encoder, SEQUENCES, layers=["*"])
    assert "layers.0.norm1" in everything
    assert "layers.0.self_attn.out_proj" not in everything


def test_a_module_that_is_called_twice(resnet):
    activations = collect_activations(resnet, IMAGES, layers=["layer1.0.relu"], batch_size=9)
    assert list(activations) == ["layer1.0.relu", "layer1.0.relu#2"]
    outputs = whole_outputs(resnet, "layer1.0.relu", torch.from_numpy(IMAGES))
    for values, output in zip(activations.values(), outputs, strict=True):
        assert_close(values, output.mean(axis=(2, 3)))


def test_a_module_with_two_names():
    shared = seeded(nn.Linear, 4, 4)
    network = nn.Sequential(shared, nn.ReLU(), shared)
    activations = collect_activations(network, TABLE, layers=["2"])
    assert list(activations) == ["2", "2#2"]


@pytest.mark.parametrize("layers", [["layers.7"], ["1", "layer.0"], [3]])
def test_unknown_layers(encoder, layers):
    with pytest.raises(ValueError, match=r"layers must be one of .*layers\.0"):
        collect_activations(encoder, SEQUENCES, layers=layers)


def test_layers_that_are_no_list(mlp):
    with pytest.raises(TypeError, match="layers must be a list of names or None, got '0'"):
        collect_activations(mlp, TABLE, layers="0")
    with pytest.raises(ValueError, match="layers must hold at least one name"):
        collect_activations(mlp, TABLE, layers=[])


def test_layers_that_are_not_called(encoder):
    with pytest.raises(ValueError, match=r"'layers.0.self_attn.out_proj' is not called"):
        collect_activations(encoder, SEQUENCES, layers=["layers.0.self_attn.out_proj"])


# --- outputs ----------------------------------------------------------------------------------


class Odd(nn.Module):
    def __init__(self, make):
        super().__init__()
        self.make = make

    def forward(self, x):
        return self.make(x)


class Around(nn.Module):
    """A network around a layer with an odd output."""

    def __init__(self, make):
        super().__init__()
        self.odd, self.end = Odd(make), nn.Linear(4, 2)

    def forward(self, x):
        self.odd(x)
        return self.end(x)


@pytest.mark.parametrize(
    "make",
    [
        lambda x: (x, None),
        lambda x: [x.sum(), x],
        lambda x: {"loss": x.sum(), "state": (None, x)},
        lambda x: x.double(),
        lambda x: x[None],
        lambda x: x.T,
        lambda x: (torch.ones(7), x),
    ],
)
def test_tuples_mappings_and_axes(make):
    values = collect_activations(Around(make), TABLE, layers=["odd"], batch_size=7)["odd"]
    np.testing.assert_allclose(values, TABLE, rtol=1e-6)


@pytest.mark.parametrize("batch_first", [True, False])
def test_recurrent_layers(batch_first):
    lstm = seeded(nn.LSTM, 8, 5, batch_first=batch_first)
    turn = nn.Identity() if batch_first else Odd(lambda x: x.movedim(0, 1))
    network = nn.Sequential(turn, lstm)
    values = collect_activations(network, SEQUENCES, layers=["1"], batch_size=6)["1"]
    output = network(torch.from_numpy(SEQUENCES))[0].detach().numpy()
    assert_close(values, output.mean(axis=1 if batch_first else 0))


def test_tokens_as_many_as_samples_are_told_apart():
    """The table of positions puts out (tokens, d), samples or not."""
    network = seeded(TokenEncoder)
    X = RNG.integers(0, 30, (10, 10))
    assert "positions" not in collect_activations(network, X, batch_size=10)
    with pytest.raises(ValueError, match=r"'positions' must put out .* got shapes \[\(10, 8\)\]"):
        collect_activations(network, X, layers=["positions"])


@pytest.mark.parametrize("make", [lambda x: None, lambda x: x.sum(), lambda x: torch.ones(2, 3, 3)])
def test_outputs_without_a_row_a_sample(make):
    network = Around(make)
    assert list(collect_activations(network, TABLE)) == ["end"]
    with pytest.raises(ValueError, match="Layer 'odd' must put out a tensor with one row a sample"):
        collect_activations(network, TABLE, layers=["odd"])


def test_no_layer_at_all():
    with pytest.raises(ValueError, match="no layer puts out"):
        collect_activations(nn.Sequential(Odd(lambda x: x.sum())), TABLE)


@pytest.mark.parametrize("n", [1, 2])
def test_few_samples(encoder, n):
    for name, values in collect_activations(encoder, SEQUENCES[:n]).items():
        (output,) = whole_outputs(encoder, name, torch.from_numpy(SEQUENCES[:n]))
        assert_close(values, output.mean(axis=1))


def test_calls_that_change_between_batches():
    class Sometimes(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Identity()

        def forward(self, x):
            return self.layer(self.layer(x)) if len(x) > 6 else self.layer(x)

    with pytest.raises(ValueError, match="called 2 times in a forward pass, and 1 times"):
        collect_activations(Sometimes(), TABLE, batch_size=8)


def test_widths_that_change_between_batches():
    batches = [torch.ones(5, 4, 2), torch.ones(5, 3, 2)]
    network = nn.Sequential(nn.ReLU())
    with pytest.raises(ValueError, match=r"same number of features in each batch, got \[6, 8\]"):
        collect_activations(network, iter(batches), pool="flatten")


def test_values_that_are_not_finite():
    with pytest.raises(ValueError, match="Layer 'odd' has activations that are NaN or infinite"):
        collect_activations(Around(lambda x: x / 0), TABLE)


# --- pooling --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pool", "expected"),
    [
        ("auto", SEQUENCES.mean(axis=1)),
        ("mean", SEQUENCES.mean(axis=1)),
        ("token", SEQUENCES[:, 0]),
        ("flatten", SEQUENCES.reshape(30, -1)),
        (lambda x: x[:, -1], SEQUENCES[:, -1]),
        (lambda x: x.amax(dim=1).numpy(), SEQUENCES.max(axis=1)),
    ],
)
def test_pools_of_tokens(pool, expected):
    values = collect_activations(nn.Sequential(nn.Identity()), SEQUENCES, pool=pool)["0"]
    assert_close(values, expected)


@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_pools_of_maps(n_axes):
    X = RNG.standard_normal((10, 3, *range(2, 2 + n_axes)))
    network = nn.Sequential(nn.Identity() if n_axes > 1 else nn.AdaptiveAvgPool1d(2))
    mean = collect_activations(network, X)["0"]
    assert mean.dtype == np.float64
    assert_close(mean, X.reshape(10, 3, -1).mean(-1))
    flat = collect_activations(network, X, pool="flatten")["0"]
    assert_close(flat, X.reshape(10, -1))
    with pytest.raises(ValueError, match="no tokens; use pool='mean' over all positions, pool='f"):
        collect_activations(network, X, pool="token")


@pytest.mark.parametrize("pool", ["auto", "mean", "flatten", "token"])
def test_vectors_are_not_pooled(mlp, pool):
    plain = collect_activations(mlp, TABLE)
    for name, values in collect_activations(mlp, TABLE, pool=pool).items():
        np.testing.assert_array_equal(values, plain[name])


@pytest.mark.parametrize("pool", ["max", 3, None])
def test_unknown_pools(mlp, pool):
    with pytest.raises(ValueError, match=r"pool must be one of \['auto', 'flatten', 'mean', 't"):
        collect_activations(mlp, TABLE, pool=pool)


@pytest.mark.parametrize("pool", [lambda x: x, lambda x: x.mean(), lambda x: x[0]])
def test_functions_that_pool_to_something_else(pool):
    with pytest.raises(ValueError, match=r"Layer '0': the function pool must .* \(30, d\), got"):
        collect_activations(nn.Sequential(nn.Identity()), SEQUENCES, pool=pool)


@pytest.mark.parametrize("pool", ["auto", "flatten", "token"])
def test_what_a_later_layer_writes_in_place_is_not_seen(pool):
    X = SEQUENCES if pool == "token" else TABLE
    network = nn.Sequential(nn.Identity(), nn.ReLU(inplace=True))
    values = collect_activations(network, X.copy(), pool=pool)["0"]
    assert values.min() < 0


def test_the_input_is_not_written_in_place():
    X = torch.from_numpy(TABLE.copy())
    collect_activations(nn.Sequential(nn.ReLU(inplace=True)), X)
    np.testing.assert_array_equal(X.numpy(), TABLE)
    X = TABLE.copy()
    collect_activations(nn.Sequential(nn.ReLU(inplace=True)), X)
    np.testing.assert_array_equal(X, TABLE)


# --- padding ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pool", ["mean", "token"])
def test_padding_is_left_out(tokens, pool):
    network = seeded(TokenEncoder).eval()
    values = collect_activations(network, tokens, pool=pool, batch_size=8)
    assert list(values) == ["words", "encoder.layers.0", "encoder.layers.1", "pooler"]
    kept = tokens["attention_mask"].astype(bool)
    given = {key: torch.from_numpy(value) for key, value in tokens.items()}
    (states,) = whole_outputs(network, "encoder.layers.1", **given)
    expected = [
        row[mask].mean(axis=0) if pool == "mean" else row[mask][0]
        for row, mask in zip(states, kept, strict=True)
    ]
    assert_close(values["encoder.layers.1"], expected)


def test_padding_alone_changes_nothing(tokens):
    """A sample has the same activations beside whatever longer one it is padded."""
    network = seeded(TokenEncoder).eval()
    short = {key: value[:, :5].copy() for key, value in tokens.items()}
    short["attention_mask"][:] = 1
    padded = {key: np.pad(value, [(0, 0), (0, 4)]) for key, value in short.items()}
    a, b = collect_activations(network, short), collect_activations(network, padded)
    for name in ("words", "encoder.layers.0", "encoder.layers.1"):
        assert_close(a[name], b[name])


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("infinite", [False, True])
def test_padding_of_torch_transformers(encoder, tokens, nested, infinite):
    padding = torch.from_numpy(tokens["attention_mask"][:, :6] == 0)
    padding[4] = False  # all others have theirs at the end
    X = {"src": SEQUENCES, "src_key_padding_mask": padding}
    if infinite:
        X["src_key_padding_mask"] = torch.zeros(padding.shape).masked_fill(padding, -torch.inf)
    encoder.enable_nested_tensor = encoder.use_nested_tensor = nested
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, on nested tensors
        values = collect_activations(encoder, X, layers=["layers.1", "layers.0.linear1"])
        given = {key: torch.as_tensor(value) for key, value in X.items()}
        (states,) = whole_outputs(encoder, "layers.1", **given)
    expected = [row[~mask].mean(axis=0) for row, mask in zip(states, padding.numpy(), strict=True)]
    assert_close(values["layers.1"], expected)


def test_masks_of_pairs_of_tokens_are_no_samples(encoder):
    causal = nn.Transformer.generate_square_subsequent_mask(6)
    values = collect_activations(encoder, {"src": SEQUENCES, "mask": causal}, batch_size=8)
    (states,) = whole_outputs(encoder, "layers.1", torch.from_numpy(SEQUENCES), mask=causal)
    assert_close(values["layers.1"], states.mean(axis=1))


def test_padding_that_cannot_be_left_out(tokens):
    network = seeded(TokenEncoder)
    with pytest.raises(ValueError, match="Layer 'words': its tokens cannot be flattened, as some"):
        collect_activations(network, tokens, pool="flatten")
    empty = dict(tokens, attention_mask=np.zeros((30, 10), int))
    with pytest.raises(ValueError, match=r"X\['attention_mask'\] leaves a sample without any"):
        collect_activations(network, empty)

    class Shorter(nn.Module):
        def __init__(self):
            super().__init__()
            self.cut = Odd(lambda x: x[:, ::2])

        def forward(self, input_ids, attention_mask):
            return self.cut(input_ids[:, :, None].float())

    with pytest.raises(ValueError, match="'cut': its output has 5 tokens where the mask .* has 10"):
        collect_activations(Shorter(), tokens)


# --- inputs -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        torch.from_numpy,
        lambda X: torch.from_numpy(X).double().requires_grad_(),
        lambda X: X.astype(np.float64),
        lambda X: X.tolist(),
        pd.DataFrame,
        lambda X: TensorDataset(torch.from_numpy(X)),
        lambda X: TensorDataset(torch.from_numpy(X), torch.zeros(30)),
        lambda X: DataLoader(TensorDataset(torch.from_numpy(X), torch.zeros(30)), batch_size=7),
        lambda X: DataLoader(torch.from_numpy(X), batch_size=7),
        lambda X: DataLoader([{"input": row, "labels": 1} for row in X], batch_size=7),
        lambda X: (part for part in np.array_split(X, 4)),
        lambda X: {"input": X, "labels": np.zeros(30)},
    ],
)
def test_whatever_holds_the_inputs(mlp, make):
    expected = collect_activations(mlp, TABLE)
    for name, values in collect_activations(mlp, make(TABLE)).items():
        assert_close(values, expected[name])


def test_scalars_in_a_mapping_go_to_the_network(tokens):
    network = seeded(TokenEncoder)
    values = collect_activations(network, {**tokens, "return_dict": False}, layers=["pooler"])
    assert values["pooler"].shape == (30, 8)


@pytest.mark.parametrize(
    ("X", "error", "match"),
    [
        (TABLE[:0], ValueError, "X must have one row a sample|minimum of 1"),
        (np.float64(3.0), (TypeError, ValueError), "X"),
        (np.full((5, 4), np.nan), ValueError, "X contains NaN"),
        (torch.full((5, 4), torch.inf), ValueError, "X contains NaN or inf"),
        (np.array([["a"] * 4]), (TypeError, ValueError), "X must be numeric"),
        (np.array([[None] * 4]), (TypeError, ValueError), "X"),
        (np.datetime64("2020-01-01") + np.ones((5, 4), int), TypeError, "X must be numeric"),
        (np.ma.masked_array(TABLE, TABLE > 0), ValueError, "X is a masked array"),
        ([[1.0, 2.0], [1.0]], ValueError, "X"),
        ({}, ValueError, "got no array"),
        ({"input": TABLE, "other": TABLE[:5]}, ValueError, "got {'input': 30, 'other': 5}"),
        ({"input": np.full((5, 4), np.nan)}, ValueError, r"X\['input'\] contains NaN"),
        (iter([]), ValueError, "X must have at least one batch"),
        (iter([(np.full((5, 4), np.nan), 1)]), ValueError, "A batch of X contains NaN"),
        (None, (TypeError, ValueError), "X"),
    ],
)
def test_bad_inputs(mlp, X, error, match):
    with pytest.raises(error, match=match):
        collect_activations(mlp, X)


@pytest.mark.parametrize("module", [None, lambda x: x, nn.Linear])
def test_what_is_no_network(module):
    with pytest.raises(TypeError, match=r"module must be a torch.nn.Module, got"):
        collect_activations(module, TABLE)


def test_parallel_networks_are_refused(mlp):
    with pytest.raises(TypeError, match=r"got DataParallel: pass .module"):
        collect_activations(nn.DataParallel(mlp), TABLE)


def test_compiled_networks_are_read_as_they_were_written(mlp):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own
        compiled = torch.compile(mlp)
    values = collect_activations(compiled, TABLE)
    assert list(values) == ["0", "1", "2"]


@pytest.mark.parametrize("batch_size", [0, -1, 1.5, "all"])
def test_bad_batch_sizes(mlp, batch_size):
    with pytest.raises(ValueError, match="'batch_size' parameter"):
        collect_activations(mlp, TABLE, batch_size=batch_size)


@settings(max_examples=15)
@given(batch_size=st.integers(1, 31))
def test_batches_change_nothing(batch_size):
    network = seeded(transformer)
    whole = collect_activations(network, SEQUENCES, batch_size=30)
    for name, values in collect_activations(network, SEQUENCES, batch_size=batch_size).items():
        assert_close(values, whole[name])


# --- precision and devices --------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_pooled_in_single(encoder, dtype):
    X = torch.from_numpy(300 * SEQUENCES).to(dtype).repeat(1, 100, 1)
    values = collect_activations(nn.Sequential(nn.Identity()).to(dtype), X)["0"]
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, X.float().mean(dim=1), rtol=1e-4, atol=1e-4)
    half = collect_activations(seeded(transformer).to(dtype), SEQUENCES)
    for name, single in collect_activations(encoder, SEQUENCES).items():
        np.testing.assert_allclose(half[name], single, atol=0.1)


def test_device_goes_back(mlp):
    with pytest.raises(ValueError, match=r"device='nowhere' cannot be used"):
        collect_activations(mlp, TABLE, device="nowhere")
    values = collect_activations(mlp, TABLE, device="cpu")
    np.testing.assert_array_equal(values["2"], collect_activations(mlp, TABLE)["2"])


def test_a_network_on_another_device():
    """The meta device computes shapes only: inputs have to go where the weights are."""
    network = nn.Sequential(nn.Linear(4, 5, device="meta"))
    with pytest.raises((NotImplementedError, RuntimeError), match="meta"):
        collect_activations(network, TABLE[:2])
    assert next(network.parameters()).device.type == "meta"
    mixed = nn.Sequential(nn.Linear(4, 5, device="meta"), nn.Linear(5, 5))
    with pytest.raises(ValueError, match=r"several devices, got 'cpu' and .* \['cpu', 'meta'\]"):
        collect_activations(mixed, TABLE, device="cpu")


# --- what is left behind ----------------------------------------------------------------------


def hooks_of(network):
    return sum(len(module._forward_hooks) for module in network.modules())


def test_the_network_is_as_it_was(resnet):
    resnet.train()
    resnet.layer1.eval()
    resnet.conv1.weight.requires_grad_(False)
    resnet.fc.weight.grad = torch.ones_like(resnet.fc.weight)
    modes = [module.training for module in resnet.modules()]
    state = {key: value.clone() for key, value in resnet.state_dict().items()}
    fast_path, generator = torch.backends.mha.get_fastpath_enabled(), torch.get_rng_state()
    collect_activations(resnet, IMAGES)
    assert [module.training for module in resnet.modules()] == modes
    assert all(torch.equal(value, state[key]) for key, value in resnet.state_dict().items())
    assert hooks_of(resnet) == 0
    assert torch.is_grad_enabled()
    assert not resnet.conv1.weight.requires_grad
    assert resnet.fc.weight.requires_grad
    assert torch.equal(resnet.fc.weight.grad, torch.ones_like(resnet.fc.weight))
    assert torch.backends.mha.get_fastpath_enabled() == fast_path
    assert torch.equal(torch.get_rng_state(), generator)


def test_the_network_is_evaluated(resnet):
    expected = collect_activations(resnet, IMAGES)
    for name, values in collect_activations(resnet.train(), IMAGES).items():
        np.testing.assert_array_equal(values, expected[name])


@pytest.mark.parametrize("where", ["forward", "pool", "loader", "interrupt"])
def test_the_network_is_as_it_was_after_an_error(mlp, where):
    def fail(x):
        raise KeyboardInterrupt if where == "interrupt" else RuntimeError("on purpose")

    def batches():
        yield TABLE[:8]
        assert hooks_of(mlp) == 0  # between the batches there are none
        yield fail(TABLE) if where == "loader" else TABLE[8:]

    network = nn.Sequential(mlp, Odd(fail)) if where in ("forward", "interrupt") else mlp
    network.train()
    error = KeyboardInterrupt if where == "interrupt" else RuntimeError
    with pytest.raises(error):
        collect_activations(network, batches(), pool=fail if where == "pool" else "auto")
    assert hooks_of(network) == 0
    assert all(module.training for module in network.modules())
    assert torch.is_grad_enabled()


def test_own_hooks_stay(mlp):
    calls = []
    mlp[0].register_forward_hook(lambda *_: calls.append(1))
    collect_activations(mlp, TABLE)
    assert len(mlp[0]._forward_hooks) == 1
    assert calls


def test_gradients_are_not_recorded(mlp):
    seen = []
    collect_activations(mlp, TABLE, pool=lambda x: seen.append(x.requires_grad) or x)
    assert not any(seen)


# --- warnings and memory ----------------------------------------------------------------------


def test_rows_that_depend_on_each_other_warn():
    network = seeded(transformer, batch_first=False)
    with pytest.warns(UserWarning, match=r"'layers.0' depend on the other .* batch_first=True"):
        collect_activations(network, SEQUENCES)
    statistics = nn.Sequential(nn.BatchNorm1d(4, track_running_stats=False))
    with pytest.warns(UserWarning, match="running statistics"):
        collect_activations(statistics, TABLE)


def test_what_does_not_fit_is_refused_after_one_batch(mlp, monkeypatch):
    sizes = []

    def refuse(n_bytes, what, instead):
        sizes.append(n_bytes)
        raise MemoryError(f"{what} {instead}")

    monkeypatch.setattr(_stream, "check_fits", refuse)
    with pytest.raises(MemoryError, match="3 layers for 30 samples Choose fewer .*layer_similari"):
        collect_activations(mlp, TABLE, batch_size=5)
    assert sizes == [30 * (5 + 5 + 3) * 4]


def test_without_torch(mlp, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"collect_activations needs torch.*sksim\[torch\]"):
        collect_activations(mlp, TABLE)


def test_measures_take_the_result(resnet):
    activations = collect_activations(resnet, IMAGES)
    similarities = pairwise_similarity(activations, "cka")
    assert similarities.labels == list(activations)

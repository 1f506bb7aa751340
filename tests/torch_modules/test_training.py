import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from skorch.callbacks import Callback, PassthroughScoring

from sksim._torch._random import RandomStream
from sksim._torch._training import (
    BestWeights,
    TrainingDivergedError,
    TrainingNet,
    epoch_history,
    progress,
    resolve_device,
    tensor_float_products,
    validation_split,
)


class Line(torch.nn.Module):
    def __init__(self, n_out=1):
        super().__init__()
        self.linear = torch.nn.Linear(3, n_out)

    def forward(self, X):
        return self.linear(X).squeeze(-1)


def make_net(**kwargs):
    options = {"max_epochs": 3, "lr": 0.05, "batch_size": 16, "optimizer": torch.optim.Adam}
    return TrainingNet(Line, torch.nn.MSELoss, **(options | kwargs))


@pytest.fixture
def data(rng):
    X = rng.standard_normal((50, 3)).astype(np.float32)
    return X, X @ np.array([1.0, -2.0, 0.5], dtype=np.float32)


def weights(net):
    return net.module_.linear.weight.detach().numpy().copy()


def fit_in(stream, data, **kwargs):
    with stream.active(foreign=True):
        return make_net(**kwargs).fit(*data)


def test_same_seed_same_weights_and_global_generators_untouched(data):
    torch.manual_seed(3)
    np.random.seed(3)
    expected = torch.rand(1), np.random.rand()
    torch.manual_seed(3)
    np.random.seed(3)
    a, b, c = (fit_in(RandomStream(seed), data) for seed in (0, 0, 1))
    assert torch.rand(1) == expected[0]
    assert np.random.rand() == expected[1]
    np.testing.assert_array_equal(weights(a), weights(b))
    assert not np.array_equal(weights(a), weights(c))


def test_stream_continues_where_it_stopped(data):
    whole = fit_in(RandomStream(0), data, max_epochs=4)
    stream = RandomStream(0)
    parts = fit_in(stream, data, max_epochs=2)
    stream = pickle.loads(pickle.dumps(stream))
    with stream.active(foreign=True):
        parts.partial_fit(*data)
    np.testing.assert_array_equal(weights(whole), weights(parts))
    assert [row["epoch"] for row in epoch_history(parts)] == [1, 2, 3, 4]
    assert "batches" not in epoch_history(parts)[0]


def test_stream_restored_after_an_error():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    with pytest.raises(KeyError), RandomStream(0).active(foreign=True):  # noqa: PT012
        torch.rand(5)
        raise KeyError
    assert torch.equal(torch.get_rng_state(), before)


def test_pickle_is_for_the_cpu(data):
    net = fit_in(RandomStream(0), data)
    net.device = "cuda"  # what a net trained on a GPU says
    loaded = pickle.loads(pickle.dumps(net))
    assert loaded.device == "cpu"
    np.testing.assert_array_equal(weights(net), weights(loaded))


def test_tensors_of_a_gpu_load_on_the_cpu(data, monkeypatch):
    net = fit_in(RandomStream(0), data, callbacks=[BestWeights()], optimizer=torch.optim.Adam)
    with monkeypatch.context() as patch:  # what the tensors of a net on a GPU are written as
        patch.setattr(torch.serialization, "location_tag", lambda storage: "cuda:0")
        text, bare = pickle.dumps(net), pickle.dumps(net.module_)
    if not torch.cuda.is_available():
        with pytest.raises(RuntimeError, match="CUDA"):
            pickle.loads(bare)
    loaded = pickle.loads(text)
    np.testing.assert_array_equal(weights(net), weights(loaded))
    assert {w.device.type for w in loaded.module_.parameters()} == {"cpu"}
    moments = [state["exp_avg"] for state in loaded.optimizer_.state.values()]
    assert {moment.device.type for moment in moments} == {"cpu"}
    loaded.partial_fit(*data)


def test_resolve_device():
    assert resolve_device("cpu") == "cpu"
    assert resolve_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(ValueError, match="device='nonsense' cannot be used"):
        resolve_device("nonsense")


def test_divergence_restores_the_best_weights(data):
    X, y = data
    best = BestWeights()
    net = fit_in(RandomStream(0), data, callbacks=[best])
    kept = weights(net)
    with pytest.raises(TrainingDivergedError, match="Try a smaller lr"):
        net.partial_fit(X, np.full_like(y, np.nan))
    np.testing.assert_array_equal(weights(net), kept)


def test_divergence_in_the_first_epoch_restores_the_initial_weights(data):
    X, y = data
    net = make_net(callbacks=[BestWeights()]).initialize()
    initial = weights(net)
    with pytest.raises(TrainingDivergedError, match="epoch 1 became nan"):
        net.partial_fit(X, np.where(np.arange(len(y)) == 7, np.nan, y).astype(np.float32))
    np.testing.assert_array_equal(weights(net), initial)


def test_early_stopping_ends_with_the_best_validation_weights(data):
    X, y = data
    stopper = BestWeights("valid_loss", patience=2)
    split = validation_split(X[:10], -y[:10])  # gets worse while training succeeds
    net = fit_in(RandomStream(0), data, callbacks=[stopper], train_split=split, max_epochs=50)
    losses = [row["valid_loss"] for row in epoch_history(net)]
    assert len(losses) == np.argmin(losses) + 3 < 50
    valid = ((net.predict(X[:10]) + y[:10]) ** 2).mean()
    assert valid == pytest.approx(min(losses), rel=1e-5)


def test_progress(capsys):
    assert list(progress(range(3), verbose=0, name="sample")) == [0, 1, 2]
    assert capsys.readouterr().err == ""
    assert list(progress(range(3), verbose=1, name="sample")) == [0, 1, 2]
    assert "sample" in capsys.readouterr().err


class OwnState(Line):
    """A network that names its weights in a way of its own."""

    def state_dict(self, *args, **kwargs):
        state = super().state_dict(*args, **kwargs)
        return {f"own.{name}": value for name, value in state.items()}

    def load_state_dict(self, state, **kwargs):
        return super().load_state_dict(
            {name.removeprefix("own."): value for name, value in state.items()}, **kwargs
        )


class Noting(BestWeights):
    """Keeps what it saw, which the callback gives up at the end."""

    def on_train_end(self, net, X=None, y=None, **kwargs):
        self.seen = self.best_weights_, self.start_weights_
        super().on_train_end(net, X, y, **kwargs)


@pytest.mark.parametrize("module", [Line, OwnState])
def test_weights_are_copied_under_the_names_of_the_state(data, module):
    class Replacing(Callback):
        """Puts new parameters in the place of the old ones, as a callback may."""

        def on_epoch_begin(self, net, *args, **kwargs):
            new = net.module_.linear.weight.detach() + 0
            net.module_.linear.weight = torch.nn.Parameter(new)
            self.weights = new.clone()

    replacing, noting = Replacing(), Noting()
    net = TrainingNet(module, torch.nn.MSELoss, max_epochs=3, lr=0.05,
                      callbacks=[replacing, noting])  # fmt: skip
    with RandomStream(0).active(foreign=True):
        net.fit(*data)
    best, start = dict(net.callbacks_)["Noting"].seen
    assert list(start) == list(net.module_.state_dict()) == list(best)
    name = next(name for name in start if name.endswith("weight"))
    assert torch.equal(start[name], dict(net.callbacks_)["Replacing"].weights)
    assert not start[name].requires_grad


@pytest.mark.parametrize("monitor", ["train_loss", "valid_loss"])
def test_weights_of_the_best_epoch_outlive_those_of_worse_ones(data, monitor):
    """Copies take the place of older ones that are of no more use."""
    net, best = make_net().initialize(), BestWeights(monitor).initialize()
    best.on_train_begin(net)
    seen = []
    for loss in [3.0, 5.0, 2.0, 2.5, 1.0, 4.0, 6.0, 0.5]:
        start = weights(net)
        best.on_epoch_begin(net)
        with torch.no_grad():
            net.module_.linear.weight += 1
        net.history.new_epoch()
        net.history.record("train_loss", 0.0)
        net.history.record(monitor, loss)
        best.on_epoch_end(net)
        seen.append((loss, start if monitor == "train_loss" else weights(net)))
        expected = min(seen, key=lambda pair: pair[0])[1]
        np.testing.assert_array_equal(best.best_weights_["linear.weight"], expected)
        np.testing.assert_array_equal(best.start_weights_["linear.weight"], start)


@pytest.mark.parametrize("size", [16, 25, 50])
def test_average_of_one_batch_has_the_bits_of_numpy(data, size):
    X, y = data
    net = fit_in(RandomStream(0), (X[:size], y[:size]), batch_size=size)
    for row in net.history:
        (batch,) = row["batches"]
        assert row["train_loss"] == np.average([batch["train_loss"]], weights=[size])


def test_an_epoch_of_the_history_is_found_without_a_copy_of_all(data):
    net = fit_in(RandomStream(0), data)
    assert net.history[-1] is net.history_[2]
    assert net.history[1:, "epoch"] == [2, 3]
    assert [row["epoch"] for row in net.history[1:]] == [2, 3]
    loaded = pickle.loads(pickle.dumps(net)).history
    assert type(loaded) is type(net.history)
    assert loaded == net.history
    with pytest.raises(IndexError):
        net.history[3]


def test_averages_of_an_epoch_are_those_of_skorch(data):
    expected = PassthroughScoring("train_loss", on_train=True).initialize()
    net = fit_in(RandomStream(0), data)  # batches of 16, 16, 16 and 2
    for row in net.history:
        weights = [batch["train_batch_size"] for batch in row["batches"]]
        losses = [batch["train_loss"] for batch in row["batches"]]
        assert row["train_loss"] == np.average(losses, weights=weights)
    assert net.history[-1]["train_loss"] == expected.get_avg_score(net.history)
    assert net.history[:, "train_loss_best"] == [True] * 3
    assert "valid_loss" not in net.history[-1]


@pytest.fixture
def as_on_a_gpu(monkeypatch):
    """The losses stay in tensors until the epoch ends, here on the processor."""
    monkeypatch.setattr(TrainingNet, "defers", property(lambda net: True))


def columns(net):
    return [(row["train_loss"], row["valid_loss"]) for row in net.history]


def test_losses_that_stay_on_the_device_are_those_of_each_step(data, request):
    X, y = data
    options = {"optimizer__fused": True, "train_split": validation_split(X[:9], y[:9])}
    expected = fit_in(RandomStream(0), data, **options)
    request.getfixturevalue("as_on_a_gpu")
    net = fit_in(RandomStream(0), data, **options)
    assert columns(net) == columns(expected)
    np.testing.assert_array_equal(weights(net), weights(expected))
    kinds = {
        type(value) for row in net.history for batch in row["batches"] for value in batch.values()
    }
    assert kinds == {int, float}


def test_a_step_of_an_infinite_loss_is_left_out_before_the_epoch_raises(data, as_on_a_gpu):
    X, y = data
    y = y.copy()
    y[20] = np.inf  # in the second of four batches
    net = make_net(optimizer__fused=True, iterator_train__shuffle=False, max_epochs=1)
    with RandomStream(0).active(foreign=True), pytest.raises(TrainingDivergedError, match="inf"):
        net.fit(X, y)
    assert np.isfinite(weights(net)).all()
    other = make_net(optimizer__fused=True, iterator_train__shuffle=False, max_epochs=1)
    keep = np.r_[0:16, 32:50]
    with RandomStream(0).active(foreign=True):
        other.fit(X[keep], y[keep])
    np.testing.assert_array_equal(weights(net), weights(other))


def test_tf32_only_while_it_lasts():
    before = torch.get_float32_matmul_precision()
    with tensor_float_products("cuda:0"):
        assert torch.get_float32_matmul_precision() == "high"
    assert torch.get_float32_matmul_precision() == before
    with tensor_float_products("cpu"):
        assert torch.get_float32_matmul_precision() == before

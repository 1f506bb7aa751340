import pickle

import numpy as np
import pytest
from sklearn.base import clone

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from skorch.callbacks import Callback, Checkpoint, LRScheduler

from sksim._torch.diffusion._averaged import Averaged
from sksim.generative import DiffEnc, VariationalDiffusion


class Recorder(Callback):
    calls = 0

    def on_batch_end(self, net, batch=None, training=None, **kwargs):
        self.rates_ = [*getattr(self, "rates_", []), net.optimizer_.param_groups[-1]["lr"]]
        type(self).calls += 1


def test_history_holds_the_terms(tiny, table):
    model = DiffEnc(**tiny, validation_fraction=0.25).fit(table)
    for row in model.history_:
        for prefix in ("train", "valid"):
            parts = [row[f"{prefix}_{t}"] for t in ("prior", "reconstruction", "diffusion")]
            assert row[f"{prefix}_loss"] == pytest.approx(sum(parts), rel=1e-5)
        assert "batches" not in row
    assert [row["epoch"] for row in model.history_] == [1, 2]


def test_early_stopping_returns_to_the_best_epoch(tiny, table):
    options = tiny | {"max_epochs": 200, "lr": 0.1, "warmup_steps": 0, "ema_decay": 0.0}
    model = VariationalDiffusion(**options, early_stopping=True, validation_fraction=0.5).fit(table)
    losses = [row["valid_loss"] for row in model.history_]
    assert len(losses) == np.argmin(losses) + 11 < 200
    again = clone(model).set_params(max_epochs=int(np.argmin(losses)) + 1, early_stopping=False)
    np.testing.assert_array_equal(again.fit(table).score_samples(table), model.score_samples(table))


def test_early_stopping_sets_rows_aside_by_itself(tiny, table):
    model = VariationalDiffusion(**tiny, early_stopping=True).fit(table)
    assert "valid_loss" in model.history_[0]
    assert "valid_loss" not in model.partial_fit(table).history_[-1]


def test_divergence_raises_and_keeps_the_best_weights(tiny, table):
    model = VariationalDiffusion(**tiny | {"warmup_steps": 0}, warm_start=True).fit(table)
    scores = model.score_samples(table)
    for group in model.net_.optimizer_.param_groups:
        group["lr"] = 1e30
    with pytest.raises(FloatingPointError, match="Try a smaller lr"):
        model.set_params(max_epochs=50).fit(table)
    assert np.isfinite(model.score_samples(table)).all()
    assert model.n_iter_ >= 2
    np.testing.assert_allclose(model.score_samples(table), scores, rtol=0.5)


def test_divergence_in_the_first_epoch_leaves_a_usable_model(tiny, table):
    model = VariationalDiffusion(**tiny | {"warmup_steps": 0, "lr": 1e30, "batch_size": 5})
    with pytest.raises(ValueError, match="diverged"):
        model.fit(table)
    assert model.history_ == []
    assert np.isfinite(model.score_samples(table)).all()


def test_the_net_can_be_trained_on_a_dataset(tiny, table):
    from skorch.dataset import Dataset

    model = VariationalDiffusion(**tiny).fit(table)
    x = model._data.to_network(table)
    model.net_.partial_fit(Dataset(x, np.zeros(len(x))))
    assert len(model.net_.history) == 4


def test_divergence_in_the_very_last_step_is_seen(tiny, table):
    model = VariationalDiffusion(**tiny | {"warmup_steps": 0, "lr": 1e30, "max_epochs": 1})
    with pytest.raises(FloatingPointError, match="diverged"):
        model.fit(table)
    assert np.isfinite(model.score_samples(table)).all()
    assert np.isfinite(model.set_params(lr=1e-3).partial_fit(table).score(table))


def test_learning_rate_rises_once(tiny, table):
    options = tiny | {"warmup_steps": 5, "batch_size": 20, "lr": 0.01}
    recorder = Recorder()
    model = VariationalDiffusion(**options, callbacks=[recorder]).fit(table)
    used = next(c for _, c in model.net_.callbacks_ if isinstance(c, Recorder))
    np.testing.assert_allclose(used.rates_, 0.01 * np.array([1, 2, 3, 4, 5, 5]) / 5)
    assert not hasattr(recorder, "rates_")  # the user's object is copied
    model.partial_fit(table)
    np.testing.assert_allclose(used.rates_[6:], 0.01)


def test_callbacks_of_skorch(tiny, table, tmp_path):
    callbacks = [
        Checkpoint(dirname=str(tmp_path), monitor="train_loss_best"),
        LRScheduler("CosineAnnealingLR", T_max=2, step_every="epoch"),
    ]
    model = VariationalDiffusion(**tiny | {"warmup_steps": 0}, callbacks=callbacks).fit(table)
    assert (tmp_path / "params.pt").exists()
    assert model.history_[-1]["event_lr"] < model.history_[0]["event_lr"]
    model.net_.load_params(checkpoint=Checkpoint(dirname=str(tmp_path)))
    assert np.isfinite(model.score(table))


def test_ends_of_the_schedule_are_learned(tiny, table, tmp_path):
    fixed = VariationalDiffusion(**tiny).fit(table)
    assert fixed.gamma_range_ == (-10.0, 5.0)
    learned = VariationalDiffusion(**tiny | {"lr": 0.01}, schedule="learned_linear").fit(table)
    schedule = learned.net_.module_.average.schedule
    gammas = schedule(torch.tensor([0.0, 1.0])).tolist()
    np.testing.assert_allclose(learned.gamma_range_, gammas, rtol=1e-6)
    assert learned.gamma_range_ != fixed.gamma_range_
    learned.save_weights(tmp_path / "a.pt")
    loaded = clone(learned).load_weights(tmp_path / "a.pt")
    assert loaded.gamma_range_ == learned.gamma_range_


def test_clipped_gradients(tiny, table):
    a = VariationalDiffusion(**tiny).fit(table)
    b = VariationalDiffusion(**tiny, clip_norm=1e-4).fit(table)
    assert a.score(table) != b.score(table)


def test_decay_of_weights_spares_biases_and_norms(tiny, table):
    model = VariationalDiffusion(**tiny, schedule="learned_linear").fit(table)
    spared = {
        id(p)
        for group in model.net_.optimizer_.param_groups
        if group["weight_decay"] == 0
        for p in group["params"]
    }
    for name, parameter in model.net_.module_.named_parameters():
        expected = name.endswith("bias") or "norm" in name or "gamma" in name
        assert (id(parameter) in spared) == expected, name


def test_warm_start_continues(tiny, table):
    whole = VariationalDiffusion(**tiny | {"max_epochs": 4}).fit(table)
    model = VariationalDiffusion(**tiny, warm_start=True).fit(table).fit(table)
    assert model.n_iter_ == 4
    np.testing.assert_array_equal(model.score_samples(table), whole.score_samples(table))
    assert model.set_params(warm_start=False).fit(table).n_iter_ == 2


def test_settings_may_change_between_trainings(tiny, table):
    model = VariationalDiffusion(**tiny | {"warmup_steps": 0}, warm_start=True).fit(table)
    before = model.score_samples(table)
    model.set_params(lr=1e-12, weight_decay=0.5, batch_size=7, clip_norm=2.0, verbose=0)
    model.fit(table)
    assert {group["lr"] for group in model.net_.optimizer_.param_groups} == {1e-12}
    assert model.net_.optimizer_.param_groups[-1]["weight_decay"] == 0.5
    assert len(model.net_.history[-1]["batches"]) == 9
    callbacks = dict(model.net_.callbacks_)
    assert callbacks["clip_norm"].gradient_clip_value == 2.0
    model.set_params(early_stopping=True, max_epochs=30).fit(table)
    assert {"valid_loss", "valid_diffusion"} <= set(model.history_[-1])
    assert model.n_iter_ < 34
    assert not np.array_equal(before, model.score_samples(table))  # the average still moves


@pytest.mark.parametrize(
    "change",
    [
        {"prediction": "eps"},
        {"gamma_max": 4.0},
        {"n_steps": 4},
        {"likelihood": "categorical"},
        {"n_levels": 4},
        {"encoder": "identity"},
        {"denoiser_params": {"width": 8, "skip": "identity"}},
    ],
)
def test_the_network_may_not_change_between_trainings(tiny, table, change):
    model = DiffEnc(**tiny, encoder="nt", warm_start=True).fit(table)
    with pytest.raises(ValueError, match=f"cannot go on with another {next(iter(change))}"):
        model.set_params(**change).fit(table)
    with pytest.raises(ValueError, match="cannot go on"):
        model.partial_fit(table)


def test_one_more_pass_after_early_stopping_is_not_undone(tiny, table):
    model = VariationalDiffusion(**tiny | {"warmup_steps": 0, "lr": 0.01}, early_stopping=True)
    before = model.fit(table).net_.module_.model.denoiser.network.first.weight.clone()
    model.partial_fit(table)
    assert not torch.equal(model.net_.module_.model.denoiser.network.first.weight, before)


def test_average_of_the_weights():
    layer = torch.nn.Linear(1, 1, bias=False)
    layer.weight.data.fill_(1.0)
    averaged = Averaged(layer, decay=0.5)
    for n, value in enumerate([2.0, 3.0, 4.0, 5.0, 6.0] + 20 * [7.0]):
        layer.weight.data.fill_(value)
        before = averaged.average.weight.item()
        averaged.update()
        decay = min(0.5, (1 + n) / (10 + n))
        assert averaged.average.weight.item() == pytest.approx(decay * before + (1 - decay) * value)
    x = torch.ones(1, 1)
    assert averaged.train()(x).item() == 7.0
    assert averaged.eval()(x).item() == averaged.average.weight.item()
    assert not any(p.requires_grad for p in averaged.average.parameters())


def test_average_is_the_literal_one_to_the_last_bit():
    generator = torch.Generator().manual_seed(0)
    model = torch.nn.Linear(5, 4)
    averaged = pickle.loads(pickle.dumps(Averaged(model, decay=0.3)))
    expected = [p.detach().clone() for p in averaged.model.parameters()]
    for n in range(6):
        for p, mean in zip(averaged.model.parameters(), expected):
            p.data = torch.randn(p.shape, generator=generator)
            mean.lerp_(p.data, 1 - min(0.3, (1 + n) / (10 + n)))
        averaged.update()
        assert averaged.n_updates == n + 1
    assert all(map(torch.equal, averaged.average.parameters(), expected))


def test_buffers_of_the_average_are_those_of_the_model():
    averaged = Averaged(torch.nn.BatchNorm1d(2), decay=0.5)
    averaged.train()(torch.arange(6.0).reshape(3, 2))
    averaged.update()
    assert averaged.average.num_batches_tracked == 1
    assert torch.equal(averaged.average.running_mean, averaged.model.running_mean)


def test_the_average_is_what_scores(tiny, table):
    model = VariationalDiffusion(**tiny | {"lr": 0.05, "warmup_steps": 0, "ema_decay": 0.0})
    exact = model.fit(table).score(table)
    averaged = clone(model).set_params(ema_decay=0.999).fit(table).score(table)
    assert exact != averaged


def test_verbose(tiny, table, capsys):
    VariationalDiffusion(**tiny).fit(table).sample(1)
    out, err = capsys.readouterr()
    assert out == err == ""
    model = VariationalDiffusion(**tiny, verbose=2).fit(table)
    out, err = capsys.readouterr()
    assert "train_loss" in out
    model.sample(1, random_state=0)
    assert "sample" in capsys.readouterr().err
    model.score(table)
    assert "score" in capsys.readouterr().err


def test_reduced_precision_trains(tiny, table):
    full = VariationalDiffusion(**tiny).fit(table)
    half = DiffEnc(**tiny, precision="bf16").fit(table)
    assert np.isfinite(half.score(table))
    assert half.net_.module_.model.denoiser.network.last.weight.dtype == torch.float32
    assert full.score(table) == pytest.approx(half.score(table), rel=0.2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_compiled_denoiser_gives_the_same_model(tiny, table):
    eager, compiled = (DiffEnc(**tiny, compile=c).fit(table) for c in (False, True))
    np.testing.assert_allclose(compiled.score_samples(table), eager.score_samples(table), rtol=1e-2)


@pytest.mark.slow
@pytest.mark.parametrize("Model", [VariationalDiffusion, DiffEnc])
def test_digits_below_two_point_two_bits(Model):
    from sklearn.datasets import load_digits

    X = load_digits().data
    model = Model(image_shape=(8, 8), max_epochs=125, lr=2e-3, ema_decay=0.99, random_state=0)
    model.fit(X[:1437])  # 12 steps an epoch
    assert model.set_params(n_score_steps=32).bits_per_dim(X[1437:]) < 2.2


@pytest.mark.parametrize("start", ["zero", "identity"])
@pytest.mark.parametrize("schedule", ["linear", "learned_linear"])
def test_one_trunk_of_the_encoder_serves_both_ends(tiny, images, monkeypatch, start, schedule):
    """A training step is that of an encoder which sees each image twice, gradients too."""
    options = tiny | {"image_shape": images.shape[1:], "schedule": schedule, "lr": 1e-2}
    model = DiffEnc(**options, encoder_init=start).fit(images)
    module, x = model.net_.module_.model.train(), torch.rand(16, 1, 6, 4) - 0.5
    assert module.encoder.shares_trunk()

    def step():
        torch.manual_seed(0)
        module.zero_grad()
        terms = module(x)
        terms.sum().backward()
        return terms.detach(), [p.grad.clone() for p in module.parameters() if p.grad is not None]

    terms, gradients = step()
    monkeypatch.setattr(type(module.encoder), "shares_trunk", lambda self: False)
    expected, expected_gradients = step()
    torch.testing.assert_close(terms, expected)
    torch.testing.assert_close(gradients, expected_gradients, rtol=1e-3, atol=1e-3)

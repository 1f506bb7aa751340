"""Training that is killed and goes on ends with the bits of an uninterrupted one."""

import contextlib
import pickle
import random
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pytest
from sklearn.base import clone

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from skorch.callbacks import EarlyStopping, LRScheduler

from sksim.identifiability import SeedEnsemble
from tests.small_models import networks
from tests.test_threads import Noisy


def schedule():
    return [LRScheduler("CosineAnnealingLR", T_max=8), LRScheduler("StepLR", step_size=2)]


SMALL = networks(max_epochs=8, batch_size=10, lr=0.01)
#: Every network, and what else the state of a training can hold.
MODELS = {
    **SMALL,
    "DiffEnc": partial(SMALL["DiffEnc"], n_steps=3, variance="optimal"),
    "InfoDiffusion": partial(SMALL["InfoDiffusion"], views=torch.nn.Dropout(0.3)),
    "topk": partial(SMALL["topk"], contrastive_weight=0.1),
    "early stopping": partial(
        SMALL["VariationalDiffusion"], early_stopping=True, lr=0.3, max_epochs=40
    ),
    "classifier, early stopping": partial(
        SMALL["EmbeddingClassifier"], early_stopping=True, n_iter_no_change=2, max_epochs=60
    ),
    "encoder, early stopping": partial(
        SMALL["denoising"], early_stopping=True, lr=0.3, max_epochs=40
    ),
    "schedule": lambda **options: SMALL["VariationalDiffusion"](
        **{"callbacks": schedule(), "warmup_steps": 0} | options
    ),
    "plateau": lambda **options: SMALL["EmbeddingClassifier"](
        **{"callbacks": [LRScheduler("ReduceLROnPlateau", patience=0, threshold=1.0)]} | options
    ),
    "stopping of skorch": lambda **options: SMALL["DiffEnc"](
        **{"callbacks": [EarlyStopping("train_loss", patience=3, load_best=True)], "lr": 0.3}
        | {"max_epochs": 60}
        | options
    ),
    "own network": partial(SMALL["VariationalDiffusion"], denoiser=Noisy, denoiser_params=None),
}


def data():
    X = np.random.RandomState(3).standard_normal((40, 3))
    return X, (X[:, 0] + X[:, 1] > 0).astype(int)


@pytest.fixture(autouse=True)
def one_thread():
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


def state(model):
    """Everything that a fit determines, apart from the clock."""
    history = [{k: v for k, v in row.items() if k != "dur"} for row in model.history_]
    weights = {k: v.numpy().tobytes() for k, v in model.net_.module_.state_dict().items()}
    moments = [
        {k: v.numpy().tobytes() for k, v in one.items()}
        for one in model.net_.optimizer_.state_dict()["state"].values()
    ]
    rates = [group["lr"] for group in model.net_.optimizer_.param_groups]
    stream = model._stream.state_dict()["cpu"].numpy().tobytes()
    steps = getattr(model, "variance_ratio_", None)
    return history, weights, moments, rates, stream, None if steps is None else steps.tolist()


def train_and_die(model, batch, monkeypatch):
    """A fit that ends in a batch, unless it is done before; the model stays what it is."""
    from sksim._torch._training import TrainingNet

    count = iter(range(1, 10**6))
    whole = TrainingNet.train_step

    def step(self, *args, **kwargs):
        if next(count) == batch:
            raise MemoryError("power failure")
        return whole(self, *args, **kwargs)

    with monkeypatch.context() as patch, contextlib.suppress(MemoryError):
        patch.setattr(TrainingNet, "train_step", step)
        model.fit(*data())
        return
    assert next(count) == batch + 1


@pytest.mark.parametrize("name", MODELS)
def test_going_on_ends_with_the_bits_of_an_uninterrupted_fit(tmp_path, name, monkeypatch):
    expected = state(MODELS[name]().fit(*data()))
    for batch in (2, 15, 18):
        folder = tmp_path / str(batch)
        train_and_die(MODELS[name](checkpoint=folder), batch, monkeypatch)
        train_and_die(MODELS[name](checkpoint=folder), 3, monkeypatch)
        assert state(MODELS[name](checkpoint=folder).fit(*data())) == expected


@pytest.mark.parametrize("name", MODELS)
def test_a_finished_fit_has_nothing_left_to_do(tmp_path, name, monkeypatch):
    model = MODELS[name](checkpoint=tmp_path)
    expected = state(model.fit(*data()))
    written = (tmp_path / "checkpoint.pt").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(type(model.net_), "train_step", None)
        assert state(clone(model).fit(*data())) == expected
    assert (tmp_path / "checkpoint.pt").read_bytes() == written


def test_more_epochs(tmp_path):
    MODELS["DiffEnc"](checkpoint=tmp_path, max_epochs=3).fit(*data())
    model = MODELS["DiffEnc"](checkpoint=tmp_path).fit(*data())
    assert state(model) == state(MODELS["DiffEnc"]().fit(*data()))
    with pytest.raises(ValueError, match=r"max_epochs \(8 epochs there, 3 here\)"):
        MODELS["DiffEnc"](checkpoint=tmp_path, max_epochs=3).fit(*data())


@pytest.mark.parametrize("name", SMALL)
def test_other_parameters_and_other_data_are_refused_by_name(tmp_path, name):
    X, y = data()
    MODELS[name](checkpoint=tmp_path, max_epochs=1).fit(X, y)
    with pytest.raises(ValueError, match=r"lr \(0.01 there, 0.02 here\)"):
        MODELS[name](checkpoint=tmp_path, lr=0.02).fit(X, y)
    with pytest.raises(ValueError, match=r"random_state \(0 there, 1 here\)"):
        MODELS[name](checkpoint=tmp_path, random_state=1).fit(X, y)
    with pytest.raises(ValueError, match="differs in callbacks .*StepLR"):
        MODELS[name](checkpoint=tmp_path, callbacks=schedule()).fit(X, y)
    other = X.copy()
    other[7, 1] += 1e-3
    with pytest.raises(ValueError, match="differs in the data"):
        MODELS[name](checkpoint=tmp_path).fit(other, y)
    with pytest.raises(ValueError, match="differs in estimator"):
        MODELS["quantized" if name == "mim" else "mim"](checkpoint=tmp_path).fit(X)
    if name == "EmbeddingClassifier":
        with pytest.raises(ValueError, match="differs in the data"):
            MODELS[name](checkpoint=tmp_path).fit(X, 1 - y)


@pytest.mark.parametrize("seed", [None, np.random.RandomState(0)])
def test_a_seed_is_needed(tmp_path, seed):
    with pytest.raises(ValueError, match="checkpoint needs an integer as random_state"):
        MODELS["EmbeddingClassifier"](checkpoint=tmp_path, random_state=seed).fit(*data())


def test_files_that_are_no_checkpoints(tmp_path):
    class Evil:
        def __reduce__(self):
            return exec, ("import sys; sys.evil = True",)

    model = MODELS["EmbeddingClassifier"](checkpoint=tmp_path)
    file = tmp_path / "checkpoint.pt"
    model.fit(*data())
    whole = file.read_bytes()
    torch.save({"format": "sksim checkpoint 1", "history": Evil()}, tmp_path / "evil.pt")
    flipped = [
        whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        for place in range(0, len(whole), len(whole) // 50)
    ]
    for content in (b"", b"nonsense", whole[: len(whole) // 2], pickle.dumps(Evil()), *flipped):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=r"checkpoint\.pt is damaged"):
            model.fit(*data())
    file.write_bytes((tmp_path / "evil.pt").read_bytes())
    with pytest.raises(ValueError, match="holds code"):
        model.fit(*data())
    assert not hasattr(sys, "evil")
    torch.save({"format": "something else"}, file)
    with pytest.raises(ValueError, match="is not a checkpoint"):
        model.fit(*data())


def test_minutes(tmp_path, monkeypatch):
    """Between the first and the last epoch none is written in a short training."""
    model = MODELS["EmbeddingClassifier"](checkpoint=tmp_path, checkpoint_minutes=5)
    train_and_die(model, 25, monkeypatch)
    assert not (tmp_path / "checkpoint.pt").exists()
    model.fit(*data())
    assert (tmp_path / "checkpoint.pt").exists()


def test_further_training_leaves_the_checkpoint_alone(tmp_path):
    model = MODELS["VariationalDiffusion"](checkpoint=tmp_path, warm_start=True).fit(*data())
    written = (tmp_path / "checkpoint.pt").read_bytes()
    assert model.fit(*data()).n_iter_ == 16
    assert model.partial_fit(*data()).n_iter_ == 17
    assert (tmp_path / "checkpoint.pt").read_bytes() == written


@pytest.mark.parametrize("early_stopping", [False, True])
def test_ensemble(tmp_path, monkeypatch, early_stopping):
    def make(**options):
        options = {"early_stopping": early_stopping} | options
        estimator = SMALL["EmbeddingClassifier"](**options)
        return SeedEnsemble(estimator, 2, batched=False, random_state=0)

    expected = [state(one) for one in make().fit(*data()).estimators_]
    train_and_die(make(checkpoint=tmp_path), 45, monkeypatch)
    found = make(checkpoint=tmp_path).fit(*data())
    assert [state(one) for one in found.estimators_] == expected
    assert sorted(one.name for one in tmp_path.iterdir()) == ["seed_0", "seed_1"]


def n_epochs(name):
    """So many that the training takes longer than the longest wait before a kill."""
    return 400 if name == "EmbeddingClassifier" else 120


def kill_at_random_moments(name, folder, n_kills):
    """SIGKILL a training process again and again, until it is done; the number of kills."""
    code = (
        "import torch\n"
        "torch.set_num_threads(1)\n"
        "from tests.test_checkpoints import MODELS, data\n"
        "X, y = data()\n"
        "print('ready', flush=True)\n"
        f"MODELS[{name!r}](checkpoint={str(folder)!r}, max_epochs={n_epochs(name)}).fit(X, y)\n"
        "print('done', flush=True)\n"
    )
    rng, killed = random.Random(n_kills), 0
    while killed < n_kills:
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        with child:
            assert child.stdout.readline() == "ready\n"
            time.sleep(rng.uniform(0.0, 0.35))
            child.send_signal(signal.SIGKILL)
            finished = child.communicate()[0]
        if finished:
            break
        killed += 1
    return killed


def check_kills(name, folder, n_kills):
    killed = kill_at_random_moments(name, folder, n_kills)
    assert killed > 0
    found = MODELS[name](checkpoint=folder, max_epochs=n_epochs(name)).fit(*data())
    assert state(found) == state(MODELS[name](max_epochs=n_epochs(name)).fit(*data()))
    return killed


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("name", ["DiffEnc", "EmbeddingClassifier", "denoising"])
def test_killed_processes(tmp_path, name):
    check_kills(name, tmp_path, 2)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("name", SMALL)
def test_processes_killed_twenty_times(tmp_path, name):
    killed = 0
    while killed < 20:
        killed += check_kills(name, tmp_path / str(killed), 20 - killed)
    print(f"{name}: {killed} kills survived")

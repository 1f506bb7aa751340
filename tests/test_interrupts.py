"""Training that is interrupted, or that diverges without an infinity."""

import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from skorch.callbacks import Callback, EarlyStopping

from sksim.identifiability import SeedEnsemble
from tests.small_models import ENCODERS, dense, networks

MODELS = networks(max_epochs=6, batch_size=10)
#: Their loss is bounded: one of correlations, and one of a residual that no step enlarges.
BOUNDED = {"projectors", "pursuit"}


class InterruptAt(Callback):
    """Ctrl-C, once, in a batch: raised by the callback, or sent by the system."""

    def __init__(self, batch, send=False):
        self.batch = batch
        self.send = send

    def initialize(self):
        self.n_batches_ = 0
        return self

    def on_batch_begin(self, net, training=None, **kwargs):
        self.n_batches_ += 1
        if self.n_batches_ == self.batch:
            if not self.send:
                raise KeyboardInterrupt
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def data(rng):
    X = rng.standard_normal((40, 3))
    return X, (X[:, 0] > 0).astype(int)


@pytest.mark.parametrize("send", [False, True])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_ctrl_c_is_raised_again_and_training_goes_on(data, name, early_stopping, send):
    X, y = data
    options = {"early_stopping": early_stopping, "callbacks": [InterruptAt(11, send)]}
    model = MODELS[name](**options)
    with pytest.raises(KeyboardInterrupt) as caught:
        model.fit(X, y)
    assert "set_params(warm_start=True)" in caught.value.__notes__[0]
    assert 1 <= model.n_iter_ == len(model.history_) < 6
    assert [row["epoch"] for row in model.history_] == list(range(1, model.n_iter_ + 1))
    assert len(model.net_.history) == model.n_iter_
    before = dense(model.transform(X))
    assert np.isfinite(before).all()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    done = model.n_iter_
    model.set_params(warm_start=True, max_epochs=6 - done).fit(X, y)
    assert model.n_iter_ == 6
    assert [row["epoch"] for row in model.history_] == list(range(1, 7))
    assert not np.array_equal(dense(model.transform(X)), before)


def test_a_step_is_never_cut_in_two(data):
    """The average counts the steps: it and the optimizer have seen the same ones."""
    X, y = data
    model = MODELS["DiffEnc"](callbacks=[InterruptAt(7, send=True)])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    steps = {int(state["step"]) for state in model.net_.optimizer_.state.values()}
    assert steps == {model.net_.module_.n_updates} == {7}  # the step in which it came is whole


def test_interrupted_in_the_first_epoch(data):
    X, y = data
    model = MODELS["EmbeddingClassifier"](callbacks=[InterruptAt(2)])
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert model.history_ == []
    assert model.set_params(warm_start=True, max_epochs=1).fit(X, y).n_iter_ == 1


def test_the_second_ctrl_c_does_not_wait(data):
    class Twice(Callback):
        def on_batch_begin(self, net, **kwargs):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("not reached")

    X, y = data
    with pytest.raises(KeyboardInterrupt):
        MODELS["EmbeddingClassifier"](callbacks=[Twice()]).fit(X, y)


def test_a_thread_leaves_signals_alone(data):
    X, y = data
    failures = []

    def fit():
        try:
            MODELS["EmbeddingClassifier"](callbacks=[InterruptAt(11)]).fit(X, y)
        except KeyboardInterrupt:
            failures.append("interrupted")

    thread = threading.Thread(target=fit)
    thread.start()
    thread.join()
    assert failures == ["interrupted"]


def test_a_search_stops(data):
    X, y = data
    model = MODELS["EmbeddingClassifier"](callbacks=[InterruptAt(5)])
    with pytest.raises(KeyboardInterrupt):
        GridSearchCV(model, {"lr": [1e-3, 1e-2]}, cv=2).fit(X, y)


@pytest.mark.parametrize("name", MODELS)
def test_early_stopping_of_skorch_is_no_interruption(data, name):
    X, y = data
    stopper = EarlyStopping(monitor="train_loss", patience=1, threshold=1e6)
    model = MODELS[name](callbacks=[stopper], max_epochs=50).fit(X, y)
    assert model.n_iter_ < 5


def test_an_ensemble_is_interrupted(data):
    X, y = data
    estimator = MODELS["EmbeddingClassifier"](callbacks=[InterruptAt(8)])
    ensemble = SeedEnsemble(estimator, 2)
    with pytest.raises(KeyboardInterrupt):
        ensemble.fit(X, y)
    assert not hasattr(ensemble, "estimators_")


@pytest.mark.parametrize("name", [name for name in MODELS if name not in ENCODERS] + ["topk"])
def test_sigint_from_outside(name):
    code = (
        "import sys\n"
        "import numpy as np\n"
        "import torch\n"
        "from tests.test_interrupts import MODELS, Callback\n"
        "X = np.random.RandomState(0).standard_normal((40, 3))\n"
        "y = (X[:, 0] > 0).astype(int)\n"
        "class Tell(Callback):\n"
        "    def on_epoch_end(self, net, **kwargs):\n"
        "        if len(net.history) == 2:\n"
        "            print('training', flush=True)\n"
        f"model = MODELS[{name!r}](max_epochs=1_000_000, callbacks=[Tell()])\n"
        "try:\n"
        "    model.fit(X, y)\n"
        "except KeyboardInterrupt as error:\n"
        "    done = model.n_iter_\n"
        "    model.set_params(warm_start=True, max_epochs=1).fit(X, y)\n"
        "    print(done >= 2, model.n_iter_ - done, error.__notes__[0], flush=True)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "training\n"
        time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        try:
            said = child.communicate(timeout=60)[0]
        finally:
            child.kill()
    assert child.returncode == 0
    assert said.startswith("True 1 Training was interrupted after")


@pytest.mark.parametrize("name", [name for name in MODELS if name not in BOUNDED])
def test_finite_divergence_warns(data, name):
    X, y = data
    model = MODELS[name](lr=1e3 if name == "topk" else 10.0)
    if hasattr(model, "warmup_steps"):
        model.set_params(warmup_steps=0)
    advice = "clip_norm=1" if hasattr(model, "clip_norm") else "smaller lr"
    with pytest.warns(ConvergenceWarning, match=rf"in epoch \d+ and is .*{advice}"):
        model.fit(X, y)
    assert np.isfinite(model.history_[-1]["train_loss"])


def test_finite_divergence_of_an_ensemble_warns(data):
    X, y = data
    with pytest.warns(ConvergenceWarning, match="is finite"):
        SeedEnsemble(MODELS["EmbeddingClassifier"](lr=10.0), 2, random_state=0).fit(X, y)


@pytest.mark.filterwarnings("error::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("batch_size", [1, 16])
@pytest.mark.parametrize("name", MODELS)
def test_no_false_alarm(name, batch_size):
    for seed in range(8):
        X = np.random.RandomState(seed).standard_normal((14, 3)) * 10.0 ** (seed % 4 - 1)
        y = np.arange(14) % 2
        least = 2 if name == "projectors" else 1  # rows whose spread it looks at
        model = MODELS[name](batch_size=max(batch_size, least), random_state=seed, max_epochs=2)
        model.set_params(lr=1e-2 if seed % 2 else 1e-4).fit(X, y)

"""Training of networks: the same bits alone, in threads, in other processes."""

import hashlib
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import joblib
import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim.identifiability import SeedEnsemble
from tests.small_models import NETWORKS, READERS, output


class Noisy(torch.nn.Module):
    """A denoiser of the user's own that knows torch's process-wide generator only."""

    def __init__(self, shape):
        super().__init__()
        self.first = torch.nn.Linear(shape[0] + 1, 8)
        self.last = torch.nn.Linear(8, shape[0])
        torch.nn.init.xavier_normal_(self.last.weight)

    def forward(self, z, t):
        h = self.first(torch.cat([z, t[:, None]], 1))
        if self.training:
            h = torch.nn.functional.dropout(h, 0.2) + 0.01 * torch.randn_like(h)
        return self.last(torch.relu(h))


MODELS = {
    **NETWORKS,
    **READERS,
    "VariationalDiffusion": partial(NETWORKS["VariationalDiffusion"], early_stopping=True),
    "DiffEnc": partial(NETWORKS["DiffEnc"], n_steps=3, variance="optimal"),
    "EmbeddingClassifier": partial(NETWORKS["EmbeddingClassifier"], early_stopping=True),
    "own network": partial(NETWORKS["VariationalDiffusion"], denoiser=Noisy, denoiser_params=None),
    "ensemble": lambda: SeedEnsemble(
        NETWORKS["EmbeddingClassifier"](random_state=None), 2, random_state=0
    ),
}
NAMES = tuple(MODELS)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Sums of floating-point numbers depend on the number of torch's own threads."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


def bits(name):
    """Digest of all weights of a fit, and of what the fitted model returns."""
    torch.set_num_threads(1)
    rng = np.random.RandomState(3)
    X = rng.standard_normal((40, 3))
    model = MODELS[name]().fit(X, (X[:, 0] > 0).astype(int))
    digest = hashlib.blake2b(output(model, X).tobytes())
    for member in getattr(model, "estimators_", [getattr(model, "model_", model)]):
        for value in member.net_.module_.state_dict().values():
            digest.update(value.numpy().tobytes())
    if hasattr(model, "sample"):
        digest.update(model.sample(3, random_state=0).tobytes())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def alone(one_thread):
    return {name: bits(name) for name in NAMES}


def global_states():
    return torch.get_rng_state().numpy().copy(), np.random.get_state()[1].copy()


@pytest.mark.parametrize("name", NAMES)
def test_three_fits_at_once(alone, name):
    others = [NAMES[(NAMES.index(name) + 1) % len(NAMES)], name]
    torch.manual_seed(1)
    before = global_states()
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(bits, [name, *others]))
    assert found == [alone[one] for one in [name, *others]]
    for a, b in zip(before, global_states()):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["VariationalDiffusion", "EmbeddingClassifier", "mim", "ensemble"])
def test_draws_of_another_thread_from_the_process_wide_generator(alone, name):
    """Neither disturbs the other."""
    torch.manual_seed(5)
    expected = [torch.rand(()).item() for _ in range(3000)]
    drawn, stop = [], threading.Event()

    def draw():
        while not stop.is_set() and len(drawn) < 3000:
            drawn.append(torch.rand(()).item())
            stop.wait(1e-4)

    torch.manual_seed(5)
    thread = threading.Thread(target=draw)
    thread.start()
    found = bits(name)
    stop.set()
    thread.join()
    assert found == alone[name]
    assert drawn == expected[: len(drawn)]
    assert len(drawn) > 10


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_back_ends_of_joblib(alone, backend):
    before = global_states()
    found = joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(bits)(one) for one in NAMES)
    assert found == list(alone.values())
    for a, b in zip(before, global_states()):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("name", ["DiffEnc", "EmbeddingClassifier", "denoising"])
def test_a_search_in_parallel(rng, name, backend):
    X = rng.standard_normal((40, 3))
    y = (X[:, 0] > 0).astype(int)
    parameters = {"lr": [1e-3, 1e-2]}

    def search(n_jobs):
        inner = 1 if backend == "loky" else None
        with joblib.parallel_config(backend, inner_max_num_threads=inner):
            model = GridSearchCV(
                MODELS[name](), parameters, cv=2, n_jobs=n_jobs, error_score="raise"
            )
            return model.fit(X, y).cv_results_["mean_test_score"]

    before = global_states()
    np.testing.assert_array_equal(search(2), search(1))
    for a, b in zip(before, global_states()):
        np.testing.assert_array_equal(a, b)


def test_a_fresh_process(alone):
    code = f"from tests.test_threads import *; print(*[bits(one) for one in {NAMES}])"
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.split() == list(alone.values())

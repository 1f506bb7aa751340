import os

os.environ.setdefault("MPLBACKEND", "Agg")
# The tests run in one process a core: more threads would only get in each other's way.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import pathlib
import signal
import sys

import hypothesis
import numpy as np
import pytest

hypothesis.settings.register_profile(
    "fast", max_examples=15, deadline=None, derandomize=True, database=None
)
hypothesis.settings.register_profile("thorough", max_examples=200, deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


# A shell starts commands in the background with Ctrl-C ignored, and they hand this on.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def rng():
    return np.random.RandomState(0)


@pytest.fixture(scope="session")
def data_folder():
    """The folder of the larger data sets, named by SKSIM_DATA."""
    if "SKSIM_DATA" not in os.environ:
        pytest.skip("SKSIM_DATA is not set")
    return pathlib.Path(os.environ["SKSIM_DATA"])


@pytest.fixture(autouse=True)
def _gradients_stay_on():
    """Whoever turns the gradients of torch off, an error or not, turns them on again."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None and not torch.is_grad_enabled():
        torch.set_grad_enabled(True)
        pytest.fail("gradients of torch are left off")

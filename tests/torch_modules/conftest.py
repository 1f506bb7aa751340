import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim._torch.diffusion._build import build_diffusion
from sksim._torch.diffusion._spec import NetworkSpec

SPEC = {
    "shape": (3,),
    "n_levels": None,
    "likelihood": "gaussian",
    "image_shape": None,
    "log_scale": 0.0,
    "second_moment": 1.0,
    "denoiser": "auto",
    "denoiser_params": {"width": 16},
    "encoder": "identity",
    "encoder_params": None,
    "encoder_init": "zero",
    "counterterm": False,
    "prediction": "v",
    "schedule": "linear",
    "gamma_min": -13.3,
    "gamma_max": 5.0,
    "n_steps": None,
    "ratio": 1.0,
    "precision": "32",
    "compile": False,
    "ema_decay": 0.9,
}


@pytest.fixture
def make_model():
    """Function that builds a float64 model; ``scramble=True`` leaves no weight at zero."""

    def make(scramble=False, **changes):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = build_diffusion(NetworkSpec(**(SPEC | changes))).model.double()
            if scramble:
                for parameter in model.parameters():
                    parameter.data.add_(0.2 * torch.randn_like(parameter))
        return model

    return make


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def table(rng):
    """Correlated real numbers, (60, 3)."""
    return rng.standard_normal((60, 3)) @ [[1, 2, 0], [0, 1, 0], [0, 0, 9.0]] + 4

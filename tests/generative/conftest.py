import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("skorch")

TINY = {
    "max_epochs": 2,
    "denoiser_params": {"width": 8},
    "n_score_steps": 8,
    "n_sample_steps": 3,
    "random_state": 0,
}


@pytest.fixture
def tiny():
    """Parameters of a small, fast model."""
    return dict(TINY)


@pytest.fixture
def table(rng):
    """Correlated real numbers of unequal scale, (60, 3)."""
    return rng.standard_normal((60, 3)) @ np.array([[1, 2, 0], [0, 1, 0], [0, 0, 9.0]]) + 4


@pytest.fixture
def images(rng):
    """Images of six levels, (16, 6, 4)."""
    return rng.randint(0, 6, size=(16, 6, 4))

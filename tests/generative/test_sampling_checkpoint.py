"""Samples that take long: interrupted, and gone on with."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim._torch.diffusion._model import Diffusion
from sksim.generative import VariationalDiffusion


@pytest.fixture
def model(tiny, table):
    return VariationalDiffusion(**tiny, batch_size=4).fit(table)


def test_an_interrupted_call_goes_on_to_the_same_bits(model, tmp_path, monkeypatch):
    file, expected = tmp_path / "samples", model.sample(10, random_state=0)
    draw, calls = Diffusion.sample, []

    def interrupted(self, *args, **kwargs):
        calls.append(0)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return draw(self, *args, **kwargs)

    monkeypatch.setattr(Diffusion, "sample", interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.sample(10, random_state=0, checkpoint=file)
    np.testing.assert_array_equal(model.sample(10, random_state=0, checkpoint=file), expected)
    assert len(calls) == 4  # the last batch alone was drawn again
    np.testing.assert_array_equal(model.sample(10, random_state=0, checkpoint=file), expected)
    assert len(calls) == 4


def test_samples_of_others_are_refused(model, table, tmp_path):
    file = tmp_path / "samples"
    model.sample(5, random_state=0, checkpoint=file)
    for n_samples, seed in ((6, 0), (5, 1)):
        with pytest.raises(ValueError, match="holds samples of another model"):
            model.sample(n_samples, random_state=seed, checkpoint=file)
    model.partial_fit(table)
    with pytest.raises(ValueError, match="holds samples of another model"):
        model.sample(5, random_state=0, checkpoint=file)
    with pytest.raises(ValueError, match="checkpoint needs an integer random_state, got None"):
        model.sample(5, checkpoint=file)

"""The specification of a network: made, written, compared."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest

pytest.importorskip("torch")
pytest.importorskip("skorch")

from sksim._torch.diffusion._spec import OF_TRAINING, NetworkSpec
from sksim.generative import DiffEnc, VariationalDiffusion
from sksim.generative._data import make_data_map


def spec_of(model, X):
    data = make_data_map(X, likelihood="auto", n_levels=None, image_shape=None, as_images=False)
    return model._make_spec(replace(data, second_moment=1.0))


def test_parameters_and_facts(table):
    spec = spec_of(DiffEnc(denoiser_params={"width": 8}, n_steps=4, variance=0.5), table)
    assert spec.denoiser_params == {"width": 8}
    assert (spec.encoder, spec.encoder_init, spec.counterterm) == ("trainable", "zero", True)
    assert (spec.shape, spec.likelihood, spec.n_levels) == ((3,), "gaussian", None)
    assert (spec.gamma_min, spec.gamma_max, spec.ratio) == (-10.0, 5.0, 0.5)
    with pytest.raises(FrozenInstanceError):
        spec.n_steps = 5


def test_an_estimator_without_encoder_has_the_identity(table):
    spec = spec_of(VariationalDiffusion(), table)
    assert (spec.encoder, spec.encoder_params, spec.counterterm) == ("identity", None, False)


def test_differences_are_those_of_the_text(table):
    ours, theirs = spec_of(VariationalDiffusion(), table), spec_of(DiffEnc(n_steps=3), table)
    text = theirs.as_text()
    assert list(text) == [field.name for field in fields(NetworkSpec)]
    assert not theirs.differences(text)
    assert "n_steps (None, not 3), encoder ('identity', not 'trainable')" in ours.differences(text)
    assert ours.differences(text, OF_TRAINING).startswith("encoder")


def test_classes_are_compared_by_name(table):
    class Network:
        pass

    spec = spec_of(VariationalDiffusion(Network), table)
    assert spec.as_text()["denoiser"] == "Network"


def test_what_weights_leave_open_are_fields():
    assert {field.name for field in fields(NetworkSpec)} > OF_TRAINING

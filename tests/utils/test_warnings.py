"""Warnings point at the user's line, whatever lies between."""

import warnings

import pytest

from sksim.generative import VariationalDiffusion
from sksim.inspection import SimilarityMatrixDisplay
from sksim.metrics import cca_score, error_consistency_score
from sksim.utils._warnings import warn_caller


def test_outside_of_the_package_it_is_the_caller():
    with pytest.warns(RuntimeWarning, match="text") as caught:
        warn_caller("text", RuntimeWarning)
    assert caught[0].filename == __file__


def _measure(rng):
    cca_score(rng.rand(5, 8), rng.rand(5, 2))


def _display(rng):
    SimilarityMatrixDisplay.from_matrix(rng.rand(2, 2), measure="cka")


def _undefined(rng):
    error_consistency_score([0, 1], [0, 1], [0, 1])


def _estimator(rng):
    pytest.importorskip("torch")
    X = rng.randint(5, size=(20, 2))
    VariationalDiffusion(likelihood="gaussian", max_epochs=1, random_state=0).fit(X)


@pytest.mark.parametrize("call", [_measure, _display, _undefined, _estimator])
def test_the_line_is_that_of_the_call(call, rng):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(rng)
    assert {warning.filename for warning in caught} == {__file__}

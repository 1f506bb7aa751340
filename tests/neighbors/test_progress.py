"""Long searches of the estimators show themselves where verbose asks for it."""

import numpy as np
import pytest
from scipy import sparse
from sklearn import config_context

from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
    _base,
)

X = np.random.default_rng(0).standard_normal((300, 12))
y = np.arange(300) % 3

CALLS = {
    "nearest": lambda v: HubnessReducedNearestNeighbors(verbose=v).fit(X).kneighbors()[0],
    "transformer": lambda v: HubnessReducedKNeighborsTransformer(verbose=v).fit_transform(X),
    "classifier": lambda v: HubnessReducedKNeighborsClassifier(verbose=v).fit(X, y).predict(X),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("memory", [1024, 0.05], ids=["at once", "in blocks"])
def test_a_search_shows_its_progress(call, memory, monkeypatch, capsys):
    monkeypatch.setattr(_base, "_LONG_SEARCH", 0.0)
    with config_context(working_memory=memory):
        quiet = call(0)
        assert capsys.readouterr().err == ""
        loud = call(1)
    err = capsys.readouterr().err
    assert ("neighbour search" if memory > 1 else "blocks of queries") in err
    if sparse.issparse(quiet):
        quiet, loud = quiet.toarray(), loud.toarray()
    np.testing.assert_array_equal(loud, quiet)


def test_a_quick_search_shows_nothing(capsys):
    CALLS["nearest"](1)
    assert "search" not in capsys.readouterr().err

import math
from functools import partial

import numpy as np
import pytest

from sksim.metrics import (
    _registry,
    cka_score,
    cross_similarity,
    pairwise_similarity,
    procrustes_distance,
    pwcca_score,
    rsa_score,
)
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._steps import Steps

RNG = np.random.RandomState(0)
BASE = RNG.standard_normal((40, 4))
LAYERS = {
    "first": BASE,
    "second": np.tanh(BASE @ RNG.standard_normal((4, 6))),
    "third": RNG.standard_normal((40, 3)),
}


@pytest.fixture
def counted(monkeypatch):
    """A measure that counts its steps."""
    counts = {"prepare": 0, "compare": 0}

    def prepare(X):
        counts["prepare"] += 1
        return X.mean()

    def compare(x, y):
        counts["compare"] += 1
        return float(x * y)

    for symmetric in (True, False):
        measure = PairedMeasure(
            name=f"counted_{symmetric}",
            function=lambda X, Y: float(X.mean() * Y.mean()),
            make_steps=lambda: Steps(prepare, compare, None),
            symmetric=symmetric,
        )
        monkeypatch.setitem(_registry._RECORDS, measure.name, measure)
    return counts


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_each_representation_is_prepared_once(counted, n_jobs):
    pairwise_similarity(list(RNG.standard_normal((7, 9, 2))), "counted_True", n_jobs=n_jobs)
    assert counted == {"prepare": 7, "compare": 28}


def test_directed_measures_compare_both_ways(counted):
    pairwise_similarity(list(RNG.standard_normal((7, 9, 2))), "counted_False")
    assert counted == {"prepare": 7, "compare": 49}


def test_cross_prepares_each_once(counted):
    a, b = list(RNG.standard_normal((5, 9, 2))), list(RNG.standard_normal((3, 9, 4)))
    cross_similarity(a, b, "counted_True")
    assert counted == {"prepare": 8, "compare": 15}


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize(
    "metric",
    [
        "cka",
        "pwcca",
        "procrustes_angular",
        "rsa",
        cka_score,
        procrustes_distance,
        pwcca_score,
        partial(cka_score, kernel="rbf"),
        partial(rsa_score, rdm="euclidean", compare="rho-a"),
        partial(np.vdot),
    ],
)
def test_values_equal_the_function_of_each_pair(metric, n_jobs):
    layers = LAYERS
    if metric is not None and getattr(metric, "func", None) is np.vdot:
        layers = [BASE, BASE + 1]
    function = _registry.get_measure(metric, PairedMeasure) if isinstance(metric, str) else metric
    result = pairwise_similarity(layers, metric, n_jobs=n_jobs)
    arrays = list(layers.values()) if isinstance(layers, dict) else layers
    expected = [[function(A, B) for B in arrays] for A in arrays]
    np.testing.assert_allclose(result.values, expected, atol=1e-7)
    assert result["values"] is result.values
    assert result.labels == (list(LAYERS) if layers is LAYERS else [0, 1])


def test_cross_similarity_is_directed_and_labelled():
    others = [BASE[:, :2], BASE**3]
    result = cross_similarity(LAYERS, others, "pwcca")
    expected = [[pwcca_score(A, B) for B in others] for A in LAYERS.values()]
    np.testing.assert_allclose(result.values, expected, atol=1e-12)
    assert (result.row_labels, result.column_labels) == (list(LAYERS), [0, 1])


def test_bad_input_names_the_representation():
    with pytest.raises(ValueError, match="'short'.*39 in Y"):
        pairwise_similarity({**LAYERS, "short": BASE[:-1]})
    with pytest.raises(ValueError, match="'flat'.*constant"):
        pairwise_similarity({**LAYERS, "flat": np.ones((40, 2))})
    with pytest.raises(TypeError, match="'text'.*text"):
        pairwise_similarity({**LAYERS, "text": BASE.astype(str)})
    with pytest.raises(ValueError, match="Representation 0.*39 in Y"):
        cross_similarity(LAYERS, [BASE[:-1]])
    with pytest.raises(TypeError, match="dict or a list"):
        pairwise_similarity(BASE)
    with pytest.raises(ValueError, match="at least one"):
        pairwise_similarity([])
    with pytest.raises(ValueError, match=r"metric must be one of .*'cca'.*Did you mean 'cka'"):
        pairwise_similarity(LAYERS, "ckaa")
    with pytest.raises(ValueError, match="'kernel' parameter of cka_score"):
        pairwise_similarity(LAYERS, partial(cka_score, kernel="wrong"))
    with pytest.raises(TypeError, match="unexpected keyword"):
        pairwise_similarity(LAYERS, partial(cka_score, bandwidth=1))
    with pytest.raises(TypeError, match="name or a callable"):
        pairwise_similarity(LAYERS, 3)


def test_different_indices_raise():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(BASE)
    assert pairwise_similarity([frame, frame + 1]).values[0, 1] == pytest.approx(1)
    with pytest.raises(ValueError, match="different indices"):
        pairwise_similarity([frame, frame.iloc[::-1]])


def test_a_user_function_that_returns_nan_raises():
    with pytest.raises(ValueError, match="not finite"):
        pairwise_similarity(LAYERS, lambda X, Y: math.nan)

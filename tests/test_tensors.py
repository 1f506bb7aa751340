"""Tensors of torch go in wherever arrays do, whatever their floats, with gradients or without."""

import numpy as np
import pytest

from sksim.metrics import hubness_score, k_occurrence, kl_divergence
from sksim.metrics._measure import PairedMeasure, QualityMeasure
from sksim.metrics._registry import all_measures
from sksim.neighbors import HubnessReducedKNeighborsClassifier
from sksim.preprocessing import NormalScoreTransformer

torch = pytest.importorskip("torch")

RECORDS = [
    record
    for record in [*all_measures(PairedMeasure), *all_measures(QualityMeasure)]
    if not record.params
]
KINDS = ["float64", "float32", "float16", "bfloat16", "int64"]


def tensors(kind, n_arrays, width=5):
    rng = np.random.RandomState(0)
    draws = [torch.from_numpy(30 * rng.standard_normal((40, width))) for _ in range(n_arrays)]
    return [draw.to(getattr(torch, kind)) for draw in draws]


def tensors_of(record, kind):
    width = getattr(record, "max_features", None) or 5
    return tensors(kind, getattr(record, "n_arrays", 2), width)


def as_arrays(given):
    return [one.double().numpy() for one in given]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_measures_take_tensors(record, kind):
    given = tensors_of(record, kind)
    assert record(*given) == pytest.approx(record(*as_arrays(given)), rel=1e-4)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_gradients_are_left_out(record):
    given = tensors_of(record, "float32")
    with_gradients = [one.clone().requires_grad_() for one in given]
    assert record(*with_gradients) == record(*given)


def test_hubness_and_distributions_take_tensors():
    X, Y = (one.requires_grad_() for one in tensors("float64", 2))
    arrays = [one.detach().numpy() for one in (X, Y)]
    assert hubness_score(X) == hubness_score(arrays[0])
    np.testing.assert_array_equal(k_occurrence(X, Y), k_occurrence(*arrays))
    log_p, log_q = (torch.log_softmax(one, dim=1) for one in (X, Y))
    expected = kl_divergence(log_p.detach().numpy(), log_q.detach().numpy())
    assert kl_divergence(log_p, log_q) == expected


@pytest.mark.parametrize("kind", ["float64", "float32", "bfloat16"])
def test_estimators_take_tensors(kind):
    (X,) = tensors(kind, 1)
    y = (X[:, 0] > 0).long()
    X.requires_grad_()
    plain = X.detach().float().numpy() if kind == "bfloat16" else X.detach().numpy()
    classifier = HubnessReducedKNeighborsClassifier(n_candidates=10)
    expected = classifier.fit(plain, y.numpy()).predict(plain)
    np.testing.assert_array_equal(classifier.fit(X, y).predict(X), expected)
    scores = NormalScoreTransformer().fit(X).transform(X)
    np.testing.assert_array_equal(scores, NormalScoreTransformer().fit(plain).transform(plain))

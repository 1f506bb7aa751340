"""What the records of distances between distributions say beyond the common checks of records."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax

from sksim.metrics._measure import DistributionMeasure
from sksim.metrics._registry import all_measures
from sksim.metrics._steps import identity
from sksim.utils._measure_checks._common import KINDS
from sksim.utils.estimator_checks import check_measure
from tests.reference import identifiability

DISTANCES = {record.name: record for record in all_measures(DistributionMeasure)}

#: With few labels the terms over inputs decide, with many not all sets of labels are tried.
SIZES = ({"k": 5, "size": 4}, {"k": 9, "size": 8}, {"k": 12, "size": 3})

few = settings(max_examples=max(5, settings.default.max_examples // 3))
seeds = st.integers(0, 10_000)

each = pytest.mark.parametrize("record", DISTANCES.values(), ids=DISTANCES)


def some(condition):
    chosen = [record for record in DISTANCES.values() if condition(record)]
    return pytest.mark.parametrize("record", chosen, ids=[record.name for record in chosen])


def models(seed, n_models=2, level=1.0, n=30, k=12, size=3):
    """Models of the same inputs and labels, (f, g) each, that differ by a level of noise."""
    rng = np.random.RandomState(seed)
    f, g = identifiability.random_model(rng, n=n, k=k, size=size)
    return [(f, g)] + [
        (f + level * rng.standard_normal(f.shape), g + level * rng.standard_normal(g.shape))
        for _ in range(n_models - 1)
    ]


def arrays(record, *pair):
    """What the distance takes of two models."""
    if record.inputs == "embeddings":
        return [array for model in pair for array in model]
    return [log_softmax(f @ g.T, axis=1) for f, g in pair]


@some(lambda record: "gauge" in record.invariances)
@few
@given(seed=seeds)
def test_gauge_of_either_model(record, seed):
    p, q = models(seed, level=0.3)
    twins = [identifiability.gauge(np.random.RandomState(seed), *model) for model in (p, q)]
    expected = record(*arrays(record, p, q))
    for pair in ((twins[0], q), (p, twins[1]), twins):
        assert record(*arrays(record, *pair)) == pytest.approx(expected, rel=1e-7)


def test_metrics_are_symmetric_and_definite():
    for record in DISTANCES.values():
        if record.distance is not None:
            assert record.symmetric
            assert record.identity
            assert record.definite


@some(lambda record: record.distance is not identity and record.symmetric)
def test_no_metric_has_a_witness(record):
    def excess(seed):
        p, r = models(seed, n=5, k=4, size=2)
        between = tuple((x + y) / 2 for x, y in zip(p, r))
        parts = (record(*arrays(record, *pair)) for pair in ((p, r), (p, between), (between, r)))
        direct, first, second = parts
        return direct - first - second

    assert any(excess(seed) > 1e-3 for seed in range(300))


@each
def test_least_number_of_samples(record):
    few_inputs = models(0, n=record.min_samples, size=2)
    assert math.isfinite(record(*arrays(record, *few_inputs)))
    if record.min_samples > 1:
        too_few = models(0, n=record.min_samples - 1, size=2)
        with pytest.raises(ValueError, match="required|at least"):
            record(*arrays(record, *too_few))


@some(lambda record: record.draws)
def test_seeds_matter_where_not_all_choices_are_tried(record):
    def n_values(seed, sizes):
        pair = arrays(record, *models(seed, n=60, **sizes))
        return len({record(*pair, random_state=draw) for draw in range(5)})

    assert any(n_values(seed, sizes) > 1 for seed in range(20) for sizes in SIZES)


@each
@few
@given(seed=seeds, level=st.sampled_from([0.3, 3.0]))
def test_equals_the_literal_formula(record, seed, level):
    """Few inputs and labels, so that all choices are tried."""
    pair = arrays(record, *models(seed, level=level, n=5, k=5, size=2))
    expected = getattr(identifiability, record.function.__name__)(*pair)
    assert record(*pair) == pytest.approx(expected, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "lie"),
    [
        ("max_pls_svd_distance", {"definite": True}),
        ("logit_distance", {"definite": False}),
        ("log_likelihood_variance_distance", {"draws": False}),
        ("linear_identifiability_distance", {"invariances": frozenset({"row_order", "gauge"})}),
    ],
)
def test_checks_find_what_is_not_true(name, lie):
    with pytest.raises(AssertionError):
        check_measure(dataclasses.replace(DISTANCES[name], **lie), n_seeds=2)


@each
def test_a_null_draw_compares_unrelated_models(record):
    kind = KINDS[record.kind]
    draws = [kind.null_draw(record, np.random.RandomState(seed)) for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]
    assert min(draws) > 0

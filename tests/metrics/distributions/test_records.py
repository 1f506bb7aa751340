"""Every entry of the records of distances between distributions and of agreement on labels."""

import inspect
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax

import sksim.metrics
from sksim.metrics import distributions
from sksim.metrics._measure import (
    DistributionMeasure,
    LabelMeasure,
    all_measures,
    get_measure,
    identity,
)
from tests.reference import identifiability, quality

DISTANCES = {record.name: record for record in all_measures(DistributionMeasure)}
AGREEMENTS = {record.name: record for record in all_measures(LabelMeasure)}
#: Functions of this family that are neither a distance nor an agreement.
NO_MEASURES = {"aligned_log_probabilities", "diversity", "identifiability_map"}

#: With few labels the terms over inputs decide, with many not all sets of labels are tried.
SIZES = ({"k": 5, "size": 4}, {"k": 9, "size": 8}, {"k": 12, "size": 3})

few = settings(max_examples=max(5, settings.default.max_examples // 3))
seeds = st.integers(0, 10_000)
levels = st.sampled_from([0.01, 0.3, 3.0])

each = pytest.mark.parametrize("record", DISTANCES.values(), ids=DISTANCES)


def some(condition, records=DISTANCES):
    chosen = [record for record in records.values() if condition(record)]
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


def change_effect(record, change, seed, **sizes):
    """How much a change of the two models, or of one of them, moves the value."""
    rng = np.random.RandomState(seed + 1)
    pair = models(seed, level=0.3, **sizes)
    before = record(*arrays(record, *pair))
    if change == "gauge":
        changed = [
            [identifiability.gauge(rng, *pair[0]), pair[1]],
            [pair[0], identifiability.gauge(rng, *pair[1])],
        ]
    elif change == "row_order":
        order = rng.permutation(len(pair[0][0]))
        changed = [[(f[order], g) for f, g in pair]]
    else:
        order = rng.permutation(len(pair[0][1]))
        changed = [[(f, g[order]) for f, g in pair]]
    after = [record(*arrays(record, *pair)) for pair in changed]
    return max(abs(value - before) / max(1.0, before) for value in after)


CLAIMS = [(r, change) for r in DISTANCES.values() for change in DistributionMeasure.changes]
CLAIMED = [(record, change) for record, change in CLAIMS if change in record.invariances]
DENIED = [(record, change) for record, change in CLAIMS if change not in record.invariances]


def claim_id(part):
    return getattr(part, "name", part)


@pytest.mark.parametrize(("record", "change"), CLAIMED, ids=claim_id)
@few
@given(seed=seeds)
def test_claimed_invariance_holds(record, change, seed):
    assert change_effect(record, change, seed) < 1e-7


@pytest.mark.parametrize(("record", "change"), DENIED, ids=claim_id)
def test_denied_invariance_has_a_witness(record, change):
    assert any(
        change_effect(record, change, seed, **sizes) > 1e-4 for seed in range(60) for sizes in SIZES
    )


@some(lambda record: record.symmetric)
@few
@given(seed=seeds, level=levels)
def test_symmetric(record, seed, level):
    p, q = models(seed, level=level)
    there, back = record(*arrays(record, p, q)), record(*arrays(record, q, p))
    assert there == pytest.approx(back, rel=1e-9, abs=1e-12)


@some(lambda record: not record.symmetric)
def test_not_symmetric_has_a_witness(record):
    p, q = models(0)
    assert abs(record(*arrays(record, p, q)) - record(*arrays(record, q, p))) > 1e-3


@some(lambda record: record.identity)
@few
@given(seed=seeds)
def test_distance_of_a_model_to_itself_is_zero(record, seed):
    (model,) = models(seed, n_models=1)
    assert record(*arrays(record, model, model)) == pytest.approx(0, abs=1e-12)
    assert record.best == 0


def temperature(seed):
    (f, g) = models(seed, n_models=1)[0]
    return (f, g), (f, 2 * g)


@some(lambda record: record.definite)
@few
@given(seed=seeds, level=levels)
def test_definite_distance_of_different_models_is_positive(record, seed, level):
    for pair in (models(seed, level=level), temperature(seed)):
        assert record(*arrays(record, *pair)) > 1e-7


@some(lambda record: not record.definite)
def test_not_definite_has_a_witness(record):
    assert record(*arrays(record, *temperature(0))) < 1e-9


def triangle_excess(record, form, p, q, r):
    """By how much the way from p to r exceeds that over q."""
    pairs = ((p, q), (q, r), (p, r))
    first, second, direct = (form(record(*arrays(record, *pair))) for pair in pairs)
    return direct - first - second


def test_metrics_are_symmetric_and_definite():
    for record in DISTANCES.values():
        if record.distance is not None:
            assert record.symmetric
            assert record.identity
            assert record.definite


@some(lambda record: record.distance is not None)
@few
@given(seed=seeds, level=levels)
def test_triangle_inequality(record, seed, level):
    assert triangle_excess(record, record.distance, *models(seed, 3, level)) < 1e-12


@some(lambda record: record.distance is not identity and record.symmetric)
def test_no_metric_has_a_witness(record):
    def excess(seed):
        p, r = models(seed, n=5, k=4, size=2)
        between = tuple((x + y) / 2 for x, y in zip(p, r))
        return triangle_excess(record, identity, p, between, r)

    assert any(excess(seed) > 1e-3 for seed in range(300))


@each
@few
@given(seed=seeds, level=levels)
def test_value_lies_in_the_range(record, seed, level):
    value = record(*arrays(record, *models(seed, level=level)))
    low, high = record.range
    assert isinstance(value, float)
    assert low <= value <= high


@each
def test_least_number_of_samples(record):
    few_inputs = models(0, n=record.min_samples, size=2)
    assert math.isfinite(record(*arrays(record, *few_inputs)))
    if record.min_samples > 1:
        too_few = models(0, n=record.min_samples - 1, size=2)
        with pytest.raises(ValueError, match="required|at least"):
            record(*arrays(record, *too_few))


@each
def test_draws_with_one_seed_unless_told_otherwise(record):
    """With many inputs and labels not all choices are tried."""
    assert record.draws == ("random_state" in inspect.signature(record.function).parameters)
    pair = arrays(record, *models(0, n=60))
    assert record(*pair) == record(*pair)

    def n_values(seed, sizes):
        pair = arrays(record, *models(seed, n=60, **sizes))
        return len({record(*pair, random_state=draw) for draw in range(5)})

    assert not record.draws or any(n_values(s, sizes) > 1 for s in range(20) for sizes in SIZES)


@each
@few
@given(seed=seeds, level=st.sampled_from([0.3, 3.0]))
def test_equals_the_literal_formula(record, seed, level):
    """Few inputs and labels, so that all choices are tried."""
    pair = arrays(record, *models(seed, level=level, n=5, k=5, size=2))
    expected = getattr(identifiability, record.function.__name__)(*pair)
    assert record(*pair) == pytest.approx(expected, rel=1e-7, abs=1e-9)


def test_every_public_function_has_a_record():
    recorded = {record.function for record in (*DISTANCES.values(), *AGREEMENTS.values())}
    public = {getattr(distributions, name) for name in set(distributions.__all__) - NO_MEASURES}
    assert recorded >= public
    for record in DISTANCES.values():
        assert record.function is getattr(sksim.metrics, record.function.__name__)
        assert get_measure(record.function.__name__, DistributionMeasure) is record


# --- agreement on labels ----------------------------------------------------------------------

each_agreement = pytest.mark.parametrize("record", AGREEMENTS.values(), ids=AGREEMENTS)
LITERAL_AGREEMENTS = {
    "disagreement_rate": quality.disagreement,
    "minmax_normalized_disagreement": quality.minmax_disagreement,
    "error_consistency": quality.error_consistency,
}


def predictions(seed, n=40):
    """True labels where the measure wants them, and those of two models that err at times."""
    rng = np.random.RandomState(seed)
    y = rng.randint(0, 4, n)
    y[:4] = range(4)
    wrong = (y + 1 + rng.randint(0, 3, (2, n))) % 4
    a, b = np.where(rng.uniform(size=(2, n)) < 0.4, wrong, y)
    a[0], b[1] = wrong[0, 0], wrong[1, 1]
    a[2], b[2] = y[2], y[2]
    return y, a, b


@each_agreement
@few
@given(seed=seeds)
def test_agreement_has_what_its_record_claims(record, seed):
    given_labels = predictions(seed)[3 - record.n_arrays :]
    value = record(*given_labels)
    assert value == pytest.approx(LITERAL_AGREEMENTS[record.name](*given_labels), abs=1e-12)
    low, high = record.range
    assert low <= value <= high
    assert record.symmetric
    assert record(*given_labels[:-2], given_labels[-1], given_labels[-2]) == pytest.approx(value)
    assert record.identity
    assert record(*given_labels[:-1], given_labels[-2]) == pytest.approx(record.best)
    assert record.invariances == set(LabelMeasure.changes)
    order = np.random.RandomState(seed).permutation(40)
    assert record(*(labels[order] for labels in given_labels)) == pytest.approx(value)
    names = np.array(["d", "b", "a", "c"])
    assert record(*(names[labels] for labels in given_labels)) == pytest.approx(value)


def test_agreement_by_chance():
    rng = np.random.RandomState(0)
    y = np.zeros(20_000, dtype=int)
    for record in AGREEMENTS.values():
        if record.null is not None:
            a, b = rng.uniform(size=(2, y.size)) < 0.3
            assert record(y, a, b) == pytest.approx(record.null, abs=0.02)

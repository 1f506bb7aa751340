"""Every tag of every registered measure, as a property of random representations."""

import csv
import functools
import inspect
import math
import pathlib
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sksim.metrics
from sksim.metrics._measure import PairedMeasure, all_measures, get_measure
from sksim.metrics._validation import DegenerateSimilarityWarning
from tests.reference.measure_properties import (
    call_text,
    change_effect,
    paired_data,
    range_text,
    relative_difference,
    sides_text,
    triangle_excess,
    triple,
)

INVARIANCES = PairedMeasure.changes
MEASURES = {measure.name: measure for measure in all_measures(PairedMeasure)}
ALL = pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
#: Every test runs over all measures: a third of the usual examples for each.
few = settings(max_examples=max(5, settings.default.max_examples // 3))
seeds = st.integers(0, 10_000)
widths = st.integers(3, 6)


def some(condition):
    """Parametrize over the measures that satisfy a condition."""
    chosen = [measure for measure in MEASURES.values() if condition(measure)]
    return pytest.mark.parametrize("measure", chosen, ids=[measure.name for measure in chosen])


def pair_for(measure, seed, width_x=5, width_y=5, n_samples=30):
    if measure.needs_equal_features:
        width_y = width_x
    return paired_data(seed, n_samples, width_x, width_y)


CLAIMS = [
    (measure, change, side)
    for measure in MEASURES.values()
    for change in INVARIANCES
    for side in "xy"
]
CLAIMED = [claim for claim in CLAIMS if claim[0].invariant_to(claim[1], claim[2])]
DENIED = [claim for claim in CLAIMS if not claim[0].invariant_to(claim[1], claim[2])]


def claim_id(part):
    return getattr(part, "name", part)


@pytest.mark.parametrize(("measure", "change", "side"), CLAIMED, ids=claim_id)
@few
@given(seed=seeds, width=widths)
def test_claimed_invariance_holds(measure, change, side, seed, width):
    shape = (25, width, width)
    assert change_effect(measure, change, side, seed, shape) < 1e-7


@pytest.mark.parametrize(("measure", "change", "side"), DENIED, ids=claim_id)
def test_denied_invariance_has_a_witness(measure, change, side):
    assert max(change_effect(measure, change, side, seed) for seed in range(8)) > 1e-4


@ALL
def test_claims_imply_each_other(measure):
    for claims in (measure.invariances, measure.invariances_y or measure.invariances):
        if "invertible" in claims:
            assert {"orthogonal", "scale"} <= claims
        if "orthogonal" in claims:
            assert "permutation" in claims


@some(lambda measure: measure.symmetric)
@few
@given(seed=seeds, width_x=widths, width_y=widths)
def test_symmetric(measure, seed, width_x, width_y):
    X, Y = pair_for(measure, seed, width_x, width_y)
    assert relative_difference(measure(X, Y), measure(Y, X)) < 1e-10


@some(lambda measure: not measure.symmetric)
def test_not_symmetric_has_a_witness(measure):
    pairs = [pair_for(measure, seed) for seed in range(5)]
    assert max(relative_difference(measure(X, Y), measure(Y, X)) for X, Y in pairs) > 1e-4


@some(lambda measure: measure.identity)
@few
@given(seed=seeds, width=widths)
def test_identity_is_the_best_value(measure, seed, width):
    X, _ = pair_for(measure, seed, width)
    assert measure(X, X) == pytest.approx(measure.best, abs=1e-7)


@some(lambda measure: measure.identity and not measure.greater_is_better)
@few
@given(seed=seeds, width=widths)
def test_distance_of_a_representation_to_itself_is_exactly_zero(measure, seed, width):
    """So that scipy takes a matrix of them for distances."""
    X, _ = pair_for(measure, seed, width)
    assert measure(X, X.copy()) == 0.0
    assert measure(X.astype(np.float32), X.astype(np.float32)) == 0.0


@ALL
@few
@given(seed=seeds, width_x=widths, width_y=widths, independent=st.booleans())
def test_value_lies_in_the_range(measure, seed, width_x, width_y, independent):
    X, Y = pair_for(measure, seed, width_x, width_y)
    if independent:
        Y = np.random.RandomState(seed).standard_normal(Y.shape)
    low, high = measure.range
    value = measure(X, Y)
    assert isinstance(value, float)
    assert low <= value <= high


@some(lambda measure: math.isfinite(measure.best) and measure.identity)
@few
@given(seed=seeds)
def test_noise_moves_the_value_away_from_the_best(measure, seed):
    X, _ = pair_for(measure, seed, n_samples=40)
    noise = np.random.RandomState(seed + 1).standard_normal(X.shape)
    far, near = (abs(measure.best - measure(X, X + size * noise)) for size in (3.0, 0.01))
    assert near < far


@some(lambda measure: measure.distance is not None)
@few
@given(seed=seeds, width=widths)
def test_distance_form_satisfies_the_triangle_inequality(measure, seed, width):
    A, B, C = triple(seed, 24, (width, width, width))
    assert triangle_excess(measure, measure.distance, A, B, C) <= 1e-7


@some(lambda measure: measure.distance is not None and not measure.needs_equal_features)
@few
@given(seed=seeds, a=widths, b=widths, c=widths)
def test_triangle_inequality_between_widths(measure, seed, a, b, c):
    A, B, C = triple(seed, 24, (a, b, c))
    assert triangle_excess(measure, measure.distance, A, B, C) <= 1e-7


@some(lambda measure: measure.row_order_free)
@few
@given(seed=seeds, width_x=widths, width_y=widths)
def test_joint_row_permutation_changes_nothing(measure, seed, width_x, width_y):
    X, Y = pair_for(measure, seed, width_x, width_y)
    order = np.random.RandomState(seed).permutation(X.shape[0])
    assert relative_difference(measure(X, Y), measure(X[order], Y[order])) < 1e-9


@some(lambda measure: not measure.ignores_pairing)
def test_pairing_matters(measure):
    X, Y = pair_for(measure, 0)
    assert relative_difference(measure(X, Y), measure(X, Y[::-1])) > 1e-3


@ALL
@few
@given(seed=seeds, width_x=widths, width_y=widths)
def test_permute_step_equals_permuted_rows(measure, seed, width_x, width_y):
    X, Y = pair_for(measure, seed, width_x, width_y)
    order = np.random.RandomState(seed).permutation(X.shape[0])
    steps = measure.steps()
    permuted = steps.compare(steps.prepare(X), steps.permute(steps.prepare(Y), order))
    assert relative_difference(permuted, measure(X, Y[order])) < 1e-9


@ALL
@pytest.mark.parametrize("shape", [(30, 5, 4), (30, 40, 5), (30, 40, 50)])
def test_steps_equal_the_public_function_and_permute(measure, shape):
    if measure.needs_equal_features:
        pytest.skip("compares equal widths of fewer features than samples only")
    X, Y = paired_data(1, *shape)
    order = np.random.RandomState(0).permutation(30)
    steps = measure.steps()
    try:
        x, y = steps.prepare(X), steps.prepare(Y)
        value = measure(X, Y)
    except DegenerateSimilarityWarning:
        return
    assert steps.compare(x, y) == value
    permuted = steps.compare(x, steps.permute(y, order))
    assert relative_difference(permuted, measure(X, Y[order])) < 1e-9


@ALL
@few
@given(seed=seeds, width_x=widths, width_y=widths)
def test_float32_agrees_with_float64(measure, seed, width_x, width_y):
    X, Y = (Z.astype(np.float32) for Z in pair_for(measure, seed, width_x, width_y))
    exact = measure(X.astype(np.float64), Y.astype(np.float64))
    assert relative_difference(measure(X, Y), exact) < 1e-4


@some(lambda measure: "translation" in measure.invariances)
@pytest.mark.parametrize(
    ("offset", "dtype", "tolerance"),
    [
        (1e4, np.float64, 1e-7),
        (1e7, np.float64, 1e-5),
        (1e3, np.float32, 1e-4),
    ],
)
def test_large_offsets(measure, offset, dtype, tolerance):
    X, Y = pair_for(measure, 3)
    exact = measure(X, Y)
    assert relative_difference(measure((X + offset).astype(dtype), Y), exact) < tolerance


@ALL
def test_input_is_not_modified(measure):
    for dtype in (np.float64, np.float32):
        X, Y = (Z.astype(dtype) for Z in pair_for(measure, 0))
        copies = X.copy(), Y.copy()
        measure(X, Y)
        np.testing.assert_array_equal((X, Y), copies)


@ALL
def test_integers_and_memory_order_do_not_matter(measure):
    X, Y = (np.round(100 * Z).astype(np.int64) for Z in pair_for(measure, 5))
    expected = measure(X.astype(float), Y.astype(float))
    assert measure(X, Y) == pytest.approx(expected, abs=1e-12)
    wide = np.repeat(X.astype(float), 2, axis=1)[:, ::2]
    assert measure(np.asfortranarray(wide), Y) == pytest.approx(expected, abs=1e-9)


@some(lambda measure: measure.null is not None)
def test_independent_representations_reach_the_null_value(measure):
    n_samples, rng = 30, np.random.RandomState(0)
    null = measure.null(n_samples) if callable(measure.null) else measure.null
    draws = np.array(
        [
            measure(rng.standard_normal((n_samples, 6)), rng.standard_normal((n_samples, 4)))
            for _ in range(200)
        ]
    )
    assert abs(draws.mean() - null) <= 4 * draws.std(ddof=1) / math.sqrt(draws.size)


@ALL
def test_least_number_of_samples(measure):
    X, Y = pair_for(measure, 0, 3, 3, n_samples=max(2, measure.min_samples))
    with pytest.raises(ValueError, match="sample"):
        measure(X[: measure.min_samples - 1], Y[: measure.min_samples - 1])
    low, high = measure.range
    try:
        assert low <= measure(X, Y) <= high
    except DegenerateSimilarityWarning:
        pass
    except ValueError as error:
        assert "positive definite" in str(error)  # noqa: PT017


@ALL
@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda Z: Z[:-1], ValueError, "rows"),
        (lambda Z: np.where(Z[3, 1] == Z, np.nan, Z), ValueError, "NaN"),
        (lambda Z: np.where(Z[3, 1] == Z, np.inf, Z), ValueError, "infinity"),
        (lambda Z: Z.astype(object), TypeError, "objects"),
        (lambda Z: Z.astype(str), TypeError, "text"),
        (lambda Z: np.full_like(Z, 0.1), ValueError, "constant"),
        (lambda Z: Z[:, 0], ValueError, "2D"),
        (lambda Z: Z[:, :, None], ValueError, "dim 3"),
        (lambda Z: Z + 1j, ValueError, "[Cc]omplex"),
    ],
)
def test_bad_input_raises(measure, spoil, error, message):
    X, Y = pair_for(measure, 0)
    for pair in ((spoil(X), Y), (X, spoil(Y))):
        with pytest.raises(error, match=message):
            measure(*pair)


@ALL
def test_different_indices_raise(measure):
    pd = pytest.importorskip("pandas")
    X, Y = (pd.DataFrame(Z) for Z in pair_for(measure, 0))
    assert measure(X, Y) == measure(X.to_numpy(), Y.to_numpy())
    with pytest.raises(ValueError, match="different indices"):
        measure(X, Y.iloc[::-1])
    assert measure(X, Y.iloc[::-1].to_numpy()) != measure(X, Y)


@ALL
def test_extreme_units_give_the_same_or_an_error(measure):
    X, Y = pair_for(measure, 2)
    expected = measure(X, Y)
    for factor in (1e-150, 1e150):
        try:
            value = measure(factor * X, Y)
        except ValueError:
            continue
        if "scale" in measure.invariances:
            assert value == pytest.approx(expected, abs=1e-7)
        assert math.isfinite(value)


@some(lambda measure: "scale" in measure.invariances)
@pytest.mark.parametrize("factor", [1e-150, 1e150])
def test_extreme_units_of_both_sides_change_nothing(measure, factor):
    """Where both are tiny or huge, products of the two overflow or vanish first."""
    X, Y = pair_for(measure, 2)
    expected = measure(X, Y)
    assert measure(factor * X, factor * Y) == pytest.approx(expected, abs=1e-7)


@ALL
def test_registry_describes_the_public_function(measure):
    public = getattr(sksim.metrics, measure.function.__name__)
    assert public is measure.function
    keywords = {
        name: (parameter.kind, parameter.default)
        for name, parameter in inspect.signature(public).parameters.items()
        if name not in ("X", "Y")
    }
    of_steps = inspect.signature(measure.make_steps).parameters
    assert {name: (p.kind, p.default) for name, p in of_steps.items()} == keywords
    suffix = public.__name__.rpartition("_")[2]
    if suffix in ("score", "coefficient"):
        assert measure.greater_is_better
    if suffix in ("distance", "imbalance"):
        assert not measure.greater_is_better


@ALL
def test_measure_is_found_by_name_and_by_partial(measure):
    assert get_measure(measure.name, PairedMeasure) is measure
    by_partial = get_measure(functools.partial(measure.function, **measure.params), PairedMeasure)
    assert by_partial is measure


@ALL
def test_steps_can_be_pickled(measure):
    X, Y = pair_for(measure, 0)
    steps = pickle.loads(pickle.dumps(measure.steps()))
    states = pickle.loads(pickle.dumps((steps.prepare(X), steps.prepare(Y))))
    assert steps.compare(*states) == pytest.approx(measure(X, Y), abs=1e-12)


def test_the_table_of_the_user_guide_is_up_to_date():
    """Its entries are found by trying, ``doc/invariance_table.py`` writes it."""
    path = pathlib.Path(__file__).parents[2] / "doc" / "user_guide" / "invariance_table.csv"
    with path.open(newline="") as stream:
        rows = {row["measure"]: row for row in csv.DictReader(stream)}
    assert list(rows) == sorted(MEASURES)
    for name, measure in MEASURES.items():
        expected = {
            "function": call_text(measure),
            "symmetric": "yes" if measure.symmetric else "no",
            "range": range_text(*measure.range),
            **{
                change: sides_text("".join(s for s in "xy" if measure.invariant_to(change, s)))
                for change in INVARIANCES
            },
        }
        assert {key: rows[name][key] for key in expected} == expected


def test_complements_are_no_metrics():
    """1 - s violates the triangle inequality where its angle does not."""
    for name in ("cka", "cka_biased", "procrustes", "cca_yanai", "rsa", "distance_correlation"):
        measure = MEASURES[name]
        excess = [
            triangle_excess(measure, lambda s: 1.0 - s, *triple(seed, 10, (3, 3, 3)))
            for seed in range(30)
        ]
        assert max(excess) > 1e-3


def test_mean_of_canonical_correlations_is_no_metric_between_widths():
    """A narrow representation is at distance zero from every wider one that contains it."""
    rng = np.random.RandomState(0)
    wide = rng.standard_normal((50, 2))
    excess = triangle_excess(MEASURES["cca"], math.acos, wide[:, :1], wide, wide[:, 1:])
    assert excess > 1.0

"""Every record of a measure is true: each entry, tried on random examples."""

import csv
import dataclasses
import functools
import inspect
import math
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sksim.metrics
from sksim.metrics._measure import (
    Measure,
    PairedMeasure,
    QualityMeasure,
)
from sksim.metrics._registry import all_measures, get_measure
from sksim.metrics._validation import DegenerateSimilarityWarning
from sksim.utils._measure_checks import (
    SearchSizes,
    change_effect,
    claims,
    example,
    fixed_checks,
    has_witness,
    paired_data,
    random_checks,
    relative_difference,
    triangle_excess,
    triple,
    value,
)
from sksim.utils.estimator_checks import check_measure
from tests.reference import oracles
from tests.reference.measure_properties import call_text, range_text, sides_text

PAIRED = all_measures(PairedMeasure)
#: Every test runs over all measures: a third of the usual examples for each.
few = settings(max_examples=max(5, settings.default.max_examples // 3))
seeds = st.integers(0, 10_000)

#: Public functions that return a number and are no measures of their own.
NO_MEASURES = {
    "bad_hubness_score": "a search with labels; its measure is a share of slots",
    "feature_complexity": "a feature against a list of layers",
    "hubness_null": "the chance level of a measure",
    "hubness_score": "a search, and any measure of its occurrence counts",
    "sparse_rate_reduction": "a representation and subspaces, three axes",
    "stochastic_shape_distance": "repeated responses, three axes or two moments",
    "null_calibrated_score": "any measure of pairs, against permutations",
}


def name_of(part):
    return getattr(part, "name", getattr(part, "__name__", None))


def over(measures):
    return pytest.mark.parametrize("measure", measures, ids=name_of)


def with_checks(checks):
    """All checks of all records, but those of invariances, which have a test for each claim."""
    pairs = [
        (measure, check)
        for measure in all_measures()
        for check in checks(measure)
        if not check.__name__.endswith("_invariances")
    ]
    return pytest.mark.parametrize(("measure", "check"), pairs, ids=name_of)


# --- records are true -----------------------------------------------------------------------


@with_checks(random_checks)
@few
@given(seed=seeds)
def test_record_holds_for_random_examples(measure, check, seed):
    check(measure, seed)


@with_checks(fixed_checks)
def test_record_holds(measure, check):
    check(measure, 0)


CLAIMS = [(measure, *claim) for measure in all_measures() for claim in claims(measure)]


@pytest.mark.parametrize(
    ("measure", "change", "side"), [claim[:3] for claim in CLAIMS if claim[3]], ids=name_of
)
@few
@given(seed=seeds)
def test_claimed_invariance_holds(measure, change, side, seed):
    assert change_effect(measure, change, side, seed) < 1e-7


@pytest.mark.parametrize(
    ("measure", "change", "side"), [claim[:3] for claim in CLAIMS if not claim[3]], ids=name_of
)
def test_denied_invariance_has_a_witness(measure, change, side):
    assert has_witness(measure, change, side)


def literal_value(measure, arrays):
    """By the function of the same name in the reference, with the parameters of the record."""
    oracle = getattr(oracles, measure.function.__name__)
    params = dict(measure.params)
    if measure.kind == "occurrence":
        sizes = SearchSizes()._asdict()
        taken = inspect.signature(measure.function).parameters
        params.update({name: size for name, size in sizes.items() if name in taken})
    return oracle(*arrays, **params)


@over(all_measures())
@pytest.mark.parametrize("seed", [0, 1, 3])  # of few labels: none of their sets is drawn
def test_value_is_that_of_the_literal_formula(measure, seed):
    arrays = example(measure, seed)
    expected = literal_value(measure, arrays)
    assert value(measure, arrays) == pytest.approx(expected, rel=1e-6, abs=1e-9)


# --- records are complete -------------------------------------------------------------------


def returned_number(function):
    """Whether a public function returns a number: that is what its annotation says."""
    annotation = inspect.signature(function).return_annotation
    return "float" in str(annotation).replace("ndarray", "").split("[")[0] or annotation is float


def test_every_public_function_that_returns_a_number_has_a_record():
    """``neural_collapse`` returns several, in a Bunch: no record, and no scorer."""
    recorded = {measure.function.__name__ for measure in all_measures()}
    numbers = {
        name
        for name in sksim.metrics.__all__
        if inspect.isfunction(function := getattr(sksim.metrics, name))
        and returned_number(function)
    }
    assert numbers - set(NO_MEASURES) == recorded
    assert set(NO_MEASURES) <= numbers


def test_every_public_function_has_its_default_form_on_record():
    """But those that cannot do without a parameter."""
    names = {measure.function.__name__ for measure in all_measures() if not measure.params}
    assert {measure.function.__name__ for measure in all_measures()} - names == {
        "gulp_distance",
        "spectral_slope",  # of more features than the examples have
    }


@over(all_measures())
def test_record_has_a_public_function_and_an_oracle(measure):
    name = measure.function.__name__
    assert getattr(sksim.metrics, name) is measure.function
    assert callable(getattr(oracles, name, None)), f"tests/reference/oracles.py lacks {name}"


def test_no_oracle_without_a_record():
    public = {name for name in vars(oracles) if not name.startswith("_")} & set(
        sksim.metrics.__all__
    )
    assert public == {measure.function.__name__ for measure in all_measures()}


@over(all_measures())
def test_measure_is_found_by_its_names_and_by_partial(measure):
    kind = type(measure)
    for name in measure.spellings:
        assert get_measure(name, kind) is measure
    assert get_measure(functools.partial(measure.function, **measure.params), kind) is measure


def test_names_are_given_once():
    names = [name for measure in all_measures() for name in measure.names]
    assert len(names) == len(set(names))
    kinds = set(Measure.__subclasses__())
    assert {type(measure) for measure in all_measures()} == kinds
    assert len({kind.kind for kind in kinds}) == len(kinds)


# --- what the checks find ---------------------------------------------------------------------


def mean_gap(X, Y):
    """A measure as a user may write it."""
    X, Y = sksim.metrics._validation.check_paired(X, Y)
    return float(np.abs(X.mean() - Y.mean()))


def careless_gap(X, Y):
    """It replaces what is not a number instead of refusing it."""
    return mean_gap(*(np.nan_to_num(np.asarray(Z, dtype=float)) for Z in (X, Y)))


GAP = PairedMeasure(
    name="mean_gap",
    function=mean_gap,
    greater_is_better=False,
    range=(0.0, math.inf),
    distance=abs,
    invariances=frozenset({"permutation"}),
    ignores_pairing=True,
)


def test_true_records_of_users_pass():
    check_measure(GAP)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"invariances": frozenset({"permutation", "scale"})}, "scale of x moves the value"),
        ({"invariances": frozenset()}, "permutation of x changes nothing"),
        ({"range": (0.0, 0.01)}, "is not in"),
        ({"greater_is_better": True}, "for equal sides"),
        ({"symmetric": False}, "is symmetric"),
        ({"distance": np.square}, "triangle inequality"),
        ({"null": 3.0}, "null 3.0"),
        ({"ignores_pairing": False}, "mean_gap"),
        ({"name": "gap"}, "call it mean_gap"),
        ({"min_samples": 5}, "for 4 samples"),
        ({"function": careless_gap, "name": "careless_gap"}, "for NaN"),
    ],
)
def test_false_records_do_not_pass(entries, message):
    with pytest.raises(AssertionError, match=message):
        check_measure(dataclasses.replace(GAP, **entries))


# --- paired measures, further -------------------------------------------------------------------


@over(PAIRED)
@pytest.mark.parametrize("shape", [(30, 5, 4), (30, 40, 5), (30, 40, 50)])
def test_steps_equal_the_public_function_and_permute(measure, shape):
    if measure.needs_equal_features:
        pytest.skip("compares equal widths of fewer features than samples only")
    X, Y = paired_data(1, *shape)
    order = np.random.RandomState(0).permutation(30)
    steps = measure.steps()
    try:
        x, y = steps.prepare(X), steps.prepare(Y)
        expected = measure(X, Y)
    except DegenerateSimilarityWarning:
        return
    assert steps.compare(x, y) == expected
    permuted = steps.compare(x, steps.permute(y, order))
    assert relative_difference(permuted, measure(X, Y[order])) < 1e-9


@over(PAIRED)
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
    X, Y = example(measure, 0)
    if message == "rows" and not measure.needs_equal_samples:
        pytest.skip("any numbers of rows compare")
    for pair in ((spoil(X), Y), (X, spoil(Y))):
        with pytest.raises(error, match=message):
            measure(*pair)


@over(all_measures(QualityMeasure))
@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda Z: np.where(Z[3, 1] == Z, np.nan, Z), ValueError, "NaN"),
        (lambda Z: np.where(Z[3, 1] == Z, np.inf, Z), ValueError, "infinity"),
        (lambda Z: Z.astype(object), TypeError, "objects"),
        (lambda Z: Z.astype(str), TypeError, "text"),
        (lambda Z: Z[:, 0], ValueError, "2D"),
        (lambda Z: Z[:, :, None], ValueError, "dim 3"),
        (lambda Z: Z + 1j, ValueError, "[Cc]omplex"),
    ],
)
def test_bad_representation_raises(measure, spoil, error, message):
    arrays = example(measure, 0)
    for i in range(len(arrays)):
        with pytest.raises(error, match=message):
            measure(*arrays[:i], spoil(arrays[i]), *arrays[i + 1 :])


@over(PAIRED)
def test_different_indices_raise(measure):
    pd = pytest.importorskip("pandas")
    X, Y = (pd.DataFrame(Z) for Z in example(measure, 0))
    assert measure(X, Y) == measure(X.to_numpy(), Y.to_numpy())
    if not measure.needs_equal_samples:
        assert measure(X, Y.iloc[::-1]) == pytest.approx(measure(X, Y))
        return
    with pytest.raises(ValueError, match="different indices"):
        measure(X, Y.iloc[::-1])
    differ = measure(X, Y.iloc[::-1].to_numpy()) != measure(X, Y)
    assert differ or measure.ignores_pairing


TABLES = pathlib.Path(__file__).parents[2] / "doc" / "user_guide"


def read_table(name):
    with (TABLES / name).open(newline="") as stream:
        return {row["measure"]: row for row in csv.DictReader(stream)}


def test_the_table_of_pairs_in_the_user_guide_is_up_to_date():
    """Its entries are found by trying, ``doc/invariance_table.py`` writes it."""
    rows = read_table("invariance_table.csv")
    assert list(rows) == sorted(measure.name for measure in PAIRED)
    for measure in PAIRED:
        expected = {
            "function": call_text(measure),
            "symmetric": "yes" if measure.symmetric else "no",
            "range": range_text(*measure.range),
            **{
                change: sides_text("".join(s for s in "xy" if measure.invariant_to(change, s)))
                for change in measure.changes
            },
        }
        assert {key: rows[measure.name][key] for key in expected} == expected


def test_the_table_of_quality_in_the_user_guide_is_up_to_date():
    rows = read_table("quality_table.csv")
    measures = all_measures(QualityMeasure)
    assert list(rows) == sorted(measure.name for measure in measures)
    for measure in measures:
        expected = {
            "function": call_text(measure),
            "range": range_text(*measure.range),
            **{
                change.replace("_", " "): "yes" if measure.invariant_to(change) else "no"
                for change in measure.changes
            },
        }
        assert {key: rows[measure.name][key] for key in expected} == expected


def test_complements_are_no_metrics():
    """1 - s violates the triangle inequality where its angle does not."""
    for name in ("cka", "cka_biased", "procrustes", "cca_yanai", "rsa", "distance_correlation"):
        measure = get_measure(name, PairedMeasure)
        excess = [
            triangle_excess(measure, lambda s: 1.0 - s, *triple(seed, 10, (3, 3, 3)))
            for seed in range(30)
        ]
        assert max(excess) > 1e-3


def test_mean_of_canonical_correlations_is_no_metric_between_widths():
    """A narrow representation is at distance zero from every wider one that contains it."""
    rng = np.random.RandomState(0)
    wide = rng.standard_normal((50, 2))
    excess = triangle_excess(
        get_measure("cca", PairedMeasure), math.acos, wide[:, :1], wide, wide[:, 1:]
    )
    assert excess > 1.0

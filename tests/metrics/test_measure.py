from functools import partial

import numpy as np
import pytest

from sksim.metrics import (
    alignment,
    cka_distance,
    cka_score,
    information_imbalance,
    mutual_knn_score,
    pairwise_similarity,
    riemannian_distance,
    rsa_score,
)
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import all_measures, register
from sksim.metrics._registry import get_measure as get_any_measure
from sksim.metrics._validation import check_paired
from tests.reference import similarity as reference

MEASURES = {measure.name: measure for measure in all_measures(PairedMeasure)}
get_measure = partial(get_any_measure, kind=PairedMeasure)

X, Y = reference.golden_pair(20, 3, 4, 0)


def test_unknown_parameters_claim_nothing():
    measure = get_measure(partial(cka_score, kernel="rbf", gamma=0.1))
    assert measure(X, Y) == cka_score(X, Y, kernel="rbf", gamma=0.1)
    assert not measure.symmetric
    assert not measure.invariances
    assert measure.distance is None
    assert measure.greater_is_better


def test_partial_of_a_registered_variant_is_that_variant():
    assert get_measure(partial(cka_score, unbiased=False)) is MEASURES["cka_biased"]
    assert get_measure(partial(rsa_score)) is MEASURES["rsa"]
    assert get_measure(cka_score) is MEASURES["cka"]
    assert get_measure(MEASURES["cka"]) is MEASURES["cka"]


def test_names_of_functions_are_their_defaults():
    assert get_measure("cka_score") is MEASURES["cka"]
    assert get_measure("procrustes_distance") is MEASURES["procrustes_distance"]
    assert get_measure("shape_distance") is MEASURES["shape_distance"]
    with pytest.raises(ValueError, match="got 'gulp_distance'"):
        get_measure("gulp_distance")  # its ridge has no default


def test_any_function_is_a_measure():
    def my_error(A, B):
        return float(np.sum(A) - np.sum(B))

    measure = get_measure(my_error)
    assert not measure.greater_is_better
    assert measure(X, Y) == my_error(X, Y)
    steps = measure.steps()
    assert steps.compare(steps.prepare(X), steps.permute(steps.prepare(Y), np.arange(20))) == (
        my_error(X, Y)
    )
    assert get_measure(lambda A, B: 0.0).greater_is_better


@pytest.mark.parametrize(
    ("part", "nearest", "min_samples"),
    [
        (partial(mutual_knn_score, n_neighbors=3), "mutual_knn", 4),
        (partial(mutual_knn_score, n_neighbors=15, metric="euclidean"), "mutual_knn_euclidean", 16),
        (partial(mutual_knn_score, n_neighbors=3, adjusted=True), "mutual_knn_adjusted", 5),
        (partial(information_imbalance, n_neighbors=4), "information_imbalance", 5),
        (partial(cka_score, kernel="rbf", gamma=0.1, unbiased=False), "cka_rbf_biased", 2),
        (partial(riemannian_distance, matrix="gram", reg=0.5), "riemannian_gram", 2),
        (partial(riemannian_distance, reg=0.1), "riemannian_distance", 2),
    ],
)
def test_variants_have_the_conditions_of_the_nearest_registered_form(part, nearest, min_samples):
    measure, known = get_measure(part), MEASURES[nearest]
    assert measure.min_samples == min_samples
    for tag in ("range", "greater_is_better", "ignores_pairing", "needs_equal_features"):
        assert getattr(measure, tag) == getattr(known, tag)
    rows = slice(0, min_samples + 1)
    value = pairwise_similarity([X[rows, :3], Y[rows, :3]], part).values[0, 1]
    assert value == pytest.approx(part(X[rows, :3], Y[rows, :3]), abs=1e-12)


def test_defaults_that_are_written_out_change_nothing():
    assert get_measure(partial(cka_score, unbiased=True)) is MEASURES["cka"]
    assert get_measure(partial(cka_score, unbiased=False, gamma=None)) is MEASURES["cka_biased"]


def test_direction_of_functions_and_partials_that_are_not_registered():
    def some_loss(A, B, weight=1.0):
        return weight

    for distance in (cka_distance, partial(cka_distance, unbiased=False), alignment, some_loss):
        assert not get_measure(distance).greater_is_better
        assert not get_measure(partial(distance)).greater_is_better


def test_positional_partials_are_called_as_they_are():
    with_reference = partial(cka_score, X)
    assert get_measure(with_reference).function is with_reference


def test_names_are_registered_once(monkeypatch):
    with pytest.raises(ValueError, match="'cka' exists already"):
        register(PairedMeasure(name="cka", function=rsa_score))
    with pytest.raises(ValueError, match="Unknown invariances"):
        PairedMeasure(name="new", function=rsa_score, invariances=frozenset({"shear"}))
    assert "new" not in MEASURES


def test_float32_is_kept_and_other_numbers_become_float64():
    for given_dtype, expected in (
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.float16, np.float64),
        (np.int8, np.float64),
        (bool, np.float64),
    ):
        A = (X > 0).astype(given_dtype)
        assert check_paired(A, A)[0].dtype == expected
    same = check_paired(X, Y)
    assert same[0] is X
    assert same[1] is Y


def test_mixed_frames():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": X[:, 0].astype(np.float32), "b": np.arange(20)})
    assert check_paired(frame, Y)[0].dtype == np.float64
    with pytest.raises(TypeError, match="X must be numeric"):
        check_paired(frame.assign(c="text"), Y)
    with pytest.raises(TypeError, match="Y must be numeric"):
        check_paired(X, frame.astype(object))


def test_constant_up_to_rounding_raises():
    A = np.full((20, 3), 0.1)
    A[3] += 1e-17 + np.spacing(0.1)
    with pytest.raises(ValueError, match="constant up to rounding"):
        cka_score(A, Y)


def test_overflow_raises():
    with pytest.raises(ValueError, match="rescale"):
        cka_score(X * 3e307, Y)
    single = np.array([[3e38, 0], [-3e38, 1], [-3e38, 2], [-3e38, 3]], dtype=np.float32)
    with pytest.raises(ValueError, match="rescale"):
        cka_score(single, Y[:4])

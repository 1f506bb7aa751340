"""Arrays of other libraries stay where they are where dispatch is on, and gradients flow.

What is tried here is what the records say, ``keeps``; the table of the user guide is written from
the same list.
"""

import functools
import inspect
import re
import warnings

import pytest
import sklearn

from sksim.metrics._measure import all_measures
from sksim.metrics._validation import DegenerateSimilarityWarning
from sksim.utils._measure_checks import example

torch = pytest.importorskip("torch")
strict = pytest.importorskip("array_api_strict")

LIBRARIES = ["torch", "array_api_strict", "array_api_strict device1"]
IN_PLACE = [record for record in all_measures() if record.keeps != "nothing"]
WITH_GRADIENTS = [record for record in IN_PLACE if record.keeps == "gradient"]
CONVERTED = [
    record
    for record in all_measures()
    if record.keeps == "nothing" and record.kind in ("paired", "quality")
]


@pytest.fixture(autouse=True)
def _dispatch():
    with sklearn.config_context(array_api_dispatch=True), warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateSimilarityWarning)
        yield


def as_arrays(arrays, library, dtype="float64"):
    if library == "torch":
        return [torch.asarray(X.astype(dtype)) for X in arrays]
    device = strict.Device(library.split()[1]) if " " in library else None
    return [strict.asarray(X.astype(dtype), device=device) for X in arrays]


def over(records):
    return pytest.mark.parametrize("record", records, ids=lambda record: record.name)


@over(IN_PLACE)
@pytest.mark.parametrize("library", LIBRARIES)
def test_numbers_are_those_of_numpy(record, library):
    for seed in range(3):
        arrays = example(record, seed)
        value = record(*as_arrays(arrays, library))
        assert isinstance(value, float)
        assert value == pytest.approx(record(*arrays), rel=1e-10, abs=1e-10)


@over(IN_PLACE)
@pytest.mark.parametrize("n_samples", [12, 60])
def test_wide_and_long_arrays(record, n_samples):
    arrays = example(record, 0, n_samples=n_samples, widths=(9, 20))
    value = record(*as_arrays(arrays, "array_api_strict"))
    assert value == pytest.approx(record(*arrays), rel=1e-10, abs=1e-10)


@over(IN_PLACE)
def test_float32_is_computed_in_float64(record):
    arrays = example(record, 1)
    value = record(*as_arrays(arrays, "torch", "float32"))
    assert value == pytest.approx(record(*arrays), rel=1e-4, abs=1e-4)


@over(WITH_GRADIENTS)
@pytest.mark.parametrize("widths", [(3, 4), (12, 13)], ids=["long", "wide"])
def test_gradients_are_those_of_finite_differences(record, widths):
    arrays = example(record, 2, n_samples=9, widths=widths)
    tensors = [tensor.requires_grad_() for tensor in as_arrays(arrays, "torch")]
    value = record(*tensors)
    assert value.shape == ()
    assert value.requires_grad
    assert torch.autograd.gradcheck(functools.partial(record), tensors)
    with torch.no_grad():
        assert isinstance(record(*tensors), float)


@over([record for record in IN_PLACE if record.keeps == "library"])
def test_what_is_not_claimed_gives_a_number(record):
    tensors = [tensor.requires_grad_() for tensor in as_arrays(example(record, 2), "torch")]
    assert isinstance(record(*tensors), float)


@over(CONVERTED)
def test_other_measures_convert(record):
    arrays = example(record, 0)
    for library in LIBRARIES:
        assert record(*as_arrays(arrays, library)) == record(*arrays)


@over([record for record in IN_PLACE if record.kind == "paired"])
def test_all_follows_the_first_array(record):
    X, Y = example(record, 0)
    expected = record(X, Y)
    (x,) = as_arrays([X], "torch")
    (y,) = as_arrays([Y], "array_api_strict")
    for pair in ((x, y), (x, Y), (X, y), (y, x) if record.symmetric else (x, y)):
        assert record(*pair) == pytest.approx(expected, rel=1e-10, abs=1e-10)
    assert record(X, y) == expected


@over([record for record in IN_PLACE if record.kind in ("paired", "quality")])
def test_errors_name_the_argument(record):
    arrays = as_arrays(example(record, 0), "torch")
    for spoil, message in (
        (lambda Z: Z[:, 0], "2D"),
        (lambda Z: Z[:, :, None, None], r"dim 4.*mean\(axis=\(2, 3\)\).*reshape"),
        (lambda Z: Z.to(torch.complex64), "[Cc]omplex"),
        (lambda Z: torch.where(Z[3, 1] == Z, torch.nan, Z), "NaN"),
        (lambda Z: Z[:0], "sample"),
    ):
        for i, name in enumerate(inspect.signature(record.function).parameters):
            if i < len(arrays):
                spoiled = list(arrays)
                spoiled[i] = spoil(arrays[i])
                with pytest.raises(ValueError, match=message) as caught:
                    record(*spoiled)
                assert re.search(rf"\b{name}\b", str(caught.value))


@pytest.mark.parametrize("library", LIBRARIES)
def test_equal_representations_are_at_distance_zero(library):
    for record in IN_PLACE:
        if record.kind == "paired" and record.identity:
            X, _ = example(record, 0)
            (x,) = as_arrays([X], library)
            assert record(x, x) == pytest.approx(record.best, abs=1e-7)

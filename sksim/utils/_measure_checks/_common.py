"""Checks of all records: what they claim holds, what they deny does not."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import inspect
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sksim.utils._measure_checks._distribution import Distribution
from sksim.utils._measure_checks._graph import Graph
from sksim.utils._measure_checks._kind import (
    DIFFERENT,
    SAME,
    Arrays,
    Check,
    Kind,
    Widths,
    relative_difference,
)
from sksim.utils._measure_checks._labels import Labels
from sksim.utils._measure_checks._occurrence import Occurrence
from sksim.utils._measure_checks._paired import Paired
from sksim.utils._measure_checks._probe import Probe
from sksim.utils._measure_checks._quality import Quality
from sksim.utils._measure_checks._ranking import Ranking

__all__ = [
    "KINDS",
    "change_effect",
    "claims",
    "example",
    "exchanged",
    "fixed_checks",
    "has_witness",
    "random_checks",
    "value",
]

#: By the ``kind`` of the records.
KINDS: dict[str, Kind] = {
    "distribution": Distribution(),
    "graph": Graph(),
    "labels": Labels(),
    "occurrence": Occurrence(),
    "paired": Paired(),
    "probe": Probe(),
    "quality": Quality(),
    "ranking": Ranking(),
}
N_WITNESSES = 100


def example(measure: Any, seed: int, n_samples: int = 30, widths: Widths = None) -> Arrays:
    """The arrays of an example; representations are 3 to 6 wide unless told otherwise."""
    return KINDS[measure.kind].example(measure, seed, n_samples, widths)


def value(measure: Any, arrays: Arrays) -> float:
    """The measure of the arrays of an example."""
    return KINDS[measure.kind].value(measure, arrays)


def claims(measure: Any) -> Iterator[tuple[str, str, bool]]:
    """Each change and side that the record speaks of, and whether the value is said to stay."""
    for change in measure.changes:
        for side in KINDS[measure.kind].sides:
            yield change, side, measure.invariant_to(change, side)


def change_effect(measure: Any, change: str, side: str, seed: int, widths: Widths = None) -> float:
    """How much a change moves the value, in units of the range where that is less than one."""
    arrays = example(measure, seed, widths=widths)
    after = KINDS[measure.kind].changed(measure, arrays, change, side, seed + 1)
    unit = min(1.0, measure.range[1] - measure.range[0])
    return relative_difference(value(measure, arrays) / unit, value(measure, after) / unit)


def check_claimed_invariances(measure: Any, seed: int) -> None:
    """What is claimed to leave the value as it is does so."""
    for change, side, is_claimed in claims(measure):
        if is_claimed:
            effect = change_effect(measure, change, side, seed)
            assert effect < SAME, f"{measure.name}: {change} of {side} moves the value by {effect}"


def check_range(measure: Any, seed: int) -> None:
    """The value is a float in the range, for related and for unrelated arrays."""
    arrays = example(measure, seed)
    unrelated = KINDS[measure.kind].unrelated(measure, arrays, seed + 1)
    low, high = measure.range
    for some in (arrays, unrelated):
        result = value(measure, some)
        assert isinstance(result, float), f"{measure.name} returns {type(result).__name__}"
        assert low <= result <= high, f"{measure.name}: {result} is not in [{low}, {high}]"


def exchanged(measure: Any, arrays: Arrays) -> Arrays:
    """The arrays with the two models, or sides, exchanged; true labels stay first."""
    n_first = len(arrays) % 2
    half = (len(arrays) - n_first) // 2
    first, one, other = arrays[:n_first], arrays[n_first:][:half], arrays[n_first:][half:]
    return (*first, *other, *one)


def check_symmetric(measure: Any, seed: int) -> None:
    """The two sides can be exchanged."""
    arrays = example(measure, seed)
    difference = relative_difference(
        value(measure, arrays), value(measure, exchanged(measure, arrays))
    )
    assert difference < 1e-10, f"{measure.name}: exchanged sides differ by {difference}"


def check_identity(measure: Any, seed: int) -> None:
    """Equal sides have the best value, of some kinds to the last bit."""
    arrays = example(measure, seed)
    n_first = len(arrays) % 2
    half = (len(arrays) - n_first) // 2
    same = arrays[: n_first + half] + tuple(X.copy() for X in arrays[n_first : n_first + half])
    result = value(measure, same)
    assert abs(result - measure.best) < SAME, f"{measure.name}: {result} for equal sides"
    if KINDS[measure.kind].exact_zero and not measure.greater_is_better:
        assert result == 0.0, f"{measure.name}: {result} for equal representations"
        assert measure(*(X.astype(np.float32) for X in same)) == 0.0, measure.name


def has_witness(measure: Any, change: str, side: str) -> bool:
    """Whether some example is moved by a change."""
    effects = (change_effect(measure, change, side, s, (5, 5)) for s in range(N_WITNESSES))
    return any(effect > DIFFERENT for effect in effects)


def check_denied_invariances(measure: Any, seed: int = 0) -> None:
    """What is not claimed has a witness: an example that a change moves."""
    for change, side, is_claimed in claims(measure):
        assert is_claimed or has_witness(measure, change, side), (
            f"{measure.name}: {change} of {side} changes nothing, claim the invariance"
        )


def check_claims_imply_each_other(measure: Any, seed: int = 0) -> None:
    """Rotations and scales are invertible maps, permutations are rotations."""
    for side in "xy":
        claimed = {change for change in measure.changes if measure.invariant_to(change, side)}
        if "invertible" in claimed:
            assert {"orthogonal", "scale"} <= claimed, measure.name
        if "orthogonal" in claimed:
            assert "permutation" in claimed, measure.name
        if "row_scale" in claimed:
            assert "scale" in claimed, measure.name


def check_not_symmetric(measure: Any, seed: int = 0) -> None:
    """The denied symmetry has a witness."""
    examples = (example(measure, s, widths=(5, 5)) for s in range(N_WITNESSES))
    differences = (
        relative_difference(value(measure, arrays), value(measure, exchanged(measure, arrays)))
        for arrays in examples
    )
    assert any(difference > DIFFERENT for difference in differences), (
        f"{measure.name} is symmetric, claim it"
    )


def check_null(measure: Any, seed: int = 0) -> None:
    """The mean over examples without any effect is the null value."""
    rng, kind = np.random.RandomState(seed), KINDS[measure.kind]
    draws = np.array([kind.null_draw(measure, rng) for _ in range(200)])
    mean, null = draws.mean(), kind.null(measure)
    allowed = 4 * draws.std(ddof=1) / math.sqrt(draws.size) + kind.null_bias(mean)
    assert abs(mean - null) <= allowed, f"{measure.name}: null {null}, mean of draws {mean}"


def check_record(measure: Any, seed: int = 0) -> None:
    """The record describes its function: parameters, steps, and what the name says."""
    function, name = measure.function, measure.function.__name__
    parameters = inspect.signature(function).parameters
    assert set(measure.params) <= set(parameters), f"{measure.name}: {dict(measure.params)}"
    if not measure.params:
        assert measure.name == name.removesuffix("_score"), (
            f"{measure.name} names the defaults of {name}: call it {name.removesuffix('_score')}"
        )
    if name.endswith(("_score", "_similarity")):
        assert measure.greater_is_better, f"{name} says that greater is better"
    if name.endswith(("_distance", "_divergence", "_error", "_loss")):
        assert measure.greater_is_better is False, f"{name} says that less is better"
    if getattr(measure, "make_steps", None) is not None:
        arrays = [n for n, p in parameters.items() if p.kind is not p.KEYWORD_ONLY]
        expected = {n: (p.kind, p.default) for n, p in parameters.items() if n not in arrays}
        steps = inspect.signature(measure.make_steps).parameters
        got = {n: (p.kind, p.default) for n, p in steps.items()}
        assert got == expected, f"{measure.name}: make_steps takes {got}, not {expected}"


def check_input_kept(measure: Any, seed: int = 0) -> None:
    """The arrays stay as they are."""
    arrays = example(measure, seed)
    for dtype in (np.float64, np.float32):
        typed = KINDS[measure.kind].with_representations(arrays, dtype)
        copies = tuple(X.copy() for X in typed)
        value(measure, typed)
        for X, copy in zip(typed, copies, strict=True):
            assert np.array_equal(X, copy), f"{measure.name} changes its input"


def _with_entry(X: np.ndarray, entry: float) -> np.ndarray:
    X = X.astype(np.float64)
    X.flat[-1] = entry
    return X


_SPOILED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "NaN": lambda X: _with_entry(X, np.nan),
    "infinity": lambda X: _with_entry(X, np.inf),
    "complex numbers": lambda X: X + 1j,
    "a third axis": lambda X: X[..., None, None],
}


def check_bad_input(measure: Any, seed: int = 0) -> None:
    """What cannot be measured raises, in each of the arrays."""
    kind, arrays = KINDS[measure.kind], example(measure, seed)
    for what, spoil in _SPOILED.items():
        for i in range(len(arrays)):
            spoiled = (*arrays[:i], spoil(arrays[i]), *arrays[i + 1 :])
            kind.assert_refused(measure, spoiled, what)
    for i in range(kind.n_representations(arrays)):
        spoiled = (*arrays[:i], arrays[i].astype(str), *arrays[i + 1 :])
        kind.assert_refused(measure, spoiled, "text")
    if len(arrays) == 2 and getattr(measure, "needs_equal_samples", True):
        kind.assert_refused(measure, (arrays[0], arrays[1][:-1]), "unequal numbers of rows")


def random_checks(measure: Any) -> Iterator[Check]:
    """Checks of one example, to be made for many seeds."""
    yield check_claimed_invariances
    yield check_range
    if getattr(measure, "symmetric", False):
        yield check_symmetric
    if getattr(measure, "identity", False):
        yield check_identity
    yield from KINDS[measure.kind].random_checks(measure)


def fixed_checks(measure: Any) -> Iterator[Check]:
    """Checks that are made once."""
    yield check_record
    yield check_denied_invariances
    yield check_claims_imply_each_other
    yield check_input_kept
    yield check_bad_input
    if not getattr(measure, "symmetric", True):
        yield check_not_symmetric
    if measure.null is not None:
        yield check_null
    yield from KINDS[measure.kind].fixed_checks(measure)

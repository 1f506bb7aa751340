"""The registry: records by their names, and by their public functions with any parameters."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, overload

import numpy as np

from sksim.metrics._measure import Measure, function_name
from sksim.utils._names import unknown_name_error
from sksim.utils._sklearn import validate_params

__all__ = [
    "GREATER_SUFFIXES",
    "LESS_SUFFIXES",
    "all_measures",
    "get_measure",
    "greater_is_better",
    "register",
]

#: Whether greater or smaller values are better, by the last word of a function's name.
GREATER_SUFFIXES = ("_score", "_similarity")
LESS_SUFFIXES = ("_distance", "_divergence", "_error", "_loss")

M = TypeVar("M", bound=Measure)

#: The records by their names.
_RECORDS: dict[str, Measure] = {}


@overload
def all_measures() -> list[Measure]: ...
@overload
def all_measures(kind: type[M]) -> list[M]: ...
def all_measures(kind: type[Measure] = Measure) -> list[Any]:
    """Records of one kind, or of all, in the order of registration."""
    return [record for record in _RECORDS.values() if isinstance(record, kind)]


def register(measure: M) -> M:
    """Add a record and return it; a reloaded module replaces its own.

    Raises
    ------
    ValueError
        If another measure answers to one of its names.
    """
    for known in _RECORDS.values():
        shared = set(known.names) & set(measure.names)
        if shared and (
            known.name != measure.name
            or known.function.__qualname__ != measure.function.__qualname__
        ):
            raise ValueError(f"A measure named {min(shared)!r} exists already.")
    _RECORDS[measure.name] = measure
    return measure


def greater_is_better(function: Callable) -> bool | None:
    """Direction of a function or a partial of one; None if neither record nor name tells."""
    name = function_name(function)
    while isinstance(function, functools.partial):
        function = function.func
    for known in _RECORDS.values():
        if known.function is function:
            return known.greater_is_better
    if name.endswith(GREATER_SUFFIXES):
        return True
    return False if name.endswith(LESS_SUFFIXES) else None


def get_measure(
    measure: str | Callable | Measure, kind: type[M], *, parameter: str = "measure"
) -> M:
    """Find a record by its name, its public function, or a partial of that function.

    Parameters
    ----------
    measure : str, callable or Measure
        A name or alias of a record, or the name of a public function, which is taken with its
        defaults; a public function such as ``cka_score``, or
        ``functools.partial(cka_score, kernel="rbf")``; or any function of such arrays.
    kind : type of Measure
        The kind that is looked for.
    parameter : str, default="measure"
        Name of the caller's parameter in error messages.

    Returns
    -------
    measure : Measure
        For an unknown callable nothing is claimed but its direction, by the suffix of its name.
    """
    if isinstance(measure, kind):
        return measure
    if isinstance(measure, str):
        for record in all_measures(kind):
            if measure in record.spellings:
                return record
        names = [record.name for record in all_measures(kind)]
        raise unknown_name_error(parameter, measure, names)
    if not callable(measure):
        raise TypeError(f"{parameter} must be a name or a callable, got {type(measure).__name__}.")
    function, keywords = measure, {}
    if isinstance(measure, functools.partial) and not measure.args:
        function, keywords = measure.func, measure.keywords
    forms = [record for record in all_measures(kind) if record.function is function]
    if forms:
        return _form(function, keywords, forms)
    return kind(
        name=function_name(measure),
        function=measure,
        greater_is_better=greater_is_better(measure) is not False,
        range=(-math.inf, math.inf),
        min_samples=1,
        **kind.unclaimed,
    )


def _form(function: Callable, keywords: Mapping[str, Any], forms: list[M]) -> M:
    """Record of a public function with keywords; of an unregistered form little is claimed.

    Range, direction and what the rows must be are those of the registered form that is nearest,
    with as many more rows as it has more neighbours.
    """
    _check_keywords(function, keywords)
    parameters = inspect.signature(function).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    asked = {**defaults, **keywords}

    def n_common_options(form: M) -> int:
        """Number of equal parameters that choose a form (names, switches), not a number."""
        params = {**defaults, **form.params}
        return sum(
            isinstance(value, str | bool) and value == asked.get(name)
            for name, value in params.items()
        )

    for form in forms:
        params = {**defaults, **form.params}
        if params.keys() == asked.keys() and all(_equal(asked[n], v) for n, v in params.items()):
            return form
    nearest = max(forms, key=n_common_options)
    more_neighbors = asked.get("n_neighbors", 0) - {**defaults, **nearest.params}.get(
        "n_neighbors", 0
    )
    return replace(
        nearest,
        params=dict(keywords),
        min_samples=nearest.min_samples + more_neighbors,
        **nearest.unclaimed,
    )


def _equal(a: Any, b: Any) -> bool:
    """Whether two parameters are equal; arrays, which compare entry by entry, count as other."""
    return a is b or (np.ndim(a) == np.ndim(b) == 0 and bool(a == b))


def _check_keywords(function: Callable, keywords: Mapping[str, Any]) -> None:
    """Check the names and the values of keywords as the public function would."""
    inspect.signature(function).bind_partial(**keywords)
    constraints = getattr(function, "_skl_parameter_constraints", {})
    checked = {name: constraints[name] for name in keywords if name in constraints}

    def probe(**_):
        return None

    probe.__qualname__ = function.__qualname__
    signature = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in checked]
    )
    probe.__signature__ = signature  # type: ignore[attr-defined]
    validated = validate_params(checked, prefer_skip_nested_validation=True)(probe)
    validated(**{name: keywords[name] for name in checked})

"""The protocol of the measures of paired representations, and their registry."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from sksim.metrics._direction import function_name, greater_is_better
from sksim.metrics._validation import check_paired, check_value
from sksim.utils._sklearn import validate_params

__all__ = [
    "INVARIANCES",
    "MEASURES",
    "SHAPE_MAPS",
    "Measure",
    "Steps",
    "as_is",
    "evaluate",
    "get_measure",
    "kernel_of_samples",
    "permute_rows",
    "register",
    "same_values",
    "within",
]

#: Changes of one representation that may leave a measure as it is. "orthogonal" is x -> Qx,
#: "scale" x -> ax with a > 0, "translation" x -> x + v, "permutation" that of the features,
#: "invertible" x -> Ax with any invertible A.
INVARIANCES = ("orthogonal", "scale", "translation", "permutation", "invertible")
#: Those that keep the shape of a representation, which many measures ignore.
SHAPE_MAPS = frozenset({"orthogonal", "scale", "translation", "permutation"})


class Steps(NamedTuple):
    """One measure with its parameters filled in, as three steps.

    ``prepare(X) -> state`` does everything that needs one representation alone; X has passed
    ``check_representation``. ``compare(state_x, state_y) -> float`` does the rest.
    ``permute(state_y, order) -> state`` is the state of the rows ``X[order]``, without
    preparing again. States and steps can be pickled (module-level functions or partials).
    """

    prepare: Callable[[np.ndarray], Any]
    compare: Callable[[Any, Any], float]
    permute: Callable[[Any, np.ndarray], Any]


@dataclass(frozen=True)
class Measure:
    """What the library knows of one measure; every tag is held by a test over the registry.

    Attributes
    ----------
    name : str
        Key in the registry, such as "cka".
    score : callable
        The public function ``score(X, Y, **params) -> float``.
    make_steps : callable
        ``make_steps(**params) -> Steps``, with the keywords and the defaults of ``score``.
    params : mapping
        Parameters that differ from the defaults of ``score``.
    higher_is_better : bool
        Whether a larger value means more similar.
    range : tuple (low, high)
        Closed range of the value; may be infinite.
    symmetric : bool
        Whether ``score(X, Y) == score(Y, X)``.
    identity : bool
        Whether ``score(X, X)`` is the best value of the range.
    distance : callable or None
        Turns the value into a pseudo-metric over representations (triangle inequality),
        such as ``math.acos``; None where no such form is known.
    invariances, invariances_y : frozenset of str
        Which of ``INVARIANCES`` hold for X, and for Y where that differs (None: the same).
        What is not listed is denied.
    min_samples : int
        Least number of rows.
    null : float, callable or None
        Expected value for independent representations; a callable gets ``n_samples``.
        None where it depends on the data: use a permutation test.
    needs_equal_features : bool
        Whether both representations must have the same number of features.
    row_order_free : bool
        Whether reordering the rows of both sides alike leaves the value as it is.
    ignores_pairing : bool
        Whether reordering the rows of one side leaves it too; a permutation test is void then.
    """

    name: str
    score: Callable[..., float]
    make_steps: Callable[..., Steps]
    params: Mapping[str, Any] = field(default_factory=dict)
    higher_is_better: bool = True
    range: tuple[float, float] = (0.0, 1.0)
    symmetric: bool = True
    identity: bool = True
    distance: Callable[[float], float] | None = None
    invariances: frozenset[str] = frozenset()
    invariances_y: frozenset[str] | None = None
    min_samples: int = 2
    null: float | Callable[[int], float] | None = None
    needs_equal_features: bool = False
    row_order_free: bool = True
    ignores_pairing: bool = False

    @property
    def is_metric(self) -> bool:
        """Whether the value has a form that is a metric."""
        return self.distance is not None

    @property
    def best(self) -> float:
        """The value of the closest resemblance."""
        return self.range[1] if self.higher_is_better else self.range[0]

    def steps(self) -> Steps:
        """The three steps, with the parameters of this measure."""
        return self.make_steps(**self.params)

    def __call__(self, X, Y) -> float:
        """The value of the public function, with the parameters of this measure."""
        return self.score(X, Y, **self.params)

    def invariant_to(self, change: str, side: str = "x") -> bool:
        """Whether a change of one side, "x" or "y", leaves the value as it is."""
        per_side = self.invariances
        if side == "y" and self.invariances_y is not None:
            per_side = self.invariances_y
        return change in per_side


#: Every registered measure by name, filled by the modules of this package as they are imported.
MEASURES: dict[str, Measure] = {}


def register(measure: Measure) -> Measure:
    """Add a measure to the registry and return it; a reloaded module replaces its own."""
    known = MEASURES.get(measure.name, measure)
    if known.score.__qualname__ != measure.score.__qualname__:
        raise ValueError(f"A measure named {measure.name!r} exists already.")
    unknown = (measure.invariances | (measure.invariances_y or set())) - set(INVARIANCES)
    if unknown:
        raise ValueError(f"Unknown invariances {sorted(unknown)}; known are {INVARIANCES}.")
    MEASURES[measure.name] = measure
    return measure


def within(value: float, low: float, high: float) -> float:
    """The value, which nothing but rounding can take out of its range."""
    return float(min(max(value, low), high))


def evaluate(steps: Steps, X, Y, *, min_samples: int = 2, constant_ok: bool = False) -> float:
    """Validate a pair and run the steps of a measure: the body of most public functions."""
    X, Y = check_paired(X, Y, min_samples=min_samples, constant_ok=constant_ok)
    return check_value(steps.compare(steps.prepare(X), steps.prepare(Y)))


def kernel_of_samples(kernel: Callable, X: np.ndarray) -> np.ndarray:
    """Matrix of a user's kernel; raise if it is not one of the samples, but of features, say."""
    K = np.asarray(kernel(X, X))
    if K.shape != (X.shape[0], X.shape[0]):
        raise ValueError(
            f"kernel must return the matrix of the {X.shape[0]} samples, got shape {K.shape}."
        )
    return K


def same_values(A: np.ndarray, B: np.ndarray) -> bool:
    """Whether two arrays are equal; those that are not mostly differ in their first row."""
    return A.shape == B.shape and bool((A[0] == B[0]).all()) and np.array_equal(A, B)


def permute_rows(X: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The permute step of measures whose state is an array with one row a sample."""
    return X[order]


def as_is(value):
    """The prepare step without preparation, and the distance form of what is one already."""
    return value


def _measure_of_function(function: Callable) -> Measure:
    """Measure around any callable: nothing is known of it, so nothing is claimed."""
    return Measure(
        name=function_name(function),
        score=function,
        make_steps=functools.partial(Steps, as_is, function, permute_rows),
        higher_is_better=greater_is_better(function) is not False,
        range=(-math.inf, math.inf),
        symmetric=False,
        identity=False,
        min_samples=1,
    )


def _check_keywords(function: Callable, keywords: Mapping[str, Any]) -> None:
    """Check the names and the values of keywords as the public function would."""
    inspect.signature(function).bind_partial(**keywords)
    constraints = getattr(function, "_skl_parameter_constraints", {})
    checked = {name: constraints[name] for name in keywords if name in constraints}

    def probe(**_):
        return None

    probe.__qualname__ = function.__qualname__
    probe.__signature__ = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in checked]
    )
    probe = validate_params(checked, prefer_skip_nested_validation=True)(probe)
    probe(**{name: keywords[name] for name in checked})


def _all_keywords(function: Callable, keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords with the defaults of the others."""
    parameters = inspect.signature(function).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    return {**defaults, **keywords}


def _common_options(one: Mapping[str, Any], other: Mapping[str, Any]) -> int:
    """Number of equal parameters that choose a form (names, switches), not a number."""
    return sum(
        isinstance(value, str | bool) and value == other.get(name) for name, value in one.items()
    )


def _variant(function: Callable, keywords: Mapping[str, Any]) -> Measure:
    """Measure of a public function and its keywords; of an unregistered one little is claimed.

    Range, direction and what the rows must be are those of the registered form that is nearest,
    with as many more rows as it has more neighbours.
    """
    _check_keywords(function, keywords)
    asked = _all_keywords(function, keywords)
    known = {
        measure.name: _all_keywords(function, measure.params)
        for measure in MEASURES.values()
        if measure.score is function
    }
    for name, params in known.items():
        if params == asked:
            return MEASURES[name]
    nearest = max(known, key=lambda name: _common_options(known[name], asked))
    more_neighbors = asked.get("n_neighbors", 0) - known[nearest].get("n_neighbors", 0)
    return replace(
        MEASURES[nearest],
        params=dict(keywords),
        min_samples=MEASURES[nearest].min_samples + more_neighbors,
        symmetric=False,
        identity=False,
        distance=None,
        invariances=frozenset(),
        invariances_y=None,
        null=None,
    )


def get_measure(measure: str | Callable | Measure) -> Measure:
    """Find a measure by its name, its public function, or a partial of that function.

    Parameters
    ----------
    measure : str, callable or Measure
        A name of the registry, or of a public function, which is taken with its defaults; a
        public function such as ``cka_score``, or ``functools.partial(cka_score, kernel="rbf")``;
        or any ``f(X, Y) -> float``.

    Returns
    -------
    measure : Measure
        For an unknown callable nothing is claimed but its direction, by the suffix of its name.
    """
    if isinstance(measure, Measure):
        return measure
    if isinstance(measure, str):
        if measure in MEASURES:
            return MEASURES[measure]
        for known in MEASURES.values():
            if known.score.__name__ == measure and not known.params:
                return known
        raise ValueError(f"Unknown measure {measure!r}; known are {sorted(MEASURES)}.")
    if not callable(measure):
        raise TypeError(f"A measure is a name or a callable, got {type(measure).__name__}.")
    function, keywords = measure, {}
    if isinstance(measure, functools.partial) and not measure.args:
        function, keywords = measure.func, measure.keywords
    if any(known.score is function for known in MEASURES.values()):
        return _variant(function, keywords)
    return _measure_of_function(measure)

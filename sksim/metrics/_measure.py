"""The record of a measure: what the library knows of it, in one place.

A measure is a public function and one record of it for each form that is worth a name
(``cka_score`` and ``cka_score(unbiased=False)``). The record stands at the end of the module of
its function; scorers and their names, directions, the tables of the user guide, the entries of
the API reference and the property tests are read off the records. To add a measure, from
anywhere::

    from sksim.metrics.records import PairedMeasure, register

    def my_score(X, Y) -> float: ...

    register(PairedMeasure(name="my", function=my_score, invariances=frozenset({"scale"})))

Then ``pairwise_similarity(..., metric="my")``, ``get_scorer("my")`` and the like know it, and
``sksim.utils.estimator_checks.check_measure`` tries whether every entry of the record is true.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar, overload

import numpy as np

from sksim.metrics._array_formulas import take_rows
from sksim.metrics._chance_counts import SearchShape, chance_counts
from sksim.metrics._validation import Keep, check_paired, check_value
from sksim.utils._array_api import namespace_of
from sksim.utils._names import unknown_name_error
from sksim.utils._sklearn import validate_params
from sksim.utils._typing import ArrayLike

__all__ = [
    "GREATER_SUFFIXES",
    "LESS_SUFFIXES",
    "SHAPE_MAPS",
    "ArraySteps",
    "DistributionMeasure",
    "GraphMeasure",
    "LabelMeasure",
    "Measure",
    "OccurrenceMeasure",
    "PairedMeasure",
    "ProbeMeasure",
    "QualityMeasure",
    "RankingMeasure",
    "Steps",
    "all_measures",
    "evaluate",
    "function_name",
    "get_measure",
    "greater_is_better",
    "identity",
    "keeping",
    "permute_rows",
    "register",
    "with_array_formula",
]

#: Whether greater or smaller values are better, by the last word of a function's name.
GREATER_SUFFIXES = ("_score", "_similarity")
LESS_SUFFIXES = ("_distance", "_divergence", "_error", "_loss")

#: Changes of a representation that keep its shape, which many measures ignore.
SHAPE_MAPS = frozenset({"orthogonal", "scale", "translation", "permutation"})


def function_name(function: Callable) -> str:
    """Name of a function, of the function of a partial, or of the type of another callable."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", type(function).__name__)


# --- the record, and what each kind adds to it --------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Measure:
    """What the library knows of one measure in one form; a test tries every entry.

    Attributes
    ----------
    name : str
        The one name of this form everywhere: of the defaults, that of the function without
        ``_score``, such as "cka"; of other forms with more words, such as "cka_rbf".
    function : callable
        The public function, ``function(*arrays, **params) -> float``.
    params : mapping
        The parameters of this form that are not the defaults of the function.
    aliases : tuple of str
        Other names that users may write.
    greater_is_better : bool or None
        Whether a greater value is better; of hubness, less is better. None where neither is,
        so that there is no scorer.
    range : tuple (low, high)
        Closed range of the value; may be infinite.
    invariances : frozenset of str
        Which of ``changes`` of the input leave the value as it is. What is not listed is denied.
    null : float, callable or None
        Expected value without any effect, a callable gets the size of the data. None where it
        depends on the data: use a permutation test.
    min_samples : int
        Least number of samples.
    """

    #: Name of the kind, and the changes of the input that its invariances speak of.
    kind: ClassVar[str] = ""
    changes: ClassVar[tuple[str, ...]] = ()
    #: The entries of a form of which nothing is known.
    unclaimed: ClassVar[Mapping[str, Any]] = {"invariances": frozenset(), "null": None}

    name: str
    function: Callable[..., float]
    params: Mapping[str, Any] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    greater_is_better: bool | None = True
    range: tuple[float, float] = (0.0, 1.0)
    invariances: frozenset[str] = frozenset()
    null: float | Callable[..., float] | None = None
    min_samples: int = 2

    def __post_init__(self) -> None:
        """Refuse invariances that are none of this kind."""
        claims = self.invariances | (getattr(self, "invariances_y", None) or frozenset())
        unknown = claims - set(self.changes)
        if unknown:
            raise ValueError(
                f"Unknown invariances {sorted(unknown)} of {self.name!r}; known for the kind "
                f"{self.kind!r} are {self.changes}."
            )

    def __call__(self, *arrays: ArrayLike, **params: Any) -> float:
        """The value of the public function, with the parameters of this form."""
        return self.function(*arrays, **{**self.params, **params})

    @property
    def names(self) -> tuple[str, ...]:
        """The name and the aliases."""
        return (self.name, *self.aliases)

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names by which it is found; that of the function means its defaults."""
        return self.names if self.params else (*self.names, function_name(self.function))

    def invariant_to(self, change: str, side: str = "x") -> bool:
        """Whether a change leaves the value as it is; there is one side unless told otherwise."""
        return change in self.invariances

    @property
    def keeps(self) -> Keep:
        """What stays of arrays of other libraries where dispatch is on."""
        return getattr(self.function, "keeps", "nothing")

    @property
    def best(self) -> float:
        """The best value of the range."""
        return self.range[1] if self.greater_is_better else self.range[0]


class ArraySteps(NamedTuple):
    """The steps of a paired measure as formulas of the array API, for other libraries than NumPy.

    ``prepare``, ``compare`` and ``permute`` as of ``Steps``; representations and orders are arrays
    of one library on one device, have passed ``check_in_place``, and the value is an array without
    axes. ``keep`` says whether gradients flow through the value ("gradient") or the arrays only
    stay where they are ("library"), with their type of floats ("precision"). The formulas are those
    of the NumPy route, short instead of in blocks: a matrix of all pairs of samples is held whole.
    """

    prepare: Callable[[Any], Any]
    compare: Callable[[Any, Any], Any]
    permute: Callable[[Any, Any], Any] = take_rows
    keep: Keep = "library"


class Steps(NamedTuple):
    """One paired measure with its parameters filled in, as three steps.

    ``prepare(X) -> state`` does everything that needs one representation alone; X has passed
    ``check_representation``. ``compare(state_x, state_y) -> float`` does the rest.
    ``permute(state_y, order) -> state`` is the state of the rows ``X[order]``, without
    preparing again. States and steps can be pickled (module-level functions or partials).
    ``arrays`` are the steps for arrays of other libraries, None where there are none: these
    arrays then become NumPy's. ``together(states_x, states_y)``, where it is not None, forms in one
    pass what the comparisons of all pairs need, and notes it in the states.
    """

    prepare: Callable[[np.ndarray], Any]
    compare: Callable[[Any, Any], float]
    permute: Callable[[Any, np.ndarray], Any]
    arrays: ArraySteps | None = None
    together: Callable[[list, list], None] | None = None

    @property
    def keep(self) -> Keep:
        """What stays of arrays of other libraries: nothing."""
        return "nothing"

    def suited_to(self, X: ArrayLike) -> "Steps | ArraySteps":
        """The steps for the kind of array that X is."""
        return self if self.arrays is None or namespace_of(X) is None else self.arrays


@dataclass(frozen=True, kw_only=True)
class PairedMeasure(Measure):
    """Similarity or distance of two representations of the same samples, ``function(X, Y)``.

    ``invariances`` holds for either side: "orthogonal" is x -> Qx, "scale" x -> ax with a > 0,
    "translation" x -> x + v, "permutation" that of the features, "invertible" x -> Ax with any
    invertible A. ``null`` is the value of independent representations, and gets ``n_samples``.

    Attributes
    ----------
    make_steps : callable or None
        ``make_steps(**params) -> Steps``, with the keywords and the defaults of the function.
        None where one representation alone leaves nothing to prepare.
    symmetric : bool
        Whether ``function(X, Y) == function(Y, X)``.
    identity : bool
        Whether ``function(X, X)`` is the best value of the range.
    distance : callable or None
        Turns the value into a pseudo-metric over representations (triangle inequality),
        such as ``math.acos``; None where no such form is known.
    invariances_y : frozenset of str or None
        The invariances of the second side where they differ.
    needs_equal_features : bool
        Whether both representations must have the same number of features.
    row_order_free : bool
        Whether reordering the rows of both sides alike leaves the value as it is.
    ignores_pairing : bool
        Whether reordering the rows of one side leaves it too; a permutation test is void then.
    needs_equal_samples : bool
        Whether both representations must have the same number of rows.
    """

    kind: ClassVar[str] = "paired"
    changes: ClassVar[tuple[str, ...]] = (
        "orthogonal",
        "scale",
        "translation",
        "permutation",
        "invertible",
    )
    unclaimed: ClassVar[Mapping[str, Any]] = {
        **Measure.unclaimed,
        "symmetric": False,
        "identity": False,
        "distance": None,
        "invariances_y": None,
    }

    make_steps: Callable[..., Steps] | None = None
    symmetric: bool = True
    identity: bool = True
    distance: Callable[[float], float] | None = None
    invariances_y: frozenset[str] | None = None
    needs_equal_features: bool = False
    row_order_free: bool = True
    ignores_pairing: bool = False
    needs_equal_samples: bool = True

    def invariant_to(self, change: str, side: str = "x") -> bool:
        """Whether a change of one side, "x" or "y", leaves the value as it is."""
        if side == "y" and self.invariances_y is not None:
            return change in self.invariances_y
        return change in self.invariances

    @property
    def keeps(self) -> Keep:
        """What stays of arrays of other libraries where dispatch is on."""
        arrays = self.steps().arrays
        return "nothing" if arrays is None else arrays.keep

    def steps(self) -> Steps:
        """The three steps, with the parameters of this form."""
        if self.make_steps is None:
            compare = functools.partial(self.function, **self.params)
            return Steps(identity, compare, permute_rows)
        return self.make_steps(**self.params)


@functools.cache
def _parameter_names(function: Callable) -> frozenset[str]:
    """Names of the parameters of a function, looked up once."""
    return frozenset(inspect.signature(function).parameters)


@dataclass(frozen=True, kw_only=True)
class OccurrenceMeasure(Measure):
    """Unevenness of occurrence counts, ``function(occurrence)``: hubness.

    The function may take ``n_queries``, ``n_indexed`` and ``n_neighbors`` too, the shape of the
    search. ``null`` is not None: a number, or a function of the ``ChanceCounts`` of a search.
    Changes: "order" of the samples, "scale" of all counts, "replication" of all samples.
    """

    kind: ClassVar[str] = "occurrence"
    changes: ClassVar[tuple[str, ...]] = ("order", "scale", "replication")

    def __post_init__(self) -> None:
        """Refuse a measure without chance level, which adjusted scores need."""
        super().__post_init__()
        if self.null is None:
            raise ValueError(f"The null of {self.name!r} must be a number or a function, got None.")

    def value(self, occurrence: ArrayLike, shape: SearchShape) -> float:
        """The value in a search of a given shape."""
        taken = _parameter_names(self.function)
        sizes = {name: size for name, size in shape._asdict().items() if name in taken}
        return self(occurrence, **sizes)

    def chance_level(self, shape: SearchShape) -> float:
        """The value that is expected without hubness in a search of a given shape."""
        return float(self.null(chance_counts(shape)) if callable(self.null) else self.null or 0.0)


@dataclass(frozen=True, kw_only=True)
class DistributionMeasure(Measure):
    """Distance of two conditional distributions, ``function(log_p, log_q)``.

    Changes: "row_order" and "label_order", of both models alike; "gauge", of the embeddings and
    unembeddings of either model, f -> Bf and g -> B^{-T}g + c, which its distribution does not see.

    Attributes
    ----------
    inputs : {"log_probabilities", "embeddings"}
        Whether a model is one array of log-probabilities, or its embeddings and unembeddings.
    draws : bool
        Whether the function draws at random; the record does so with ``random_state=0`` unless
        told otherwise, so that values can be compared.
    symmetric : bool
        Whether the two models can be exchanged.
    identity : bool
        Whether equal models are at distance 0.
    definite : bool
        Whether only equal distributions are at distance 0.
    distance : callable or None
        Turns the value into a metric, None where no such form is known.
    """

    kind: ClassVar[str] = "distribution"
    changes: ClassVar[tuple[str, ...]] = ("row_order", "label_order", "gauge")
    unclaimed: ClassVar[Mapping[str, Any]] = {
        **Measure.unclaimed,
        "symmetric": False,
        "identity": False,
        "definite": False,
        "distance": None,
    }

    greater_is_better: bool | None = False
    range: tuple[float, float] = (0.0, math.inf)
    inputs: Literal["log_probabilities", "embeddings"] = "log_probabilities"
    draws: bool = False
    symmetric: bool = True
    identity: bool = True
    definite: bool = True
    distance: Callable[[float], float] | None = None

    def __call__(self, *arrays: ArrayLike, **params: Any) -> float:
        """The distance of two models, the arrays of the first one before those of the second."""
        seed = {"random_state": 0} if self.draws else {}
        return self.function(*arrays, **{**self.params, **seed, **params})


@dataclass(frozen=True, kw_only=True)
class QualityMeasure(Measure):
    """Judgement of one representation, ``function(X)``, or of it and a partner, (X, X').

    Changes as of a ``PairedMeasure``, of all arrays alike, and "row_scale", of the lengths of the
    rows, "row_order", and "duplication" of all rows.

    Attributes
    ----------
    n_arrays : int
        Number of arrays, 1 or 2.
    min_features, max_features : int
        Least and largest number of features; a `max_features` of None is no limit.
    """

    kind: ClassVar[str] = "quality"
    changes: ClassVar[tuple[str, ...]] = (
        *PairedMeasure.changes,
        "row_scale",
        "row_order",
        "duplication",
    )

    n_arrays: int = 1
    min_features: int = 1
    max_features: int | None = None


@dataclass(frozen=True, kw_only=True)
class LabelMeasure(Measure):
    """Agreement of the predictions of two models, ``function([y_true,] y_pred_a, y_pred_b)``.

    Changes: "row_order", and "label_names" (one-to-one).

    Attributes
    ----------
    n_arrays : int
        Number of arrays: 2, or 3 with the true labels first.
    symmetric : bool
        Whether the two models can be exchanged.
    identity : bool
        Whether equal predictions have the best value of the range.
    """

    kind: ClassVar[str] = "labels"
    changes: ClassVar[tuple[str, ...]] = ("row_order", "label_names")
    unclaimed: ClassVar[Mapping[str, Any]] = {
        **Measure.unclaimed,
        "symmetric": False,
        "identity": False,
    }

    n_arrays: int = 2
    symmetric: bool = True
    identity: bool = True


@dataclass(frozen=True, kw_only=True)
class ProbeMeasure(Measure):
    """What one representation holds about a target, ``function(X, y)``.

    Changes of X as of a ``QualityMeasure``, the target following the order and the duplication of
    the rows; and "target", of y: other names of the classes, one-to-one, or a positive scale and a
    shift of values.

    Attributes
    ----------
    targets : {"classes", "values"}
        Whether y holds classes or numbers.
    """

    kind: ClassVar[str] = "probe"
    changes: ClassVar[tuple[str, ...]] = (*QualityMeasure.changes, "target")

    targets: Literal["classes", "values"] = "classes"


@dataclass(frozen=True, kw_only=True)
class RankingMeasure(Measure):
    """Judgement of ranked lists, ``function(indices, relevant)``.

    Changes: "query_order", of the lists and of what is relevant alike; "item_names", a
    permutation of the numbers of the items; "rank_order", a permutation of each list.
    """

    kind: ClassVar[str] = "ranking"
    changes: ClassVar[tuple[str, ...]] = ("query_order", "item_names", "rank_order")


@dataclass(frozen=True, kw_only=True)
class GraphMeasure(Measure):
    """What an embedding of nodes keeps of their graph, ``function(X, graph)``.

    Or of their distances, ``function(D, D_embedded)``. Changes as of a ``PairedMeasure``, of the
    embedded points; and "node_order", of both arrays alike.

    Attributes
    ----------
    inputs : {"graph", "distances"}
        Whether the arrays are vectors and a graph, or distances and those in the embedding.
    """

    kind: ClassVar[str] = "graph"
    changes: ClassVar[tuple[str, ...]] = (*PairedMeasure.changes, "node_order")

    inputs: Literal["graph", "distances"] = "graph"


# --- the registry ---------------------------------------------------------------------------

M = TypeVar("M", bound=Measure)
F = TypeVar("F", bound=Callable[..., Any])

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


# --- what the modules of measures share -----------------------------------------------------


def evaluate(
    steps: Steps, X: ArrayLike, Y: ArrayLike, *, min_samples: int = 2, constant_ok: bool = False
) -> float:
    """Validate a pair and run the steps of a measure: the body of most public functions."""
    suited = steps.suited_to(X)
    x, y = check_paired(X, Y, min_samples=min_samples, constant_ok=constant_ok, keep=suited.keep)
    return check_value(suited.compare(suited.prepare(x), suited.prepare(y)))


def keeping(keep: Keep) -> Callable[[F], F]:
    """Decorate a measure that says itself what to do where dispatch is on; see ``keeps``."""

    def decorator(function: F) -> F:
        function.keeps = keep  # type: ignore[attr-defined]
        return function

    return decorator


def with_array_formula(
    formula: Callable[..., Any], check: Callable[..., Any], *, keep: Keep = "library"
) -> Callable[[F], F]:
    """Decorate a measure with its formula for arrays of other libraries than NumPy.

    Parameters
    ----------
    formula : callable
        ``formula(*arrays, **params)`` of the array API, with the keywords of the measure; returns
        an array without axes.
    check : callable
        ``check(*arrays, keep=keep) -> tuple of arrays`` validates what the caller gave.
    keep : {"library", "gradient"}, default="library"
        Whether gradients flow through the value.

    Returns
    -------
    decorator : callable
        The measure itself runs where dispatch is off, and on NumPy's arrays.
    """

    def decorator(function: F) -> F:
        signature = inspect.signature(function)
        names = [p.name for p in signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]

        @functools.wraps(function)
        def dispatched(*args: Any, **kwargs: Any) -> Any:
            first = args[0] if args else kwargs.get(names[0])
            if namespace_of(first) is None:
                return function(*args, **kwargs)
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            arrays = check(*(bound.arguments.pop(name) for name in names), keep=keep)
            return check_value(formula(*arrays, **bound.arguments), function.__name__)

        return keeping(keep)(dispatched)  # type: ignore[return-value]

    return decorator


def permute_rows(X: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The permute step of measures whose state is an array with one row a sample."""
    return X[order]


def identity(value):
    """The prepare step without preparation, and the distance form of what is one already."""
    return value

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
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from sksim.metrics._chance_counts import SearchShape, chance_counts
from sksim.metrics._steps import Steps, identity, permute_rows
from sksim.metrics._validation import Keep
from sksim.utils._typing import ArrayLike

__all__ = [
    "SHAPE_MAPS",
    "DistributionMeasure",
    "GraphMeasure",
    "LabelMeasure",
    "Measure",
    "OccurrenceMeasure",
    "PairedMeasure",
    "ProbeMeasure",
    "QualityMeasure",
    "RankingMeasure",
    "function_name",
]

#: Changes of a representation that keep its shape, which many measures ignore.
SHAPE_MAPS = frozenset({"orthogonal", "scale", "translation", "permutation"})


def function_name(function: Callable) -> str:
    """Name of a function, of the function of a partial, or of the type of another callable."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", type(function).__name__)


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

"""What a public function of a measure runs: steps, and formulas for arrays of other libraries."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from sksim.metrics._array_formulas import take_rows
from sksim.metrics._validation import Keep, check_paired, check_value
from sksim.utils._array_api import namespace_of
from sksim.utils._typing import ArrayLike

__all__ = [
    "ArraySteps",
    "Steps",
    "evaluate",
    "identity",
    "keeping",
    "permute_rows",
    "with_array_formula",
]

F = TypeVar("F", bound=Callable[..., Any])


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

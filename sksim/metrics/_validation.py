"""Validation of representations: what is wrong, in which argument, and the arrays."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import math
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

import numpy as np

from sksim.utils._array_api import constant, move, namespace_of, to_numpy, widest_float
from sksim.utils._arrays import check_named_array, naming
from sksim.utils._labels import check_labels
from sksim.utils._memory import check_fits
from sksim.utils._typing import ArrayLike

__all__ = [
    "PAIR_CONSTRAINTS",
    "DegenerateSimilarityWarning",
    "Keep",
    "check_classes",
    "check_in_place",
    "check_like",
    "check_paired",
    "check_representation",
    "check_same_rows",
    "check_value",
    "clip",
    "kernel_of_samples",
    "label_codes",
]

#: What every public function accepts for the two representations.
PAIR_CONSTRAINTS = {"X": ["array-like"], "Y": ["array-like"]}

#: What stays of an array of another library where dispatch is on: nothing, as it becomes NumPy's;
#: the library and the device; these and the type of floats; or the gradients through the first two.
Keep: TypeAlias = Literal["nothing", "library", "precision", "gradient"]


class DegenerateSimilarityWarning(UserWarning):
    """The answer is fixed by the shapes of the input, whatever the values are.

    .. versionadded:: 0.1
    """


def _holds_text_or_objects(X) -> bool:
    """Whether any column is of object or text type; scikit-learn would try to convert it."""
    dtypes = getattr(X, "dtypes", None)
    if dtypes is not None and hasattr(dtypes, "__iter__"):
        return any(getattr(dtype, "kind", "") in tuple("OUS") for dtype in dtypes)
    return np.asarray(X).dtype.kind in "OUSV"


def _check_not_constant(X: np.ndarray, name: str) -> None:
    if X.shape[0] > 1 and not (X[-1] != X[0]).any() and not (X[0] != X).any():
        raise ValueError(f"{name} is constant: all its {X.shape[0]} rows are equal.")


def check_representation(
    X: ArrayLike, *, name: str = "X", min_samples: int = 2, constant_ok: bool = False
) -> np.ndarray:
    """Validate one representation and return it as a float array, float32 kept.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        The representation, one row a sample.
    name : str, default="X"
        Name of the parameter in error messages.
    min_samples : int, default=2
        Least number of rows.
    constant_ok : bool, default=False
        Whether all rows may be equal (precomputed kernels).

    Returns
    -------
    X : ndarray of shape (n_samples, n_features)
        Finite, float32 or float64; the input itself where it is such an array already.
    """
    X = to_numpy(X)
    with naming(name):
        if _holds_text_or_objects(X):
            raise TypeError(f"{name} must be numeric, got an array of objects or text.")
    X = check_named_array(
        X,
        name,
        dtype=[np.float64, np.float32],
        ensure_min_samples=min(min_samples, 1),
    )
    if X.shape[0] < min_samples:
        raise ValueError(f"{name} must have at least {min_samples} samples, got {X.shape[0]}.")
    if not constant_ok:
        _check_not_constant(X, name)
    return X


def check_in_place(
    X: Any,
    *,
    name: str = "X",
    min_samples: int = 2,
    constant_ok: bool = False,
    keep: Keep = "library",
    like: Any = None,
    **options: Any,
) -> Any:
    """Validate a representation where it is, as ``check_representation`` does for NumPy.

    Parameters
    ----------
    X : array
        The representation, one row a sample.
    name, min_samples, constant_ok
        See ``check_representation``.
    keep : {"library", "precision", "gradient"}, default="library"
        Whether the type of floats stays, or gradients may flow through the result.
    like : array or None
        The first representation of a pair, whose library and device this one takes.
    **options : dict
        Those of :func:`sklearn.utils.check_array`.

    Returns
    -------
    X : array of shape (n_samples, n_features)
        Finite; in float64 where the device has it, unless the type of floats stays.
    """
    with naming(name):
        X = X if like is None else move(X, like)
        if keep != "precision" or not namespace_of(X).isdtype(X.dtype, "real floating"):
            X = widest_float(X)
    X = X if keep == "gradient" else constant(X)
    values = check_named_array(
        constant(X),
        name,
        keep_library=True,
        dtype=None,
        ensure_min_samples=min(min_samples, 1),
        **options,
    )
    if X.shape[0] < min_samples:
        raise ValueError(f"{name} must have at least {min_samples} samples, got {X.shape[0]}.")
    if not constant_ok and X.shape[0] > 1 and namespace_of(X).all(values == values[:1, :]):
        raise ValueError(f"{name} is constant: all its {X.shape[0]} rows are equal.")
    return X


def check_like(first: Any, keep: Keep, **options: Any) -> Callable[..., Any]:
    """The check of representations that follow the first one: where it is, or as NumPy's."""
    if keep == "nothing" or namespace_of(first) is None:
        return functools.partial(check_representation, **options)
    return functools.partial(check_in_place, keep=keep, like=first, **options)


def check_same_rows(X: ArrayLike, Y: ArrayLike, *, name: str = "Y", first: str = "X") -> None:
    """Raise if two inputs hold other numbers of rows, or both carry an index and these differ."""
    if np.shape(X)[0] != np.shape(Y)[0]:
        raise ValueError(
            f"{first} and {name} must hold the same samples, one a row, got "
            f"{np.shape(X)[0]} rows in {first} and {np.shape(Y)[0]} in {name}."
        )
    index_x: Any = getattr(X, "index", None)
    index_y: Any = getattr(Y, "index", None)
    if hasattr(index_x, "equals") and hasattr(index_y, "equals") and not index_x.equals(index_y):
        raise ValueError(
            f"{first} and {name} must hold the same samples in the same order, got different "
            "indices. Align them, or pass arrays if the rows are paired already."
        )


def check_classes(X: Any, y: ArrayLike, *, min_classes: int = 2) -> np.ndarray:
    """Codes 0 ... C - 1 of the class of each row of X; classes are names or whole numbers."""
    labels = check_labels(to_numpy(y), "y")
    check_same_rows(X, y, name="y")
    if labels.dtype.kind == "f" and (labels % 1).any():
        raise ValueError("y must hold class labels, got numbers that are not whole.")
    classes, codes = np.unique(labels, return_inverse=True)
    if classes.size < min_classes:
        raise ValueError(f"y must hold at least {min_classes} classes, got {classes.size}.")
    return codes


def label_codes(X: np.ndarray, y: ArrayLike) -> np.ndarray:
    """Codes 0 ... C - 1 of the label of each row of X, two or more, which may be any numbers."""
    labels = check_labels(y, "y")
    check_same_rows(X, labels, name="y")
    classes, codes = np.unique(labels, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"y must hold two classes or more, got only {classes[0]!r}.")
    return codes


def check_paired(
    X: ArrayLike,
    Y: ArrayLike,
    *,
    min_samples: int = 2,
    constant_ok: bool = False,
    name: str = "Y",
    keep: Keep = "nothing",
) -> tuple[np.ndarray, np.ndarray]:
    """Validate two representations of the same samples; see ``check_representation``.

    ``name`` is that of the second one in error messages. What ``keep`` says stays of arrays of
    other libraries; both are then of the library and on the device of the first one.

    Returns
    -------
    X, Y : ndarray of shape (n_samples, n_features_x), (n_samples, n_features_y)
        The float arrays.
    """
    check = check_like(X, keep, min_samples=min_samples, constant_ok=constant_ok)
    arrays = check(X), check(Y, name=name)
    check_same_rows(X, Y, name=name)
    return arrays


def check_value(value: Any, name: str = "similarity") -> float:
    """Raise instead of returning NaN or inf, which only overflow can cause by now.

    A tensor through which gradients flow stays one, all else becomes a float.
    """
    number = float(constant(value))
    if not math.isfinite(number):
        raise ValueError(f"The {name} is not finite ({number}): rescale the representations.")
    return value if getattr(value, "requires_grad", False) else number


def clip(value: float, low: float, high: float) -> float:
    """The value, which nothing but rounding can take out of its range."""
    return float(min(max(value, low), high))


def kernel_of_samples(kernel: Callable, X: np.ndarray) -> np.ndarray:
    """Matrix of a user's kernel; raise if it is not one of the samples, but of features, say."""
    check_fits(
        8.0 * X.shape[0] ** 2,
        f"The kernel matrix of {X.shape[0]} samples",
        "Take a named kernel that is formed in blocks, or a sample of the rows.",
    )
    K = np.asarray(kernel(X, X))
    if K.shape != (X.shape[0], X.shape[0]):
        raise ValueError(
            f"kernel must return the matrix of the {X.shape[0]} samples, got shape {K.shape}."
        )
    return K

"""Conversion of arrays at the door: every error names the argument, and nothing is lost silently.

scikit-learn's checks name an argument in some of their messages only. In a function of two or four
arrays 'Expected 2D array' leaves the caller to guess which one is meant.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from sksim.utils._array_api import to_numpy

__all__ = [
    "check_named_array",
    "naming",
    "refuse_masks",
    "refuse_masks_and_times",
    "validate_named_data",
]


@contextlib.contextmanager
def naming(name: str) -> Iterator[None]:
    """Put the name of an argument before the errors that do not say it in their first line."""
    try:
        yield
    except (TypeError, ValueError) as error:
        first_line = str(error).partition("\n")[0]
        named = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", first_line)
        advice = _advice_on_activations(first_line, name)
        if not advice and (named or isinstance(error, NotFittedError)):
            raise
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{name}: {error}{advice}") from error


def _advice_on_activations(message: str, name: str) -> str:
    """How activations with more than two axes become one row a sample."""
    found = re.search(r"Found array with dim (\d+)", message)
    if found is None:
        return ""
    n_axes = int(found[1])
    positions = "1" if n_axes == 3 else str(tuple(range(2, n_axes)))
    return (
        " Each sample must be one row: average activations over their positions, such as "
        f"{name}.mean(axis={positions}), or flatten them, {name}.reshape(len({name}), -1)."
    )


def _is_time(dtype: Any) -> bool:
    return getattr(dtype, "kind", "") in tuple("mM") or str(dtype).startswith(
        ("Date", "Time", "Duration")  # of polars, whose types have no kind
    )


def refuse_masks(X: Any, name: str) -> None:
    """Refuse masked values, which NumPy would use as if they were not masked."""
    if np.ma.is_masked(X):
        raise ValueError(
            f"{name} is a masked array with {np.ma.count_masked(X)} masked values: its mask would "
            f"be lost. Fill or drop them first, such as {name}.filled(value)."
        )


def refuse_masks_and_times(X: Any, name: str) -> None:
    """Refuse what a conversion to floats would take without a word: masked values and dates."""
    refuse_masks(X, name)
    dtypes = getattr(X, "dtypes", None)
    if dtypes is None or not hasattr(dtypes, "__iter__"):
        with contextlib.suppress(TypeError, ValueError):  # ragged lists: the conversion says so
            dtypes = [getattr(X, "dtype", None) or np.asarray(X).dtype]
    times = [dtype for dtype in (() if dtypes is None else dtypes) if _is_time(dtype)]
    if times:
        raise TypeError(
            f"{name} must be numeric, got dates or times of type {times[0]}: subtract an origin "
            "and divide by a unit first."
        )


def _refuse_objects(X: Any, name: str) -> None:
    """Refuse models and mappings, of which NumPy says that float() does not take them."""
    if isinstance(X, Mapping):
        raise TypeError(f"{name} must be an array, got {type(X).__name__}: pass one of its values.")
    if hasattr(X, "get_params"):
        raise TypeError(
            f"{name} must be an array, got the model {type(X).__name__}: pass what it returns for "
            "the samples, such as its transform(X) or predict_log_proba(X)."
        )


@overload
def check_named_array(
    X: Any, name: str, *, accept_sparse: Literal[False] = ..., **options: Any
) -> NDArray[Any]: ...
@overload
def check_named_array(X: Any, name: str, *, accept_sparse: bool | str, **options: Any) -> Any: ...
def check_named_array(X: Any, name: str, *, keep_library: bool = False, **options: Any) -> Any:
    """Validate an array by scikit-learn's ``check_array``, with the argument's name in each error.

    For functions of several arrays, where 'Expected 2D array' leaves the caller to guess which one
    is meant. Torch tensors of any device become arrays; masked values, dates and times are refused,
    as a conversion to floats would lose what they mean.

    .. versionadded:: 0.1

    Parameters
    ----------
    X : array-like
        The array.
    name : str
        Name of the parameter.
    keep_library : bool, default=False
        Whether arrays of other libraries stay what they are, where dispatch is on.
    **options : dict
        Those of :func:`sklearn.utils.check_array`.

    Returns
    -------
    X : ndarray or sparse matrix
        The converted array.

    Raises
    ------
    TypeError
        If X is sparse where that is not accepted, a mapping or a model, or holds dates or times.
        Each error names the argument.
    ValueError
        If scikit-learn refuses X, or some of its values are masked.

    See Also
    --------
    validate_named_data : The same in an estimator, which remembers the features.
    check_graph : The same for neighbour graphs.

    Notes
    -----
    Takes one pass over the values, to see that they are finite. Arrays of an accepted type are not
    copied.

    Examples
    --------
    >>> from sksim.utils import check_named_array
    >>> def shift(X, Y):
    ...     X, Y = check_named_array(X, "X"), check_named_array(Y, "Y")
    ...     return Y.mean(axis=0) - X.mean(axis=0)
    >>> shift([[0.0, 1.0]], [[2.0, 1.0], [4.0, 1.0]])
    array([3., 0.])
    >>> shift([[0.0, 1.0]], [2.0, 1.0])
    Traceback (most recent call last):
    ...
    ValueError: Y: Expected 2D array, got 1D array instead: ...
    """
    X = X if keep_library else to_numpy(X)
    _refuse_objects(X, name)
    refuse_masks_and_times(X, name)
    with naming(name):
        return check_array(X, input_name=name, **options)


@overload
def validate_named_data(estimator: Any, X: Any, **options: Any) -> NDArray[Any]: ...
@overload
def validate_named_data(
    estimator: Any, X: Any, y: Any, **options: Any
) -> tuple[NDArray[Any], NDArray[Any]]: ...
def validate_named_data(
    estimator: Any,
    X: Any,
    y: Any = "no_validation",
    *,
    keep_library: bool = False,
    **options: Any,
) -> Any:
    """Validate by scikit-learn's ``validate_data``, with X or y named in each error.

    For ``fit``, and with ``reset=False`` for the methods after it. ``check_sksim_estimator`` tries
    whether an estimator names its arguments.

    .. versionadded:: 0.1

    Parameters
    ----------
    estimator : estimator object
        Remembers or compares the number and names of the features.
    X : array-like of shape (n_samples, n_features)
        The samples.
    y : array-like, default="no_validation"
        The targets.
    keep_library : bool, default=False
        Whether X may stay an array of another library, where dispatch is on.
    **options : dict
        Those of :func:`sklearn.utils.validation.validate_data`.

    Returns
    -------
    X or (X, y) : ndarray or tuple of ndarray
        The converted arrays.

    Raises
    ------
    TypeError
        If X is sparse where that is not accepted, or X or a numeric y holds dates or times.
    ValueError
        If scikit-learn refuses X or y, their lengths differ, the features are not those of ``fit``,
        or some values are masked.

    See Also
    --------
    check_named_array : The same for an argument of any name.
    sksim.utils.estimator_checks.check_sksim_estimator : Checks of estimators, these errors among
        them.

    Notes
    -----
    Takes one pass over the values, to see that they are finite.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator, TransformerMixin
    >>> from sksim.utils import validate_named_data
    >>> class MedianCentering(TransformerMixin, BaseEstimator):
    ...     def fit(self, X, y=None):
    ...         self.center_ = np.median(validate_named_data(self, X), axis=0)
    ...         return self
    ...
    ...     def transform(self, X):
    ...         return validate_named_data(self, X, reset=False) - self.center_
    >>> MedianCentering().fit_transform([[1.0], [2.0], [9.0]])
    array([[-1.],
           [ 0.],
           [ 7.]])
    """
    X, y = X if keep_library else to_numpy(X), to_numpy(y)
    refuse_masks_and_times(X, "X")
    if not (y is None or isinstance(y, str)):  # no y, by scikit-learn's word too
        # What validate_data refuses after this without a name is X.
        numeric = options.get("y_numeric", False)
        (refuse_masks_and_times if numeric else refuse_masks)(y, "y")
        with naming("y"):
            check_array(
                y,
                dtype="numeric" if numeric else None,
                ensure_2d=False,
                accept_sparse=True,
                ensure_all_finite=False,
                input_name="y",
            )
    with naming("X"):
        try:
            return validate_data(estimator, X, y, **options)
        except ValueError as error:
            if "inconsistent numbers of samples" not in str(error):
                raise
            raise ValueError(f"X and y: {error}") from error

"""The only door to private scikit-learn names.

A test lists the names that pass here. Everything else in sksim imports public names only. The two
decorators are scikit-learn's with two things added: type checkers see the function that was
decorated, and an error about an unknown name proposes the nearest known one.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import sklearn.base
from sklearn.utils import _param_validation
from sklearn.utils._array_api import (
    _convert_to_numpy,
    _is_numpy_namespace,
    _max_precision_float_dtype,
    device,
    get_namespace,
)
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    Options,
    StrOptions,
)

from sksim.utils._names import did_you_mean

__all__ = [
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "Options",
    "StrOptions",
    "_convert_to_numpy",
    "_fit_context",
    "_is_numpy_namespace",
    "_max_precision_float_dtype",
    "array_namespace",
    "device",
    "get_namespace",
    "validate_params",
]

Function = TypeVar("Function", bound=Callable[..., Any])


def array_namespace(X: Any) -> Any:
    """Namespace of an array of another library, whether dispatch is on or off."""
    try:
        compat = importlib.import_module("sklearn.externals.array_api_compat")
    except ImportError:  # before scikit-learn 1.7
        compat = importlib.import_module("array_api_compat")
    return compat.array_namespace(X)


def _add_proposal(
    error: InvalidParameterError, constraints: Mapping[str, Any], params: Mapping[str, Any]
) -> None:
    """Append the nearest known name to the error about the first unknown one."""
    for name, value in params.items():
        allowed = constraints.get(name, ())
        known = [o for c in allowed if isinstance(c, StrOptions) for o in c.options]
        if isinstance(value, str) and known and value not in known and str not in allowed:
            error.args = (f"{error}{did_you_mean(value, known)}",)
            return


def _fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Function], Function]:
    """scikit-learn's decorator of ``fit``: the parameters are validated first."""
    decorate = sklearn.base._fit_context(
        prefer_skip_nested_validation=prefer_skip_nested_validation
    )

    def decorator(fit_method: Function) -> Function:
        validated = decorate(fit_method)

        @functools.wraps(validated)
        def wrapper(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return validated(estimator, *args, **kwargs)
            except InvalidParameterError as error:
                _add_proposal(
                    error, estimator._parameter_constraints, estimator.get_params(deep=False)
                )
                raise

        return wrapper  # type: ignore[return-value]

    return decorator


def validate_params(
    parameter_constraints: dict[str, Any], *, prefer_skip_nested_validation: bool
) -> Callable[[Function], Function]:
    """scikit-learn's decorator of functions: the parameters are validated first."""
    decorate = _param_validation.validate_params(
        parameter_constraints, prefer_skip_nested_validation=prefer_skip_nested_validation
    )

    def decorator(function: Function) -> Function:
        validated = decorate(function)

        @functools.wraps(validated)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if "__signature__" not in vars(function):  # scikit-learn asks for it at each call
                function.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
            try:
                return validated(*args, **kwargs)
            except InvalidParameterError as error:
                given = inspect.signature(function).bind(*args, **kwargs).arguments
                _add_proposal(error, parameter_constraints, given)
                raise

        return wrapper  # type: ignore[return-value]

    return decorator

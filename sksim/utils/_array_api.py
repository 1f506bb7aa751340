"""Arrays of other libraries, left where they are: what formulas of the array API share.

scikit-learn finds the namespace of an array where ``set_config(array_api_dispatch=True)`` says so;
without that, and for NumPy's own arrays, everything runs as it does without this module.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any

import numpy as np
from scipy import special
from sklearn import get_config

from sksim.utils._sklearn import (
    _convert_to_numpy,
    _is_numpy_namespace,
    _max_precision_float_dtype,
    array_namespace,
    device,
    get_namespace,
)

__all__ = [
    "any_namespace",
    "beside",
    "check_same_library",
    "constant",
    "float_types",
    "move",
    "namespace_of",
    "normal_cdf",
    "to_numpy",
    "widest_float",
]


def any_namespace(X: Any) -> Any:
    """Namespace of an array that is in the hands of sksim, NumPy's among them.

    Whether an array stays in its library is asked at the door, by ``namespace_of``. Formulas
    behind it that are the same for all libraries ask here.
    """
    return np if isinstance(X, np.ndarray | np.generic) else array_namespace(X)


def beside(X: Any, like: Any) -> Any:
    """A NumPy array in the library and on the device of another one, copied unless that is NumPy's.

    Other arrays, which are there already, stay as they are.
    """
    if isinstance(like, np.ndarray) or not isinstance(X, np.ndarray):
        return X
    # A copy on the CPU too: arrays may be read-only, which torch does not know.
    return any_namespace(like).asarray(X, device=like.device, copy=True)


def normal_cdf(z: Any) -> Any:
    """Cumulative distribution function of the standard normal, overwriting an array of NumPy.

    That of torch is 1 + erf, which has no digits left far below the mean; erfc has.
    """
    if isinstance(z, np.ndarray):
        return special.ndtr(z, out=z)
    xp = any_namespace(z)
    if hasattr(xp, "special"):
        return 0.5 * xp.special.erfc(-math.sqrt(0.5) * z)
    return beside(special.ndtr(to_numpy(z)), z)


def namespace_of(X: Any) -> Any:
    """Namespace of an array of another library where dispatch is on; None for all else."""
    if isinstance(X, np.ndarray) or not get_config()["array_api_dispatch"]:
        return None
    if not (hasattr(X, "device") or hasattr(X, "__array_namespace__")):
        return None
    xp, is_array = get_namespace(X)
    return None if not is_array or _is_numpy_namespace(xp) else xp


def constant(X: Any) -> Any:
    """The values of an array, through which no gradient flows."""
    return X.detach() if hasattr(X, "detach") else X


def to_numpy(X: Any) -> Any:
    """Values of a tensor, or with dispatch of an array of any other library; all else as it is.

    Tensors of torch may be on any device and have gradients; half floats become float32, which
    NumPy has, without loss.
    """
    if type(X).__module__.partition(".")[0] == "torch" and hasattr(X, "detach"):
        X = X.detach().cpu()
        return (X.float() if X.is_floating_point() and X.element_size() < 4 else X).numpy()
    xp = namespace_of(X)
    return X if xp is None else _convert_to_numpy(X, xp)


def move(X: Any, like: Any) -> Any:
    """An array in the namespace and on the device of another one."""
    xp = namespace_of(like)
    if xp is None:
        return to_numpy(X)
    if namespace_of(X) is xp and device(X) == device(like):
        return X
    return xp.asarray(np.ascontiguousarray(to_numpy(X)), device=device(like))


def check_same_library(X: Any, fitted: Any, method: str) -> None:
    """Raise unless X is an array of the library, and on the device, of a fitted array."""

    def place(array: Any) -> tuple[str, Any]:
        if isinstance(array, np.ndarray):
            return "NumPy", None
        return type(array).__module__.partition(".")[0], array.device

    if place(X) != place(fitted):
        raise ValueError(
            f"Inputs passed to {method}() must use the same namespace and the same device as those "
            f"passed to fit(): got {place(X)} here and {place(fitted)} there. Tensors need "
            "sklearn.set_config(array_api_dispatch=True) in both."
        )


def float_types(X: Any) -> list[Any]:
    """The floating types of computations where an array is: float64 first, if it is known there."""
    xp = namespace_of(X)
    widest = _max_precision_float_dtype(xp, device(X))
    return list(dict.fromkeys([widest, xp.float32]))


def widest_float(X: Any) -> Any:
    """The array in float64, or in float32 on devices that have no more."""
    xp = namespace_of(X)
    if xp.isdtype(X.dtype, "complex floating"):
        raise ValueError("Complex data not supported.")
    return xp.astype(X, float_types(X)[0], copy=False)

"""Import of optional dependencies, with an error that names the extra."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import importlib
from types import ModuleType

__all__ = ["import_optional", "require_torch"]


def import_optional(module: str, *, extra: str, purpose: str) -> ModuleType:
    """Import ``module`` or raise an ImportError that says how to install it.

    Parameters
    ----------
    module : str
        Dotted name of the module.
    extra : str
        The extra of sksim that brings it.
    purpose : str
        What needs it; the subject of the error's sentence.

    Returns
    -------
    module : module
        The imported module.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(
            f"{purpose} needs {package}, which could not be imported ({error}). "
            f"Install it with: pip install 'sksim[{extra}]'"
        ) from error


def require_torch(estimator: object) -> None:
    """Raise an ImportError that names the extra if torch or skorch is missing.

    Once this has passed, methods import from ``sksim._torch`` as from anywhere else, so that an
    error within these modules is reported as what it is.

    Parameters
    ----------
    estimator : object
        What needs them; its class is the subject of the error's sentence.
    """
    for package in ("torch", "skorch"):
        import_optional(package, extra="torch", purpose=type(estimator).__name__)

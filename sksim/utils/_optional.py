"""Import of optional dependencies, with an error that names the extra."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import importlib
from types import ModuleType

__all__ = ["import_optional"]


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

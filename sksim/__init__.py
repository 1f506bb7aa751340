"""sksim: measure, repair and compare representations, the scikit-learn way."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import importlib
from types import ModuleType

__version__ = "0.1.0"

_SUBPACKAGES = (
    "alignment",
    "codes",
    "datasets",
    "encoders",
    "generative",
    "hubness",
    "identifiability",
    "inspection",
    "manifold",
    "metrics",
    "neighbors",
    "preprocessing",
    "topics",
    "utils",
)

__all__ = [*_SUBPACKAGES, "__version__"]


def __getattr__(name: str) -> ModuleType:
    if name in _SUBPACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

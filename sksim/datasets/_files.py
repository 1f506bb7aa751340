"""Files of the data sets that are shipped with the package, and their form as data frames."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from importlib import resources
from typing import Any

import numpy as np

from sksim.utils._optional import import_optional

__all__ = ["as_frames", "read_arrays", "read_description"]

_FOLDER = resources.files("sksim.datasets") / "data"


def read_arrays(name: str) -> dict[str, np.ndarray]:
    with resources.as_file(_FOLDER / name) as path, np.load(path) as arrays:
        return {key: arrays[key] for key in arrays.files}


def read_description(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def as_frames(data: np.ndarray, target: np.ndarray, prefix: str = "x") -> tuple[Any, Any]:
    """Data frame of the features and series of the classes."""
    pandas = import_optional("pandas", extra="frame", purpose="as_frame=True")
    names = [f"{prefix}{i}" for i in range(data.shape[1])]
    return pandas.DataFrame(data, columns=names), pandas.Series(target, name="target")

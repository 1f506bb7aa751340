"""rsatoolbox, without the packages that it imports for files and figures alone."""

import importlib
import importlib.util
import sys
import warnings
from unittest.mock import MagicMock

__all__ = ["load"]

FILES_AND_FIGURES = {
    "h5py": (),
    "nibabel": (),
    "skimage": ("skimage.color", "skimage.measure", "skimage.transform"),
}


def load():
    """The package; None, and a line that says why, if it is not there."""
    for name, modules in FILES_AND_FIGURES.items():
        if name not in sys.modules and importlib.util.find_spec(name) is None:
            sys.modules.update({part: MagicMock() for part in (name, *modules)})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module("rsatoolbox")
    except ImportError as error:
        print(f"rsatoolbox: skipped, {error}")
        return None

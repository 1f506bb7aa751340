"""Predecessors beside current releases: names that they import have moved or are gone.

Nothing that is timed is touched. Modules get their old names back, scikit-learn's check of a
fitted object gets the tags that it asks for, and a renamed argument is passed on.
"""

import contextlib
import importlib
import sys
import types
import warnings
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import sklearn.utils

__all__ = ["PACKAGES", "load", "versions"]

PACKAGES = {"kiez": "kiez", "hub_toolbox": "hub-toolbox", "skhubness": "scikit-hubness"}
MOVED = {
    "scipy.sparse.base": "scipy.sparse",
    "sklearn.neighbors.ball_tree": "sklearn.neighbors",
    "sklearn.neighbors.base": "sklearn.neighbors._base",
    "sklearn.neighbors.dist_metrics": "sklearn.metrics",
    "sklearn.neighbors.kd_tree": "sklearn.neighbors",
    "sklearn.neighbors.kde": "sklearn.neighbors",
    "sklearn.neighbors.quad_tree": "sklearn.neighbors",
    "sklearn.preprocessing.label": "sklearn.preprocessing",
}


class _Fit:
    """In place of a mixin that scikit-learn no longer has; also of names that are never used."""

    def fit(self, X, y=None):
        return self._fit(X)


class _Moved(types.ModuleType):
    """Module under its old name: what is still there comes from where it went."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.target, name, _Fit)


def _restore_names():
    for old, new in MOVED.items():
        sys.modules[old] = _Moved(old)
        sys.modules[old].target = importlib.import_module(new)
    vars(np).update(int=int, alltrue=np.all)


def _give_tags(*classes):
    tags = sklearn.utils.Tags(estimator_type=None, target_tags=sklearn.utils.TargetTags(False))
    for cls in classes:
        cls.__sklearn_tags__ = lambda self: tags


def _check_array(X, force_all_finite=True, **options):
    return sklearn.utils.check_array(X, ensure_all_finite=force_all_finite, **options)


def _mend(name):
    """What goes beyond imports."""
    if name == "kiez":
        from kiez.hubness_reduction import HubnessReduction
        from kiez.neighbors import NNAlgorithm

        _give_tags(HubnessReduction, NNAlgorithm)
    if name == "skhubness":
        from skhubness.reduction import base, mutual_proximity

        _give_tags(base.HubnessReduction)
        mutual_proximity.check_array = _check_array


def load(name: str):
    """The package, ready to run; None, and a line that says why, if it is not there."""
    try:
        _restore_names()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module(name)
            _mend(name)
    except ImportError as error:
        print(f"{PACKAGES[name]}: skipped, {error}")
        return None
    return module


def versions() -> dict:
    """Version of each package that is installed, as of modules."""
    found = {}
    for package in [*PACKAGES.values(), "numba"]:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = types.SimpleNamespace(__version__=version(package))
    return found

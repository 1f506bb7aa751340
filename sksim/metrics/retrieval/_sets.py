"""Sets of vectors, such as the tokens of a document: one flat array and where each set ends."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any, NamedTuple

import numpy as np

from sksim.utils._array_api import to_numpy
from sksim.utils._arrays import check_named_array, validate_named_data

__all__ = ["VectorSets", "check_vector_sets", "holds_sets", "validate_sets"]


class VectorSets(NamedTuple):
    """All vectors, set after set, (n_vectors, n_features), and where they start, (n_sets + 1,)."""

    vectors: np.ndarray
    starts: np.ndarray

    @property
    def n_sets(self) -> int:
        """Number of sets."""
        return len(self.starts) - 1

    def part(self, rows: slice) -> "VectorSets":
        """Consecutive sets."""
        starts = self.starts[rows.start : rows.stop + 1]
        return VectorSets(self.vectors[starts[0] : starts[-1]], starts - starts[0])


def holds_sets(X: Any) -> bool:
    """Whether X is a list of arrays or an array of three axes, and no matrix of single vectors."""
    if isinstance(X, list | tuple):
        return bool(X) and np.ndim(to_numpy(X[0])) == 2
    return getattr(X, "ndim", 0) == 3


def _joined(parts: list[Any], name: str) -> np.ndarray:
    """All vectors of the sets in one array, which is checked once; errors name the set."""
    dtypes = [np.float64, np.float32]
    kinds = {
        (part.dtype, part.shape[1:]) if type(part) is np.ndarray and part.ndim == 2 else None
        for part in parts
    }
    if len(kinds) == 1 and None not in kinds and all(map(len, parts)):
        vectors = np.concatenate(parts)
        if vectors.dtype.kind == "f" and vectors.shape[1] and np.isfinite(vectors).all():
            return check_named_array(vectors, name, dtype=dtypes)
    for i, part in enumerate(parts):
        if not len(part):
            raise ValueError(f"{name} must hold sets of at least one vector, got none in set {i}.")
    parts = [check_named_array(V, f"{name}[{i}]", dtype=dtypes) for i, V in enumerate(parts)]
    widths = [part.shape[1] for part in parts]
    if len(set(widths)) > 1:
        i = next(i for i, width in enumerate(widths) if width != widths[0])
        raise ValueError(
            f"{name} must hold vectors of one length, got {widths[0]} in set 0 and "
            f"{widths[i]} in set {i}."
        )
    return np.concatenate(parts)


def check_vector_sets(X: Any, name: str) -> VectorSets:
    """Validate sets of vectors.

    Parameters
    ----------
    X : array-like of shape (n_sets, n_features), (n_sets, n_vectors, n_features), or list of \
            arrays of shape (n_vectors_i, n_features)
        One vector a set, as many vectors in each, or as many as there are. In a list of lists of
        numbers each list is one vector.
    name : str
        Name of the parameter in error messages.

    Returns
    -------
    sets : VectorSets
        In float32 or float64.
    """
    dtypes = [np.float64, np.float32]
    if isinstance(X, list | tuple) and holds_sets(X):
        parts = [to_numpy(part) for part in X]
        return VectorSets(_joined(parts, name), np.cumsum([0, *map(len, parts)]))
    X = to_numpy(X)
    if np.ndim(X) == 3:
        X = check_named_array(X, name, dtype=dtypes, allow_nd=True)
        n_sets, length, width = X.shape
        if not length:
            raise ValueError(f"{name} must hold sets of at least one vector, got none in set 0.")
        return VectorSets(X.reshape(-1, width), length * np.arange(n_sets + 1))
    X = check_named_array(X, name, dtype=dtypes)
    return VectorSets(X, np.arange(len(X) + 1))


def validate_sets(estimator: Any, X: Any, *, reset: bool) -> VectorSets:
    """Validated sets of an estimator, which remembers or compares the number of features."""
    if not holds_sets(X):
        X = validate_named_data(estimator, X, dtype=[np.float64, np.float32], reset=reset)
        return VectorSets(X, np.arange(len(X) + 1))
    sets = check_vector_sets(X, "X")
    n_features = sets.vectors.shape[1]
    if reset:
        estimator.n_features_in_ = n_features
        estimator.__dict__.pop("feature_names_in_", None)
    elif n_features != estimator.n_features_in_:
        raise ValueError(
            f"X has {n_features} features, but {type(estimator).__name__} is expecting "
            f"{estimator.n_features_in_} features as input."
        )
    return sets

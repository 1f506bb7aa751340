"""Pairs of models given as embeddings f (n, M) and unembeddings g (k, M): validation."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
from sklearn.utils import check_array

__all__ = ["check_embedding_model", "check_model_pair", "check_unembedding_pair"]


def _check(values, name: str, dtype) -> np.ndarray:
    return check_array(values, dtype=dtype, input_name=name)


def check_embedding_model(f, g, names=("f", "g"), dtype=np.float64):
    """Validate one model: f and g in the same number of dimensions, at least 2 labels."""
    f, g = _check(f, names[0], dtype), _check(g, names[1], dtype)
    if f.shape[1] != g.shape[1]:
        raise ValueError(
            f"{names[0]} and {names[1]} must have the same number of columns (representation "
            f"dimensions), got {f.shape[1]} and {g.shape[1]}."
        )
    if len(g) < 2:
        raise ValueError(f"{names[1]} must have at least 2 rows (labels), got {len(g)}.")
    return f, g


def _check_same_rows(first, second, names, kind: str) -> None:
    if len(first) != len(second):
        raise ValueError(
            f"{names[0]} and {names[1]} must have one row for each of the same {kind}, got "
            f"{len(first)} and {len(second)} rows."
        )


def check_unembedding_pair(g1, g2):
    """Validate the unembeddings of two models of the same labels."""
    g1, g2 = _check(g1, "g1", np.float64), _check(g2, "g2", np.float64)
    _check_same_rows(g1, g2, ("g1", "g2"), "labels")
    return g1, g2


def check_model_pair(f1, g1, f2, g2, dtype=np.float64):
    """Validate two models of the same inputs and labels; their dimensions may differ."""
    f1, g1 = check_embedding_model(f1, g1, ("f1", "g1"), dtype)
    f2, g2 = check_embedding_model(f2, g2, ("f2", "g2"), dtype)
    _check_same_rows(f1, f2, ("f1", "f2"), "inputs")
    _check_same_rows(g1, g2, ("g1", "g2"), "labels")
    return f1, g1, f2, g2

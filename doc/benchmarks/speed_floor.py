"""The floors beside each other: what this machine does at best."""

from _speed import Comparison

# isort: split
import numpy as np


def _matrix(n):
    return (np.random.default_rng(0).standard_normal((n, 384)).astype(np.float32),)


COMPARISONS = [
    Comparison(
        "matrix product of all pairs, 384 dimensions, float32",
        make=_matrix,
        ours=lambda X: X @ X.T,
        others={"in float64": lambda X: X.astype(np.float64) @ X.T.astype(np.float64)},
        n=4000,
        growth=(2000, 4000, 8000, 16000),
    ),
]

"""Types of public signatures, by the words of scikit-learn's documentation.

``ArrayLike`` is "array-like": whatever NumPy can read, data frames and torch tensors among it.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from joblib import Memory
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, csr_matrix, sparray, spmatrix

__all__ = [
    "AnyArray",
    "ArrayLike",
    "CacheMemory",
    "FloatArray",
    "Graph",
    "IntArray",
    "MatrixLike",
    "Metric",
    "MetricParams",
    "RandomState",
    "Representations",
    "SparseGraph",
    "SparseOutput",
    "Ties",
]

#: "{array-like, sparse matrix}".
MatrixLike: TypeAlias = ArrayLike | spmatrix | sparray
#: "ndarray" of floats: what statistics and transformers return.
FloatArray: TypeAlias = NDArray[np.floating[Any]]
#: "ndarray" of integers: indices, counts.
IntArray: TypeAlias = NDArray[np.integer[Any]]
#: "ndarray" of anything: labels, names.
AnyArray: TypeAlias = NDArray[Any]
#: A neighbour graph.
SparseGraph: TypeAlias = csr_matrix | csr_array
#: A neighbour graph, or a dense matrix of distances, as it comes in.
Graph: TypeAlias = ArrayLike | csr_matrix | csr_array
#: A neighbour graph, or a dense matrix of distances, as it goes out.
SparseOutput: TypeAlias = FloatArray | csr_matrix | csr_array
#: Name of a metric, or a function of two vectors.
Metric: TypeAlias = str | Callable[..., float]
MetricParams: TypeAlias = Mapping[str, Any] | None
#: Where results are kept, as in scikit-learn's Pipeline: a folder or a joblib.Memory.
CacheMemory: TypeAlias = str | Memory | None
RandomState: TypeAlias = int | np.random.RandomState | None
#: Representations of the same samples, the keys of a mapping being their labels.
Representations: TypeAlias = Mapping[str, ArrayLike] | Sequence[ArrayLike]
#: Tie rules of occurrence counts.
Ties: TypeAlias = Literal["fractional", "index", "random"]

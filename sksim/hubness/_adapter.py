"""Any transformer from graph to graph as a reduction."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone

from sksim.hubness._base import GraphReduction
from sksim.utils._graph import is_self_entry, row_index

__all__ = ["TransformerReduction"]


def _entry_keys(graph) -> np.ndarray:
    """Number of each stored entry in the full matrix, row after row."""
    return row_index(graph).astype(np.int64) * graph.shape[1] + graph.indices


class TransformerReduction(GraphReduction):
    """A transformer from neighbour graph to neighbour graph, or a pipeline of them, as a reduction.

    It is fitted on the square graph of the training samples and their candidates, and transforms
    the graphs of queries. It gives each stored neighbour its secondary distance, in any order
    within the row; the sample itself comes first at 0 again, whatever becomes of it.

    Parameters
    ----------
    transformer : estimator
        Has ``fit`` and ``transform``. Takes a CSR graph with explicit entries, each row sorted by
        distance, and returns a sparse graph with the same entries or a dense matrix of the same
        shape, with finite, non-negative values.

    Attributes
    ----------
    transformer_ : estimator
        The fitted clone.
    n_samples_fit_ : int
        Number of indexed samples.

    Raises
    ------
    TypeError
        If the transformer returns neither a sparse graph nor a dense matrix.
    ValueError
        If the shape or the stored neighbours of the result are not those of the graph, if one of
        its values is negative or not finite, or if there is a bank of queries.

    Notes
    -----
    Beside the transformer itself this costs copies of the graph and, where the entries come back
    in another order, two sorts of them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from sksim.hubness._adapter import TransformerReduction
    >>> D = np.array([[0.0, 2.0, 1.0], [2.0, 0.0, 3.0], [1.0, 3.0, 0.0]])
    >>> TransformerReduction(FunctionTransformer(lambda graph: graph.power(2))).fit_transform(D)
    array([[0., 4., 1.],
           [4., 0., 9.],
           [1., 9., 0.]])
    """

    _parameter_constraints: dict = {"transformer": "no_validation"}

    def __init__(self, transformer: Any) -> None:
        self.transformer = transformer

    @property
    def least_depth(self) -> int:
        """Largest ``n_neighbors`` of the transformer and of its steps."""
        if not hasattr(self.transformer, "get_params"):
            return 0
        parameters = self.transformer.get_params(deep=True).items()
        depths = [value for name, value in parameters if name.split("__")[-1] == "n_neighbors"]
        return max((depth for depth in depths if isinstance(depth, int)), default=0)

    @property
    def fits_by_rows(self) -> bool:
        """Nothing is known about the rows."""
        return False

    def _statistics(self, distances, space):
        if space.bank is not None:
            raise ValueError(
                f"{type(self.transformer).__name__} is fitted on the graph of the samples among "
                "themselves, got a bank of queries."
            )
        labels = () if space.y is None else (space.y,)
        transformer = clone(self.transformer, safe=False)
        space.source = transformer.fit(distances.graph.copy(), *labels)
        return np.empty((distances.shape[0], 0))

    def _store(self, statistics, space):
        self.transformer_ = space.source

    def _reduce(self, distances, queries):
        graph, name = distances.graph, type(self.transformer).__name__
        # A copy: arithmetic of sparse matrices may sort the columns of what it is given.
        reduced = self.transformer_.transform(graph.copy())
        if not (sparse.issparse(reduced) or isinstance(reduced, np.ndarray)):
            raise TypeError(
                f"{name} must return a CSR graph or a dense matrix as a reduction, got "
                f"{type(reduced).__name__}."
            )
        if reduced.shape != graph.shape:
            raise ValueError(
                f"{name} must return a graph of the shape that it was given as a reduction, "
                f"{graph.shape}, got {reduced.shape}."
            )
        if reduced.dtype.kind not in "biuf":
            raise TypeError(
                f"{name} must return real distances as a reduction, got {reduced.dtype}."
            )
        if sparse.issparse(reduced):
            values = self._beside_entries(reduced.tocsr(), graph)
        else:
            values = reduced[row_index(graph), graph.indices]
        if not np.isfinite(values).all() or values.min(initial=0.0) < 0:
            raise ValueError(
                f"{name} must return finite, non-negative distances as a reduction, got a value "
                f"of {values.min():g}."
            )
        return distances.from_entries(values.astype(np.float64, copy=False))

    def _beside_entries(self, reduced, graph) -> np.ndarray:
        """Values of the reduced graph beside the entries of the graph, each found by its key."""
        if np.array_equal(reduced.indptr, graph.indptr) and np.array_equal(
            reduced.indices, graph.indices
        ):
            return reduced.data
        keys, reduced_keys = _entry_keys(graph), _entry_keys(reduced)
        order = np.argsort(reduced_keys)
        position = np.searchsorted(reduced_keys, keys, sorter=order)
        # The last place stands for keys beyond all others.
        key_at, value_at = np.append(reduced_keys[order], -1), np.append(reduced.data[order], 0.0)
        is_found = key_at[position] == keys
        # Sparse arithmetic drops zeros: the sample itself, duplicates of it.
        is_lost = ~is_found & (graph.data > 0) & ~is_self_entry(graph)
        if is_lost.any() or np.count_nonzero(is_found) < reduced.nnz:
            raise ValueError(
                f"{type(self.transformer).__name__} must return the stored neighbours of each row "
                f"as a reduction: of {graph.nnz} entries {np.count_nonzero(is_lost)} are lost, and "
                f"{reduced.nnz - np.count_nonzero(is_found)} are new."
            )
        return np.where(is_found, value_at[position], 0.0)

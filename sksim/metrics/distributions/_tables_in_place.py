"""Tables of log-probabilities of other libraries than NumPy, checked and reduced where they are.

All that is as large as the tables is computed on their device. The terms of d_LLV need variances
over the inputs only: the triangle R of a QR decomposition of the centered tables, R^T R = T^T T,
stands for all inputs, and is small enough to go to the processor.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from sksim.metrics._array_formulas import array_count
from sksim.metrics._validation import Keep, check_in_place
from sksim.metrics.distributions._log_probabilities import (
    NORMALIZATION_TOLERANCE,
    RANK_TOLERANCE,
    LogProbabilityPair,
    check_finite,
    check_log_probabilities,
    check_same_tables,
    rounding_level,
)
from sksim.utils._array_api import constant, namespace_of, to_numpy
from sksim.utils._typing import ArrayLike, FloatArray, IntArray

__all__ = ["PairInPlace", "array_centered", "check_tables_in_place", "model_tables"]


def array_centered(table: Any) -> Any:
    """``centered_log_ratio`` for arrays of other libraries."""
    return table - namespace_of(table).mean(table, axis=1, keepdims=True)


def _check_table(log_p: Any, name: str, **options: Any) -> Any:
    """A table with rows that are normalised, as ``check_log_probabilities`` returns it.

    What is wrong is said by the check of NumPy's tables.
    """
    table = check_in_place(
        log_p,
        name=name,
        constant_ok=True,
        ensure_all_finite=False,
        ensure_min_features=2,
        **options,
    )
    xp, values = namespace_of(table), constant(table)
    if not xp.all(xp.isfinite(values)):
        check_finite(to_numpy(values), name)
    largest = xp.max(values, axis=1, keepdims=True)
    log_total = largest + xp.log(xp.sum(xp.exp(table - largest), axis=1, keepdims=True))
    if xp.any(xp.abs(constant(log_total)) > NORMALIZATION_TOLERANCE):
        check_log_probabilities(to_numpy(values), name)
    return table - log_total


def check_tables_in_place(
    log_p: ArrayLike,
    log_q: ArrayLike,
    *,
    keep: Keep = "library",
    min_samples: int = 1,
    min_labels: int = 2,
) -> tuple[Any, Any]:
    """Validate two tables, of the library and on the device of the first one."""
    p, q = (
        _check_table(table, name, keep=keep, like=log_p, min_samples=min_samples)
        for table, name in ((log_p, "log_p"), (log_q, "log_q"))
    )
    check_same_tables(p, q, min_labels)
    return p, q


class PairInPlace(LogProbabilityPair):
    """Two tables of another library; what the terms of d_LLV take from them is NumPy's."""

    log_p: Any
    log_q: Any

    @cached_property
    def floors(self) -> tuple[float, float]:
        """The rounding level of each model."""
        xp = namespace_of(self.log_p)
        first, second = (rounding_level(-float(xp.min(log))) for log in (self.log_p, self.log_q))
        return first, second

    @cached_property
    def log_ratios(self) -> tuple[Any, Any]:
        """The centered log ratio of each model, where the tables are."""
        return array_centered(self.log_p), array_centered(self.log_q)

    @cached_property
    def log_ratio_difference(self) -> Any:
        """Difference of the centered log ratios, where the tables are."""
        return array_centered(self.log_p - self.log_q)

    @cached_property
    def n_components(self) -> int:
        """Dimension M, as of tables of NumPy."""
        xp = namespace_of(self.log_p)
        ranks = []
        for log_ratio in self.log_ratios:
            singular = xp.linalg.svdvals(log_ratio - xp.mean(log_ratio, axis=0))
            ranks.append(array_count(singular > RANK_TOLERANCE * singular[0]))
        return min(max(1, *ranks), self.n_samples - 1)

    @cached_property
    def _rows(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Rows with the products over the inputs of log p, log q and their difference, centered."""
        xp = namespace_of(self.log_p)
        tables = xp.concat([self.log_p, self.log_q, self.log_p - self.log_q], axis=1)
        tables = tables - xp.mean(tables, axis=0)
        if tables.shape[0] > tables.shape[1]:
            tables = xp.linalg.qr(tables, mode="reduced").R
        log_p, log_q, difference = np.split(to_numpy(tables).astype(np.float64), 3, axis=1)
        return log_p, log_q, difference

    @cached_property
    def variable_means(self) -> FloatArray:
        """Means over the inputs of the five variables of each label, (5, n_labels)."""
        xp = namespace_of(self.log_p)
        tables = (*self.log_ratios, self.log_ratio_difference, self.log_p + self.log_q)
        means = [xp.mean(table, axis=0) for table in (*tables, self.log_p - self.log_q)]
        return to_numpy(xp.stack(means)).astype(np.float64)

    def centered_variables(self) -> Iterator[FloatArray]:
        """The five variables in rows with the same products, (5, r, n_labels), in one block."""
        log_p, log_q, difference = self._rows
        ratios = [rows - rows.mean(axis=1, keepdims=True) for rows in self._rows]
        yield np.stack([*ratios, log_p + log_q, difference])

    def label_variables(self, labels: IntArray) -> tuple[FloatArray, FloatArray]:
        """Rows with the products over the inputs of the log-probabilities of each label."""
        log_p, log_q, _ = self._rows
        return log_p.T[labels], log_q.T[labels]

    def input_variables(self, inputs: IntArray) -> tuple[FloatArray, FloatArray]:
        """Log-probabilities of each input (row) over the labels, centered."""
        xp = namespace_of(self.log_p)
        rows = xp.asarray(inputs, device=self.log_p.device)
        first, second = (
            to_numpy(xp.take(log_ratio, rows, axis=0)).astype(np.float64)
            for log_ratio in self.log_ratios
        )
        return first, second


def model_tables(
    log_p: ArrayLike, log_q: ArrayLike, *, min_samples: int = 1, min_labels: int = 2
) -> LogProbabilityPair:
    """Validate the two tables that a caller gave, those of another library where they are."""
    sizes: dict[str, Any] = {"min_samples": min_samples, "min_labels": min_labels}
    if namespace_of(log_p) is None:
        return LogProbabilityPair.check(log_p, log_q, **sizes)
    return PairInPlace(*check_tables_in_place(log_p, log_q, **sizes))

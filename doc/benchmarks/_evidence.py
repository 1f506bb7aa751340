"""Data, statistics and tables of the pages on real data."""

import os
import pathlib
from functools import cache

import _measure  # noqa: F401  first: it sets the number of threads
import numpy as np
from scipy.stats import binomtest

from sksim.metrics import (
    hubness_null,
    k_occurrence_from_indices,
    k_skewness,
    robin_hood_index,
)

__all__ = [
    "chance_figures",
    "hubness_figures",
    "interval",
    "load",
    "paired_test",
]


@cache
def load(name: str) -> dict:
    """Arrays of one file of the folder that SKSIM_DATA names, float16 as float32."""
    if "SKSIM_DATA" not in os.environ:
        raise SystemExit("Set SKSIM_DATA to the folder of the data sets.")
    with np.load(pathlib.Path(os.environ["SKSIM_DATA"]) / f"{name}.npz") as file:
        arrays = {key: file[key] for key in file.files}
    return {
        key: array.astype(np.float32) if array.dtype == np.float16 else array
        for key, array in arrays.items()
    }


def hubness_figures(indices, n_indexed: int) -> dict:
    """Skewness, Robin Hood index and largest count of neighbour lists."""
    occurrence = k_occurrence_from_indices(indices, n_indexed)
    return {
        "skewness": f"{k_skewness(occurrence):.3f}",
        "Robin Hood": f"{robin_hood_index(occurrence):.3f}",
        "largest count": int(occurrence.max()),
    }


def chance_figures(n_queries: int, n_indexed: int, n_neighbors: int) -> dict:
    """The same three figures without hubness."""
    shape = {"n_queries": n_queries, "n_indexed": n_indexed, "n_neighbors": n_neighbors}
    largest = n_queries * hubness_null("groupie_ratio", **shape)
    return {
        "skewness": f"{hubness_null('k_skewness', **shape):.3f}",
        "Robin Hood": f"{hubness_null('robin_hood_index', **shape):.3f}",
        "largest count": f"{largest:.0f}",
    }


def interval(n_events: int, n_trials: int) -> str:
    """95 % Wilson interval of a share, in per cent."""
    low, high = binomtest(int(n_events), int(n_trials)).proportion_ci(method="wilson")
    return f"{100 * low:.1f} to {100 * high:.1f}"


def paired_test(is_right, was_right) -> dict:
    """Queries repaired and broken, and the exact McNemar test of the two answers to each query."""
    repaired = int(np.sum(is_right & ~was_right))
    broken = int(np.sum(~is_right & was_right))
    n_changed = repaired + broken
    pvalue = binomtest(repaired, n_changed).pvalue if n_changed else 1.0
    shown = "< 0.001" if pvalue < 0.001 else f"{pvalue:.3f}"
    return {"repaired": repaired, "broken": broken, "p": shown}

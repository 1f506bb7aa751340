"""Functions read numbers wherever they lie: backwards, strided, in Fortran order, read-only.

The same for estimators is one of the common checks.
"""

import inspect

import numpy as np
import pytest
from scipy.special import log_softmax

from sksim import metrics
from sksim.utils.estimator_checks import memory_layouts


def _arguments():
    """An example of each array that functions of ``sksim.metrics`` take, by its name."""
    rng = np.random.RandomState(0)
    f1, g1, f2, g2 = (rng.standard_normal((n, 2)) for n in (40, 6, 40, 6))
    X = rng.standard_normal((40, 5))
    Y = X @ rng.standard_normal((5, 5)) + rng.standard_normal((40, 5))
    occurrence = metrics.k_occurrence(X, n_neighbors=5)
    labels = {name: rng.randint(3, size=40) for name in ("y", "y_true", "y_pred_a", "y_pred_b")}
    return {
        **{"X": X, "Y": Y, "X_positive": X + 0.1, "occurrence": occurrence, **labels},
        **{"f": f1, "g": g1, "f1": f1, "g1": g1, "f2": f2, "g2": g2},
        **{"log_p": log_softmax(f1 @ g1.T, axis=1), "log_q": log_softmax(f2 @ g2.T, axis=1)},
        "indices": rng.rand(40, 40).argsort(axis=1)[:, :3],
    }


ARRAYS = _arguments()
LISTS = {name: [ARRAYS["X"], ARRAYS["Y"]] for name in ("representations", "a_layers", "b_layers")}
OPTIONS = {
    "n_queries": 40, "n_indexed": 40, "n_neighbors": 5, "reg": 0.1, "n_permutations": 30,
    "random_state": 0,
}  # fmt: skip


def _required(function):
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]


FUNCTIONS = [
    function
    for function in (getattr(metrics, name) for name in metrics.__all__)
    if inspect.isroutine(function)
    and {*_required(function)} & {*ARRAYS, *LISTS}
    and function is not metrics.aligned_log_probabilities  # of estimators
]


def _layouts(array):
    read_only = array.copy()
    read_only.setflags(write=False)
    if array.ndim == 1:
        views = {name: view[:, 0] for name, view in memory_layouts(array[:, None]).items()}
    else:
        views = memory_layouts(array)
    return {**views, "read-only": read_only}


def _in_layout(layout):
    arrays = {name: _layouts(array)[layout] for name, array in ARRAYS.items()}
    lists = {name: [_layouts(a)[layout] for a in value] for name, value in LISTS.items()}
    return {**arrays, **lists}


def _same(got, expected):
    if isinstance(expected, dict):
        assert got.keys() == expected.keys()
        got, expected = ([bunch[key] for key in expected] for bunch in (got, expected))
    if isinstance(expected, (list, tuple)):
        for a, b in zip(got, expected, strict=True):
            _same(a, b)
    elif np.asarray(expected).dtype.kind in "fc":
        np.testing.assert_allclose(got, expected, rtol=1e-7, atol=1e-9)
    else:
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_layout_of_arrays_is_of_no_consequence(function):
    names = inspect.signature(function).parameters
    required = _required(function)
    options = {k: v for k, v in OPTIONS.items() if k in names}
    plain = {**ARRAYS, **LISTS}
    expected = function(*(plain[name] for name in required if name in plain), **options)
    for layout in _layouts(ARRAYS["X"]):
        given = _in_layout(layout)
        _same(function(*(given[name] for name in required if name in given), **options), expected)


def test_nothing_is_left_out():
    assert len(FUNCTIONS) > 60

"""Functions read numbers wherever they lie: backwards, strided, in Fortran order, read-only.

The same for estimators is one of the common checks.
"""

import inspect

import numpy as np
import pytest
from scipy import sparse

from sksim import metrics
from sksim.utils.estimator_checks import memory_layouts
from tests.array_arguments import array_parameters, example, good_values

LISTS = ("representations", "a_layers", "b_layers")
#: What the defaults do not suit in the small examples, or would take long.
OPTIONS = {
    "n_neighbors": 3,
    "n_permutations": 30,
    "random_state": 0,
    "ranks": (1, 3),
}


#: Examples of functions that are defined for some numbers only.
EXAMPLES = {
    "compatibility_matrix": {"y": example("y")},
    "hyperbolic_distances": {"X": 0.1 * example("X")},
    "mixture_index": {"X": example("X")[:, :2]},
    "separability_index": {"X": example("X")[:, :2]},
}


def _takes_lists(function):
    return {*inspect.signature(function).parameters} & {*LISTS}


FUNCTIONS = [
    function
    for function in (getattr(metrics, name) for name in metrics.__all__)
    if inspect.isroutine(function)
    and (array_parameters(function) or _takes_lists(function))
    and function is not metrics.aligned_log_probabilities  # of estimators
]


def _values(function):
    """Good arguments, and which of them are arrays."""
    taken = inspect.signature(function).parameters
    options = {name: value for name, value in OPTIONS.items() if name in taken}
    lists = {name: [example("X"), example("Y")] for name in _takes_lists(function)}
    examples = EXAMPLES.get(function.__name__, {})
    return {**(lists or good_values(function, None)), **options, **examples}


def _layouts(array):
    read_only = array.copy()
    read_only.setflags(write=False)
    if array.ndim == 1:
        views = {name: view[:, 0] for name, view in memory_layouts(array[:, None]).items()}
    else:
        views = memory_layouts(array)
    return {**views, "read-only": read_only}


def _in_layout(value, layout):
    """An array, or each of a list of arrays, in another layout; all else as it is."""
    if isinstance(value, list):
        return [_in_layout(one, layout) for one in value]
    is_array = isinstance(value, np.ndarray) and value.ndim in (1, 2)
    return _layouts(value)[layout] if is_array else value


def _same(got, expected):
    if isinstance(expected, dict):
        assert got.keys() == expected.keys()
        got, expected = ([bunch[key] for key in expected] for bunch in (got, expected))
    if sparse.issparse(expected):
        got, expected = got.toarray(), expected.toarray()
    if isinstance(expected, (list, tuple)):
        for a, b in zip(got, expected, strict=True):
            _same(a, b)
    elif np.asarray(expected).dtype.kind in "fc":
        np.testing.assert_allclose(got, expected, rtol=1e-7, atol=1e-9)
    else:
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_layout_of_arrays_is_of_no_consequence(function):
    values = _values(function)
    expected = function(**values)
    for layout in _layouts(example("X")):
        given = {name: _in_layout(value, layout) for name, value in values.items()}
        _same(function(**given), expected)


def test_nothing_is_left_out():
    assert len(FUNCTIONS) > 60

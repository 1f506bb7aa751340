"""Checks that every sksim estimator passes, beside scikit-learn's own.

They cover what scikit-learn's checks leave out: names in a pipeline, neighbour graphs in both
sparse containers, row independence on graphs, precision, read-only input and views of any memory
layout, pickling, seeds in a fresh process, fits in threads, untouched global generators, Ctrl-C,
damaged graphs and files, errors that name the argument, and documentation that agrees with the
signature.

An estimator from outside the package is checked with the same two lines, beside scikit-learn's::

    def test_my_reduction():
        check_estimator(MyReduction())          # of sklearn.utils.estimator_checks
        check_sksim_estimator(MyReduction())

It has to be importable by name, as for any pickle. :func:`sksim_checks_generator` gives the checks
one by one, for ``pytest.mark.parametrize``.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import inspect
import pathlib
import pickle
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

import joblib
import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.neighbors import kneighbors_graph
from sklearn.pipeline import make_pipeline
from sklearn.utils import get_tags

from sksim.utils._docstrings import signature_mismatches
from sksim.utils._faults import GRAPH_FAULTS, refusal, spoil
from sksim.utils._measure_checks import check_measure

__all__ = [
    "check_measure",
    "check_sksim_estimator",
    "example_data",
    "memory_layouts",
    "sksim_checks_generator",
]

_METHODS = ("transform", "predict", "predict_proba", "score_samples")


def example_data(estimator: Any, dtype: DTypeLike = np.float64) -> tuple[Any, Any]:
    """Small training data (X, y) that suits the tags: vectors, or a graph if pairwise.

    Distances of all samples, dense, for what places those of ``fit`` only.

    Parameters
    ----------
    estimator : estimator object
        The estimator, for its tags.
    dtype : dtype, default=float64
        Floating type of X.

    Returns
    -------
    X : ndarray of shape (40, 6) or csr_matrix of shape (40, 40)
        Samples or graph.
    y : ndarray or None
        What the tags ask for.
    """
    rng = np.random.RandomState(0)
    X: Any = rng.standard_normal((40, 6)).astype(dtype)
    tags = get_tags(estimator)
    if tags.input_tags.pairwise and not hasattr(estimator, "transform"):
        X = _example_distances().astype(dtype)
    elif tags.input_tags.pairwise:
        # Methods that need vectors on a truncated graph have all they need on a complete one.
        depth = len(X) - 1 if getattr(estimator, "needs_vectors", False) else 12
        graph = kneighbors_graph(X, depth, mode="distance", include_self=False)
        X = _with_self_entries(graph, dtype)
    elif tags.input_tags.positive_only:
        X = X - X.min()
    if not tags.target_tags.required:
        return X, None
    if is_classifier(estimator):
        return X, rng.randint(2, size=40)
    if not tags.target_tags.single_output:
        return X, rng.standard_normal((40, 6)).astype(dtype)
    return X, rng.standard_normal(40).astype(dtype)


def _example_distances() -> np.ndarray:
    """Complete matrix of distances, as many samples as in ``example_data``."""
    points = np.random.RandomState(1).standard_normal((40, 4))
    return np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=-1))


def _with_self_entries(
    graph: sparse.csr_matrix, dtype: DTypeLike = np.float64
) -> sparse.csr_matrix:
    """Put each sample first in its own row, at distance zero."""
    n_samples = graph.shape[0]
    data = graph.data.reshape(n_samples, -1)
    indices = graph.indices.reshape(n_samples, -1)
    order = np.argsort(data, axis=1, kind="stable")
    data = np.take_along_axis(data, order, axis=1)
    indices = np.take_along_axis(indices, order, axis=1)
    data = np.hstack([np.zeros((n_samples, 1)), data]).astype(dtype)
    indices = np.hstack([np.arange(n_samples)[:, None], indices])
    indptr = np.arange(n_samples + 1) * data.shape[1]
    return sparse.csr_matrix((data.ravel(), indices.ravel(), indptr), shape=graph.shape)


def _seeded(estimator: Any) -> Any:
    estimator = clone(estimator)
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=0)
    return estimator


def _outputs(estimator: Any, X: Any) -> dict[str, Any]:
    return {
        method: getattr(estimator, method)(X) for method in _METHODS if hasattr(estimator, method)
    }


def _as_array(output: Any) -> np.ndarray:
    return output.toarray() if sparse.issparse(output) else np.asarray(output)


def _assert_same(got: dict, expected: dict, message: str, rtol: float = 1e-7) -> None:
    for method, value in expected.items():
        a, b = _as_array(got[method]), _as_array(value)
        if a.dtype.kind in "fc":
            np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-9, err_msg=f"{method}: {message}")
        else:
            np.testing.assert_array_equal(a, b, err_msg=f"{method}: {message}")


def check_feature_names_in_pipeline(name: str, estimator: Any) -> None:
    """Transformers name their columns, alone and in a pipeline whose output is set."""
    X, y = example_data(estimator)
    pipeline = make_pipeline(_seeded(estimator)).set_output(transform="default")
    output = pipeline.fit(X, y).transform(X)
    names = pipeline.get_feature_names_out()
    assert len(names) == output.shape[1], f"{name}: {len(names)} names, {output.shape[1]} columns"
    assert len(set(names)) == len(names), f"{name}: names are not unique"


def check_graph_rows(name: str, estimator: Any) -> None:
    """Graphs come out as CSR, non-negative and finite, each row sorted by value."""
    X, y = example_data(estimator)
    output = _seeded(estimator).fit(X, y).transform(X)
    if not sparse.issparse(output) or output.shape[1] != X.shape[0]:  # its columns are samples
        return
    assert output.format == "csr", f"{name}: {output.format}"
    assert np.isfinite(output.data).all(), f"{name}: not finite"
    assert (output.data >= 0).all(), f"{name}: negative values"
    for start, stop in zip(output.indptr[:-1], output.indptr[1:]):
        assert (np.diff(output.data[start:stop]) >= 0).all(), f"{name}: unsorted row"


def check_complete_graph_equals_dense(name: str, estimator: Any) -> None:
    """A dense distance matrix and its complete graph give the same numbers."""
    D, y = _example_distances(), example_data(estimator)[1]
    graph = _with_self_entries(
        kneighbors_graph(D, len(D) - 1, metric="precomputed", mode="distance", include_self=False)
    )
    from_dense = _outputs(_seeded(estimator).fit(D, y), D)
    from_graph = _outputs(_seeded(estimator).fit(graph, y), graph)
    _assert_same(from_graph, from_dense, "complete graph and dense matrix differ")


def check_rows_of_graph_independent(name: str, estimator: Any) -> None:
    """Each row of the output depends on that row of the query graph only."""
    X, y = example_data(estimator)
    fitted = _seeded(estimator).fit(X, y)
    whole = _outputs(fitted, X)
    rows = np.random.RandomState(2).permutation(X.shape[0])[:17]
    part = _outputs(fitted, X[rows])
    _assert_same(part, {m: v[rows] for m, v in whole.items()}, "rows are not independent")


def check_sparse_containers(name: str, estimator: Any) -> None:
    """csr_matrix and csr_array give the same numbers and come out as they went in."""
    X, y = example_data(estimator)
    of_matrix, of_array = (
        _outputs(_seeded(estimator).fit(container(X), y), container(X))
        for container in (sparse.csr_matrix, sparse.csr_array)
    )
    for container, outputs in ((sparse.csr_matrix, of_matrix), (sparse.csr_array, of_array)):
        for value in outputs.values():
            if sparse.issparse(value):
                assert type(value) is container, f"{name}: {type(value)} for {container}"
    _assert_same(of_array, of_matrix, "csr_matrix and csr_array differ")


def check_float_types(name: str, estimator: Any) -> None:
    """float32 comes out as float32, but for bits, and sparse output whose tag promises float64."""
    kept = get_tags(estimator).transformer_tags.preserves_dtype
    for dtype in (np.float32, np.float64):
        X, y = example_data(estimator, dtype)
        output = _seeded(estimator).fit(X, y).transform(X)
        if not kept and output.dtype.kind in "bu":
            continue
        assert "float32" in kept or sparse.issparse(output), f"{name}: float32 is not kept"
        expected = dtype if np.dtype(dtype).name in kept else np.float64
        assert output.dtype == expected, f"{name}: {output.dtype} for {np.dtype(dtype)}"


def check_input_kept(name: str, estimator: Any) -> None:
    """No method modifies its input, which may be memory mapped and read-only."""
    X, y = example_data(estimator)
    expected = _outputs(_seeded(estimator).fit(X, y), X)
    with tempfile.TemporaryDirectory() as folder:
        joblib.dump((X, y), f"{folder}/data.pkl")
        X_mapped, y_mapped = joblib.load(f"{folder}/data.pkl", mmap_mode="r")
        got = _outputs(_seeded(estimator).fit(X_mapped, y_mapped), X_mapped)
        np.testing.assert_array_equal(_as_array(X_mapped), _as_array(X))
        del X_mapped, y_mapped
    _assert_same(got, expected, "read-only input changes the result")


def memory_layouts(X: np.ndarray) -> dict[str, np.ndarray]:
    """The same numbers in other places: views with negative and wide strides, Fortran order.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The numbers.

    Returns
    -------
    views : dict of ndarray of shape (n_samples, n_features)
        Arrays equal to X, by what is special about them.
    """
    wide = np.zeros((2 * X.shape[0], 3 * X.shape[1]), dtype=X.dtype)
    wide[::2, ::3] = X
    return {
        "rows backwards": X[::-1].copy()[::-1],
        "columns backwards": X[:, ::-1].copy()[:, ::-1],
        "wide strides": wide[::2, ::3],
        "Fortran order": np.asfortranarray(X),
    }


def check_memory_layout(name: str, estimator: Any) -> None:
    """What counts are the numbers, not where they lie in memory."""
    X, y = example_data(estimator)
    X = _example_distances() if sparse.issparse(X) else X
    expected = _outputs(_seeded(estimator).fit(X, y), X)
    for layout, view in memory_layouts(X).items():
        got = _outputs(_seeded(estimator).fit(view, y), view)
        _assert_same(got, expected, f"{layout}: the result changes", rtol=1e-5)


def check_clone_and_pickle(name: str, estimator: Any) -> None:
    """A fitted estimator pickles to the same outputs; a clone fits to the same outputs."""
    X, y = example_data(estimator)
    fitted = _seeded(estimator).fit(X, y)
    expected = _outputs(fitted, X)
    _assert_same(_outputs(pickle.loads(pickle.dumps(fitted)), X), expected, "pickle differs")
    _assert_same(_outputs(clone(fitted).fit(X, y), X), expected, "clone differs")


_FRESH_PROCESS = """
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from sksim.utils.estimator_checks import _outputs, example_data
estimator = pickle.load(sys.stdin.buffer)
X, y = example_data(estimator)
sys.stdout.buffer.write(pickle.dumps(_outputs(estimator.fit(X, y), X)))
"""


def check_seed_in_fresh_process(name: str, estimator: Any) -> None:
    """The same random_state gives the same result in another process."""
    X, y = example_data(estimator)
    expected = _outputs(_seeded(estimator).fit(X, y), X)
    process = subprocess.run(
        [sys.executable, "-c", _FRESH_PROCESS],
        input=pickle.dumps(sys.path) + pickle.dumps(_seeded(estimator)),
        capture_output=True,
        check=False,
    )
    assert process.returncode == 0, f"{name}: {process.stderr.decode(errors='replace')}"
    _assert_same(pickle.loads(process.stdout), expected, "a fresh process differs", rtol=1e-6)


def _global_states() -> list[bytes]:
    states = [pickle.dumps(np.random.get_state())]
    if "torch" in sys.modules:
        states.append(sys.modules["torch"].get_rng_state().numpy().tobytes())
    return states


def check_global_generators_untouched(name: str, estimator: Any) -> None:
    """With a seed given, the global generators of numpy and torch stay where they were."""
    X, y = example_data(estimator)
    before = _global_states()
    _outputs(_seeded(estimator).fit(X, y), X)
    after = _global_states()
    assert before == after[: len(before)], f"{name}: a global generator was used"


def _assert_same_bits(got: dict, expected: dict, message: str) -> None:
    for method, value in expected.items():
        a, b = _as_array(got[method]), _as_array(value)
        np.testing.assert_array_equal(a, b, err_msg=f"{method}: {message}")


def check_fits_in_threads(name: str, estimator: Any) -> None:
    """Fits at once in threads give the bits of a lone fit, and draw from no global generator."""
    X, y = example_data(estimator)
    expected = _outputs(_seeded(estimator).fit(X, y), X)
    before = _global_states()
    start = threading.Barrier(3)

    def fit(_: int) -> dict[str, Any]:
        model = _seeded(estimator)
        start.wait()
        return _outputs(model.fit(X, y), X)

    with ThreadPoolExecutor(3) as pool:
        outputs = list(pool.map(fit, range(3)))
    for output in outputs:
        _assert_same_bits(output, expected, "fits in threads differ from a lone one")
    after = _global_states()
    assert before == after[: len(before)], f"{name}: fits in threads used a global generator"


@contextmanager
def _interrupted_at(package: str, n_calls: float) -> Iterator[list[int]]:
    """Interrupt this thread, as Ctrl-C does, at a call of a function of a package.

    Yields the number of calls so far. A finalizer is left in peace: what it raises is lost.
    """
    count = [0]

    def watch(frame: FrameType, event: str, _: Any) -> None:
        owner = frame.f_globals.get("__name__", "").partition(".")[0]
        if event == "call" and owner == package and frame.f_code.co_name != "__del__":
            count[0] += 1
            if count[0] >= n_calls:
                raise KeyboardInterrupt

    outer = sys.getprofile()
    sys.setprofile(watch)
    try:
        yield count
    finally:
        sys.setprofile(outer)


def check_interrupted_fit(name: str, estimator: Any) -> None:
    """Ctrl-C in the midst of a fit reaches the caller, and leaves the next fit as it would be."""
    X, y = example_data(estimator)
    package = type(estimator).__module__.partition(".")[0]
    with _interrupted_at(package, np.inf) as count:
        expected_model = _seeded(estimator).fit(X, y)
    expected = _outputs(expected_model, X)
    model = _seeded(estimator)
    for n_calls in sorted({1, *np.linspace(1, count[0], 6).astype(int)[1:-1]}):
        try:
            with _interrupted_at(package, n_calls):
                model.fit(X, y)
        except KeyboardInterrupt:
            continue
        raise AssertionError(f"{name}: fit goes on after Ctrl-C at call {n_calls} of {count[0]}")
    _assert_same_bits(_outputs(model.fit(X, y), X), expected, "an interrupted fit left something")


def check_bad_graphs(name: str, estimator: Any) -> None:
    """A graph with a fault in it is refused, by fit and by all that comes after it."""
    X, y = example_data(estimator)
    fitted = _seeded(estimator).fit(X, y)
    start = X.indptr[5]
    for fault in GRAPH_FAULTS:
        # Rows of distances are lists of neighbours, rows of weights have no order.
        if fault == "unsorted row" and getattr(estimator, "takes_weights", False):
            continue
        spoilt = spoil(X, fault, start + 3, start + 2)
        doors = {"fit": lambda graph: _seeded(estimator).fit(graph, y)}
        doors |= {method: getattr(fitted, method) for method in _METHODS if hasattr(fitted, method)}
        for door, call in doors.items():
            refused = refusal(call, spoilt)
            assert refused, f"{name}.{door} answers a graph with a fault: {fault}"


def _bad_arrays(A: np.ndarray) -> dict[str, Any]:
    """What is no matrix of numbers, made from one."""
    mask = np.zeros(A.shape, dtype=bool)
    mask[0] = True
    return {
        "one row alone": A[0],
        "no rows": A[:0],
        "no columns": A[:, :0],
        "rows of unequal length": [[1.0, 2.0], [1.0]],
        "complex numbers": A + 1j,
        "dates": np.full(A.shape, np.datetime64("2020-01-01")),
        "text": np.full(A.shape, "a"),
        "masked values": np.ma.masked_array(A, mask),
    }


def _bad_targets(y: np.ndarray) -> dict[str, Any]:
    """What is no target of as many samples, made from one that is."""
    mask = np.zeros(y.shape, dtype=bool)
    mask[0] = True
    return {
        "a target too few": y[:-1],
        "a target that is NaN": np.where(mask, np.nan, y),
        "masked targets": np.ma.masked_array(y, mask),
    }


def check_argument_named(name: str, estimator: Any) -> None:
    """An array that is no matrix of numbers, or no target, is refused by the argument's name."""
    X, y = example_data(estimator)
    X = _example_distances() if sparse.issparse(X) else X
    fitted = _seeded(estimator).fit(X, y)
    doors = {"fit": lambda A: _seeded(estimator).fit(A, y)}
    doors |= {method: getattr(fitted, method) for method in _METHODS if hasattr(fitted, method)}
    cases = [(door, 0, call, _bad_arrays(X)) for door, call in doors.items()]
    if y is not None:
        cases.append(("fit", 1, lambda A: _seeded(estimator).fit(X, A), _bad_targets(y)))
    for door, position, call, bad_values in cases:
        argument = list(inspect.signature(getattr(estimator, door)).parameters)[position]
        for fault, bad in bad_values.items():
            refused = refusal(call, bad)
            assert refused, f"{name}.{door} answers {fault}"
            said = re.search(rf"\b{argument}\b", str(refused))
            assert said, f"{name}.{door} does not name {argument}: {refused}"


def check_damaged_weights(name: str, estimator: Any) -> None:
    """A whole file of weights is read, one with a changed bit is refused by its name."""
    X, y = example_data(estimator)
    fitted = _seeded(estimator).fit(X, y)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "weights"
        fitted.save_weights(path)
        loaded = _seeded(estimator).load_weights(path)
        _assert_same_bits(_outputs(loaded, X), _outputs(fitted, X), "weights from a file differ")
        whole = path.read_bytes()
        for i, place in enumerate(np.linspace(0, len(whole) - 1, 40).astype(int)):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << i % 8
            path.write_bytes(damaged)
            refused = refusal(_seeded(estimator).load_weights, path)
            assert refused, f"{name} loads weights with bit {i % 8} of byte {place} changed"
            assert str(path) in str(refused), f"{name} does not name the file: {refused}"


def check_documented_parameters(name: str, estimator: Any) -> None:
    """The documented parameters and defaults are those of the signature."""
    mismatches = signature_mismatches(type(estimator))
    assert not mismatches, f"{name}: {mismatches}"


def _applicable_checks(estimator: Any) -> Iterator[Callable[[str, Any], None]]:
    yield check_input_kept
    yield check_memory_layout
    yield check_clone_and_pickle
    yield check_global_generators_untouched
    yield check_documented_parameters
    yield check_fits_in_threads
    yield check_interrupted_fit
    yield check_argument_named
    if hasattr(estimator, "transform"):
        yield check_feature_names_in_pipeline
        yield check_graph_rows
        yield check_float_types
    if get_tags(estimator).input_tags.pairwise and hasattr(estimator, "transform"):
        yield check_complete_graph_equals_dense
        yield check_rows_of_graph_independent
        yield check_sparse_containers
        yield check_bad_graphs
    if hasattr(estimator, "save_weights"):
        yield check_damaged_weights
    if "random_state" in estimator.get_params():
        yield check_seed_in_fresh_process


def sksim_checks_generator(estimator: Any) -> Iterator[tuple[Any, Callable[[Any], None]]]:
    """Yield pairs (estimator, check) of all checks that apply to an estimator.

    Parameters
    ----------
    estimator : estimator object
        An unfitted estimator.

    Yields
    ------
    estimator : estimator object
        The same estimator.
    check : callable
        Called as ``check(estimator)``; raises AssertionError on failure.
    """
    name = type(estimator).__name__
    for check in _applicable_checks(estimator):
        yield estimator, partial(check, name)


def check_sksim_estimator(estimator: Any) -> None:
    """Run all of sksim's checks on an estimator.

    Parameters
    ----------
    estimator : estimator object
        An unfitted estimator.

    Examples
    --------
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sksim.utils.estimator_checks import check_feature_names_in_pipeline
    >>> check_feature_names_in_pipeline("StandardScaler", StandardScaler())
    """
    for instance, check in sksim_checks_generator(estimator):
        check(instance)

"""Every argument of the public functions and methods that is an array, with good and bad values.

The arguments are found by their annotations. A good value is drawn by the argument's name, whose
meaning is the same in all of sksim; an array of a new name fails here until it has one.
"""

import functools
import inspect
import re
import typing

import numpy as np
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import pairwise_distances
from sklearn.neighbors import kneighbors_graph, sort_graph_by_row_values
from sklearn.neural_network import MLPClassifier
from sklearn.utils import get_tags

from sksim import metrics
from sksim.utils._typing import ArrayLike

__all__ = ["accumulator_cases", "accumulators", "function_cases", "method_cases"]

N = 20
LABELS = np.arange(N) % 3
#: Vectors of numbers or labels, all other arrays are matrices.
VECTORS = {
    "y": LABELS,
    "z": LABELS,
    "y_indexed": LABELS,
    "y_true": LABELS,
    "y_pred_a": np.where(np.arange(N) % 5, LABELS, np.roll(LABELS, 1)),
    "y_pred_b": np.where(np.arange(N) % 4, LABELS, np.roll(LABELS, 1)),
    "classes": np.arange(3),
    "class_sizes": np.arange(5, 10),
    "occurrence": np.arange(N) % 5 + 1.0,
    "sample_weight": np.ones(N),
    "inputs": np.arange(3),
    "labels": np.arange(3),
    "trained": np.arange(3),
    "gallery": np.arange(10),
    "groups": LABELS,
    "pivot": "auto",
    "intercept": np.zeros(3),
    "t": 0.5,
    "partners": np.arange(N),
    "repeats": np.arange(N) // 5,
    "times": np.linspace(0.1, 2.0, N),
}
LABEL_NAMES = {
    "groups",
    "y",
    "z",
    "y_indexed",
    "y_true",
    "y_pred_a",
    "y_pred_b",
    "classes",
    "repeats",
}
#: Arguments that are no arrays.
OTHERS = {
    "n_neighbors": 3,
    "n_queries": N,
    "n_indexed": N,
    "n_samples": 3,
    "representations": [np.random.RandomState(i).standard_normal((N, 4)) for i in range(2)],
    "reg": 0.1,
    "n_steps": 2,
    "n_nonzero": 2,
    "vocabulary": [f"word{i}" for i in range(N)],
    "layers": [np.random.RandomState(0).standard_normal((N, 4))],
    "metric": "euclidean",
    "model": MLPClassifier(hidden_layer_sizes=(5,), tol=1e9, n_iter_no_change=1).fit(
        np.eye(5)[LABELS, :4], LABELS
    ),
    "estimators": [LogisticRegression().fit(np.eye(5)[LABELS, :4], LABELS)],
}


def _matrix(name, seed=0):
    rng = np.random.RandomState(seed + sum(map(ord, name)))
    if name.startswith("log_"):
        return log_softmax(rng.standard_normal((N, 3)), axis=1)
    if name in ("g", "g1", "g2"):
        return rng.standard_normal((3, 2))
    if name in ("f", "f1", "f2"):
        return rng.standard_normal((N, 2))
    if name == "indices":
        # As many as the largest default of a number of neighbours.
        return (np.arange(N)[:, None] + np.arange(1, 11)) % N
    if name == "coef":
        return rng.standard_normal((3, 4))
    if name == "subspaces":
        return np.eye(4).reshape(2, 2, 4).transpose(0, 2, 1)
    if name.startswith("variance"):
        return np.exp(rng.standard_normal((N, 4)))
    if name == "relevant":
        return rng.uniform(size=(N, N)) < 0.3
    if name in ("Z", "mean_p", "mean_q"):
        return rng.standard_normal((N, 4))
    if name == "sources":
        return np.stack([np.arange(N) % 3, np.arange(N) // 10], axis=1)
    if name in ("D", "D_embedded", "label_distances"):
        return pairwise_distances(rng.standard_normal((N, 4)))
    if name == "M":
        return rng.uniform(size=(N, N))
    if name in ("rdm", "rdms", "models"):  # of N conditions, one or several
        D = pairwise_distances(rng.standard_normal((N, 4)))
        return D if name == "rdm" else np.stack([D, D**2])
    if name in ("noise", "sigma_k"):
        A = rng.standard_normal((N, 4 if name == "noise" else N))
        return A.T @ A
    if name in (
        "X",
        "Y",
        "X_new",
        "X_old",
        "X_positive",
        "bank",
        "vectors",
        "queries",
        "H",
        "latents",
        "components",
        "codes",
        "word_vectors",
    ):
        return rng.standard_normal((N, 4))
    raise LookupError(f"tests/array_arguments.py has no example of an array that is named {name}.")


def example(name):
    if name in ("graph", "blocks"):
        graph = kneighbors_graph(_matrix("X"), 12, mode="distance")
        graph = sort_graph_by_row_values(graph, warn_when_not_sorted=False)
        return graph if name == "graph" else [graph]
    return {**VECTORS, **OTHERS}[name] if name in {**VECTORS, **OTHERS} else _matrix(name)


def array_parameters(function):
    """Names of the parameters that are annotated as arrays."""
    array = set(typing.get_args(ArrayLike))
    hints = typing.get_type_hints(function)
    return [
        name
        for name in inspect.signature(function).parameters
        if array <= set(typing.get_args(hints.get(name)))
    ]


def good_values(function, name):
    """The arguments that a function requires, and the one that is tried."""
    values = {}
    for parameter in inspect.signature(function).parameters.values():
        required = parameter.default is parameter.empty and parameter.kind is not (
            parameter.VAR_KEYWORD
        )
        if required or parameter.name == name:
            values[parameter.name] = example(parameter.name)
    if name in ("y_indexed",):
        values["Y"], values["y"] = _matrix("Y"), LABELS
    if name == "y" and "X" in values:
        values["y"] = LABELS
    if name == "intercept":
        values["coef"] = _matrix("coef")
    if "H" in values and "noise" in values:  # of a layer, its standard deviation
        values["noise"] = 0.5
    if function.__name__ == "position_context_decomposition":
        values["H"] = np.random.RandomState(0).standard_normal((N, 5, 4))
    return values


def _masked(A):
    return np.ma.masked_array(A, mask=np.arange(A.size).reshape(A.shape) == 0)


def _with_nan(A):
    A = A.astype(float)
    A.flat[0] = np.nan
    return A


#: Values that no array argument takes, made from a good one.
BAD_VALUES = {
    "empty": lambda A: A[:0],
    "ragged": lambda A: [[1.0, 2.0], [1.0]],
    "scalar": lambda A: np.array(1.5),
    "deep": lambda A: np.ones((2, 2, 2)) * 1.5,
    "masked": _masked,
    "nan": _with_nan,
}
#: Values that no array of numbers takes; labels may be any of them.
BAD_NUMBERS = {
    "complex": lambda A: A + 1j,
    "dates": lambda A: np.datetime64("2020-01-01") + np.abs(np.round(A)).astype(int),
    "durations": lambda A: np.abs(np.round(A)).astype("m8[D]"),
    "text": lambda A: np.full(A.shape, "a"),
    "objects": lambda A: np.full(A.shape, object()),
    "model": lambda A: LogisticRegression(),
    "mapping": lambda A: {"layer": A},
}
#: Values that no matrix takes.
BAD_MATRICES = {"flat": lambda A: A[0], "no columns": lambda A: A[:, :0]}


def bad_values(name, good):
    """Pairs (kind, value) for the argument of this name."""
    good = np.asarray(good)
    makers = dict(BAD_VALUES)
    if name not in LABEL_NAMES or good.ndim == 2:
        makers |= BAD_NUMBERS
    if name not in VECTORS or (name == "y" and good.ndim == 2):
        makers |= BAD_MATRICES
    if good.ndim == 0:
        return
    if name == "y" and good.ndim == 2:
        del makers["flat"]
    for kind, make in makers.items():
        yield kind, make(good)


def fast(Estimator):
    """An estimator that trains for one epoch."""
    estimator = Estimator()
    params = estimator.get_params()
    quick = {"max_epochs": 1, "n_seeds": 2, "estimator__max_epochs": 1, "n_score_steps": 2}
    return estimator.set_params(**{k: v for k, v in quick.items() if k in params})


def method_values(estimator, method, name):
    """Good arguments of a method: those that it requires, and the one that is tried."""
    tags = get_tags(estimator)
    function = getattr(estimator, method)
    values = {}
    for parameter in inspect.signature(function).parameters.values():
        required = parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        )
        targets = parameter.name == "y" and tags.target_tags.required
        if required or parameter.name == name or targets:
            values[parameter.name] = example(parameter.name)
    if "X" in values and tags.input_tags.pairwise:
        values["X"] = pairwise_distances(_matrix("X"))
    if "y" in values and tags.target_tags.multi_output and not tags.target_tags.single_output:
        values["y"] = _matrix("Y")
    return values


def fitted(Estimator):
    """A fitted estimator."""
    estimator = fast(Estimator)
    return estimator.fit(**method_values(estimator, "fit", "X"))


def used_parameters(estimator, method):
    """The arrays that a method looks at: y is for the pipeline where the tags do not want it."""
    wanted = get_tags(estimator).target_tags.required
    function = getattr(estimator, method)
    ignored = re.findall(r"(\w+) : (?:None\b|.*\s*Ignored\b)", inspect.getdoc(function) or "")
    return [
        name
        for name in array_parameters(function)
        if name not in ("graph", *ignored) and (name != "y" or wanted)
    ]


def accumulators():
    """Public classes of ``sksim.metrics`` that are given arrays by their methods."""
    classes = (getattr(metrics, name) for name in metrics.__all__)
    return [Class for Class in classes if inspect.isclass(Class) and public_methods(Class)]


def public_methods(Estimator):
    return [
        name
        for name, member in inspect.getmembers(Estimator)
        if not name.startswith("_") and inspect.isfunction(member) and "sksim" in member.__module__
    ]


def function_cases(function):
    """All bad calls of a function: it, name of the argument, kind of the value, arguments."""
    for name in array_parameters(function):
        values = good_values(function, name)
        for kind, bad in bad_values(name, values[name]):
            yield function, name, kind, {**values, name: bad}


def accumulator_cases(Accumulator):
    """All bad calls of an accumulator's methods, new and after a good batch."""
    for method in public_methods(Accumulator):
        for name in array_parameters(getattr(Accumulator, method)):
            for n_batches in (0, 1):
                accumulator = Accumulator()
                function = getattr(accumulator, method)
                values = good_values(function, name)
                for _ in range(n_batches):
                    function(**values)
                for kind, bad in bad_values(name, values[name]):
                    yield function, name, kind, {**values, name: bad}


def method_cases(Estimator):
    """All bad calls of an estimator's methods, as ``function_cases`` gives them."""
    ready = fitted(Estimator)
    for method in filter(functools.partial(hasattr, ready), public_methods(Estimator)):
        for name in used_parameters(ready, method):
            estimator = fast(Estimator) if "fit" in method else ready
            values = method_values(estimator, method, name)
            for kind, bad in bad_values(name, values[name]):
                yield getattr(estimator, method), name, kind, {**values, name: bad}

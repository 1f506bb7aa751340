"""Checks that the record of a measure is true: what it claims holds, what it denies does not.

They need nothing but the record, and so serve measures of others too; each check draws its
example from a seed.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import inspect
import math
import pickle
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import log_softmax
from scipy.stats import ortho_group

__all__ = [
    "change_effect",
    "changed",
    "check_measure",
    "claims",
    "example",
    "fixed_checks",
    "has_witness",
    "paired_data",
    "random_checks",
    "relative_difference",
    "triangle_excess",
    "triple",
    "value",
]

#: Up to this difference two values are equal but for rounding; from the second on they differ.
SAME, DIFFERENT = 1e-7, 1e-4
N_WITNESSES = 100

Arrays: TypeAlias = tuple[np.ndarray, ...]
Check: TypeAlias = Callable[[Any, int], None]

#: Kinds that judge representations; the other array of a probe is its target, of a graph measure
#: what the first one is compared with.
_REPRESENTATIONS = ("paired", "quality", "probe", "graph")


class _Sizes(NamedTuple):
    """Shape of the neighbour search of the examples of counts."""

    n_queries: int = 40
    n_indexed: int = 40
    n_neighbors: int = 4


# --- examples -------------------------------------------------------------------------------


def paired_data(seed: int, n_samples: int, width_x: int, width_y: int, n_shared: int = 3) -> Arrays:
    """Two representations of the same samples that share some latent directions."""
    rng = np.random.RandomState(seed)
    shared = rng.standard_normal((n_samples, n_shared))
    return tuple(
        shared @ rng.standard_normal((n_shared, width))
        + 0.7 * rng.standard_normal((n_samples, width))
        + rng.standard_normal(width)
        for width in (width_x, width_y)
    )


def _counts(rng: np.random.RandomState, sizes: _Sizes) -> np.ndarray:
    """Occurrence in neighbour lists that prefer some samples."""
    preference = np.exp(rng.standard_normal(sizes.n_indexed))
    counts = np.zeros(sizes.n_indexed)
    for _ in range(sizes.n_queries):
        keys = rng.exponential(size=sizes.n_indexed) / preference
        counts[np.argsort(keys)[: sizes.n_neighbors]] += 1
    return counts


#: Labels and dimensions of models: with few labels the terms over inputs decide d_LLV, with many
#: not all sets of labels are tried where they are drawn.
_MODEL_SIZES = ((5, 4), (9, 8), (12, 3))


def _models(seed: int, n_samples: int, inputs: str) -> Arrays:
    """Two models p(y|x) ~ exp(f(x).g(y)), the second near the first."""
    rng = np.random.RandomState(seed)
    n_labels, size = _MODEL_SIZES[seed % len(_MODEL_SIZES)]
    f, g = rng.standard_normal((n_samples, size)), rng.standard_normal((n_labels, size))
    f2, g2 = f + 0.3 * rng.standard_normal(f.shape), g + 0.3 * rng.standard_normal(g.shape)
    if inputs == "embeddings":
        return f, g, f2, g2
    return log_softmax(f @ g.T, axis=1), log_softmax(f2 @ g2.T, axis=1)


def _predictions(rng: np.random.RandomState, n_samples: int, n_arrays: int) -> Arrays:
    """True labels, and those of two models that err now and then."""
    y = rng.randint(3, size=n_samples)
    a, b = (
        np.where(rng.uniform(size=n_samples) < 0.4, rng.randint(3, size=y.size), y) for _ in "ab"
    )
    return (y, a, b)[3 - n_arrays :]


def _targets(rng: np.random.RandomState, X: np.ndarray, targets: str) -> np.ndarray:
    """Values, or classes of about equal size, that the first features tell with some noise."""
    y = X[:, 0] - X[:, 1] + 0.3 * rng.standard_normal(len(X))
    return y if targets == "values" else np.argsort(np.argsort(y)) * 3 // len(y)


def _graph_pair(seed: int, n_samples: int, width: int, inputs: str) -> Arrays:
    """Vectors of nodes with the graph of the nearest ones in a related space, or two distances."""
    X, Y = paired_data(seed, n_samples, width, width)
    D_embedded, D = cdist(X, X), cdist(Y, Y)
    if inputs == "distances":
        return D, D_embedded
    nearest = np.argsort(D, axis=1)[:, 1 : 2 + min(2, n_samples // 4)]
    graph = np.zeros((n_samples, n_samples))
    np.put_along_axis(graph, nearest, 1.0, axis=1)
    return X, graph


def _ranked_lists(rng: np.random.RandomState, n_queries: int) -> Arrays:
    """The first items of each query, and which items are relevant, at least one for each."""
    n_items, n_ranks = 20, 12
    relevant = rng.uniform(size=(n_queries, n_items)) < 0.15
    relevant[np.arange(n_queries), rng.randint(n_items, size=n_queries)] = True
    closeness = relevant + rng.standard_normal(relevant.shape)
    return np.argsort(-closeness, axis=1)[:, :n_ranks], relevant


def example(
    measure: Any, seed: int, n_samples: int = 30, widths: tuple[int, int] | None = None
) -> Arrays:
    """The arrays of an example; representations are 3 to 6 wide unless told otherwise."""
    rng = np.random.RandomState(seed)
    if measure.kind == "occurrence":
        return (_counts(rng, _Sizes()),)
    if measure.kind == "distribution":
        return _models(seed, n_samples, measure.inputs)
    if measure.kind == "labels":
        return _predictions(rng, n_samples, measure.n_arrays)
    if measure.kind == "ranking":
        return _ranked_lists(rng, n_samples)
    width_x, width_y = widths or rng.randint(3, 7, size=2)
    if measure.kind == "probe":
        X, _ = paired_data(seed, n_samples, width_x, width_x)
        return X, _targets(rng, X, measure.targets)
    if measure.kind == "graph":
        return _graph_pair(seed, n_samples, width_x, measure.inputs)
    if measure.kind == "quality":
        width_x = min(width_x, measure.max_features or width_x)
        X, Y = paired_data(seed, n_samples, width_x, width_x)
        return (X, X + 0.5 * Y)[: measure.n_arrays]
    return paired_data(
        seed, n_samples, width_x, width_x if measure.needs_equal_features else width_y
    )


def value(measure: Any, arrays: Arrays) -> float:
    """The measure of the arrays of an example."""
    if measure.kind == "occurrence":
        return measure.value(*arrays, _Sizes())
    return measure(*arrays)


def _with_representations(measure: Any, arrays: Arrays, change: Callable) -> Arrays:
    """The arrays, those changed that are representations."""
    n_targets = 1 if measure.kind in ("probe", "graph") else 0
    last = len(arrays) - n_targets if measure.kind in _REPRESENTATIONS else 0
    return (*(change(X) for X in arrays[:last]), *arrays[last:])


def relative_difference(a: float, b: float) -> float:
    """Difference, relative to the larger value where that exceeds one."""
    return abs(a - b) / max(1.0, abs(a), abs(b))


# --- changes, by the words of the records -------------------------------------------------


def changed(X: np.ndarray, change: str, seed: int) -> np.ndarray:
    """A representation after a random change of the named kind."""
    rng = np.random.RandomState(seed)
    n_samples, width = X.shape
    if change == "orthogonal":
        return X @ ortho_group.rvs(width, random_state=rng)
    if change == "scale":
        return X * rng.uniform(1.5, 4.0)
    if change == "translation":
        return X + rng.uniform(2.0, 5.0, size=width) * rng.choice([-1.0, 1.0], size=width)
    if change == "permutation":
        return X[:, np.roll(np.arange(width), 1 + rng.randint(width - 1))]
    if change == "row_scale":
        return X * np.exp(rng.uniform(-1.0, 1.0, size=(n_samples, 1)))
    if change == "row_order":
        return X[rng.permutation(n_samples)]
    if change == "duplication":
        return np.vstack([X, X])
    rotations = ortho_group.rvs(width, size=2, random_state=rng)
    return X @ (rotations[0] * rng.uniform(0.3, 3.0, size=width)) @ rotations[1]


def _changed_counts(counts: np.ndarray, change: str, seed: int) -> np.ndarray:
    if change == "order":
        return np.random.RandomState(seed).permutation(counts)
    return counts / 2 if change == "scale" else np.tile(counts, 2)


def _changed_models(measure: Any, arrays: Arrays, change: str, seed: int) -> Arrays:
    rng = np.random.RandomState(seed)
    if change == "gauge" and measure.inputs == "log_probabilities":
        return arrays  # which do not see it
    if measure.inputs == "log_probabilities":
        axis = ["row_order", "label_order"].index(change)
        order = rng.permutation(arrays[0].shape[axis])
        return tuple(np.take(log_p, order, axis=axis) for log_p in arrays)
    f1, g1, f2, g2 = arrays
    if change == "row_order":
        order = rng.permutation(len(f1))
        return f1[order], g1, f2[order], g2
    if change == "gauge":
        left, right = (ortho_group.rvs(f1.shape[1], random_state=rng) for _ in range(2))
        B = left * rng.uniform(0.5, 2.0, size=len(left)) @ right
        return f1 @ B.T, g1 @ np.linalg.inv(B) + rng.standard_normal(len(B)), f2, g2
    order = rng.permutation(len(g1))
    return f1, g1[order], f2, g2[order]


def _changed_labels(arrays: Arrays, change: str, seed: int) -> Arrays:
    rng = np.random.RandomState(seed)
    if change == "row_order":
        order = rng.permutation(len(arrays[0]))
        return tuple(y[order] for y in arrays)
    names = rng.permutation(["ant", "bee", "cat"])
    return tuple(names[y] for y in arrays)


def _changed_probe(measure: Any, arrays: Arrays, change: str, seed: int) -> Arrays:
    X, y = arrays
    rng = np.random.RandomState(seed)
    if change == "target":
        if measure.targets == "values":
            return X, rng.uniform(1.5, 4.0) * y + rng.uniform(2.0, 5.0)
        names = rng.permutation(["ant", "bee", "cat"])
        return X, names[y]
    if change == "row_order":
        order = rng.permutation(len(X))
        return X[order], y[order]
    return changed(X, change, seed), np.tile(y, 2) if change == "duplication" else y


def _points_of(D: np.ndarray) -> np.ndarray:
    """Points with given Euclidean distances, by classical scaling."""
    squares = D**2
    means = squares.mean(axis=0)
    values, vectors = np.linalg.eigh(-0.5 * (squares - means - means[:, None] + means.mean()))
    kept = values > 1e-9 * values[-1]
    return vectors[:, kept] * np.sqrt(values[kept])


def _changed_graph_pair(measure: Any, arrays: Arrays, change: str, seed: int) -> Arrays:
    rng = np.random.RandomState(seed)
    first, second = arrays
    if change == "node_order":
        order = rng.permutation(len(first))
        second = second[np.ix_(order, order)]
        return first[order] if measure.inputs == "graph" else first[np.ix_(order, order)], second
    if measure.inputs == "graph":
        return changed(first, change, seed), second
    points = changed(_points_of(second), change, seed)
    return first, cdist(points, points)


def _changed_ranking(arrays: Arrays, change: str, seed: int) -> Arrays:
    rng = np.random.RandomState(seed)
    indices, relevant = arrays
    if change == "query_order":
        order = rng.permutation(len(indices))
        return indices[order], relevant[order]
    if change == "rank_order":
        return np.stack([rng.permutation(ranked) for ranked in indices]), relevant
    names = rng.permutation(relevant.shape[1])
    return names[indices], relevant[:, np.argsort(names)]


def change_example(measure: Any, arrays: Arrays, change: str, side: str, seed: int) -> Arrays:
    """The arrays after a change, of one side of a pair, of all arrays of the other kinds."""
    if measure.kind == "paired":
        X, Y = arrays
        return (changed(X, change, seed), Y) if side == "x" else (X, changed(Y, change, seed))
    if measure.kind == "quality":
        return tuple(changed(X, change, seed) for X in arrays)
    if measure.kind == "occurrence":
        return (_changed_counts(arrays[0], change, seed),)
    if measure.kind == "distribution":
        return _changed_models(measure, arrays, change, seed)
    if measure.kind == "probe":
        return _changed_probe(measure, arrays, change, seed)
    if measure.kind == "ranking":
        return _changed_ranking(arrays, change, seed)
    if measure.kind == "graph":
        return _changed_graph_pair(measure, arrays, change, seed)
    return _changed_labels(arrays, change, seed)


def change_effect(
    measure: Any, change: str, side: str, seed: int, widths: tuple[int, int] | None = None
) -> float:
    """How much a change moves the value, in units of the range where that is less than one."""
    arrays = example(measure, seed, widths=widths)
    after = change_example(measure, arrays, change, side, seed + 1)
    unit = min(1.0, measure.range[1] - measure.range[0])
    return relative_difference(value(measure, arrays) / unit, value(measure, after) / unit)


def claims(measure: Any) -> Iterator[tuple[str, str, bool]]:
    """Each change and side that the record speaks of, and whether the value is said to stay."""
    for change in measure.changes:
        for side in "xy" if measure.kind == "paired" else "x":
            yield change, side, measure.invariant_to(change, side)


# --- checks of one example ------------------------------------------------------------------


def check_claimed_invariances(measure: Any, seed: int) -> None:
    """What is claimed to leave the value as it is does so."""
    for change, side, is_claimed in claims(measure):
        if is_claimed:
            effect = change_effect(measure, change, side, seed)
            assert effect < SAME, f"{measure.name}: {change} of {side} moves the value by {effect}"


def check_range(measure: Any, seed: int) -> None:
    """The value is a float in the range, for related and for unrelated arrays."""
    arrays = example(measure, seed)
    rng = np.random.RandomState(seed + 1)
    unrelated = arrays
    if measure.kind == "probe":
        unrelated = (rng.standard_normal(arrays[0].shape), arrays[1])
    elif measure.kind == "graph":
        unrelated = (arrays[0], example(measure, seed + 1, len(arrays[0]))[1])
    elif measure.kind in _REPRESENTATIONS:
        unrelated = (*arrays[:-1], rng.standard_normal(arrays[-1].shape))
    low, high = measure.range
    for some in (arrays, unrelated):
        result = value(measure, some)
        assert isinstance(result, float), f"{measure.name} returns {type(result).__name__}"
        assert low <= result <= high, f"{measure.name}: {result} is not in [{low}, {high}]"


def exchanged(measure: Any, arrays: Arrays) -> Arrays:
    """The arrays with the two models, or sides, exchanged; true labels stay first."""
    n_first = len(arrays) % 2
    half = (len(arrays) - n_first) // 2
    first, one, other = arrays[:n_first], arrays[n_first:][:half], arrays[n_first:][half:]
    return (*first, *other, *one)


def check_symmetric(measure: Any, seed: int) -> None:
    """The two sides can be exchanged."""
    arrays = example(measure, seed)
    difference = relative_difference(
        value(measure, arrays), value(measure, exchanged(measure, arrays))
    )
    assert difference < 1e-10, f"{measure.name}: exchanged sides differ by {difference}"


def check_identity(measure: Any, seed: int) -> None:
    """Equal sides have the best value; a distance of representations is then exactly 0.

    So that scipy takes a matrix of them for distances.
    """
    arrays = example(measure, seed)
    n_first = len(arrays) % 2
    half = (len(arrays) - n_first) // 2
    same = arrays[: n_first + half] + tuple(X.copy() for X in arrays[n_first : n_first + half])
    result = value(measure, same)
    assert abs(result - measure.best) < SAME, f"{measure.name}: {result} for equal sides"
    if measure.kind == "paired" and not measure.greater_is_better:
        assert result == 0.0, f"{measure.name}: {result} for equal representations"
        assert measure(*(X.astype(np.float32) for X in same)) == 0.0, measure.name


def _at_two_temperatures(measure: Any, arrays: Arrays) -> Arrays:
    """The first model, and one with logits twice as large."""
    if measure.inputs == "embeddings":
        f, g, *_ = arrays
        return f, g, f, 2 * g
    return arrays[0], log_softmax(2 * arrays[0], axis=1)


def check_definite(measure: Any, seed: int) -> None:
    """Different distributions are apart, those of equal representations among them."""
    arrays = example(measure, seed)
    for different in (arrays, _at_two_temperatures(measure, arrays)):
        result = value(measure, different)
        assert result > SAME, f"{measure.name}: {result} for different distributions"


def triple(seed: int, n_samples: int, widths: tuple[int, ...]) -> Arrays:
    """Three representations, the second often on the way from the first to the third."""
    rng = np.random.RandomState(seed)
    A, B, C = (rng.standard_normal((n_samples, width)) for width in widths)
    if len(set(widths)) == 1 and rng.uniform() < 0.7:
        weight = rng.uniform(0.2, 0.8)
        B = weight * A + (1 - weight) * C
    return A, B, C


def triangle_excess(
    measure: Any, distance: Callable[[float], float], A: Any, B: Any, C: Any
) -> float:
    """How much the way over B is shorter than the direct one; positive is a violation."""
    A, B, C = (part if isinstance(part, tuple) else (part,) for part in (A, B, C))
    ac, ab, bc = (distance(measure(*one, *other)) for one, other in ((A, C), (A, B), (B, C)))
    return ac - ab - bc


def check_triangle(measure: Any, seed: int) -> None:
    """The form of the value that is called a metric satisfies the triangle inequality."""
    if measure.kind == "distribution":
        arrays, others = example(measure, seed), example(measure, seed + len(_MODEL_SIZES))
        half = len(arrays) // 2
        A, B, C = arrays[:half], arrays[half:], others[half:]
        triples: list[tuple[Any, ...]] = [(A, B, C), (B, A, C)]
    else:
        width = 3 + seed % 4
        triples = [triple(seed, 24, (width, width, width))]
        if not measure.needs_equal_features:
            widths = tuple(np.random.RandomState(seed).randint(3, 7, size=3))
            triples.append(triple(seed, 24, widths))
    for A, B, C in triples:
        excess = triangle_excess(measure, measure.distance, A, B, C)
        assert excess <= SAME, f"{measure.name}: triangle inequality violated by {excess}"


def check_row_order(measure: Any, seed: int) -> None:
    """Reordering the rows of both sides alike leaves the value as it is."""
    X, Y = example(measure, seed)
    order = np.random.RandomState(seed).permutation(X.shape[0])
    difference = relative_difference(measure(X, Y), measure(X[order], Y[order]))
    assert difference < 1e-9, f"{measure.name}: the order of the rows matters: {difference}"


def check_steps(measure: Any, seed: int) -> None:
    """The steps give the value of the function, survive pickling, and permute as the rows do."""
    X, Y = example(measure, seed)
    order = np.random.RandomState(seed).permutation(X.shape[0])
    steps = pickle.loads(pickle.dumps(measure.steps()))
    x, y = pickle.loads(pickle.dumps((steps.prepare(X), steps.prepare(Y))))
    assert abs(steps.compare(x, y) - measure(X, Y)) < 1e-12, measure.name
    permuted = steps.compare(x, steps.permute(y, order))
    assert relative_difference(permuted, measure(X, Y[order])) < 1e-9, measure.name


def check_float32(measure: Any, seed: int) -> None:
    """float32 input agrees with the same numbers in float64."""
    arrays = _with_representations(measure, example(measure, seed), np.float32)
    exact = measure(*_with_representations(measure, arrays, np.float64))
    difference = relative_difference(measure(*arrays), exact)
    assert difference < 1e-4, f"{measure.name}: float32 differs by {difference}"


def check_noise_moves_away(measure: Any, seed: int) -> None:
    """More noise on one side, further from the best value."""
    X, _ = example(measure, seed, n_samples=40)
    rng = np.random.RandomState(seed + 1)
    # Of clouds as wholes, noise can move one number by little now and then.
    noises = rng.standard_normal((5 if measure.ignores_pairing else 1, *X.shape))
    far, near = (
        max(abs(measure.best - measure(X, X + size * noise)) for noise in noises)
        for size in (3.0, 0.01)
    )
    assert near < far, f"{measure.name}: {near} off the best for little noise, {far} for much"


# --- checks that are made once ----------------------------------------------------------------


def has_witness(measure: Any, change: str, side: str) -> bool:
    """Whether some example is moved by a change."""
    effects = (change_effect(measure, change, side, s, (5, 5)) for s in range(N_WITNESSES))
    return any(effect > DIFFERENT for effect in effects)


def check_denied_invariances(measure: Any, seed: int = 0) -> None:
    """What is not claimed has a witness: an example that a change moves."""
    for change, side, is_claimed in claims(measure):
        assert is_claimed or has_witness(measure, change, side), (
            f"{measure.name}: {change} of {side} changes nothing, claim the invariance"
        )


def check_claims_imply_each_other(measure: Any, seed: int = 0) -> None:
    """Rotations and scales are invertible maps, permutations are rotations."""
    for side in "xy":
        claimed = {change for change in measure.changes if measure.invariant_to(change, side)}
        if "invertible" in claimed:
            assert {"orthogonal", "scale"} <= claimed, measure.name
        if "orthogonal" in claimed:
            assert "permutation" in claimed, measure.name
        if "row_scale" in claimed:
            assert "scale" in claimed, measure.name


def check_not_symmetric(measure: Any, seed: int = 0) -> None:
    """The denied symmetry has a witness."""
    examples = (example(measure, s, widths=(5, 5)) for s in range(N_WITNESSES))
    differences = (
        relative_difference(value(measure, arrays), value(measure, exchanged(measure, arrays)))
        for arrays in examples
    )
    assert any(difference > DIFFERENT for difference in differences), (
        f"{measure.name} is symmetric, claim it"
    )


def check_not_definite(measure: Any, seed: int = 0) -> None:
    """Some different distributions are not apart."""
    result = value(measure, _at_two_temperatures(measure, example(measure, seed)))
    assert result < SAME, f"{measure.name}: {result} at two temperatures, claim that it is definite"


def check_draws(measure: Any, seed: int = 0) -> None:
    """What draws at random takes a seed, and draws with the same one unless told otherwise."""
    takes_a_seed = "random_state" in inspect.signature(measure.function).parameters
    assert measure.draws == takes_a_seed, f"{measure.name}: draws={measure.draws}"
    arrays = example(measure, seed, n_samples=60)
    assert value(measure, arrays) == value(measure, arrays), measure.name


def check_pairing_matters(measure: Any, seed: int = 0) -> None:
    """A permutation test has something to test."""
    X, Y = example(measure, seed, widths=(5, 5))
    assert relative_difference(measure(X, Y), measure(X, Y[::-1])) > 1e-3, measure.name


def _null_draw(measure: Any, rng: np.random.RandomState) -> float:
    """The value of an example without any effect."""
    if measure.kind == "occurrence":
        sizes = _Sizes(400, 400, 4)
        lists = [rng.permutation(sizes.n_indexed)[: sizes.n_neighbors] for _ in range(400)]
        counts = np.bincount(np.concatenate(lists), minlength=sizes.n_indexed)
        return measure.value(counts, sizes)
    if measure.kind == "labels":
        y = rng.randint(3, size=100)
        return measure(*(y, *rng.randint(3, size=(2, 100)))[3 - measure.n_arrays :])
    if measure.kind == "ranking":
        indices = np.stack([rng.permutation(20)[:12] for _ in range(30)])
        return measure(indices, _ranked_lists(rng, 30)[1])
    if measure.kind == "probe":
        X = rng.standard_normal((30, 6))
        return measure(X, rng.permutation(_targets(rng, X, measure.targets)))
    if measure.kind == "graph":
        seed = rng.randint(2**31 - 1)
        return measure(example(measure, seed)[0], example(measure, seed + 1)[1])
    if measure.kind == "quality":
        width = measure.max_features or 6
        return measure(*(rng.standard_normal((30, width)) for _ in range(measure.n_arrays)))
    width = 6 if measure.needs_equal_features else 4
    return measure(rng.standard_normal((30, 6)), rng.standard_normal((30, width)))


def check_null(measure: Any, seed: int = 0) -> None:
    """The mean over examples without any effect is the null value.

    Occurrence counts of one search have a fixed sum, which moves their measures by order 1/n.
    """
    rng = np.random.RandomState(seed)
    draws = np.array([_null_draw(measure, rng) for _ in range(200)])
    allowed = 4 * draws.std(ddof=1) / math.sqrt(draws.size)
    if measure.kind == "occurrence":
        null = measure.chance_level(_Sizes(400, 400, 4))
        allowed += 3 / 400 * abs(draws.mean()) + 1e-9
    else:
        null = measure.null(30) if callable(measure.null) else measure.null
    assert abs(draws.mean() - null) <= allowed, (
        f"{measure.name}: null {null}, mean of draws {draws.mean()}"
    )


def check_record(measure: Any, seed: int = 0) -> None:
    """The record describes its function: parameters, steps, and what the name says."""
    function, name = measure.function, measure.function.__name__
    parameters = inspect.signature(function).parameters
    assert set(measure.params) <= set(parameters), f"{measure.name}: {dict(measure.params)}"
    if not measure.params:
        assert measure.name == name.removesuffix("_score"), (
            f"{measure.name} names the defaults of {name}: call it {name.removesuffix('_score')}"
        )
    if name.endswith(("_score", "_similarity")):
        assert measure.greater_is_better, f"{name} says that greater is better"
    if name.endswith(("_distance", "_divergence", "_error", "_loss")):
        assert measure.greater_is_better is False, f"{name} says that less is better"
    if getattr(measure, "make_steps", None) is not None:
        arrays = [n for n, p in parameters.items() if p.kind is not p.KEYWORD_ONLY]
        expected = {n: (p.kind, p.default) for n, p in parameters.items() if n not in arrays}
        steps = inspect.signature(measure.make_steps).parameters
        got = {n: (p.kind, p.default) for n, p in steps.items()}
        assert got == expected, f"{measure.name}: make_steps takes {got}, not {expected}"


def check_input_kept(measure: Any, seed: int = 0) -> None:
    """The arrays stay as they are."""
    arrays = example(measure, seed)
    for dtype in (np.float64, np.float32):
        typed = _with_representations(measure, arrays, dtype)
        copies = tuple(X.copy() for X in typed)
        value(measure, typed)
        for X, copy in zip(typed, copies, strict=True):
            assert np.array_equal(X, copy), f"{measure.name} changes its input"


def check_integers_and_layout(measure: Any, seed: int = 0) -> None:
    """What counts are the numbers, not their type or where they lie in memory."""
    whole = _with_representations(
        measure, example(measure, seed), lambda X: np.round(100 * X).astype(np.int64)
    )
    floats = _with_representations(measure, whole, np.float64)
    expected = measure(*floats)
    assert relative_difference(measure(*whole), expected) < 1e-12, f"{measure.name}: integers"
    strided = _with_representations(
        measure, floats, lambda X: np.asfortranarray(np.repeat(X, 2, axis=1)[:, ::2])
    )
    backwards = tuple(X[::-1].copy()[::-1] for X in floats)
    for views in (strided, backwards):
        assert relative_difference(measure(*views), expected) < 1e-9, f"{measure.name}: layout"


def check_least_samples(measure: Any, seed: int = 0) -> None:
    """The least number of samples is enough, one less is refused."""
    arrays = example(measure, seed, n_samples=max(1, measure.min_samples), widths=(3, 3))
    _assert_raises(measure, tuple(X[:-1] for X in arrays), f"{measure.min_samples - 1} samples")
    low, high = measure.range
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            result = measure(*arrays)
        except ValueError as error:
            # Whether a covariance is positive definite is a matter of the width too.
            if "positive definite" not in str(error):
                raise
        else:
            assert low <= result <= high, f"{measure.name}: {result} for the fewest samples"


def _assert_raises(measure: Any, arrays: Arrays, what: str) -> None:
    try:
        result = value(measure, arrays)
    except (ValueError, TypeError):
        return
    raise AssertionError(f"{measure.name} gives {result} for {what} instead of an error")


def _with_entry(X: np.ndarray, entry: float) -> np.ndarray:
    X = X.astype(np.float64)
    X.flat[-1] = entry
    return X


_SPOILED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "NaN": lambda X: _with_entry(X, np.nan),
    "infinity": lambda X: _with_entry(X, np.inf),
    "complex numbers": lambda X: X + 1j,
    "a third axis": lambda X: X[..., None, None],
}


def check_bad_input(measure: Any, seed: int = 0) -> None:
    """What cannot be measured raises, in each of the arrays."""
    arrays = example(measure, seed)
    for what, spoil in _SPOILED.items():
        for i in range(len(arrays)):
            spoiled = (*arrays[:i], spoil(arrays[i]), *arrays[i + 1 :])
            _assert_raises(measure, spoiled, what)
    if measure.kind in _REPRESENTATIONS:
        for i in range(1 if measure.kind in ("probe", "graph") else len(arrays)):
            spoiled = (*arrays[:i], arrays[i].astype(str), *arrays[i + 1 :])
            _assert_raises(measure, spoiled, "text")
    if len(arrays) == 2 and getattr(measure, "needs_equal_samples", True):
        _assert_raises(measure, (arrays[0], arrays[1][:-1]), "unequal numbers of rows")


def check_unequal_samples(measure: Any, seed: int = 0) -> None:
    """What does not pair the rows takes any number of them on either side."""
    X, Y = example(measure, seed)
    low, high = measure.range
    for pair in ((X, Y[:-5]), (X[:-5], Y)):
        result = measure(*pair)
        assert low <= result <= high, f"{measure.name}: {result} for unequal numbers of rows"


def check_extreme_units(measure: Any, seed: int = 0) -> None:
    """Tiny and huge numbers give the same value, if the unit does not matter, or an error.

    No error where all arrays are in the same unit: products of two overflow or vanish first.
    """
    arrays = example(measure, seed, widths=(5, 5))
    expected = measure(*arrays)
    ignores_units = measure.invariant_to("scale") and measure.invariant_to("scale", "y")
    for factor in (1e-150, 1e150):
        if measure.kind == "paired":
            one_sided = _value_or_none(measure, (factor * arrays[0], arrays[1]))
            if one_sided is not None and measure.invariant_to("scale"):
                assert abs(one_sided - expected) < SAME, (
                    f"{measure.name}: {one_sided} with X in units of {factor:g}"
                )
        scaled = _with_representations(measure, arrays, lambda X, factor=factor: factor * X)
        result = _value_or_none(measure, scaled)
        if ignores_units:
            assert result is not None, f"{measure.name} refuses units of {factor:g}"
            assert abs(result - expected) < SAME, f"{measure.name}: {result} in units of {factor:g}"


def _value_or_none(measure: Any, arrays: Arrays) -> float | None:
    """The value, which is finite, or None where the measure refuses the arrays."""
    try:
        result = measure(*arrays)
    except ValueError:
        return None
    assert math.isfinite(result), f"{measure.name}: {result}"
    return result


def check_large_offsets(measure: Any, seed: int = 0) -> None:
    """Far from the origin the value loses no more digits than the input did."""
    arrays = example(measure, seed, widths=(5, 5))
    exact = measure(*arrays)
    for offset, dtype, tolerance in (
        (1e4, np.float64, 1e-7),
        (1e7, np.float64, 1e-5),
        (1e3, np.float32, 1e-4),
    ):
        moved = ((arrays[0] + offset).astype(dtype), *arrays[1:])
        difference = relative_difference(measure(*moved), exact)
        assert difference < tolerance, f"{measure.name}: {difference} at an offset of {offset:g}"


# --- which checks a record asks for -----------------------------------------------------------


def random_checks(measure: Any) -> Iterator[Check]:
    """Checks of one example, to be made for many seeds."""
    yield check_claimed_invariances
    yield check_range
    if getattr(measure, "symmetric", False):
        yield check_symmetric
    if getattr(measure, "identity", False):
        yield check_identity
    if getattr(measure, "definite", False):
        yield check_definite
    if getattr(measure, "distance", None) is not None:
        yield check_triangle
    if measure.kind in _REPRESENTATIONS:
        yield check_float32
    if measure.kind == "paired":
        yield check_steps
        if measure.row_order_free:
            yield check_row_order
        if measure.identity and math.isfinite(measure.best):
            yield check_noise_moves_away


def fixed_checks(measure: Any) -> Iterator[Check]:
    """Checks that are made once."""
    yield check_record
    yield check_denied_invariances
    yield check_claims_imply_each_other
    yield check_input_kept
    yield check_bad_input
    if not getattr(measure, "symmetric", True):
        yield check_not_symmetric
    if measure.kind == "distribution":
        yield check_draws
        if not measure.definite:
            yield check_not_definite
    if measure.null is not None:
        yield check_null
    if measure.kind in _REPRESENTATIONS:
        yield check_integers_and_layout
        yield check_least_samples
        yield check_extreme_units
        if measure.invariant_to("translation") and getattr(measure, "inputs", "") != "distances":
            yield check_large_offsets
    if measure.kind == "paired" and not measure.needs_equal_samples:
        yield check_unequal_samples
    if measure.kind == "paired" and not measure.ignores_pairing:
        yield check_pairing_matters


def check_measure(measure: Any, *, n_seeds: int = 5) -> None:
    """Check that every entry of the record of a measure is true.

    Parameters
    ----------
    measure : Measure
        The record, registered or not.
    n_seeds : int, default=5
        Number of examples for each claim.

    Raises
    ------
    AssertionError
        With the name of the measure and the entry that does not hold.
    """
    for check in random_checks(measure):
        for seed in range(n_seeds):
            check(measure, seed)
    for check in fixed_checks(measure):
        check(measure, 0)

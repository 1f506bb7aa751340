"""What the tags of a measure promise, as functions that a test or a table can evaluate."""

import math

import numpy as np
from scipy.stats import ortho_group

from sksim.metrics._measure import PairedMeasure


def paired_data(seed, n_samples, width_x, width_y, n_shared=3):
    """Two representations of the same samples that share some latent directions."""
    rng = np.random.RandomState(seed)
    shared = rng.standard_normal((n_samples, n_shared))
    return tuple(
        shared @ rng.standard_normal((n_shared, width))
        + 0.7 * rng.standard_normal((n_samples, width))
        + rng.standard_normal(width)
        for width in (width_x, width_y)
    )


def changed(X, change, seed):
    """X after a random change of the named kind."""
    rng = np.random.RandomState(seed)
    width = X.shape[1]
    if change == "orthogonal":
        return X @ ortho_group.rvs(width, random_state=rng)
    if change == "scale":
        return X * rng.uniform(1.5, 4.0)
    if change == "translation":
        return X + rng.uniform(2.0, 5.0, size=width) * rng.choice([-1.0, 1.0], size=width)
    if change == "permutation":
        return X[:, np.roll(np.arange(width), 1 + rng.randint(width - 1))]
    rotations = ortho_group.rvs(width, size=2, random_state=rng)
    return X @ (rotations[0] * rng.uniform(0.3, 3.0, size=width)) @ rotations[1]


def relative_difference(a, b):
    return abs(a - b) / max(1.0, abs(a), abs(b))


def change_effect(measure, change, side, seed, shape=(30, 5, 5)):
    """How much a change of one side moves the value."""
    X, Y = paired_data(seed, *shape)
    before = measure(X, Y)
    pair = (changed(X, change, seed + 1), Y) if side == "x" else (X, changed(Y, change, seed + 1))
    return relative_difference(before, measure(*pair))


def is_invariant(measure, change, side, seeds=range(5)):
    """Whether no example of a change of one side moves the value by more than rounding."""
    return all(change_effect(measure, change, side, seed) < 1e-7 for seed in seeds)


def triple(seed, n_samples, widths):
    """Three representations, the second often on the way from the first to the third."""
    rng = np.random.RandomState(seed)
    A, B, C = (rng.standard_normal((n_samples, width)) for width in widths)
    if len(set(widths)) == 1 and rng.uniform() < 0.7:
        weight = rng.uniform(0.2, 0.8)
        B = weight * A + (1 - weight) * C
    return A, B, C


def triangle_excess(measure, distance, A, B, C):
    """How much the way over B is shorter than the direct one; positive is a violation."""
    return distance(measure(A, C)) - distance(measure(A, B)) - distance(measure(B, C))


def symmetric(measure, seeds=range(5)):
    """Whether no example gives another value with the sides exchanged."""
    pairs = [paired_data(seed, 30, 5, 5) for seed in seeds]
    return all(relative_difference(measure(X, Y), measure(Y, X)) < 1e-9 for X, Y in pairs)


#: Names of the functions that turn a value into a metric.
METRIC_FORMS = {
    "acos": "arccos s",
    "identity": "itself",
    "complement": "1 - s",
    "angle_of_square": "arccos s^2",
}
LIMITS = {math.pi: "pi", math.pi / 2: "pi/2", math.sqrt(2.0): "sqrt 2"}


def range_text(low, high):
    """An interval, half-open where it is infinite."""
    left, right = (LIMITS.get(limit, f"{limit:g}") for limit in (low, high))
    return f"{'(' if math.isinf(low) else '['}{left}, {right}{')' if math.isinf(high) else ']'}"


def sides_text(sides):
    """Which of the sides "x" and "y" something holds for."""
    return {"": "no", "xy": "yes"}.get(sides, f"{sides.upper()} only")


def call_text(measure):
    """The function with the parameters that make the measure."""
    params = ", ".join(f"{name}={value!r}" for name, value in measure.params.items())
    return f"{measure.function.__name__}({params})" if params else measure.function.__name__


def null_text(measure, n_samples=100):
    """The chance level, for 100 samples where it depends on their number."""
    if measure.null is None:
        return "by permutation"
    if callable(measure.null):
        return f"{measure.null(n_samples):.3f} (n = {n_samples})"
    return f"{measure.null:g}"


def invariance_table(measures):
    """Rows of text: each measure, what it is, and what leaves it as it is, found by trying."""
    return [
        {
            "measure": measure.name,
            "function": call_text(measure),
            "closer is": "higher" if measure.greater_is_better else "lower",
            "range": range_text(*measure.range),
            "symmetric": "yes" if symmetric(measure) else "no",
            "metric": METRIC_FORMS[measure.distance.__name__] if measure.distance else "no",
            "chance": "no pairing" if measure.ignores_pairing else null_text(measure),
            **{
                change: sides_text("".join(s for s in "xy" if is_invariant(measure, change, s)))
                for change in PairedMeasure.changes
            },
        }
        for measure in measures
    ]

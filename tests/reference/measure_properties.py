"""What the tags of a measure promise, as functions that a test or a table can evaluate."""

import math

import numpy as np
from scipy.stats import ortho_group

from sksim.metrics._measure import INVARIANCES


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


def invariance_table(measures):
    """Rows of text: the name of each measure, what it is, and what leaves it as it is."""
    rows = []
    for measure in measures:
        row = {
            "measure": measure.name,
            "function": measure.score.__name__,
            "better": "higher" if measure.higher_is_better else "lower",
            "range": range_text(measure.range),
            "symmetric": yes(is_symmetric(measure)),
            "metric": metric_text(measure),
        }
        for change in INVARIANCES:
            sides = [side for side in "xy" if is_invariant(measure, change, side)]
            row[change] = {0: "no", 2: "yes"}.get(
                len(sides), f"{sides[0].upper()} only" if sides else "no"
            )
        rows.append(row)
    return rows


def yes(answer):
    return "yes" if answer else "no"


def metric_text(measure):
    if measure.distance is None:
        return "no"
    forms = {math.acos: "arc cosine", "as_is": "itself", "complement": "1 - s"}
    return forms.get(measure.distance) or forms.get(measure.distance.__name__, "arc cosine of s^2")


def range_text(limits):
    names = {
        0.0: "0",
        1.0: "1",
        -1.0: "-1",
        2.0: "2",
        math.inf: "inf",
        -math.inf: "-inf",
        math.pi: "pi",
        math.pi / 2: "pi/2",
        math.sqrt(2.0): "sqrt 2",
    }
    return "{}{}, {}{}".format(
        "(" if math.isinf(limits[0]) else "[",
        names[limits[0]],
        names[limits[1]],
        ")" if math.isinf(limits[1]) else "]",
    )


def is_symmetric(measure, seeds=range(5)):
    pairs = [paired_data(seed, 30, 5, 5) for seed in seeds]
    return all(relative_difference(measure(X, Y), measure(Y, X)) < 1e-9 for X, Y in pairs)

"""The table of measures in the user guide: what a record says in words, what trying it finds."""

import math

from sksim.metrics._measure import PairedMeasure
from sksim.utils._measure_checks import change_effect, exchanged, paired_data, relative_difference

#: Names of the functions that turn a value into a metric.
METRIC_FORMS = {
    "acos": "arccos s",
    "identity": "itself",
    "complement": "1 - s",
    "angle_of_square": "arccos s^2",
}
LIMITS = {math.pi: "pi", math.pi / 2: "pi/2", math.sqrt(2.0): "sqrt 2"}


def is_invariant(measure, change, side="x", seeds=range(20)):
    """Whether no example of a change of one side moves the value by more than rounding."""
    return all(change_effect(measure, change, side, seed, (5, 5)) < 1e-7 for seed in seeds)


def is_symmetric(measure, seeds=range(5)):
    """Whether no example gives another value with the sides exchanged."""
    pairs = [paired_data(seed, 30, 5, 5) for seed in seeds]
    return all(
        relative_difference(measure(*pair), measure(*exchanged(measure, pair))) < 1e-9
        for pair in pairs
    )


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
    """Rows of text: each paired measure, and what leaves it as it is, found by trying."""
    return [
        {
            "measure": measure.name,
            "function": call_text(measure),
            "closer is": "higher" if measure.greater_is_better else "lower",
            "range": range_text(*measure.range),
            "symmetric": "yes" if is_symmetric(measure) else "no",
            "metric": METRIC_FORMS[measure.distance.__name__] if measure.distance else "no",
            "chance": "no pairing" if measure.ignores_pairing else null_text(measure),
            **{
                change: sides_text("".join(s for s in "xy" if is_invariant(measure, change, s)))
                for change in PairedMeasure.changes
            },
        }
        for measure in measures
    ]


def quality_table(measures):
    """The same of the measures of one representation."""
    better = {True: "higher", False: "lower", None: "neither"}
    return [
        {
            "measure": measure.name,
            "function": call_text(measure),
            "better is": better[measure.greater_is_better],
            "range": range_text(*measure.range),
            **{
                change.replace("_", " "): "yes" if is_invariant(measure, change) else "no"
                for change in measure.changes
            },
        }
        for measure in measures
    ]

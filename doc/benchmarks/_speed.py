"""Comparisons of speed: what is run against what, at which sizes, and what was asked for.

A module ``speed_<family>.py`` beside this one defines ``COMPARISONS``, a list of `Comparison`;
``bench_speed.py`` runs them, writes the tables and draws the growth.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from _measure import cpu_seconds

# isort: split
import numpy as np

__all__ = ["Comparison", "Times", "exponent", "take_turns"]


@dataclass(frozen=True)
class Comparison:
    """One call of sksim beside its peers and its floor, on the same input.

    `make` turns a size into the arguments of all that is timed, and is not timed itself. `others`
    maps a name, as the page prints it, to what is timed; None stands for a peer that is not
    installed. `before` and `asked` are ratios, the CPU time of sksim over that of the other, by
    the same names: what was measured when the work began, and the most that it may be.
    """

    name: str
    make: Callable[[int], tuple]
    ours: Callable
    others: dict[str, Callable | None]
    n: int
    before: dict[str, float] = field(default_factory=dict)
    asked: dict[str, float] = field(default_factory=dict)
    growth: tuple[int, ...] = ()
    n_small: int = 200  # of a run that only shows that the comparison runs
    max_seconds: float = 20.0  # no further round begins after this


@dataclass(frozen=True)
class Times:
    """CPU seconds of every round: of sksim and of each other, in the same order."""

    ours: np.ndarray
    others: dict[str, np.ndarray]

    @property
    def seconds(self) -> float:
        return float(np.median(self.ours))

    def ratio(self, name: str) -> float:
        """Median over the rounds of the time of sksim over the time of the other."""
        return float(np.median(self.ours / self.others[name]))


def take_turns(comparison: Comparison, n: int, n_rounds: int, max_seconds: float) -> Times:
    """Time sksim and the others in turn, after one round that is not counted."""
    arguments = comparison.make(n)
    others = {name: call for name, call in comparison.others.items() if call is not None}
    calls = [comparison.ours, *others.values()]
    begin = time.perf_counter()
    for call in calls:
        call(*arguments)
    rounds: list[list[float]] = []
    while not rounds or (len(rounds) < n_rounds and time.perf_counter() - begin < max_seconds):
        rounds.append([cpu_seconds(lambda call=call: call(*arguments)) for call in calls])
    # A call below the clock's resolution would divide by zero.
    ours, *rest = np.maximum(np.array(rounds).T, 1e-9)
    return Times(ours, dict(zip(others, rest)))


def exponent(sizes, seconds) -> float:
    """Slope of log time over log size between the two largest sizes."""
    (n0, n1), (s0, s1) = sizes[-2:], seconds[-2:]
    return float(np.log(s1 / s0) / np.log(n1 / n0))

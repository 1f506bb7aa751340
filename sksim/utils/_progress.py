"""Progress of long work: a bar where tqdm is installed, otherwise one line that is rewritten.

A public function with ``verbose`` opens :func:`shown`; loops below it name themselves by
:func:`progress` or :class:`Steps`. Nothing is passed on from one to the other, and where nobody
has asked, a loop is only a loop.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self, TypeVar

__all__ = ["Steps", "progress", "shown"]

Item = TypeVar("Item")

#: Seconds between two states of the line.
_INTERVAL = 0.5


#: Seconds after which long work shows itself, the work that is shown now, or None: nobody asked.
_STATE: ContextVar["float | Steps | None"] = ContextVar("state", default=None)


@contextmanager
def shown(verbose: float, *, delay: float = 0.0) -> Iterator[None]:
    """Let the loops inside show their progress if ``verbose`` is positive, after ``delay`` s.

    With ``verbose=0`` nothing changes: what an outer function has asked for still holds.
    """
    before = _STATE.get()
    if verbose > 0:
        _STATE.set(float(delay))
    try:
        yield
    finally:
        _STATE.set(before)


class _Line:
    """The part of tqdm's bar that is used here, as one line without it."""

    def __init__(self, total: int, desc: str, delay: float):
        self.total, self.n, self._desc = total, 0, desc
        self._start = time.monotonic()
        self._next = self._start + max(delay, _INTERVAL)
        self._length = 0

    def update(self, n: int) -> None:
        self.n += n
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _INTERVAL
            text = f"{self._desc}: {self.n} of {self.total}, {now - self._start:.0f} s"
            sys.stderr.write("\r" + text.ljust(self._length))
            sys.stderr.flush()
            self._length = len(text)

    def close(self) -> None:
        if self._length:
            sys.stderr.write("\r" + " " * self._length + "\r")
            sys.stderr.flush()


def _bar(total: int, name: str, delay: float) -> Any:
    try:
        from tqdm import tqdm
    except ImportError:
        return _Line(total, name, delay)
    return tqdm(total=total, desc=name, leave=False, delay=delay)


class Steps:
    """Steps of one piece of work, counted from any thread; loops inside it do not show theirs.

    Parameters
    ----------
    total : int
        Number of steps.
    name : str
        What is worked on.
    """

    def __init__(self, total: int, name: str):
        delay = _STATE.get()
        self._bar = _bar(total, name, delay) if isinstance(delay, float) else None
        self._lock = threading.Lock()

    def done(self, n: int = 1) -> None:
        """Count n more steps."""
        if self._bar is not None:
            with self._lock:
                self._bar.update(n)

    def expect(self, n: int) -> None:
        """N steps more than were known of at first."""
        if self._bar is not None:
            with self._lock:
                self._bar.total += n

    def __enter__(self) -> Self:
        self._before = _STATE.get()
        _STATE.set(self)
        return self

    def __exit__(self, *error: object) -> None:
        # A loop that an error has left ends late, when nothing may be changed any more.
        if _STATE.get() is self:
            _STATE.set(self._before)
        if self._bar is not None:
            self._bar.close()


def progress(items: Iterable[Item], name: str, *, total: int | None = None) -> Iterator[Item]:
    """The items, each of them a step of the work; ``total`` where they do not know their number."""
    if not isinstance(_STATE.get(), float):
        yield from items
        return
    if total is None:
        items = items if isinstance(items, Sequence) else list(items)
        total = len(items)
    with Steps(total, name) as steps:
        for item in items:
            yield item
            steps.done()

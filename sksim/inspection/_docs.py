"""Documentation of the displays: the entry of a parameter is written once."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import inspect
import re
import textwrap
from collections.abc import Mapping
from typing import Any, TypeVar

from sksim.inspection._display import Display

__all__ = ["with_shared_entries"]

D = TypeVar("D", bound=type[Display])

_PARAMETERS = re.compile(r"^Parameters\n-{10}\n(.*?)(?=\n\S[^\n]*\n-{3,}\n|\Z)", re.M | re.S)
_ENTRY = re.compile(r"^\*{0,2}(\w+) : .*(?:\n(?: {4}.*)?)*", re.M)
_PLACE = re.compile(r"^( +)\{(\w+)\}$", re.M)


def _entries(thing: Any) -> dict[str, str]:
    """The entries of the parameters of a class or function, by their names."""
    section = _PARAMETERS.search(inspect.cleandoc(thing.__doc__ or ""))
    found = _ENTRY.finditer(section.group(1) if section else "")
    return {match.group(1): match.group().rstrip() for match in found}


def _fill(thing: Any, entries: Mapping[str, str]) -> None:
    """Put entries for their names in braces, each alone on its line."""
    thing.__doc__ = thing.__doc__ and _PLACE.sub(
        lambda place: textwrap.indent(entries[place.group(2)], place.group(1)), thing.__doc__
    )


def with_shared_entries(cls: D) -> D:
    """Fill entries into the docstrings of a display that hold only their names in braces.

    Those of the class and of ``plot`` are found in the base class. A ``from_...`` method passes
    on what the class and ``plot`` take: its entries are theirs. What it returns is ``{display}``.
    """
    methods = vars(cls)
    base: Any = cls.__mro__[1]
    _fill(cls, _entries(base))
    if "plot" in methods:
        _fill(methods["plot"], _entries(base.plot))
    made = "object" if inspect.isabstract(cls) else cls.__name__
    shared = {"display": f"display : {made}\n    The drawn display."}
    shared |= _entries(cls.plot) | _entries(cls)
    for name, method in methods.items():
        if name.startswith("from_"):
            _fill(method.__func__, shared)
    return cls

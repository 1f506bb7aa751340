"""What functions with several results return: it shows itself in a terminal and in a notebook."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping, Sequence
from html import escape
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn.utils import Bunch

from sksim.utils._optional import import_optional
from sksim.utils._typing import AnyArray

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["Result", "Shown", "Table"]

#: Rows of a table that are shown; title, head and what has no place in the table come on top.
_MAX_ROWS = 14
#: Lines of a result.
_MAX_LINES = 20
#: Width of a table in a terminal.
_MAX_WIDTH = 78


class Table(NamedTuple):
    """Named rows and columns of numbers or words."""

    rows: Sequence[Any]
    columns: Sequence[Any]
    cells: Sequence[Sequence[Any]] | AnyArray
    #: What a row is.
    name: str = ""


def _is_number_or_word(value: Any) -> bool:
    return value is None or isinstance(value, Real | str) or getattr(value, "ndim", None) == 0


def _text(value: Any) -> str:
    """A number with four decimals, or four digits where they say nothing; the start of a word."""
    if value is None:
        return "-"
    if getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, bool | Integral):
        return str(value)
    if isinstance(value, Real):
        number = float(value)
        return f"{number:z.4f}" if number == 0 or 1e-3 <= abs(number) < 1e5 else f"{number:.4g}"
    first = str(value).strip().partition("\n")[0]
    return first if len(first) <= 50 else f"{first[:47]}..."


def _described(value: Any) -> str:
    """A number; kind and size of what is none: an array by its shape, a list by its length."""
    if _is_number_or_word(value):
        return _text(value)
    if hasattr(value, "shape"):
        return "x".join(str(size) for size in value.shape) + f" {type(value).__name__}"
    if hasattr(value, "__len__"):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__


def _shortened(table: Table) -> tuple[list[list[str]], int, int]:
    """Texts of the head and the first rows, as many columns as fit; rows and columns left out."""
    n_rows = min(len(table.rows), _MAX_ROWS)
    texts = [[table.name, *map(_text, table.columns)]]
    for name, row in zip(table.rows[:n_rows], table.cells[:n_rows], strict=True):
        texts.append([_text(name), *map(_text, row)])
    total, n_columns = 0, 0
    for column in zip(*texts, strict=True):
        total += 2 + max(map(len, column))
        if total > _MAX_WIDTH and n_columns > 1:
            break
        n_columns += 1
    left_out = len(table.rows) - n_rows, len(texts[0]) - n_columns
    return [row[:n_columns] for row in texts], *left_out


def _and_more(n_rows: int, n_columns: int) -> list[str]:
    parts = [
        f"{number} more {word}{'s' if number > 1 else ''}"
        for number, word in ((n_rows, "row"), (n_columns, "column"))
        if number
    ]
    return ["... " + " and ".join(parts)] if parts else []


class Shown:
    """Text, HTML and a data frame from a title, a table, and what has no place in the table."""

    def _title(self) -> str | None:
        return None

    def _table(self) -> Table:
        raise TypeError(f"{type(self).__name__} must say what its table is.")

    def _others(self) -> list[str]:
        return []

    def __repr__(self) -> str:
        title, (texts, *left_out) = self._title(), _shortened(self._table())
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        lines = [] if title is None else [title]
        for name, *row in texts if len(texts) > 1 else []:
            cells = (f"{cell:>{width}}" for cell, width in zip(row, widths[1:], strict=True))
            lines.append("  ".join([f"{name:<{widths[0]}}", *cells]).rstrip())
        return "\n".join([*lines, *_and_more(*left_out), *self._others()])

    __str__ = __repr__

    def _repr_html_(self) -> str:
        title, (texts, *left_out) = self._title(), _shortened(self._table())
        head = "".join(f"<th>{escape(cell)}</th>" for cell in texts[0])
        rows = [
            f"<tr><th>{escape(name)}</th>" + "".join(f"<td>{escape(x)}</td>" for x in row) + "</tr>"
            for name, *row in texts[1:]
        ]
        below = [*_and_more(*left_out), *self._others()]
        return "\n".join(
            [
                "<table>",
                *([] if title is None else [f"<caption>{escape(title)}</caption>"]),
                f"<thead><tr>{head}</tr></thead>",
                "<tbody>",
                *rows,
                "</tbody>",
                "</table>",
                *(f"<p>{escape(line)}</p>" for line in below),
            ]
        )

    def to_frame(self) -> "DataFrame":
        """The table as a data frame, whole and with all digits.

        Returns
        -------
        frame : pandas DataFrame
            One row for each row of the table that is printed.
        """
        pandas = import_optional("pandas", extra="frame", purpose=f"{type(self).__name__}.to_frame")
        table = self._table()
        index = pandas.Index(list(table.rows), name=table.name or None)
        return pandas.DataFrame(
            list(map(list, table.cells)), index=index, columns=list(table.columns)
        )


class Result(Shown, Bunch):
    """A Bunch that shows itself: entries by name, as attributes or keys, and a table of them.

    Its numbers and words are a table of one column, or of several where each entry is a Bunch of
    them. In a terminal and in a notebook at most 20 lines are shown; larger entries, such as
    arrays, by their shape.

    .. versionadded:: 0.1

    Parameters
    ----------
    **kwargs : dict
        The entries.

    See Also
    --------
    sklearn.utils.Bunch : The dict with attributes that it is.

    Notes
    -----
    Nothing is copied. :meth:`to_frame` needs pandas.

    Examples
    --------
    >>> from sksim.metrics import diversity
    >>> result = diversity([[0, 0], [1, 0], [0, 1]], [[1, 0], [0, 1], [-1, -1]])
    >>> result
                 value
    satisfied     True
    rank_f           2
    rank_g           2
    pivot            0
    pivot_input      0
    labels: 2 ndarray
    inputs: 2 ndarray
    singular_values_f: 2 ndarray
    singular_values_g: 2 ndarray
    >>> result.to_frame().loc["rank_f", "value"] == result.rank_f
    True
    """

    def _table(self) -> Table:
        nested = {
            name: entry
            for name, entry in self.items()
            if isinstance(entry, Mapping) and entry and all(map(_is_number_or_word, entry.values()))
        }
        if nested and len({tuple(entry) for entry in nested.values()}) == 1:
            columns = list(next(iter(nested.values())))
            return Table(list(nested), columns, [list(entry.values()) for entry in nested.values()])
        numbers = {name: entry for name, entry in self.items() if _is_number_or_word(entry)}
        return Table(list(numbers), ["value"], [[entry] for entry in numbers.values()])

    def _others(self) -> list[str]:
        shown = set(self._table().rows)
        others = [f"{name}: {_described(self[name])}" for name in self if name not in shown]
        # A title, a head and the line on rows left out take three lines.
        room = _MAX_LINES - min(len(shown), _MAX_ROWS) - 3
        if len(others) > room:
            others = [*others[: room - 1], f"... {len(others) - room + 1} more entries"]
        return others

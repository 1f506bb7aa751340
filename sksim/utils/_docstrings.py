"""numpydoc sections: read, to compare them with signatures; and filled with shared parts."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import ast
import inspect
import re
import textwrap
from collections.abc import Mapping
from typing import Any

__all__ = ["documented_parameters", "fill_docstring", "signature_mismatches"]

_SECTION = re.compile(r"^Parameters\n-{3,}\n(.*?)(?=^\S[^\n]*\n-{3,}\n|\Z)", re.M | re.S)
_ENTRY = re.compile(r"^(\*{0,2}\w[\w\*, ]*?) : (.*(?:\n    .*)*?)(?=\n\S|\n    |\Z)", re.M)
_DEFAULT = re.compile(r"default\s*=\s*(.+?)\s*$", re.S)


def documented_parameters(obj: Any) -> dict[str, str | None]:
    """Documented default, as text, of each parameter of a class or function."""
    section = _SECTION.search(inspect.getdoc(obj) or "")
    found: dict[str, str | None] = {}
    for names, kind in _ENTRY.findall(section.group(1) if section else ""):
        default = _DEFAULT.search(kind)
        for name in names.split(","):
            found[name.strip().lstrip("*")] = default.group(1) if default else None
    return found


def _same_default(documented: str | None, parameter: inspect.Parameter) -> bool:
    if parameter.default is inspect.Parameter.empty:
        return documented is None
    if documented is None:
        return False
    try:
        return ast.literal_eval(documented) == parameter.default
    except (SyntaxError, ValueError):
        return documented == str(parameter.default)


def signature_mismatches(obj: Any) -> list[str]:
    """Differences between the documented parameters and the signature; empty if none."""
    signature = {
        name: parameter
        for name, parameter in inspect.signature(obj).parameters.items()
        if name != "self"
    }
    documented = documented_parameters(obj)
    if list(documented) != list(signature):
        return [f"documented {list(documented)}, signature {list(signature)}"]
    return [
        f"{name}: documented default {documented[name]!r}, signature {parameter}"
        for name, parameter in signature.items()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
        and not _same_default(documented[name], parameter)
    ]


def fill_docstring(cls: type, parts: Mapping[str, str]) -> None:
    """Put texts, indented as in a class, for the names in braces in its docstring."""
    for name, text in parts.items():
        indented = textwrap.indent(text, "    ").lstrip()
        cls.__doc__ = (cls.__doc__ or "").replace(f"{{{name}}}", indented)

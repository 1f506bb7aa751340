"""Errors about unknown names: what was asked for, what was meant, what there is."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["did_you_mean", "unknown_name_error"]


def did_you_mean(got: object, known: Iterable[str]) -> str:
    """Sentence, with a space before it, that proposes the nearest known name; or nothing."""
    lowered = {name.lower(): name for name in known}
    near = get_close_matches(str(got).lower(), lowered, n=1)
    return f" Did you mean {lowered[near[0]]!r}?" if near else ""


def unknown_name_error(
    parameter: str, got: object, known: Iterable[str], *, or_else: str = ""
) -> ValueError:
    """Error that lists the known names and proposes the nearest one.

    Parameters
    ----------
    parameter : str
        Name of the parameter that was given.
    got : object
        What was given for it.
    known : iterable of str
        The names that the parameter accepts.
    or_else : str, default=""
        What is accepted besides, such as "an estimator or None".

    Returns
    -------
    error : ValueError
        To be raised by the caller.
    """
    names = sorted(known)
    accepted = f"one of {names}" + (f", {or_else}" if or_else else "")
    return ValueError(f"{parameter} must be {accepted}, got {got!r}.{did_you_mean(got, names)}")

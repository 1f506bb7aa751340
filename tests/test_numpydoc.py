"""Docstrings hold to the numpydoc standard, by the checks that pyproject.toml chooses."""

import pathlib
import tomllib

import pytest

validation = pytest.importorskip("numpydoc.validate")

import sksim
from tests.signatures import public_names

PYPROJECT = pathlib.Path(sksim.__file__).parents[1] / "pyproject.toml"
CHOSEN = set(tomllib.loads(PYPROJECT.read_text())["tool"]["numpydoc_validation"]["checks"])
#: "all" turns the list around.
CHECKS = set(validation.ERROR_MSGS) - CHOSEN if "all" in CHOSEN else CHOSEN


@pytest.mark.parametrize("name", sorted(public_names()))
def test_docstring_is_valid(name):
    errors = validation.validate(name)["errors"]
    assert not [f"{code}: {text}" for code, text in errors if code in CHECKS]


def test_checks_exist():
    assert CHOSEN - {"all"} <= set(validation.ERROR_MSGS)
    assert {"GL07", "GL08", "PR01", "PR02", "PR03", "RT01", "RT03", "SS03"} <= CHECKS

"""Documentation agrees with the code, and every public name shows how it is used."""

import inspect

import pytest
from numpydoc.docscrape import NumpyDocString

from sksim.utils._docstrings import documented_parameters, signature_mismatches
from sksim.utils.discovery import all_displays, all_estimators, all_functions

EVERYTHING = [*all_estimators(), *all_functions(), *all_displays()]


@pytest.mark.parametrize(("name", "obj"), EVERYTHING, ids=[name for name, _ in EVERYTHING])
def test_parameters_are_documented_with_their_defaults(name, obj):
    assert not signature_mismatches(obj)


@pytest.mark.parametrize(("name", "obj"), EVERYTHING, ids=[name for name, _ in EVERYTHING])
def test_sections(name, obj):
    doc = NumpyDocString(inspect.getdoc(obj))
    assert doc["Summary"]
    if not name.endswith("Display"):
        assert any(">>>" in line for line in doc["Examples"]), "no runnable example"
    if inspect.isroutine(obj):
        assert doc["Returns"], "no Returns section"


@pytest.mark.parametrize(
    ("name", "obj"), all_estimators(), ids=[name for name, _ in all_estimators()]
)
def test_public_methods_are_documented(name, obj):
    for method, function in inspect.getmembers(obj, inspect.isfunction):
        if method.startswith("_") or not function.__module__.startswith("sksim"):
            continue
        assert inspect.getdoc(function), f"{name}.{method} has no docstring"
        signature = [p for p in inspect.signature(function).parameters if p != "self"]
        documented = list(documented_parameters(function))
        assert documented == signature, f"{name}.{method}: {documented} against {signature}"


def test_the_reader_sees_differences():
    def documented_wrongly(a, *, b=1):
        """Do nothing.

        Parameters
        ----------
        a : int
            First.
        b : int, default=2
            Second.
        """

    assert len(signature_mismatches(documented_wrongly)) == 1
    documented_wrongly.__kwdefaults__["b"] = 2
    assert not signature_mismatches(documented_wrongly)

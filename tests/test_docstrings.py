"""Documentation agrees with the code, and every public name shows how it is used."""

import inspect
import re

import pytest
from numpydoc.docscrape import NumpyDocString

from sksim.utils._docstrings import documented_parameters, signature_mismatches
from sksim.utils.discovery import _public_objects, all_displays, all_estimators

EVERYTHING = [
    (name, obj)
    for name, obj in _public_objects()
    if not (inspect.isclass(obj) and issubclass(obj, Warning))
]
# After the summary, the formula and the version.
ORDER = ["Parameters", "Attributes", "Returns", "Yields", "Raises", "Warns"]
ORDER += ["See Also", "Notes", "References", "Examples"]
SECTION = re.compile(r"^(\S[^\n]*)\n-{3,}$", re.MULTILINE)
# Access by name, and pictures of what was computed before.
WITHOUT_COST = {
    "get_scorer",
    "get_scorer_names",
    "get_scorers",
    *(name for name, _ in all_displays()),
}


def in_order(obj) -> bool:
    titles = SECTION.split(inspect.getdoc(obj))[1::2]
    return titles == [title for title in ORDER if title in titles]


@pytest.mark.parametrize(("name", "obj"), EVERYTHING, ids=[name for name, _ in EVERYTHING])
def test_parameters_are_documented_with_their_defaults(name, obj):
    assert not signature_mismatches(obj)


@pytest.mark.parametrize(("name", "obj"), EVERYTHING, ids=[name for name, _ in EVERYTHING])
def test_sections_stand_in_one_order(name, obj):
    summary, *sections = SECTION.split(inspect.getdoc(obj))
    assert in_order(obj)
    assert summary.split("\n")[0], "no summary in the first line"
    assert len(re.findall(r"^\.\. versionadded:: \S+$", summary, re.MULTILINE)) == 1
    assert "versionadded" not in "".join(sections)
    members = vars(obj).values() if inspect.isclass(obj) else []
    assert all(in_order(member) for member in members if inspect.getdoc(member))


@pytest.mark.parametrize(("name", "obj"), EVERYTHING, ids=[name for name, _ in EVERYTHING])
def test_sections_are_complete(name, obj):
    """Sources are held by the tests of citations, parameters by the test above."""
    doc = NumpyDocString(inspect.getdoc(obj))
    assert doc["Returns" if inspect.isroutine(obj) else "Attributes"]
    assert doc["See Also"]
    if name not in WITHOUT_COST:
        words = set(re.findall("[a-z]+", " ".join(doc["Notes"]).lower()))
        assert {"time", "memory"} <= words, "Notes do not say what it costs"
    if not name.endswith("Display"):
        assert any(">>>" in line for line in doc["Examples"]), "no runnable example"


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

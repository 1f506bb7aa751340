"""The page of published systems names what exists: papers, names, examples."""

import csv
import functools
import operator
import pathlib
import sys

import pytest

import sksim

DOC = pathlib.Path(__file__).parents[1] / "doc"
SEEN = ("reproduced", "in part", "not", "not tried")


@pytest.fixture(scope="module")
def citations():
    sys.path.insert(0, str(DOC))
    try:
        import citations
    finally:
        sys.path.remove(str(DOC))
    return citations


def systems():
    with (DOC / "literature.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


SYSTEMS = systems()


@pytest.mark.parametrize("system", SYSTEMS, ids=[row["system"] for row in SYSTEMS])
def test_a_system_stands_where_the_page_says(system, citations):
    paper = citations.read_bibliography()[system["paper"]]
    source = " ".join(citations.render(paper).split())
    objects = [operator.attrgetter(name)(sksim) for name in system["here"].split()]
    assert objects
    docstrings = (" ".join((thing.__doc__ or "").split()) for thing in objects)
    assert any(source in text for text in docstrings), source
    assert system["seen"].partition(":")[0] in SEEN
    if system["example"]:
        assert (DOC.parent / "examples" / f"{system['example']}.py").is_file()


def test_systems_are_listed_once():
    names = functools.reduce(operator.add, (row["here"].split() for row in SYSTEMS))
    assert len(names) == len(set(names))

"""Every source is cited from the one bibliography, in one form."""

import inspect
import pathlib
import re
import sys

import pytest
from numpydoc.docscrape import NumpyDocString

from tests.test_docstrings import EVERYTHING

pytest.importorskip("pybtex")

ROOT = pathlib.Path(__file__).parents[1]

# What has no source of its own: access by name, tables of measures, bases, pictures, toy densities.
WITHOUT_SOURCE = {
    "GraphReduction",
    "aligned_log_probabilities",
    "candidate_report",
    "collect_activations",
    "cross_similarity",
    "get_scorer",
    "get_scorer_names",
    "get_scorers",
    "make_checkerboard",
    "make_distribution_scorer",
    "make_swirl",
    "pairwise_similarity",
    "DepthLossDisplay",
    "SampleGridDisplay",
    "TrainingCurveDisplay",
}


def _citations():
    sys.path.insert(0, str(ROOT / "doc"))
    try:
        import citations
    finally:
        sys.path.remove(str(ROOT / "doc"))
    return citations


citations = _citations()
ENTRIES = citations.read_bibliography()
MODULES = sorted((ROOT / "sksim").rglob("*.py"))


def _references(obj) -> str:
    return "\n".join(NumpyDocString(inspect.getdoc(obj))["References"])


def test_references_are_rendered_from_the_bibliography():
    differing = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if citations.rewrite(path.read_text(encoding="utf-8"), ENTRIES)
        != path.read_text(encoding="utf-8")
    ]
    assert not differing, f"run `python doc/citations.py --fix`: {differing}"


@pytest.mark.parametrize(("name", "obj"), EVERYTHING, ids=[name for name, _ in EVERYTHING])
def test_every_public_object_names_its_sources(name, obj):
    keys = citations.cited(_references(obj), ENTRIES)
    assert len(set(keys)) == len(keys)
    assert bool(keys) != (name in WITHOUT_SOURCE)


@pytest.mark.parametrize(("name", "obj"), EVERYTHING, ids=[name for name, _ in EVERYTHING])
def test_the_text_says_what_each_of_several_sources_is_for(name, obj):
    """By its number, in the order of the numbers."""
    mentioned = [int(number) for number in re.findall(r"\[(\d+)\]_", inspect.getdoc(obj))]
    n_sources = len(citations.cited(_references(obj), ENTRIES))
    assert set(mentioned) <= set(range(1, n_sources + 1))
    if n_sources > 1:
        assert list(dict.fromkeys(mentioned)) == list(range(1, n_sources + 1))


def test_the_bibliography_is_sorted_and_its_keys_follow_one_scheme():
    assert list(ENTRIES) == sorted(ENTRIES)
    assert list(ENTRIES) == [citations.citation_key(entry) for entry in ENTRIES.values()]


@pytest.mark.parametrize("key", ENTRIES)
def test_an_entry_is_complete(key):
    entry = ENTRIES[key]
    assert entry.persons["author"]
    assert "others" not in str(entry.persons["author"][-1])
    assert {"title", "year"} <= set(entry.fields)
    assert citations.VENUES[entry.type] in entry.fields or "eprint" in entry.fields
    assert re.fullmatch(r"(19|20)\d\d", entry.fields["year"])
    assert re.fullmatch(r"10\.\d{4,}/\S+", entry.fields.get("doi", "10.1000/1"))
    assert re.fullmatch(r"\d{4}\.\d{5}", entry.fields.get("eprint", "1234.56789"))


def test_every_entry_is_cited_and_every_citation_has_an_entry():
    in_docstrings = {
        key
        for path in MODULES
        for section in citations.SECTION.finditer(path.read_text(encoding="utf-8"))
        for key in citations.cited(section["body"], ENTRIES)
    }
    paths = [*(ROOT / "doc").rglob("*.rst"), *(ROOT / "examples").rglob("*.py")]
    pages = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    groups = re.findall(r":(?:foot)?cite:\w+:`([^`]+)`", pages)
    in_pages = {key.strip() for group in groups for key in group.split(",")}
    assert in_docstrings | in_pages == set(ENTRIES)


def test_a_key_becomes_the_source_and_a_wrong_source_is_put_right():
    before = '''
    """Reduce hubs.

    References
    ----------
    .. [7] mu2018all

    B. Somebody (1999). Feature selection via dependence maximization. Nowhere.

    Examples
    --------
    """
'''
    after = citations.rewrite(before, ENTRIES)
    assert "[1] J. Mu and P. Viswanath (2018). All-but-the-top: simple" in after
    assert "[2] L. Song, A. Smola, A. Gretton, J. Bedo and K. Borgwardt (2012)." in after
    assert "Somebody" not in after
    assert "\n\n    Examples\n    --------\n" in after
    assert citations.rewrite(after, ENTRIES) == after


def test_an_unknown_source_is_refused():
    with pytest.raises(LookupError, match=r"no entry with the title of 'A\. Nobody"):
        citations.cited(".. [1] A. Nobody (1900). Unheard-of things. Nowhere.", ENTRIES)

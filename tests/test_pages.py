"""Every name of the library that a page of the documentation mentions exists."""

import importlib
import pathlib
import pkgutil
import re

import pytest

DOC = pathlib.Path(__file__).parents[1] / "doc"
PAGES = sorted(
    p for folder in (DOC, DOC / "user_guide", DOC / "benchmarks") for p in folder.glob("*.rst")
)
ROLE = re.compile(r":(?:func|class|obj|mod|meth):`(?:[^`<]*<)?~?(?:sksim\.)?([\w.]+)>?`")
PACKAGES = pathlib.Path(importlib.import_module("sksim").__file__).parent


def _is_public(name):
    try:
        pkgutil.resolve_name(f"sksim.{name}")
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_names_on_the_page_exist(page):
    names = {
        name
        for name in ROLE.findall(page.read_text(encoding="utf-8"))
        if (PACKAGES / name.partition(".")[0]).is_dir()
    }
    assert [name for name in sorted(names) if not _is_public(name)] == []
    if page.stem == "coming_from":
        assert len(names) > 30


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_that_the_page_names_exist(page):
    examples = re.findall(r"gallery/(\w+/plot_\w+)", page.read_text(encoding="utf-8"))
    missing = [e for e in examples if not (DOC.parent / "examples" / f"{e}.py").exists()]
    assert missing == []


def _sections(text):
    """The text below each heading of a section, sub-sections included."""
    parts = re.split(r"^(.+)\n-{4,}\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


@pytest.mark.parametrize("page", sorted((DOC / "user_guide").glob("*.rst")), ids=lambda p: p.stem)
def test_every_section_of_the_guide_has_an_example(page):
    sections = _sections(page.read_text(encoding="utf-8"))
    assert [title for title, text in sections.items() if "/gallery/" not in text] == []
    assert sections or page.stem == "index"

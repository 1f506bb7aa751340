"""One bibliography: references.bib, and the References sections that are rendered from it.

``python doc/citations.py`` lists the modules whose References sections differ from the
bibliography, and ``--fix`` rewrites them. To cite a source, add it to references.bib and write its
key in the docstring (``.. [1] schnitzer2012local``); ``--fix`` puts authors, year, title and venue
in its place, numbers the sources and breaks the lines.
"""

import argparse
import pathlib
import re
import sys
import textwrap
import unicodedata
from itertools import pairwise

from pybtex.database import Entry, Person, parse_file
from pybtex.richtext import HRef, Text
from pybtex.style import FormattedEntry
from pybtex.style.formatting.plain import Style as PlainStyle

ROOT = pathlib.Path(__file__).parents[1]
BIBLIOGRAPHY = ROOT / "doc" / "references.bib"
WIDTH = 100

# Where each kind of entry names the place where the work appeared.
VENUES = {
    "article": "journal",
    "inproceedings": "booktitle",
    "book": "publisher",
    "misc": "howpublished",
}
# A key takes the first word of the title that is none of these.
SMALL_WORDS = frozenset(
    {"a", "an", "and", "are", "do", "does", "for", "from", "how", "in", "is", "of", "on", "the"}
    | {"to", "towards", "when", "with"}
)
# From the title to the next title of a section or to the end of the docstring.
SECTION = re.compile(
    r"^(?P<title>(?P<indent> *)References\n(?P=indent)-+\n)(?P<body>.*?)(?P<gap>\n*)"
    r'(?=^(?P=indent)(?:"""|\S[^\n]*\n(?P=indent)-{3,}\n))',
    re.MULTILINE | re.DOTALL,
)
NUMBER = re.compile(r"^ *\.\. \[\d+\] ", re.MULTILINE)
FIRST_INITIAL = re.compile(r"[A-Z]\.")
AFTER_INITIAL = re.compile(r"(?<=\b\w\.) ")


def read_bibliography() -> dict[str, Entry]:
    """Entries of references.bib by key, in the order of the file."""
    return dict(parse_file(BIBLIOGRAPHY, encoding="utf-8").entries.items())


def citation_key(entry: Entry) -> str:
    """First author, year, first word of the title that says something: ``mu2018all``."""
    author = entry.persons["author"][0]
    name = _ascii("".join(author.prelast_names + author.last_names))
    words = re.findall("[a-z0-9]+", _ascii(_plain(entry.fields["title"])))
    word = next(word for word in words if word not in SMALL_WORDS)
    return re.sub("[^a-z]", "", name) + entry.fields["year"] + word


def render(entry: Entry) -> str:
    """The source as it reads in a docstring: authors (year). Title. Venue."""
    authors = [_author(person) for person in entry.persons["author"]]
    if len(authors) > 1:
        authors = [", ".join(authors[:-1]), authors[-1]]
    title = _plain(entry.fields["title"])
    title += "" if title.endswith("?") else "."
    venue = entry.fields.get(VENUES[entry.type]) or f"arXiv:{entry.fields['eprint']}"
    if "volume" in entry.fields:
        venue += f" {entry.fields['volume']}"
    return f"{' and '.join(authors)} ({entry.fields['year']}). {title} {venue}."


def rewrite(source: str, entries: dict[str, Entry]) -> str:
    """The text of a module with its References sections rendered from the bibliography."""

    def section(match: re.Match) -> str:
        keys = cited(match["body"], entries)
        lines = [
            _numbered(n, render(entries[key]), match["indent"]) for n, key in enumerate(keys, 1)
        ]
        return match["title"] + "\n".join(lines) + match["gap"]

    return SECTION.sub(section, source)


def cited(section: str, entries: dict[str, Entry]) -> list[str]:
    """Keys of the sources of a References section, each given by its key or its title."""
    items = re.split(r"\n\s*\n|^(?= *\.\. \[\d+\])", section, flags=re.MULTILINE)
    return [
        _identify(" ".join(NUMBER.sub("", item).split()), entries) for item in items if item.strip()
    ]


def _identify(item: str, entries: dict[str, Entry]) -> str:
    if item in entries:
        return item
    letters = _letters(item)
    found = [key for key, entry in entries.items() if _letters(entry.fields["title"]) in letters]
    if not found:
        raise LookupError(f"references.bib has no entry with the title of {item!r}")
    return max(found, key=lambda key: len(entries[key].fields["title"]))


def _numbered(number: int, text: str, indent: str) -> str:
    mark = f"{indent}.. [{number}] "
    # No line ends after an initial.
    bound = AFTER_INITIAL.sub("\0", text)
    width = WIDTH - len(mark)
    lines = textwrap.wrap(bound, width, break_on_hyphens=False)
    # Two lines that begin with initials in the order of the alphabet would be an enumeration.
    while any(FIRST_INITIAL.match(b) and ord(b[0]) == ord(a[0]) + 1 for a, b in pairwise(lines)):
        width -= 1
        lines = textwrap.wrap(bound, width, break_on_hyphens=False)
    return (mark + ("\n" + " " * len(mark)).join(lines)).replace("\0", " ")


def _author(person: Person) -> str:
    """Initials, joined by hyphens where the names are, and last name."""
    given = person.first_names + person.middle_names
    initials = ["-".join(f"{part[0]}." for part in name.split("-")) for name in given]
    return " ".join(initials + person.prelast_names + person.last_names)


def _plain(text: str) -> str:
    return text.replace("{", "").replace("}", "").replace("``", '"').replace("''", '"')


def _ascii(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


def _letters(text: str) -> str:
    return re.sub("[^a-z0-9]", "", _ascii(text))


class BibliographyStyle(PlainStyle):
    """The bibliography of the site: the same text as in the docstrings, with its links."""

    def format_entry(self, label, entry, bib_data=None):
        text = Text(render(entry))
        if "doi" in entry.fields:
            doi = entry.fields["doi"]
            text += Text(" ", HRef(f"https://doi.org/{doi}", "doi"))
        if "eprint" in entry.fields:
            eprint = entry.fields["eprint"]
            text += Text(" ", HRef(f"https://arxiv.org/abs/{eprint}", "arXiv"))
        return FormattedEntry(entry.key, text, label)


def main(argv: list[str] | None = None) -> int:
    """List the modules that differ from the bibliography, or rewrite them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fix", action="store_true", help="rewrite the modules that differ")
    fix = parser.parse_args(argv).fix
    entries = read_bibliography()
    differing = 0
    for path in sorted((ROOT / "sksim").rglob("*.py")):
        old = path.read_text(encoding="utf-8")
        new = rewrite(old, entries)
        if new != old:
            differing += 1
            print(path.relative_to(ROOT))
            if fix:
                path.write_text(new, encoding="utf-8")
    return int(differing > 0 and not fix)


if __name__ == "__main__":
    sys.exit(main())

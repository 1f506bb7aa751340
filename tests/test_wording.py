"""Names are the field's words in scikit-learn's spelling; the text says distribution, not law."""

import ast
import pathlib
import re
from collections.abc import Iterator

import pytest

ROOT = pathlib.Path(__file__).parents[1]
MODULES = [
    path
    for folder in ("sksim", "doc", "examples", "tests")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "gallery" not in path.parts
]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "doc").glob("*.rst")),
    *sorted((ROOT / "doc" / "user_guide").glob("*.rst")),
    *sorted((ROOT / "doc" / "benchmarks").glob("*.rst")),
]

# Words of a name that are not used, and what the libraries around call the thing.
NAMES = {
    r"laws?": "distribution (scipy.stats)",
    r"centre[ds]?|centring": "center (KernelCenterer, with_centering)",
    r"neighbour(s|ing|hoods?)?": "neighbor (n_neighbors)",
    r"(normal|standard|regular|optim|vector|initial|parametr)is(e[ds]?|ers?|ing|ation)": "-ize",
    r"labell(ed|er|ing)": "labeled (scipy.ndimage.labeled_comprehension)",
    r"(colour|behaviour|favour)(s|ed)?|grey": "color, behavior, gray (matplotlib)",
}
# Names of functions that hide what has a word.
FUNCTIONS = {"within": "clip (numpy.clip)", "as_is": "identity (torch.nn.Identity)"}
# Proper names that hold a word of the table.
PROPER_NAMES = re.compile(r"\b(laws? of large numbers|power laws?)\b", re.IGNORECASE)


def _defined(tree: ast.AST) -> Iterator[str]:
    """The names that a module gives: what it takes from others is theirs."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr


def _unusual(source: str) -> dict[str, str]:
    """Names that are not the field's words, with those that are."""
    tree = ast.parse(source)
    found = {}
    for name in _defined(tree):
        words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
        for pattern, term in NAMES.items():
            # The names of tests are sentences, in the spelling of the text.
            if name.startswith("test_") and pattern != r"laws?":
                continue
            if any(re.fullmatch(pattern, word) for word in words):
                found[name] = term
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name.strip("_") in FUNCTIONS:
            found[node.name] = FUNCTIONS[node.name.strip("_")]
    return found


def test_names_are_the_fields_words():
    found = {
        str(path.relative_to(ROOT)): unusual
        for path in MODULES
        if (unusual := _unusual(path.read_text(encoding="utf-8")))
    }
    assert not found


def test_text_speaks_of_distributions():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in [*MODULES, *PAGES]
        if path.resolve() != pathlib.Path(__file__).resolve()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(r"\blaws?\b", PROPER_NAMES.sub("", line), re.IGNORECASE)
    ]
    assert not found


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("def _within(x): ...", "_within"),
        ("class NormalLaw: ...", "NormalLaw"),
        ("def f(n_neighbours): ...", "n_neighbours"),
        ("self.centred_ = 1", "centred_"),
    ],
)
def test_the_reader_sees_unusual_names(source, name):
    assert list(_unusual(source)) == [name]


def test_the_reader_leaves_the_names_of_others_and_sentences_alone():
    assert not _unusual("import other\nx = other.centred\ndef test_a_neighbour(): within = 1")

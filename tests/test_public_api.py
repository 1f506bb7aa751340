"""The public names: sorted, defined, documented in the API reference."""

import ast
import importlib
import pathlib

import pytest

import sksim
from sksim.utils.discovery import all_displays, all_estimators, all_functions

PACKAGE = pathlib.Path(sksim.__file__).parent
PUBLIC = [
    (subpackage, name)
    for subpackage in sksim._SUBPACKAGES
    for name in importlib.import_module(f"sksim.{subpackage}").__all__
]
API_PAGE = PACKAGE.parent / "doc" / "api_reference.py"


#: Every public package, with the families inside it.
PACKAGES = [
    ".".join(("sksim", *path.parent.relative_to(PACKAGE).parts))
    for subpackage in sksim._SUBPACKAGES
    for path in sorted((PACKAGE / subpackage).rglob("__init__.py"))
    if not path.parent.name.startswith("_")
]


def _init_tree(package):
    return ast.parse(pathlib.Path(importlib.import_module(package).__file__).read_text())


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_sorted_and_defined(package):
    """A package lists what it imports itself, sorted, and adds the lists of its families."""
    module = importlib.import_module(package)
    own = [
        ast.literal_eval(node.value)
        for node in _init_tree(package).body
        if isinstance(node, ast.Assign) and node.targets[0].id == "__all__"
    ]
    assert own == [sorted(own[0])]
    assert len(set(module.__all__)) == len(module.__all__)
    missing = [name for name in module.__all__ if not hasattr(module, name)]
    assert not missing


@pytest.mark.parametrize("package", PACKAGES)
def test_imported_names_are_in_all(package):
    """What a package's __init__ imports is public, and listed; families are taken whole."""
    imports = [node for node in _init_tree(package).body if isinstance(node, ast.ImportFrom)]
    imported, families = set(), set()
    for node in imports:
        names = {alias.asname or alias.name for alias in node.names}
        if names == {"*"}:
            families.add(node.module)
            imported |= set(importlib.import_module(node.module).__all__)
        elif node.module != package:
            imported |= names
    assert imported == set(importlib.import_module(package).__all__)
    listed = {f"{package}.{a.name}" for n in imports if n.module == package for a in n.names}
    assert listed <= families
    assert all(family.startswith(tuple(listed)) for family in families)


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(PACKAGE.rglob("_*.py")) if p.name != "__init__.py"],
    ids=lambda p: str(p.relative_to(PACKAGE)),
)
def test_private_modules_define_what_they_list(path):
    """Each module's __all__ names things that the module itself defines or re-exports."""
    tree = ast.parse(path.read_text())
    listed = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "__all__"
    ]
    assert listed, f"{path} has no __all__"
    defined = {
        getattr(node, "name", None)
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            defined.update(getattr(t, "id", None) for t in targets)
        if isinstance(node, ast.ImportFrom):
            defined.update(a.asname or a.name for a in node.names)
    assert set(listed[0]) <= defined


@pytest.mark.parametrize(("subpackage", "name"), PUBLIC)
def test_public_name_has_a_doc_page_entry(subpackage, name):
    namespace = {}
    exec(compile(API_PAGE.read_text(), str(API_PAGE), "exec"), namespace)
    listed = {
        f"sksim.{section['module']}.{entry}"
        for page in namespace["API_REFERENCE"]
        for section in page["sections"]
        for entry in section["entries"]
    }
    assert f"sksim.{subpackage}.{name}" in listed


def test_discovery_finds_every_kind():
    kinds = [all_estimators(), all_functions(), all_displays()]
    assert all(kinds)
    assert sorted(name for kind in kinds for name, _ in kind) == sorted(
        name
        for subpackage, name in PUBLIC
        if subpackage != "utils" and name in {n for kind in kinds for n, _ in kind}
    )

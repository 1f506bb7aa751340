"""What imports what, what import costs, and what it must not load."""

import ast
import importlib
import pathlib
import statistics
import subprocess
import sys
import time

import pytest

import sksim
from sksim.utils import _sklearn

PACKAGE = pathlib.Path(sksim.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

ALLOWED = {
    "utils": set(),
    "_search": {"utils"},
    "datasets": {"utils"},
    "metrics": {"utils", "_search"},
    "preprocessing": {"utils", "_search", "metrics"},
    "hubness": {"utils", "_search", "metrics"},
    "neighbors": {"utils", "_search", "metrics", "preprocessing", "hubness"},
    "alignment": {"utils", "metrics"},
    "_torch": {"utils"},
    "identifiability": {"utils", "metrics", "_torch"},
    "generative": {"utils", "metrics", "_torch"},
    "inspection": {
        "utils",
        "metrics",
        "preprocessing",
        "hubness",
        "neighbors",
        "alignment",
        "identifiability",
        "generative",
    },
}


def _subpackage(path):
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else None


def _imported_names(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            yield node, node.module or ""


def _toplevel_imports(tree):
    """Imports that run with the module: none in functions, none for type checkers."""
    inner = {
        id(child)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        or (isinstance(node, ast.If) and getattr(node.test, "id", None) == "TYPE_CHECKING")
        for child in ast.walk(node)
    }
    return [(node, name) for node, name in _imported_names(tree) if id(node) not in inner]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    here = _subpackage(path)
    if here is None:
        return
    for _, name in _imported_names(ast.parse(path.read_text())):
        parts = name.split(".")
        if parts[0] == "sksim" and len(parts) > 1 and parts[1] in ALLOWED and parts[1] != here:
            assert parts[1] in ALLOWED[here], f"{path} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_torch_only_in_its_place(path):
    tree = ast.parse(path.read_text())
    if _subpackage(path) != "_torch":
        assert not [n for _, n in _imported_names(tree) if n.split(".")[0] in ("torch", "skorch")]
        heavy = ("matplotlib", "numba", "sksim._torch", "faiss", "pynndescent", "usearch")
        found = [n for _, n in _toplevel_imports(tree) if n.startswith(heavy)]
        assert not found, f"{path} imports {found} at import time"


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_private_scikit_learn_names_pass_one_door(path):
    if path.name == "_sklearn.py":
        return
    for node, name in _imported_names(ast.parse(path.read_text())):
        if not name.startswith("sklearn"):
            continue
        private = any(part.startswith("_") for part in name.split("."))
        if isinstance(node, ast.ImportFrom):
            private |= any(a.name.startswith("_") for a in node.names)
        assert not private, f"{path} imports private names from {name}"


def test_private_scikit_learn_names_are_these():
    assert set(_sklearn.__all__) == {
        "HasMethods",
        "Interval",
        "InvalidParameterError",
        "Options",
        "StrOptions",
        "_fit_context",
        "validate_params",
    }


def _seconds(code):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", code], check=True)
    return time.perf_counter() - start


def test_import_costs_little():
    bare, ours = [], []
    for _ in range(7):
        bare.append(_seconds("pass"))
        ours.append(_seconds("import sksim"))
    difference = min(statistics.median(ours) - statistics.median(bare), min(ours) - min(bare))
    assert difference < 0.05


@pytest.mark.parametrize("subpackage", [None, *sksim._SUBPACKAGES])
def test_import_loads_nothing_heavy(subpackage):
    name = "sksim" if subpackage is None else f"sksim.{subpackage}"
    code = (
        f"import sys, {name}\n"
        "heavy = {'torch', 'skorch', 'matplotlib', 'numba', 'faiss', 'pynndescent'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    if subpackage is None:
        code += "assert 'sklearn' not in sys.modules and 'numpy' not in sys.modules\n"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("subpackage", sksim._SUBPACKAGES)
def test_subpackages_are_lazy_attributes(subpackage):
    assert getattr(sksim, subpackage) is importlib.import_module(f"sksim.{subpackage}")


def test_unknown_attribute():
    with pytest.raises(AttributeError, match="no attribute 'hubnes'"):
        sksim.hubnes

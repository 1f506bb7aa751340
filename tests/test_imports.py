"""What imports what, what import costs, and what it must not load."""

import ast
import graphlib
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
    "metrics": {"utils", "_search", "_torch"},
    "codes": {"utils", "_search", "metrics"},
    "preprocessing": {"utils", "_search", "metrics"},
    "hubness": {"utils", "_search", "metrics"},
    "neighbors": {"utils", "_search", "metrics", "codes", "preprocessing", "hubness", "_torch"},
    "manifold": {"utils", "_search", "metrics"},
    "topics": {"utils", "_search", "metrics", "hubness", "neighbors"},
    "alignment": {"utils", "metrics"},
    "_torch": {"utils"},
    "_trained": {"utils", "_torch"},
    "_trained_docs": set(),
    "identifiability": {"utils", "metrics", "_torch", "_trained_docs"},
    "generative": {"utils", "metrics", "_torch", "_trained", "_trained_docs"},
    "encoders": {"utils", "metrics", "_torch", "_trained", "_trained_docs"},
    "inspection": {
        "utils",
        "metrics",
        "preprocessing",
        "hubness",
        "neighbors",
        "alignment",
        "identifiability",
        "generative",
        "encoders",
        "_torch",
    },
}


#: Imports against the direction, in a function, each for its reason: the module, and the room.
UPWARD = {
    "metrics/retrieval/_precision.py": "neighbors",  # a measure of a search with reductions
    "metrics/retrieval/_compatibility.py": "neighbors",  # likewise
}


def _room(path):
    """The sub-package, or the module beside them."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


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
    here = _room(path)
    if here not in ALLOWED:
        return
    tree = ast.parse(path.read_text())
    with_module = {name for _, name in _toplevel_imports(tree)}
    upward = UPWARD.get(path.relative_to(PACKAGE).as_posix())
    for _, name in _imported_names(tree):
        parts = name.split(".")
        if parts[0] == "sksim" and len(parts) > 1 and parts[1] in ALLOWED and parts[1] != here:
            late = parts[1] == upward and name not in with_module
            assert parts[1] in ALLOWED[here] or late, f"{path} imports {name}"


#: Modules below the families of the measures, in order; the other modules stand on top of them.
SHARED = [
    "_chance_counts",
    "_linalg",
    "_array_formulas",
    "_centered_rows",
    "_ridge",
    "_validation",
    "_local_dimension",
    "_steps",
    "_measure",
    "_registry",
]
FAMILIES = sorted(path.parent.name for path in (PACKAGE / "metrics").glob("*/__init__.py"))
#: What each room of the similarities may take from the others.
ROOMS = {
    "canonical": set(),
    "alignment": {"canonical"},
    "matrices": {"canonical"},
    "neighborhoods": set(),
    "geometry": {"neighborhoods"},
}


def _parts_of(path, package):
    """Names of the parts of a package that a module of it imports."""
    names = [name.split(".") for _, name in _imported_names(ast.parse(path.read_text()))]
    depth = package.count(".") + 1
    return {name[depth] for name in names if ".".join(name[:depth]) == package and name[depth:]}


@pytest.mark.parametrize("family", FAMILIES)
def test_families_of_measures_stand_side_by_side(family):
    for path in (PACKAGE / "metrics" / family).rglob("*.py"):
        imported = _parts_of(path, "sksim.metrics")
        assert imported <= {family, *SHARED}, path


@pytest.mark.parametrize("name", SHARED)
def test_what_the_families_share_is_below_them(name):
    imported = _parts_of(PACKAGE / "metrics" / f"{name}.py", "sksim.metrics")
    assert imported <= set(SHARED[: SHARED.index(name)])


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_of_the_similarities(room):
    for path in (PACKAGE / "metrics" / "similarity" / room).glob("*.py"):
        imported = _parts_of(path, "sksim.metrics.similarity")
        assert imported <= {room, *ROOMS[room]}, path
    assert sorted(ROOMS) == sorted(
        path.parent.name for path in (PACKAGE / "metrics" / "similarity").glob("*/__init__.py")
    )


def test_no_circle_of_modules():
    """Imports that run when a module is imported; a package stands for its __init__."""
    names = {
        ".".join(("sksim", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
            ".__init__"
        ): path
        for path in MODULES
    }
    graph = {}
    for module, path in names.items():
        used = set()
        for node, name in _toplevel_imports(ast.parse(path.read_text())):
            members = [f"{name}.{a.name}" for a in getattr(node, "names", ())]
            used |= {one for one in [*members, name] if one in names} - {module}
        # Importing a member of a package from inside it is no use of the package itself.
        graph[module] = {one for one in used if not module.startswith(f"{one}.")}
    graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_torch_only_in_its_place(path):
    tree = ast.parse(path.read_text())
    if _room(path) != "_torch":
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
        "_convert_to_numpy",
        "_fit_context",
        "_is_numpy_namespace",
        "_max_precision_float_dtype",
        "array_namespace",
        "device",
        "get_namespace",
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

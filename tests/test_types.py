"""Every public signature names its types, and a type checker agrees with them."""

import importlib.util
import inspect
import os
import pathlib
import subprocess
import sys
import tomllib
import zipfile

import pytest

import sksim
from tests.signatures import public_signatures

ROOT = pathlib.Path(sksim.__file__).parents[1]
SIGNATURES = list(public_signatures())


@pytest.mark.parametrize(
    "function",
    [pytest.param(function, id=name) for name, function in SIGNATURES],
)
def test_signature_is_annotated(function):
    signature = inspect.signature(function)
    parameters = [p for p in signature.parameters.values() if p.name not in ("self", "cls")]
    missing = [p.name for p in parameters if p.annotation is p.empty]
    if signature.return_annotation is signature.empty:
        missing.append("return")
    assert not missing


def test_every_kind_of_signature_is_seen():
    names = {name for name, _ in SIGNATURES}
    assert names >= {
        "sksim.metrics.cka_score",
        "sksim.metrics.SimilarityAccumulator.partial_fit",
        "sksim.alignment.ProcrustesAligner.__init__",
        "sksim.alignment.ProcrustesAligner.inverse_transform",
        "sksim.inspection.KOccurrenceDisplay.from_graph",
        "sksim.utils.all_estimators",
    }


def _run_mypy(*arguments):
    pytest.importorskip("mypy")
    return subprocess.run(
        [sys.executable, "-m", "mypy", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MYPY_FORCE_COLOR": "0"},
    )


@pytest.mark.skipif(not (ROOT / "typings").is_dir(), reason="needs the source tree")
def test_mypy_finds_no_error_in_the_package():
    # All type checkers need torch to be installed, to know what its modules are.
    pytest.importorskip("torch")
    result = _run_mypy()
    assert result.returncode == 0, result.stdout + result.stderr


def test_users_see_the_types():
    """Strict type checking of a user's file: assertions hold, and wrong arguments are found."""
    examples = pathlib.Path(__file__).with_name("typing_examples.py")
    result = _run_mypy(
        "--config-file=", "--strict", "--follow-imports=silent", "--ignore-missing-imports",
        str(examples),
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_users_file_runs():
    """What is asserted of types is no fiction: the same lines run."""
    pytest.importorskip("matplotlib")
    path = pathlib.Path(__file__).with_name("typing_examples.py")
    spec = importlib.util.spec_from_file_location("typing_examples", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main()


def test_the_package_says_that_it_is_typed():
    assert (pathlib.Path(sksim.__file__).parent / "py.typed").is_file()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "Typing :: Typed" in project["project"]["classifiers"]
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel == {"packages": ["sksim"]}  # whole, with all files in it


def test_the_wheel_holds_the_marker(tmp_path, monkeypatch):
    build = pytest.importorskip("hatchling.build")
    monkeypatch.chdir(ROOT)
    wheel = tmp_path / build.build_wheel(str(tmp_path))
    assert "sksim/py.typed" in zipfile.ZipFile(wheel).namelist()

"""The checks of the project, one session each; the workflows run these and nothing else.

``nox -l`` lists them, ``nox`` alone runs what a pull request must pass, and what follows ``--``
goes to the tool: ``nox -s tests -- tests/hubness -n 0``. A session runs on the Python that runs
nox, or on another: ``nox -s tests --force-python 3.13``.
"""

import os

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["lint", "types", "tests", "quickstart", "docs"]
nox.options.reuse_venv = "yes"

PROJECT = nox.project.load_toml("pyproject.toml")["project"]
# The pinned release of torch, from where it has builds without accelerator libraries.
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
NIGHTLY_INDEX = "https://pypi.anaconda.org/scientific-python-nightly-wheels/simple"
# Where the tests need no optional dependency.
CORE_TESTS = [
    "tests/test_imports.py",
    *(f"tests/{name}" for name in ("metrics", "hubness", "neighbors", "preprocessing", "search")),
]
BENCHMARK_TESTS = [
    "tests/test_evidence_scripts.py",
    "tests/generative/test_benchmarks.py",
    "tests/utils/test_benchmarks.py",
]


def pinned(extra: str) -> list[str]:
    """The requirements of an extra, without the package itself."""
    return PROJECT["optional-dependencies"][extra]


def lower_bounds() -> list[str]:
    """The oldest release series of each core dependency."""
    return [f"{bound.replace('>=', '==')}.*" for bound in PROJECT["dependencies"]]


def install_all(session: nox.Session, *requirements: str) -> None:
    """Install the package with everything the whole suite needs."""
    index = os.environ.get("PIP_EXTRA_INDEX_URL", TORCH_INDEX)
    session.install("-e", ".[test]", *requirements, env={"PIP_EXTRA_INDEX_URL": index})


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format and order of imports."""
    session.install(*pinned("lint"))
    session.run("ruff", "check", *session.posargs, ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """The annotations, with torch installed."""
    install_all(session)
    session.run("mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """The suite, with every optional dependency."""
    install_all(session)
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(name="tests-slow")
def tests_slow(session: nox.Session) -> None:
    """What takes minutes, with more examples of each property."""
    install_all(session)
    thorough = {"HYPOTHESIS_PROFILE": "thorough"}
    session.run("python", "-m", "pytest", "-m", "slow", *session.posargs, env=thorough)


@nox.session
def fuzz(session: nox.Session) -> None:
    """New damage to graphs and files for a minute, or for what follows ``--``."""
    install_all(session)
    session.run("python", "-m", "tests.fuzz", *(session.posargs or ["--minutes", "1"]))


@nox.session(name="tests-oldest")
def tests_oldest(session: nox.Session) -> None:
    """The suite on the oldest supported release of each core dependency."""
    install_all(session, *lower_bounds())
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(name="tests-nightly")
def tests_nightly(session: nox.Session) -> None:
    """The suite on the nightly builds of the scientific stack."""
    install_all(session)
    stack = ("numpy", "scipy", "scikit-learn")
    session.install("--pre", "--upgrade", "--extra-index-url", NIGHTLY_INDEX, *stack)
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session(name="tests-core")
def tests_core(session: nox.Session) -> None:
    """Core dependencies only: what must work without any extra."""
    session.install("-e", ".", "pytest", "pytest-xdist", "hypothesis", "numpydoc", "pandas")
    session.run("python", "-m", "pytest", *(session.posargs or CORE_TESTS))
    session.run("python", "examples/quickstart.py")


@nox.session
def quickstart(session: nox.Session) -> None:
    """The main job."""
    session.install("-e", ".")
    session.run("python", "examples/quickstart.py")


@nox.session
def docs(session: nox.Session) -> None:
    """The site, gallery included, into the folder after ``--``; warnings are errors."""
    install_all(session)
    output = session.posargs or ["doc/_build/html"]
    session.run("python", "-m", "sphinx", "-W", "-b", "html", "doc", *output)


@nox.session(name="benchmarks-smoke")
def benchmarks_smoke(session: nox.Session) -> None:
    """Every benchmark script, at a size that takes a moment."""
    install_all(session)
    session.run("python", "-m", "pytest", "-m", "slow or not slow", *BENCHMARK_TESTS)

"""The files around the package say the same: releases, commands, versions, links."""

import pathlib
import re
import tomllib

import pytest

import sksim
from sksim._base import SksimEstimator

yaml = pytest.importorskip("yaml")

ROOT = pathlib.Path(__file__).parents[1]
if not (ROOT / ".github").is_dir():
    pytest.skip("the files around the package are not here", allow_module_level=True)

README = (ROOT / "README.md").read_text()
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[0-9]*.yml"))
PAGES = [*sorted(ROOT.glob("*.md")), ROOT / ".github" / "PULL_REQUEST_TEMPLATE.md"]
REPOSITORY = PYPROJECT["project"]["urls"]["Source"]
NOX = re.compile(r'@nox\.session(?:\(name="([\w-]+)"\))?\ndef (\w+)')


def commands(workflow):
    """Each command of a workflow, with the values of its matrix filled in."""
    for job in yaml.safe_load(workflow.read_text())["jobs"].values():
        matrix = job.get("strategy", {}).get("matrix", {})
        named = [entry["session"] for entry in matrix.get("include", []) if "session" in entry]
        for step in job["steps"]:
            for session in matrix.get("session", named) or [""]:
                if "run" in step:
                    yield re.sub(r"\$\{\{ *matrix\.session *\}\}", session, step["run"])


def nox_sessions():
    return {name or function for name, function in NOX.findall((ROOT / "noxfile.py").read_text())}


def test_the_two_commands_are_those_of_the_workflow_and_of_ci():
    setup = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert len(setup) == 2
    assert set(setup) <= set(commands(ROOT / ".github" / "workflows" / "tests.yml"))
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == setup[1]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_readme_commands_or_nox_sessions_only(workflow):
    for command in commands(workflow):
        called = re.fullmatch(r"nox -s ([\w-]+)", command)
        if called:
            assert called[1] in nox_sessions()
        else:
            assert command == "python -m pip install nox" or command in README


def test_every_nox_session_is_run_by_a_workflow():
    run = {command for workflow in WORKFLOWS for command in commands(workflow)}
    # The main job is the first of the two commands.
    assert {f"nox -s {name}" for name in nox_sessions() - {"quickstart"}} <= run


def test_the_site_is_built_alike_everywhere():
    config = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text())
    assert "nox -s docs" in config["build"]["jobs"]["build"]["html"][0]
    assert (ROOT / config["sphinx"]["configuration"]).is_file()


def test_tools_are_pinned_in_one_place():
    pins = dict(requirement.split("==") for requirement in EXTRAS["lint"])
    assert set(pins) == {"mypy", "ruff"}
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    revisions = {hook["repo"].rsplit("/", 1)[-1]: hook.get("rev") for hook in hooks}
    assert revisions["ruff-pre-commit"] == f"v{pins['ruff']}"
    for name, requirements in EXTRAS.items():
        if name != "lint":
            assert not [r for r in requirements if re.match(r"(ruff|mypy)\b", r)], name


def test_the_suite_installs_every_optional_dependency():
    assert EXTRAS["test"][0] == "sksim[ann,dask,doc,fast,frame,lint,plot,topology]"
    pinned = [requirement for requirement in EXTRAS["test"] if "==" in requirement]
    assert [requirement.split("==")[0] for requirement in pinned] == ["torch"]


def test_the_extras_of_the_readme_are_those_of_the_project():
    line = next(line for line in README.splitlines() if line.startswith("Extras:"))
    assert re.findall(r"`([a-z]+)`", line) == list(EXTRAS)


def test_the_citation_is_complete_and_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "type", "authors", "license", "url"} <= set(citation)
    assert str(citation["version"]) == sksim.__version__
    assert citation["license"] == PYPROJECT["project"]["license"]
    assert citation["repository-code"] == REPOSITORY
    authors = [author["name"] for author in PYPROJECT["project"]["authors"]]
    assert [author["name"] for author in citation["authors"]] == authors
    assert set(citation["keywords"]) == set(PYPROJECT["project"]["keywords"])


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_and_paths_of_a_page_exist(page):
    text = page.read_text()
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        local = target.removeprefix(f"{REPOSITORY}/blob/main/")
        assert local.startswith("https://") or (ROOT / local).exists(), target
    named = re.findall(r"`((?:sksim|tests|doc|examples|\.ci|\.github)/[\w./-]*)`", text)
    for path in named:
        assert (ROOT / path).exists(), path


def test_the_addresses_of_the_project_are_those_of_its_metadata():
    urls = PYPROJECT["project"]["urls"]
    home = urls["Documentation"]
    assert urls["Changelog"].startswith(home)
    assert urls["Issues"].startswith(REPOSITORY)
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["url"] == home
    assert SksimEstimator._doc_link_template.startswith(home)
    # The site links to itself by names.
    for page in (ROOT / "doc").rglob("*.rst"):
        if not {"generated", "gallery", "api"} & set(page.relative_to(ROOT / "doc").parts):
            text = page.read_text()
            assert home not in text, page
            assert REPOSITORY not in text, page


def test_what_the_source_distribution_takes_exists():
    sdist = PYPROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert [path for path in sdist if not (ROOT / path).exists()] == []
    assert {page.name for page in ROOT.glob("*.md")} | {"CITATION.cff", "LICENSE"} <= set(sdist)


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.stem)
def test_an_issue_form_is_well_formed(form):
    content = yaml.safe_load(form.read_text())
    assert {"name", "description", "body"} <= set(content)
    questions = [item for item in content["body"] if item["type"] != "markdown"]
    assert questions
    assert len({item["id"] for item in questions}) == len(questions)
    assert all(item["attributes"]["label"] for item in questions)

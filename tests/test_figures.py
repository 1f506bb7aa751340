"""The figures of the site are drawn by a script, all of them shown, and the same each time."""

import importlib.util
import pathlib
import re
import subprocess
import sys

import pytest

matplotlib = pytest.importorskip("matplotlib")

DOC = pathlib.Path(__file__).parents[1] / "doc"
FOLDER = DOC / "_static" / "figures"


@pytest.fixture(scope="module")
def script():
    backend = matplotlib.get_backend()
    specification = importlib.util.spec_from_file_location(
        "make_figures", DOC / "figures" / "make_figures.py"
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    yield module
    matplotlib.use(backend)


def texts():
    """The pages written by hand, by name."""
    pages = [*DOC.glob("*.rst"), *DOC.glob("user_guide/*.rst")]
    return {page.relative_to(DOC).as_posix(): page.read_text() for page in pages}


def test_every_figure_has_a_function_and_a_page(script):
    names = [function.__name__ for function in script.FIGURES]
    assert len(set(names)) == len(names)
    assert {path.stem for path in FOLDER.iterdir()} == set(names)
    shown = re.findall(r"_static/figures/(\w+)\.svg", "".join(texts().values()))
    assert set(shown) == set(names)


def test_every_page_of_the_guide_has_a_figure():
    pages = texts().items()
    without = [name for name, text in pages if "user_guide" in name and "/figures/" not in text]
    assert without == ["user_guide/index.rst"]


def test_every_figure_says_what_it_shows():
    for name, text in texts().items():
        for options in re.findall(r"_static/figures/\w+\.svg\n((?: +:.*\n)*)", text):
            assert ":alt:" in options, name


@pytest.mark.parametrize("name", ["thumbnail_similarity", "divergence_and_dissimilarity"])
def test_a_figure_is_the_same_each_time(script, name, tmp_path):
    function = getattr(script, name)
    first, second = (script.draw(function, tmp_path / part) for part in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.slow
def test_the_script_draws_every_figure(script, tmp_path):
    pytest.importorskip("torch")
    for function in script.FIGURES:
        path = script.draw(function, tmp_path)
        assert path.stat().st_size < 400_000, path.stem


@pytest.mark.slow
def test_the_table_of_the_home_page_is_printed_by_the_quickstart(tmp_path):
    run = subprocess.run(
        [sys.executable, DOC.parent / "examples" / "quickstart.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    printed = [line.rstrip() for line in run.stdout.splitlines()]
    table = (DOC / "quickstart_table.txt").read_text().splitlines()
    start = printed.index(table[0])
    assert printed[start : start + len(table)] == table

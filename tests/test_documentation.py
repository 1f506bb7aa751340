"""The site builds without a warning; the gallery's scripts are shown, not run."""

import ast
import os
import pathlib
import re
import subprocess
import sys

import pytest

DOC = pathlib.Path(__file__).parents[1] / "doc"
EXAMPLES = DOC.parent / "examples"


def _figures_used_later(source):
    """``(line, name)`` of axes and figures that a block draws on and an earlier block made."""
    lines = source.splitlines()
    starts = [i for i, line in enumerate(lines, 1) if re.match(r"# ?%%", line)]

    def block(node):
        return sum(start <= node.lineno for start in starts)

    made, later = {}, []
    for statement in ast.parse(source).body:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            continue
        bound = {
            node.id
            for node in ast.walk(statement)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
        later += [
            (node.lineno, node.id)
            for node in ast.walk(statement)
            if isinstance(node, ast.Name)
            and node.id not in bound
            and made.get(node.id, block(node)) != block(node)
        ]
        makes = re.search(r"\bplt\.(subplot|figure|gca|axes)", ast.unparse(statement))
        for name in bound:
            made.pop(name, None)
            if makes and isinstance(statement, ast.Assign):
                made[name] = block(statement)
    return later


def test_the_site_builds_without_warnings(tmp_path):
    pytest.importorskip("sphinx")
    process = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", DOC, tmp_path],
        env={**os.environ, "SKSIM_DOC_GALLERY": "0"},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    for page in ("index", "user_guide/hubness", "generated/sksim.hubness.MutualProximity"):
        assert (tmp_path / f"{page}.html").stat().st_size > 0


@pytest.mark.parametrize(
    "script",
    sorted(EXAMPLES.rglob("*.py")),
    ids=lambda script: f"{script.parent.name}/{script.stem}",
)
def test_a_figure_is_drawn_in_the_block_that_makes_it(script):
    # The gallery saves and closes all figures at the end of a block.
    assert _figures_used_later(script.read_text(encoding="utf-8")) == []


def test_figures_drawn_in_a_later_block_are_found():
    source = "# %%\nfig, (a, b) = plt.subplots(1, 2)\na.plot(x)\n# %%\nb.plot(x)\n"
    assert _figures_used_later(source) == [(5, "b")]
    assert _figures_used_later(source.replace("# %%\nb", "b")) == []
    assert _figures_used_later(source.replace("b.plot", "a, b = plt.subplots(2)\nb.plot")) == []

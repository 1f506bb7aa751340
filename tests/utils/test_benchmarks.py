"""The benchmark scripts run on small sizes and write the tables of their pages."""

import pathlib
import re
import subprocess
import sys

import pytest

FOLDER = pathlib.Path(__file__).parents[2] / "doc" / "benchmarks"
SMALL = {
    "exact_search": ["--shapes", "600x20", "--n-rounds", "1"],
    "reductions": ["--n", "600", "--n-candidates", "30", "--n-rounds", "1"],
    "graph_checks": ["--n", "600", "--n-candidates", "30", "--n-rounds", "1"],
    "hubness_measures": ["--n-graph", "3000", "--n-moments", "1000", "--n-rounds", "1"],
    "empirical": ["--n", "200", "--n-listed", "300", "--d", "9", "--n-rounds", "1"],
    "similarity": ["--n", "400", "--d", "70", "--n-rsa", "300", "--n-permuted", "200"],
    "peers": ["--n", "120", "--d", "20", "--n-rounds", "1"],
    "million": ["--n", "3000", "--n-sample", "500", "--n-recall", "20"],
    "out_of_core": ["--n", "2000", "--n-candidates", "30", "--working-memory", "4", "1"],
}
PAGES = ["exact_search", "hubness_speed", "similarity_speed", "million", "predecessors"]


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_script_runs(name, tmp_path):
    pytest.importorskip({"exact_search": "faiss", "million": "pynndescent"}.get(name, "numba"))
    script = FOLDER / f"bench_{name}.py"
    command = [sys.executable, str(script), *SMALL[name], "--output", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    written = sorted(path.name for path in tmp_path.glob("*.csv"))
    assert f"{name}_environment.csv" in written
    for table in written:
        assert len((tmp_path / table).read_text().splitlines()) > 1


@pytest.mark.parametrize("page", PAGES)
def test_tables_of_a_page_exist(page):
    text = (FOLDER / f"{page}.rst").read_text()
    tables = re.findall(r":file: (\S+)", text)
    assert tables
    for table in tables:
        assert (FOLDER / table).is_file(), f"{table} is missing: run the script of the page"

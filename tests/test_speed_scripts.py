"""The comparisons of speed run, each on an input of a small size, and stand on their page."""

import csv
import os
import pathlib
import subprocess
import sys

import pytest

from tests.reference.arrays import ON_GPU

FOLDER = pathlib.Path(__file__).parents[1] / "doc" / "benchmarks"
FAMILIES = sorted(path.stem.removeprefix("speed_") for path in FOLDER.glob("speed_*.py"))


def _run(command):
    """Run a script with the package that is tested here."""
    environment = {**os.environ, "SCIPY_ARRAY_API": "1", "PYTHONPATH": str(FOLDER.parents[1])}
    subprocess.run(command, check=True, capture_output=True, env=environment)


@pytest.mark.parametrize("family", FAMILIES)
def test_comparisons_run(family, tmp_path):
    command = [sys.executable, FOLDER / "bench_speed.py", family, "--small", "--rounds", "1"]
    _run([*command, "--folder", tmp_path])
    with open(tmp_path / f"speed_{family}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        assert row["ratio now"] == "not installed" or float(row["ratio now"]) > 0


@pytest.mark.parametrize("family", FAMILIES)
def test_tables_are_on_the_page(family):
    page = (FOLDER / "speed.rst").read_text()
    for table in FOLDER.glob(f"speed_{family}*.csv"):
        if not table.stem.endswith("_environment"):
            assert f":file: {table.name}" in page
    if (FOLDER / f"speed_{family}.png").exists():
        assert f":: speed_{family}.png" in page


def test_the_script_for_a_gpu_runs_on_this_processor(tmp_path):
    pytest.importorskip("torch")
    command = [sys.executable, FOLDER / "bench_gpu.py", "--small", "--folder", tmp_path]
    _run(command)
    with open(tmp_path / "gpu.csv", newline="") as file:
        seconds = {row["what"]: float(row["seconds"]) for row in csv.DictReader(file)}
    assert min(seconds.values()) > 0
    # The table of the page has the same rows, run or not.
    with open(FOLDER / "gpu.csv", newline="") as file:
        assert [row["what"] for row in csv.DictReader(file)] == list(seconds)
    assert all(what in seconds for what in ON_GPU.values())

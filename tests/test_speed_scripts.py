"""The comparisons of speed run, each on an input of a small size, and stand on their page."""

import csv
import pathlib
import subprocess
import sys

import pytest

FOLDER = pathlib.Path(__file__).parents[1] / "doc" / "benchmarks"
FAMILIES = sorted(path.stem.removeprefix("speed_") for path in FOLDER.glob("speed_*.py"))


@pytest.mark.parametrize("family", FAMILIES)
def test_comparisons_run(family, tmp_path):
    command = [sys.executable, FOLDER / "bench_speed.py", family, "--small", "--rounds", "1"]
    subprocess.run([*command, "--folder", tmp_path], check=True, capture_output=True)
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

"""Many fits in one process leave no memory, threads, open or temporary files behind."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

pytest.importorskip("torch")
if not pathlib.Path("/proc/self/statm").exists():
    pytest.skip("what a process holds is read from /proc", allow_module_level=True)

ROOT = pathlib.Path(__file__).parents[1]


def growth(n_fits, folder):
    process = subprocess.run(
        [sys.executable, "-m", "tests.soak", "--fits", str(n_fits)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(process.stdout)


@pytest.mark.parametrize("n_fits", [20, pytest.param(200, marks=pytest.mark.slow)])
def test_fits_leave_nothing_behind(n_fits, tmp_path):
    grown = growth(n_fits, tmp_path)
    # The allocator keeps some pages; a leak of one small model a fit would be far more.
    assert grown.pop("memory") < 8, "MiB"
    assert grown == {"threads": 0, "open files": 0, "temporary files": 0}

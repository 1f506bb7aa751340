"""The site builds without a warning; the gallery's scripts are shown, not run."""

import os
import pathlib
import subprocess
import sys

import pytest

DOC = pathlib.Path(__file__).parents[1] / "doc"


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

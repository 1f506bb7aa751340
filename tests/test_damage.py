"""Kills, full disks and damaged files, a few of each; the reliability page quotes a longer run."""

import sys

import pytest

pytest.importorskip("torch")
pytest.importorskip("skorch")
if sys.platform != "linux":
    pytest.skip("limits, signals and forks of Linux", allow_module_level=True)

import random

from tests.damage import WRITTEN, changed, data, full_disk, killed_writes, models


def test_kills_in_the_middle_of_writes(tmp_path):
    tried, survived, writing = killed_writes(tmp_path / "weights", 4, random.Random(0))
    assert tried == survived >= writing


def test_full_disk(tmp_path):
    assert full_disk(tmp_path / "weights", 4, random.Random(0)) == (4, 4)


@pytest.mark.parametrize("name", WRITTEN)
def test_changed_files(tmp_path, name):
    path = tmp_path / "weights"
    model = models(name)[0]
    model.save_weights(path)
    rows = list(changed("weights", lambda: model.load_weights(path), path, 20, random.Random(0)))
    assert [row[2:] for row in rows] == [(20, 20), (20, 20)]


def test_a_fault_that_is_answered_is_counted(tmp_path):
    path = tmp_path / "weights"
    path.write_bytes(bytes(100))
    rows = list(changed("anything", lambda: data(), path, 5, random.Random(0)))
    assert [row[2:] for row in rows] == [(5, 0), (5, 0)]

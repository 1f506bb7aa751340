"""Fit small models over and over in one process, and report what does not come back.

``python -m tests.soak --fits 200`` prints one line of JSON: the growth after the warm-up of the
resident memory (MiB), of threads, of open files and of temporary files.
"""

import argparse
import csv
import gc
import json
import os
import pathlib
import tempfile

from sklearn.base import clone

from tests.small_models import digest, small_data, small_models

TABLE = pathlib.Path(__file__).parents[1] / "doc" / "reliability_soak.csv"
_PAGES_PER_MIB = 2**20 / os.sysconf("SC_PAGE_SIZE")


def resources():
    """What this process holds, from the kernel's books."""
    gc.collect()
    process = pathlib.Path("/proc/self")
    return {
        "memory": int((process / "statm").read_text().split()[1]) / _PAGES_PER_MIB,
        "threads": len(os.listdir(process / "task")),
        "open files": len(os.listdir(process / "fd")),
        "temporary files": len(os.listdir(tempfile.gettempdir())),
    }


def soak(n_fits, n_warm_up):
    """Growth of each resource between the end of the warm-up and the last fit."""
    models = list(small_models().values())
    X, y = small_data()
    for i in range(n_warm_up + n_fits):
        if i == n_warm_up:
            before = resources()
        digest(clone(models[i % len(models)]).fit(X, y))
    return {name: round(after - before[name], 2) for name, after in resources().items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fits", type=int, default=200)
    parser.add_argument("--warm-up", type=int, default=20)
    parser.add_argument("--write", action="store_true", help=f"write {TABLE.name}")
    arguments = parser.parse_args()
    growth = soak(arguments.fits, arguments.warm_up)
    print(json.dumps(growth))
    if arguments.write:
        with TABLE.open("w", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(["resource", "fits", "growth"])
            writer.writerows([name, arguments.fits, grown] for name, grown in growth.items())

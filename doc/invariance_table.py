"""Write the tables of measures in the user guide, from the checks that the tests run.

Run from the root of the repository: ``python doc/invariance_table.py``.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import csv
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sksim.metrics._measure import PairedMeasure, QualityMeasure
from sksim.metrics._registry import all_measures
from tests.reference.measure_properties import invariance_table, quality_table


def write_table(path: pathlib.Path, rows: list[dict[str, str]]) -> None:
    """One row a measure, sorted by name."""
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: row["measure"]))


if __name__ == "__main__":
    guide = ROOT / "doc" / "user_guide"
    write_table(guide / "invariance_table.csv", invariance_table(all_measures(PairedMeasure)))
    write_table(guide / "quality_table.csv", quality_table(all_measures(QualityMeasure)))

"""Write the table of measures in the user guide, from the checks that the tests run.

Run from the root of the repository: ``python doc/invariance_table.py``.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import csv
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from sksim.metrics._measure import PairedMeasure, all_measures
from tests.reference.measure_properties import invariance_table


def write_table(path: pathlib.Path) -> None:
    """One row a measure, sorted by name."""
    rows = invariance_table(sorted(all_measures(PairedMeasure), key=lambda measure: measure.name))
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    write_table(ROOT / "doc" / "user_guide" / "invariance_table.csv")

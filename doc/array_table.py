"""Write the table of the user guide that says which arrays stay where they are.

Run from the root of the repository: ``python doc/array_table.py``. The list is that of the tests.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import csv
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.reference.arrays import place_table

if __name__ == "__main__":
    rows = sorted(place_table(), key=lambda row: row["name"].lower())
    path = ROOT / "doc" / "user_guide" / "array_table.csv"
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)

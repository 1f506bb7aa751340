"""One line for each data set, from the tables of bench_evidence_classification.py.

How far the space is from chance, and the error with a few reductions.
"""

import argparse
import csv
import pathlib

from _measure import FOLDER, write_csv

DATA = ["agnews_layer6", "agnews_lsa", "dexter", "clinc150", "newsgroups20", "agnews"]
COLUMNS = {
    "none": [("as they are", "none")],
    "unit length": [("unit length", "none")],
    "centred, unit length": [("centred, unit length", "none")],
    "normal scores": [("normal scores", "none")],
    "mutual proximity": [("as they are", "mutual proximity")],
    "NICDM": [("as they are", "NICDM")],
    "unit length, NICDM": [("unit length", "NICDM"), ("as they are", "NICDM")],
    "unit length, mutual proximity": [
        ("unit length", "mutual proximity"),
        ("as they are", "mutual proximity"),
    ],
    "normal scores, mutual proximity": [("normal scores", "mutual proximity")],
}


def read(path):
    """Lines of a table by vectors and reduction, the first of each (fewest candidates)."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    lines = {}
    for row in rows[1:]:
        lines.setdefault((row["vectors"], row["reduction"]), row)
    return rows[0], lines


def summary(name, path):
    """Excess of hubness over chance and the errors; - where there is no such line."""
    chance, lines = read(path)
    plain = lines["as they are", "none"]
    excess = float(plain["Robin Hood"]) - float(chance["Robin Hood"])
    errors = {}
    for column, keys in COLUMNS.items():
        found = [lines[key]["error, %"] for key in keys if key in lines]
        errors[column] = found[0] if found else "-"
    return {
        "data": name,
        "skewness": plain["skewness"],
        "Robin Hood above chance": f"{excess:.3f}",
    } | errors


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", default=FOLDER)
    args = parser.parse_args()
    paths = {name: pathlib.Path(args.output) / f"evidence_{name}.csv" for name in DATA}
    rows = [summary(name, path) for name, path in paths.items() if path.exists()]
    write_csv("evidence_summary.csv", rows, args.output)


if __name__ == "__main__":
    main()

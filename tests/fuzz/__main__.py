"""Run the machines for a given time, with new seeds, and count what was tried."""

import argparse
import csv
import pathlib
import secrets
import sys
import time
import traceback

import hypothesis
from hypothesis.stateful import run_state_machine_as_test

from tests.fuzz.graphs import GraphMachine
from tests.fuzz.tally import TALLY
from tests.fuzz.weights import WeightMachine

MACHINES = {"graphs": GraphMachine, "weights": WeightMachine}
TABLE = pathlib.Path(__file__).parents[2] / "doc" / "reliability_faults.csv"


def run(Machine, seed, n_examples):
    """One batch of drawn stories of a machine; raises the smallest that breaks a promise."""
    settings = hypothesis.settings(
        max_examples=n_examples,
        stateful_step_count=30,
        deadline=None,
        database=None,
        derandomize=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(hypothesis.seed(seed)(Machine), settings=settings)


def write(rows):
    """Put the rows into the table, in place of those about the same kinds of input."""
    replaced = {row["input"] for row in rows}
    if TABLE.exists():
        with TABLE.open(newline="") as stream:
            rows = [row for row in csv.DictReader(stream) if row["input"] not in replaced] + rows
    with TABLE.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: (row["input"], row["fault"])))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--machine", choices=MACHINES, action="append")
    parser.add_argument("--seed", type=int, default=None, help="of the first batch; drawn if not")
    parser.add_argument("--write", action="store_true", help=f"write the counts to {TABLE.name}")
    arguments = parser.parse_args()
    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    print(f"first seed {seed}")
    end = time.monotonic() + 60 * arguments.minutes
    spent = dict.fromkeys(arguments.machine or MACHINES, 0.0)
    failed = False
    while time.monotonic() < end and not failed:
        name = min(spent, key=lambda name: spent[name])
        start = time.monotonic()
        try:
            run(MACHINES[name], seed, n_examples=20)
        except Exception:
            traceback.print_exc()
            print(f"{name} failed: --machine {name} --seed {seed}")
            failed = True
        spent[name] += time.monotonic() - start
        seed += 1
    for row in TALLY.table():
        print("{input}, {fault}: {tried} tried, {refused} refused".format(**row))
    print(f"{TALLY.total()} cases, first seed of a next run {seed}")
    if arguments.write and not failed:
        write(TALLY.table())
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

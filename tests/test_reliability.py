"""The reliability page names tests that exist, and its numbers show no fault that was answered."""

import ast
import csv
import pathlib

import pytest

from sksim.generative._model_inside import ModelTransformer
from sksim.utils import estimator_checks
from sksim.utils._faults import GRAPH_FAULTS
from sksim.utils.discovery import all_estimators
from tests.small_models import NETWORKS, READERS

ROOT = pathlib.Path(__file__).parents[1]


def table(name):
    with (ROOT / "doc" / f"reliability_{name}.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


PROMISES = table("promises")


def functions(path):
    body = ast.parse((ROOT / path).read_text()).body
    return {node.name for node in body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("promise", PROMISES, ids=[row["promise"][:40] for row in PROMISES])
def test_a_promise_is_held_by_tests_that_run(promise):
    run = {
        check.func.__name__
        for _, Estimator in all_estimators()
        for _, check in estimator_checks.sksim_checks_generator(Estimator())
    }
    assert promise["held by"]
    for held_by in promise["held by"].replace("`", "").split():
        path, _, name = held_by.partition("::")
        if name:
            assert name in functions(path), held_by
        else:
            assert held_by in run, held_by


def test_every_estimator_with_a_network_is_tried():
    with_networks = {
        Estimator
        for _, Estimator in all_estimators()
        if "checkpoint" in Estimator().get_params() or issubclass(Estimator, ModelTransformer)
    }
    assert {type(make()) for make in {**NETWORKS, **READERS}.values()} == with_networks


def test_no_fault_was_answered():
    faults = table("faults")
    assert {row["fault"] for row in faults if row["input"] == "graph"} == {"none", *GRAPH_FAULTS}
    for row in faults:
        tried, refused, answered = (int(row[key]) for key in ("tried", "refused", "answered"))
        assert tried > 0, row
        assert refused == (0 if row["fault"] == "none" else tried), row
        assert answered == tried - refused, row


def test_every_kill_and_all_damage_was_survived():
    rows = table("damage")
    for what in ("training of DiffEnc", "writing of weights", "file of weights", "checkpoint"):
        assert any(row["what"].startswith(what) for row in rows)
    for row in rows:
        assert int(row["survived"]) == int(row["tried"]) > 0, row


def test_nothing_grew():
    for row in table("soak"):
        assert float(row["growth"]) < (8 if row["resource"] == "memory" else 1), row

"""Some seconds of each machine, with the same seed every time."""

import pytest

from sksim.utils._faults import GRAPH_FAULTS

pytest.importorskip("torch")

from tests.fuzz.__main__ import MACHINES, run
from tests.fuzz.tally import TALLY


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_finds_nothing(name):
    before = TALLY.total()
    run(MACHINES[name], seed=0, n_examples=12)
    assert TALLY.total() > before + 100


def test_every_fault_of_a_graph_is_drawn():
    run(MACHINES["graphs"], seed=1, n_examples=15)
    assert set(GRAPH_FAULTS) <= {fault for _, fault, _ in TALLY}

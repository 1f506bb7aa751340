import numpy as np
import pytest
import sklearn
from hypothesis import given
from hypothesis import strategies as st

from sksim.utils._blocks import row_blocks


@given(
    n_rows=st.integers(0, 200),
    bytes_per_row=st.floats(0, 2**21),
    max_rows=st.none() | st.integers(1, 50),
)
def test_blocks_cover_every_row_once_and_stay_within_the_limit(n_rows, bytes_per_row, max_rows):
    blocks = list(row_blocks(n_rows, bytes_per_row, max_rows=max_rows, working_memory=1))
    covered = [i for rows in blocks for i in range(rows.start, rows.stop)]
    assert covered == list(range(n_rows))
    for rows in blocks:
        size = rows.stop - rows.start
        assert size == 1 or size * bytes_per_row <= 2**20
        assert max_rows is None or size <= max_rows


def test_limit_is_the_working_memory_of_scikit_learn():
    with sklearn.config_context(working_memory=2):
        assert next(row_blocks(9, 2**20)) == slice(0, 2)
    assert next(row_blocks(9, np.inf)) == slice(0, 1)


@pytest.mark.parametrize("n_rows", [0, 1])
def test_few_rows(n_rows):
    assert len(list(row_blocks(n_rows, 8.0))) == n_rows

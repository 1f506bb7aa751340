"""Long work shows itself where it is asked to, and nowhere else."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sksim._search._exact import exact_neighbors
from sksim.metrics import (
    cross_similarity,
    pairwise_similarity,
    permutation_test_similarity,
    similarity_interval,
)
from sksim.utils import _progress
from sksim.utils._progress import Steps, progress, shown

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((60, 5)), RNG.standard_normal((60, 4))


@pytest.fixture(params=["tqdm", "line"])
def bars(request, monkeypatch):
    """The bar of tqdm, and the line without it, shown from the first step on."""
    if request.param == "tqdm":
        pytest.importorskip("tqdm")
    else:
        monkeypatch.setitem(sys.modules, "tqdm", None)
        monkeypatch.setattr(_progress, "_INTERVAL", 0.0)
    return request.param


def test_nothing_is_shown_unasked(capsys):
    assert list(progress(range(3), "steps")) == [0, 1, 2]
    with shown(0):
        assert list(progress(range(3), "steps")) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_steps_are_shown_on_the_error_stream(bars, capsys):
    with shown(1):
        assert list(progress(range(3), "steps")) == [0, 1, 2]
    out, err = capsys.readouterr()
    assert out == ""
    assert "steps" in err
    assert "3" in err


def test_only_the_outermost_loop_is_shown(bars, capsys):
    with shown(1):
        for _ in progress(range(2), "outer"):
            assert list(progress(range(2), "inner")) == [0, 1]
        assert list(progress(range(2), "second")) == [0, 1]
    err = capsys.readouterr().err
    assert "outer" in err
    assert "second" in err
    assert "inner" not in err


def _fail(steps):
    for _ in steps:
        raise RuntimeError


def test_the_state_comes_back_after_an_error(bars, capsys):
    with shown(1):
        steps = progress(range(2), "steps")
        with pytest.raises(RuntimeError):
            _fail(steps)
    steps.close()  # as late as the garbage collector may do it
    capsys.readouterr()
    assert list(progress(range(2), "later")) == [0, 1]
    assert capsys.readouterr().err == ""


def test_a_number_of_items_that_is_not_known(bars, capsys):
    with shown(1):
        assert list(progress(iter("abc"), "letters")) == ["a", "b", "c"]
        assert list(progress(iter("abc"), "letters", total=3)) == ["a", "b", "c"]
    assert "letters" in capsys.readouterr().err


def test_a_delay_hides_what_is_quick(bars, capsys):
    with shown(1, delay=60.0):
        assert list(progress(range(3), "steps")) == [0, 1, 2]
    assert "steps" not in capsys.readouterr().err


def test_steps_are_counted_from_threads():
    with shown(1), Steps(400, "steps") as steps, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: steps.done(), range(400)))
        assert steps._bar.n == 400


CALLS = {
    "pairwise_similarity": lambda v: pairwise_similarity([X, Y, X], verbose=v).values,
    "pairwise_similarity of many samples": lambda v: (
        pairwise_similarity([np.tile(X, (12, 1)) + i for i in range(3)], "rsa", verbose=v).values
    ),
    "cross_similarity": lambda v: cross_similarity([X], [X, Y], verbose=v).values,
    "permutation_test_similarity": lambda v: (
        permutation_test_similarity(X, Y, n_permutations=9, random_state=0, verbose=v).null_scores
    ),
    "similarity_interval": lambda v: similarity_interval(X, Y, random_state=0, verbose=v),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_verbose_shows_progress_and_changes_no_number(call, bars, capsys):
    expected = call(0)
    assert capsys.readouterr().err == ""
    np.testing.assert_array_equal(call(1), expected)
    assert capsys.readouterr().err != ""


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n_jobs": 2},
        {"metric": "manhattan"},
        {"exclude_self": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("n_features", [3, 20, 60])
def test_every_search_counts_its_queries(options, n_features, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(_progress, "_INTERVAL", 0.0)
    data = np.random.default_rng(1).standard_normal((3000, n_features)).astype(np.float32)
    with shown(1):
        exact_neighbors(data, n_neighbors=5, **options)
    lines = [line for line in capsys.readouterr().err.split("\r") if line.strip()]
    assert lines
    for line in lines:
        done, total = line.split(": ")[1].split(",")[0].split(" of ")
        assert 0 < int(done) <= int(total)
    assert int(done) == int(total)

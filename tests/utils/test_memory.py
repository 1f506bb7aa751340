"""What cannot fit fails before it is allocated, with its size and the route that does fit."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
from scipy.sparse import vstack
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.neighbors import kneighbors_graph

from sksim.alignment import PermutationAligner
from sksim.hubness import (
    MutualProximity,
    SharedNearestNeighbors,
    SimhubSimilarity,
    SinkhornNormalization,
    _shared_neighbors,
)
from sksim.metrics import (
    cka_score,
    correlation_matching_score,
    k_occurrence,
    permutation_distance,
    rdm,
    rsa_score,
    soft_matching_distance,
    vendi_score,
    von_neumann_entropy,
)
from sksim.neighbors import HubnessReducedNearestNeighbors
from sksim.utils import _memory
from sksim.utils._graph import dense_to_graph


@pytest.fixture
def little_memory(monkeypatch):
    """A machine with a thousand bytes left, where everything is asked for."""
    monkeypatch.setattr(_memory, "_SMALL", 0)
    monkeypatch.setattr(_memory, "available_memory", lambda: 1000.0)


X = np.random.RandomState(0).standard_normal((60, 20))
Y = np.random.RandomState(1).standard_normal((60, 20))
D = np.abs(X[:, :1] - X[:, 0])

CALLS = {
    "rbf median": lambda: cka_score(X, Y, kernel="rbf"),
    "kernel of a user": lambda: cka_score(X, Y, kernel=rbf_kernel),
    "features": lambda: cka_score(X, Y),
    "vendi": lambda: vendi_score(X, kernel=rbf_kernel),
    "vendi, cosine": lambda: vendi_score(X),
    "entropy": lambda: von_neumann_entropy(X),
    "ranks": lambda: rsa_score(X, Y),
    "whitened": lambda: rsa_score(X, Y, compare="whitened_cosine", sigma_k=np.eye(60)),
    "dissimilarities": lambda: rdm(X),
    "soft matching": lambda: soft_matching_distance(X, Y),
    "permutation": lambda: permutation_distance(X, Y),
    "correlation matching": lambda: correlation_matching_score(X, Y),
    "aligner": lambda: PermutationAligner().fit(X, Y),
    "complete graph": lambda: dense_to_graph(D),
    "plan": lambda: SinkhornNormalization().fit_graph(TRUNCATED, vectors=X),
    "joint counts": lambda: MutualProximity(method="empirical").fit(COMPLETE),
    "shared neighbours": lambda: SharedNearestNeighbors(5).fit_transform(TRUNCATED),
    "simhub": lambda: SimhubSimilarity(5).fit_transform(TRUNCATED),
    "lists": lambda: k_occurrence(X, n_neighbors=10),
    "candidates": lambda: SEARCH.kneighbors(X),
}


COMPLETE = dense_to_graph(D)
TRUNCATED = kneighbors_graph(X, 9, mode="distance")
SEARCH = HubnessReducedNearestNeighbors(3).fit(X)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_what_does_not_fit_is_refused(call, little_memory):
    with pytest.raises(MemoryError, match=r"takes .* GiB, of which .* GiB are available\. \w+"):
        call()


@pytest.mark.parametrize("reduction", [SharedNearestNeighbors(5), SimhubSimilarity(5)])
def test_overlaps_of_hubs_are_counted_before_they_are_made(monkeypatch, reduction):
    """No fewer than there are, no more than pairs; a block of rows after the other fits."""
    asked = []
    graph = TRUNCATED
    fitted = reduction.fit(graph)
    monkeypatch.setattr(_shared_neighbors, "check_fits", lambda n_bytes, *_: asked.append(n_bytes))
    whole = fitted.transform(graph)
    lists = fitted._lists
    n_overlaps = (lists @ lists.T).nnz
    assert 16 * n_overlaps <= asked[0] <= 16 * graph.shape[0] ** 2
    parts = [fitted.transform(graph[rows]) for rows in (slice(0, 25), slice(25, 60))]
    assert sum(asked[1:]) == asked[0]
    assert abs(vstack(parts) - whole).max() == 0


def test_the_message():
    with pytest.raises(MemoryError, match=r"^A takes 1073741824.0 GiB, of which .*\. Do B\.$"):
        _memory.check_fits(2.0**60, "A", "Do B.")
    _memory.check_fits(2.0**20, "A", "Do B.")


@pytest.mark.skipif(sys.platform != "linux", reason="limits of the address space are Linux's")
def test_under_a_limit_of_the_address_space():
    """A kernel of 3.7 GiB, under ``ulimit -v`` of 3 GiB, is refused in time and by its size."""
    code = """
        import resource
        import numpy as np
        from sksim.metrics import vendi_score
        from sksim.utils._memory import available_memory

        resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
        assert available_memory() < 3 * 2**30
        X = np.random.RandomState(0).standard_normal((22_361, 2))
        try:
            vendi_score(X, kernel=lambda A, B: A @ B.T)
        except MemoryError as error:
            print(error)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
        env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": ":".join(sys.path)},
    )
    assert "The kernel matrix of 22361 samples takes 3.7 GiB" in run.stdout


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"/proc/meminfo": "MemTotal: 9 kB\nMemAvailable: 5 kB\nSwapFree: 1 kB\n"}, 6 * 1024),
        (
            {
                "/proc/meminfo": "MemAvailable: 5 kB\n",
                "/sys/fs/cgroup/memory.max": "3000\n",
                "/sys/fs/cgroup/memory.current": "2500\n",
                "/sys/fs/cgroup/memory.stat": "anon 7\ninactive_file 100\n",
            },
            600,
        ),
        (
            {"/proc/meminfo": "MemAvailable: 5 kB\n", "/sys/fs/cgroup/memory.max": "max\n"},
            5 * 1024,
        ),
    ],
)
def test_what_is_available(monkeypatch, files, expected):
    def read_text(path):
        try:
            return files[str(path)]
        except KeyError:
            raise FileNotFoundError(path) from None

    monkeypatch.setattr(_memory.Path, "read_text", read_text)
    monkeypatch.setattr(_memory, "_free_of_process", lambda: float("inf"))
    assert _memory.available_memory() == expected

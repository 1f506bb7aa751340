import joblib
import numpy as np
import pytest
from joblib.parallel import ParallelBackendBase

from sksim._search import _exact
from sksim.neighbors import HubnessReducedNearestNeighbors
from sksim.utils._jobs import local_n_jobs


class Cluster(ParallelBackendBase):
    """A back end of many cores elsewhere, which runs nothing."""

    def effective_n_jobs(self, n_jobs):
        return 96

    def submit(self, func, callback=None):
        raise AssertionError("nothing is sent to the cluster")


@pytest.fixture
def cluster():
    joblib.register_parallel_backend("cluster of a test", Cluster)
    with joblib.parallel_config("cluster of a test"):
        assert joblib.effective_n_jobs(None) == 96
        yield
    del joblib.parallel.BACKENDS["cluster of a test"]


def test_cores_of_a_cluster_are_no_local_threads(cluster):
    assert local_n_jobs(None) == 1
    assert local_n_jobs(3) == 3
    assert local_n_jobs(-1) == joblib.cpu_count()


def test_the_local_back_ends_keep_their_numbers():
    assert local_n_jobs(None) == 1
    assert local_n_jobs(2) == 2
    for backend in ("threading", "loky"):
        with joblib.parallel_config(backend, n_jobs=3):
            assert local_n_jobs(None) == 3


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
def test_a_search_on_a_cluster_takes_one_thread(metric, cluster, rng, monkeypatch):
    seen = []
    in_threads = _exact._in_threads
    monkeypatch.setattr(
        _exact,
        "_in_threads",
        lambda search, blocks, n_threads: (
            seen.append(n_threads) or in_threads(search, blocks, n_threads)
        ),
    )
    X = rng.standard_normal((300, 8))
    search = HubnessReducedNearestNeighbors(3, metric=metric).fit(X)
    assert np.isfinite(search.kneighbors(X)[0]).all()
    assert set(seen) <= {1}

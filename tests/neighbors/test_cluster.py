"""Grid search through joblib's back ends gives the same as without."""

import pathlib
import runpy

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.datasets import make_blobs
from sklearn.model_selection import GridSearchCV

from sksim.hubness import MutualProximity
from sksim.neighbors import HubnessReducedKNeighborsClassifier

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "grid_search_on_a_cluster.py"
GRID = {
    "reduction": [None, "nicdm", MutualProximity(moments="exact")],
    "n_neighbors": [3, 8],
}


@pytest.fixture(scope="module")
def blobs():
    return make_blobs(120, 20, centers=4, cluster_std=6.0, random_state=0)


@pytest.fixture(scope="module")
def alone(blobs):
    return GridSearchCV(HubnessReducedKNeighborsClassifier(), GRID, cv=3).fit(*blobs)


def test_threads(blobs, alone):
    search = GridSearchCV(HubnessReducedKNeighborsClassifier(), GRID, cv=3, n_jobs=2)
    with joblib.parallel_config("threading"):
        search.fit(*blobs)
    assert_array_equal(search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_dask_cluster(blobs, alone):
    distributed = pytest.importorskip("distributed")
    search_on_cluster = runpy.run_path(str(EXAMPLE))["search_on_cluster"]
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with distributed.LocalCluster(**options) as cluster:
        search = search_on_cluster(distributed.Client(cluster), *blobs, grid=GRID)
    assert_array_equal(search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()

"""
Can a Dask cluster run a grid search over reductions?
=====================================================

Each point of a grid over reductions is an independent fit. A cluster can take them without a word
about it in the estimators: scikit-learn's searches run their fits through joblib, and joblib hands
them to Dask inside ``parallel_config("dask")``. A ``Client`` of a real cluster takes the place of
the local one here; the training data are sent to the workers once, with ``scatter``. Inside each
fit the search stays in blocks within the worker's memory. Needs ``dask`` and ``distributed``::

    python -m pip install dask distributed
    python examples/grid_search_on_a_cluster.py
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

# sphinx_gallery_thumbnail_path = "_static/figures/reductions_compared.svg"

import joblib
from sklearn.model_selection import GridSearchCV

from sksim.datasets import load_sentence_embeddings
from sksim.neighbors import HubnessReducedKNeighborsClassifier

GRID = {
    "reduction": [
        None,
        "mutual_proximity",
        "nicdm",
        "csls",
        "local_scaling",
    ],
    "n_neighbors": [3, 5, 10],
}


def search_on_cluster(client, X, y, grid=GRID):
    """Grid search whose fits run on the workers of the client."""
    search = GridSearchCV(
        HubnessReducedKNeighborsClassifier(), grid, cv=3, n_jobs=-1
    )
    with client, joblib.parallel_config("dask", scatter=[X, y]):
        return search.fit(X, y)


def main(n_workers=2):
    from distributed import Client, LocalCluster

    X, y = load_sentence_embeddings(subset="train", return_X_y=True)
    X_test, y_test = load_sentence_embeddings(
        subset="test", return_X_y=True
    )
    options = {
        "n_workers": n_workers,
        "threads_per_worker": 1,
        "dashboard_address": None,
    }
    with LocalCluster(**options) as cluster:
        search = search_on_cluster(Client(cluster), X, y)
    plain = HubnessReducedKNeighborsClassifier(reduction=None).fit(X, y)
    error, before = (
        1 - search.score(X_test, y_test),
        1 - plain.score(X_test, y_test),
    )
    print(
        f"best of {len(search.cv_results_['params'])}: {search.best_params_}"
    )
    print(f"test error {error:.2%}, without a reduction {before:.2%}")
    return search


if __name__ == "__main__":
    main()

# %%
# The script prints the best of all settings, and the error on the test part beside that of a search
# without a reduction. In the guide: :ref:`larger_than_memory`.

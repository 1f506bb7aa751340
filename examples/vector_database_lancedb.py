"""
Can LanceDB return neighbours without hubs?
===========================================

Yes, and it need not know of hubs. A fitted search exports slightly longer vectors; the largest
inner products of these are the reduced neighbours. They go into a table that is asked with the
distance ``"dot"``. The database of this script is a temporary folder that is removed at the end:
give ``lancedb.connect`` the folder of yours. Vectors that are in a table already are
``np.stack(table.to_arrow()["vector"].to_numpy())``, in the order of its rows.

The script stands alone. It needs ``pip install sksim lancedb``.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

# sphinx_gallery_thumbnail_path = "_static/figures/thumbnail_hubness.svg"

import tempfile

import numpy as np

from sksim.datasets import load_sentence_embeddings
from sksim.metrics import (
    hubness_null,
    k_occurrence_from_indices,
    k_skewness,
)
from sksim.neighbors import HubnessReducedNearestNeighbors

N_NEIGHBORS, N_QUERIES = 10, 300

# %%
# In and out of the database
# --------------------------
# A row of a table is a number and a vector. An exact search answers all queries at once, and says
# in ``query_index`` which query a line belongs to.


def stored(database, name, vectors):
    """A table of that name, one row a vector."""
    import pyarrow as pa

    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    column = pa.FixedSizeListArray.from_arrays(
        pa.array(vectors.ravel()), vectors.shape[1]
    )
    rows = {"id": pa.array(np.arange(len(vectors))), "vector": column}
    return database.create_table(name, pa.table(rows))


def nearest(table, queries, distance):
    """Row numbers of the nearest rows of each query."""
    answer = table.search(list(queries.astype(np.float32)))
    answer = answer.distance_type(distance).limit(N_NEIGHBORS)
    lines = answer.select(["id", "_distance"]).to_arrow()
    order = [("query_index", "ascending"), ("_distance", "ascending")]
    lines = lines.sort_by(order)
    return lines["id"].to_numpy().reshape(len(queries), N_NEIGHBORS)


# %%
# Fit, export, ask
# ----------------
# The database ranks *all* rows by inner product. So that both see the same, the search in memory
# takes all rows as candidates too; for the export itself the default will do.


def main():
    import lancedb

    X, y = load_sentence_embeddings(subset="train", return_X_y=True)
    Q, intents = load_sentence_embeddings(subset="test", return_X_y=True)
    Q, intents = Q[:N_QUERIES], intents[:N_QUERIES]
    search = HubnessReducedNearestNeighbors(
        N_NEIGHBORS,
        reduction="csls",
        metric="cosine",
        n_candidates=len(X) - 1,
    ).fit(X)
    to_store, map_queries = search.to_inner_product_index()

    with tempfile.TemporaryDirectory() as folder:
        database = lancedb.connect(folder)
        plain = stored(database, "plain", X)
        longer = stored(database, "reduced", to_store)
        answers = {
            "LanceDB, cosine": nearest(plain, Q, "cosine"),
            "LanceDB, exported": nearest(longer, map_queries(Q), "dot"),
            "sksim, CSLS": search.kneighbors(Q, return_distance=False),
        }
    chance = hubness_null(
        "k_skewness",
        n_queries=N_QUERIES,
        n_indexed=len(X),
        n_neighbors=N_NEIGHBORS,
    )
    print(f"{'':18} right intent   skewness (chance {chance:.2f})")
    for name, found in answers.items():
        right = np.mean(y[found] == intents[:, None])
        counts = k_occurrence_from_indices(found, len(X))
        print(f"{name:18} {right:12.1%}   {k_skewness(counts):8.2f}")

    pairs = zip(answers["LanceDB, exported"], answers["sksim, CSLS"])
    same = np.mean([set(a) == set(b) for a, b in pairs])
    # Single precision may exchange nearly equal distances, no more.
    assert same > 0.99
    print(f"LanceDB returns the reduced neighbours of sksim ({same:.1%}).")


if __name__ == "__main__":
    main()

# %%
# The script prints, for the plain table, for the exported vectors and for the search in memory, how
# many of the results have the right intent and how skewed their counts are; and that the last two
# are the same. In the guide: :ref:`vector_databases`.

"""
Reduced hubness in LanceDB
==========================

Question: our vectors are in LanceDB, in files. Can it return neighbours with reduced hubness?

Yes: a fitted search exports slightly longer vectors whose largest inner products are the reduced
neighbours. They go into a table, which is asked with the distance ``"dot"``. The database runs
inside this script, in a temporary folder that is removed at the end.

    python -m pip install sksim lancedb
    python examples/vector_database_lancedb.py
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

# sphinx_gallery_thumbnail_path = "_static/figures/what_a_hub_is.svg"

import tempfile

import numpy as np
from vector_index_export import N_NEIGHBORS, Table

from sksim.datasets import load_sentence_embeddings
from sksim.neighbors import HubnessReducedNearestNeighbors

N_QUERIES = 300


def stored(folder, name, vectors):
    """A table with a row number and a vector a row."""
    import lancedb
    import pyarrow as pa

    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    column = pa.FixedSizeListArray.from_arrays(
        pa.array(vectors.ravel()), vectors.shape[1]
    )
    rows = pa.table(
        {"id": pa.array(np.arange(len(vectors))), "vector": column}
    )
    return lancedb.connect(folder).create_table(name, rows)


def nearest(table, query_vectors, distance_type):
    """Row numbers of the nearest rows of each query, by an exact search of the database."""
    queries = list(query_vectors.astype(np.float32))
    answer = (
        table.search(queries)
        .distance_type(distance_type)
        .limit(N_NEIGHBORS)
    )
    rows = (
        answer.select(["id", "_distance"])
        .to_arrow()
        .sort_by(
            [("query_index", "ascending"), ("_distance", "ascending")]
        )
    )
    return rows["id"].to_numpy().reshape(len(queries), N_NEIGHBORS)


def main():
    X, y = load_sentence_embeddings(subset="train", return_X_y=True)
    Q, y_queries = load_sentence_embeddings(subset="test", return_X_y=True)
    Q, y_queries = Q[:N_QUERIES], y_queries[:N_QUERIES]
    # Every other sample is a candidate, as in the database.
    search = HubnessReducedNearestNeighbors(
        N_NEIGHBORS,
        reduction="csls",
        metric="cosine",
        n_candidates=len(X) - 1,
    ).fit(X)
    reduced = search.kneighbors(Q, return_distance=False)
    index_vectors, query_map = search.to_inner_product_index()

    table = Table(reduced, y, y_queries)
    with tempfile.TemporaryDirectory() as folder:
        plain = stored(folder, "plain", X)
        table.add("LanceDB, cosine", nearest(plain, Q, "cosine"))
        longer = stored(folder, "reduced", index_vectors)
        same = table.add(
            "LanceDB, dot, exported", nearest(longer, query_map(Q), "dot")
        )
    table.add("sksim, CSLS", reduced)
    assert same > 0.99, (
        "only nearly equal distances may change places in single precision"
    )
    print(
        f"\nLanceDB returns the reduced neighbours of sksim ({same:.2%})."
    )


if __name__ == "__main__":
    main()

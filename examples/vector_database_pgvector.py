"""
Can PostgreSQL return neighbours without hubs?
==============================================

Yes, in two ways. The vectors can stay where they are: the database returns neighbour lists, a
reduction learns one number of each sample from them, and a column with that number lets SQL rank
the candidates again. Or longer vectors take their place, whose inner products rank all samples.

The script stands alone. It needs ``pip install sksim "psycopg[binary]" pgvector`` and a server with
the extension pgvector. It works in temporary tables, which vanish at the end; the extension, which
it adds to the database if need be, stays.

A server that you have:
    ``DATABASE_URL=postgresql://user@host/database python vector_database_pgvector.py``. A server
    without pgvector answers that the extension is not available; Debian has it from release 13 on,
    as ``postgresql-17-pgvector``.
No server:
    ``pip install pgserver``, which brings PostgreSQL with pgvector and runs it for the time of the
    script. PostgreSQL is never run by root: as root, start the script as another user,
    ``runuser -u postgres -- python vector_database_pgvector.py``, one that can read it and Python;
    otherwise pgserver adds a user of its own to the machine.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

# sphinx_gallery_thumbnail_path = "_static/figures/hub_and_antihubs.svg"

import os
import tempfile

import numpy as np
from scipy.sparse import csr_matrix

from sksim.datasets import load_sentence_embeddings
from sksim.hubness import NICDM
from sksim.metrics import (
    hubness_null,
    k_occurrence_from_indices,
    k_skewness,
)
from sksim.neighbors import HubnessReducedNearestNeighbors

N_NEIGHBORS, N_CANDIDATES, N_QUERIES = 10, 500, 300

# %%
# In the database
# ---------------
# A table has a number and a vector a row. ``<=>`` is the cosine distance of pgvector, ``<#>`` the
# negative inner product.


def connect():
    """A connection to the database of ``DATABASE_URL``, or to a temporary one."""
    import psycopg
    from pgvector.psycopg import register_vector

    url = os.environ.get("DATABASE_URL")
    if url is None:
        import pgserver

        folder = tempfile.mkdtemp()
        server = pgserver.get_server(folder, cleanup_mode="delete")
        url = server.get_uri()
    connection = psycopg.connect(url, autocommit=True)
    connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    register_vector(connection)
    return connection


def store(connection, name, vectors):
    """A temporary table of that name, one row a vector."""
    kind = f"id int PRIMARY KEY, v vector({vectors.shape[1]})"
    connection.execute(f"CREATE TEMP TABLE {name} ({kind})")
    with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
        for row in enumerate(vectors.astype(np.float32)):
            copy.write_row(row)


def ask(connection, statement, queries):
    """Row numbers that a statement returns for each query."""
    rows = [
        connection.execute(statement, {"query": query}).fetchall()
        for query in queries.astype(np.float32)
    ]
    return np.array(rows)[:, :, 0]


BY_DISTANCE = "SELECT id FROM samples ORDER BY v <=> %(query)s LIMIT 10"
BY_PRODUCT = "SELECT id FROM longer ORDER BY v <#> %(query)s LIMIT 10"

# %%
# First way: from the lists, without the vectors
# ----------------------------------------------
# NICDM divides a distance by the roots of two scales, that of the query, which changes no order,
# and that of the sample. A scale is the mean distance to ten neighbours, so the lists have it.
# ``partial_fit`` takes them a block of rows at a time, each row with the sample itself at distance
# 0.

LISTS = """
    SELECT s.id - %(start)s, near.id, near.distance FROM samples s
    CROSS JOIN LATERAL (
        SELECT id, CASE WHEN id = s.id THEN 0 ELSE v <=> s.v END AS distance
        FROM samples ORDER BY id <> s.id, v <=> s.v LIMIT 11
    ) near
    WHERE s.id >= %(start)s AND s.id < %(stop)s
    ORDER BY s.id, near.distance, near.id
"""

#: Candidates by distance, ranked by the distance over the root of the sample's scale.
REDUCED = """
    SELECT id FROM (
        SELECT id, v <=> %(query)s AS distance FROM samples
        ORDER BY v <=> %(query)s LIMIT 500
    ) near JOIN scales USING (id) ORDER BY distance / sqrt(scale) LIMIT 10
"""


def fitted_from_lists(connection, n_indexed, block=500):
    """A reduction that has seen the lists of all samples, and no vector."""
    reduction = NICDM(n_neighbors=10)
    for start in range(0, n_indexed, block):
        stop = min(start + block, n_indexed)
        limits = {"start": start, "stop": stop}
        lines = connection.execute(LISTS, limits).fetchall()
        rows, columns, distances = np.array(lines).T
        ends = np.cumsum(np.bincount(rows.astype(int)))
        graph = csr_matrix(
            (distances, columns.astype(int), np.append(0, ends)),
            shape=(stop - start, n_indexed),
        )
        reduction = reduction.partial_fit(graph)
    return reduction


def store_scales(connection, scales):
    """A temporary table of the scale of each sample."""
    kind = "id int PRIMARY KEY, scale double precision"
    connection.execute(f"CREATE TEMP TABLE scales ({kind})")
    with connection.cursor().copy("COPY scales FROM STDIN") as copy:
        for row in enumerate(scales.tolist()):
            copy.write_row(row)


# %%
# Both ways, and sksim in memory
# ------------------------------
# Second way: ``to_inner_product_index`` of a search that was fitted in memory. What the database
# returns must be what sksim finds itself.


def main():
    X, y = load_sentence_embeddings(subset="train", return_X_y=True)
    Q, intents = load_sentence_embeddings(subset="test", return_X_y=True)
    Q, intents = Q[:N_QUERIES], intents[:N_QUERIES]
    search = HubnessReducedNearestNeighbors(
        N_NEIGHBORS,
        reduction=NICDM(n_neighbors=10),
        metric="cosine",
        n_candidates=N_CANDIDATES,
    ).fit(X)
    every = HubnessReducedNearestNeighbors(
        **{**search.get_params(deep=False), "n_candidates": len(X) - 1}
    ).fit(X)

    with connect() as connection:
        store(connection, "samples", X)
        reduction = fitted_from_lists(connection, len(X))
        store_scales(connection, reduction.local_scale_)
        to_store, map_queries = every.to_inner_product_index()
        store(connection, "longer", to_store)
        answers = {
            "cosine": ask(connection, BY_DISTANCE, Q),
            "candidates, scaled": ask(connection, REDUCED, Q),
            "inner products": ask(connection, BY_PRODUCT, map_queries(Q)),
        }
    expected = {
        "candidates, scaled": search.kneighbors(Q, return_distance=False),
        "inner products": every.kneighbors(Q, return_distance=False),
    }
    chance = hubness_null(
        "k_skewness",
        n_queries=N_QUERIES,
        n_indexed=len(X),
        n_neighbors=N_NEIGHBORS,
    )
    print(f"chance of the skewness: {chance:.2f}")
    print(f"{'':18} right intent   skewness   as sksim")
    for name, found in answers.items():
        right = np.mean(y[found] == intents[:, None])
        counts = k_occurrence_from_indices(found, len(X))
        line = f"{name:18} {right:12.1%}   {k_skewness(counts):8.2f}"
        if name in expected:
            pairs = zip(found, expected[name])
            same = np.mean([set(a) == set(b) for a, b in pairs])
            # Single precision may exchange nearly equal distances.
            assert same > 0.99
            line += f"   {same:8.1%}"
        print(line)
    print("PostgreSQL returns the reduced neighbours of sksim.")


if __name__ == "__main__":
    main()

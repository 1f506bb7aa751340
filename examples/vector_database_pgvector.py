"""
Reduced hubness in PostgreSQL, fitted without the vectors
=========================================================

Question: our vectors are in PostgreSQL with pgvector, and there are too many to read. Can hubness
be reduced all the same?

Yes. What a reduction learns about a sample is a number or two, from the distances in its neighbour
list. The database returns these lists, a block of rows after the other; ``partial_fit`` keeps the
numbers and forgets the lists. NICDM divides a distance by the roots of two scales, that of the
query, which changes no order, and that of the sample, which becomes a column of the table. From
then on SQL alone ranks the candidates. No vector leaves the database, and an index of pgvector on
the vectors as they are serves both passes.

Where the vectors can be read, ``to_inner_product_index`` gives longer ones whose inner products
rank *all* samples, without candidates. Both must agree with sksim in memory.

The server is started in a temporary folder and stopped at the end; see ``vector_index_export.py``
for the installations that will do. PostgreSQL refuses to be run by the administrator: it is then
run as the user ``postgres``, or ``nobody``.

    python examples/vector_database_pgvector.py
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

# sphinx_gallery_thumbnail_path = "_static/figures/scaled_by_the_far_side.svg"

import numpy as np
from scipy.sparse import csr_matrix
from vector_index_export import (
    N_NEIGHBORS,
    NEAREST,
    LocalDatabase,
    Table,
    find_postgresql,
)

from sksim.datasets import load_sentence_embeddings
from sksim.hubness import NICDM
from sksim.neighbors import HubnessReducedNearestNeighbors

N_CANDIDATES = 500

#: The lists of a block of samples: the sample itself, and its nearest others.
LISTS = """
    SELECT s.id, found.id, found.distance FROM samples s CROSS JOIN LATERAL (
        SELECT id, CASE WHEN id = s.id THEN 0 ELSE v <=> s.v END AS distance FROM samples
        ORDER BY id <> s.id, v <=> s.v LIMIT {width}
    ) found WHERE s.id >= {start} AND s.id < {stop} ORDER BY s.id, found.distance, found.id
"""

#: Candidates by distance, ranked by the distance over the root of the sample's scale.
REDUCED = """
    SELECT q.id, found.id FROM queries q CROSS JOIN LATERAL (
        SELECT near.id, near.distance / sqrt(scale) AS secondary FROM (
            SELECT id, v <=> q.v AS distance FROM samples ORDER BY v <=> q.v LIMIT {n_candidates}
        ) near JOIN scales USING (id) ORDER BY secondary LIMIT {n_neighbors}
    ) found ORDER BY q.id, found.secondary
"""


def graph_of(rows, n_rows, n_indexed):
    """Neighbour graph of the lines of an answer: row, column, distance."""
    rows = np.array([line.split("\t") for line in rows], dtype=float)
    lengths = np.bincount(
        rows[:, 0].astype(int) - int(rows[0, 0]), minlength=n_rows
    )
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return csr_matrix(
        (rows[:, 2], rows[:, 1].astype(int), indptr),
        shape=(n_rows, n_indexed),
    )


def fitted_from_lists(database, n_indexed, block=500):
    """A reduction that has seen the lists of all samples, and no vector."""
    reduction = NICDM(n_neighbors=10)
    for start in range(0, n_indexed, block):
        stop = min(start + block, n_indexed)
        rows = database.query(
            LISTS.format(width=11, start=start, stop=stop)
        )
        reduction = reduction.partial_fit(
            graph_of(rows, stop - start, n_indexed)
        )
    return reduction


def lists_of(rows, n_queries):
    """Row numbers of the neighbours in the lines of an answer: query, neighbour."""
    pairs = np.array([line.split("\t")[:2] for line in rows], dtype=int)
    return pairs[:, 1].reshape(n_queries, -1)


def main():
    programs = find_postgresql()
    if programs is None:
        print("no PostgreSQL with pgvector was found: nothing to do")
        return
    X, y = load_sentence_embeddings(subset="train", return_X_y=True)
    Q, y_queries = load_sentence_embeddings(subset="test", return_X_y=True)
    options = {"reduction": NICDM(n_neighbors=10), "metric": "cosine"}
    search = HubnessReducedNearestNeighbors(
        N_NEIGHBORS, n_candidates=N_CANDIDATES, **options
    )
    reduced = search.fit(X).kneighbors(Q, return_distance=False)
    table = Table(reduced, y, y_queries)
    with LocalDatabase(programs) as database:
        database.store("samples", X)
        database.store("queries", Q)
        reduction = fitted_from_lists(database, len(X))
        np.testing.assert_allclose(
            reduction.local_scale_,
            search.reduction_.local_scale_,
            rtol=1e-4,
        )
        database.query(
            "CREATE TABLE scales (id int PRIMARY KEY, scale double precision)"
        )
        lines = (
            f"{i}\t{scale!r}"
            for i, scale in enumerate(reduction.local_scale_.tolist())
        )
        database.query("COPY scales FROM STDIN", "\n".join(lines) + "\n")
        ranked = REDUCED.format(
            n_candidates=N_CANDIDATES, n_neighbors=N_NEIGHBORS
        )
        by_distance = NEAREST.replace("<#>", "<=>").format(
            n_neighbors=N_NEIGHBORS
        )
        table.add(
            "pgvector, cosine",
            lists_of(database.query(by_distance), len(Q)),
        )
        same = table.add(
            "pgvector, candidates over roots",
            lists_of(database.query(ranked), len(Q)),
        )

        every = HubnessReducedNearestNeighbors(
            N_NEIGHBORS, n_candidates=len(X) - 1, **options
        )
        index_vectors, query_map = every.fit(X).to_inner_product_index()
        database.query("DROP TABLE samples, queries")
        database.store("samples", index_vectors)
        database.store("queries", query_map(Q))
        found = lists_of(
            database.query(NEAREST.format(n_neighbors=N_NEIGHBORS)), len(Q)
        )
    table.add("sksim, NICDM", reduced)
    table = Table(every.kneighbors(Q, return_distance=False), y, y_queries)
    exported = table.add("pgvector, inner products, exported", found)
    assert min(same, exported) > 0.99, (
        "only nearly equal distances may change places"
    )
    print(
        f"\nPostgreSQL returns the reduced neighbours of sksim ({min(same, exported):.2%})."
    )


if __name__ == "__main__":
    main()

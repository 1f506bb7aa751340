"""
Must every answer of a vector index be re-ranked?
=================================================

Our vectors live in an index, or a database, that knows nothing of hubness. Must a
reduction see every answer?

No. For NICDM, local scaling, CSLS, DisSim and the softmax family the neighbours by secondary
distance are those with the largest inner product of slightly longer vectors. A fitted search
exports them::

    index_vectors, query_map = search.to_inner_product_index()

The index stores ``index_vectors`` and is asked for ``query_map(queries)``. Here sentence embeddings
go into faiss and, where a PostgreSQL server with the extension pgvector can be started on this
machine, into a database. Both must return the neighbours that sksim finds itself, and the rate of
wrong labels of the five nearest must fall as it does in sksim.

Inner products and graph indexes
    A graph of navigable small worlds that walks by inner product loses nearly all neighbours,
    because the long vectors attract every walk. One more coordinate makes all index vectors
    equally long; then the largest inner product is the smallest Euclidean distance, and
    the graph works. ``with_equal_norms`` below is all there is to it.

Distributed vector databases
    Qdrant, Milvus, Weaviate, Elasticsearch, LanceDB and others need nothing but what is shown here:
    create the collection with the *dot product* and an exact or cell-based index, or with the
    *Euclidean* distance and the vectors of ``with_equal_norms`` for a graph index; insert
    ``index_vectors``; send ``query_map(query)`` as the query vector. The vectors grow by one to
    three coordinates. When vectors are added, the statistics of the samples near them change:
    refit (``partial_fit`` does it without searching all pairs again) and write the changed rows.

Run it with ``python examples/vector_index_export.py``. It needs faiss (the extra ``ann``) for
its second part, and a PostgreSQL with pgvector for its third; the parts it cannot run are skipped.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

# sphinx_gallery_thumbnail_path = "_static/figures/neighbors_kept_by_bytes.svg"

import glob
import importlib.util
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import numpy as np

from sksim.datasets import load_sentence_embeddings
from sksim.hubness import NICDM
from sksim.metrics import k_occurrence_from_indices, k_skewness
from sksim.neighbors import HubnessReducedNearestNeighbors

N_NEIGHBORS = 10


def with_equal_norms(index_vectors, query_vectors):
    """Vectors whose Euclidean distances rank as the inner products of the given ones."""
    squares = np.einsum("ij,ij->i", index_vectors, index_vectors)
    completion = np.sqrt(squares.max() - squares)
    return (
        np.column_stack([index_vectors, completion]),
        np.column_stack([query_vectors, np.zeros(len(query_vectors))]),
    )


# %%
# A PostgreSQL server for the time of the example
# -----------------------------------------------
# ``initdb`` and ``pg_ctl`` of any installation that has the extension will do: Debian's packages
# ``postgresql`` and ``postgresql-*-pgvector`` (from release 13 on), or the Python package
# ``pgserver``.


def _has_vector_extension(folder):
    def ask(option):
        command = [folder / "pg_config", option]
        return subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout.strip()

    return (
        pathlib.Path(ask("--sharedir")) / "extension" / "vector.control"
    ).exists()


def find_postgresql():
    """Folder of the programs of a PostgreSQL with pgvector, or None."""
    folders = [
        *sorted(glob.glob("/usr/lib/postgresql/*/bin")),
        *glob.glob("/usr/pgsql-*/bin"),
    ]
    if shutil.which("pg_ctl"):
        folders.insert(0, os.path.dirname(shutil.which("pg_ctl")))
    package = importlib.util.find_spec("pgserver")
    if package is not None:
        folders.append(
            pathlib.Path(package.origin).parent / "pginstall" / "bin"
        )
    for folder in map(pathlib.Path, folders):
        complete = all(
            (folder / name).exists()
            for name in ("initdb", "pg_config", "psql")
        )
        if complete and _has_vector_extension(folder):
            return folder
    return None


class LocalDatabase:
    """A fresh database on a socket in a temporary folder, gone with the ``with`` block."""

    def __init__(self, programs):
        self.programs = programs
        # PostgreSQL refuses to be run by the administrator.
        self.user = {}
        if os.geteuid() == 0:
            known = {entry.pw_name for entry in pwd.getpwall()}
            self.user = {
                "user": "postgres" if "postgres" in known else "nobody"
            }

    def _run(self, program, *arguments, **options):
        command = [self.programs / program, *arguments]
        return subprocess.run(
            command,
            check=True,
            text=True,
            cwd="/",
            capture_output=True,
            **self.user,
            **options,
        ).stdout

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="pg")
        if self.user:
            shutil.chown(self.folder, self.user["user"])
        data = f"{self.folder}/data"
        self._run(
            "initdb", "-D", data, "-A", "trust", "-U", "sksim", "--no-sync"
        )
        settings = f"-k {self.folder} -c listen_addresses=''"
        log = f"{self.folder}/log"
        self._run(
            "pg_ctl", "-D", data, "-o", settings, "-l", log, "-w", "start"
        )
        self.query("CREATE EXTENSION vector")
        return self

    def __exit__(self, *error):
        self._run(
            "pg_ctl",
            "-D",
            f"{self.folder}/data",
            "-m",
            "immediate",
            "stop",
        )
        shutil.rmtree(self.folder)

    def query(self, statement, data=None):
        """Rows of the answer as lines of tab-separated text."""
        options = [
            "-h",
            self.folder,
            "-U",
            "sksim",
            "-d",
            "postgres",
            "-X",
            "-q",
            "-A",
            "-t",
        ]
        answer = self._run(
            "psql",
            *options,
            "-v",
            "ON_ERROR_STOP=1",
            "-F",
            "\t",
            "-c",
            statement,
            input=data,
        )
        return answer.splitlines()

    def store(self, table, vectors):
        """Create a table with a row number and a vector a row."""
        self.query(
            f"CREATE TABLE {table} (id int PRIMARY KEY, v vector({vectors.shape[1]}))"
        )
        lines = (
            f"{i}\t[{','.join(map(repr, row.tolist()))}]"
            for i, row in enumerate(vectors.astype(np.float32))
        )
        self.query(f"COPY {table} FROM STDIN", "\n".join(lines) + "\n")


NEAREST = """
    SELECT q.id, found.id FROM queries q CROSS JOIN LATERAL (
        SELECT id, v <#> q.v AS negative_product FROM samples
        ORDER BY v <#> q.v, id LIMIT {n_neighbors}
    ) found ORDER BY q.id, found.negative_product, found.id
"""


def search_database(programs, index_vectors, query_vectors, n_neighbors):
    """Neighbours by inner product, found by PostgreSQL."""
    with LocalDatabase(programs) as database:
        database.store("samples", index_vectors)
        database.store("queries", query_vectors)
        rows = database.query(NEAREST.format(n_neighbors=n_neighbors))
    pairs = np.array([row.split("\t") for row in rows], dtype=int)
    return pairs[:, 1].reshape(len(query_vectors), n_neighbors)


def search_faiss(faiss, index, index_vectors, query_vectors, n_neighbors):
    """Neighbours in a faiss index."""
    index.add(np.ascontiguousarray(index_vectors, dtype=np.float32))
    queries = np.ascontiguousarray(query_vectors, dtype=np.float32)
    return index.search(queries, n_neighbors)[1]


# %%
# The comparison
# --------------


class Table:
    """One line an index: agreement with sksim, error of five neighbours, hubness of the answers."""

    def __init__(self, reduced, y, y_queries):
        self.reduced, self.y, self.y_queries = reduced, y, y_queries
        print(
            f"{'index':38}{'same top 10':>12}{'error':>9}{'skewness':>10}"
        )

    def add(self, name, found):
        """Print the line of an index and return the share of equal top tens."""
        same = np.mean(
            [set(a) == set(b) for a, b in zip(found, self.reduced)]
        )
        votes = np.array(
            [np.bincount(self.y[row[:5]]).argmax() for row in found]
        )
        error = np.mean(votes != self.y_queries)
        skewness = k_skewness(
            k_occurrence_from_indices(found, self.y.size)
        )
        print(f"{name:38}{same:12.2%}{error:9.2%}{skewness:10.2f}")
        return same


def main():
    X, y = load_sentence_embeddings(subset="train", return_X_y=True)
    Q, y_queries = load_sentence_embeddings(subset="test", return_X_y=True)
    plain = HubnessReducedNearestNeighbors(
        N_NEIGHBORS, reduction=None
    ).fit(X)
    # sksim ranks candidates, an index of inner products all samples. The deepest neighbour here is
    # the 1645th by primary distance, so that many candidates make both the same.
    search = HubnessReducedNearestNeighbors(
        N_NEIGHBORS, reduction=NICDM(), n_candidates=2000
    ).fit(X)
    reduced = search.kneighbors(Q, return_distance=False)
    index_vectors, query_map = search.to_inner_product_index()
    query_vectors = query_map(Q)
    print(
        f"{len(X)} vectors of {X.shape[1]} dimensions, exported with {index_vectors.shape[1]}\n"
    )

    table = Table(reduced, y, y_queries)
    table.add(
        "sksim, no reduction", plain.kneighbors(Q, return_distance=False)
    )
    table.add("sksim, NICDM", reduced)
    products = query_vectors @ index_vectors.T
    in_numpy = np.argsort(-products, axis=1, kind="stable")[
        :, :N_NEIGHBORS
    ]
    exported = [table.add("numpy, inner products", in_numpy)]

    if importlib.util.find_spec("faiss") is None:
        print("faiss is not installed (pip install 'sksim[ann]'): skipped")
    else:
        import faiss

        pair, n_features = (
            (index_vectors, query_vectors),
            index_vectors.shape[1],
        )
        flat = faiss.IndexFlatIP(n_features)
        exported.append(
            table.add(
                "faiss, exact",
                search_faiss(faiss, flat, *pair, N_NEIGHBORS),
            )
        )
        walk = faiss.IndexHNSWFlat(
            n_features, 32, faiss.METRIC_INNER_PRODUCT
        )
        walk.hnsw.efSearch = 200
        table.add(
            "faiss, graph by inner product",
            search_faiss(faiss, walk, *pair, N_NEIGHBORS),
        )
        walk = faiss.IndexHNSWFlat(n_features + 1, 32)
        walk.hnsw.efSearch = 200
        pair = with_equal_norms(*pair)
        table.add(
            "faiss, graph with equal norms",
            search_faiss(faiss, walk, *pair, N_NEIGHBORS),
        )

    programs = find_postgresql()
    if programs is None:
        print("no PostgreSQL with pgvector was found: skipped")
    else:
        found = search_database(
            programs, index_vectors, query_vectors, N_NEIGHBORS
        )
        exported.append(
            table.add("PostgreSQL with pgvector, exact", found)
        )

    # Single precision may exchange neighbours at nearly equal distances, nothing else.
    assert min(exported) > 0.99, (
        "an exact index must return the neighbours of sksim"
    )
    print(
        f"\nEvery exact index returns the reduced neighbours of sksim ({min(exported):.2%})."
    )


if __name__ == "__main__":
    main()

# %%
# The script prints one line for each index: how many of the lists are those of sksim, the rate of
# wrong labels, and the skewness of the answers. In the guide: :ref:`any_index` and
# :ref:`vector_databases`.

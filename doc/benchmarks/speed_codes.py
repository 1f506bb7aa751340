"""Sets of vectors: their codes beside the published scheme, their search beside exact Chamfer.

Run as a script it writes what the search finds, and the memory of the codes.
"""

from _measure import FOLDER, write_csv
from _speed import Comparison

# isort: split
import tracemalloc

import numpy as np

from sksim.codes import FixedDimensionalEncoder
from sksim.metrics import chamfer_similarity
from sksim.neighbors import ShortlistTransformer

N_VECTORS, N_FEATURES, N_QUERIES = 32, 64, 32
FEW_VECTORS = 16  # exact search takes a quarter of the time, search by codes as long
ENCODER = FixedDimensionalEncoder(n_bits=3, n_repetitions=20, projection_dim=8, random_state=0)
N_SHORTLIST = 400


def _unit(X):
    return (X / np.linalg.norm(X, axis=-1, keepdims=True)).astype(np.float32)


def _sets(n, n_vectors=N_VECTORS, seed=0):
    """Documents of the noisy words of a topic, and queries that are documents with more noise."""
    rng = np.random.default_rng(seed)
    words = _unit(rng.standard_normal((4000, N_FEATURES)))
    topics = rng.integers(4000, size=(200, 60))
    of_topic = topics[rng.integers(200, size=n)[:, None], rng.integers(60, size=(n, n_vectors))]
    noise = rng.standard_normal((n, n_vectors, N_FEATURES), dtype=np.float32)
    documents = _unit(words[of_topic] + 0.6 / 8 * noise)
    asked = documents[rng.choice(n, N_QUERIES, replace=False)]
    queries = _unit(asked + 0.4 / 8 * rng.standard_normal(asked.shape))
    return documents, queries


def _encode(sets):
    return ENCODER.fit(sets[:1]).transform(sets)


def _published(sets):
    """Documents as the published code has them: repetitions, vectors and blocks, each in a loop."""
    fitted = ENCODER.fit(sets[:1])
    n_bits, width = fitted.n_bits, fitted.projection_dim
    codes = []
    for V in sets:
        blocks = []
        for hyperplanes, projection in zip(fitted.hyperplanes_, fitted.projections_):
            bits, projected = V @ hyperplanes > 0, V @ projection
            sums, counts = np.zeros((2**n_bits, width)), np.zeros(2**n_bits, dtype=int)
            buckets = [sum(2**j for j in range(n_bits) if row[j]) for row in bits]
            for bucket, vector in zip(buckets, projected):
                sums[bucket] += vector
                counts[bucket] += 1
            for bucket in range(2**n_bits):
                if counts[bucket]:
                    sums[bucket] /= counts[bucket]
                else:
                    distances = [(own ^ bucket).bit_count() for own in buckets]
                    sums[bucket] = projected[np.argmin(distances)]
            blocks.append(sums.ravel())
        codes.append(np.concatenate(blocks) / np.sqrt(len(blocks)))
    return np.array(codes)


def _set_by_set(sets):
    """The same without the loops over vectors and blocks, one set after the other."""
    fitted = ENCODER.fit(sets[:1])
    n_buckets, width = 2**fitted.n_bits, fitted.projection_dim
    powers = 2 ** np.arange(fitted.n_bits)
    apart = np.bitwise_count(np.arange(n_buckets)[:, None] ^ np.arange(n_buckets))
    codes = []
    for V in sets:
        buckets = (np.einsum("md,rdk->rmk", V, fitted.hyperplanes_) > 0) @ powers
        projected = np.einsum("md,rdk->rmk", V, fitted.projections_)
        members = buckets[:, None, :] == np.arange(n_buckets)[:, None]
        counts = members.sum(axis=2, keepdims=True)
        sums = members @ projected / np.maximum(counts, 1)
        nearest = apart[:, buckets].argmin(axis=2).T
        filled = np.take_along_axis(projected, nearest[:, :, None], axis=1)
        codes.append(np.where(counts, sums, filled).reshape(-1, width).ravel())
    return np.array(codes) / np.sqrt(len(fitted.hyperplanes_))


def _search(n, n_vectors=N_VECTORS):
    documents, queries = _sets(n, n_vectors)
    search = ShortlistTransformer(
        ENCODER, n_neighbors=10, n_shortlist=N_SHORTLIST, metric="chamfer"
    )
    return search.fit(documents), documents, queries


def _exact(documents, queries):
    similarity = chamfer_similarity(queries, documents)
    return np.argpartition(-similarity, 9, axis=1)[:, :10]


COMPARISONS = [
    Comparison(
        f"FixedDimensionalEncoder of {N_VECTORS} vectors",
        make=lambda n: (_sets(n)[0],),
        ours=_encode,
        others={"the published scheme": _published, "by NumPy, set by set": _set_by_set},
        n=2000,
        growth=(12500, 25000, 50000, 100000),
        asked={"the published scheme": 0.05},
    ),
    Comparison(
        f"ShortlistTransformer of sets, {N_QUERIES} queries",
        make=_search,
        ours=lambda search, documents, queries: search.transform(queries),
        others={"exact Chamfer": lambda search, documents, queries: _exact(documents, queries)},
        n=100000,
        growth=(12500, 25000, 50000, 100000),
        asked={"exact Chamfer": 0.05},
        max_seconds=120,
    ),
    Comparison(
        f"ShortlistTransformer of sets of {FEW_VECTORS}, {N_QUERIES} queries",
        make=lambda n: _search(n, FEW_VECTORS),
        ours=lambda search, documents, queries: search.transform(queries),
        others={"exact Chamfer": lambda search, documents, queries: _exact(documents, queries)},
        n=100000,
        max_seconds=60,
    ),
]


def recalls(n):
    """Share of the exact ten best that shortlists of several lengths hold, and memory."""
    search, documents, queries = _search(n)
    exact = _exact(documents, queries)
    tracemalloc.start()
    codes = search.encoder_.transform(documents)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    rows = []
    for n_shortlist in (100, 200, 400, 800):
        # The codes stay as they are.
        search._search.n_shortlist = n_shortlist
        found = search.transform(queries).indices.reshape(N_QUERIES, -1)[:, :10]
        shares = [np.isin(*pair).mean() for pair in zip(exact, found)]
        rows.append(
            {
                "sets": n,
                "values of a code": codes.shape[1],
                "shortlist": n_shortlist,
                "recall@10": float(np.mean(shares)),
                "MiB of the vectors": documents.nbytes / 2**20,
                "MiB of the codes": codes.nbytes / 2**20,
                "MiB beside them while encoding": (peak - codes.nbytes) / 2**20,
            }
        )
    return rows


if __name__ == "__main__":
    write_csv("speed_codes_recall.csv", recalls(100000), FOLDER)

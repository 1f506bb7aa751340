"""
How do I repair a FAISS index, from end to end?
===============================================

The vectors are in an approximate index. It finds candidates quickly, misses some, and knows
nothing of hubness. Build it, see what it misses, reduce, and see what is gained.
"""

# %%
# An index of cells
# -----------------
# ``IVF64,Flat`` sorts the vectors into 64 cells and searches ``nprobe`` of them. The factory
# string is faiss's own; ``FaissTransformer`` makes an estimator of it. It needs the extra ``ann``.

import matplotlib.pyplot as plt
import numpy as np

from sksim.datasets import load_sentence_embeddings
from sksim.metrics import k_occurrence_from_indices
from sksim.neighbors import (
    FaissTransformer,
    HubnessReducedKNeighborsClassifier,
    HubnessReducedNearestNeighbors,
    candidate_report,
)

X, y = load_sentence_embeddings(subset="train", return_X_y=True)
X_test, y_test = load_sentence_embeddings(subset="test", return_X_y=True)


def cells(nprobe):
    return FaissTransformer(
        factory="IVF64,Flat", index_params={"nprobe": nprobe}
    )


# %%
# What does it miss?
# ------------------
# The report searches some queries exactly, too, and compares the candidates.

probes = [2, 4, 8, 16, 64]
recalls, errors, plain_errors = [], [], []
for nprobe in probes:
    search = HubnessReducedNearestNeighbors(
        10, reduction="nicdm", backend=cells(nprobe)
    )
    report = candidate_report(search.fit(X), n_queries=300, random_state=0)
    recalls.append(report.recall)
    for reduction, kept in (("nicdm", errors), (None, plain_errors)):
        knn = HubnessReducedKNeighborsClassifier(
            5, reduction=reduction, backend=cells(nprobe)
        )
        kept.append(1 - knn.fit(X, y).score(X_test, y_test))
    print(
        f"{nprobe:2d} cells: recall {recalls[-1]:.2f}   error {plain_errors[-1]:.3f}, "
        f"with NICDM {errors[-1]:.3f}"
    )

# %%
# In faiss alone
# --------------
# The reduced search can also be exported: longer vectors, in which the largest inner product is
# the nearest neighbour by reduced distance. Any index for inner products then answers without
# hubs, and sksim is no longer needed to search.

import faiss

search = HubnessReducedNearestNeighbors(5, reduction="nicdm").fit(X)
vectors, query_map = search.to_inner_product_index()
index = faiss.IndexFlatIP(vectors.shape[1])
index.add(np.ascontiguousarray(vectors, dtype=np.float32))
_, found = index.search(
    np.ascontiguousarray(query_map(X_test), dtype=np.float32), 5
)
right = np.mean(y[found] == y_test[:, None])
_, plain = (
    HubnessReducedNearestNeighbors(5, reduction=None)
    .fit(X)
    .kneighbors(X_test)
)
print(
    f"results with the right intent: {np.mean(y[plain] == y_test[:, None]):.1%} plain,"
)
print(f"{right:.1%} from the exported index")
largest = k_occurrence_from_indices(plain, len(X)).max()
print(
    f"largest hub {largest:.0f}, then {k_occurrence_from_indices(found, len(X)).max():.0f}"
)

fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
ax.plot(recalls, plain_errors, "o-", label="index alone")
ax.plot(recalls, errors, "s-", label="index, then NICDM")
for recall, error, nprobe in zip(recalls, errors, probes):
    ax.annotate(
        f"{nprobe}",
        (recall, error),
        # The last points are close to each other: one number goes above.
        xytext=(0, 7 if nprobe == 16 else -14),
        textcoords="offset points",
        ha="center",
    )
ax.set(
    xlabel="share of the true candidates found",
    ylabel="error of the classifier",
)
ax.set_ylim(bottom=0)
ax.legend()

# %%
# The numbers at the lower curve are the cells searched. More cells find more of the true
# candidates, and cost more. The gap between the curves is what the reduction brings, and it is
# there at every point: a search of two cells with a reduction errs less than an exact search
# without one. So spend the first effort on the reduction, and the second on recall.

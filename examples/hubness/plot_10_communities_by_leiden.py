"""
Does Leiden find the groups on a graph without hubs?
====================================================

Leiden looks for groups with many edges inside and few between them. A list of neighbours is not
yet a graph with edges; made into one, every hub is a node that is tied to all groups at once.
"""

# %%
# The lists, and their hubs
# -------------------------
# 3000 sentences of 150 intents, 14 neighbours each: by two metrics, without a reduction and after
# NICDM. The intents are used to judge only.

import random

import igraph
import matplotlib.pyplot as plt
import numpy as np
from scipy.sparse import triu
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

from sksim.datasets import load_sentence_embeddings
from sksim.metrics import k_occurrence_from_indices, k_skewness
from sksim.neighbors import HubnessReducedKNeighborsTransformer

X, y = load_sentence_embeddings(subset="train", return_X_y=True)
lists = {}
for metric in ["euclidean", "cosine"]:
    for reduction in [None, "nicdm"]:
        search = HubnessReducedKNeighborsTransformer(
            14, metric=metric, reduction=reduction
        )
        graph = search.fit_transform(X)
        graph.setdiag(0)  # no sentence is its own neighbour
        graph.eliminate_zeros()
        graph.data[:] = 1
        name = f"{metric}, {reduction or 'plain'}"
        lists[name] = graph
        counts = k_occurrence_from_indices(
            graph.indices.reshape(len(X), -1), len(X)
        )
        same = np.mean(y[graph.indices] == np.repeat(y, 14))
        print(
            f"{name:17s} skewness {k_skewness(counts):5.2f}   largest hub in {counts.max():3.0f} "
            f"lists   neighbours of the same intent {same:.0%}"
        )

# %%
# The recipe for symmetry
# -----------------------
# That a is among the nearest of b does not say that b is among those of a. An undirected graph
# takes an edge that is in *either* list, ``graph.maximum(graph.T)``, only what is in *both*,
# ``graph.minimum(graph.T)``, or their *mean*, ``(graph + graph.T) / 2``, in which an edge of one
# list has half the weight. The three are very different where there are hubs, as a hub is in many
# lists, and few of those are in its own.

recipes = {
    "either": lambda graph: graph.maximum(graph.T),
    "mean": lambda graph: (graph + graph.T) / 2,
    "both": lambda graph: graph.minimum(graph.T),
}


def communities(graph, resolution, seed):
    edges = triu(graph, 1).tocoo()  # each edge once
    ends = np.column_stack([edges.row, edges.col])
    igraph.set_random_number_generator(random.Random(seed))
    found = igraph.Graph(graph.shape[0], ends).community_leiden(
        "modularity", weights=edges.data, resolution=resolution
    )
    return np.array(found.membership)


for name in ["euclidean, plain", "euclidean, nicdm"]:
    mutual = (
        lists[name].multiply(lists[name].T).mean() / lists[name].mean()
    )
    print(f"{name}: {mutual:.0%} of the neighbours are mutual")
    for recipe, symmetric in recipes.items():
        graph = symmetric(lists[name])
        found = communities(graph, resolution=16, seed=0)
        sizes = np.bincount(found)
        print(
            f"    {recipe:7s} largest degree {np.diff(graph.indptr).max():3d}   "
            f"{len(sizes):3d} communities, {np.sum(sizes == 1):3d} of one sentence   "
            f"adjusted Rand index {adjusted_rand_score(y, found):.2f}"
        )

# %%
# *Both* removes the hubs by itself, and much else: without a reduction one sentence of eighteen
# becomes a community of its own. After NICDM more neighbours are mutual, and few sentences are cut
# off. *Mean* is ahead of *either* on both graphs, and is used from here on.
#
# Alike in number
# ---------------
# The resolution decides how many communities there are, and here the agreement grows with their
# number. So the graphs are compared where they give equally many, over resolutions and five seeds.
# The mutual information is the adjusted one, as the normalized one favours many groups.

resolutions = [4, 8, 16, 24, 32]


def judge(found):
    """Number of communities, and two indices of agreement with the intents."""
    agreement = adjusted_rand_score, adjusted_mutual_info_score
    return len(np.unique(found)), *(score(y, found) for score in agreement)


fig, (left, right) = plt.subplots(
    1, 2, figsize=(7.2, 3.9), layout="constrained"
)
rand = {}
for name, style in zip(lists, ["C0--", "C0-", "C1--", "C1-"]):
    graph = recipes["mean"](lists[name])
    results = np.array(
        [
            [judge(communities(graph, r, seed)) for seed in range(5)]
            for r in resolutions
        ]
    )
    mean = results.mean(axis=1).T
    number, index, _ = mean
    spread = results[:, :, 1].std(axis=1, ddof=1)
    _, rand[name], information = [np.interp(150, number, m) for m in mean]
    print(
        f"{name:17s} at 150 communities: adjusted Rand index {rand[name]:.3f} "
        f"± {np.interp(150, number, spread):.3f}   adjusted mutual information {information:.3f}"
    )
    left.errorbar(number, index, spread, fmt=style)
    degree = np.sort(np.diff(graph.indptr))[::-1]
    right.loglog(np.arange(1, len(X) + 1), degree, style, label=name)
left.axvline(150, color="0.7", linewidth=1, zorder=0)
left.text(143, 0.66, "euclidean, plain")
left.text(135, 0.75, "the other three", ha="right")
left.set(
    xlabel="communities found",
    ylabel="adjusted Rand index with the intents",
)
right.set(
    xlabel="sentences, most edges first", ylabel="edges of a sentence"
)
right.set_yticks([15, 50, 150, 500], [15, 50, 150, 500])
right.minorticks_off()
right.legend(fontsize=9)

# %%
# The bars are standard deviations over seeds. With Euclidean distances the reduction helps at every
# number of communities, by several times the difference between seeds. Vectors of unit length do it
# as well: these hubs come from the lengths, and cosine is the cheaper repair. What is left of
# hubness then is little, and a reduction on top of cosine brings

gain = rand["cosine, nicdm"] - rand["cosine, plain"]
print(
    f"{gain:+.3f} on cosine, {rand['euclidean, nicdm'] - rand['euclidean, plain']:+.3f} "
    "on Euclidean distances"
)

# %%
# at 150 communities, which on cosine is no more than seeds differ. So look at the largest hub
# first: where it is in hundreds of lists, repair it, by whichever is at hand; where it is in
# fifty, Leiden needs no reduction.
#
# With scanpy
# -----------
# The transformer goes into ``scanpy.pp.neighbors``, which weights the edges as UMAP does and makes
# them symmetric. Or the graph above takes the place of that step, as ``adjacency``:
#
# .. code-block:: python
#
#    import anndata, scanpy as sc
#
#    adata = anndata.AnnData(X)
#    search = HubnessReducedKNeighborsTransformer(14, reduction="nicdm")
#    sc.pp.neighbors(adata, use_rep="X", transformer=search)
#    sc.tl.leiden(adata, flavor="igraph", n_iterations=2, directed=False)
#
#    graph = search.fit_transform(X)
#    graph.setdiag(0)
#    graph.eliminate_zeros()
#    graph.data[:] = 1
#    sc.tl.leiden(
#        adata,
#        adjacency=(graph + graph.T) / 2,
#        flavor="igraph",
#        n_iterations=2,
#        directed=False,
#    )
#
# Steps that read the graph by themselves, such as ``scanpy.tl.umap``, find the first of the two, in
# ``adata.obsp``. For the second, put it there: ``adata.obsp["connectivities"]``. In either way
# ``resolution=16`` sets the number of communities as here.

"""
Do clusters and maps get better on a reduced graph?
===================================================

Clustering and t-SNE start from neighbours. Hubs are neighbours of everything, and so they tie
clusters together. Both take a graph in the place of vectors, and a reduced graph is one.
"""

# %%
# The recipe
# ----------
# Three steps: search more neighbours than needed, reduce, and make the graph symmetric. A list of
# neighbours is not: that a is among the nearest of b does not say that b is among those of a.
# ``graph.maximum(graph.T)`` keeps an edge that is in either list. The reduced distance itself is
# symmetric for mutual proximity, NICDM and local scaling, so that no edge has two values.

# sphinx_gallery_thumbnail_panels = [1, 2]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.cluster import HDBSCAN, SpectralClustering
from sklearn.manifold import TSNE
from sklearn.metrics import adjusted_rand_score

from sksim.datasets import load_sentence_embeddings
from sksim.neighbors import HubnessReducedKNeighborsTransformer

X, y = load_sentence_embeddings(subset="train", return_X_y=True)
chosen = np.isin(y, np.unique(y)[:40])  # 40 of the 150 intents
X, y = X[chosen], y[chosen]


def neighbor_graph(reduction, n_neighbors):
    search = HubnessReducedKNeighborsTransformer(
        n_neighbors, reduction=reduction
    )
    return search.fit_transform(X)


def symmetric(graph):
    return graph.maximum(graph.T)


reductions = [None, "nicdm", "mutual_proximity"]
for reduction in reductions:
    graph = neighbor_graph(reduction, 10)
    degree = np.diff(symmetric(graph).tocsr().indptr)
    print(
        f"{reduction!s:17s} largest degree {degree.max()} where the mean is {degree.mean():.0f}"
    )

# %%
# Clusters
# --------
# ``SpectralClustering`` takes the graph of distances, keeps the nearest of each row and makes it
# symmetric itself. The intents tell how good the 40 clusters are; the clustering does not see
# them.

scores = {}
for reduction in reductions:
    graph = neighbor_graph(reduction, 15)
    clusters = SpectralClustering(
        40,
        affinity="precomputed_nearest_neighbors",
        n_neighbors=15,
        random_state=0,
    ).fit_predict(graph)
    scores[reduction] = adjusted_rand_score(y, clusters)
    print(f"{reduction!s:17s} adjusted Rand index {scores[reduction]:.2f}")

# %%
# Clusters of any number
# ----------------------
# HDBSCAN is not told how many clusters there are, and leaves out what belongs to none. It takes
# the symmetric graph of distances, which must be connected: where
# :func:`scipy.sparse.csgraph.connected_components` counts more than one part, it refuses the
# graph. Then take more neighbours than a cluster has members, or each part by itself.

for reduction in reductions:
    graph = symmetric(neighbor_graph(reduction, 15))
    density = HDBSCAN(min_cluster_size=5, metric="precomputed", copy=True)
    clusters = density.fit_predict(graph)
    found = clusters >= 0
    agreement = adjusted_rand_score(y[found], clusters[found])
    print(
        f"{reduction!s:17s} {clusters.max() + 1} clusters, {np.mean(~found):.0%} left out, "
        f"adjusted Rand index of the rest {agreement:.2f}"
    )

# %%
# Without the hubs it finds more of the 40 intents and leaves out less. With mutual proximity the
# clusters agree with the intents as well as before; with NICDM some of them are mixed. Half of the
# sentences lie between clusters all the same: twenty of an intent are few to estimate a density.
#
# Two more methods start from the same neighbours. Leiden, by itself or in scanpy:
# :doc:`/gallery/hubness/plot_10_communities_by_leiden`. UMAP:
# :doc:`/gallery/hubness/plot_11_umap_of_reduced_neighbors`.
#
# A map
# -----
# t-SNE of a graph needs three neighbours for each unit of perplexity, and a start that does not
# need vectors. It makes the affinities symmetric by itself.

fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.9), layout="constrained")
for ax, reduction in zip(axes, [None, "nicdm"]):
    graph = neighbor_graph(reduction, 61)
    tsne = TSNE(
        perplexity=20, metric="precomputed", init="random", random_state=0
    )
    points = tsne.fit_transform(graph)
    hubs = np.argsort(
        -np.bincount(
            neighbor_graph(reduction, 10).indices, minlength=len(X)
        )
    )[:20]
    ax.scatter(*points.T, c=y, cmap="tab20", s=8)
    ax.scatter(
        *points[hubs].T, s=60, facecolors="none", edgecolors="black"
    )
    ax.set(xticks=[], yticks=[])
    ax.set_title(
        f"{reduction or 'plain'}: Rand index {scores[reduction]:.2f}"
    )

# %%
# The colours are intents (each colour stands for two), the circles the twenty samples that are
# most often neighbours. On the plain graph the circles crowd in a few places, most of them where
# intents run into each other, and stray samples lie between the islands. On the reduced
# graph the strays have joined an island, and the circles are spread over more of them. For the eye
# the maps are cousins. For the clustering the difference is large: it cuts the graph itself,
# and every edge to a hub was a bridge between two clusters.

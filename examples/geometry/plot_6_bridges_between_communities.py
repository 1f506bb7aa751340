"""
Does curvature find the bridges between communities?
====================================================

An edge of a graph is curved by what its ends have in common: where they share neighbours it is
positive, where it is the only way from one to the other it is negative. Does that tell the edges
that join two clusters from those inside of one? Three clouds that touch are joined to their
neighbours; no edge knows the cloud of its ends.
"""

# %%
# Curvature, and a flow
# ---------------------
# Curvature of the edges, and then a flow: each edge becomes as long as 1 - curvature times the
# distance of its ends, again and again. Bridges grow.

# sphinx_gallery_thumbnail_panels = [1, 2]
import matplotlib.pyplot as plt
import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, shortest_path
from sklearn.metrics import adjusted_rand_score, roc_auc_score
from sklearn.neighbors import kneighbors_graph

from sksim.inspection import LocalValueDisplay
from sksim.metrics import ollivier_ricci_curvature

rng = np.random.RandomState(0)
cloud = np.repeat(np.arange(3), 50)
X = rng.randn(150, 2) + 5.0 * np.array([[0, 0], [1, 0], [0.5, 0.8]])[cloud]
graph = kneighbors_graph(X, 8)
graph = graph.maximum(graph.T)
edges = ollivier_ricci_curvature(graph).edges
first, second = edges.tocoo().coords
is_bridge = cloud[first] != cloud[second]
curvature = edges.data
print(
    f"edges {is_bridge.size // 2}, of them bridges {is_bridge.sum() // 2}"
)
print(f"curvature: inside {curvature[~is_bridge].mean():.2f}, ", end="")
print(f"bridges {curvature[is_bridge].mean():.2f}")
print(f"AUC of low curvature {roc_auc_score(is_bridge, -curvature):.3f}")

lengths = csr_array(graph)
for _ in range(8):
    kappa = ollivier_ricci_curvature(lengths).edges
    D = shortest_path(lengths, directed=False)
    flowed = np.maximum((1 - kappa.data) * D[first, second], 1e-6)
    flowed *= first.size / flowed.sum()
    lengths = csr_array((flowed, (first, second)), lengths.shape)
print(
    f"AUC of long edges after the flow {roc_auc_score(is_bridge, flowed):.3f}"
)

# %%
# Cut the bridges
# ---------------
# Cut the longest edges, a larger share each time, and keep the cut whose components agree best with
# the clouds.

best = 0.0
for share in np.linspace(0.01, 0.4, 40):
    kept = flowed < np.quantile(flowed, 1 - share)
    left = csr_array(
        (kept[kept], (first[kept], second[kept])), graph.shape
    )
    found = connected_components(left, directed=False)[1]
    agreement = adjusted_rand_score(cloud, found)
    if agreement > best:
        best, best_share, communities = agreement, share, found
print(
    f"best adjusted Rand index {best:.2f}, {best_share:.0%} of the edges cut"
)

figure, axes = plt.subplot_mosaic(
    "ab;cc", figsize=(7.2, 6.6), layout="constrained"
)
for ax, values, title in (
    (axes["a"], -curvature, "low curvature is dark"),
    (axes["b"], flowed, "long after the flow is dark"),
):
    ranks = values.argsort().argsort() / values.size
    for i, j, rank in zip(first, second, ranks, strict=True):
        if i < j:
            ax.plot(*X[[i, j]].T, color=str(0.9 * (1 - rank**3)), lw=0.9)
    ax.scatter(*X.T, c=cloud, s=14, zorder=2, cmap="Set2")
    ax.set(title=title, xticks=[], yticks=[], aspect="equal")
for name, chosen in (("inside", ~is_bridge), ("bridges", is_bridge)):
    LocalValueDisplay.from_values(
        curvature[chosen & (first < second)],
        reference=0,
        value_name="curvature of an edge",
        name=name,
        density=True,
        ax=axes["c"],
    )
axes["c"].set(ylabel="density", ylim=(0, 5.3))
axes["c"].legend(loc="upper left")

# %%
# Bridges are less curved on average, 0.03 against 0.13, but edge by edge curvature tells little:
# an AUC of 0.61, and below the histograms overlap. Samples at the rim of a cloud have edges
# of low curvature too, as the dark lines above on the left show. The flow collects it along whole
# cuts: long edges tell bridges with an AUC of 0.79, and at the best of the cuts, which was chosen
# with the clouds known, the components agree with the clouds by an adjusted Rand index of 0.90.
#
# In the guide: :ref:`quality`.

"""
What does hubness look like?
============================

A sample's k-occurrence :math:`N_k` is the number of other samples that have it among their k
nearest neighbours. Its mean is k, whatever the data. Here is what happens to its distribution
when nothing but the dimension of Gaussian noise grows.
"""

# %%
# The counts, dimension by dimension
# ----------------------------------
# 2,000 samples of a standard normal distribution; ten neighbours each, the sample itself not
# counted.

# sphinx_gallery_thumbnail_panels = [3]
import matplotlib.pyplot as plt
import numpy as np

from sksim.datasets import make_gaussian_hubs
from sksim.inspection import KOccurrenceDisplay
from sksim.metrics import (
    antihub_rate,
    hubness_null,
    k_occurrence,
    k_skewness,
    robin_hood_index,
)

n_samples, k = 2000, 10
dimensions = [3, 10, 30, 100, 300]
occurrences = {
    d: k_occurrence(
        make_gaussian_hubs(n_samples, d, n_classes=1, random_state=0)[0],
        n_neighbors=k,
    )
    for d in dimensions
}
for d, occurrence in occurrences.items():
    print(
        f"d = {d:3d}   largest hub {occurrence.max():4.0f}   "
        f"anti-hubs {antihub_rate(occurrence):6.1%}"
    )

# %%
# Three of them as histograms. The line is what chance gives: each query draws its ten neighbours
# at random, so that the counts are binomial.

fig, axes = plt.subplots(3, 1, figsize=(6.4, 7.6), layout="constrained")
for ax, d in zip(axes, [3, 30, 300]):
    KOccurrenceDisplay.from_occurrence(
        occurrences[d], n_neighbors=k, ax=ax
    )
    ax.set_title(f"{d} dimensions")

# %%
# In three dimensions the counts stay close to ten, as even as chance. In 300 dimensions most
# samples lie below the mean, a quarter are nobody's neighbour at all, and some are neighbours of
# hundreds.
#
# From when on?
# -------------
# Two measures against the dimension, with the level of chance.

measures = {
    "k_skewness": ("k-skewness", k_skewness),
    "robin_hood_index": ("Robin Hood index", robin_hood_index),
}
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.4), layout="constrained")
for ax, (name, (title, measure)) in zip(axes, measures.items()):
    chance = hubness_null(
        name, n_queries=n_samples, n_indexed=n_samples, n_neighbors=k
    )
    ax.plot(
        dimensions,
        [measure(occurrences[d]) for d in dimensions],
        "o-",
        label="measured",
    )
    ax.axhline(chance, color="0.5", linestyle="--", label="chance")
    ax.set(xscale="log", xlabel="dimension", title=title)
    ax.set_xticks(dimensions, dimensions)
    ax.minorticks_off()
    ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))
    ax.legend()

# %%
# Both are at chance in three dimensions and above it in ten. The Robin Hood index, the share of all
# neighbour slots that would have to change hands, keeps growing. Skewness does not: it is ruled
# by the largest hubs, and falls again once there are many of them. Never judge by one measure.
#
# It is the centre
# ----------------
# Hubs are the samples near the mean: in high dimensions all distances are alike, so that a slight
# advantage counts everywhere.

X, _ = make_gaussian_hubs(n_samples, 300, n_classes=1, random_state=0)
to_mean = np.linalg.norm(X - X.mean(axis=0), axis=1)
on_sphere = k_occurrence(
    X / np.linalg.norm(X, axis=1, keepdims=True), n_neighbors=k
)

fig, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
ax.scatter(to_mean, occurrences[300] + 1, s=6, alpha=0.5, label="as it is")
ax.scatter(to_mean, on_sphere + 1, s=6, alpha=0.5, label="all on a sphere")
ax.set(
    yscale="log", xlabel="distance to the mean", ylabel="10-occurrence + 1"
)
ax.legend()

# %%
# The nearer to the mean, the larger the count. On the sphere no sample is more central than
# another, and the hubs are gone. Most reductions work by some form of this.
#
# In the guide: :ref:`measuring_hubness`.

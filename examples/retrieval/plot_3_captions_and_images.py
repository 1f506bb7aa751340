"""
Do captions find their image, and images their caption?
=======================================================

A caption says part of what an image shows. The two sides are not alike, so neither are the two
directions: hubs among the images trouble the captions, hubs among the captions the images. Does
one reduction serve both?
"""

# %%
# A generated pair of spaces
# --------------------------
# A scene has 40 traits. The image has all of them, with more noise in some images than in others;
# the caption mentions three of five, and all captions share a shift, the gap between modalities.
# 1000 pairs are looked up both ways. 3000 others are the banks of queries.
#
# With embeddings of your own, row i of ``images`` and of ``captions`` is a pair. A bank is any
# queries that are known beforehand; they need no partner.

import matplotlib.pyplot as plt
import numpy as np

from sksim.metrics import (
    hit_rate_score,
    k_occurrence_from_indices,
    k_skewness,
)
from sksim.neighbors import HubnessReducedNearestNeighbors

rng = np.random.default_rng(0)
n, n_traits, n_features = 4000, 40, 200
scenes = rng.normal(size=(n, n_traits)) * np.linspace(1.5, 0.5, n_traits)
view = rng.normal(size=(n_traits, n_features)) / np.sqrt(n_traits)
mentioned = scenes * (rng.random(scenes.shape) < 0.6)
shape = n, n_features
blur = 0.75 * rng.lognormal(0, 0.5, size=(n, 1))
images = scenes @ view + blur * rng.normal(size=shape)
captions = mentioned @ view + 0.75 * rng.normal(size=shape)
captions += 0.5 * rng.normal(size=n_features)

DIRECTIONS = {
    "captions look for images": (captions, images),
    "images look for captions": (images, captions),
}
REDUCTIONS = {
    "none": None,
    "mutual proximity": "mutual_proximity",
    "CSLS": "csls",
    "inverted softmax": "inverted_softmax",
}
DEPTHS = (1, 5, 10)
pairs = np.arange(1000)
draws = rng.integers(1000, size=(1000, 1000))


def interval(values):
    """95 per cent of the means of bootstrap samples of the queries."""
    return np.percentile(values[draws].mean(axis=1), [2.5, 97.5])


results, plain = {}, {}
for direction, (queries, gallery) in DIRECTIONS.items():
    for name, reduction in REDUCTIONS.items():
        search = HubnessReducedNearestNeighbors(
            10,
            reduction=reduction,
            metric="cosine",
        )
        search.fit(gallery[:1000], bank=queries[1000:])
        found = search.kneighbors(queries[:1000], return_distance=False)
        counts = k_occurrence_from_indices(found, 1000)
        skewness = k_skewness(counts)
        print(f"{direction}, {name}: skewness {skewness:.2f}")
        for k in DEPTHS:
            right = pairs[:, None].tolist()
            recall = hit_rate_score(found, right, n_neighbors=k)
            hits = np.any(found[:, :k] == pairs[:, None], axis=1) * 1.0
            results[direction, name, k] = recall, *interval(hits)
            gain = hits - plain.setdefault((direction, k), hits)
            low, high = interval(gain)
            print(f"    at {k}: {recall:.3f}, gain {gain.mean():+.3f}")
            print(f"        ({low:+.3f} to {high:+.3f})")

# %%
# Both directions
# ---------------
# Bars: 95 per cent intervals of the bootstrap over queries.

fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.8), layout="constrained")
for ax, direction in zip(axes, DIRECTIONS):
    for place, name in enumerate(REDUCTIONS):
        values = [results[direction, name, k] for k in DEPTHS]
        middle, low, high = np.transpose(values)
        bars = middle - low, high - middle
        x = np.arange(3) + (place - 1.5) * 0.2
        color = ("0.6", "C0", "C2", "C3")[place]
        ax.bar(x, middle, 0.19, color=color, label=name)
        ax.errorbar(x, middle, bars, fmt="none", color="k", capsize=2)
    ax.set(title=direction, ylim=(0, 1), xlabel="recall at")
    ax.set_xticks(range(3), DEPTHS)
handles, names = axes[0].get_legend_handles_labels()
_ = fig.legend(handles, names, loc="outside lower center", ncols=4)

# %%
# The directions differ before anything is reduced: captions find 0.63 of their images first,
# images 0.67 of their captions. The skewness of the counts is 1.7 among images, which the noise of
# some makes unequal, and 1.2 among captions. Where there are more hubs, more is won: 9 to 13
# points at the first place among images, 5 to 6 among captions. After it the directions are nearly
# alike, 0.72 to 0.76 and 0.71 to 0.73. Every interval of a gain is above zero, at each depth. Each
# direction has a bank of its own kind of queries.
#
# Images with captions of people would be the better trial than scenes that are generated. Among
# captions of 1000 real images, looked up by other captions of them, the benchmarks
# (:doc:`/benchmarks/evidence`) have much less to win in one language: 62 to 64 per cent with CSLS.
# By German captions, through a regression, which makes hubs, it is 66 to 75.

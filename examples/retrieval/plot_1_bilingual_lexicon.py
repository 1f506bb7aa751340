"""
How many translations does a lexicon lose to hubs?
==================================================

Two languages, each with vectors of its words, and a few pairs that are known. A rotation takes one
space onto the other; the translation of a word is the nearest vector there. Some vectors are near
to everything, and are then the translation of many words. What does a reduction win back?
"""

# %%
# Two spaces that are nearly one
# ------------------------------
# 3000 words around 60 topics, seen in both languages with noise, the second space turned at
# random. Words differ in how well they are known: the noise of each has a scale of its own. Of
# 1000 pairs the rotation is learned; 1000 other words are looked up among all 3000.
#
# With vectors of your own, ``source`` and ``target`` have a word in each row, and the rows of the
# known pairs come first, in the same order.

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import ortho_group
from sklearn.preprocessing import normalize

from sksim.alignment import ProcrustesAligner
from sksim.metrics import (
    hit_rate_score,
    k_occurrence_from_indices,
    k_skewness,
)
from sksim.neighbors import HubnessReducedNearestNeighbors

rng = np.random.default_rng(0)
n_words, n_features = 3000, 50
topics = 0.8 * rng.normal(size=(60, n_features))
meanings = topics[rng.integers(60, size=n_words)]
meanings += 0.6 * rng.normal(size=meanings.shape)
meanings += rng.normal(size=n_features)


def language():
    scales = 0.6 * rng.lognormal(0, 0.5, size=(n_words, 1))
    return normalize(meanings + scales * rng.normal(size=meanings.shape))


source = language()
target = language() @ ortho_group(n_features, seed=0).rvs()

aligner = ProcrustesAligner().fit(source[:1000], target[:1000])
mapped = aligner.transform(source)
words = np.arange(2000, 3000)

# %%
# The bank
# --------
# What makes a target word a hub is how near it is to source words. These are known beforehand, so
# that the reductions take their statistics among 2000 of them, none of which is looked up.

DEPTHS = (1, 5, 10)
REDUCTIONS = {
    "none": None,
    "mutual proximity": "mutual_proximity",
    "NICDM": "nicdm",
    "CSLS": "csls",
    "inverted softmax": "inverted_softmax",
}
draws = rng.integers(len(words), size=(1000, len(words)))


def hits(found, depth):
    """Whether each word has its translation among the first."""
    return np.any(found[:, :depth] == words[:, None], axis=1)


def interval(values):
    """95 per cent of the means of bootstrap samples of the words."""
    return np.percentile(values[draws].mean(axis=1), [2.5, 97.5])


results, lists = {}, {}
for name, reduction in REDUCTIONS.items():
    search = HubnessReducedNearestNeighbors(
        10,
        reduction=reduction,
        metric="cosine",
    )
    search.fit(target, bank=mapped[:2000])
    found = search.kneighbors(mapped[words], return_distance=False)
    lists[name] = found
    counts = k_occurrence_from_indices(found, n_words)
    skewness = k_skewness(counts)
    print(f"{name}: skewness {skewness:.2f}, most {counts.max():.0f}")
    for depth in DEPTHS:
        right = [[word] for word in words]
        recall = hit_rate_score(found, right, n_neighbors=depth)
        low, high = interval(hits(found, depth))
        results[name, depth] = recall, low, high
        gain = hits(found, depth) * 1.0 - hits(lists["none"], depth)
        print(f"    at {depth}: {recall:.3f} ({low:.3f} to {high:.3f})")
        low, high = interval(gain)
        print(f"    gain {gain.mean():+.3f} ({low:+.3f} to {high:+.3f})")

# %%
# Translations found
# ------------------
# Bars: 95 per cent intervals of the bootstrap over words.

fig, ax = plt.subplots(figsize=(7.2, 4), layout="constrained")
for place, name in enumerate(REDUCTIONS):
    values = np.array([results[name, depth] for depth in DEPTHS])
    middle, low, high = values.T
    x = np.arange(3) + (place - 2) * 0.16
    bars = middle - low, high - middle
    color = "0.6" if name == "none" else f"C{place - 1}"
    ax.bar(x, middle, 0.15, yerr=bars, capsize=2, color=color, label=name)
ax.set_xticks(range(3), [f"among the first {depth}" for depth in DEPTHS])
ax.set(ylabel="share of words with their translation", ylim=(0, 1))
_ = ax.legend(ncols=2, loc="upper left", fontsize=9)

# %%
# The plain search translates 0.60 of the words. All reductions find more, and find it at each
# depth: 0.64 with mutual proximity, 0.69 to 0.71 with the three others, with the inverted softmax
# ahead at 5 and 10. Every interval of the gains, which compare the same words, is above zero. What
# is lost to hubs is not only the first place: at 10 the plain search has 0.79, less than CSLS has
# at 5. That the skewness of no reduction goes below 0.8 is the chance of ten slots among 3000
# words, of which a third is asked for.
#
# These spaces are generated, and the gain follows how unequal the noise of the words is. Of real
# Italian and English words, the benchmarks (:doc:`/benchmarks/evidence`) have 64 per cent without
# and 69 per cent with CSLS among the first.

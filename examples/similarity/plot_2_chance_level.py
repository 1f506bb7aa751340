"""
How similar are two representations that have nothing in common?
================================================================

A similarity of 0.8 sounds like a lot. Whether it is depends on what unrelated representations
would score, and for many measures that is not 0. It grows with the number of features and falls
with the number of samples, so that "wide networks are more alike" or "the models agree on this
small data set" can be statements about the width and the size alone.
"""

# %%
# Noise against noise
# -------------------
# Two matrices of independent noise for 50 samples, wider and wider. Every measure is shown as
# one would use it without a thought; those corrected for chance are the solid lines.

import functools

import matplotlib.pyplot as plt
import numpy as np

from sksim.datasets import load_encoder_layers
from sksim.inspection import SimilarityMatrixDisplay
from sksim.metrics import (
    cka_score,
    distance_correlation_score,
    mutual_knn_score,
    null_calibrated_score,
    procrustes_score,
)

biased_cka = functools.partial(cka_score, unbiased=False)
measures = {
    "CKA, biased": (biased_cka, "C0--"),
    "distance correlation, biased": (
        functools.partial(distance_correlation_score, unbiased=False),
        "C1--",
    ),
    "Procrustes": (procrustes_score, "C2--"),
    "CKA, unbiased": (cka_score, "C0-"),
    "distance correlation, unbiased": (distance_correlation_score, "C1-"),
    "mutual neighbours, adjusted": (
        functools.partial(mutual_knn_score, adjusted=True),
        "C3-",
    ),
}
rng = np.random.RandomState(0)
widths = [5, 10, 30, 100, 300, 1000]
noise = {
    d: [(rng.randn(50, d), rng.randn(50, d)) for _ in range(5)]
    for d in widths
}

fig, ax = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
for name, (measure, style) in measures.items():
    means = [np.mean([measure(X, Y) for X, Y in noise[d]]) for d in widths]
    ax.plot(widths, means, style, label=name)
ax.set(
    xscale="log",
    xlabel="number of features",
    ylabel="similarity of noise to noise",
)
ax.legend(fontsize=9, loc="center right")

# %%
# With 1000 features the biased measures call pure noise more than 90 % similar. The corrected
# ones stay at 0, whatever the width. The Procrustes correlation has no correction in closed form;
# it can be calibrated by permutations (below).
#
# A convincing figure from shuffled data
# --------------------------------------
# Sixty texts, the layers of a sentence encoder and latent semantic analysis. In the second
# and the third matrix the texts of the second set are shuffled: row i of one and row i of the
# other are different texts. There is nothing to find.

data = load_encoder_layers()
rows = rng.permutation(600)[:60]
views = {
    name: view[rows]
    for name, view in {**data.layers, "lsa": data.lsa}.items()
}
shuffled = {
    name: view[rng.permutation(60)] for name, view in views.items()
}

fig, axes = plt.subplot_mosaic(
    "ab;c.", figsize=(7.2, 6.6), layout="constrained"
)
SimilarityMatrixDisplay.from_representations(
    views,
    views,
    metric=biased_cka,
    name="biased CKA, paired",
    ax=axes["a"],
)
SimilarityMatrixDisplay.from_representations(
    views,
    shuffled,
    metric=biased_cka,
    name="biased CKA, shuffled",
    ax=axes["b"],
)
display = SimilarityMatrixDisplay.from_representations(
    views,
    shuffled,
    metric="cka",
    name="unbiased CKA, shuffled",
    ax=axes["c"],
)
for number in display.text_.flat:  # they have signs
    number.set_fontsize(7)

# %%
# The second matrix has everything a figure of a paper needs: middling similarities, and
# rows and columns that differ, with the last layer "more similar to everything". All of it is
# bias. It is larger where the variance is spread over more directions, and that is what the
# pattern shows: a property of each layer alone. In the third nothing is left.
#
# A difference that is not there
# ------------------------------
# Is ``lsa`` closer to the last layer or to layer 4? Three answers, against the number of texts;
# means of 20 draws.

sizes = [20, 40, 80, 160, 320, 600]
fig, axes = plt.subplots(
    1, 3, figsize=(7.2, 3.2), sharey=True, layout="constrained"
)
scores = {
    "biased CKA": biased_cka,
    "unbiased CKA": cka_score,
    "biased CKA, calibrated": functools.partial(
        null_calibrated_score,
        metric=biased_cka,
        n_permutations=50,
        random_state=0,
    ),
}
draws = {n: [rng.permutation(600)[:n] for _ in range(20)] for n in sizes}
for ax, (name, score) in zip(axes, scores.items()):
    for layer in ["layer4", "layer6"]:
        values = [
            np.mean([score(data[layer][i], data.lsa[i]) for i in draws[n]])
            for n in sizes
        ]
        ax.plot(sizes, values, "o-", label=layer)
    ax.set(xscale="log", xlabel="number of texts", title=name, ylim=(0, 1))
    ax.set_xticks(sizes, sizes)
    ax.minorticks_off()
axes[0].set_ylabel("similarity to lsa")
axes[0].legend()

# %%
# Biased CKA puts the last layer ahead, for every size, and at 20 texts with a score that would be
# called high. But the lead is bias: the last layer
# spreads its variance over more directions, see the pattern above. The unbiased estimate finds the
# two layers level, and says so from 20 texts on. The calibrated score subtracts what permuted
# pairings reach, works for every measure, and is careful by design: it counts only what exceeds
# the 95 % quantile of chance, so that it starts low and rises with the evidence.
#
# Report the number of samples and features, use the corrected estimators where they exist
# (they are the default here), and a permutation null where they do not.
#
# In the guide: :ref:`chance`.

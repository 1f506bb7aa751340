"""
How does a sentence encoder change its mind, layer by layer?
============================================================

A transformer rewrites its representation of a text in every layer. How much does each layer
change, and does the answer depend on the measure? The data are the seven hidden states of a
sentence encoder for 600 texts, and latent semantic analysis (``lsa``) of the same texts, which
involves no network at all.
"""

# %%
# One matrix for each measure
# ---------------------------
# Three measures with different ideas of sameness. Linear CKA compares all inner products and is
# ruled by the strongest directions. Procrustes finds the best rotation. Mutual nearest neighbours
# look only at who is next to whom.

import matplotlib.pyplot as plt
import numpy as np

from sksim.datasets import load_encoder_layers
from sksim.inspection import SimilarityMatrixDisplay
from sksim.metrics import intrinsic_dimension, participation_ratio, permutation_test_similarity

data = load_encoder_layers()
views = {**data.layers, "lsa": data.lsa}

fig, axes = plt.subplots(1, 3, figsize=(14, 4.4), layout="constrained")
displays = {
    metric: SimilarityMatrixDisplay.from_representations(views, metric=metric, ax=ax)
    for ax, metric in zip(axes, ["cka", "procrustes", "mutual_knn"])
}

# %%
# All three agree on the chain: the most similar layer is always a neighbouring one, and
# similarity falls with the distance in depth. The last layer is the odd one out. For CKA it is
# farther from the first layer (0.49) than ``lsa`` is (0.56), though both are states of one
# network. The first layer, which has seen little more than the words, is closest to ``lsa``, a
# method that counts words; on the way through the network this similarity falls, and in the last
# layer it rises again, for each of the measures.
#
# The numbers of different measures cannot be compared with each other. ``lsa`` and the last layer
# have a CKA of 0.37, on a scale where unrelated representations have 0, a Procrustes correlation
# of 0.62, which says little without its chance level, and share 34 % of their neighbours, where
# chance would give 10/599.
#
# Where are the large steps?
# --------------------------
# The similarity of each layer to the one before it, and two measures of the layers themselves.

steps = {m: np.diag(d.values[:7, :7], k=1) for m, d in displays.items()}
quality = {
    "participation ratio": [participation_ratio(layer) for layer in data.layers.values()],
    "intrinsic dimension": [intrinsic_dimension(layer) for layer in data.layers.values()],
}
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for metric, values in steps.items():
    left.plot(np.arange(1, 7), values, "o-", label=metric)
left.set(xlabel="layer", ylabel="similarity to the layer before", ylim=(0, 1))
left.legend()
for name, values in quality.items():
    right.plot(values, "o-", label=name)
right.set(xlabel="layer", ylabel="number of directions", ylim=(0, None))
right.legend()

# %%
# Every measure puts the largest step at the end, and the right-hand side shows what that step
# does. From layer to layer the variance gathers in fewer directions, from 65 to 35 by the
# participation ratio; the last layer spreads it over 81, as contrastive training asks for. The
# number of directions in which one can move locally (intrinsic dimension) falls slowly from 9 to
# 6 and takes no notice of that step: the same sheet, laid out more evenly.
#
# Is the weakest similarity still more than chance?
# -------------------------------------------------
# The last layer and ``lsa``, with the pairing of the texts permuted a thousand times.

fig, axes = plt.subplots(1, 2, figsize=(10, 3.2), layout="constrained")
for ax, metric in zip(axes, ["cka", "mutual_knn"]):
    score, null_scores, pvalue = permutation_test_similarity(
        data.layer6, data.lsa, metric, n_permutations=1000, random_state=0
    )
    ax.hist(null_scores, bins=30, color="0.6", label="permuted texts")
    ax.axvline(score, color="C3", label=f"observed, p = {pvalue:.3f}")
    ax.set(title=metric, xlabel="similarity", xlim=(min(null_scores) - 0.02, None))
    ax.legend()

# %%
# Both are far outside anything that chance produces: counting words and a trained transformer
# agree on much of what is similar to what. A small number can be a strong finding.

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

# sphinx_gallery_thumbnail_panels = [1, 3]
import matplotlib.pyplot as plt

from sksim.datasets import load_encoder_layers
from sksim.inspection import (
    PermutationTestDisplay,
    ScoreCurveDisplay,
    SimilarityMatrixDisplay,
    SpectrumDisplay,
)
from sksim.metrics import intrinsic_dimension, participation_ratio

data = load_encoder_layers()
views = {**data.layers, "lsa": data.lsa}

fig, axes = plt.subplot_mosaic(
    "ab;c.", figsize=(7.2, 6.6), layout="constrained"
)
for ax, metric in zip(axes.values(), ["cka", "procrustes", "mutual_knn"]):
    SimilarityMatrixDisplay.from_representations(
        views, metric=metric, ax=ax
    )

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
# The similarity of each layer to the one before it, for CKA with an interval over texts; two
# numbers of directions of each layer; and how the variance of three of them is spread,
# summed up and direction by direction.

layers = list(data.layers.values())
fig, axes = plt.subplots(2, 2, figsize=(7.2, 6.4), layout="constrained")
for metric in ("cka", "procrustes", "mutual_knn"):
    ScoreCurveDisplay.from_representations(
        dict(enumerate(layers[1:], 1)),
        layers[:-1],
        metric,
        confidence=0.95 if metric == "cka" else None,
        random_state=0,
        name=metric,
        ax=axes[0, 0],
    )
axes[0, 0].set(
    xlabel="layer", ylabel="similarity to the layer before", ylim=(0, 1)
)
for measure in (participation_ratio, intrinsic_dimension):
    ScoreCurveDisplay.from_scores(
        range(7),
        [measure(layer) for layer in layers],
        position_name="layer",
        score_name="number of directions",
        name=measure.__name__.replace("_", " "),
        ax=axes[0, 1],
    )
axes[0, 1].set(ylim=(0, None))
for ax, kind in zip(axes[1], ("cumulative", "eigenvalues")):
    for i in (0, 5, 6):
        SpectrumDisplay.from_representation(
            layers[i], kind=kind, name=f"layer {i}", ax=ax
        )
axes[1, 1].set_ylim(1e-5, 0.3)

# %%
# Every measure puts the largest step at the end, and for CKA its interval, the chance in the choice
# of the texts, lies apart from the others. From layer to layer the variance gathers in fewer
# directions, from 65 to 35 by the participation ratio; the last layer spreads it over 81, as
# contrastive training asks for. Below on the left that is the curve which rises most slowly: its
# disc, the participation ratio, is the farthest out. Beside it, on logarithmic axes, a power of the
# rank is a straight line. From rank 10 to 100 the exponent rises from 0.93 to 1.24 on the way, and
# is 0.85 in the last layer. The number of directions in which one can move locally (intrinsic
# dimension) falls slowly from 9 to 6 and takes no notice of that step: the same sheet, laid out
# more evenly.
#
# Is the weakest similarity still more than chance?
# -------------------------------------------------
# The last layer and ``lsa``, with the pairing of the texts permuted a thousand times.

fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.2), layout="constrained")
for ax, metric in zip(axes, ["cka", "mutual_knn"]):
    PermutationTestDisplay.from_representations(
        data.layer6, data.lsa, metric, random_state=0, ax=ax
    )

# %%
# Both are far outside anything that chance produces: counting words and a trained transformer
# agree on much of what is similar to what. A small number can be a strong finding.
#
# In the guide: :ref:`similarity`.

"""
Can a classifier read another encoder's mind?
=============================================

A classifier is trained on one encoder. Later the encoder is replaced. Instead of training again,
one can map the new representation into the frame of the old one, given a few texts that both have
encoded: the *anchors*. The classifier never sees the new encoder; how well does it do, and how
many anchors are needed?
"""

# %%
# An old encoder and two new ones
# -------------------------------
# The old encoder is the last layer of a sentence encoder, the classifier the nearest neighbour by
# cosine over 150 intents, with two texts of each for training and two for testing. Two encoders
# take its place: an earlier layer of the same network, and latent semantic analysis, which shares
# neither the origin nor the dimension (384 against 128).

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sksim.alignment import (
    CCAAligner,
    LinearAligner,
    PermutationAligner,
    ProcrustesAligner,
)
from sksim.datasets import load_encoder_layers
from sksim.preprocessing import RelativeRepresentation

data = load_encoder_layers()
old, y = data.layer6, data.target
train, test = train_test_split(
    np.arange(600), test_size=0.5, stratify=y, random_state=0
)


def nearest():
    return KNeighborsClassifier(1, metric="cosine")


classifier = nearest().fit(old[train], y[train])
for name, encoder in {
    "the old encoder itself": old,
    "layer3 without any mapping": data.layer3,
}.items():
    print(f"{name:27} {classifier.score(encoder[test], y[test]):.3f}")

# %%
# A first surprise: fed with layer 3 as it is, the classifier of layer 6 is right for nearly half
# of the texts, where chance gives 1/150. The layers of a transformer add to a common stream, so
# that their coordinates mean similar things. Latent semantic analysis offers no such help: it
# does not even have as many dimensions.
#
# More anchors, better maps
# -------------------------
# Each aligner is fitted on anchors from the training texts. The relative representation does not
# map anything: both encoders describe a text by its cosines with the anchors, and the classifier
# is trained on that description of the old one.

aligners = {
    "Procrustes": ProcrustesAligner(scaling=True),
    "ridge regression": LinearAligner(),
    "CCA, 30 directions": CCAAligner(30, shrinkage=0.3),
    "permutation": PermutationAligner(),
}


def relative_accuracy(new, anchors, *, center):
    """Accuracy on the new encoder of a classifier trained on relative representations."""
    views = []
    for encoder in (old, new):
        model = make_pipeline(
            StandardScaler(with_mean=center, with_std=False),
            RelativeRepresentation(n_anchors=len(anchors), random_state=0),
        ).fit(encoder[anchors])
        views.append(model.transform(encoder))
    return (
        nearest()
        .fit(views[0][train], y[train])
        .score(views[1][test], y[test])
    )


sizes = [35, 75, 150, 300]
fig, axes = plt.subplots(
    1, 2, figsize=(7.2, 4.8), sharey=True, layout="constrained"
)
for ax, name in zip(axes, ["layer3", "lsa"]):
    new = data[name]
    for label, aligner in aligners.items():
        accuracies = []
        for anchors in (train[:n] for n in sizes):
            mapped = aligner.fit(new[anchors], old[anchors]).transform(
                new[test]
            )
            accuracies.append(classifier.score(mapped, y[test]))
        ax.plot(sizes, accuracies, "o-", label=label)
    for center, style in [(True, "k^-"), (False, "k^:")]:
        label = f"relative, {'centred' if center else 'as it is'}"
        accuracies = [
            relative_accuracy(new, train[:n], center=center) for n in sizes
        ]
        ax.plot(sizes, accuracies, style, label=label)
    own = nearest().fit(new[train], y[train]).score(new[test], y[test])
    ax.axhline(
        own,
        color="0.6",
        ls="--",
        label="classifier trained on the new encoder",
    )
    ax.set(
        title=f"{name} in the place of layer6",
        xlabel="number of anchors",
        ylim=(0, 0.8),
    )
axes[0].set_ylabel("accuracy, 150 intents")
_ = fig.legend(
    *axes[0].get_legend_handles_labels(),
    loc="outside lower center",
    ncols=2,
)

# %%
# With all 300 training texts as anchors, layer 3 does *better* in the classifier of the old
# encoder than in one of its own (dashed), and ``lsa`` no worse: the map carries over some of what
# the old encoder knows about intents.
#
# With few anchors it pays to learn little. For layer 3 matching dimension with dimension
# (permutation) is best, because the layers of a network share their coordinates; for ``lsa``,
# where there is nothing of the kind, it fails. The relative representation fits nothing at all:
# it is ahead of rotation and regression with 35 anchors, level with 75, and behind them later.
# The mean matters to it: the layers of a network have a large one in common, so that all cosines
# are close to one, and what is left differs between layers. Without centring it is useless for
# layer 3, while ``lsa`` hardly notices.
#
# Which map should one take?
# --------------------------
# That needs no classifier: an aligner's score on held-out texts is the share of the old encoder's
# variance that it explains.

for label, aligner in aligners.items():
    scores = cross_val_score(aligner, data.lsa[train], old[train], cv=5)
    print(f"{label:20s} {scores.mean():.3f}")

# %%
# Only CCA explains something: it keeps thirty directions, and shrinks the rest away. Rotation and
# regression do worse than the mean of all texts would. A rotation keeps all directions at full
# length, also those of which the anchors tell nothing, and a regression on 128 features learns the
# accidents of 240 texts. And yet these two classify best among the maps of ``lsa``, since the
# nearest neighbour by cosine is not the squared error. Use the score of an aligner where the values
# are needed, and the score of the task where there is one.
#
# In the guide: :ref:`alignment`.

"""
Sparse or short codes?
======================

An embedding of 384 numbers is to be stored in a few. A prefix of the principal
components keeps the same few directions for every row; a sparse code keeps the
few units, out of many, that suit the row. Which of them keeps the neighbours?
"""

# %%
# Neighbours that vote
# --------------------
# Sentences with 150 intents. A quarter of them ask for their ten neighbours.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import normalize

from sksim.datasets import load_sentence_embeddings
from sksim.encoders import SparseAutoencoder

X, y = load_sentence_embeddings(return_X_y=True)
parts = train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)
X_train, X_test, y_train, y_test = parts


def accuracy(encode):
    """Of ten neighbours by cosine, voting."""
    neighbors = KNeighborsClassifier(10, metric="cosine")
    neighbors.fit(normalize(encode(X_train)), y_train)
    return neighbors.score(normalize(encode(X_test)), y_test)


# %%
# Codes of several lengths
# ------------------------
# Each encoder is trained once a seed, for 8 units; codes of 2 to 16 units come
# from the same one by ``set_params``.

lengths = [2, 4, 8, 16]
kinds = {
    "k largest": {},
    "k largest, contrast": {"contrastive_weight": 0.1},
    "matching pursuit": {"encoder": "matching_pursuit"},
}
scores = {name: np.zeros((3, len(lengths))) for name in kinds}
unused = {name: [] for name in kinds}
for name, options in kinds.items():
    for seed in range(3):
        model = SparseAutoencoder(
            512, max_epochs=4, random_state=seed, **options
        ).fit(X_train)
        unused[name].append(model.history_[-1]["dead_units"])
        for i, k in enumerate(lengths):
            model.set_params(n_nonzero=k)
            scores[name][seed, i] = accuracy(model.transform)
dense = accuracy(lambda Z: Z)
short = []
for k in lengths:
    pca = PCA(k, random_state=0).fit(X_train)
    short.append(accuracy(pca.transform))

# %%
# Accuracy by the length of the code
# ----------------------------------
# The range over three seeds, and in the figure the mean.

print(f"{'numbers a row':20s}", *[f"{k:14d}" for k in lengths])
print(f"{'components':20s}", *[f"{value:14.3f}" for value in short])
for name, values in scores.items():
    ends = zip(values.min(axis=0), values.max(axis=0), strict=True)
    print(f"{name:20s}", *[f"{a:.3f} to {b:.3f}" for a, b in ends])
print(f"all 384 numbers: {dense:.3f}")
for name, counts in unused.items():
    print(f"units that are never used, {name}: {counts}")

figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
ax.axhline(dense, color="0.4", linestyle=":", label="all 384 numbers")
for name, values in scores.items():
    ax.plot(lengths, values.mean(axis=0), marker="o", label=name)
ax.plot(
    lengths, short, marker="s", color="0.2", label="principal components"
)
ax.set(xscale="log", xlabel="numbers a row", ylabel="accuracy")
ax.set_xticks(lengths, lengths)
ax.minorticks_off()
ax.legend()

# %%
# Four units keep more than eight components do, and as much as sixteen: 0.76 to
# 0.78 over the seeds, against 0.62 and 0.78, where four components have 0.33. Eight
# units come within 0.05 of all 384 numbers. (A code also stores the places of its
# numbers: four units take the room of eight components, or less.) The contrast
# between rows without labels changes nothing that three seeds could show. Matching
# pursuit, which takes more steps for the same length, is behind throughout on
# these data.
#
# In the guide: :ref:`encoders`.

"""
Are my own embeddings fit for neighbour search?
===============================================

From any array to a decision: how much hubness there is, where it comes from, and whether a repair
pays. Replace the first lines by your own vectors; the rest stays as it is.
"""

# %%
# Any array will do
# -----------------
# One row a sample: from ``model.encode(texts)`` of a sentence encoder, an API, a database or a
# file. Here the file holds the latent semantic analysis of 600 sentences, TF-IDF cut to 128
# directions. Labels, if you have any, are asked for in step 4 only.

import pathlib
import tempfile

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import cross_val_score

from sksim.datasets import load_encoder_layers
from sksim.inspection import KOccurrenceDisplay
from sksim.metrics import (
    hubness_report,
    hubness_score,
    intrinsic_dimension,
    k_occurrence,
)
from sksim.neighbors import (
    HubnessReducedKNeighborsClassifier,
    HubnessReducedKNeighborsTransformer,
)

with tempfile.TemporaryDirectory() as folder:
    file = pathlib.Path(folder) / "my_embeddings.npy"
    np.save(file, load_encoder_layers().lsa)
    X = np.load(file)
print(X.shape, X.dtype)

# %%
# Step 1: is there hubness?
# -------------------------
# Compare each value with that of chance; ``adjusted`` is the difference.

report = hubness_report(X, n_neighbors=10)
print(report)
print(f"intrinsic dimension {intrinsic_dimension(X):.1f} of {X.shape[1]}")

# %%
# Step 2: which samples are the hubs?
# -----------------------------------
# Look at them. Often they say at once what is wrong: empty documents, boilerplate, duplicates, or
# texts so general that they are a little like everything.

counts = k_occurrence(X, n_neighbors=10)
length = np.linalg.norm(X, axis=1)
for i in np.argsort(-counts)[:5]:
    print(
        f"row {i:3d}: a neighbour of {counts[i]:3.0f} others, length {length[i]:.2f}"
    )
print(f"median length of all rows {np.median(length):.2f}")

# %%
# Step 3: does a repair help?
# ---------------------------

graphs = {
    "Euclidean": (None, "euclidean"),
    "cosine": (None, "cosine"),
    "cosine, mutual proximity": ("mutual_proximity", "cosine"),
}
fig, axes = plt.subplots(3, 1, figsize=(6.4, 7.2), layout="constrained")
for ax, (name, (reduction, metric)) in zip(axes, graphs.items()):
    graph = HubnessReducedKNeighborsTransformer(
        10, reduction=reduction, metric=metric
    )
    graph = graph.fit_transform(X)
    KOccurrenceDisplay.from_graph(graph, n_neighbors=10, ax=ax)
    skewness = hubness_score(graph, metric="precomputed", n_neighbors=10)
    ax.set_title(f"{name}: skewness {skewness:.2f}")

# %%
# The line is what chance gives. Above, a long tail to the right: the hubs of step 2. Their
# vectors are short, because few of their words are in the directions that were kept, and a short
# vector is near to the centre and so to everything. At unit length, in the middle, the tail is
# gone but for a rest. The reduction takes that, below, to about the level of chance. If
# your middle panel looks like your last one, use cosine and stop there; if hubs remain, the
# reduction is one argument more.
#
# Step 4: with labels, what is it worth?
# --------------------------------------
# The same choices for a nearest neighbour classifier, cross-validated. ``reduction=None`` is
# scikit-learn's ``KNeighborsClassifier``. These sentences have 150 intents, four sentences each.

y = load_encoder_layers().target
graphs["Euclidean, mutual proximity"] = ("mutual_proximity", "euclidean")
for name, (reduction, metric) in graphs.items():
    knn = HubnessReducedKNeighborsClassifier(
        5, reduction=reduction, metric=metric
    )
    scores = cross_val_score(knn, X, y, cv=4)
    print(
        f"{name:27}  accuracy {scores.mean():.3f}, "
        f"folds {scores.min():.3f} to {scores.max():.3f}"
    )

# %%
# The hubs cost 12 points of accuracy. Either repair brings it back, unit length or the
# reduction; both together bring no more. For these vectors the answer is cosine. Which reduction it
# is for yours, a grid search finds out: :doc:`/gallery/quickstart`.

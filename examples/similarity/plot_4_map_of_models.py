"""
A map of many models
====================

Twenty-four small networks are trained on the same digits: two activation functions, three widths,
four seeds. Which of them have learned the same representation? A similarity that is a metric
turns that question into a map.
"""

# %%
# Train, and take the hidden layer
# --------------------------------
# Each network has one hidden layer; its activations on 400 images that it has not seen are its
# representation. The images themselves join as one more model.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.manifold import MDS
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sksim.inspection import SimilarityMatrixDisplay
from sksim.metrics import pairwise_similarity

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, test_size=400, stratify=y, random_state=0
)
activations = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh}
models, accuracies = {"pixels": X_test}, {}
for activation, function in activations.items():
    for width in (8, 32, 128):
        for seed in range(4):
            network = MLPClassifier((width,), activation=activation, max_iter=30, random_state=seed)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                network.fit(X_train, y_train)
            name = f"{activation}-{width}-{seed}"
            models[name] = function(X_test @ network.coefs_[0] + network.intercepts_[0])
            accuracies[name] = network.score(X_test, y_test)

# %%
# Every pair, with each model prepared once
# -----------------------------------------
# The clustering uses the angle whose cosine is the similarity: unlike one minus the similarity,
# it obeys the triangle inequality.

fig, ax = plt.subplots(figsize=(8, 7.5), layout="constrained")
display = SimilarityMatrixDisplay.from_representations(
    models, metric="procrustes", dendrogram=True, ax=ax
)

# %%
# The wide networks form one bright block without a border between the two activation functions.
# The narrow ones resemble the wide ones more than they resemble each other, with one exception:
# they come in pairs, and each pair has the same seed. The two networks started from the same
# random weights, and that ties them more closely than their activation function divides them.
#
# The map
# -------
# Multidimensional scaling puts the models into the plane so that the distances between the points
# come close to the angles. The area of a point is the width, its colour the accuracy.

angles = pairwise_similarity(models, "procrustes_angular").values
mds = MDS(2, metric="precomputed", n_init=8, init="random", random_state=0)
points = mds.fit_transform(angles)

fig, ax = plt.subplots(figsize=(7.5, 6), layout="constrained")
markers = {"relu": "o", "tanh": "s"}
for activation, marker in markers.items():
    names = [name for name in models if name.startswith(activation)]
    where = [list(models).index(name) for name in names]
    drawn = ax.scatter(
        *points[where].T,
        s=[20 + 2 * int(name.split("-")[1]) for name in names],
        c=[accuracies[name] for name in names],
        marker=marker,
        vmin=0.5,
        vmax=1,
        edgecolor="k",
        label=activation,
    )
ax.scatter(*points[0], marker="*", s=200, color="C3", label="pixels")
ax.set(aspect="equal", title="angle between representations (Procrustes)")
ax.legend()
fig.colorbar(drawn, label="accuracy")

# %%
# All good networks are alike; every poor network is poor in its own way. The widest gather in
# one place, whatever their activation and seed, nearest to the pixels themselves. The narrow ones
# have room for a part of the image only, each pair for another part, and lie on the far side at
# large distances from each other.
#
# The distances in the plane are those of the table only in part:

error = np.abs(np.linalg.norm(points[:, None] - points[None], axis=-1) - angles)
print(f"mean angle {angles[angles > 0].mean():.2f}, mean error of the map {error.mean():.2f}")

# %%
# Points that are all far from each other do not fit into two dimensions. The map gives the
# overview; for a statement about two models, read the matrix.

"""
Which of many models have learned the same?
===========================================

Twenty-four small networks are trained on the same digits: two activation functions, three widths,
four seeds. Which of them have learned the same representation? A similarity that is a metric
turns that question into a map.
"""

# %%
# Train, and take the hidden layer
# --------------------------------
# Each network has one hidden layer; its activations on 400 images that it has not seen are its
# representation. The images themselves join as one more model.

# sphinx_gallery_thumbnail_number = 2
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from sksim.inspection import (
    RepresentationMapDisplay,
    SimilarityMatrixDisplay,
)
from sksim.metrics import pairwise_similarity

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, test_size=400, stratify=y, random_state=0
)
activations = {"relu": lambda z: np.maximum(z, 0), "tanh": np.tanh}
models, accuracies, groups = {"pixels": X_test}, {}, ["pixels"]
for activation, function in activations.items():
    for width in (8, 32, 128):
        for seed in range(4):
            network = MLPClassifier(
                (width,),
                activation=activation,
                max_iter=30,
                random_state=seed,
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                network.fit(X_train, y_train)
            name = f"{activation}-{width}-{seed}"
            hidden = X_test @ network.coefs_[0] + network.intercepts_[0]
            models[name] = function(hidden)
            accuracies[name] = network.score(X_test, y_test)
            groups.append(f"{activation}, {width} units")

# %%
# Every pair, with each model prepared once
# -----------------------------------------
# The clustering uses the angle whose cosine is the similarity: unlike one minus the similarity,
# it obeys the triangle inequality.

fig, ax = plt.subplots(figsize=(7.2, 6.8), layout="constrained")
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
# come close to the angles; the colour is the group. The tree below joins the closest first.

similarities = pairwise_similarity(models, "procrustes")
fig, axes = plt.subplots(2, 1, figsize=(7.2, 10), layout="constrained")
for ax, kind in zip(axes, ("points", "tree")):
    display = RepresentationMapDisplay.from_matrix(
        similarities,
        groups=groups,
        metric="procrustes",
        kind=kind,
        name="angle between representations",
        ax=ax,
    )
for width in (8, 32, 128):
    found = [a for n, a in accuracies.items() if f"-{width}-" in n]
    print(f"{width:3d} units: accuracy {np.mean(found):.2f}", end="")
    print(f", from {min(found):.2f} to {max(found):.2f}")

# %%
# All good networks are alike; every poor network is poor in its own way. The widest gather in
# one place, whatever their activation and seed, and the tree has joined all of them before any
# other two. The narrow ones have room for a part of the image only, and lie far from each other;
# what the tree joins first among them are the pairs of one seed.
#
# The distances in the plane are those of the table only in part: the axis states their mean and
# the mean error of the map. Points that are all far from each other do not fit into two dimensions.
# The map gives the overview; for a statement about two models, read the matrix.
#
# In the guide: :ref:`which_similarity`.

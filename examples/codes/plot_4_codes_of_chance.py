"""
Do the active units of a network say what it was trained for?
=============================================================

Which hidden units of a ReLU network are active is a code of its input. Trained networks are said to
give each input a code of its own, and similar codes to one class. What of this is left in networks
that were never trained?
"""

# %%
# Codes of digits, trained and untrained
# --------------------------------------
# Perceptrons of two equal layers. Two numbers for each: the redundancy of its codes, the share of
# digits whose code an earlier digit has already (0 where every code is different); and the accuracy
# of a vote of the nearest codes, by the number of bits that differ, on the digit.

import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier

from sksim.codes import ActivationCodes
from sksim.metrics import code_redundancy

warnings.simplefilter("ignore", ConvergenceWarning)
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, test_size=0.4, stratify=y, random_state=0
)
widths, seeds = [4, 8, 16, 32, 64, 128], range(3)
redundancy = {"trained": [], "untrained": []}
accuracy = {"trained": [], "untrained": []}
for width in widths:
    for name in redundancy:
        shares, scores = [], []
        for seed in seeds:
            sizes = (width, width)
            net = MLPClassifier(sizes, max_iter=60, random_state=seed)
            codes = ActivationCodes(
                net if name == "trained" else None,
                hidden_layer_sizes=(width,) * 2,
                random_state=seed,
            ).fit(X_train, y_train)
            bits = codes.transform(X_train)
            knn = KNeighborsClassifier(metric="hamming").fit(bits, y_train)
            shares.append(code_redundancy(bits))
            scores.append(knn.score(codes.transform(X_test), y_test))
        redundancy[name].append(shares)
        accuracy[name].append(scores)
print(f"{'units':22s}", *[f"{width:5d}" for width in widths])
for label, values in {
    "redundancy": redundancy,
    "accuracy": accuracy,
}.items():
    for name, runs in values.items():
        means = [f"{value:5.3f}" for value in np.mean(runs, axis=1)]
        print(f"{f'{label}, {name}':22s}", *means)

# %%
# Redundancy and accuracy by width
# --------------------------------

fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.6), layout="constrained")
for ax, values, label in (
    (axes[0], redundancy, "redundancy of the codes"),
    (axes[1], accuracy, "accuracy of 5 nearest codes"),
):
    for k, (name, runs) in enumerate(values.items()):
        means = np.mean(runs, axis=1)
        ax.plot(widths, means, "o-", color=f"C{k}", label=name)
        ax.plot(widths, runs, ".", color=f"C{k}", ms=3)
    ax.set(xscale="log", xlabel="units in each of two layers")
    ax.set(xticks=widths, xticklabels=widths, ylabel=label, ylim=(0, 1.02))
    ax.minorticks_off()
axes[0].legend()

# %%
# Wide networks give nearly every digit a code of its own, as published; but those that were never
# trained do so at smaller widths, and training makes codes coincide. Codes of narrow networks
# classify poorly, better after training, by 18 points at four units. From 64 units on, the codes
# of chance classify better than the trained ones: that similar codes go with one class is then a
# property of random projections, not of what was learned. A claim about the codes of a trained
# network needs this baseline beside it.
#
# In the guide: :ref:`codes`.

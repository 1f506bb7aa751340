"""
What is learned from random targets?
====================================

Random networks are cheap teachers: they need no labels, no decoder and no
augmented views. An encoder that predicts a diverse set of them (LFR) is compared
with the same encoder without training, with an autoencoder and with the raw
columns, on digits to which 64 columns of noise were added.
"""

# %%
# Digits among noise
# ------------------
# A linear probe has 100 labels, or all of them.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sksim.encoders import DenoisingAutoencoder, RandomProjectorLearner

digits, y = load_digits(return_X_y=True)
noise = np.random.RandomState(0).normal(0, 0.3, size=digits.shape)
X = np.hstack([digits / 16, noise])
parts = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
X_train, X_test, y_train, y_test = parts


def probe(encode, seed):
    """Accuracies of a linear classifier: ten labels a class, and all."""
    rng = np.random.RandomState(seed)
    few = [rng.choice(np.flatnonzero(y_train == c), 10) for c in range(10)]
    Z, Z_test = encode(X_train), encode(X_test)
    scores = []
    for rows in (np.concatenate(few), slice(None)):
        model = make_pipeline(
            StandardScaler(), LogisticRegression(max_iter=300)
        )
        model.fit(Z[rows], y_train[rows])
        scores.append(model.score(Z_test, y_test))
    return scores


# %%
# Four encoders
# -------------
# A learning rate of nearly zero leaves the encoder as it was drawn.

shared = {"hidden_layer_sizes": (128, 128), "batch_size": 128}
encoders = {
    "not trained": RandomProjectorLearner(
        lr=1e-12, max_epochs=1, selection_ratio=1, **shared
    ),
    "LFR, first networks": RandomProjectorLearner(
        max_epochs=30, selection_ratio=1, **shared
    ),
    "LFR, diverse": RandomProjectorLearner(max_epochs=30, **shared),
    "autoencoder": DenoisingAutoencoder(64, max_epochs=30, **shared),
}
scores = {"raw columns": [probe(lambda Z: Z, seed) for seed in range(3)]}
for name, encoder in encoders.items():
    scores[name] = []
    for seed in range(3):
        encoder.set_params(random_state=seed).fit(X_train)
        scores[name].append(probe(encoder.transform, seed))
print(f"{'':20s} {'100 labels':17s}   all labels")
for name, values in scores.items():
    few, whole = [
        " ".join(f"{score:.3f}" for score in column)
        for column in np.array(values).T
    ]
    print(f"{name:20s} {few}   {whole}")
for name, encoder in encoders.items():
    rank = encoder.history_[-1]["effective_rank"]
    print(f"{name}: effective rank {rank:.1f} of 64")

# %%
# Accuracy of the probe
# ---------------------
# Three seeds (points) and their mean (bars).

figure, ax = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
for i, labels in enumerate(["100 labels", "all labels"]):
    values = np.array([np.array(scores[name])[:, i] for name in scores])
    places = np.arange(len(scores)) + 0.2 * i - 0.1
    ax.plot(places, values, "o", color=f"C{i}", alpha=0.4, markersize=4)
    ax.plot(
        places, values.mean(axis=1), "_", color=f"C{i}", markersize=18,
        markeredgewidth=3, label=labels,
    )  # fmt: skip
ax.set_xticks(range(len(scores)), scores)
ax.set(ylabel="accuracy")
ax.legend()

# %%
# Random targets do teach something: with 100 labels the encoder gains more than
# 20 points over the same encoder as it was drawn, for all three seeds, and with
# all labels about 15. It stays below the autoencoder, by 6 to 12 points with
# 100 labels, and both stay below the raw columns, which a linear probe can read
# as they are. The choice of diverse networks makes no difference that three seeds
# could show. The effective rank, the number of directions that a representation
# uses, is no guide here: it is largest where nothing was learned. So the published
# gain over other methods without labels was not seen here; what was seen is the
# gain over no training.
#
# In the guide: :ref:`encoders`.

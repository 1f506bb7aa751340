"""
Do seeds agree if the directions of the classes are fixed?
==========================================================

A classifier that learns f and g may give its classes any directions, and another seed gives them
others. If g is fixed before training, there is no map left to find: where two models have the
same distribution, they have the same f. Models of two seeds only come close. Do they come closer?
"""

# %%
# Five heads, six seeds
# ---------------------
# The digits of scikit-learn, embedded in nine and in three dimensions. Two heads learn g, as a
# network or as free vectors. Three have it fixed: directions drawn at random, which are the
# control, those whose largest cosine is smallest, and the vertices of a simplex, for which ten
# classes need nine dimensions.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import normalize

from sksim.identifiability import EmbeddingClassifier, SeedEnsemble
from sksim.metrics import cca_score

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    X / 16,
    y,
    test_size=600,
    stratify=y,
    random_state=0,
)
rng = np.random.default_rng(0)
drawn = rng.normal(size=(10, 9))
HEADS = {
    "network": {9: "mlp", 3: "mlp"},
    "free": {9: "linear", 3: "linear"},
    "random": {9: normalize(drawn), 3: normalize(drawn[:, :3])},
    "equiangular": {9: "equiangular", 3: "equiangular"},
    "simplex": {9: "simplex"},
}

# %%
# What is measured
# ----------------
# For each pair of seeds, on test digits: the distance d_LLV of the distributions; the mean
# canonical correlation (mCCA), for which the best linear map is sought; and the mean cosine of
# the two embeddings of a digit as they are, without any map.


def without_a_map(first, second):
    return np.sum(normalize(first) * normalize(second), axis=1).mean()


first, second = np.triu_indices(6, 1)
results = {}
print("head        dimensions accuracy   d_LLV   mCCA cosine")
for head, unembeddings in HEADS.items():
    for size, unembedding in unembeddings.items():
        model = EmbeddingClassifier(
            size,
            hidden_layer_sizes=(64, 64),
            unembedding=unembedding,
            lr=2e-3,
            max_epochs=60,
        )
        ensemble = SeedEnsemble(model, 6, random_state=0).fit(X, y)
        distances = ensemble.pairwise_distances(
            X_test,
            "log_likelihood_variance_distance",
            n_components=size,
        )
        members = ensemble.estimators_
        f = [member.transform(X_test) for member in members]
        pairs = [(f[i], f[j]) for i, j in zip(first, second)]
        values = {
            "d_LLV": distances[first, second],
            "mCCA": [cca_score(*pair) for pair in pairs],
            "cosine without a map": [without_a_map(*p) for p in pairs],
        }
        results[head, size] = values
        accuracy = np.mean([m.score(X_test, y_test) for m in members])
        cells = [f"{np.mean(value):6.2f}" for value in values.values()]
        print(f"{head:11s} {size:10d} {accuracy:9.3f} ", *cells)

# %%
# Learned against fixed
# ---------------------
# One dot for each pair of seeds.

fig, axes = plt.subplots(
    3, 1, figsize=(6.4, 7.6), sharex=True, layout="constrained"
)
for ax, name in zip(axes, results["free", 9]):
    for (head, size), values in results.items():
        x = list(HEADS).index(head) + {9: -0.15, 3: 0.15}[size]
        x = x + rng.uniform(-0.07, 0.07, len(first))
        color = {9: "C0", 3: "C1"}[size]
        dots = ax.plot(x, values[name], "o", color=color, alpha=0.6)
        if head == "free":
            dots[0].set_label(f"{size} dimensions")
    ax.axvspan(1.5, 4.5, color="0.93", zorder=0)
    ax.set(title=name, xlim=(-0.5, 4.5))
    ax.set_xticks(range(5), HEADS)
axes[0].axhline(np.sqrt(0.5), color="k", ls=":")
axes[0].set_ylim(bottom=0)
axes[1].set_ylim(0, 1.02)
axes[2].set_ylim(-1, 1.05)
_ = axes[0].legend()

# %%
# Fixed directions, on grey, bring the seeds together in all three panels. The distance d_LLV of
# the distributions falls from 0.6 to 1.1 on average to 0.2 to 0.3, below the dotted line at 0.7
# under which it begins to guarantee something, and mCCA rises to 0.92 and more. With learned
# directions the embeddings of two seeds have no more to do with each other, as they are, than
# random vectors: their mean cosine scatters around zero, and any use of them side by side needs a
# map. With fixed ones it is 0.94 to 0.98, and none is needed.
#
# The control says what does it: directions drawn at random serve nearly as well as the best ones.
# That g is fixed is what counts here, not that its vectors are far apart. Spread vectors have a
# small part, in nine dimensions from d_LLV 0.31 to 0.22 for the simplex.
#
# The three-dimensional pairs show how large the difference can be. Ten classes have to be
# arranged on a sphere, each seed of a learned g arranges them in its own way, and no linear map
# takes one arrangement to another. If the arrangement is given, three dimensions agree as well as
# nine.
#
# In nine dimensions none of this costs accuracy: 0.96 to 0.98 with fixed directions, 0.95 to 0.97
# with learned ones. In three it may cost a little, 0.92 to 0.93 against 0.93 to 0.94.
#
# The agreement is one of models that share g. It says nothing about the truth of the features:
# the directions were chosen by us.
#
# In the guide: :ref:`identifiability`.

"""
Does equal likelihood on digits mean equal representations?
===========================================================

Several seeds of one classifier reach nearly the same likelihood on real data. Can one conclude that
they see the data in the same way?
"""

# %%
# Eight seeds
# -----------
# The digits of scikit-learn, an embedding in two, three or nine dimensions, eight seeds for each.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from sksim.identifiability import EmbeddingClassifier, SeedEnsemble
from sksim.metrics import cca_score, identifiability_map

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(
    X / 16, y, test_size=600, stratify=y, random_state=0
)

ensembles = {}
for n_components in (2, 3, 9):
    model = EmbeddingClassifier(
        n_components,
        hidden_layer_sizes=(64, 64),
        unembedding="linear",
        lr=2e-3,
        max_epochs=60,
    )
    ensembles[n_components] = SeedEnsemble(model, 8, random_state=0).fit(
        X, y
    )

# %%
# Difference of likelihood against similarity
# -------------------------------------------
# One dot for each pair of seeds. Horizontal: how far their test losses are apart. Vertical: the
# mean canonical correlation of their embeddings, and the distance d_LLV of their distributions.

upper = np.triu_indices(8, 1)
fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.6), layout="constrained")
for n_components, ensemble in ensembles.items():
    rows = np.arange(len(y_test))
    members = ensemble.estimators_
    losses = np.array(
        [
            -m.predict_log_proba(X_test)[rows, y_test].mean()
            for m in members
        ]
    )
    gap = np.abs(losses[:, None] - losses)[upper]
    embeddings = [member.transform(X_test) for member in members]
    similarity = np.array(
        [[cca_score(f, h) for h in embeddings] for f in embeddings]
    )[upper]
    distance = ensemble.pairwise_distances(
        X_test,
        "log_likelihood_variance_distance",
        n_components=n_components,
    )[upper]
    accuracy = np.mean(
        [member.score(X_test, y_test) for member in members]
    )
    print(f"{n_components} dimensions: accuracy {accuracy:.3f}")
    ranges = {"loss": losses, "mean CCA": similarity, "d_LLV": distance}
    for name, values in ranges.items():
        print(f"    {name:8} {values.min():.2f} to {values.max():.2f}")
    axes[0].plot(
        gap, similarity, "o", alpha=0.7, label=f"{n_components} dimensions"
    )
    axes[1].plot(gap, distance, "o", alpha=0.7)
axes[0].set(
    xlabel="difference of the test losses, nats",
    ylabel="mean CCA",
    ylim=(0, 1.02),
)
axes[1].set(xlabel="difference of the test losses, nats", ylabel="d_LLV")
axes[1].axhline(np.sqrt(0.5), color="k", ls=":")
_ = axes[0].legend()

# %%
# A small difference of the losses, at the left edge, goes with any similarity. In two dimensions
# ten digits have to be arranged around a circle, and each seed chooses its own order. In nine
# dimensions there is room for all of them, and the seeds agree much better. The distance d_LLV
# sorts the three kinds of models by their similarity; the difference of the losses does not. Below
# the dotted line, at 0.7, d_LLV begins to guarantee something.
#
# Two seeds, side by side
# -----------------------
# The pair in two dimensions with the closest losses. The map that would take the second embedding
# to the first if the distributions were equal is computed from the unembeddings.

members = ensembles[2].estimators_
losses = np.array(
    [-m.predict_log_proba(X_test)[rows, y_test].mean() for m in members]
)
gap = np.abs(losses[:, None] - losses)
i, j = np.unravel_index(np.argmin(gap + np.eye(8) * 9), gap.shape)
A = identifiability_map(members[i].unembeddings_, members[j].unembeddings_)
views = {
    f"seed {i}, loss {losses[i]:.3f}": members[i].transform(X_test),
    f"seed {j}, loss {losses[j]:.3f}": members[j].transform(X_test),
    f"seed {j}, mapped to seed {i}": members[j].transform(X_test) @ A.T,
}
fig, axes = plt.subplots(1, 3, figsize=(7.2, 3), layout="constrained")
for ax, (name, f) in zip(axes, views.items()):
    dots = ax.scatter(
        *f.T, c=y_test, cmap="tab10", vmin=-0.5, vmax=9.5, s=5
    )
    ax.set_title(name, fontsize=10)
    ax.set(xticks=[], yticks=[])
_ = fig.colorbar(dots, ax=axes, ticks=range(10), label="digit")

# %%
# Nearly the same loss, and two arrangements: the map that theory offers does not take the second
# embedding to the first (right against left), and no other linear map does. Whoever reads meaning
# into the position of a class in such a picture should train a second seed first.
#
# In the guide: :ref:`identifiability`.

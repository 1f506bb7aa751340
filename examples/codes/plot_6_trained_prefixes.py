"""
What does training on nested prefixes buy?
==========================================

An embedding whose loss counts its prefixes can be cut (Matryoshka training). One that was trained
as usual can be turned to its principal components and then be cut. Which is better, and
what does the whole embedding pay?
"""

# %%
# Sentences of 150 intents
# ------------------------
# A network of 64 outputs on top of a sentence encoder, trained once on the usual loss, once on the
# sum over the prefixes of 4, 8, 16, 32 and 64. The usual one is cut as it is and after its own
# principal components; those of the encoder, and its discriminant directions, need no
# network.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier

from sksim.codes import PrefixTruncation
from sksim.datasets import load_sentence_embeddings
from sksim.identifiability import EmbeddingClassifier

X, y = load_sentence_embeddings(return_X_y=True)
X_test, y_test = load_sentence_embeddings(subset="test", return_X_y=True)
LENGTHS = (4, 8, 16, 32, 64)


def errors(train, test):
    """Of five nearest neighbours by cosine, at each length."""
    found = []
    for length in LENGTHS:
        cut = PrefixTruncation(length).fit(train)
        model = KNeighborsClassifier(5).fit(cut.transform(train), y)
        found.append(1 - model.score(cut.transform(test), y_test))
    return np.array(found)


def fitted(model):
    model.fit(X, y)
    return model.transform(X), model.transform(X_test)


def network(nested, seed):
    return EmbeddingClassifier(
        64,
        hidden_layer_sizes=(256,),
        unembedding="linear",
        nested_components=nested,
        lr=2e-3,
        max_epochs=30,
        random_state=seed,
    )


discriminant = LinearDiscriminantAnalysis(
    solver="eigen",
    shrinkage=0.1,
    n_components=64,
)
components = PCA(64, random_state=0)
results = {
    "components of the encoder": [errors(*fitted(components))],
    "discriminant directions": [errors(*fitted(discriminant))],
    "usual loss, prefix": [],
    "usual loss, components": [],
    "nested loss, prefix": [],
}
for seed in range(2):
    usual, usual_test = fitted(network(None, seed))
    results["usual loss, prefix"].append(errors(usual, usual_test))
    pca = PCA(64, random_state=0).fit(usual)
    turned = pca.transform(usual), pca.transform(usual_test)
    results["usual loss, components"].append(errors(*turned))
    nested = fitted(network(LENGTHS, seed))
    results["nested loss, prefix"].append(errors(*nested))
print(f"{'error by coordinates':26s}", *[f"{n:5d}" for n in LENGTHS])
for name, values in results.items():
    means = [f"{value:5.3f}" for value in np.mean(values, axis=0)]
    print(f"{name:26s}", *means)

# %%
# Error at each length
# --------------------

fig, ax = plt.subplots(figsize=(7.2, 4), layout="constrained")
styles = ("k:", "k--", "C0:", "C0o-", "C1o-")
for (name, values), style in zip(results.items(), styles):
    ax.plot(LENGTHS, np.mean(values, axis=0), style, label=name)
ax.set(xlabel="coordinates", ylabel="error of five neighbours")
ax.set(xscale="log", yscale="log")
ax.set_xticks(LENGTHS, LENGTHS)
ticks = (0.05, 0.1, 0.2, 0.4, 0.8)
ax.set_yticks(ticks, ticks)
ax.minorticks_off()
_ = ax.legend(fontsize=9)

# %%
# At 4 and 8 coordinates the nested loss does what it promises: errors of 0.47 and 0.18, below
# those of the usual network on its principal components, 0.59 and 0.21, of the encoder's own
# components and of discriminant directions. From 16 on it is the other way round. There
# the components of the usual network have 0.10 against 0.14, and at 64 the nested network stays at
# 0.12, where the usual one has 0.08: to ask for classes from four numbers costs the whole embedding
# here, which the published claim of no loss does not have. The prefixes of the usual network, the
# usual baseline, flatter the method up to 16 coordinates.
#
# The claim is seen in part. Whoever needs very short codes should train for them; from 16 on,
# principal components of a network that was trained as usual are better and cost no training. The
# black dashed line is the reminder that 64 discriminant directions, which are no network at all,
# have the smallest error of all, 0.06. Two seeds, 3000 sentences and a small network on top of a
# given encoder are a small trial.
#
# In the guide: :ref:`codes`.

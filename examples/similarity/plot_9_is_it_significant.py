"""
Is a similarity of 0.4 significant?
===================================

Two models agree with a score of 0.4. Is that much? Three different questions hide in this one:
could it be chance, how well is it known, and is it large?
"""

# %%
# Could it be chance?
# -------------------
# Shuffle the rows of one side: whatever is left is chance. The same pair of representations, an
# early layer of a sentence encoder and latent semantic analysis of the same texts, with few samples
# and with many, and two measures.

import matplotlib.pyplot as plt
import numpy as np

from sksim.datasets import load_encoder_layers
from sksim.metrics import permutation_test_similarity, similarity_interval

data = load_encoder_layers()
X, Y = data.layer1, data.lsa
rng = np.random.RandomState(0)
order = rng.permutation(len(X))

fig, axes = plt.subplots(
    2, 2, figsize=(9, 5), sharex=True, layout="constrained"
)
for row, metric in zip(axes, ["cka_biased", "cka"]):
    for ax, n in zip(row, [20, 600]):
        rows = order[:n]
        score, null, p = permutation_test_similarity(
            X[rows], Y[rows], metric, n_permutations=500, random_state=0
        )
        ax.hist(null, bins=20, color="0.7", label="rows shuffled")
        ax.axvline(score, color="C3", label="as they are")
        ax.set(
            title=f"{metric}, n = {n}: {score:.2f}, p = {p:.3f}", yticks=[]
        )
        print(
            f"{metric:10s} n = {n:3d}: {score:.2f}, chance {null.mean():.2f}, p = {p:.3f}"
        )
axes[0, 0].legend(fontsize=8)
for ax in axes[1]:
    ax.set_xlabel("similarity")

# %%
# Above, the biased measure: with 20 samples the value is high, and so is chance; the value itself
# says nothing, only its distance from the grey heap does. Below, the unbiased one, whose chance is
# at 0 for any number of samples. With 600 samples every value is far outside of the heap, and the
# p-value is as small as the number of permutations allows. It would be for a value of 0.05, too:
# **with many samples everything is significant**.
#
# How well is it known, and is it large?
# --------------------------------------
# So ask for the interval, and give the number a scale: what do pairs score whose relation is
# known? Neighbouring layers, distant layers, another kind of model.

pairs = {
    "layers 1 and 2": (data.layer1, data.layer2),
    "layers 1 and 4": (data.layer1, data.layer4),
    "layers 1 and 6": (data.layer1, data.layer6),
    "layer 1 and LSA": (data.layer1, data.lsa),
    "layer 6 and LSA": (data.layer6, data.lsa),
    "layer 1 and noise": (data.layer1, rng.standard_normal((600, 128))),
}
fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
for height, (name, (A, B)) in enumerate(pairs.items()):
    score = permutation_test_similarity(
        A, B, "cka", n_permutations=1, random_state=0
    )[0]
    low, high = similarity_interval(A, B, "cka", random_state=0)
    ax.plot(
        [low, high], [height, height], color="C0", linewidth=5, alpha=0.4
    )
    ax.plot(score, height, "o", color="C0")
    print(f"{name:17s} {score:.2f}, from {low:.2f} to {high:.2f}")
ax.axvline(0.4, color="C3", linestyle="--")
ax.set_yticks(range(len(pairs)), pairs)
ax.set(xlabel="CKA, with its interval for 95 %", xlim=(-0.05, 1))
ax.invert_yaxis()

# %%
# The dashed line is at 0.4. On these data two quite different models of the same texts score about
# as much, a little less or a little more, and so do the first and the last layer of one network;
# neighbouring layers are near 1, noise is at 0. So the answer has three parts: the value is no
# chance, it is known to a few hundredths, and it is about as large as what unlike models of the
# same texts have in common. Report all three.

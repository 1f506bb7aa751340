"""
Is a similarity of 0.4 significant?
===================================

Two models agree with a score of 0.4. Is that much? Three different questions hide in this one:
could it be chance, how well is it known, and is it large?
"""

# %%
# Could it be chance?
# -------------------
# The last layer of a sentence encoder and latent semantic analysis, a model that only counts
# words, of the same 600 sentences. ``cka_score`` gives the value, ``permutation_test_similarity``
# what the value would be if the rows of one side were shuffled, so that no row meets its partner.

# sphinx_gallery_thumbnail_panels = [3]
import matplotlib.pyplot as plt
import numpy as np

from sksim.datasets import load_encoder_layers
from sksim.inspection import PermutationTestDisplay
from sksim.metrics import (
    cka_score,
    permutation_test_similarity,
    similarity_interval,
)

data = load_encoder_layers()
X, Y = data.layer6, data.lsa
print(f"CKA {cka_score(X, Y):.2f}")
test = permutation_test_similarity(
    X, Y, "cka", n_permutations=500, random_state=0
)
print(test)

# %%
# No shuffle comes near: the p-value is as small as 500 shuffles allow. So 0.4 is no chance here.
# Is it elsewhere? The same two models, with fewer sentences and with more, and by two measures.
# The biased CKA is the one of most papers.

rows = np.random.RandomState(0).permutation(len(X))
fig, axes = plt.subplots(
    2, 2, figsize=(7.2, 4.8), sharex=True, layout="constrained"
)
for line, metric in zip(axes, ["cka_biased", "cka"]):
    for ax, n in zip(line, [20, 600]):
        test = permutation_test_similarity(
            X[rows[:n]],
            Y[rows[:n]],
            metric,
            n_permutations=500,
            random_state=0,
        )
        score, null, p = test
        PermutationTestDisplay.from_test(test, ax=ax)
        ax.set_title(f"{metric}, n = {n}: p = {p:.3f}")
        ax.get_legend().remove()
        print(
            f"{metric:10s} n = {n:3d}: {score:.2f}, "
            f"chance {null.mean():.2f}, p = {p:.3f}"
        )

# %%
# Grey is chance, the line the observed value. Above, the biased measure: with 20 sentences the
# value is high, and so is chance. The value itself says nothing, only its distance from the grey
# heap does. Below, the unbiased one, whose chance is 0 for any number of sentences. With 600 every
# value is far outside of the heap, and a value of 0.05 would be, too: **with many samples
# everything is significant**.
#
# How well is it known, and is it large?
# --------------------------------------
# So ask for the interval, and give the number a scale: what do pairs score whose relation is
# known? Neighbouring layers, distant layers, another kind of model, noise.

noise = np.random.RandomState(0).standard_normal((600, 128))
pairs = {
    "layers 1 and 2": (data.layer1, data.layer2),
    "layers 1 and 4": (data.layer1, data.layer4),
    "layers 1 and 6": (data.layer1, data.layer6),
    "layer 1 and LSA": (data.layer1, data.lsa),
    "layer 6 and LSA": (data.layer6, data.lsa),
    "layer 1 and noise": (data.layer1, noise),
}
fig, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
for height, (name, (A, B)) in enumerate(pairs.items()):
    score = cka_score(A, B)
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
#
# In the guide: :ref:`chance`.

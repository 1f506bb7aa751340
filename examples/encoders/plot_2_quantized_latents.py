"""
Do a few values untangle the sources?
=====================================

Two independent sources with five levels each, seen through a random network in
20 dimensions. An autoencoder may mix them in its latents. The quantised latent
autoencoder gives each latent a few values of its own and keeps the weights
small: does each of its latents follow one source?
"""

# %%
# Two changes, told apart
# -----------------------
# Four encoders, over three seeds: with and without values, with and without the
# decay of the weights. Latents of any value are cut into twelve bins, as many as
# there are values, so that one estimate serves all. Three scores, each 1 at best:
# modularity (a latent follows one source only), explicitness (the sources can be
# read by a linear model), compactness (a source sits in one latent only).

import matplotlib.pyplot as plt
import numpy as np
from sklearn.preprocessing import KBinsDiscretizer

from sksim.datasets import make_factorial_latents
from sksim.encoders import DenoisingAutoencoder, QuantizedLatentAutoencoder
from sksim.metrics import infomec

shared = {"hidden_layer_sizes": (64, 64), "max_epochs": 40, "lr": 3e-3}
plain = {**shared, "noise_level": 0.0}
encoders = {
    "plain": DenoisingAutoencoder(4, **plain),
    "decay": DenoisingAutoencoder(4, weight_decay=0.1, **plain),
    "values": QuantizedLatentAutoencoder(4, weight_decay=0.0, **shared),
    "values, decay": QuantizedLatentAutoencoder(4, **shared),
}
measures = ["modularity", "explicitness", "compactness"]
found = {name: [] for name in encoders}
for name, encoder in encoders.items():
    for seed in range(3):
        X, sources = make_factorial_latents(
            1000, noise=0.2, random_state=seed
        )
        encoder.set_params(random_state=seed).fit(X)
        if isinstance(encoder, QuantizedLatentAutoencoder):
            codes = encoder.encode_indices(X)
        else:
            bins = KBinsDiscretizer(
                12, encode="ordinal", strategy="uniform"
            )
            codes = bins.fit_transform(encoder.transform(X)).astype(int)
        held = infomec(sources, codes, explicitness=3, random_state=0)
        found[name].append([held[m] or 0.0 for m in measures])
    print(f"{name}: variance explained {encoder.score(X):.2f}")
    for measure, values in zip(measures, np.array(found[name]).T):
        print(f"  {measure:13s}", *[f"{value:.2f}" for value in values])

# %%
# Three scores of three seeds
# ---------------------------

figure, axes = plt.subplots(
    1, 3, figsize=(7.2, 3.8), sharey=True, layout="constrained"
)
for i, (ax, measure) in enumerate(zip(axes, measures, strict=True)):
    for place, name in enumerate(encoders):
        values = np.array(found[name])[:, i]
        ax.bar(place, values.mean(), color=f"C{place}", alpha=0.5)
        ax.plot([place] * 3, values, "o", color="0.2", markersize=4)
    ax.set_xticks(range(len(encoders)), encoders, rotation=35, ha="right")
    ax.set(title=measure, ylim=(0, 1))
axes[0].set_ylabel("score, bars: mean of three seeds")

# %%
# No. Over the three seeds the modularity of the quantised latents is 0.43 to
# 0.66, that of the plain ones 0.50 to 0.81: better for one seed, worse for two.
# Their compactness is lower each time, as more of the four latents share a source.
# The decay of the weights, 0.1 as published, changes either by 0.03 at most: at
# this learning rate and these 40 epochs it hardly moves the weights. So the
# published gain was not seen at this scale; and three seeds differ by more than
# the methods do, which one seed would have hidden.
#
# In the guide: :ref:`encoders`.

"""
Do two diffusion models share their latent space?
=================================================

A diffusion model makes a sample from noise, so each sample has a latent: the noise that makes it.
It has been observed that models that were trained independently share these latents, and
concluded that one can translate between domains: encode with the one, decode with the other. What
of this holds for two models of one distribution, and for two domains?
"""

# %%
# Encode, decode
# --------------
# Two models learn two moons, from other samples and other seeds. A third one learns another
# domain: moons that are turned by a right angle and twice as large. ``DPMEncoder`` gives the
# latents of a sample; its inverse is the sampler.

# sphinx_gallery_thumbnail_panels = [1, 4]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from sklearn.preprocessing import StandardScaler

from sksim.generative import DPMEncoder, VariationalDiffusion

TURN = 2 * np.array([[0.0, -1.0], [1.0, 0.0]])


def moons(seed, n_samples=1000):
    X, _ = make_moons(n_samples, noise=0.05, random_state=seed)
    return StandardScaler().fit_transform(X)


def encoder(X, seed):
    model = VariationalDiffusion(
        max_epochs=40, lr=2e-3, ema_decay=0.99, random_state=seed
    )
    return DPMEncoder(model, n_steps=20).fit(X)


def distance(X, Y):
    return np.sqrt(((X - Y) ** 2).sum(axis=1).mean())


one = encoder(moons(0), seed=0)
other_seed = encoder(moons(1), seed=1)
other_domain = encoder(moons(2) @ TURN.T, seed=2)

X = moons(3, n_samples=400)
Z = one.transform(X)
print(f"latents of a point in the plane: {Z.shape[1]} numbers")

# %%
# Where do the points go?
# -----------------------
# A point keeps its colour, by which it can be followed.

decoded = {
    "the data": X,
    "decoded by\nthe same model": one.inverse_transform(Z),
    "decoded by\nanother seed": other_seed.inverse_transform(Z),
    "decoded by a model\nof the turned domain": other_domain.inverse_transform(
        Z
    ),
}
fig, axes = plt.subplots(2, 2, figsize=(6.4, 6.6), layout="constrained")
colors = np.arctan2(X[:, 1], X[:, 0])
for ax, (name, points) in zip(axes.flat, decoded.items()):
    ax.scatter(*points.T, c=colors, cmap="twilight_shifted", s=9)
    ax.set(title=name, xticks=[], yticks=[], aspect="equal")

# %%
# How far do they move?
# ---------------------

same, seed, domain = list(decoded.values())[1:]
shuffled = np.random.RandomState(0).permutation(X)
chance = distance(X, shuffled)
rows = {
    "same model, to the point itself": distance(same, X),
    "another seed, to the point itself": distance(seed, X),
    "turned domain, to the turned point": distance(domain, X @ TURN.T) / 2,
    "turned domain, to the point at its own place": distance(
        domain / 2, X
    ),
    "chance: to some other point": chance,
}
for name, value in rows.items():
    print(f"{name:46} {value:8.2g}")

# %%
# The latents are exact: the same model returns the data to the last digits. Another seed returns
# them nearly, far closer than chance. So the first half of the claim holds. The second does not,
# in the sense in which one would like it to: points do not follow the turn of the domain. Their
# distance to where the turn would take them is that of chance; each stays near its own place in
# the plane, as far as the new domain has points there. What models share is the frame of the
# coordinates, in which noise is the same for all of them. Cats become dogs of the same pose where
# pose is a matter of pixels at the same places; a meaning that is not, is not translated.
#
# In the guide: :ref:`generative_latents`.

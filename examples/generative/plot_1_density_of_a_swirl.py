"""
How close does a density model come to the truth?
=================================================

The code length of held-out data, in bits per feature, cannot fall below the entropy of their
distribution. On most data nobody knows the entropy. On the swirl, points around a spiral that
are rounded to a lattice of 256 x 256, it can be computed, so that a model can be judged in
absolute terms.
"""

# %%
# The data and what is the best possible
# --------------------------------------

import matplotlib.pyplot as plt
import numpy as np
from sklearn.mixture import GaussianMixture

from sksim.datasets import make_swirl
from sksim.generative import VariationalDiffusion
from sksim.inspection import SampleGridDisplay, TrainingCurveDisplay

X, entropy = make_swirl(20_000, return_entropy=True, random_state=0)
X_test = make_swirl(1000, random_state=1)
print(f"entropy: {entropy:.3f} bits per feature")

# %%
# A model without a single parameter to choose
# --------------------------------------------
# The data are unsigned bytes, so the likelihood is categorical, with 256 levels. Everything but
# the length of the training is a default. The score is a lower bound of the log-likelihood; with
# the sign turned, in bits and per feature, it is a code length.

model = VariationalDiffusion(
    max_epochs=25,
    batch_size=256,
    lr=1e-3,
    ema_decay=0.999,
    n_score_steps=64,
    random_state=0,
)
model.fit(X)
bits = {"variational diffusion": model.bits_per_dim(X_test)}

# %%
# For comparison, Gaussian mixtures. They are densities of real numbers; noise that is uniform
# within a level makes their code lengths comparable (an upper bound).

rng = np.random.RandomState(0)
for n_components in (1, 10, 50):
    mixture = GaussianMixture(n_components, random_state=0).fit(
        X + rng.uniform(size=X.shape)
    )
    nats = -mixture.score(X_test + rng.uniform(size=X_test.shape))
    bits[f"mixture of {n_components}"] = nats / (2 * np.log(2))

for name, value in sorted(bits.items(), key=lambda pair: pair[1]):
    excess = value - entropy
    print(f"{name:22s} {value:.3f} bits per feature", end="")
    print(f", {excess:.3f} above the entropy")

# %%
# Does it look right?
# -------------------
# Samples fall on the spiral, and follow its whole length.

fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.6), layout="constrained")
SampleGridDisplay.from_estimator(
    model, n_samples=2000, X=X[:4000], random_state=0, ax=axes[0]
)
TrainingCurveDisplay.from_estimator(model, ax=axes[1])
axes[1].axhline(entropy, color="k", linestyle=":", label="entropy")
axes[1].set(ylim=(5.2, 7.5), ylabel="training loss (bits per feature)")
_ = axes[1].legend(loc="upper right")

# %%
# The training loss is noisy, as each row sees one random time in each epoch, but it is an
# unbiased estimate of the bound of the current weights; the code length printed above is that of
# their moving average. After 2000 steps the model is ahead of ten Gaussians and behind fifty,
# which suit a curve in the plane. The last tenths of a bit above the entropy take most of the
# training: the benchmark page shows where three times as many steps lead.
#
# In the guide: :ref:`generative`.

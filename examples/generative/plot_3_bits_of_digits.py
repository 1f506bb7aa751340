"""
Where are the bits of a digit, and what does an encoder do to them?
===================================================================

A diffusion model tells a picture from coarse to fine, each amount of noise a chapter. How many
bits does each chapter take? And what does a learned encoder change in the story?
"""

# %%
# A generative model as a step of a pipeline
# ------------------------------------------
# The digits are integers from 0 to 16. ``image_shape`` turns rows into images, and the dense
# network into a convolutional one. DiffEnc moreover learns how to encode the picture before noise
# is added. The activations of its denoiser are features for the next step of the pipeline.

# sphinx_gallery_thumbnail_panels = [1, 2]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sksim.generative import DiffEnc
from sksim.inspection import DepthLossDisplay, SampleGridDisplay

X, y = load_digits(return_X_y=True)
X_train, y_train, X_test, y_test = X[:1437], y[:1437], X[1437:], y[1437:]
pipeline = make_pipeline(
    DiffEnc(
        image_shape=(8, 8),
        max_epochs=15,
        lr=2e-3,
        ema_decay=0.95,
        random_state=0,
    ),
    StandardScaler(),
    LogisticRegression(C=0.1, max_iter=2000),
)
pipeline.fit(X_train, y_train)
model = pipeline[0].set_params(n_score_steps=16)
print(f"accuracy on the features: {pipeline.score(X_test, y_test):.3f}")
print(f"{model.bits_per_dim(X_test[:100]):.2f} bits per pixel")
print(f"{np.log2(17):.2f} if all 17 levels were equally frequent")

# %%
# What the bits are spent on
# --------------------------

fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.6), layout="constrained")
SampleGridDisplay.from_estimator(
    model.set_params(n_sample_steps=100),
    n_samples=36,
    n_columns=6,
    random_state=0,
    ax=axes[0],
)
DepthLossDisplay.from_estimator(model, X_test, n_depths=24, ax=axes[1])

# %%
# The area under the curve is the code length. Most of it lies in the left half, where the exact
# grey levels are told; which digit it is, and how it is written, is decided on the right, and
# takes few bits. The model was trained for 180 steps, and its samples are rough.
#
# What the encoder does
# ---------------------
# Encoded pictures at growing t. After 180 steps the encoder is still close to the one without
# parameters, with which training starts: the contrast falls, and at t = 1, where everything
# drowns in noise, hardly anything is left that would have to be told.

fig, axes = plt.subplots(1, 5, figsize=(7.2, 2), layout="constrained")
for ax, t in zip(axes, (0.0, 0.5, 0.7, 0.85, 1.0)):
    images = model.encode(X_test[:9], t).reshape(-1, 8, 8)
    SampleGridDisplay(images, n_columns=3, name=f"t = {t:g}").plot(
        ax, vmin=0, vmax=16
    )

# %%
# From left to right the encoder turns each picture down; up to t = 0.5, where most of the bits are
# spent, it leaves them nearly as they are.
#
# In the guide: :ref:`generative_data`.

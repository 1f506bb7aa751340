"""
How far apart are two conditions that are the same?
===================================================

A brain, or a network with dropout, answers the same stimulus differently each time. The distance
of two measured patterns is then never zero, and the noisier a measurement is, the farther apart
everything seems. Here are eight conditions of which the truth is known: two groups of four, and
within the second group all four are *equal*. They are measured in five runs, with noise that
grows, and that is twice as large in the second half of the conditions.
"""

# %%
# The truth, and what each dissimilarity makes of it
# --------------------------------------------------
# Both are Mahalanobis dissimilarities per feature. The plain one averages the runs first;
# crossnobis multiplies the differences of different runs, whose noise is independent.

# sphinx_gallery_thumbnail_panels = [2, 3]
import matplotlib.pyplot as plt
import numpy as np

from sksim.metrics import rdm, rsa_score

rng = np.random.default_rng(0)
n_conditions, n_features, n_runs = 8, 30, 5
patterns = 0.7 * rng.standard_normal((n_conditions, n_features))
patterns[4:] = patterns[4]
truth = rdm(patterns, kind="mahalanobis")
noise_of_conditions = np.repeat([1.0, 2.0], 4)[:, None]
runs = np.repeat(np.arange(n_runs), n_conditions)


def measure(noise):
    """The rows of all runs."""
    noises = (
        rng.standard_normal((n_runs, n_conditions, n_features))
        * noise_of_conditions
    )
    return (patterns + noise * noises).reshape(-1, n_features)


X = measure(1.0)
estimates = {
    "truth": truth,
    "mean of the runs": rdm(X, kind="mahalanobis", repeats=runs),
    "crossnobis": rdm(X, kind="crossnobis", repeats=runs),
}
fig, axes = plt.subplots(1, 3, figsize=(7.2, 2.8), layout="constrained")
for ax, (name, D) in zip(axes, estimates.items()):
    image = ax.imshow(D, vmin=-2.5, vmax=2.5, cmap="RdBu_r")
    ax.set(title=name, xticks=[], yticks=[])
fig.colorbar(image, ax=axes, label="dissimilarity")

# %%
# In the truth the lower right block is white: four equal conditions. In the mean of the runs it is
# red, as far apart as really different conditions are. Crossnobis gives the block back,
# with small values of either sign around zero.
#
# Does the bias go away with more of the same?
# --------------------------------------------
# The same measurements repeated 200 times, for each level of noise: the mean dissimilarity of
# equal conditions, of different ones, and how well the whole matrix agrees with the truth.

levels = [0.25, 0.5, 1.0, 1.5, 2.0]
equal = np.s_[4:, 4:]
results = {"mahalanobis": [], "crossnobis": []}
for level in levels:
    draws = [measure(level) for _ in range(200)]
    for kind, rows in results.items():
        matrices = [rdm(X, kind=kind, repeats=runs) for X in draws]
        of_equal = np.array(
            [D[equal][np.triu_indices(4, k=1)].mean() for D in matrices]
        )
        scores = [
            rsa_score(
                D, truth, rdm="precomputed", compare="whitened_cosine"
            )
            for D in matrices
        ]
        rows.append((of_equal.mean(), of_equal.std(), np.mean(scores)))

fig, (left, right) = plt.subplots(
    1, 2, figsize=(7.2, 3.6), layout="constrained"
)
for kind, rows in results.items():
    mean, spread, score = np.transpose(rows)
    label = {"mahalanobis": "mean of the runs"}.get(kind, kind)
    (line,) = left.plot(levels, mean, "o-", label=label)
    left.fill_between(
        levels,
        mean - spread,
        mean + spread,
        color=line.get_color(),
        alpha=0.2,
    )
    right.plot(levels, score, "o-")
left.axhline(0.0, color="0.5", lw=1)
left.set(xlabel="noise", ylabel="dissimilarity of equal conditions")
right.set(
    xlabel="noise",
    ylabel="whitened cosine with the truth",
    ylim=(None, 1.02),
)
left.legend(loc="upper left")

# %%
# By the mean of the runs, the dissimilarity of conditions that are the same grows with the square
# of the noise; by crossnobis it stays at zero, with a spread that grows instead (shaded: one
# standard deviation of one measurement).
#
# Unbiased is not always closer. As long as the noise is moderate the crossnobis matrix agrees
# better with the true one. Where the noise is so large that hardly anything is left of the signal,
# its spread costs more than the bias of the other: a matrix that says "all are different" is a
# safe guess then. What crossnobis gives in return is that zero means zero: one can test whether
# two conditions differ at all, and average over subjects without averaging a bias.
#
# In the guide: :ref:`rdms`.

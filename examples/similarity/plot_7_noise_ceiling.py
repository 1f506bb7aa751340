"""
Is this model bad, or are the data noisy?
=========================================

Ten subjects saw the same 20 conditions, and a model explains their dissimilarity matrices with a
correlation of 0.4. Good or bad? Even the model that generated the data does not reach 1, because
subjects differ. The noise ceiling says what it would reach.
"""

# %%
# Subjects, and four models
# -------------------------
# The truth is made of shape and color. One model knows both with the right weights, one knows
# both and weights them alike, two know one of them.

import matplotlib.pyplot as plt
import numpy as np

from sksim.metrics import fit_rdm_model, noise_ceiling, rdm, rsa_score

rng = np.random.default_rng(0)
n_conditions = 20
shape, color = rng.standard_normal((2, n_conditions, 4))
truth = np.hstack([1.5 * shape, 0.75 * color])
parts = {
    "shape": rdm(shape, kind="sqeuclidean"),
    "color": rdm(color, kind="sqeuclidean"),
}
models = {
    **parts,
    "both alike": sum(parts.values()),
    "truth": rdm(truth, kind="sqeuclidean"),
}


def subjects(noise, n_subjects=10):
    """One matrix for each subject."""
    noises = noise * rng.standard_normal((n_subjects, *truth.shape))
    return np.stack([rdm(truth + e, kind="sqeuclidean") for e in noises])


# %%
# The scores between the ends of the ceiling
# ------------------------------------------

rdms = subjects(1.5)
comparisons = ["pearson", "spearman", "whitened_correlation"]
fig, axes = plt.subplots(
    1, 3, figsize=(7.2, 3.8), sharey=True, layout="constrained"
)
for ax, compare in zip(axes, comparisons):
    ceiling = noise_ceiling(rdms, compare=compare)
    print(f"{compare}: ceiling {ceiling.lower:.2f} to {ceiling.upper:.2f}")
    ax.axhspan(
        ceiling.lower, ceiling.upper, color="0.8", label="noise ceiling"
    )
    for x, (name, model) in enumerate(models.items()):
        scores = [
            rsa_score(D, model, rdm="precomputed", compare=compare)
            for D in rdms
        ]
        print(f"    {name:10} {np.mean(scores):.2f}")
        ax.bar(x, np.mean(scores), color=f"C{x}", width=0.7)
        ax.plot(np.full(len(scores), x), scores, ".", color="k", ms=3)
    ax.set(title=compare.replace("_", "\n"), xticks=range(len(models)))
    ax.set_ylim(top=0.85)
    ax.set_xticklabels(models, rotation=30, ha="right")
axes[0].set(ylabel="score")
axes[0].legend(loc="upper left")

# %%
# The model of shape alone has a mean correlation of 0.42, and it is close to perfect: the model
# that made the data has 0.43, and the ceiling ends at 0.50. Its lower end, 0.33, is what the
# average of the other subjects predicts of each, a model made of noisy data. Only the model of
# color is outside. So 0.4 was good, and these ten subjects cannot tell whether color matters:
# shape alone, both alike and the truth lie within the spread over the subjects (dots), by any
# comparison.
#
# More subjects, or better measurements?
# --------------------------------------
# The two ends for more and more subjects, at two levels of noise.

numbers = [3, 5, 10, 20, 40]
fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
for color_of, noise in [("C0", 0.75), ("C3", 1.5)]:
    rdms = subjects(noise, max(numbers))
    ceilings = [
        noise_ceiling(rdms[:n], compare="pearson") for n in numbers
    ]
    lower, upper = (
        [getattr(c, end) for c in ceilings] for end in ("lower", "upper")
    )
    ax.fill_between(
        numbers,
        lower,
        upper,
        color=color_of,
        alpha=0.3,
        label=f"noise {noise}",
    )
    of_truth = [
        np.mean(
            [
                rsa_score(
                    D,
                    models["truth"],
                    rdm="precomputed",
                    compare="pearson",
                )
                for D in part
            ]
        )
        for part in (rdms[:n] for n in numbers)
    ]
    print(f"noise {noise}: true model, 40 subjects {of_truth[-1]:.2f}")
    ax.plot(
        numbers, of_truth, "o-", color=color_of, label="the true model"
    )
ax.set(
    xscale="log",
    xticks=numbers,
    xlabel="subjects",
    ylabel="mean correlation",
    ylim=(0.1, 1),
)
ax.set_xticklabels(numbers)
ax.minorticks_off()
ax.legend(ncols=2, loc="upper right")

# %%
# The ends close in on the score of the true model, the upper one from above, as the average it
# takes is fitted to its own subjects, and the lower one from below. They come from the noise of the
# average, which more subjects remove. Where they meet is the noise of a single subject, which only
# better measurements change: a true model has 0.34 here, and 0.72 with half of the noise.
#
# What are the parts worth?
# -------------------------
# The weights of shape and color, fitted to all subjects; the truth has
# :math:`1.5^2 / 0.75^2 = 4`.

rdms = subjects(1.5)
for compare in ("cosine", "pearson", "whitened_correlation"):
    fit = fit_rdm_model(rdms, list(parts.values()), compare=compare)
    ratio = fit.weights[0] / fit.weights[1]
    print(
        f"{compare:21}: shape over color {ratio:4.1f}, score {fit.score:.2f}"
    )

# %%
# The cosine takes the level of the dissimilarities seriously, and noise has lifted all of them:
# both parts are used to predict a constant, and their ratio goes towards one. Its score of 0.88
# comes from there, too. The correlations subtract the level. The whitened one also knows that all
# dissimilarities of one condition share its noise, and comes closest to the truth.
#
# In the guide: :ref:`rdms`.

"""
Would other subjects, and other conditions, say the same?
=========================================================

A model has a mean score of 0.33 over eight subjects and twelve conditions. Both are samples: of
people, and of the stimuli that one could have shown. A bootstrap draws them anew. This page draws
subjects, conditions and both, and shows why the last one, taken as it is, is too wide.
"""

# %%
# Draw the rows and columns together
# ----------------------------------
# A condition that is drawn twice is its own neighbour, at distance zero, which no new experiment
# would contain: pairs of copies are left out. A draw needs three different conditions at least.

import matplotlib.pyplot as plt
import numpy as np

from sksim.metrics import rdm


def correlation(rdms, model, order):
    """Mean correlation of the subjects' dissimilarities with the model's, copies left out."""
    i, j = np.triu_indices(len(order), k=1)
    pairs = order[i], order[j]
    different = pairs[0] != pairs[1]
    first, second = (side[different] for side in pairs)
    y = model[first, second]
    scores = [np.corrcoef(D[first, second], y)[0, 1] for D in rdms]
    return float(np.mean(scores))


def bootstrap(rdms, model, draws, rng, *, subjects, conditions):
    """Scores of resampled subjects, conditions, or both."""
    n_subjects, n = rdms.shape[:2]
    scores = []
    while len(scores) < draws:
        who = (
            rng.integers(n_subjects, size=n_subjects)
            if subjects
            else np.arange(n_subjects)
        )
        what = rng.integers(n, size=n) if conditions else np.arange(n)
        if len(set(what)) > 2:
            scores.append(correlation(rdms[who], model, what))
    return np.array(scores)


def corrected(both, subjects, conditions, n_subjects, n):
    """Variance for new subjects and new conditions, from those of the three bootstraps.

    The noise of single measurements is in all three. The combination counts it once, and is not
    allowed below what one factor alone asks for.
    """
    k, c = n_subjects / (n_subjects - 1), n / (n - 1)
    variance = (
        k * subjects
        + c * conditions
        - k * c * (both - subjects - conditions)
    )
    return max(variance, k * subjects, c * conditions)


# %%
# One experiment
# --------------
# Eight subjects, twelve conditions, and a model that knows half of what the subjects see.

rng = np.random.default_rng(0)
n_subjects, n = 8, 12
features = 6


def experiment():
    """Subjects' dissimilarity matrices of new conditions, and a model that knows half."""
    patterns = rng.standard_normal((n, features))
    own = patterns + 0.5 * rng.standard_normal((n_subjects, 1, features))
    noise = 1.0 * rng.standard_normal((n_subjects, n, features))
    weights = np.exp(0.5 * rng.standard_normal((n_subjects, 1, features)))
    rdms = np.stack(
        [rdm(X, kind="sqeuclidean") for X in weights * own + noise]
    )
    return rdms, rdm(patterns[:, : features // 2], kind="sqeuclidean")


rdms, model = experiment()
factors = {
    "subjects": {"subjects": True, "conditions": False},
    "conditions": {"subjects": False, "conditions": True},
    "both": {"subjects": True, "conditions": True},
}
draws = {
    name: bootstrap(rdms, model, 1000, rng, **which)
    for name, which in factors.items()
}
score = correlation(rdms, model, np.arange(n))

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
bins = np.linspace(-0.1, 0.9, 41)
for name, scores in draws.items():
    ax.hist(
        scores,
        bins,
        histtype="step",
        lw=2,
        label=f"{name}, sd {scores.std(ddof=1):.3f}",
    )
ax.axvline(score, color="k", label=f"score {score:.2f}")
ax.set(xlabel="mean correlation", ylabel="draws")
ax.legend()

# %%
# Other subjects and other conditions matter alike here, with a standard deviation of 0.07 each. A
# draw of both has 0.12, more than the 0.10 that the two would have together if they were
# independent: the noise of single measurements is drawn in either.
#
# Which of them is right?
# -----------------------
# That can be simulated: 60 experiments with new subjects and new conditions. The spread of their
# scores is what an interval should tell; each of them also gives its bootstrap estimates.

true_scores, estimates = [], {name: [] for name in (*factors, "corrected")}
for _ in range(60):
    rdms, model = experiment()
    true_scores.append(correlation(rdms, model, np.arange(n)))
    variances = {
        name: bootstrap(rdms, model, 100, rng, **which).var(ddof=1)
        for name, which in factors.items()
    }
    for name, variance in variances.items():
        estimates[name].append(np.sqrt(variance))
    variance = corrected(
        variances["both"],
        variances["subjects"],
        variances["conditions"],
        n_subjects,
        n,
    )
    estimates["corrected"].append(np.sqrt(variance))

fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
ax.boxplot(list(estimates.values()), tick_labels=list(estimates))
truth = np.std(true_scores, ddof=1)
ax.axhline(
    truth, color="C3", label=f"spread over experiments, {truth:.3f}"
)
ax.set(ylabel="standard deviation", ylim=(0, None))
ax.legend()
print("standard deviation, mean over 60 experiments")
for name, values in estimates.items():
    print(f"    {name:10} {np.mean(values):.3f}")

# %%
# Scores of whole experiments spread by 0.11. An interval from new subjects alone, with a standard
# deviation of 0.07 on average, is too narrow: it says what other people would do with these twelve
# conditions and no others. The bootstrap of both factors counts the noise more than once and is
# too wide, 0.14. The corrected one has its median on the line, at the price of a larger spread:
# with eight subjects and twelve conditions, the width of an interval is itself a rough estimate.
#
# In the guide: :ref:`rdms`.

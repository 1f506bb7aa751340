"""
Are sharper labels harder to learn?
===================================

Two samples that are near and have different labels make a label sharp: it has to change within a
short way. Sharp labels are said to be harder to learn, among data of one dimension. Of two digits,
which pairs are hard? And does sharpness know more of that than how far apart the two lie?
"""

# %%
# What sharpness measures
# -----------------------
# Two Gaussian classes in five dimensions that move together, 20 draws for each gap. The label
# sharpness is one over the distance of the nearest two samples of different classes; the local
# dimension knows nothing of the labels.

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import gmean, spearmanr
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from sksim.metrics import label_sharpness, local_intrinsic_dimension

GAPS = (4, 2, 1, 0.5)
sharpness = {}
for gap in GAPS:
    of_draws, dimensions = [], []
    for seed in range(20):
        y = np.repeat([0, 1], 300)
        X = np.random.RandomState(seed).standard_normal((600, 5))
        X[:, 0] += gap * y
        of_draws.append(label_sharpness(X, y))
        dimensions.append(gmean(local_intrinsic_dimension(X)))
    sharpness[gap] = np.array(of_draws)
    print(
        f"gap {gap}: sharpness {np.mean(of_draws):.2f}, standard deviation "
        f"{np.std(of_draws):.2f}, dimension {np.mean(dimensions):.1f}"
    )

# %%
# All pairs of digits
# -------------------
# A nearest neighbour and a logistic regression learn each of the 45 pairs from ten images of
# either digit, five times; the error on the others stands beside the sharpness of 150 images of
# each, their local dimension, and the distance of their means.

X, y = load_digits(return_X_y=True)
X /= 16
MODELS = {
    "nearest neighbour": KNeighborsClassifier(1),
    "logistic regression": LogisticRegression(),
}


def of_pair(pair, rng):
    """Sharpness, dimension, distance of means, and errors of the models."""
    rows = [rng.permutation(np.flatnonzero(y == c))[:150] for c in pair]
    train, test = (
        np.concatenate([own[part] for own in rows])
        for part in (slice(10), slice(10, None))
    )
    both = np.concatenate(rows)
    means = [X[own].mean(axis=0) for own in rows]
    errors = [
        1 - model.fit(X[train], y[train]).score(X[test], y[test])
        for model in MODELS.values()
    ]
    return (
        label_sharpness(X[both], y[both]),
        gmean(local_intrinsic_dimension(X[both])),
        np.linalg.norm(means[0] - means[1]),
        *errors,
    )


rng = np.random.RandomState(0)
pairs = list(combinations(range(10), 2))
values = np.array(
    [np.mean([of_pair(p, rng) for _ in range(5)], axis=0) for p in pairs]
)
known, errors = values[:, :3].T, values[:, 3:].T
for name, error in zip(MODELS, errors):
    rho = [spearmanr(one, error).statistic for one in known]
    print(f"rank correlations with the error of a {name}")
    print(f"    sharpness {rho[0]:.2f}, local dimension {rho[1]:.2f}")
    print(f"    distance of means {rho[2]:.2f}")
print(
    f"rank correlation of sharpness and distance {spearmanr(known[0], known[2])[0]:.2f}"
)

# %%
# Sharpness, and errors
# ---------------------
# Each point on the right is a pair of digits.

fig, (left, right) = plt.subplots(
    1, 2, figsize=(7.2, 3.8), layout="constrained"
)
left.boxplot(list(sharpness.values()), tick_labels=GAPS, widths=0.5)
left.set(
    xlabel="gap between two Gaussian classes",
    ylabel="label sharpness",
    ylim=(0, None),
)
for name, error in zip(MODELS, errors):
    right.plot(known[0], error, "o", ms=4, label=name)
for pair, x, high in zip(pairs, known[0], errors.max(axis=0)):
    if high > np.sort(errors.max(axis=0))[-3]:
        right.annotate(
            "{} and {}".format(*pair), (x, high), ha="right", va="bottom"
        )
right.set(
    xlabel="label sharpness of two digits",
    ylabel="error, learned from 20 images",
    ylim=(None, 0.105),
)
right.legend(loc="upper left")

# %%
# Sharpness rises as the classes come together, from 1.8 to 4.4, and then no further: once they
# overlap, it is the distance of one pair among very many that are near, with a standard deviation
# of a quarter of its value. One draw can show any order; the dimension stays at 5.
#
# Sharper pairs of digits are harder to learn, with a rank correlation of 0.74 for the nearest
# neighbour and 0.62 for the logistic regression; 1 and 8 are the sharpest and the hardest. The
# distance of two means, which rests on no single pair of images, says as much, -0.73 and -0.67, and
# local dimension little, -0.18 and -0.30. So the claim holds here, and sharpness is not needed for
# it. That it explains how data sets of images differ for deep networks was not tried.
#
# In the guide: :ref:`quality`.

"""
What do groups with other shares of the classes do to neighbours?
=================================================================

Samples come from places, a place leaves its mark on all that comes from there, and one class is
frequent in one place, another in the next. The neighbours of a query then say where it comes
from, and by that what class is frequent there. What if the frequencies have changed?
"""

# %%
# Four places
# -----------
# Two classes that differ in one direction of four; a mark of the place in four others, of growing
# strength. In training, class 1 makes up 10 per cent of the first place, 90 of the second, and
# half of the two others, the last of which has given few samples. In the test both classes are
# equally frequent everywhere.

import matplotlib.pyplot as plt
import numpy as np

from sksim.neighbors import NadarayaWatsonClassifier

TRAINING = [(360, 40), (40, 360), (200, 200), (20, 20)]
TEST = [(300, 300)] * 4
STRENGTHS = (0, 0.5, 1, 2, 3)
N_REPEATS = 5


def draw(rng, sizes, marks):
    X, y, places = [], [], []
    for place, counts in enumerate(sizes):
        for label, n in enumerate(counts):
            signal = rng.normal(size=(n, 4))
            signal[:, 0] += 2 * label - 1
            style = rng.normal(size=(n, 4)) + marks[place]
            X.append(np.hstack([signal, style]))
            y += [label] * n
            places += [place] * n
    return np.vstack(X), np.array(y), np.array(places)


# %%
# Three supports
# --------------
# All samples count alike; each counts by one over the number of its place and class
# (``support="balanced"``); or only the samples of the query's own place are searched
# (``support_groups``), balanced too, which needs the place of the query to be known.


def head(support, groups=None):
    return NadarayaWatsonClassifier(
        30,
        support=support,
        support_groups=groups,
        reduction=None,
    )


scores = np.zeros((3, len(STRENGTHS), N_REPEATS, 4))
for column, strength in enumerate(STRENGTHS):
    for repeat in range(N_REPEATS):
        rng = np.random.default_rng(repeat)
        marks = strength * rng.normal(size=(4, 4))
        X, y, places = draw(rng, TRAINING, marks)
        X_test, y_test, places_test = draw(rng, TEST, marks)
        models = [head("all"), head("balanced")]
        for model in models:
            model.fit(X, y, groups=places)
        for place in range(4):
            own = head("balanced", [place]).fit(X, y, groups=places)
            asked = places_test == place
            scores[:, column, repeat, place] = [
                model.score(X_test[asked], y_test[asked])
                for model in (*models, own)
            ]

PARTS = {
    "shares changed": slice(0, 2),
    "shares kept": slice(2, 3),
    "few samples": slice(3, 4),
}
NAMES = ["all samples", "balanced", "own place, balanced"]
means = scores.mean(axis=2)
strengths = [f"{strength:4}" for strength in STRENGTHS]
print(f"{'accuracy by strength of the mark':36}", *strengths, sep="  ")
for name, by_strength in zip(NAMES, means):
    for part, places in PARTS.items():
        shown = by_strength[:, places].mean(axis=1)
        cells = [f"{value:.2f}" for value in shown]
        print(f"{name:20} {part:14}", *cells, sep="  ")

# %%
# Places that shift, and places that do not
# -----------------------------------------
# Bars: the smallest and the largest of five repeats.

fig, axes = plt.subplots(
    1, 3, figsize=(7.2, 3.6), layout="constrained", sharey=True
)
for ax, (title, part) in zip(axes, PARTS.items()):
    for name, values in zip(NAMES, scores[..., part].mean(axis=-1)):
        middle = values.mean(axis=1)
        low, high = values.min(axis=1), values.max(axis=1)
        bars = middle - low, high - middle
        ax.errorbar(
            STRENGTHS, middle, bars, fmt="o-", capsize=3, label=name
        )
    ax.axhline(0.5, color="k", ls=":")
    ax.set(title=title)
axes[0].set_ylabel("accuracy in the test")
fig.supxlabel("strength of the mark of a place", size="medium")
_ = axes[1].legend(loc="center")

# %%
# Where the shares of the classes have changed, on the left, the plain average falls to 0.56 as the
# mark grows, little above chance: the neighbours come from the query's place, and the place votes
# for what was frequent there. Balanced weights keep 0.81 to 0.82. They have the
# neighbours that the plain average has; only the votes differ. So the claim is reproduced, for a
# space that is given; the paper also learns the space with this head.
#
# Nothing is paid where the shares are kept, in the middle, and next to nothing where there is no
# mark: 0.82 instead of 0.83. The place with 40 samples, on the right, gains as well. Its queries
# have neighbours from elsewhere, and in the balanced average one sample of a small place
# weighs as much as ten of a large one, which costs two points where the mark is strong. To search
# the query's own place alone is about as good as to balance all of them. It is the choice where
# the classes look different in each place.
#
# In the guide: :ref:`reducing_hubness`.

"""
Can a dictionary find parents and children?
===========================================

Each row is the sum of a parent and of one of its children, a hierarchy. A child
is orthogonal to its own parent but near another one, so that products with all
units at once mislead. Matching pursuit takes the parent first and the child from
what is left: are its units nearer to the true directions?
"""

# %%
# A hierarchy that is known
# -------------------------
# Eight orthogonal parents with four children each, in 40 dimensions.

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import ortho_group

from sksim.encoders import SparseAutoencoder

n_samples, n_parents, n_children = 3000, 8, 4


def make_rows(seed):
    rng = np.random.RandomState(seed)
    axes = ortho_group.rvs(40, random_state=rng)
    parents = axes[:n_parents]
    pairs = [(p, c) for p in range(n_parents) for c in range(n_children)]
    near = [parents[(p + 1 + c) % n_parents] for p, c in pairs]
    children = 0.5 * np.array(near) + np.sqrt(0.75) * axes[n_parents:]
    pick = rng.randint(len(pairs), size=n_samples)
    return parents[pick // n_children] + children[pick], parents, children


# %%
# Two ways to choose two units
# ----------------------------
# Both encoders have 40 units and take two of them; the cosine of each true
# direction with its nearest unit tells whether it was found.

kinds = {"topk": "two largest", "matching_pursuit": "matching pursuit"}
cosines = {name: [] for name in kinds}
unexplained = {name: [] for name in kinds}
for name in kinds:
    for seed in range(3):
        X, parents, children = make_rows(seed)
        model = SparseAutoencoder(
            40, n_nonzero=2, encoder=name, max_epochs=40, lr=1e-2,
            random_state=seed,
        ).fit(X)  # fmt: skip
        nearest = [
            (truth @ model.components_.T).max(axis=1).mean()
            for truth in (parents, children)
        ]
        cosines[name].append(nearest)
        steps = [
            1 - model.set_params(n_nonzero=k).score(X) for k in range(1, 5)
        ]
        unexplained[name].append(steps)
    print(f"{kinds[name]}: cosines, variance unexplained at 1 to 4 units")
    for nearest, steps in zip(cosines[name], unexplained[name]):
        cells = [f"{step:.3f}" for step in steps]
        print(
            "  parents {:.2f}, children {:.2f};".format(*nearest), *cells
        )

# %%
# What was found, and what is left
# --------------------------------

figure, (left, right) = plt.subplots(
    1, 2, figsize=(7.2, 3.6), layout="constrained"
)
for i, name in enumerate(kinds):
    values = np.array(cosines[name])
    places = np.arange(2) + 0.2 * i - 0.1
    left.bar(
        places,
        values.mean(axis=0),
        width=0.18,
        label=kinds[name],
        alpha=0.6,
    )
    for row in values:
        left.plot(places, row, "o", color="0.2", markersize=4)
    steps = np.mean(unexplained[name], axis=0)
    right.plot(range(1, 5), steps, marker="o", label=kinds[name])
left.set_xticks(range(2), ["parents", "children"])
left.set(ylabel="cosine of the nearest unit", ylim=(0, 1))
right.set(xlabel="active units or steps", ylabel="variance unexplained")
right.set_xticks(range(1, 5))
right.set_ylim(bottom=0)
right.legend()

# %%
# In part. For all three seeds the units of matching pursuit lie nearer to the
# parents: cosines of 0.72 to 0.75, against 0.63 to 0.65 for the two largest. Those
# of the two largest lie nearer to the children, 0.75 to 0.77 against 0.69 to 0.74,
# and leave less of the variance at two units in two seeds of three. More steps than
# in training never hurt the pursuit, whose error cannot grow; with more of the
# largest units the other one gets worse, from 0.005 to 0.02.
#
# In the guide: :ref:`encoders`.

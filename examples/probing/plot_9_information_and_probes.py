"""
Does a probe measure information?
=================================

No invertible map changes the mutual information of a representation and its label or its source.
Probes it changes a lot. So a representation that "has more information" by a probe may be the
same one after a map that loses nothing. What do the estimates make of that?
"""

# %%
# One map, applied again and again
# --------------------------------
# Two variables, correlated with a source of two. The map is a layer of a flow: the first variable
# shifts the second by a wave, then they change places; each step can be undone exactly. Another
# map, a rotation and stretch, is linear.

# sphinx_gallery_thumbnail_panels = [3]
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsRegressor

from sksim.metrics import mutual_information

n, correlation = 2000, 0.9
truth = -np.log(1 - correlation**2)


def flow(Z, n_steps):
    """Steps of an invertible map; and its inverse, for a negative number."""
    u, v = Z.T
    for _ in range(abs(n_steps)):
        if n_steps > 0:
            u, v = v + 1.5 * np.sin(2.5 * u), u
        else:
            u, v = v, u - 1.5 * np.sin(2.5 * v)
    return np.c_[u, v]


steps = np.arange(7)
values = {
    "mutual information": [],
    "linear probe": [],
    "probe of neighbours": [],
}
for seed in range(3):
    rng = np.random.RandomState(seed)
    S = rng.standard_normal((n, 2))
    Z = correlation * S + np.sqrt(
        1 - correlation**2
    ) * rng.standard_normal((n, 2))
    assert np.allclose(flow(flow(Z, 6), -6), Z)
    rows = []
    for k in steps:
        W = flow(Z, k)
        probes = RidgeCV(), KNeighborsRegressor(10)
        rows.append(
            [
                mutual_information(W, S),
                *(cross_val_score(p, W, S).mean() for p in probes),
            ]
        )
    for name, column in zip(values, np.transpose(rows)):
        values[name].append(column)
    stretched = Z @ np.array([[3.0, 1.0], [-0.1, 0.2]])
    change = mutual_information(stretched, S) - mutual_information(Z, S)
    print(f"change by a linear map, nats: {change:.2f}")

# %%
# The same information, read in three ways
# ----------------------------------------

fig, axes = plt.subplot_mosaic(
    "ab;ac", figsize=(7.2, 5), layout="constrained"
)
W = flow(Z, 4)
axes["a"].scatter(*W.T, c=S[:, 0], s=4)
axes["a"].set(
    title="four steps, colour: the source",
    aspect="equal",
    xticks=[],
    yticks=[],
)
print(f"{'steps of the map':20}", *[f"{step:5}" for step in steps])
for ax, names in zip(
    (axes["b"], axes["c"]), (list(values)[:1], list(values)[1:])
):
    for name in names:
        ax.plot(steps, np.mean(values[name], axis=0), "o-", label=name)
        means = [
            f"{value:5.2f}" for value in np.mean(values[name], axis=0)
        ]
        print(f"{name:20}", *means)
    ax.set(xlabel="steps of the map")
    ax.set_ylim(0)
axes["b"].axhline(truth, color="k", ls=":", label="truth")
axes["b"].set_ylabel("nats")
axes["c"].set_ylabel("share of variance, held out")
axes["b"].legend(loc="lower left")
axes["c"].legend()
print(f"truth {truth:.3f}")
for size in (500, 2000, 8000):
    rng = np.random.RandomState(0)
    S = rng.standard_normal((size, 2))
    Z = correlation * S + np.sqrt(
        1 - correlation**2
    ) * rng.standard_normal((size, 2))
    estimates = [mutual_information(flow(Z, k), S) for k in (0, 2, 4)]
    cells = [f"{value:.2f}" for value in estimates]
    print(f"{size} samples, 0, 2 and 4 steps:", *cells)

# %%
# The source can be computed from the mapped variables to the last digit, after any number of
# steps, and the truth is the dotted line. A linear probe falls from 0.81 of the variance to 0.39
# in two steps, and a probe of neighbours, which is not linear, to 0.31 in six: neither measures
# information, but what is within its reach.
#
# The estimate of mutual information by nearest neighbours does not stay either. It is right on
# the variables as they are, and 0.55 of 1.66 nats after six steps: it is a method of neighbours
# too, and where the map folds the plane more finely than samples lie, they no longer tell. Even a
# linear map costs it 0.3 nats, by making one axis long and one short. More samples help, slowly:
# after two steps 0.98, 1.20 and 1.29 nats with 500, 2000 and 8000. An estimate that falls from
# layer to layer may be the folding of the layers, and no loss.
#
# In the guide: :ref:`quality`.

"""
Do wider networks agree on their representations?
=================================================

Train the same classifier from several seeds. All copies solve the task; do they find the same
representation? The answer depends on the width of the networks, and it can be searched for like
any other parameter.
"""

# %%
# The task
# --------
# Normal points in the plane, labelled by the wedge that they fall into; opposite wedges share a
# label. The embedding has two dimensions, so that everything can be looked at.

# sphinx_gallery_thumbnail_panels = [1, 5]
import matplotlib.pyplot as plt
import numpy as np

from sksim.datasets import make_radial_classification
from sksim.identifiability import EmbeddingClassifier, SeedEnsemble
from sksim.inspection import SeedDistanceDisplay
from sksim.metrics import cca_score

X, y = make_radial_classification(4000, n_classes=6, random_state=0)
X_test, y_test = make_radial_classification(
    2000, n_classes=6, random_state=1
)

# %%
# Eight copies for each width. :class:`~sksim.identifiability.SeedEnsemble` trains them as one stack
# of networks.

n_seeds = 8
ensembles = {}
for width in (16, 32, 128):
    model = EmbeddingClassifier(
        2, hidden_layer_sizes=(width,) * 3, lr=1e-3, max_epochs=48
    )
    ensembles[width] = SeedEnsemble(model, n_seeds, random_state=0).fit(
        X, y
    )

accuracies = {
    width: np.array(
        [member.score(X_test, y_test) for member in ensemble.estimators_]
    )
    for width, ensemble in ensembles.items()
}
for width, accuracy in accuracies.items():
    print(
        f"width {width:3d}: accuracy {accuracy.min():.3f} to {accuracy.max():.3f}"
    )

# %%
# What the copies have learned
# ----------------------------
# Embeddings of the test points, for four copies of the narrowest and the widest network.

fig, axes = plt.subplots(2, 4, figsize=(7.2, 4), layout="constrained")
for row, width in zip(axes, (16, 128)):
    for ax, member in zip(row, ensembles[width].estimators_):
        ax.scatter(
            *member.transform(X_test).T,
            c=y_test,
            cmap="tab10",
            vmax=9,
            s=2,
        )
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(f"width {width}")

# %%
# Each label becomes a sector. Three of the wide networks arrange the sectors in the cyclic order of
# the wedges (blue, orange, green, red, purple, brown), up to a rotation, reflection or shear, and
# such linear maps cannot be told from the distribution. In the third picture blue and brown have
# changed places. The narrow ones differ in how they arrange and squeeze the sectors, and that is no
# linear map.
#
# Distances between the copies
# ----------------------------
# For all pairs of copies with an accuracy over 0.9: the two distances between distributions, and
# the mean canonical correlation of the embeddings.

results = {"d_LLV": {}, "d_f,g": {}, "mean CCA": {}}
for width, ensemble in ensembles.items():
    kept = np.flatnonzero(accuracies[width] > 0.9)
    embeddings = [
        member.transform(X_test) for member in ensemble.estimators_
    ]
    matrices = (
        ensemble.pairwise_distances(
            X_test, "log_likelihood_variance_distance", n_components=2
        ),
        ensemble.pairwise_distances(
            X_test, "max_pls_svd_distance", n_components=2
        ),
        [[cca_score(f, h) for h in embeddings] for f in embeddings],
    )
    for result, matrix in zip(results.values(), matrices):
        result[width] = np.asarray(matrix)[np.ix_(kept, kept)]

fig, axes = plt.subplots(1, 3, figsize=(7.2, 3), layout="constrained")
for ax, (name, matrices) in zip(axes, results.items()):
    display = SeedDistanceDisplay.from_matrices(
        matrices, group_name="width", distance_name=name, ax=ax
    )
    medians = [f"{value:.3f}" for value in display.medians_]
    print(f"medians of {name} by width:", *medians)

# %%
# Medians are the black bars. With the width the distributions of the copies come closer in d_LLV,
# and the representations follow: d_f,g falls by an order of magnitude and more, and the mean
# canonical correlation rises to almost one. A copy that has learned another arrangement, as
# the one above, stands out with all its pairs; that is why medians are shown.
#
# The same question as a search: ``GridSearchCV(SeedEnsemble(model), {"estimator__n_components":
# ...}, scoring={"accuracy": "accuracy", "stability": get_scorer("neg_seed_logit_distance")})``.
#
# In the guide: :ref:`identifiability`.

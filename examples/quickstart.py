"""
The main job: from real embeddings to a better nearest neighbour classifier
===========================================================================

Measure the hubness of a space of sentence embeddings, let a grid search find the reduction that
helps a k-nearest-neighbour classifier, and compare before and after on held-out sentences. Core
dependencies only; the figure is drawn where matplotlib is installed.
"""

# %%
# Real data: requests to an assistant, embedded by a sentence encoder; 150 intents.

import importlib.util

from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import Normalizer

from sksim.datasets import load_sentence_embeddings
from sksim.inspection import HubRankDisplay
from sksim.metrics import (
    hubness_null,
    hubness_report,
    k_occurrence_from_indices,
    k_skewness,
    make_hubness_scorer,
    robin_hood_index,
)
from sksim.neighbors import HubnessReducedKNeighborsClassifier
from sksim.preprocessing import NormalScoreTransformer

K = 10  # neighbours in the hubness measures

X_train, y_train = load_sentence_embeddings(
    subset="train", return_X_y=True
)
X_test, y_test = load_sentence_embeddings(subset="test", return_X_y=True)
n_train = len(X_train)
print(
    f"{n_train} sentences to learn from, {len(X_test)} to test on, {X_train.shape[1]} dimensions\n"
)

# %%
# How uneven are the neighbour lists, and how uneven would chance make them?

print(hubness_report(X_train, n_neighbors=K), "\n")

# %%
# The pipeline before: a plain nearest neighbour search. The grid: repair the vectors, the
# distances, both, or nothing.

before = Pipeline(
    [
        ("vectors", "passthrough"),
        (
            "knn",
            HubnessReducedKNeighborsClassifier(
                n_neighbors=5, reduction=None
            ),
        ),
    ]
)
search = GridSearchCV(
    before,
    {
        "vectors": ["passthrough", Normalizer(), NormalScoreTransformer()],
        "knn__reduction": [None, "mutual_proximity", "nicdm", "csls"],
    },
    scoring={
        "accuracy": "accuracy",
        "hubness": make_hubness_scorer("k_skewness", n_neighbors=K),
    },
    refit="accuracy",
    cv=3,
    n_jobs=2,
).fit(X_train, y_train)
after = search.best_estimator_
before.fit(X_train, y_train)

results = search.cv_results_
print(
    "vectors                     reduction          accuracy  skewness above chance"
)
for i in results["rank_test_accuracy"].argsort():
    vectors, reduction = (
        results["param_vectors"][i],
        results["param_knn__reduction"][i],
    )
    accuracy, excess = (
        results["mean_test_accuracy"][i],
        -results["mean_test_hubness"][i],
    )
    print(
        f"{vectors!s:27s} {reduction!s:18s} {accuracy:8.3f}  {excess:8.2f}"
    )

# %%
# Before and after: the error on the test sentences, the hubness of the training sentences among
# each other.


def measure(model) -> dict[str, float]:
    neighbors = model["knn"].kneighbors(
        n_neighbors=K, return_distance=False
    )
    occurrence = k_occurrence_from_indices(neighbors, n_train)
    return {
        "test error, %": 100 * (1 - model.score(X_test, y_test)),
        "k-skewness": k_skewness(occurrence),
        "Robin Hood index": robin_hood_index(occurrence),
        "largest hub": occurrence.max(),
    }


sizes = {"n_queries": n_train, "n_indexed": n_train, "n_neighbors": K}
chance = {
    "k-skewness": hubness_null("k_skewness", **sizes),
    "Robin Hood index": hubness_null("robin_hood_index", **sizes),
    "largest hub": n_train * hubness_null("groupie_ratio", **sizes),
}
old, new = measure(before), measure(after)
print(
    f"\nbest: vectors = {after['vectors']}, reduction = {after['knn'].reduction}\n"
)
print(
    f"{'':18s} {'before':>8s} {'after':>8s} {'reduction':>10s} {'chance':>8s}"
)
for name, value in old.items():
    saved = f"{100 * (1 - new[name] / value):.1f} %"
    null = f"{chance[name]:8.2f}" if name in chance else ""
    print(
        f"{name:18s} {value:8.2f} {new[name]:8.2f} {saved:>10s} {null:>8s}"
    )

# %%
# The figure: how often each sentence is a neighbour, from the largest hub down.

if importlib.util.find_spec("matplotlib"):
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
    for name, model in [("before", before), ("after", after)]:
        neighbors = model["knn"].kneighbors(
            n_neighbors=K, return_distance=False
        )
        occurrence = k_occurrence_from_indices(neighbors, n_train)
        HubRankDisplay.from_occurrence(
            occurrence, n_neighbors=K, name=name, ax=ax
        )
    fig.savefig("quickstart.png", dpi=150)
    print("\nfigure: quickstart.png")
else:
    print(
        "\nfor the figure: python -m pip install matplotlib, and run this again"
    )

# %%
# The more even the counts, the flatter the curve. Before, a handful of sentences fills the lists of
# hundreds of others, and some are in no list at all (the anti-hubs of the legend). Afterwards the
# curve lies on that of chance, and the classifier makes fewer errors on sentences it has not seen.
# What the numbers of the report mean is in :ref:`measuring_hubness`, how the reductions work in
# :ref:`reducing_hubness`.

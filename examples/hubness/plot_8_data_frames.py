"""
Can I stay in data frames from the input to the result?
=======================================================

Embeddings in a table, one row a text, with an index that matters. Frames of pandas (or polars) go
in everywhere; ``set_output`` and ``to_frame`` bring them back.
"""

# %%
# In
# --
# ``as_frame=True`` loads the example data as one would have one's own: features in columns, a
# series of labels.

# sphinx_gallery_thumbnail_panels = [2]
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sksim.datasets import load_sentence_embeddings
from sksim.metrics import get_scorers, hubness_report, k_occurrence
from sksim.neighbors import HubnessReducedKNeighborsClassifier
from sksim.preprocessing import NormalScoreTransformer

data = load_sentence_embeddings(subset="train", as_frame=True)
X, y = data.data, data.target
X.index = [f"text {i:04d}" for i in range(len(X))]
y.index = X.index
print(X.iloc[:3, :4])

# %%
# Through
# -------
# A transformer keeps index and columns.

Z = (
    NormalScoreTransformer()
    .set_output(transform="pandas")
    .fit_transform(X)
)
print(Z.iloc[:3, :4].round(3))

# %%
# Out
# ---
# A report becomes a frame; counts, in the order of the rows, make a series that joins the table.

before = hubness_report(X, y=y, n_neighbors=10).to_frame()
after = hubness_report(Z, y=y, n_neighbors=10).to_frame()
table = pd.concat(
    {"before": before["adjusted"], "after": after["adjusted"]}, axis=1
)
print(table.round(2))

counts = pd.DataFrame(
    {
        "before": k_occurrence(X, n_neighbors=10),
        "after": k_occurrence(Z, n_neighbors=10),
        "intent": y,
    },
    index=X.index,
)
print(counts.sort_values("before", ascending=False).head())

# %%
# A pipeline, and its probabilities
# ---------------------------------
# ``set_output`` of a pipeline reaches all its transformers: each hands the next step a frame. A
# classifier returns arrays, here as in scikit-learn. ``classes_`` names their columns, the index of
# the queries their rows.

test = load_sentence_embeddings(subset="test", as_frame=True)
queries = test.data.head(200)
queries.index = [f"query {i:03d}" for i in range(len(queries))]

pipeline = make_pipeline(
    NormalScoreTransformer(),
    HubnessReducedKNeighborsClassifier(10, weights="distance"),
).set_output(transform="pandas")
pipeline.fit(X, y)
probabilities = pd.DataFrame(
    pipeline.predict_proba(queries),
    index=queries.index,
    columns=[data.target_names[k] for k in pipeline.classes_],
)
print(probabilities.iloc[:3, :4].round(2))
best = pd.DataFrame(
    {
        "intent": probabilities.idxmax(axis=1),
        "probability": probabilities.max(axis=1),
        "true": [data.target_names[k] for k in test.target.head(200)],
    }
)
print(best.nsmallest(5, "probability").round(2))

# %%
# A row of probabilities sums to one. The second table has the queries of which the classifier is
# least sure: of the first five it has one right.
#
# A grid search is a frame, too
# -----------------------------

search = GridSearchCV(
    HubnessReducedKNeighborsClassifier(),
    {
        "reduction": [None, "nicdm", "mutual_proximity"],
        "n_neighbors": [1, 5, 10],
    },
    scoring=get_scorers(["accuracy", "neg_robin_hood_index"]),
    refit="accuracy",
    cv=2,
).fit(Z, y)
results = pd.DataFrame(search.cv_results_).fillna(
    {"param_reduction": "none"}
)
accuracy = results.pivot(
    index="param_n_neighbors",
    columns="param_reduction",
    values="mean_test_accuracy",
)
print(accuracy.round(3))

fig, (left, right) = plt.subplots(
    1, 2, figsize=(7.2, 3.6), layout="constrained"
)
counts.plot.scatter("before", "after", s=8, alpha=0.5, ax=left)
left.set(
    xlabel="times a neighbour, before", ylabel="times a neighbour, after"
)
accuracy.plot(
    marker="o", ax=right, xlabel="n_neighbors", ylabel="accuracy"
)
right.legend(title=None)

# %%
# Left, each point is a text: those far to the right were hubs, and after the transformation they
# are texts like others. The frame knows which ones they are, by their index. Right, the table of
# accuracies as it came from the search. With one neighbour the transformation has done all there is
# to do; with ten, a reduction on top of it keeps the accuracy from falling.

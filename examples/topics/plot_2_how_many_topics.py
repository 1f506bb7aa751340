"""
How many topics do these sentences have?
========================================

Three thousand sentences were written for 150 intents. Top2Vec is not told so. How many topics does
it find, are they the intents, and does it matter how the documents come into few dimensions?
"""

# %%
# A graph, with and without hubs
# ------------------------------
# Density needs few dimensions. Principal components are the common choice; eigenvectors of the
# graph of nearest neighbours the one that keeps neighbourhoods; and the graph may come from a
# reduction of hubness. Agreement with the intents is chance-adjusted (ARI), of each sentence's
# nearest topic. Groups by k-means, which is told the number 150, stand beside.

import matplotlib.pyplot as plt
import numpy as np
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import normalize

from sksim.datasets import load_sentence_embeddings
from sksim.topics import Top2Vec

sentences = load_sentence_embeddings()
X, y = sentences.data, sentences.target
OPTIONS = {"n_components": 50, "min_cluster_size": 8, "random_state": 0}
pca = PCA(50, random_state=0)
MODELS = {
    "principal components": Top2Vec(reducer=pca, **OPTIONS),
    "graph": Top2Vec(**OPTIONS),
    "graph, mutual": Top2Vec(reduction="mutual_proximity", **OPTIONS),
    "graph, CSLS": Top2Vec(reduction="csls", **OPTIONS),
    "graph, local scaling": Top2Vec(reduction="local_scaling", **OPTIONS),
}
rows = {}
for name, model in MODELS.items():
    labels = model.fit_predict(X)
    rows[name] = len(model.topic_vectors_), labels
kmeans = KMeans(150, n_init=1, random_state=0).fit_predict(normalize(X))
rows["k-means, told 150"] = 150, kmeans

print(f"{'':26}topics   NMI    ARI")
agreement = {}
for name, (n_topics, labels) in rows.items():
    agreement[name] = metrics.adjusted_rand_score(y, labels)
    shared = metrics.normalized_mutual_info_score(y, labels)
    print(f"{name:26}{n_topics:6} {shared:5.3f}  {agreement[name]:5.3f}")

# %%
# What a topic is
# ---------------
# Nearest to a topic may be words, or anything in the space of the documents: here the mean of the
# sentences of each intent, under its name.

best = MODELS["graph, local scaling"]
means = np.array([X[y == c].mean(axis=0) for c in range(150)])
found = best.topic_words(means, sentences.target_names, n_words=2)
for topic in range(5):
    names, scores = found.words[topic], found.scores[topic]
    line = f"{names[0]} {scores[0]:.2f}, {names[1]} {scores[1]:.2f}"
    print(f"{best.topic_sizes_[topic]:4} sentences: {line}")

# %%
# From topics to wider ones
# -------------------------
# The smallest topic is merged with the one most like it, again and again.

few = Top2Vec(10, reduction="local_scaling", **OPTIONS).fit(X)
words = found.words[:, 0]
for topic in range(4):
    some = words[few.hierarchy_[topic][:5]]
    print(f"{few.topic_sizes_[topic]:4} sentences: {', '.join(some)}, ...")

# %%
# Agreement with the intents
# --------------------------
# In blue the graphs that hubness was reduced on.

fig, ax = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
names = list(rows)[::-1]
colors = ["C0" if "graph," in name else "0.65" for name in names]
bars = ax.barh(names, [agreement[name] for name in names], color=colors)
sizes = [f"{rows[name][0]} topics" for name in names]
ax.bar_label(bars, sizes, padding=3)
ax.set_xlim(0, 1.25 * max(agreement.values()))
ax.set_xlabel("agreement with 150 intents (ARI)")

# %%
# Fewer topics than intents are found in every case: intents that are nearly the same, such as
# paying a bill and its balance, share one. After each of the three reductions there are more
# topics, nearer to the intents, and with local scaling they agree as well as those of k-means,
# which is told how many there are. Merged to ten, the largest are mixtures: the hierarchy is one
# of sizes first, of meaning second.
#
# In the guide: :ref:`topics`.

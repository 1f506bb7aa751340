"""Draw the figures of the home page, of the user guide and of the glossary.

Run from the root of the repository: ``python doc/figures/make_figures.py``, with the names of
figures after it for some of them only. Each function draws one figure, from data that come with
the package or are made here, and its name is that of the file in ``doc/_static/figures``.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import argparse
import csv
import functools
import os
import pathlib
import warnings
from collections.abc import Callable

os.environ.setdefault("SCIPY_ARRAY_API", "1")  # before SciPy: for the tensors

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import sklearn
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from scipy.special import expit
from scipy.stats import binom
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import normalize

from sksim.codes import PrefixTruncation, ResidualBinarizer
from sksim.datasets import (
    load_encoder_layers,
    load_sentence_embeddings,
    make_permuted_pair,
    make_swirl,
)
from sksim.encoders import SparseAutoencoder
from sksim.generative import DiffEnc, VariationalDiffusion
from sksim.hubness import CSLS
from sksim.metrics import (
    cca_score,
    cka_score,
    distance_correlation_score,
    k_occurrence,
    k_occurrence_from_indices,
    k_skewness,
    kl_divergence,
    layer_similarity,
    log_likelihood_variance_distance,
    pairwise_similarity,
    permutation_test_similarity,
    procrustes_score,
    rdm,
)
from sksim.neighbors import HubnessReducedKNeighborsClassifier

DOC = pathlib.Path(__file__).resolve().parents[1]
FOLDER = DOC / "_static" / "figures"

BLUE, ORANGE, GRAY = "#2f6db3", "#e4682a", "#8a8f98"
STYLE = {
    "axes.prop_cycle": matplotlib.cycler(
        color=[BLUE, ORANGE, "#3f9b6c", "#8c5fb0", "#c7a02d", GRAY]
    ),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "figure.dpi": 100,
    "font.size": 10,
    "legend.frameon": False,
    "savefig.dpi": 120,
    "svg.hashsalt": "sksim",
}


def panels(n_panels: int, width: float, height: float, **options) -> tuple[Figure, np.ndarray]:
    """A row of axes."""
    size = (width, height)
    options = {"layout": "constrained", "squeeze": False, **options}
    figure, axes = plt.subplots(1, n_panels, figsize=size, **options)
    return figure, axes[0]


# Home page


@functools.cache
def map_of_sentences() -> np.ndarray:
    """A place in the plane for each sentence."""
    X = normalize(load_sentence_embeddings(subset="train").data)
    return TSNE(init="pca", perplexity=30, random_state=0).fit_transform(X)


def hubs_on_the_map(title: str, color: str, reduction: str | None, vectors: Callable) -> Figure:
    """Lines from the ten largest hubs to the sentences that have them among their ten nearest."""
    places = map_of_sentences()
    X, y = load_sentence_embeddings(subset="train", return_X_y=True)
    X_test, y_test = load_sentence_embeddings(subset="test", return_X_y=True)
    model = HubnessReducedKNeighborsClassifier(n_neighbors=5, reduction=reduction)
    model.fit(vectors(X), y)
    indices = model.kneighbors(n_neighbors=10, return_distance=False)
    occurrence = k_occurrence_from_indices(indices, len(X))
    error = 1 - model.score(vectors(X_test), y_test)
    figure, (ax,) = panels(1, 5, 5)
    ax.scatter(*places.T, s=3, color=GRAY, alpha=0.6, linewidth=0, rasterized=True)
    hubs = np.argsort(-occurrence)[:10]
    for hub in hubs:
        queries = np.flatnonzero((indices == hub).any(axis=1))
        lines = np.stack([places[queries], np.broadcast_to(places[hub], (len(queries), 2))], 1)
        style = {"colors": color, "linewidths": 0.4, "alpha": 0.5}
        ax.add_collection(LineCollection(lines, rasterized=True, **style))
    ax.scatter(*places[hubs].T, s=1.2 * occurrence[hubs], color=color, zorder=3, linewidth=0)
    ax.set_title(title, weight="bold", color=color)
    ax.set_xlabel(
        f"largest hub: among the 10 nearest of {occurrence.max():.0f} sentences\n"
        f"skewness {k_skewness(occurrence):.1f}, test error {error:.1%}"
    )
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return figure


def before() -> Figure:
    """Hubs of the sentences as they are."""
    return hubs_on_the_map("Before: plain neighbours", ORANGE, None, np.asarray)


def after() -> Figure:
    """Hubs of the sentences after the repair that a grid search finds."""
    return hubs_on_the_map(
        "After: unit length and mutual proximity", BLUE, "mutual_proximity", normalize
    )


def thumbnail_hubness() -> Figure:
    """Three hubs among the ordinary points of a plane."""
    rng = np.random.RandomState(3)
    points = rng.standard_normal((60, 2))
    hubs = np.array([[-0.9, 0.4], [1.0, -0.5], [0.1, 1.2]])
    figure, (ax,) = panels(1, 3, 2)
    nearest = np.argmin(np.linalg.norm(points[:, None] - hubs, axis=2), axis=1)
    for point, hub in zip(points, hubs[nearest], strict=True):
        ax.plot(*np.transpose([point, hub]), color=GRAY, linewidth=0.6, zorder=1)
    ax.scatter(*points.T, s=14, color=BLUE, zorder=2)
    ax.scatter(*hubs.T, s=40 + 14 * np.bincount(nearest), color=ORANGE, zorder=3)
    ax.set_axis_off()
    return figure


def thumbnail_similarity() -> Figure:
    """CKA between the layers of a sentence encoder."""
    figure, (ax,) = panels(1, 3, 2)
    ax.imshow(pairwise_similarity(load_encoder_layers().layers, "cka").values, cmap="viridis")
    ax.set_axis_off()
    return figure


def thumbnail_generative() -> Figure:
    """A swirl that noise dissolves."""
    X = make_swirl(3000, random_state=0).astype(float)
    X = (X - X.mean(axis=0)) / X.std()
    noise = np.random.RandomState(0).standard_normal(X.shape)
    figure, axes = panels(3, 3, 1.1)
    for ax, t in zip(axes, [0.0, 0.25, 1.0], strict=True):
        noisy = np.cos(t * np.pi / 2) * X + np.sin(t * np.pi / 2) * noise
        ax.scatter(*noisy.T, s=0.8, color=BLUE, linewidth=0, rasterized=True)
        ax.set(xlim=(-2.4, 2.4), ylim=(-2.4, 2.4), aspect="equal")
        ax.set_axis_off()
    return figure


# Topics


def topics_are_dense_regions() -> Figure:
    """The map of the sentences, with those of five intents in color."""
    data = load_sentence_embeddings(subset="train")
    places = map_of_sentences()
    figure, (ax,) = panels(1, 7, 4.6)
    ax.scatter(*places.T, s=3, color=GRAY, alpha=0.4, linewidth=0, rasterized=True)
    for i, label in enumerate(np.unique(data.target)[::30]):
        rows = data.target == label
        name = str(data.target_names[label]).replace("_", " ")
        ax.scatter(*places[rows].T, s=14, color=f"C{i}", label=name, linewidth=0)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.legend(loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


# Hubness


def what_a_hub_is() -> Figure:
    """Five points and their centre; the same in three and in three hundred dimensions."""
    figure, axes = panels(3, 10, 3.3, width_ratios=[1, 1.2, 1.2])
    angles = 2 * np.pi * np.arange(5) / 5 + np.pi / 2
    corners = np.column_stack([np.cos(angles), np.sin(angles)])
    for corner in corners:
        arrow = {"arrowstyle": "-|>", "color": GRAY, "shrinkB": 11, "shrinkA": 9}
        axes[0].annotate("", (0, 0), corner, arrowprops=arrow)
    axes[0].scatter(*corners.T, s=160, color=BLUE, zorder=2)
    axes[0].scatter(0, 0, s=420, color=ORANGE, zorder=2)
    for (x, y), count in zip([(0, 0), *corners], [5, 1, 0, 0, 0, 0], strict=True):
        axes[0].text(x, y, str(count), color="white", ha="center", va="center", weight="bold")
    back = {**arrow, "shrinkA": 13, "connectionstyle": "arc3,rad=.4"}
    axes[0].annotate("", corners[0], (0, 0), arrowprops=back)
    axes[0].set(title="nearest neighbour of how many?", aspect="equal")
    axes[0].set(xlim=(-1.35, 1.35), ylim=(-1.2, 1.35))
    axes[0].set_axis_off()
    rng = np.random.RandomState(0)
    for ax, n_features in zip(axes[1:], [3, 300], strict=True):
        X = rng.standard_normal((1000, n_features))
        occurrence = k_occurrence(X, n_neighbors=10)
        radius = np.linalg.norm(X - X.mean(axis=0), axis=1)
        ax.scatter(radius / radius.mean(), occurrence, s=8, alpha=0.5, linewidth=0, rasterized=True)
        ax.axhline(10, color=GRAY, linestyle="--", linewidth=1)
        ax.set(
            title=f"{n_features} dimensions",
            xlabel="distance from the centre / mean",
            yscale="symlog",
            ylim=(-0.3, 400),
            yticks=[0, 1, 10, 100],
            yticklabels=["0", "1", "10", "100"],
        )
    axes[1].set_ylabel("10-occurrence")
    return figure


def occurrence_against_chance() -> Figure:
    """The k-occurrence of the sentences, against that of random neighbours."""
    X = load_sentence_embeddings(subset="train", return_X_y=True)[0]
    occurrence = k_occurrence(X, n_neighbors=10)
    edges = np.concatenate([np.arange(-0.5, 30), np.geomspace(33, 500, 15)])
    figure, (ax,) = panels(1, 7, 3.5)
    counts = np.histogram(occurrence, edges)[0] / np.diff(edges)
    chance = np.diff(binom(len(X), 10 / len(X)).cdf(np.floor(edges)))
    chance *= len(X) / np.diff(edges)
    ax.stairs(counts, edges, fill=True, alpha=0.75, label="sentence embeddings")
    ax.stairs(chance, edges, color=ORANGE, linewidth=2, label="chance: neighbours drawn at random")
    ax.annotate(
        f"the largest hub: {occurrence.max():.0f}",
        (occurrence.max(), 0.03),
        (120, 3),
        arrowprops={"arrowstyle": "->", "color": GRAY},
    )
    ax.annotate(
        f"anti-hubs: {(occurrence == 0).sum()} sentences\nare nobody's neighbour",
        (0, (occurrence == 0).sum()),
        (1.5, 900),
        va="center",
        arrowprops={"arrowstyle": "->", "color": GRAY},
    )
    ax.set_xscale("symlog", linthresh=30, linscale=2.5)
    ax.set(
        yscale="log",
        ylim=(0.01, 2000),
        xlim=(-0.5, 500),
        xlabel="10-occurrence",
        ylabel="sentences with that count",
        xticks=[0, 10, 20, 30, 100, 400],
        xticklabels=["0", "10", "20", "30", "100", "400"],
    )
    ax.minorticks_off()
    ax.legend(loc="upper right")
    return figure


def scaled_by_the_far_side() -> Figure:
    """Distances from a point to a hub and to others, before and after local scaling by CSLS."""
    X = load_sentence_embeddings(subset="train", return_X_y=True)[0]
    distances = np.sqrt(np.maximum(0, 2 - 2 * normalize(X) @ normalize(X).T))
    np.fill_diagonal(distances, 0)
    occurrence = k_occurrence(distances, n_neighbors=10, metric="precomputed")
    reduced = CSLS(n_neighbors=10).fit_graph(distances).transform(distances)
    after = k_occurrence(reduced, n_neighbors=10, metric="precomputed")
    figure, axes = panels(2, 9, 3.4)
    mean_distance = np.sort(distances, axis=1)[:, 1:11].mean(axis=1)
    for ax, counts, title in [(axes[0], occurrence, "before"), (axes[1], after, "after CSLS")]:
        ax.scatter(mean_distance, counts, s=7, alpha=0.4, linewidth=0, rasterized=True)
        ax.axhline(10, color=GRAY, linestyle="--", linewidth=1)
        ax.set(title=title, xlabel="mean distance to its own 10 nearest", ylim=(-1, 45))
    axes[0].set_ylabel("10-occurrence")
    return figure


def reductions_compared() -> Figure:
    """Error and skewness of the sentences, by reduction and with and without unit length."""
    X, y = load_sentence_embeddings(subset="train", return_X_y=True)
    X_test, y_test = load_sentence_embeddings(subset="test", return_X_y=True)
    figure, (ax,) = panels(1, 7.5, 4)
    names = [None, "mutual_proximity", "nicdm", "csls", "local_scaling", "dis_sim_local"]
    colors = [GRAY, BLUE, ORANGE, "#3f9b6c", "#8c5fb0", "#c7a02d"]
    for unit_length, marker in [(False, "o"), (True, "*")]:
        vectors = normalize if unit_length else np.asarray
        for name, color in zip(names, colors, strict=True):
            metric = "sqeuclidean" if name == "dis_sim_local" else "euclidean"
            model = HubnessReducedKNeighborsClassifier(5, reduction=name, metric=metric)
            model.fit(vectors(X), y)
            indices = model.kneighbors(n_neighbors=10, return_distance=False)
            skewness = k_skewness(k_occurrence_from_indices(indices, len(X)))
            error = 100 * (1 - model.score(vectors(X_test), y_test))
            ax.scatter(
                skewness,
                error,
                s=190 if unit_length else 70,
                marker=marker,
                color=color,
                label=(name or "no reduction") if unit_length else None,
                edgecolor="white",
            )
    ax.set_xscale("symlog", linthresh=1)
    ax.set(
        xlabel="k-skewness of the training sentences (chance: 0.3)",
        ylabel="error of 5 neighbours, %",
        xlim=(-0.4, 25),
        xticks=[0, 1, 3, 10],
        xticklabels=["0", "1", "3", "10"],
        title="discs: vectors as they are; stars: unit length",
    )
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


# Similarity


def layers_compared() -> Figure:
    """CKA and mutual neighbours between the layers of a sentence encoder."""
    layers = load_encoder_layers().layers
    figure, axes = panels(2, 9, 4)
    for ax, metric, title in [(axes[0], "cka", "CKA"), (axes[1], "mutual_knn", "mutual 10-NN")]:
        result = pairwise_similarity(layers, metric)
        image = ax.imshow(result.values, vmin=0, vmax=1, cmap="viridis")
        places = range(len(result.labels))
        ax.set_xticks(places, result.labels, rotation=60, ha="right", rotation_mode="anchor")
        ax.set_yticks(places, result.labels if metric == "cka" else [])
        ax.set_title(title)
        ax.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, shrink=0.8)
    return figure


def layers_of_two_networks() -> Figure:
    """CKA between the layers of two networks for digits, before and after their training."""
    import torch

    X, y = load_digits(return_X_y=True)
    X, y = torch.tensor(X / 16, dtype=torch.float32), torch.tensor(y)
    networks = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        layers = [torch.nn.Linear(64, 64), torch.nn.ReLU()]
        for _ in range(4):
            layers += [torch.nn.Linear(64, 64), torch.nn.ReLU()]
        networks.append(torch.nn.Sequential(*layers, torch.nn.Linear(64, 10)))
    shown = [str(i) for i in range(1, 11, 2)] + ["10"]
    figure, axes = panels(2, 8, 3.8)
    for ax, title in zip(axes, ["before training", "after training"], strict=True):
        result = layer_similarity(*networks, X, "cka", layers_a=shown, layers_b=shown)
        image = ax.imshow(result.values, vmin=0, vmax=1, cmap="viridis", origin="lower")
        labels = ["1", "2", "3", "4", "5", "out"]
        ax.set_xticks(range(len(shown)), labels)
        ax.set_yticks(range(len(shown)), labels)
        ax.set(title=title, xlabel="layer of the second network")
        ax.spines[:].set_visible(False)
        for network in networks:
            optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
            for _ in range(150):
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(network(X), y).backward()
                optimizer.step()
    axes[0].set_ylabel("layer of the first network")
    figure.colorbar(image, ax=axes, shrink=0.8, label="CKA")
    return figure


INVARIANCES = ["orthogonal", "scale", "translation", "permutation", "invertible"]


def map_of_invariances() -> Figure:
    """Which change of a representation which measure ignores, from the table of the guide."""
    with (DOC / "user_guide" / "invariance_table.csv").open(newline="") as stream:
        rows = {row["measure"]: row for row in csv.DictReader(stream)}
    shown = [
        *("cca", "svcca", "pwcca", "cka", "cka_rbf", "distance_correlation", "pls_svd", "gulp"),
        *("rsa", "rsa_euclidean", "rsm_norm_distance", "linear_predictivity"),
        *("procrustes", "procrustes_size_and_shape", "shape_whitened", "soft_matching_distance"),
        *("permutation_distance", "correlation_matching", "mean_correlation_coefficient"),
        *("mutual_knn", "jaccard_knn", "rank_similarity", "information_imbalance"),
    ]
    degree = {"no": 0, "yes": 2}
    values = np.array([[degree.get(rows[m][c], 1) for c in INVARIANCES] for m in shown])
    order = np.lexsort(values.T[::-1])[::-1]
    figure, (ax,) = panels(1, 8.5, 3.3)
    colors = ListedColormap(["#f1f1ee", "#a9c8e8", BLUE])
    ax.pcolormesh(values[order].T, cmap=colors, vmin=0, vmax=2, edgecolor="white", linewidth=2)
    names = [shown[i].replace("_", " ") for i in order]
    ax.set_xticks(np.arange(len(shown)) + 0.5, names)
    ax.tick_params(axis="x", rotation=55, length=0)
    plt.setp(ax.get_xticklabels(), ha="right", rotation_mode="anchor")
    ax.set_yticks(np.arange(len(INVARIANCES)) + 0.5, INVARIANCES)
    ax.tick_params(axis="y", length=0)
    ax.invert_yaxis()
    ax.spines[:].set_visible(False)
    labels = ["sees it", "ignores it on one side", "ignores it"]
    ax.legend(
        handles=[
            matplotlib.patches.Patch(color=color, label=label)
            for color, label in zip(colors.colors, labels, strict=True)
        ],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncol=3,
    )
    return figure


def chance_of_noise() -> Figure:
    """Scores of independent noise by the number of features."""
    rng = np.random.RandomState(0)
    widths = [2, 5, 10, 20, 50, 100, 200, 500]
    measures = {
        "CKA, biased": lambda X, Y: cka_score(X, Y, unbiased=False),
        "Procrustes": procrustes_score,
        "mean CCA": cca_score,
        "CKA, unbiased": cka_score,
    }
    scores = {name: [] for name in measures}
    for width in widths:
        draws = rng.standard_normal((20, 2, 100, width))
        for name, measure in measures.items():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # more features than samples: CCA warns
                scores[name].append(np.mean([measure(X, Y) for X, Y in draws]))
    figure, (ax,) = panels(1, 7, 3.4)
    for name, values in scores.items():
        ax.plot(widths, values, marker="o", markersize=4, label=name)
    ax.set(
        xscale="log",
        xlabel="features of both representations; 100 samples",
        ylabel="similarity of pure noise",
        xticks=widths,
        xticklabels=widths,
    )
    ax.minorticks_off()
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def null_of_permutations() -> Figure:
    """An observed similarity, and what it would be without the correspondence."""
    layers = load_encoder_layers().layers
    X, Y = layers["layer6"][:60], layers["layer0"][:60]
    score, null, pvalue = permutation_test_similarity(
        X, Y, "mutual_knn", n_permutations=2000, random_state=0
    )
    figure, (ax,) = panels(1, 6.5, 3)
    ax.hist(null, 25, color=GRAY, alpha=0.8, label="rows shuffled")
    ax.axvline(score, color=ORANGE, linewidth=2, label=f"observed; p = {pvalue:.4f}")
    ax.set(xlabel="mutual 10-NN of two layers, 60 sentences", ylabel="permutations")
    ax.legend(loc="upper center")
    return figure


# Identifiability


def divergence_and_dissimilarity() -> Figure:
    """Two models whose predictions become equal, and whose representations do not."""
    rhos = np.arange(1, 21)
    kl, llv, similar = [], [], []
    for rho in rhos:
        pair = make_permuted_pair(rho=rho, n_per_class=200, jitter=1, random_state=0)
        kl.append(kl_divergence(pair.log_p, pair.log_q))
        llv.append(
            log_likelihood_variance_distance(
                pair.log_p, pair.log_q, n_candidates=50, random_state=0
            )
        )
        similar.append(cca_score(pair.f1, pair.f2))
    pair = make_permuted_pair(rho=3, n_per_class=200, jitter=1, random_state=0)
    figure, axes = panels(3, 10.5, 3.3, width_ratios=[1, 1, 1.4])
    for ax, f, title in [(axes[0], pair.f1, "first model"), (axes[1], pair.f2, "second model")]:
        ax.scatter(*f.T, c=pair.y, cmap="tab10", vmax=9, s=12, rasterized=True)
        ax.set(title=title, aspect="equal", xlim=(-4, 4), ylim=(-4, 4), xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    axes[2].semilogy(rhos, kl, marker="o", markersize=4, label="KL divergence, nats")
    axes[2].semilogy(rhos, llv, marker="s", markersize=4, label="$d_{LLV}$")
    axes[2].set(
        xlabel="norm of the unembeddings",
        title="distance of the predictions",
        xticks=[1, 5, 10, 15, 20],
    )
    axes[2].legend(loc="lower left")
    return figure


# Generative models and encoders


def noise_over_depth() -> Figure:
    """Digits that noise takes away, and what a network that learned to remove it makes up."""
    X = load_digits().data
    model = VariationalDiffusion(
        image_shape=(8, 8), max_epochs=80, lr=1e-3, ema_decay=0.995, random_state=0
    ).fit(X)
    samples = model.sample(24, random_state=1).reshape(-1, 8, 8)
    depths = np.linspace(0, 1, 8)
    low, high = model.gamma_range_
    signal = np.sqrt(expit(-(low + (high - low) * depths)))
    figure = plt.figure(figsize=(10, 2.5), layout="constrained")
    left, right = figure.subfigures(1, 2)
    rng = np.random.RandomState(0)
    axes = left.subplots(3, len(depths))
    for row, image in zip(axes, X[[3, 5, 8]], strict=True):
        noise = rng.standard_normal(64)
        for ax, alpha in zip(row, signal, strict=True):
            noisy = alpha * (image / 8 - 1) + np.sqrt(1 - alpha**2) * noise
            ax.imshow(noisy.reshape(8, 8), cmap="gray", vmin=-1.5, vmax=1.5)
            ax.set_axis_off()
    left.suptitle("noise is added, from t = 0 to t = 1", size=11)
    for ax, image in zip(right.subplots(3, 8).flat, samples, strict=True):
        ax.imshow(image, cmap="gray", vmin=0, vmax=16)
        ax.set_axis_off()
    right.suptitle("samples: noise removed, from t = 1 to t = 0", size=11)
    return figure


def encoder_over_depth() -> Figure:
    """The encoded x_t of a digit: without training, and learned."""
    X = load_digits().data
    learned = DiffEnc(
        image_shape=(8, 8), max_epochs=15, lr=1e-3, ema_decay=0.99, random_state=0
    ).fit(X)
    depths = np.linspace(0, 1, 9)
    low, high = learned.gamma_range_
    signal = expit(-(low + (high - low) * depths))
    image = X[3:4]
    faded = [8 + a * (image - 8) for a in signal]
    encoded = [learned.encode(image, t) for t in depths]
    difference = [e - image for e in encoded]
    figure, axes = plt.subplots(3, len(depths), figsize=(9, 3.4), layout="constrained")
    for row, images, label, options in [
        (axes[0], faded, "not trained", {"cmap": "gray", "vmin": 0, "vmax": 16}),
        (axes[1], encoded, "learned", {"cmap": "gray", "vmin": 0, "vmax": 16}),
        (axes[2], difference, "learned $- x$", {"cmap": "RdBu_r", "vmin": -12, "vmax": 12}),
    ]:
        for ax, pixels in zip(row, images, strict=True):
            ax.imshow(pixels.reshape(8, 8), **options)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        row[0].set_ylabel(label, rotation=0, ha="right", va="center")
    for ax, t in zip(axes[0], depths, strict=True):
        ax.set_title(f"t = {t:.3g}", size=10)
    return figure


def a_sum_of_atoms() -> Figure:
    """Digits, the atoms that their sparse codes name, and the sum of these."""
    X = load_digits().data
    model = SparseAutoencoder(256, n_nonzero=4, max_epochs=60, random_state=0).fit(X)
    chosen = [0, 3, 8]
    codes = model.transform(X[chosen]).toarray()
    figure, axes = plt.subplots(3, 7, figsize=(8.5, 3.6), layout="constrained")
    for row, image, code in zip(axes, X[chosen], codes, strict=True):
        units = np.argsort(-code)[:4]
        atoms = [code[i] * model.components_[i] for i in units]
        pictures = [image, model.mean_, *atoms, code @ model.components_ + model.mean_]
        for ax, pixels in zip(row, pictures, strict=True):
            is_atom = 2 <= list(row).index(ax) <= 5
            options = {"cmap": "RdBu_r", "vmin": -6, "vmax": 6} if is_atom else {"cmap": "gray"}
            ax.imshow(pixels.reshape(8, 8), **options)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        for ax, i in zip(row[2:6], units, strict=True):
            ax.set_xlabel(f"{code[i]:.0f} x unit {i}", size=8)
    for ax, title in zip(
        axes[0], ["digit", "mean +", "unit +", "unit +", "unit +", "unit", "= code"], strict=True
    ):
        ax.set_title(title, size=10)
    return figure


# Codes and arrays


def neighbors_kept_by_bytes() -> Figure:
    """How many of the ten nearest are found again in codes of a few bytes."""
    X = normalize(load_sentence_embeddings(subset="train").data.astype(np.float32))
    documents, queries = X[:2400], X[2400:]
    search = NearestNeighbors(n_neighbors=10)
    exact = search.fit(documents).kneighbors(queries, return_distance=False)

    def recall(found: np.ndarray) -> float:
        pairs = zip(found, exact, strict=True)
        return np.mean([np.isin(a, b).mean() for a, b in pairs])

    def recall_of(encoder) -> float:
        search.fit(encoder.fit_transform(documents))
        return recall(search.kneighbors(encoder.transform(queries), return_distance=False))

    sizes = np.array([6, 12, 24, 48, 96, 192, 384])
    levels = np.array([1, 2, 3, 4, 6])
    binary = []
    for n_levels in levels:
        binarizer = ResidualBinarizer(int(n_levels), packed=True, random_state=0)
        codes = binarizer.fit_transform(documents)
        binary.append(recall(binarizer.kneighbors(queries, codes, 10, symmetric=False)[1]))
    figure, (ax,) = panels(1, 7, 3.5)
    ax.plot(48 * levels, binary, marker="o", label="bits: ResidualBinarizer")
    components = [recall_of(PCA(int(n), random_state=0)) for n in sizes]
    ax.plot(4 * sizes, components, marker="s", label="principal components")
    prefixes = [recall_of(PrefixTruncation(int(n))) for n in sizes]
    ax.plot(4 * sizes, prefixes, marker="^", label="prefix: PrefixTruncation")
    ax.set(xscale="log", xlabel="bytes a vector", ylabel="share of the 10 nearest found again")
    ax.set_xticks(4 * sizes, 4 * sizes)
    ax.minorticks_off()
    ax.legend()
    return figure


def similarities_as_losses() -> Figure:
    """A linear map that learns the geometry of another representation, by gradients."""
    import torch

    rng = torch.Generator().manual_seed(0)
    X = torch.randn(200, 20, generator=rng, dtype=torch.float64)
    Y = torch.tanh(X @ torch.randn(20, 6, generator=rng, dtype=torch.float64))
    figure, (ax,) = panels(1, 6.5, 3.2)
    for label, score in [
        ("CKA", lambda Z: cka_score(Z, Y, unbiased=False)),
        ("distance correlation", lambda Z: distance_correlation_score(Z, Y, unbiased=False)),
        ("Procrustes", lambda Z: procrustes_score(Z, Y)),
    ]:
        weights = torch.randn(20, 6, generator=rng, dtype=torch.float64).requires_grad_()
        optimizer = torch.optim.Adam([weights], lr=0.05)
        values = []
        with sklearn.config_context(array_api_dispatch=True):
            for _ in range(150):
                optimizer.zero_grad()
                loss = 1 - score(X @ weights)
                loss.backward()
                optimizer.step()
                values.append(1 - loss.item())
        ax.plot(values, label=label)
    ax.set(xlabel="steps of gradient descent on one minus the score", ylabel="score", ylim=(0, 1))
    ax.legend(loc="lower right")
    return figure


# Glossary


def hub_and_antihubs() -> Figure:
    """Points with an arrow to their nearest neighbour, and how often each is one."""
    angles = 2 * np.pi * np.arange(5) / 5 + 0.3
    points = np.vstack([[0, 0], np.column_stack([np.cos(angles), np.sin(angles)]), [2.4, 0.9]])
    nearest = NearestNeighbors(n_neighbors=1).fit(points).kneighbors(return_distance=False)[:, 0]
    counts = np.bincount(nearest, minlength=len(points))
    figure, (ax,) = panels(1, 3.6, 1.9)
    for start, end in zip(points, points[nearest], strict=True):
        style = {"arrowstyle": "-|>", "color": GRAY, "shrinkA": 8, "shrinkB": 9}
        if counts[nearest].max() == counts[np.flatnonzero((points == start).all(axis=1))[0]]:
            style["connectionstyle"] = "arc3,rad=.35"  # the way back, beside the way there
        ax.annotate("", end, start, arrowprops=style)
    colors = np.where(counts == counts.max(), ORANGE, np.where(counts == 0, "white", BLUE))
    ax.scatter(*points.T, s=170, c=colors, edgecolor=np.where(counts == 0, GRAY, colors), zorder=2)
    for (x, y), count in zip(points, counts, strict=True):
        color = "black" if count == 0 else "white"
        ax.text(x, y, str(count), color=color, ha="center", va="center", size=9, zorder=3)
    for x, y, text, color in [(-2.2, 0, "hub", ORANGE), (2.4, 0.2, "anti-hub", "#5b6068")]:
        ax.text(x, y, text, color=color, ha="center", va="center", weight="bold")
    ax.annotate(
        "", (-0.32, 0), (-1.75, 0), arrowprops={"arrowstyle": "-", "color": ORANGE, "ls": ":"}
    )
    ax.set(aspect="equal", xlim=(-2.8, 3.2), ylim=(-1.3, 1.4))
    ax.set_axis_off()
    return figure


def counts_of_lists() -> Figure:
    """Lists of the two nearest neighbours of seven samples, and how often each sample is listed."""
    names = list("abcdefg")
    X = np.random.RandomState(29).standard_normal((7, 6))
    lists = NearestNeighbors(n_neighbors=2).fit(X).kneighbors(return_distance=False)
    counts = k_occurrence_from_indices(lists, len(X))
    hub = names[int(np.argmax(counts))]
    figure, (left, right) = panels(2, 4.2, 1.9, width_ratios=[1, 1.6])
    for row, (query, found) in enumerate(zip(names, lists, strict=True)):
        for place, text in enumerate([f"{query}:", *(names[i] for i in found)]):
            is_hub = place > 0 and text == hub
            style = {"color": ORANGE, "weight": "bold"} if is_hub else {"color": "black"}
            left.text(0.25 + 0.25 * place, 0.93 - 0.145 * row, text, **style)
    left.set_title("2 nearest of", size=9)
    left.set(xlim=(0, 1), ylim=(0, 1.05))
    left.set_axis_off()
    right.bar(names, counts, color=[ORANGE if name == hub else BLUE for name in names])
    right.axhline(2, color=GRAY, linestyle="--", linewidth=1)
    right.set_title("$N_2$: how often listed", size=9)
    right.set(yticks=range(0, int(counts.max()) + 1, 2))
    return figure


def rdm_of_patterns() -> Figure:
    """Patterns of six conditions in two groups, and their dissimilarities."""
    rng = np.random.RandomState(1)
    patterns = np.repeat(rng.standard_normal((2, 8)), 3, axis=0)
    patterns += 0.45 * rng.standard_normal(patterns.shape)
    figure, axes = panels(2, 4.2, 1.9, width_ratios=[1.5, 1])
    titles = ["patterns: a row a condition", "RDM"]
    pictures = [patterns, rdm(patterns, kind="correlation")]
    for ax, picture, title, colors in zip(axes, pictures, titles, ["gray", "viridis"], strict=True):
        ax.imshow(picture, cmap=colors)
        ax.set_title(title, size=9)
        ax.set(xticks=[], yticks=range(6), yticklabels=range(1, 7))
        ax.tick_params(length=0, labelsize=8)
        ax.spines[:].set_visible(False)
    axes[1].set_xticks(range(6), range(1, 7))
    return figure


def gram_matrices_compared() -> Figure:
    """Inner products of the samples in two models, whose cosine is CKA."""
    rng = np.random.RandomState(0)
    groups = np.repeat(rng.standard_normal((3, 4)), 5, axis=0)
    X = groups + 0.4 * rng.standard_normal(groups.shape)
    Y = groups @ rng.standard_normal((4, 6)) + 0.5 * rng.standard_normal((15, 6))
    figure, axes = panels(2, 4.2, 2.2)
    for ax, Z, title in zip(axes, [X, Y], ["model 1: 4 features", "model 2: 6"], strict=True):
        Z = Z - Z.mean(axis=0)
        largest = np.abs(Z @ Z.T).max()
        ax.imshow(Z @ Z.T, cmap="RdBu_r", vmin=-largest, vmax=largest)
        ax.set_title(title, size=9)
        ax.set(xticks=[], yticks=[])
        ax.set_xlabel("15 samples", size=8)
    axes[0].set_ylabel("15 samples", size=8)
    figure.suptitle(f"CKA {cka_score(X, Y):.2f}", size=10, weight="bold")
    return figure


def correlated_directions() -> Figure:
    """Two clouds of the same samples, and the directions in them that correlate most."""
    rng = np.random.RandomState(0)
    shared = rng.standard_normal(60)
    X = np.column_stack([shared + 0.3 * rng.standard_normal(60), rng.standard_normal(60)])
    Y = np.column_stack([rng.standard_normal(60), 0.5 * shared + 0.2 * rng.standard_normal(60)])
    X = X @ [[0.8, 0.6], [-0.6, 0.8]]
    bases, directions = [], []
    for Z in (X, Y):
        values = Z - Z.mean(axis=0)
        U, singular, Vt = np.linalg.svd(values, full_matrices=False)
        bases.append(U)
        directions.append(Vt.T / singular)
    left, correlations, right = np.linalg.svd(bases[0].T @ bases[1])
    weights = [directions[0] @ left[:, 0], directions[1] @ right[0]]
    figure, axes = panels(3, 4.2, 1.65)
    for ax, Z, weight, title in zip(axes, (X, Y), weights, ["model 1", "model 2"], strict=False):
        ax.scatter(*Z.T, s=6, color=BLUE, linewidth=0)
        end = 2.2 * weight / np.linalg.norm(weight)
        arrow = {"arrowstyle": "-|>", "color": ORANGE, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", end, -end, arrowprops=arrow)
        ax.set_title(title, size=9)
        ax.set(xlim=(-3.3, 3.3), ylim=(-3.3, 3.3))
    places = [Z @ weight for Z, weight in zip((X, Y), weights, strict=True)]
    axes[2].scatter(*places, s=6, color=ORANGE, linewidth=0)
    axes[2].set_title(f"correlation {correlations[0]:.2f}", size=9)
    for ax in axes:
        ax.set(xticks=[], yticks=[])
    return figure


def invariance_of_two_measures() -> Figure:
    """A cloud, the same turned and shrunk, and the same stretched, and what two measures say."""
    rng = np.random.RandomState(0)
    X = np.repeat([[0.0, 0.0], [1.6, 0.0], [0.8, 1.3]], 20, axis=0)
    X += 0.22 * rng.standard_normal(X.shape)
    X -= X.mean(axis=0)
    groups = np.repeat([BLUE, ORANGE, "#3f9b6c"], 20)
    turned = 0.6 * X @ [[0.6, 0.8], [-0.8, 0.6]]
    stretched = X * [1.5, 0.25]
    figure, axes = panels(3, 4.2, 1.75)
    clouds = {"a representation": X, "turned, shrunk": turned, "stretched": stretched}
    for ax, (title, Y) in zip(axes, clouds.items(), strict=True):
        ax.scatter(*Y.T, s=7, c=groups, linewidth=0)
        ax.set_title(title, size=9)
        ax.set(xlim=(-2.6, 2.6), ylim=(-1.9, 1.9), xticks=[], yticks=[], aspect="equal")
        if Y is not X:
            ax.set_xlabel(f"CKA {cka_score(X, Y):.2f}\nCCA {cca_score(X, Y):.2f}", size=9)
    return figure


FIGURES = [
    before,
    after,
    thumbnail_hubness,
    thumbnail_similarity,
    thumbnail_generative,
    topics_are_dense_regions,
    what_a_hub_is,
    occurrence_against_chance,
    scaled_by_the_far_side,
    reductions_compared,
    layers_compared,
    layers_of_two_networks,
    map_of_invariances,
    chance_of_noise,
    null_of_permutations,
    divergence_and_dissimilarity,
    noise_over_depth,
    encoder_over_depth,
    a_sum_of_atoms,
    neighbors_kept_by_bytes,
    similarities_as_losses,
    hub_and_antihubs,
    counts_of_lists,
    rdm_of_patterns,
    gram_matrices_compared,
    correlated_directions,
    invariance_of_two_measures,
]


def draw(function, folder: pathlib.Path = FOLDER) -> pathlib.Path:
    """Draw one figure into a file of its name; the same bytes each time."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{function.__name__}.svg"
    with matplotlib.rc_context(STYLE):
        figure = function()
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
    return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="figures; none: all")
    names = parser.parse_args().names
    for function in FIGURES:
        if not names or function.__name__ in names:
            print(draw(function).relative_to(DOC))

"""
Do two architectures learn the same layers?
===========================================

A convolutional network sees an image through small windows, a transformer sees it as a sequence of
rows. Both learn to read the digits. Which layer of the one does the work of which layer of the
other? Two torch models and a loader go in, a heat map comes out.
"""

# %%
# Two networks
# ------------
# Nothing in them knows of a comparison: plain torch, trained in a few seconds. With networks of
# your own, all that follows needs is two modules and a loader of the inputs that both take.

import matplotlib.pyplot as plt
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from sksim.inspection import SimilarityMatrixDisplay, collect_activations
from sksim.metrics import layer_similarity, mutual_knn_score

images, labels = load_digits(return_X_y=True)
images = torch.tensor(images / 16, dtype=torch.float32).reshape(
    -1, 1, 8, 8
)
labels = torch.tensor(labels)


class Convolutional(nn.Module):
    def __init__(self):
        super().__init__()
        widths = [1, 32, 32, 64, 64]
        self.stages = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(n_in, n_out, 3, stride, padding=1),
                nn.BatchNorm2d(n_out),
                nn.ReLU(inplace=True),
            )
            for n_in, n_out, stride in zip(
                widths, widths[1:], [1, 1, 2, 1]
            )
        )
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        for stage in self.stages:
            x = stage(x)
        return self.head(x.mean(dim=(2, 3)))


class Transformer(nn.Module):
    def __init__(self, n_layers=4, width=48):
        super().__init__()
        self.rows = nn.Linear(8, width)
        self.places = nn.Parameter(0.02 * torch.randn(8, width))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, 4, 2 * width, 0.0, batch_first=True, norm_first=True
            )
            for _ in range(n_layers)
        )
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        x = self.rows(x.squeeze(1)) + self.places
        for layer in self.layers:
            x = layer(x)
        return self.head(x.mean(dim=1))


def train(network, n_epochs=15):
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    order = torch.randperm(1200)
    for _ in range(n_epochs):
        for batch in order.split(100):
            optimizer.zero_grad()
            nn.functional.cross_entropy(
                network(images[batch]), labels[batch]
            ).backward()
            optimizer.step()
    network.eval()
    with torch.no_grad():
        accuracy = (
            (network(images[1200:]).argmax(dim=1) == labels[1200:])
            .float()
            .mean()
        )
    print(
        f"{type(network).__name__}: {accuracy:.0%} of the unseen digits are read"
    )
    return network


torch.manual_seed(0)
untrained = Transformer().eval()
convolutional, transformer = train(Convolutional()), train(Transformer())

# %%
# A loader in, a heat map out
# ---------------------------
# The images that neither network was trained on, in batches, through both networks at once. Maps
# become vectors by their mean over the positions, sequences by their mean over the rows. What is
# kept is sums, so that the value is that of all images, in whatever batches they come. Names of
# layers are those of ``named_modules``; without any, the blocks are compared.

layers_a = [f"stages.{i}" for i in range(4)] + ["head"]
layers_b = ["rows"] + [f"layers.{i}" for i in range(4)] + ["head"]
loader = DataLoader(
    TensorDataset(images[1200:], labels[1200:]), batch_size=128
)

fig, axes = plt.subplots(2, 1, figsize=(5.5, 8.4), layout="constrained")
for ax, network, name in zip(
    axes, (transformer, untrained), ("trained", "not trained")
):
    similarities = layer_similarity(
        convolutional,
        network,
        loader,
        "cka",
        layers_a=layers_a,
        layers_b=layers_b,
    )
    SimilarityMatrixDisplay.from_matrix(similarities, metric="cka", ax=ax)
    ax.set(
        xlabel=f"transformer, {name}",
        ylabel="convolutional network",
        title="",
    )

# %%
# Both networks begin apart: their first layers, stripes of the image here and edges there, share
# no more with the other network than layers with random weights do, about 0.25 to 0.3 (below),
# which is what the pixels alone make alike. After training (above) this doubles wherever both have
# gone far enough, from the third stage and the first transformer layer on. There is no chain of
# corresponding layers along the dotted line but one block: by the third stage the convolutional
# network is about as close to every later layer of the transformer as it will ever be. What to
# compute is shared, in what order is not.
#
# Any measure that can be computed from sums over the samples goes in the same way.

similarities = layer_similarity(
    convolutional,
    transformer,
    loader,
    "procrustes",
    layers_a=layers_a,
    layers_b=layers_b,
)
fig, ax = plt.subplots(figsize=(5.5, 4.4), layout="constrained")
SimilarityMatrixDisplay.from_matrix(
    similarities, metric="procrustes", ax=ax
)
ax.set(xlabel="transformer, trained", ylabel="convolutional network")

# %%
# Measures of neighbours or of ranks need the activations themselves, which
# :func:`~sksim.inspection.collect_activations` returns as arrays (in the guide:
# :ref:`collecting_activations`).

stages = collect_activations(convolutional, loader, layers=layers_a)
states = collect_activations(transformer, loader, layers=layers_b)
shared = mutual_knn_score(
    stages["stages.3"], states["layers.3"], n_neighbors=10
)
chance = 10 / (len(stages["stages.3"]) - 1)
print(
    f"10 nearest neighbours, last stage and last layer: {shared:.0%} shared"
)
print(f"by chance: {chance:.0%}")

"""Seeds of a convolutional classifier: equal likelihood, and what the seeds agree on.

Writes ``identifiability_<data>.csv``, one row for each dimension of the embedding. The data are in
the folder that the environment variable SKSIM_DATA names; with ``cifar10_jpeg``, a GPU pays.

    python doc/benchmarks/bench_identifiability_images.py fashion_mnist --n-train 10000 --epochs 8
    python doc/benchmarks/bench_identifiability_images.py cifar10_jpeg --epochs 60 --device cuda
"""

import argparse
import os
import pathlib

from _measure import FOLDER, write_csv  # first: threads

# isort: split
import numpy as np
from bench_identifiability_training import seeds_row
from skorch.callbacks import LRScheduler

from sksim.identifiability import EmbeddingClassifier, SeedEnsemble


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", choices=["fashion_mnist", "cifar10_jpeg"])
    parser.add_argument("--n-components", nargs="+", type=int, default=[2, 3, 8])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--widths", nargs="+", type=int, default=[16, 32, 32])
    parser.add_argument("--n-train", type=int)
    parser.add_argument("--n-test", type=int, default=2000)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--folder", default=FOLDER)
    options = parser.parse_args(arguments)
    with np.load(pathlib.Path(os.environ["SKSIM_DATA"]) / f"{options.data}.npz") as file:
        X, y = file["X_train"][: options.n_train], file["y_train"][: options.n_train]
        X_test, y_test = file["X_test"][: options.n_test], file["y_test"][: options.n_test]
    X, X_test = (np.float32(one / 255) for one in (X, X_test))
    n_updates = options.epochs * -(-len(X) // 64)
    cosine = LRScheduler("CosineAnnealingLR", T_max=n_updates, step_every="batch")
    rows = []
    for n_components in options.n_components:
        model = EmbeddingClassifier(
            n_components,
            image_shape=X.shape[1:],
            hidden_layer_sizes=tuple(options.widths),
            unembedding="linear",
            lr=3e-3,
            batch_size=64,
            max_epochs=options.epochs,
            callbacks=[cosine],
            device=options.device,
        )
        members = SeedEnsemble(model, options.seeds, random_state=0).fit(X, y).estimators_
        rows.append(seeds_row(members, X_test, y_test, n_components))
        name = options.data.split("_")[0]
        write_csv(f"identifiability_{name}.csv", rows, options.folder)


if __name__ == "__main__":
    main()

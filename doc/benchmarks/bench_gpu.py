"""Search, reduction and similarity on a GPU, beside the bare product of the same size.

Writes ``gpu.csv``. Where torch finds no GPU the rows say so; ``--small`` runs everything on the
CPU at a small size, to show that it runs.
"""

import argparse
import pathlib
import time

from _measure import FOLDER, NOTHING, write_csv

# isort: split
import numpy as np
import torch
from sklearn import config_context

from sksim.metrics import cka_score, hubness_report
from sksim.neighbors import HubnessReducedNearestNeighbors

WANTED = [
    "product of all pairs, float32",
    "exact search of the set in itself",
    "exact search, mutual proximity and report",
    "linear CKA of two layers on the device",
]


def wall(function, device):
    """Seconds of one call, after all work of the device is done."""
    begin = time.perf_counter()
    result = function()
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return time.perf_counter() - begin, result


def product(X, rows=4096):
    """All products of the rows with each other, a block at a time, nothing kept."""
    for start in range(0, len(X), rows):
        X[start : start + rows] @ X.T


def time_of_product(X, device):
    sent = torch.from_numpy(X).to(device)
    product(sent[:8192])  # the first call loads the library
    return wall(lambda: product(sent), device)[0]


def run(device, n, d, n_neighbors, n_layer, d_layer):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d), dtype=np.float32)
    seconds = time_of_product(X, device)
    rows = [{"what": WANTED[0], "size": f"{n} x {d}", "seconds": seconds, "share": NOTHING}]

    options = {"backend": "torch", "device": device, "n_candidates": n_neighbors}
    plain = HubnessReducedNearestNeighbors(n_neighbors, reduction=None, **options)
    plain.fit(X[:8192]).kneighbors(n_neighbors=n_neighbors)
    search, _ = wall(lambda: plain.fit(X).kneighbors(n_neighbors=n_neighbors), device)
    size = f"{n} x {d}, k = {n_neighbors}"
    rows.append({"what": WANTED[1], "size": size, "seconds": search, "share": seconds / search})

    def whole():
        reduced = HubnessReducedNearestNeighbors(10, reduction="mutual_proximity", **options)
        graph = reduced.fit(X).kneighbors_graph(mode="distance")
        return hubness_report(graph, metric="precomputed", n_neighbors=10)

    total, _ = wall(whole, device)
    rows.append({"what": WANTED[2], "size": size, "seconds": total, "share": seconds / total})

    layers = [torch.randn(n_layer, d_layer, device=device) for _ in range(2)]
    with config_context(array_api_dispatch=True):
        cka_score(*(layer[:1000] for layer in layers))
        once, _ = wall(lambda: cka_score(*layers), device)
    size = f"{n_layer} x {d_layer}"
    rows.append({"what": WANTED[3], "size": size, "seconds": once, "share": NOTHING})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--folder", type=pathlib.Path, default=FOLDER)
    arguments = parser.parse_args()
    if arguments.small:
        rows = run("cpu", 2000, 16, 20, 500, 64)
        name = "this processor, small"
    elif torch.cuda.is_available():
        rows = run("cuda", 10**6, 128, 100, 50_000, 4096)
        name = torch.cuda.get_device_name()
    else:
        rows = [
            {"what": what, "size": NOTHING, "seconds": "not run", "share": NOTHING}
            for what in WANTED
        ]
        name = "no GPU at hand"
    write_csv("gpu.csv", [row | {"device": name} for row in rows], arguments.folder)


if __name__ == "__main__":
    main()

"""Search, reductions, report and similarity on a GPU, beside the bare product of the same size.

Writes ``gpu.csv``. Where torch finds no GPU the rows say so; ``--small`` runs everything on the
CPU at a small size, to show that it runs.
"""

import argparse
import pathlib
import time
from functools import partial

from _measure import FOLDER, NOTHING, write_csv

# isort: split
import numpy as np
import torch
from scipy import sparse
from sklearn import clone, config_context

from sksim._torch._search import sent
from sksim.hubness import CSLS, NICDM, DisSimLocal, LocalScaling, MutualProximity
from sksim.hubness._base import Space
from sksim.hubness._distances import NeighborLists
from sksim.metrics import cka_score, hubness_report
from sksim.neighbors import HubnessReducedKNeighborsTransformer, HubnessReducedNearestNeighbors
from sksim.neighbors._base import first_of_rows
from sksim.neighbors._candidates import own_lists
from sksim.utils._graph import graph_from_neighbors

#: Neighbours that are kept, of the candidates of each sample.
N_KEPT = 10
REDUCTIONS = [
    LocalScaling(),
    NICDM(),
    CSLS(),
    MutualProximity(),
    MutualProximity(method="gamma"),
    MutualProximity(moments="exact"),
    DisSimLocal(),
]
PRODUCT = "product of all pairs, float32"
SEARCH = "exact search of the set in itself"
REPORT = "report of the reduced neighbours"
WHOLE = "exact search, mutual proximity and report"
SIMILARITY = "linear CKA of two layers on the device"


def named(reduction, place):
    return f"statistics and values of {reduction}, {place}"


PLACES = ("on the device", "by NumPy")
REDUCED = [named(reduction, place) for reduction in REDUCTIONS for place in PLACES]
WANTED = [PRODUCT, SEARCH, *REDUCED, REPORT, WHOLE, SIMILARITY]
# For the lists of all candidates at once, in MiB.
WORKING_MEMORY = 2**15


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
    sent_rows = torch.from_numpy(X).to(device)
    product(sent_rows[:8192])  # the first call loads the library
    return wall(lambda: product(sent_rows), device)[0]


def reduced(reduction, lists, X, device):
    """Graph of the nearest by secondary distance; by tensors on a device, None standing for NumPy.

    From lists of NumPy to a graph of NumPy, what is sent to the device and back included.
    """
    distances, indices = lists
    vectors = X if reduction.needs_vectors else None
    if device is None:
        graph = graph_from_neighbors(distances, indices, len(X))
    else:
        tensors = sent(distances, device), sent(indices, device)
        graph = NeighborLists(*tensors, len(X), sparse.csr_matrix)
    fitted = clone(reduction)._fit_found([graph], Space(vectors, "euclidean"))
    graph = fitted._reduced(graph, vectors)
    if device is None:
        return first_of_rows(graph, N_KEPT, skip=1)
    return graph.graph(slice(1, 1 + N_KEPT))


def reductions(X, lists, device):
    """Seconds of each reduction on the device and by NumPy; raise where they differ."""
    for reduction in REDUCTIONS:
        reduced(reduction, [part[:1000] % 1000 for part in lists], X[:1000], device)
        graphs = []
        for place, where in zip(PLACES, (device, None), strict=True):
            seconds, graph = wall(partial(reduced, reduction, lists, X, where), device)
            graphs.append(graph)
            yield named(reduction, place), seconds
        np.testing.assert_allclose(graphs[0].data, graphs[1].data, rtol=1e-9)
    yield REPORT, wall(partial(hubness_report, graph, metric="precomputed"), device)[0]


def run(device, n, d, n_neighbors, n_layer, d_layer):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d), dtype=np.float32)
    size = f"{n} x {d}, k = {n_neighbors}"
    floor = time_of_product(X, device)
    rows = [{"what": PRODUCT, "size": f"{n} x {d}", "seconds": floor, "share": NOTHING}]

    def add(what, seconds):
        rows.append({"what": what, "size": size, "seconds": seconds, "share": floor / seconds})

    options = {"backend": "torch", "device": device, "n_candidates": n_neighbors}
    plain = HubnessReducedNearestNeighbors(n_neighbors, reduction=None, **options)
    plain.fit(X[:8192]).kneighbors(n_neighbors=n_neighbors)
    search, found = wall(lambda: plain.fit(X).kneighbors(n_neighbors=n_neighbors), device)
    add(SEARCH, search)
    for what, seconds in reductions(X, own_lists(*found, n_neighbors, rows=np.arange(n)), device):
        add(what, seconds)

    def whole():
        transformer = HubnessReducedKNeighborsTransformer(N_KEPT, **options)
        with config_context(working_memory=WORKING_MEMORY):
            graph = transformer.fit_transform(X)
        return hubness_report(graph, metric="precomputed", n_neighbors=N_KEPT)

    add(WHOLE, wall(whole, device)[0])

    layers = [torch.randn(n_layer, d_layer, device=device) for _ in range(2)]
    with config_context(array_api_dispatch=True):
        cka_score(*(layer[:1000] for layer in layers))
        once, _ = wall(lambda: cka_score(*layers), device)
    size = f"{n_layer} x {d_layer}"
    rows.append({"what": SIMILARITY, "size": size, "seconds": once, "share": NOTHING})
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

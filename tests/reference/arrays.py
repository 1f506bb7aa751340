"""What takes arrays of other libraries where dispatch is on: the list of the tests and the guide.

The measures say it in their records, the transformers in their tags; ``CALLS`` are the functions
and classes beside them.
"""

import csv
import pathlib

import numpy as np
from sklearn.utils import get_tags

from sksim.metrics import (
    DistributionAccumulator,
    SimilarityAccumulator,
    canonical_correlations,
    cross_similarity,
    k_occurrence,
    null_calibrated_score,
    pairwise_similarity,
    permutation_test_similarity,
    stochastic_shape_distance,
)
from sksim.metrics._registry import all_measures
from sksim.neighbors import (
    HubnessReducedKNeighborsTransformer,
    HubnessReducedNearestNeighbors,
)
from sksim.utils._array_api import any_namespace
from sksim.utils.discovery import all_estimators

#: Libraries that the tests try, by the columns of the table.
LIBRARIES = {"torch, CPU": "torch", "array_api_strict": "array_api_strict"}
#: Kinds of measures that take arrays of floats.
KINDS = ("paired", "quality", "distribution")

IN_PLACE = [record for record in all_measures() if record.keeps != "nothing"]
WITH_GRADIENTS = [record for record in IN_PLACE if record.keeps == "gradient"]
CONVERTED = [
    record for record in all_measures() if record.keeps == "nothing" and record.kind in KINDS
]


def _null(x, y):
    return permutation_test_similarity(x, y, n_permutations=5, random_state=0)[1]


def _of_repeats(x, y):
    """Rows as repeated responses to a third as many samples."""
    repeats = (any_namespace(Z).reshape(Z[:, :3], (-1, 3, 3)) for Z in (x, y))
    return stochastic_shape_distance(*repeats, n_restarts=2, random_state=0)


#: Other public names that work in place: the measure whose example they take, and a call of them.
CALLS = {
    "DistributionAccumulator": (
        "kl_divergence",
        lambda p, q: DistributionAccumulator().partial_fit(p, q).label_terms(0).t1,
    ),
    "SimilarityAccumulator": (
        "cka",
        lambda x, y: SimilarityAccumulator().partial_fit(x, y).cka_score(),
    ),
    "canonical_correlations": (
        "cca",
        lambda x, y: np.array([float(rho) for rho in canonical_correlations(x, y)]),
    ),
    "cross_similarity": ("cka", lambda x, y: cross_similarity([x], [x, y]).values),
    "null_calibrated_score": (
        "cka",
        lambda x, y: null_calibrated_score(x, y, n_permutations=50, random_state=0),
    ),
    "pairwise_similarity": ("cka", lambda x, y: pairwise_similarity([x, y]).values),
    "permutation_test_similarity": ("cka", _null),
    "stochastic_shape_distance": ("aligned_cosine", _of_repeats),
}

#: Public names that take arrays of Dask in blocks: a call of them with two arrays. All else gathers
#: the blocks.
IN_BLOCKS = {
    "HubnessReducedKNeighborsTransformer": lambda x, y: (
        HubnessReducedKNeighborsTransformer(3, n_candidates=10).fit(x).transform(y).toarray()
    ),
    "HubnessReducedNearestNeighbors": lambda x, y: np.hstack(
        HubnessReducedNearestNeighbors(3, n_candidates=10).fit(x).kneighbors(y)
    ),
    "SimilarityAccumulator": CALLS["SimilarityAccumulator"][1],
    "k_occurrence": lambda x, y: k_occurrence(x, y, n_neighbors=3),
}
#: Rows of the benchmark of a GPU that show public names at work on one.
ON_GPU = {
    "HubnessReducedNearestNeighbors": "exact search of the set in itself",
    "cka_score": "linear CKA of two layers on the device",
    **{
        name: f"statistics and values of {name}(), on the device"
        for name in ("CSLS", "DisSimLocal", "LocalScaling", "MutualProximity", "NICDM")
    },
}
_GPU_TABLE = pathlib.Path(__file__).parents[2] / "doc" / "benchmarks" / "gpu.csv"


def _devices():
    """Where the public names were seen on a GPU, by the table of the benchmark."""
    with _GPU_TABLE.open(newline="") as stream:
        seen = {row["what"]: row for row in csv.DictReader(stream)}
    ran = {name: seen[what] for name, what in ON_GPU.items() if what in seen}
    return {
        name: row["device"]
        for name, row in ran.items()
        if seen[ON_GPU[name]]["seconds"] != "not run"
    }


def _row(name, forms, keeps):
    in_place = [form for form, keep in zip(forms, keeps, strict=True) if keep != "nothing"]
    others = [form for form in forms if form not in in_place]
    flows = [form for form, keep in zip(forms, keeps, strict=True) if keep == "gradient"]

    where = "in place, but for " + ", ".join(others) if others else "in place"
    return {
        "name": name,
        "NumPy": "yes",
        **dict.fromkeys(LIBRARIES, where),
        "GPU": _devices().get(name, "not run"),
        "Dask": "in blocks" if name in IN_BLOCKS else "gathered",
        "gradients": "yes" if flows == in_place else ", ".join(flows) or "no",
    }


def _converted_row(name):
    """What converts arrays of other libraries; searches form their products by torch if asked."""
    search = name.startswith("HubnessReduced")
    torch = "products, with backend='torch'" if search else "converted"
    row = _row(name, [name], ["library"])
    return row | {"torch, CPU": torch, "array_api_strict": "converted"}


def _reduction_row(name):
    """What takes the lists of candidates where a search puts them."""
    row = _row(name, [name], ["library"])
    return row | dict.fromkeys(LIBRARIES, "lists of candidates")


def place_table():
    """Rows of text: each function, accumulator and transformer of which the arrays stay."""
    rows = []
    for function in dict.fromkeys(record.function for record in IN_PLACE):
        records = [record for record in all_measures() if record.function is function]
        forms, keeps = [one.name for one in records], [one.keeps for one in records]
        rows.append(_row(function.__name__, forms, keeps))
    rows += [_row(name, [name], ["library"]) for name in CALLS]
    for name, Estimator in all_estimators():
        if get_tags(Estimator()).array_api_support:
            rows.append(_row(name, [name], ["gradient"]))
        if getattr(Estimator(), "lists_on_device", False):
            rows.append(_reduction_row(name))
    rows += [_converted_row(name) for name in IN_BLOCKS if name not in CALLS]
    return rows

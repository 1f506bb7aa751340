"""What takes arrays of other libraries where dispatch is on: the list of the tests and the guide.

The measures say it in their records, the transformers in their tags; ``CALLS`` are the functions
and classes beside them.
"""

import numpy as np
from sklearn.utils import get_tags

from sksim.metrics import (
    DistributionAccumulator,
    SimilarityAccumulator,
    canonical_correlations,
    cross_similarity,
    null_calibrated_score,
    pairwise_similarity,
    permutation_test_similarity,
)
from sksim.metrics._measure import all_measures
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
        "gradients": "yes" if flows == in_place else ", ".join(flows) or "no",
    }


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
    return rows

"""Reductions by name."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sklearn.base import clone

from sksim.hubness._base import GraphReduction
from sksim.hubness._csls import CSLS
from sksim.hubness._dis_sim_global import DisSimGlobal
from sksim.hubness._dis_sim_local import DisSimLocal
from sksim.hubness._inverted_softmax import InvertedSoftmax
from sksim.hubness._local_scaling import LocalScaling
from sksim.hubness._localized_centering import LocalizedCentering
from sksim.hubness._mutual_proximity import MutualProximity
from sksim.hubness._nearest_neighbor_normalization import NearestNeighborNormalization
from sksim.hubness._nicdm import NICDM
from sksim.hubness._shared_nearest_neighbors import SharedNearestNeighbors
from sksim.hubness._simhub import SimhubSimilarity
from sksim.hubness._sinkhorn import SinkhornNormalization

__all__ = ["REDUCTIONS", "resolve_reduction"]

REDUCTIONS = {
    "csls": CSLS,
    "dis_sim_global": DisSimGlobal,
    "dis_sim_local": DisSimLocal,
    "inverted_softmax": InvertedSoftmax,
    "local_scaling": LocalScaling,
    "localized_centering": LocalizedCentering,
    "mutual_proximity": MutualProximity,
    "nearest_neighbor_normalization": NearestNeighborNormalization,
    "nicdm": NICDM,
    "shared_nearest_neighbors": SharedNearestNeighbors,
    "simhub": SimhubSimilarity,
    "sinkhorn": SinkhornNormalization,
}

#: The names of the classes in full, where the usual name is shorter.
_FULL_NAMES = {"simhub_similarity": "simhub", "sinkhorn_normalization": "sinkhorn"}


def resolve_reduction(reduction):
    """Unfitted reduction of a name or an instance; None stays None.

    Parameters
    ----------
    reduction : str, GraphReduction or None
        A key of ``REDUCTIONS``, the name of its class with underscores, or an estimator, which is
        cloned.

    Returns
    -------
    reduction : GraphReduction or None
        A new, unfitted estimator.
    """
    if reduction is None:
        return None
    if isinstance(reduction, str):
        name = _FULL_NAMES.get(reduction, reduction)
        if name not in REDUCTIONS:
            raise ValueError(
                f"reduction must be one of {sorted(REDUCTIONS)}, an estimator or None, "
                f"got {reduction!r}."
            )
        return REDUCTIONS[name]()
    if not isinstance(reduction, GraphReduction):
        raise TypeError(
            "reduction must be a name, a reduction of sksim.hubness or None, "
            f"got {type(reduction).__name__}."
        )
    return clone(reduction)

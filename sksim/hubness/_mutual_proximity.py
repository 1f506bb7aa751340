"""Mutual proximity."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral
from typing import Any, Literal

from scipy import sparse

from sksim.hubness._base import GraphReduction, missing_vectors_error
from sksim.hubness._distances import DenseDistances
from sksim.hubness._proximity._empirical import JointProximity
from sksim.hubness._proximity._independent import CDFS, IndependentProximity
from sksim.hubness._proximity._symmetric import is_symmetric
from sksim.utils._sklearn import Interval, StrOptions
from sksim.utils._typing import RandomState, SparseOutput

__all__ = ["MutualProximity"]


class MutualProximity(GraphReduction):
    r"""Mutual proximity: the probability that neither sample has a nearer neighbour.

    A distance d is small only if it is small for both samples [1]_. With :math:`D_z` the distance
    from z to a random other indexed sample,

    .. math:: MP(q, x) = 1 - P(D_q > d,\, D_x > d) \in [0, 1], \qquad d = d(q, x).

    With independent distributions this is :math:`F_q(d) + F_x(d) - F_q(d) F_x(d)`, where F is the
    cumulative distribution function with the mean and the standard deviation of the distances of
    each sample, the distance to itself left out.

    .. versionadded:: 0.1

    Parameters
    ----------
    method : {"normal", "gamma", "empirical"}, default="normal"
        Independent normal or gamma distributions, or the joint counts themselves,
        :math:`1 - |\{j: d_{qj} > d, d_{xj} > d\}| / n` (the sample itself is one of the n).
    moments : {"graph", "exact", "landmarks"}, default="graph"
        Where the distributions come from. "graph": the distances that each row stores. "exact": the
        distances to all indexed samples. "landmarks": those to a random sample of them. On a
        complete graph "graph" is exact. The last two need vectors on other graphs; with Euclidean
        distances "exact" takes the distribution of their squares, whose moments have a closed form.
    n_landmarks : int, default=1000
        Number of landmarks.
    random_state : int, RandomState instance or None, default=None
        Chooses the landmarks.

    Attributes
    ----------
    mean_ : ndarray of shape (n_samples,)
        Mean distance from each indexed sample to the others. Not with "empirical".
    scale_ : ndarray of shape (n_samples,)
        Standard deviation of these distances, with divisor n for "normal" and n - 1 for "gamma".
        Not with "empirical".
    scale_floor_ : float
        Smallest mean and deviation that are divided by. Not with "empirical".
    n_samples_fit_ : int
        Number of indexed samples.
    n_features_in_ : int
        The same: number of columns of the graph.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if the matrix was a data frame.

    Raises
    ------
    MemoryError
        If the complete matrix of distances of ``method="empirical"`` does not fit into the memory
        available.

    See Also
    --------
    LocalScaling : Scales by a local distance, much the same at less depth.
    CSLS : Can be searched in an index of inner products.
    sksim.neighbors.HubnessReducedKNeighborsTransformer : Starts from vectors.

    Notes
    -----
    Unchanged by a change of the unit of the distance, within 1e-70 and 1e70, beyond which it
    raises; symmetric on the graph of a set with itself. The values are computed as
    :math:`F_q + F_x - F_q F_x`, exact far below the smallest probability that
    :math:`1 - (1 - F_q)(1 - F_x)` can resolve.

    "graph" with fewer than about 100 stored neighbours describes the near tail, not the
    distribution of all distances. "empirical" with "graph" takes missing distances as larger than
    the stored ones; with "exact" it counts over all indexed samples (dense vectors, Euclidean,
    squared Euclidean or cosine distances, candidates of an exact search). Equal values keep the
    order of the primary distance. For sentence embeddings it goes well with
    :class:`~sksim.preprocessing.NormalScoreTransformer` [2]_.

    For n rows of K stored neighbours: "normal" and "gamma" cost O(n K) time and memory; the exact
    moments O(n D^2) time and O(D^2) memory for Euclidean, squared Euclidean and cosine distances of
    dense vectors, a pass over all n^2 distances in blocks otherwise; landmarks O(n L D) time.
    "empirical" costs O(n K^2) time on a graph; with "exact" one product of all vectors and
    O(n K^2 D); on a complete graph the O(n^3) of its definition.

    References
    ----------
    .. [1] D. Schnitzer, A. Flexer, M. Schedl and G. Widmer (2012). Local and global scaling reduce
           hubs in space. Journal of Machine Learning Research 13.
    .. [2] B. M. G. Nielsen and L. K. Hansen (2024). Hubness reduction improves Sentence-BERT
           semantic spaces. Northern Lights Deep Learning Conference.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.neighbors import KNeighborsClassifier, KNeighborsTransformer
    >>> from sklearn.pipeline import make_pipeline
    >>> from sksim.hubness import MutualProximity
    >>> X, y = load_digits(n_class=3, return_X_y=True)
    >>> pipeline = make_pipeline(
    ...     KNeighborsTransformer(n_neighbors=50, mode="distance"),
    ...     MutualProximity(),
    ...     KNeighborsClassifier(metric="precomputed"),
    ... )
    >>> bool(cross_val_score(pipeline, X, y).mean() > 0.98)
    True
    """

    _parameter_constraints: dict = {
        "method": [StrOptions({"normal", "gamma", "empirical"})],
        "moments": [StrOptions({"graph", "exact", "landmarks"})],
        "n_landmarks": [Interval(Integral, 2, None, closed="left")],
        "random_state": ["random_state"],
    }

    claims = frozenset({"symmetric", "unit_free", "unit_interval"})

    def __init__(
        self,
        *,
        method: Literal["normal", "gamma", "empirical"] = "normal",
        moments: Literal["graph", "exact", "landmarks"] = "graph",
        n_landmarks: int = 1000,
        random_state: RandomState = None,
    ) -> None:
        self.method = method
        self.moments = moments
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    @property
    def needs_vectors(self) -> bool:
        """Whether the distributions are taken from vectors, not from the graph."""
        return self.moments != "graph"

    @property
    def fits_by_rows(self) -> bool:
        """Whether each row has a distribution of its own."""
        return self.method != "empirical"

    @property
    def lists_on_device(self) -> bool:  # type: ignore[override]
        """Whether the distributions are independent: joint counts look samples up one by one."""
        return self.method != "empirical"

    @property
    def least_depth(self) -> int:
        """Each distribution needs a neighbour."""
        return 1

    def _statistics(self, distances, space):
        if space.source is None:
            space.source = self._strategy(distances, space)
        return space.source.statistics(distances, space)

    def _strategy(self, distances, space) -> IndependentProximity | JointProximity:
        if self.method == "empirical":
            return JointProximity(distances, space, self.moments)
        return IndependentProximity(
            CDFS[self.method],
            distances,
            space,
            self.moments,
            self.n_landmarks,
            self.random_state,
        )

    def _store(self, statistics, space):
        self._proximity: IndependentProximity | JointProximity = space.source
        for name, value in self._proximity.store(statistics).items():
            setattr(self, name, value)

    def _reduce(self, distances, queries):
        if queries is None and self._proximity.needs_queries:
            raise missing_vectors_error("MutualProximity", f"moments={self.moments!r}")
        return self._proximity.reduce(distances, queries)

    def _reduced_own(self, graph: Any) -> SparseOutput:
        """Evaluate each distribution once, not twice, at the distances of a symmetric matrix."""
        proximity = self._proximity
        if (
            isinstance(proximity, JointProximity)
            or sparse.issparse(graph)
            or not is_symmetric(graph)
        ):
            return super()._reduced_own(graph)
        distances = DenseDistances(graph)
        return distances.with_values(proximity.reduce_symmetric(distances))

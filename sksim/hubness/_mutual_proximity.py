"""Mutual proximity."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

import numpy as np
from scipy import sparse
from scipy.special import gammainc, ndtr
from sklearn.utils import check_random_state

from sksim.hubness._base import missing_vectors_error
from sksim.hubness._distances import as_distances
from sksim.hubness._empirical import GraphJoint, MatrixJoint, VectorJoint, joint_source
from sksim.hubness._moments import GraphMoments, Moments, StreamedMoments, exact_moments
from sksim.hubness._rowwise import RowwiseReduction
from sksim.hubness._statistics import check_depth, fill_missing
from sksim.hubness._symmetric import combine_with_transpose, is_symmetric
from sksim.utils._sklearn import Interval, StrOptions

__all__ = ["MutualProximity"]


#: Least mean whose square, and that of whose square root to the fourth, are accurate.
_LEAST_MEAN = 1e-145


def _normal_cdf(distance, mean, deviation):
    z = distance - mean
    z /= deviation
    return ndtr(z, out=z)


def _gamma_cdf(distance, mean, deviation):
    """Gamma law of shape mean^2 / variance and scale variance / mean."""
    shape = (mean / deviation) ** 2
    return gammainc(shape, shape * (distance / mean))


def _either(p, q):
    """Probability of one event or the other, independent ones; overwrites p."""
    both = p * q
    p += q
    p -= both
    return p


# Distribution function, and what is subtracted from the count in the variance.
_LAWS = {"normal": (_normal_cdf, 0), "gamma": (_gamma_cdf, 1)}


def smallest_moment(mean) -> float:
    """Smallest mean or deviation to divide by, proportional to the distances; 1 if all are 0."""
    positive = mean[mean > 0]
    return float(np.finfo(np.float64).eps * np.median(positive)) if positive.size else 1.0


def mean_and_deviation(moments, ddof: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation with the given delta degrees of freedom."""
    count = np.maximum(moments.count, 1)
    corrected = moments.variance * (count / np.maximum(count - ddof, 1))
    return moments.mean, np.sqrt(np.maximum(corrected, 0))


def _check_range(moments):
    """Raise where a square of the distances would overflow or vanish."""
    means = moments.mean[(moments.count > 0) & (moments.mean != 0)]
    extreme = means[~((means > _LEAST_MEAN) & (means < 1 / _LEAST_MEAN))]
    if extreme.size:
        raise ValueError(
            "MutualProximity squares the distances (twice with exact moments of Euclidean ones), "
            f"which overflows or vanishes: got a mean of {extreme[0]:g}. Rescale the vectors."
        )


class MutualProximity(RowwiseReduction):
    r"""Mutual proximity: the probability that neither sample has a nearer neighbour.

    A distance d is small only if it is small for both samples. With :math:`D_z` the distance from
    z to a random other indexed sample,

    .. math:: MP(q, x) = 1 - P(D_q > d,\, D_x > d) \in [0, 1], \qquad d = d(q, x).

    With independent laws this is :math:`F_q(d) + F_x(d) - F_q(d) F_x(d)`, where F is the
    distribution function with the mean and the standard deviation of the distances of each sample,
    the distance to itself left out.

    .. versionadded:: 0.1

    Parameters
    ----------
    method : {"normal", "gamma", "empirical"}, default="normal"
        The law: independent normal or gamma distributions, or the joint counts themselves,
        :math:`1 - |\{j: d_{qj} > d, d_{xj} > d\}| / n` (the sample itself is one of the n).
    moments : {"graph", "exact", "landmarks"}, default="graph"
        Where the laws come from. "graph": the distances that each row stores. "exact": the
        distances to all indexed samples. "landmarks": those to a random sample of them. On a
        complete graph "graph" is exact. The last two need vectors on other graphs; with Euclidean
        distances "exact" takes the law of their squares, which has closed-form moments.
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

    "graph" with fewer than about 100 stored neighbours describes the near tail, not the law of all
    distances. "empirical" with "graph" takes missing distances as larger than the stored ones;
    with "exact" it counts over all indexed samples (dense vectors, Euclidean, squared Euclidean
    or cosine distances, candidates of an exact search). Equal values keep the order of the primary
    distance.

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

    def __init__(self, *, method="normal", moments="graph", n_landmarks=1000, random_state=None):
        self.method = method
        self.moments = moments
        self.n_landmarks = n_landmarks
        self.random_state = random_state

    @property
    def needs_vectors(self):
        """Whether the laws are taken from vectors, not from the graph."""
        return self.moments != "graph"

    @property
    def _by_rows(self):
        return self.method != "empirical"

    @property
    def fits_by_rows(self):
        """Whether each row has a law of its own."""
        return self.method != "empirical"

    @property
    def least_depth(self):
        """Each row needs a neighbour."""
        return 1

    def _fit_distances(self, distances, space):
        if self.method != "empirical":
            super()._fit_distances(distances, space)
            return
        check_depth(int(distances.counts.max(initial=0)), distances.shape, 1, "MutualProximity")
        self._check_vectors(distances, space)
        self._fit_joint(distances, space)

    def _check_vectors(self, distances, space):
        if not self.needs_vectors or distances.is_complete:
            return
        if self.method == "empirical" and self.moments == "landmarks":
            raise ValueError(
                "MutualProximity(method='empirical') counts over stored distances or all samples: "
                "moments must be 'graph' or 'exact', got moments='landmarks'."
            )
        if space.vectors is None:
            raise missing_vectors_error("MutualProximity", f"moments={self.moments!r}")

    def _check_queries(self, source, queries):
        if queries is None and not isinstance(source, GraphMoments | GraphJoint | MatrixJoint):
            raise missing_vectors_error("MutualProximity", f"moments={self.moments!r}")

    def _fit_joint(self, distances, space):
        if space.bank is not None:
            raise ValueError(
                "MutualProximity(method='empirical') compares neighbours in one set, got a bank. "
                "Use method='normal' or 'gamma'."
            )
        if self.moments == "graph" or distances.is_complete:
            self._joint = joint_source(distances)
        else:
            self._joint = VectorJoint(space.vectors, space.metric)

    def _moment_source(self, X, space):
        """Source of the moments over the rows of X, over the graph without vectors."""
        if self.moments == "graph" or X is None:
            return GraphMoments()
        options = {"metric": space.metric, "metric_params": space.metric_params}
        if self.moments == "exact":
            return exact_moments(X, **options)
        rng = check_random_state(self.random_state)
        n_landmarks = min(self.n_landmarks, X.shape[0])
        landmarks = rng.choice(X.shape[0], n_landmarks, replace=False)
        return StreamedMoments(X, np.sort(landmarks), **options)

    # What overflows here is found out of range in the end.
    @np.errstate(over="ignore", invalid="ignore")
    def _start_fit(self, distances, space):
        self._population = self._moment_source(space.vectors, space)
        return self._population if space.bank is None else self._moment_source(space.bank, space)

    @np.errstate(over="ignore", invalid="ignore")
    def _row_statistics(self, distances, space):
        self._check_vectors(distances, space)
        return np.column_stack(space.source.of(distances, space.row_vectors))

    def _finish_fit(self, statistics):
        moments = Moments(*statistics.T)
        _check_range(moments)
        self.scale_floor_ = smallest_moment(moments.mean)
        usual = moments._replace(
            mean=fill_missing(moments.mean, np.nanmedian(moments.mean)),
            variance=fill_missing(moments.variance, np.nanmedian(moments.variance)),
        )
        self.mean_, self.scale_ = self._law(usual)

    def _law(self, moments):
        """Mean and deviation of each row's law, safe to divide by."""
        mean, deviation = mean_and_deviation(moments, _LAWS[self.method][1])
        mean = np.maximum(fill_missing(mean, 0.0), self.scale_floor_)
        deviation = fill_missing(deviation, 0.0)
        least = np.maximum(np.finfo(np.float64).eps * mean, self.scale_floor_)
        return mean, np.maximum(deviation, least)

    def fit_transform(self, X, y=None):
        """Fit, and replace the distances among the training samples by secondary distances.

        Parameters
        ----------
        X : {csr_matrix, csr_array, array-like} of shape (n_samples, n_samples)
            Neighbour graph of the training samples with each row sorted by distance, or the
            dense matrix of all distances. If that is symmetric, the law of each sample is
            evaluated at each distance once instead of twice.
        y : None
            Ignored.

        Returns
        -------
        X_reduced : {csr_matrix, csr_array, ndarray} of shape (n_samples, n_samples)
            The same as ``fit(X).transform(X)``.
        """
        self.fit(X, y)
        X = self._check_distances(X, reset=False)
        if sparse.issparse(X) or self.method == "empirical" or not is_symmetric(X):
            return self.reduce_graph(X)
        cdf, distances = _LAWS[self.method][0], as_distances(X)
        shares = np.empty(X.shape)
        for rows, _, block in distances.blocks():
            shares[rows] = cdf(block.values, self.mean_[rows, None], self.scale_[rows, None])
        combine_with_transpose(shares, _either)
        return distances.with_values(shares)

    def _reduce_distances(self, distances, queries):
        if self.method == "empirical":
            self._check_queries(self._joint, queries)
            return self._joint.shares(distances, queries)
        self._check_queries(self._population, queries)
        cdf = _LAWS[self.method][0]
        d = self._population.law_of(distances.values)
        mean, deviation = self._law(self._population.of(distances, queries))
        of_query = cdf(d, distances.by_row(mean), distances.by_row(deviation))
        of_indexed = cdf(d, distances.by_column(self.mean_), distances.by_column(self.scale_))
        return _either(of_query, of_indexed)

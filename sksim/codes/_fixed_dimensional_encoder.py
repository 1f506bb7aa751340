"""Sets of vectors as single vectors whose inner products approximate the Chamfer similarity."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator
from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim.metrics.retrieval._sets import VectorSets, validate_sets
from sksim.utils._memory import check_fits
from sksim.utils._sklearn import Interval, StrOptions, _fit_context
from sksim.utils._typing import FloatArray, IntArray, RandomState

__all__ = ["FixedDimensionalEncoder"]

# Longest code: a handful of them fills a gigabyte.
_LONGEST = 2**24
# Blocks that stay near the processor's cache.
_BLOCK_MIB = 8


def _count_sketch(rng: np.random.RandomState, n_inputs: int, n_outputs: int) -> Any:
    """Each input with a random sign on one random output, a sparse (n_inputs, n_outputs)."""
    signs = rng.choice([-1.0, 1.0], size=n_inputs)
    targets = rng.randint(n_outputs, size=n_inputs)
    return sparse.csr_array((signs, targets, np.arange(n_inputs + 1)), shape=(n_inputs, n_outputs))


def _blocks_of_sets(
    starts: IntArray, bytes_per_vector: float, bytes_per_set: float
) -> Iterator[slice]:
    """Slices of consecutive sets, of one set at least, whose vectors fit into a block."""
    limit = min(_BLOCK_MIB, get_config()["working_memory"]) * 2**20
    n_sets = len(starts) - 1
    ends = starts * float(bytes_per_vector) + np.arange(n_sets + 1) * float(bytes_per_set)
    start = 0
    while start < n_sets:
        stop = max(start + 1, int(np.searchsorted(ends, ends[start] + limit, side="right")) - 1)
        yield slice(start, stop)
        start = stop


def _nearest_members(first: IntArray, n_bits: int, longest: int) -> IntArray:
    """For each bucket the vector of the nearest code in Hamming distance, the first among ties.

    ``first`` (n_rows, 2**n_bits) is the first vector of each bucket, negative where it is empty.
    Hamming distance is a sum over bits, so that one pass over each bit takes the minimum of
    ``distance * longest + vector`` over all codes: O(B k) in place of O(B m).
    """
    narrow = (2 * n_bits + 2) * longest < 2**31
    best = np.where(first < 0, (n_bits + 1) * longest, first)
    best = best.astype(np.int32 if narrow else np.int64)
    for bit in range(n_bits):
        pairs = best.reshape(len(best), -1, 2, 2**bit)
        low = pairs[:, :, 0].copy()
        np.minimum(low, pairs[:, :, 1] + longest, out=pairs[:, :, 0])
        np.minimum(pairs[:, :, 1], low + longest, out=pairs[:, :, 1])
    return best % longest


class FixedDimensionalEncoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, SksimEstimator):
    r"""Encode sets of vectors as single vectors, for search by Chamfer similarity (MUVERA).

    The similarity of a query Q and a document P, both sets of vectors in :math:`\mathbb{R}^d`,

    .. math:: S(Q, P) = \sum_{q \in Q} \max_{p \in P} \langle q, p \rangle
              \approx \langle \phi(Q), \psi(P) \rangle

    is approximated by an inner product, so that any index of single vectors, and any hubness
    reduction, serves sets. In each of R repetitions k random hyperplanes :math:`h_j` cut the
    space into :math:`B = 2^k` buckets, numbered :math:`\sum_j 2^j [\langle v, h_j \rangle > 0]`.
    A block of :math:`\phi(Q)` is the sum of the query vectors in a bucket, a block of
    :math:`\psi(P)` the mean of the document vectors there; where a document has none, its vector
    of the nearest bucket in Hamming distance stands in. Vectors may be projected to
    ``projection_dim`` values first. Both sides are divided by :math:`\sqrt{R}`.

    :meth:`transform` gives documents, :meth:`transform_query` queries, both of
    :math:`R B d'` values, :math:`d'` being ``projection_dim`` or d.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_bits : int, default=4
        Number k of hyperplanes, in [0, 20]; 0 is one bucket: sums against means.
    n_repetitions : int, default=20
        Number R of independent partitions.
    projection_dim : int or None, default=8
        Length :math:`d'` of the projected vectors. None keeps the vectors as they are.
    projection : {"rademacher", "count_sketch"}, default="rademacher"
        Random signs divided by :math:`\sqrt{d'}` [1]_, or each coordinate with a random sign on one
        random output.
    fill_empty : bool, default=True
        Whether the nearest vector of a document fills an empty bucket. Queries are never filled.
    output_dim : int or None, default=None
        Length of a count sketch of the whole code. None leaves it as it is.
    random_state : int, RandomState instance or None, default=None
        Draws hyperplanes and projections.

    Attributes
    ----------
    hyperplanes_ : ndarray of shape (n_repetitions, n_features, n_bits)
        Normal vectors of the hyperplanes.
    projections_ : ndarray of shape (n_repetitions, n_features, projection_dim) or None
        Projections of the vectors, scaled.
    sketch_ : sparse array of shape (n_repetitions * 2**n_bits * projection_dim, output_dim) or None
        The last sketch.
    n_features_in_ : int
        Number d of features of a vector.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if X is two-dimensional and has any.

    Raises
    ------
    ValueError
        If a set is empty, the message naming its position; if the numbers of features differ; if
        a code would be longer than 2**24.

    See Also
    --------
    sksim.metrics.chamfer_similarity : The similarity itself.
    sksim.neighbors.HubnessReducedNearestNeighbors : Search in the codes of single vectors.

    Notes
    -----
    All methods take a list of arrays (m_i, d), an array (n, m, d), or an array (n, d), whose rows
    are sets of one vector.

    With filling and without projection the product never exceeds the similarity, as each block of
    a document is a mean of its vectors; for a document of a single vector it is exact. It is biased
    low, the more, the fewer buckets there are: compare no products of different settings, and rank
    the best candidates again by :func:`~sksim.metrics.chamfer_similarity`. Projections are unbiased
    for a product of vectors, and break the bound. The order of the vectors of a set matters only
    where several stand at the same Hamming distance from an empty bucket: the first one fills it,
    as in the published code. Where sets have no order, sort them, or do without filling.
    Repeating all vectors of a document changes nothing; the code of a query is linear: those of
    two sets add up to that of their union.

    Cost: O(R d (k + d')) time for each vector, O(R B (k + d')) for each document; memory for the
    codes, n R B d' values, and blocks within scikit-learn's working memory, of one set at least.
    Empty buckets find their vector in k passes over all buckets, whatever the size of the set.
    A search by codes takes R B d' products for a query and a document, the similarity itself
    m_q m_p d with m_q and m_p vectors, so that codes save much for large sets only. The ratio is 51
    for sets of 32 vectors in 64 dimensions and codes of 1280 values, and the search with its second
    ranking was 50 times as fast, with 0.98 of the ten best of 25 000 sets; for sets of 16 vectors
    it is 13, and was 14, with 0.81 of them.
    Vectors in float32 whose product with a hyperplane is 0 up to rounding may change the bucket
    with the sets that are encoded beside them.

    More recall for the same number of candidates than a mean of all vectors, which is the claim
    of [1]_, is seen on images as sets of patches. Filling helps where sets are small beside the
    number of buckets, and costs a little recall where they are large.

    References
    ----------
    .. [1] L. Dhulipala, M. Hadian, R. Jayaram, J. Lee and V. Mirrokni (2024). MUVERA: multi-vector
           retrieval via fixed dimensional encodings. Advances in Neural Information Processing
           Systems.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.codes import FixedDimensionalEncoder
    >>> from sksim.metrics import chamfer_similarity
    >>> rng = np.random.RandomState(0)
    >>> documents = [rng.randn(rng.randint(2, 9), 16) for _ in range(100)]
    >>> queries = [P[:2] + 0.1 * rng.randn(2, 16) for P in documents[:10]]
    >>> encoder = FixedDimensionalEncoder(projection_dim=None, random_state=0).fit(documents)
    >>> products = encoder.transform_query(queries) @ encoder.transform(documents).T
    >>> products.shape
    (10, 100)
    >>> products.argmax(axis=1)
    array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    >>> bool((products <= chamfer_similarity(queries, documents)).all())
    True
    """

    _parameter_constraints: dict = {
        "n_bits": [Interval(Integral, 0, 20, closed="both")],
        "n_repetitions": [Interval(Integral, 1, None, closed="left")],
        "projection_dim": [Interval(Integral, 1, None, closed="left"), None],
        "projection": [StrOptions({"rademacher", "count_sketch"})],
        "fill_empty": ["boolean"],
        "output_dim": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_bits: int = 4,
        n_repetitions: int = 20,
        *,
        projection_dim: int | None = 8,
        projection: Literal["rademacher", "count_sketch"] = "rademacher",
        fill_empty: bool = True,
        output_dim: int | None = None,
        random_state: RandomState = None,
    ) -> None:
        self.n_bits = n_bits
        self.n_repetitions = n_repetitions
        self.projection_dim = projection_dim
        self.projection = projection
        self.fill_empty = fill_empty
        self.output_dim = output_dim
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: object = None) -> Self:
        """Draw hyperplanes and projections for the length of the vectors; nothing else is learnt.

        Parameters
        ----------
        X : list of array-like of shape (n_vectors_i, n_features), or array-like
            Sets of vectors, an array of shape (n_sets, n_vectors, n_features), or one of shape
            (n_sets, n_features), a vector for each set.
        y : None
            Ignored.

        Returns
        -------
        self : FixedDimensionalEncoder
            The encoder.
        """
        d = validate_sets(self, X, reset=True).vectors.shape[1]
        R, k, width = self.n_repetitions, self.n_bits, self.projection_dim or d
        n_values = R * 2**k * width
        # A sketch still takes one code after the other.
        if n_values > _LONGEST:
            raise ValueError(
                f"A code of n_repetitions * 2**n_bits * {width} = {R} * {2**k} * {width} = "
                f"{n_values} values is longer than {_LONGEST}. Lower n_bits, n_repetitions or "
                "projection_dim."
            )
        rng = check_random_state(self.random_state)
        self.hyperplanes_ = rng.standard_normal((R, d, k))
        self.projections_: FloatArray | None = None
        if self.projection_dim is not None and self.projection == "rademacher":
            self.projections_ = rng.choice([-1.0, 1.0], size=(R, d, width)) / np.sqrt(width)
        elif self.projection_dim is not None:
            sketches = [_count_sketch(rng, d, width).toarray() for _ in range(R)]
            self.projections_ = np.stack(sketches)
        self.sketch_: Any = None
        if self.output_dim is not None:
            self.sketch_ = _count_sketch(rng, n_values, self.output_dim)
        self._n_features_out = self.output_dim or n_values
        return self

    def transform(self, X: Any) -> FloatArray:
        """Encode documents, for the index.

        Parameters
        ----------
        X : list of array-like of shape (n_vectors_i, n_features), or array-like
            Sets of vectors, as in :meth:`fit`.

        Returns
        -------
        codes : ndarray of shape (n_sets, n_features_out)
            Means of the buckets, in float32 where X is.
        """
        return self._encoded(X, of_documents=True)

    def transform_query(self, X: Any) -> FloatArray:
        """Encode queries, whose inner products with documents approximate their similarity.

        Parameters
        ----------
        X : list of array-like of shape (n_vectors_i, n_features), or array-like
            Sets of vectors, as in :meth:`fit`.

        Returns
        -------
        codes : ndarray of shape (n_sets, n_features_out)
            Sums of the buckets, in float32 where X is.
        """
        return self._encoded(X, of_documents=False)

    def _encoded(self, X: Any, *, of_documents: bool) -> FloatArray:
        check_is_fitted(self)
        sets = validate_sets(self, X, reset=False)
        R, d, k = self.hyperplanes_.shape
        width = d if self.projections_ is None else self.projections_.shape[2]
        dtype = sets.vectors.dtype
        check_fits(
            float(dtype.itemsize) * sets.n_sets * self._n_features_out,
            f"The codes of {sets.n_sets} sets, {self._n_features_out} values each,",
            "Lower n_bits, n_repetitions or projection_dim, set output_dim, or encode in parts.",
        )
        codes = np.empty((sets.n_sets, self._n_features_out), dtype=dtype)
        sketch = None if self.sketch_ is None else self.sketch_.astype(dtype)
        per_vector = R * (dtype.itemsize * (k + width) + 30)
        for rows in _blocks_of_sets(sets.starts, per_vector, R * 2**k * (8 * width + 40)):
            sums = self._blocks_of(sets.part(rows), of_documents)
            codes[rows] = sums if sketch is None else sums @ sketch
        return codes

    def _blocks_of(self, sets: VectorSets, of_documents: bool) -> FloatArray:
        """Codes of sets before the last sketch, (n_sets, R * B * d')."""
        V, dtype = sets.vectors, sets.vectors.dtype
        R, d, k = self.hyperplanes_.shape
        n, N, B = sets.n_sets, len(V), 2**k
        scale = dtype.type(1 / np.sqrt(R))
        sizes = np.diff(sets.starts)

        def of_all(maps: FloatArray) -> FloatArray:
            """Product of all vectors with the maps of all repetitions, (N, R, n_outputs)."""
            flat = maps.transpose(1, 0, 2).reshape(d, -1).astype(dtype)
            return (V @ flat).reshape(N, R, -1)

        # The place of each vector's bucket among those of all sets and repetitions.
        places = (of_all(self.hyperplanes_) > 0) @ (1 << np.arange(k))
        places += B * (R * np.repeat(np.arange(n), sizes)[:, None] + np.arange(R))
        if self.projections_ is None:
            values, ends = V, R * np.arange(N + 1)
        else:
            values = of_all(self.projections_).reshape(N * R, -1)
            ends = np.arange(N * R + 1)
        ones = np.full(N * R, scale)
        members = sparse.csc_array((ones, places.ravel(), ends), shape=(n * R * B, len(values)))
        sums = members @ values
        if of_documents:
            counts = np.bincount(places.ravel(), minlength=n * R * B)
            sums /= np.maximum(counts, 1)[:, None].astype(dtype)
            if self.fill_empty and k:
                first = np.full(n * R * B, -1)
                # Backwards, so that the first vector of a bucket is the last one to be written.
                local = np.arange(N) - np.repeat(sets.starts[:-1], sizes)
                first[places[::-1].ravel()] = np.repeat(local[::-1], R)
                nearest = _nearest_members(first.reshape(n * R, B), k, int(sizes.max())).ravel()
                empty = np.flatnonzero(counts == 0)
                vectors = sets.starts[empty // (R * B)] + nearest[empty]
                if self.projections_ is not None:
                    vectors = R * vectors + empty // B % R
                sums[empty] = values[vectors] * scale
        return sums.reshape(n, -1)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.input_tags.three_d_array = True
        return tags

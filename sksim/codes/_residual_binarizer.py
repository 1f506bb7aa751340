"""Vectors as a few bits a coordinate: signs, and signs of what the signs leave."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Iterator
from numbers import Integral
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import check_is_fitted

from sksim._base import SksimEstimator
from sksim._search._exact import exact_neighbors
from sksim.utils._array_api import to_numpy
from sksim.utils._arrays import check_named_array, validate_named_data
from sksim.utils._blocks import row_blocks
from sksim.utils._sklearn import Interval, StrOptions, _fit_context, validate_params
from sksim.utils._typing import AnyArray, ArrayLike, FloatArray, IntArray, RandomState

__all__ = ["ResidualBinarizer"]

_FLOATS = [np.float64, np.float32]
# Entries of the training rows that a rotation and the scales are learnt from, rows evenly spread.
_ENTRIES_OF_ROTATION, _ENTRIES_OF_SCALES = 2**23, 2**18
# Entries of a block of decoded codes, so that a search decodes in the processor's cache.
_BLOCK = 2**20


def _signs(X: FloatArray) -> FloatArray:
    """Signs, of zeros +1."""
    return np.where(X >= 0, 1.0, -1.0)


def _spread(X: AnyArray, n_entries: int) -> AnyArray:
    """Evenly spread rows of no more than so many entries, if there are more."""
    return X[:: -(-X.size // n_entries)]


def _learned_rotation(X: FloatArray, n_rounds: int, rng: np.random.RandomState) -> FloatArray:
    """Rotation after which rows are near their signs: signs, then Procrustes, in turn."""
    rotation, _ = np.linalg.qr(rng.standard_normal((X.shape[1], X.shape[1])))
    for _ in range(n_rounds):
        U, _, Vt = np.linalg.svd(X.T @ _signs(X @ rotation))
        rotation = U @ Vt
    return rotation


def _residual_signs(X: FloatArray, scales: FloatArray) -> list[FloatArray]:
    """Signs of each level, at given scales."""
    levels, left = [], X
    for scale in scales:
        levels.append(_signs(left))
        left = left - scale * levels[-1]
    return levels


def _dyadic_scales(X: FloatArray, n_levels: int) -> FloatArray:
    """Halving scales of least squared error on X: signs, then the one factor, in turn."""
    halves = 0.5 ** np.arange(n_levels)
    factor = 1.6 * np.abs(X).mean()
    for _ in range(30 if factor > 0 else 0):
        codes = np.tensordot(halves, _residual_signs(X, factor * halves), axes=1)
        before, factor = factor, np.vdot(X, codes) / np.vdot(codes, codes)
        if abs(factor - before) <= 1e-6 * before:
            break
    return factor * halves


def _global_scales(X: FloatArray, n_levels: int) -> FloatArray:
    """Mean size of what is left at each level, which is its best scale."""
    scales, left = np.empty(n_levels), X
    for level in range(n_levels):
        scales[level] = np.abs(left).mean()
        left = left - scales[level] * _signs(left)
    return scales


class ResidualBinarizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, SksimEstimator):
    r"""Codes of a few bits a coordinate: signs, and signs of what they leave.

    With :math:`r_0 = R (x - \bar x)`, the centred and rotated row, level t = 1, ..., L of the code
    is

    .. math:: b_t = \operatorname{sign}(r_{t-1}) \in \{-1, 1\}^d, \qquad
              r_t = r_{t-1} - s_t b_t,

    the sign of zero being +1, and the row becomes :math:`R \bar x + \sum_t s_t b_t`: L bits a
    coordinate. Documents are coded by :meth:`transform`; queries, which need not be stored, are
    only rotated by :meth:`transform_query`. Inner products, Euclidean and cosine distances between
    the two stand for those of the rows.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_levels : int, default=4
        Number L of bits a coordinate, 8 at most. One level is a binary hash.
    scale : {"dyadic", "global", "row"}, default="dyadic"
        The scales :math:`s_t`: halved from level to level, :math:`s_t = s \, 2^{1-t}`, with the s
        of least squared error on the training rows, so that a coordinate is a fixed-point number;
        the mean of :math:`|r_{t-1}|` over the training rows; or that over each row, which is
        stored with it.
    rotation : {"random", "pca", "itq"}, default=None
        The rotation R: None, a random one, onto the principal axes, or the one that brings the
        training rows near their signs (iterative quantisation, 20 rounds).
    with_mean : bool, default=True
        Whether the mean of the training rows is subtracted.
    packed : bool, default=False
        Whether codes are bytes instead of numbers: of each level ceil(d / 8) bytes, the first
        coordinate in the highest bit, then, with ``scale="row"``, the scales in float32.
    random_state : int, RandomState instance or None, default=None
        Of the rotations "random" and "itq".

    Attributes
    ----------
    mean_ : ndarray of shape (n_features,)
        Mean of the training rows; zeros without ``with_mean``.
    rotation_ : ndarray of shape (n_features, n_features) or None
        The centred rows, times ``rotation_``, are coded.
    scales_ : ndarray of shape (n_levels,) or None
        Scales; None where each row has its own.
    n_features_in_ : int
        Number d of features.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, if X has any.

    See Also
    --------
    sksim.neighbors.FaissTransformer : Product quantisation and other compressed indexes.
    sklearn.preprocessing.Binarizer : Bits by a threshold.

    Notes
    -----
    The numerical core of recurrent binary embeddings [1]_, without their learned networks; the
    rotation "itq" is [2]_. With one level, packed codes are what binary indexes search by Hamming
    distance (``faiss.IndexBinaryFlat``), as those of binary paragraph vectors [3]_; the first
    level of longer codes is the same hash, and can choose the candidates for all levels.

    With ``scale="row"`` :math:`\lVert r_t \rVert^2 = \lVert r_{t-1} \rVert^2 - d s_t^2`, and codes
    of rows scaled by a positive number are codes scaled by it, without a mean. An unrotated code
    depends on the units of the features. The rotation "pca" gathers the variance in a few
    coordinates, whose bits do not suffice: it loses recall, and is there to compare with.

    Codes of one level have one length around the mean, so that they have far fewer hubs than rows
    of unequal lengths; with more levels the hubs come back, and a reduction of
    :mod:`sksim.hubness` removes them from codes as from rows.

    Memory L d / 8 bytes a row, of float32 a share of L / 32, with 4 L bytes more for the scales of
    the row. Time O(n d L) for n rows, and O(n d^2) with a rotation; "itq" takes O(n d^2 + d^3) a
    round. The rotations "pca" and "itq" are learnt from 2^23 entries of the training rows at most,
    the scales from 2^18. :meth:`kneighbors` decodes the codes block by block, O(n d) time for all
    queries together beside that of an exact search.

    References
    ----------
    .. [1] Y. Gan, Y. Ge, C. Zhou, S. Su, Z. Xu, X. Xu, Q. Hui, X. Chen, Y. Wang and Y. Shan (2023).
           Binary embedding-based retrieval at Tencent. ACM SIGKDD Conference on Knowledge Discovery
           and Data Mining.
    .. [2] Y. Gong, S. Lazebnik, A. Gordo and F. Perronnin (2013). Iterative quantization: a
           Procrustean approach to learning binary codes for large-scale image retrieval. IEEE
           Transactions on Pattern Analysis and Machine Intelligence 35.
    .. [3] K. Grzegorczyk and M. Kurdziel (2017). Binary paragraph vectors. Workshop on
           Representation Learning for NLP.

    Examples
    --------
    >>> import numpy as np
    >>> from sksim.codes import ResidualBinarizer
    >>> row = [[3.0, -1.0, 0.5, -0.5]]
    >>> ResidualBinarizer(3, scale="row", with_mean=False).fit_transform(row)
    array([[ 2.5625, -0.8125,  0.8125, -0.8125]])
    >>> documents = np.random.RandomState(0).standard_normal((1000, 64)).astype(np.float32)
    >>> binarizer = ResidualBinarizer(packed=True).fit(documents)
    >>> codes = binarizer.transform(documents)
    >>> documents.nbytes // codes.nbytes
    8
    >>> binarizer.kneighbors(documents[:3], codes, n_neighbors=1)[1].ravel()
    array([0, 1, 2])
    """

    _parameter_constraints: dict = {
        "n_levels": [Interval(Integral, 1, 8, closed="both")],
        "scale": [StrOptions({"dyadic", "global", "row"})],
        "rotation": [StrOptions({"random", "pca", "itq"}), None],
        "with_mean": ["boolean"],
        "packed": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        n_levels: int = 4,
        *,
        scale: Literal["dyadic", "global", "row"] = "dyadic",
        rotation: Literal["random", "pca", "itq"] | None = None,
        with_mean: bool = True,
        packed: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.n_levels = n_levels
        self.scale = scale
        self.rotation = rotation
        self.with_mean = with_mean
        self.packed = packed
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn the mean, the rotation and the scales.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Training rows.
        y : None
            Ignored.

        Returns
        -------
        self : ResidualBinarizer
            The transformer.
        """
        X = validate_named_data(self, X, dtype=_FLOATS)
        self.mean_: FloatArray = np.zeros(X.shape[1])
        if self.with_mean:
            self.mean_ = X.mean(axis=0, dtype=np.float64)
        rows: FloatArray = _spread(X, _ENTRIES_OF_ROTATION).astype(np.float64) - self.mean_
        self.rotation_ = self._find_rotation(rows)
        rows = self._rotated(_spread(rows, _ENTRIES_OF_SCALES))
        self.scales_: FloatArray | None = None
        if self.scale != "row":
            find = _dyadic_scales if self.scale == "dyadic" else _global_scales
            self.scales_ = find(rows, self.n_levels)
        return self

    def _find_rotation(self, rows: FloatArray) -> FloatArray | None:
        rng, n_features = check_random_state(self.random_state), rows.shape[1]
        if self.rotation == "random":
            return np.linalg.qr(rng.standard_normal((n_features, n_features)))[0]
        if self.rotation == "pca":
            return np.linalg.eigh(rows.T @ rows)[1][:, ::-1]
        return _learned_rotation(rows, 20, rng) if self.rotation == "itq" else None

    @property
    def _n_bytes(self) -> int:
        """Bytes of one level."""
        return -(-self.n_features_in_ // 8)

    @property
    def _n_packed(self) -> int:
        """Bytes of a packed row."""
        n_bytes_of_scales = 4 if self.scales_ is None else 0
        return self.n_levels * (self._n_bytes + n_bytes_of_scales)

    @property
    def _n_features_out(self) -> int:
        return self._n_packed if self.packed else self.n_features_in_

    def _rotated(self, rows: FloatArray) -> FloatArray:
        return rows if self.rotation_ is None else rows @ self.rotation_

    def _blocks(self, X: AnyArray) -> Iterator[slice]:
        most = max(1, _BLOCK // self.n_features_in_)
        return row_blocks(len(X), 32 * self.n_features_in_, max_rows=most)

    def transform(self, X: ArrayLike) -> AnyArray:
        """Codes of documents.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Documents.

        Returns
        -------
        codes : ndarray of shape (n_samples, n_features) or (n_samples, n_bytes)
            What the bits stand for, in float32 where X is; bytes with ``packed``.

        Raises
        ------
        ValueError
            If a scale of a row exceeds float32, in which they are packed.
        """
        check_is_fitted(self)
        X = validate_named_data(self, X, dtype=_FLOATS, reset=False)
        codes = np.empty((len(X), self._n_features_out), np.uint8 if self.packed else X.dtype)
        for rows in self._blocks(X):
            left = self._rotated(X[rows].astype(np.float64) - self.mean_)
            value = np.broadcast_to(self._rotated(self.mean_), left.shape).copy()
            for level in range(self.n_levels):
                scale: Any = self.scales_[level] if self.scales_ is not None else None
                if scale is None:
                    scale = np.abs(left).mean(axis=1, keepdims=True)
                step = scale * _signs(left)
                if self.packed:
                    self._pack(codes[rows], level, left >= 0, scale)
                left, value = left - step, value + step
            if not self.packed:
                codes[rows] = value
        return codes

    def _pack(self, codes: AnyArray, level: int, is_positive: AnyArray, scale: Any) -> None:
        """Write a level of some rows."""
        start = level * self._n_bytes
        codes[:, start : start + self._n_bytes] = np.packbits(is_positive, axis=1)
        if self.scales_ is None:
            if scale.max() > np.finfo(np.float32).max:
                raise ValueError(f"X: scales are packed in float32, got one of {scale.max():.3g}.")
            start = self.n_levels * self._n_bytes + 4 * level
            codes[:, start : start + 4] = scale.astype(np.float32).view(np.uint8)

    def transform_query(self, X: ArrayLike) -> FloatArray:
        """Queries in the coordinates of the codes, not coded.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Queries.

        Returns
        -------
        vectors : ndarray of shape (n_samples, n_features)
            Rotated queries, in float32 where X is.
        """
        check_is_fitted(self)
        X = validate_named_data(self, X, dtype=_FLOATS, reset=False)
        return self._rotated(X.astype(np.float64)).astype(X.dtype, copy=False)

    def inverse_transform(self, X: ArrayLike) -> FloatArray:
        """Rows for codes, in the coordinates of the training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_bytes)
            Codes; those of type uint8 are packed ones.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_features)
            Rows, in float32 for packed codes and where the codes are.
        """
        check_is_fitted(self)
        codes = self._check_codes(X, "X")
        values = self._decode(codes)
        if self.rotation_ is None:
            return values
        return (values @ self.rotation_.T).astype(values.dtype, copy=False)

    def _check_codes(self, codes: ArrayLike, name: str) -> AnyArray:
        """Codes of this transformer; packed ones are uint8."""
        codes = to_numpy(codes)
        is_packed = getattr(codes, "dtype", None) == np.uint8
        codes = check_named_array(codes, name, dtype=np.uint8 if is_packed else _FLOATS)
        width = self._n_packed if is_packed else self.n_features_in_
        if codes.shape[1] != width:
            kind = "packed codes" if is_packed else "codes"
            raise ValueError(f"{name}: {kind} have {width} columns, got {codes.shape[1]}.")
        return codes

    def _decode(self, codes: AnyArray) -> FloatArray:
        """What packed codes stand for, in float32; other codes are that."""
        if codes.dtype != np.uint8:
            return codes
        n_bits = self.n_levels * self._n_bytes
        mean = self._rotated(self.mean_).astype(np.float32)
        planes = codes[:, :n_bits].reshape(len(codes), self.n_levels, self._n_bytes)
        if self.scales_ is None:
            scales = np.ascontiguousarray(codes[:, n_bits:]).view(np.float32)
            values = np.broadcast_to(mean, (len(codes), len(mean))).copy()
            for level in range(self.n_levels):
                bits = np.unpackbits(planes[:, level], axis=1, count=len(mean))
                values += np.where(bits, scales[:, level, None], -scales[:, level, None])
            return values
        # The bits of a coordinate make a number, the first level first; a table has its value.
        numbers: AnyArray = np.zeros((len(codes), len(mean)), np.uint8)
        table = np.zeros(1)
        for level in range(self.n_levels):
            bits = np.unpackbits(planes[:, level], axis=1, count=len(mean))
            numbers = (numbers << 1) | bits
            table = np.add.outer(table, [-self.scales_[level], self.scales_[level]]).ravel()
        return table.astype(np.float32)[numbers] + mean

    @validate_params(
        {
            "X": "no_validation",
            "codes": "no_validation",
            "n_neighbors": [Interval(Integral, 1, None, closed="left")],
            "metric": [StrOptions({"euclidean", "cosine"})],
            "symmetric": ["boolean"],
        },
        prefer_skip_nested_validation=True,
    )
    def kneighbors(
        self,
        X: ArrayLike,
        codes: ArrayLike,
        n_neighbors: int = 5,
        *,
        metric: Literal["euclidean", "cosine"] = "euclidean",
        symmetric: bool = False,
    ) -> tuple[FloatArray, IntArray]:
        """Nearest codes of queries, by an exact search among the codes.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            Queries, not coded.
        codes : array-like of shape (n_codes, n_features) or (n_codes, n_bytes)
            Codes of documents; those of type uint8 are packed ones.
        n_neighbors : int, default=5
            Number of neighbours.
        metric : {"euclidean", "cosine"}, default="euclidean"
            The distance.
        symmetric : bool, default=False
            Whether the queries are coded too, which loses recall: for queries of which only codes
            are left.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors)
            Distances to the codes, in increasing order.
        indices : ndarray of shape (n_queries, n_neighbors)
            Rows of ``codes``.
        """
        queries = self.transform_query(X)
        codes = self._check_codes(codes, "codes")
        if n_neighbors > len(codes):
            raise ValueError(
                f"n_neighbors must be at most the number of codes, {len(codes)}, got {n_neighbors}."
            )
        if symmetric:
            queries = self._decode(self.transform(X))
        distances = np.empty((len(queries), 0))
        indices = np.empty((len(queries), 0), dtype=np.int64)
        for rows in self._blocks(codes):
            found = exact_neighbors(
                queries,
                self._decode(codes[rows]),
                n_neighbors=min(n_neighbors, rows.stop - rows.start),
                metric=metric,
            )
            distances = np.hstack([distances, found[0]])
            indices = np.hstack([indices, found[1] + rows.start])
            nearest = np.argsort(distances, axis=1, kind="stable")[:, :n_neighbors]
            distances = np.take_along_axis(distances, nearest, axis=1)
            indices = np.take_along_axis(indices, nearest, axis=1)
        return distances, indices

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = [] if self.packed else ["float64", "float32"]
        return tags

"""Sparse codes of embeddings, over a dictionary that is learned."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np
from scipy import sparse
from sklearn import get_config
from sklearn.utils import Tags, gen_batches
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sksim.encoders._base import BaseAutoencoder, BaseEncoder
from sksim.encoders._docs import with_shared_parts
from sksim.encoders._scaling import Scaling, by_row_norm
from sksim.utils._arrays import check_named_array, validate_named_data
from sksim.utils._labels import check_labels
from sksim.utils._memory import check_fits
from sksim.utils._sklearn import Interval, StrOptions
from sksim.utils._typing import AnyArray, FloatArray, MatrixLike

__all__ = ["SparseAutoencoder"]

_DTYPES = [np.float64, np.float32]


@with_shared_parts
@dataclass(eq=False, repr=False)
class SparseAutoencoder(BaseAutoencoder):
    r"""Sparse codes: few active units out of many, over a dictionary that is learned.

    A row x is encoded by a dictionary W of h unit rows into a code z of h numbers, of which at
    most k are not zero, and all of these positive. With ``encoder="topk"`` [1]_, [2]_

    .. math:: a = W (x - b) + c, \qquad z = \text{the } k \text{ largest entries of } a
              \text{ where they are positive}, \qquad \hat x = W^T z + b,

    trained by :math:`\lVert x - \hat x_k \rVert^2 + \frac{1}{8} \lVert x - \hat x_{4k} \rVert^2`
    plus ``aux_weight`` times the share of the residual that the most active of the dead units
    leave, units that have been silent for more than 30 steps. With
    ``encoder="matching_pursuit"`` [3]_ units are taken one after the other, each the nearest to
    what is left,

    .. math:: j = \arg\max_j \langle w_j, r \rangle, \quad a = \max(0, \langle w_j, r \rangle),
              \quad z_j \leftarrow z_j + a, \quad r \leftarrow r - a w_j, \qquad r_0 = x,

    trained by :math:`\lVert r_k \rVert^2` through the recursion. ``contrastive_weight`` adds the
    mean of :math:`-\log \frac{e^{s_{ip} / T}}{e^{s_{ip} / T} + 2 \sum_{j: y_j \ne y_i} e^{s_{ij} /
    T}}` over rows i and p of one class, s being the cosines of the codes of a batch; without y each
    row is a class of its own.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_components : int or None, default=None
        Number h of units; None takes 4 n_features.

    {training}

    n_nonzero : int, default=8
        Active units k of a row, all units if there are fewer; or steps of the pursuit, which may
        take a unit twice. It may be changed after the training, by ``set_params``, for codes of
        another length.

    encoder : {"topk", "matching_pursuit"}, default="topk"
        How the units are chosen.

    contrastive_weight : float, default=0.0
        Weight of the contrast.

    temperature : float, default=0.2
        Temperature T of the contrast.

    aux_weight : float, default=0.03125
        Weight of the dead units; only for "topk".

    n_aux : int, default=512
        Dead units that take part, at most.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The dictionary W, its rows of unit length. A code is in the units of the data.

    mean_ : ndarray of shape (n_features,)
        The offset b; zero for the pursuit, which takes the rows as they are.

    encoder_bias_ : ndarray of shape (n_components,)
        The offset c; zero for the pursuit.

    {attributes: ``dead_units``, those that were silent for more than 30 steps, ``unused_units``,
        those that none of these rows uses, and ``fvu``, the fraction of variance unexplained}

    See Also
    --------
    sksim.codes.matching_pursuit : The pursuit over a given dictionary.
    sklearn.decomposition.MiniBatchDictionaryLearning : Dictionaries without a network.
    DenoisingAutoencoder : Short, dense codes.

    Notes
    -----
    Codes of k units hold more of the neighbours than k principal components: see the example on
    sparse codes. A claim that was not seen here: the contrast without labels does not help there,
    so that its weight is 0. The published pursuit normalises its dictionary at the start only, so
    that residuals may grow; here its rows stay of unit length, and they never do. AdamW takes the
    place of the published schedule. On the example of parents and children the units of the
    pursuit lie nearer to the parents, and those of the k largest nearer to the children.

    A pursuit costs k times the time of the k largest. Sparse rows are trained on as dense ones,
    which have to fit into memory, and encoded in blocks. {notes}

    References
    ----------
    .. [1] T. Wen, Y. Wang, Z. Zeng, Z. Peng, Y. Su, X. Liu, B. Chen, H. Liu, S. Jegelka and C. You
           (2025). Beyond Matryoshka: revisiting sparse coding for adaptive representation.
           International Conference on Machine Learning.
    .. [2] L. Gao, T. {Dupré la Tour}, H. Tillman, G. Goh, R. Troll, A. Radford, I. Sutskever,
           J. Leike and J. Wu (2024). Scaling and evaluating sparse autoencoders. arXiv:2406.04093.
    .. [3] V. Costa, T. Fel, E. S. Lubana, B. Tolooshams and D. Ba (2025). From flat to
           hierarchical: extracting sparse representations with matching pursuit. Advances in Neural
           Information Processing Systems.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sksim.encoders import SparseAutoencoder
    >>> X = load_digits().data
    >>> model = SparseAutoencoder(128, n_nonzero=4, max_epochs=3, random_state=0).fit(X)
    >>> codes = model.transform(X)
    >>> codes.shape, int(codes.getnnz(axis=1).max())
    ((1797, 128), 4)
    >>> int(model.set_params(n_nonzero=2).transform(X).getnnz(axis=1).max())
    2
    """

    n_components: int | None = None
    _: KW_ONLY
    max_epochs: int = 10
    lr: float = 4e-3
    n_nonzero: int = 8
    encoder: Literal["topk", "matching_pursuit"] = "topk"
    contrastive_weight: float = 0.0
    temperature: float = 0.2
    aux_weight: float = 1 / 32
    n_aux: int = 512

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseEncoder._parameter_constraints,
        "n_components": [Interval(Integral, 1, None, closed="left"), None],
        "n_nonzero": [Interval(Integral, 1, None, closed="left")],
        "encoder": [StrOptions({"topk", "matching_pursuit"})],
        "contrastive_weight": [Interval(Real, 0, None, closed="left")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "aux_weight": [Interval(Real, 0, None, closed="left")],
        "n_aux": [Interval(Integral, 1, None, closed="left")],
    }

    @property
    def _network_class(self) -> Any:
        from sksim._torch.autoencoder._sparse import PursuitNetwork, TopKNetwork

        return TopKNetwork if self.encoder == "topk" else PursuitNetwork

    def _structure(self, n_features: int, likelihood: str) -> dict[str, Any]:
        n_units = 4 * n_features if self.n_components is None else self.n_components
        check_fits(
            16.0 * n_units * n_features,  # weights, gradients and two moments in float32
            f"Training a dictionary of {n_units} units of {n_features} features",
            "Use fewer n_components.",
        )
        return {"n_features": n_features, "n_components": n_units}

    def _settings(self) -> dict[str, Any]:
        names = ["n_nonzero", "contrastive_weight", "temperature"]
        names += ["aux_weight", "n_aux"] if self.encoder == "topk" else []
        return {name: getattr(self, name) for name in names}

    def _scale(self, rows: FloatArray, known: str | None) -> Scaling:
        return by_row_norm(rows, centered=self.encoder == "topk")

    def _targets(self, rows: FloatArray, y: Any) -> AnyArray | None:
        """A number for the class of each row, or each a class of its own."""
        if self.contrastive_weight == 0:
            return None
        if y is None:
            return np.arange(len(rows))
        y = check_labels(y, "y")
        check_consistent_length(rows, y)
        check_classification_targets(y)
        return np.unique(y, return_inverse=True)[1]

    def _checked_rows(self, X: MatrixLike, *, reset: bool) -> Any:
        return validate_named_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr",
            dtype=_DTYPES,
            ensure_min_samples=2 if reset else 1,
        )

    def _validate_rows(self, X: MatrixLike, *, reset: bool) -> FloatArray:
        rows = self._checked_rows(X, reset=reset)
        if not sparse.issparse(rows):
            return rows
        check_fits(
            24.0 * math.prod(rows.shape),  # as they are, and in the units of the network
            f"The dense form of sparse rows of shape {rows.shape}",
            "Use fewer rows, or project the features, such as by TruncatedSVD.",
        )
        return rows.toarray()

    def _n_block_rows(self) -> int:
        # What is held of a row: activations, their ranks, codes and what makes them.
        fitting = get_config()["working_memory"] * 2**20 / (40 * self.net_.module_.n_components)
        return max(1, min(super()._n_block_rows(), int(fitting)))

    def transform(self, X: MatrixLike) -> sparse.csr_matrix:
        """Encode the rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The data.

        Returns
        -------
        codes : csr_matrix of shape (n_samples, n_components)
            At most ``n_nonzero`` positive entries a row, in the units of the data and the
            floating type of X, columns sorted. Row i depends on row i only.
        """
        check_is_fitted(self, "net_")
        rows = self._checked_rows(X, reset=False)
        blocks = []
        for block in gen_batches(rows.shape[0], self._n_block_rows()):
            part = rows[block].toarray() if sparse.issparse(rows) else rows[block]
            x = self._data.to_network(part)
            blocks.append(sparse.csr_matrix(self._infer(lambda model, x: model.encode(x), x)))
        codes = sparse.vstack(blocks, format="csr")
        codes.data *= self.scale_[0]
        return codes.astype(rows.dtype, copy=False)

    def inverse_transform(self, Z: MatrixLike) -> FloatArray:
        """Decode codes: ``Z @ components_ + mean_``.

        Parameters
        ----------
        Z : {array-like, sparse matrix} of shape (n_samples, n_components)
            Codes.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
            The reconstructed rows, in the floating type of Z.

        Raises
        ------
        ValueError
            If Z has another number of columns than there are units.
        """
        check_is_fitted(self, "net_")
        codes = check_named_array(Z, "Z", dtype=_DTYPES, accept_sparse="csr")
        if codes.shape[1] != len(self.components_):
            raise ValueError(
                f"Z must hold codes, with {len(self.components_)} columns, got {codes.shape[1]}."
            )
        return (codes @ self.components_ + self.mean_).astype(codes.dtype)

    @property
    def components_(self) -> FloatArray:
        """The dictionary, its rows of unit length."""
        check_is_fitted(self, "net_")
        W = self.net_.module_.dictionary.detach().cpu().numpy().astype(np.float64)
        return W / np.maximum(np.linalg.norm(W, axis=1, keepdims=True), 1e-12)

    @property
    def mean_(self) -> FloatArray:
        """The offset of the rows."""
        check_is_fitted(self, "net_")
        offset = getattr(self.net_.module_, "offset", None)
        if offset is None:
            return self.loc_
        return self._data.to_rows(offset.detach().cpu().numpy().astype(np.float64))

    @property
    def encoder_bias_(self) -> FloatArray:
        """The offset of the products."""
        check_is_fitted(self, "net_")
        bias = getattr(self.net_.module_, "bias", None)
        if bias is None:
            return np.zeros(len(self.components_))
        return bias.detach().cpu().numpy().astype(np.float64) * self.scale_[0]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

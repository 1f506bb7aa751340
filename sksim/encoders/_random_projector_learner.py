"""Learning from the outputs of random networks (LFR)."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from dataclasses import KW_ONLY, dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Literal

import numpy as np

from sksim.encoders._base import BaseEncoder
from sksim.encoders._docs import with_shared_parts
from sksim.encoders._scaling import Scaling, by_feature
from sksim.utils._diverse import greedy_diverse_subset
from sksim.utils._networks import layer_sizes
from sksim.utils._sklearn import Interval, StrOptions
from sksim.utils._typing import FloatArray, IntArray

__all__ = ["RandomProjectorLearner"]

_KERNEL_ROWS = 500


@with_shared_parts
@dataclass(eq=False, repr=False)
class RandomProjectorLearner(BaseEncoder):
    r"""Encoder that is trained to predict the outputs of random networks (LFR).

    Of ``n_projectors`` times ``selection_ratio`` random networks, those N are kept [1]_ whose
    matrices of cosines, of up to 500 training rows, differ most: a greedy maximum of the
    determinant of their kernel [2]_. An encoder f and a small predictor :math:`h_i` for each random
    network :math:`g_i` minimise

    .. math:: \frac{1}{N} \sum_{i} \Big[ \sum_{r} (C^i_{rr} - 1)^2 + \lambda \sum_{r \ne s}
              (C^i_{rs})^2 \Big], \qquad C^i_{rs} = \cos(h_i(f(x_r)), g_i(x_s)),

    over the rows r and s of a batch, divided by their number: Barlow Twins [3]_ with the batch in
    the place of the features. No decoder and no augmented views are needed; only f is kept.

    .. versionadded:: 0.1

    Parameters
    ----------
    n_components : int, default=64
        Width of the representation and of the outputs of the random networks.

    {training}

    n_projectors : int, default=6
        Number N of random networks.

    selection_ratio : int, default=10
        Candidates for each of them; 1 takes them as they are drawn.

    hidden_layer_sizes : tuple of int, default=(128, 128)
        Widths of the hidden layers of the encoder and of the random networks.

    predictor : {"linear", "mlp"}, default="linear"
        The predictors, the latter with one hidden layer.

    off_diagonal_weight : float, default=0.01
        Weight :math:`\lambda` of the cosines of different rows.

    Attributes
    ----------
    projector_indices_ : ndarray of int of shape (n_projectors,)
        Which of the candidates were kept, in the order of the choice.

    {attributes: ``effective_rank`` of the representation, which falls to 1 when it collapses, and
        ``agreement``, the mean cosine of prediction and target}

    See Also
    --------
    DenoisingAutoencoder : Trained by reconstruction.
    sksim.preprocessing.RelativeRepresentation : Similarities with anchors, without training.

    Notes
    -----
    The published gain over other self-supervised methods was not seen here: on digits it beats the
    same encoder without training, and neither the raw columns nor an autoencoder; the example has
    the figures of three seeds.

    A step takes the time of N small forward passes beside the encoder's; the choice takes that of
    N selection_ratio of them on 500 rows, and the product of each two outputs. {notes}

    References
    ----------
    .. [1] Y. Sui, T. Wu, J. C. Cresswell, G. Wu, G. Stein, X. S. Huang, X. Zhang and M. Volkovs
           (2024). Self-supervised representation learning from random data projectors.
           International Conference on Learning Representations.
    .. [2] L. Chen, G. Zhang and H. Zhou (2018). Fast greedy MAP inference for determinantal point
           process to improve recommendation diversity. Advances in Neural Information Processing
           Systems.
    .. [3] J. Zbontar, L. Jing, I. Misra, Y. {LeCun} and S. Deny (2021). Barlow twins:
           self-supervised learning via redundancy reduction. International Conference on Machine
           Learning.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sksim.encoders import RandomProjectorLearner
    >>> X = load_digits().data
    >>> model = RandomProjectorLearner(16, max_epochs=2, random_state=0).fit(X)
    >>> model.transform(X).shape, len(model.projector_indices_)
    ((1797, 16), 6)
    """

    n_components: int | None = 64
    _: KW_ONLY
    n_projectors: int = 6
    selection_ratio: int = 10
    hidden_layer_sizes: tuple[int, ...] = (128, 128)
    predictor: Literal["linear", "mlp"] = "linear"
    off_diagonal_weight: float = 0.01

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **BaseEncoder._parameter_constraints,
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "n_projectors": [Interval(Integral, 1, None, closed="left")],
        "selection_ratio": [Interval(Integral, 1, None, closed="left")],
        "hidden_layer_sizes": [tuple, list],
        "predictor": [StrOptions({"linear", "mlp"})],
        "off_diagonal_weight": [Interval(Real, 0, None, closed="left")],
    }

    @property
    def _network_class(self) -> Any:
        from sksim._torch.autoencoder._random_projectors import ProjectorNetwork

        return ProjectorNetwork

    def _structure(self, n_features: int, likelihood: str) -> dict[str, Any]:
        return {
            "n_features": n_features,
            "n_components": self.n_components,
            "hidden": layer_sizes(self.hidden_layer_sizes),
            "n_projectors": self.n_projectors,
            "predictor": self.predictor,
        }

    def _settings(self) -> dict[str, Any]:
        return {"off_diagonal_weight": self.off_diagonal_weight}

    def _scale(self, rows: FloatArray, known: str | None) -> Scaling:
        return by_feature(rows)

    def _prepare(self, x: FloatArray) -> None:
        super()._prepare(x)
        if self.selection_ratio == 1:
            return
        from sksim._torch.autoencoder._random_projectors import choose_projectors

        rows = np.linspace(0, len(x) - 1, min(len(x), _KERNEL_ROWS)).astype(int)
        n_candidates = self.n_projectors * self.selection_ratio
        choose_projectors(self.net_.module_, x[rows], n_candidates, greedy_diverse_subset)

    @property
    def projector_indices_(self) -> IntArray:
        """Which of the candidates were kept."""
        return self.net_.module_.chosen.cpu().numpy()

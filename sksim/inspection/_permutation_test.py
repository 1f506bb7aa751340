"""Is a similarity more than chance? The scores of permuted rows, and the observed one."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from sksim.inspection._display import Display
from sksim.inspection._docs import with_shared_entries
from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import get_measure
from sksim.metrics.similarity._chance import permutation_test_similarity
from sksim.utils._arrays import check_named_array
from sksim.utils._typing import ArrayLike, RandomState

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PermutationTestDisplay"]


@with_shared_entries
class PermutationTestDisplay(Display):
    """Histogram of the scores of permuted rows, with the observed score.

    How far is the similarity of two representations from what it would be if their rows were
    paired at random? The histogram is that chance level, the line the score of the true pairing,
    with its p-value.

    It is recommended to use :meth:`from_test` or :meth:`from_representations`.

    .. versionadded:: 0.1

    Parameters
    ----------
    null_scores : array-like of shape (n_permutations,)
        Scores of permuted rows.
    score : float
        The observed score.
    pvalue : float
        The p-value of the score.
    score_name : str, default="score"
        Label of the axis of the scores.
    name : str, default=None
        Title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the histogram.
    figure_ : matplotlib Figure
        Figure containing it.
    bars_ : matplotlib BarContainer
        The histogram.
    line_ : matplotlib Artist
        The observed score.

    See Also
    --------
    sksim.metrics.permutation_test_similarity : The test.
    SimilarityMatrixDisplay : Similarities of many representations.

    Notes
    -----
    The smallest p-value is 1 / (1 + n_permutations), however far away the line is [1]_.

    References
    ----------
    .. [1] B. Phipson and G. K. Smyth (2010). Permutation P-values should never be zero: calculating
           exact P-values when permutations are randomly drawn. Statistical Applications in Genetics
           and Molecular Biology 9.

    Examples
    --------
    >>> from sksim.datasets import load_encoder_layers
    >>> from sksim.inspection import PermutationTestDisplay
    >>> data = load_encoder_layers()
    >>> display = PermutationTestDisplay.from_representations(
    ...     data.layer6, data.lsa, "mutual_knn", n_permutations=99, random_state=0
    ... )
    >>> display.pvalue
    0.01
    """

    def __init__(
        self,
        null_scores: ArrayLike,
        score: float,
        pvalue: float,
        *,
        score_name: str = "score",
        name: str | None = None,
    ) -> None:
        self.null_scores = null_scores
        self.score = score
        self.pvalue = pvalue
        self.score_name = score_name
        self.name = name

    @classmethod
    def from_test(
        cls,
        test: tuple[float, ArrayLike, float],
        *,
        score_name: str = "score",
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Draw the result of a permutation test.

        Parameters
        ----------
        test : tuple (score, null_scores, pvalue)
            As of :func:`sksim.metrics.permutation_test_similarity`, or of
            :func:`sklearn.model_selection.permutation_test_score`.
        {score_name}
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        score, null_scores, pvalue = test
        return cls(null_scores, score, pvalue, score_name=score_name, name=name).plot(ax, **style)

    @classmethod
    def from_representations(
        cls,
        X: ArrayLike,
        Y: ArrayLike,
        metric: str | Callable[..., float] = "cka",
        *,
        n_permutations: int = 1000,
        random_state: RandomState = None,
        name: str | None = None,
        ax: "Axes | None" = None,
        **style: Any,
    ) -> Self:
        """Test the similarity of two representations and draw the result.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features_x)
            First representation.
        Y : array-like of shape (n_samples, n_features_y)
            Second representation of the same samples, row by row.
        metric : str or callable, default="cka"
            The measure, see :func:`sksim.metrics.permutation_test_similarity`.
        n_permutations : int, default=1000
            Number of permutations.
        random_state : int, RandomState instance or None, default=None
            Source of the permutations.
        {name}
        {ax}
        {style}

        Returns
        -------
        {display}
        """
        test = permutation_test_similarity(
            X, Y, metric, n_permutations=n_permutations, random_state=random_state
        )
        score_name = get_measure(metric, PairedMeasure, parameter="metric").name
        return cls.from_test(test, score_name=score_name, name=name, ax=ax, **style)

    def plot(self, ax: "Axes | None" = None, *, name: str | None = None, **style: Any) -> Self:
        """Draw the histogram and the score.

        Parameters
        ----------
        {ax}
        name : str, default=None
            Title; None is that of the constructor.
        **style : dict
            Keywords of matplotlib's ``hist``, such as ``bins``.

        Returns
        -------
        display : PermutationTestDisplay
            The display itself.
        """
        null_scores = check_named_array(
            self.null_scores, "null_scores", dtype=np.float64, ensure_2d=False
        )
        name = self._start(ax, name)
        options = {"bins": 30, "color": "0.6", "label": "rows permuted"} | style
        _, _, self.bars_ = self.ax_.hist(null_scores, **options)
        label = f"observed, p = {self.pvalue:.2g}"
        self.line_ = self.ax_.axvline(self.score, color="C3", label=label)
        self.ax_.set(xlabel=self.score_name, ylabel="permutations")
        if name is not None:
            self.ax_.set_title(name)
        self.ax_.legend()
        return self

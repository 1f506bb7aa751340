"""Hubness as a scorer for model selection: less hubness scores higher."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from sksim.metrics._chance_counts import SearchShape
from sksim.metrics._measure import OccurrenceMeasure
from sksim.metrics._registry import get_measure
from sksim.metrics.occurrence._hubness import hubness_of_counts
from sksim.metrics.occurrence._slots import SlotStream, neighbor_slots, reduced_graph_slots, tally
from sksim.utils._graph import dense_to_graph, graph_from_neighbors
from sksim.utils._sklearn import Interval, validate_params

__all__ = ["HubnessScorer", "estimator_occurrence", "make_hubness_scorer"]


def _searches(step, has_front: bool) -> bool:
    """Whether an estimator looks neighbours up among the samples that it was fitted on.

    With precomputed distances it only sorts what the step in front found, if there is one, unless
    it reduces their hubness.
    """
    is_given = getattr(step, "metric", None) == "precomputed" and has_front
    return hasattr(step, "kneighbors") and (not is_given or hasattr(step, "reduction_"))


def _passes_through(step) -> bool:
    return step is None or isinstance(step, str)


def _split_steps(estimator):
    """Steps that transform X, and the last step if that searches neighbours (else None)."""
    if not isinstance(estimator, Pipeline):
        estimator = Pipeline([("estimator", estimator)])
    front, last = estimator[:-1], estimator[-1]
    if _searches(last, has_front=len(front) > 0):
        return front, last
    if hasattr(last, "transform") or _passes_through(last):
        return estimator, None
    if len(front) == 0:
        raise TypeError(
            "A hubness scorer needs an estimator with transform or kneighbors, or a Pipeline "
            f"with such a step before the last, got {type(last).__name__}."
        )
    return _split_steps(front)


def _gives_graph(front: Pipeline, Z) -> bool:
    """Whether a pipeline's output holds distances to the samples it was fitted on."""
    steps = [step for _, step in front.steps if not _passes_through(step)]
    if not steps:
        return False
    if sparse.issparse(Z) and getattr(steps[-1], "n_samples_fit_", None) == Z.shape[1]:
        return True
    tags = get_tags(steps[-1]).input_tags
    return tags.pairwise and tags.positive_only


def _searched_graph(step, Z, n_neighbors: int):
    """Graph of the index's nearest neighbours, one more for the sample itself."""
    n_indexed = step.n_samples_fit_
    if n_neighbors > n_indexed:
        raise ValueError(
            f"n_neighbors={n_neighbors} of the scorer must be at most the number of indexed "
            f"samples, got {n_indexed}."
        )
    distances, indices = step.kneighbors(Z, n_neighbors=min(n_neighbors + 1, n_indexed))
    return graph_from_neighbors(distances, indices, n_indexed)


def _estimator_slots(estimator, X, n_neighbors: int) -> SlotStream:
    front, search = _split_steps(getattr(estimator, "best_estimator_", estimator))
    Z = front.transform(X) if len(front) else X
    if search is not None:
        return reduced_graph_slots(_searched_graph(search, Z, n_neighbors), n_neighbors)
    if not _gives_graph(front, Z):
        return neighbor_slots(Z, n_neighbors=n_neighbors)
    graph = Z if sparse.issparse(Z) else dense_to_graph(Z)
    return reduced_graph_slots(graph, n_neighbors)


def estimator_occurrence(estimator, X, *, n_neighbors: int) -> tuple[np.ndarray, SearchShape]:
    """Occurrence as a fitted estimator makes it on X, and the shape of that search.

    See :func:`make_hubness_scorer` for what the queries and the index are.
    """
    stream = _estimator_slots(estimator, X, n_neighbors)
    occurrence, _ = tally(stream)
    return occurrence, SearchShape(stream.n_queries, stream.n_indexed, n_neighbors)


class HubnessScorer:
    """Callable ``scorer(estimator, X, y=None)``; made by :func:`make_hubness_scorer`."""

    def __init__(self, measure, *, n_neighbors, adjusted):
        self.measure = measure
        self.n_neighbors = n_neighbors
        self.adjusted = adjusted

    def __call__(self, estimator, X, y=None) -> float:
        """Score a fitted estimator on X; y is ignored."""
        occurrence, shape = estimator_occurrence(estimator, X, n_neighbors=self.n_neighbors)
        measure = get_measure(self.measure, OccurrenceMeasure)
        hubness = hubness_of_counts(measure, occurrence, shape, adjusted=self.adjusted)
        return hubness if measure.greater_is_better else -hubness

    def __repr__(self) -> str:
        return (
            f"make_hubness_scorer({self.measure!r}, n_neighbors={self.n_neighbors}, "
            f"adjusted={self.adjusted})"
        )


@validate_params(
    {
        "measure": [str],
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "adjusted": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_hubness_scorer(
    measure: str = "k_skewness", *, n_neighbors: int = 10, adjusted: bool = True
) -> HubnessScorer:
    """Make a scorer that ranks estimators by hubness, the less the better.

    The scorer returns minus the hubness of the space that the fitted estimator searches, so
    that a larger score is better; with ``adjusted=True`` it is 0 at chance. What is measured
    depends on the estimator; of a Pipeline, on its last step, or where that neither
    transforms nor searches vectors (a classifier on a precomputed graph), on the step before.

    ==============================  =======================================================
    has ``kneighbors``, or          occurrence of the fitted samples among the neighbours
    is of ``sksim.neighbors``       of the rows of X, as the estimator finds them
    transforms into a graph         the same, from the rows of the graph
    transforms into vectors         occurrence of the transformed rows of X among each
                                    other, Euclidean distance, each sample itself left out
    ==============================  =======================================================

    In the first two cases a held-out X gives out-of-sample hubness of the training samples. A
    query at distance zero from an indexed sample counts as this sample, and is not counted
    as its neighbour: the score of the training data is that of the samples among themselves.

    .. versionadded:: 0.1

    Parameters
    ----------
    measure : str, default="k_skewness"
        Name of a measure, as for :func:`hubness_score`.
    n_neighbors : int, default=10
        Number of neighbours, the sample itself not counted.
    adjusted : bool, default=True
        Whether to score the excess over chance. Folds of other sizes have other chance
        levels, so that only adjusted scores compare.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y=None) -> float``. It can be pickled, and used wherever
        scikit-learn takes ``scoring``, also beside others in a dict.

    Raises
    ------
    ValueError
        If the measure is unknown; when called, if a graph has fewer than ``n_neighbors``
        neighbours in a row.
    TypeError
        When called with an estimator that neither transforms nor searches.

    See Also
    --------
    get_scorer : Scorers by name, such as "neg_k_skewness".
    hubness_score : The measure itself.

    Notes
    -----
    A graph must hold at least ``n_neighbors`` neighbours in each row, so give the neighbour
    transformer in front a larger ``n_neighbors`` than the classifier behind it. Time and
    memory are those of one transform, or one search, of X.

    References
    ----------
    .. [1] M. Radovanović, A. Nanopoulos and M. Ivanović (2010). Hubs in space: popular nearest
           neighbors in high-dimensional data. Journal of Machine Learning Research 11.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from sklearn.pipeline import Pipeline
    >>> from sklearn.preprocessing import Normalizer
    >>> from sksim.datasets import make_gaussian_hubs
    >>> from sksim.metrics import make_hubness_scorer
    >>> X, y = make_gaussian_hubs(300, 100, random_state=0)
    >>> pipeline = Pipeline([("scale", Normalizer()), ("knn", KNeighborsClassifier())])
    >>> scoring = {"accuracy": "accuracy", "hubness": make_hubness_scorer()}
    >>> grid = {"scale": ["passthrough", Normalizer()]}
    >>> search = GridSearchCV(pipeline, grid, scoring=scoring, refit="hubness", cv=3).fit(X, y)
    >>> search.best_params_
    {'scale': Normalizer()}
    """
    get_measure(measure, OccurrenceMeasure)
    return HubnessScorer(measure, n_neighbors=n_neighbors, adjusted=adjusted)

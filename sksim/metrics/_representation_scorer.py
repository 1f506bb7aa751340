"""Similarity and quality of representations as scorers for model selection."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import copy
import inspect
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

from sklearn.utils.metadata_routing import MetadataRequest
from sklearn.utils.validation import check_is_fitted

from sksim.metrics._measure import function_name
from sksim.metrics._registry import (
    GREATER_SUFFIXES,
    LESS_SUFFIXES,
    greater_is_better,
)
from sksim.utils._sklearn import validate_params

__all__ = ["RepresentationScorer", "make_representation_scorer"]


def _sign(function: Callable) -> int:
    """+1 where a greater value is better, -1 where a smaller one is."""
    greater = greater_is_better(function)
    if greater is None:
        raise ValueError(
            f"The name of score_func must tell what is better, got {function_name(function)!r}: "
            f"end it in one of {GREATER_SUFFIXES} if greater values are better, in one of "
            f"{LESS_SUFFIXES} if smaller ones are."
        )
    return 1 if greater else -1


def _count_arrays(function: Callable) -> int:
    """Number of arrays a function takes: its positional parameters without a default."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return sum(p.kind in kinds and p.default is p.empty for p in parameters)


def _response(estimator, methods: tuple[str, ...], X):
    """Output of the first of the methods that the estimator has."""
    for method in methods:
        if hasattr(estimator, method):
            return getattr(estimator, method)(X)
    raise TypeError(
        f"The estimator must have one of the methods {list(methods)}, got "
        f"{type(estimator).__name__}."
    )


class RepresentationScorer:
    """Callable ``scorer(estimator, X, y=None)``; made by :func:`make_representation_scorer`."""

    def __init__(self, score_func, *, reference, response_method, kwargs):
        self.score_func = score_func
        self.reference = reference
        self.response_method = response_method
        self.kwargs = kwargs
        self._sign = _sign(score_func)
        self._n_arrays = _count_arrays(score_func)
        self._request = None

    def _arrays(self, estimator, X, y) -> list:
        """What the function compares: the output, and what it is compared with."""
        arrays = [_response(estimator, self.response_method, X)]
        if self.reference is not None:
            arrays.append(_response(self.reference, self.response_method, X))
            return [y, *arrays] if self._n_arrays == 3 else arrays
        if self._n_arrays == 1:
            return arrays
        if y is None:
            raise ValueError(
                f"{function_name(self.score_func)} compares two representations: y must be the "
                "reference representation, got None. Pass it as y, or a fitted estimator as "
                "reference."
            )
        return [*arrays, y]

    def __call__(self, estimator, X, y=None, **metadata) -> float:
        """Score the representation that a fitted estimator makes of X."""
        arrays = self._arrays(estimator, X, y)
        value = self.score_func(*arrays, **{**self.kwargs, **metadata})
        if not isinstance(value, Real):
            raise TypeError(
                f"score_func must return one number, {function_name(self.score_func)} returned "
                f"{type(value).__name__}."
            )
        return self._sign * float(value)

    def set_score_request(self, **requests):
        """Request metadata, which is passed to the function as keywords.

        Parameters
        ----------
        **requests : bool or str
            Name of the metadata, such as ``sample_weight=True``; a string is an alias.

        Returns
        -------
        self : RepresentationScorer
            The scorer.
        """
        self._request = MetadataRequest(owner=repr(self))
        for name, alias in requests.items():
            self._request.score.add_request(param=name, alias=alias)
        return self

    def get_metadata_routing(self) -> MetadataRequest:
        """Metadata that the scorer requests, see scikit-learn's guide on metadata routing.

        Returns
        -------
        request : MetadataRequest
            Nothing unless :meth:`set_score_request` was called.
        """
        return copy.deepcopy(self._request or MetadataRequest(owner=repr(self)))

    def __repr__(self) -> str:
        options = dict(self.kwargs)
        if self.reference is not None:
            options = {"reference": self.reference, **options}
        text = "".join(f", {name}={value!r}" for name, value in options.items())
        return f"make_representation_scorer({function_name(self.score_func)}{text})"


def _check_use(score_func, reference, kwargs) -> None:
    n_arrays = _count_arrays(score_func)
    name = function_name(score_func)
    if reference is None and n_arrays == 3:
        raise ValueError(f"{name} compares the predictions of two models: a reference is needed.")
    if reference is not None and n_arrays == 1:
        raise ValueError(f"{name} looks at one representation: it takes no reference.")
    if n_arrays not in (1, 2, 3):
        raise ValueError(
            f"score_func must take 1, 2 or 3 arrays, {name} takes {n_arrays} positional "
            "parameters without default."
        )
    inspect.signature(score_func).bind_partial(**kwargs)
    if hasattr(reference, "fit"):
        check_is_fitted(reference)


@validate_params(
    {"score_func": [callable], "response_method": [str, tuple, list]},
    prefer_skip_nested_validation=True,
)
def make_representation_scorer(
    score_func: Callable[..., float],
    *,
    reference: Any = None,
    response_method: str | Sequence[str] = ("transform", "predict"),
    **kwargs: Any,
) -> RepresentationScorer:
    """Make a scorer from a function that judges or compares representations.

    The representation is what the fitted estimator makes of X. What it is compared with:

    ==================  =========================  ==========================================
    ``reference``       arrays of the function     call
    ==================  =========================  ==========================================
    None                one, such as isoscore      ``score_func(output)``
    None                two, such as cka_score     ``score_func(output, y)``: y is the
                                                   reference representation
    a fitted estimator  two                        ``score_func(output, reference_output)``
    a fitted estimator  three, such as             ``score_func(y, output, reference_output)``
                        error_consistency_score
    ==================  =========================  ==========================================

    The sign comes from the name of the function, so that a greater score is better: names in
    ``_score`` and ``_similarity`` count as they are; names in ``_distance``, ``_divergence``,
    ``_error`` and ``_loss`` are negated; the functions of :mod:`sksim.metrics` with other names
    are known. Other names raise.

    .. versionadded:: 0.1

    Parameters
    ----------
    score_func : callable
        A function of one, two or three arrays that returns a number.
    reference : fitted estimator, default=None
        Model to compare with, on the same X; y stays free for the task, so that accuracy and
        similarity can be scored together.
    response_method : str or sequence of str, default=("transform", "predict")
        Methods that give the output of the estimator, and of the reference; the first one that
        each of them has is called.
    **kwargs : dict
        Parameters of the function.

    Returns
    -------
    scorer : callable
        ``scorer(estimator, X, y=None) -> float``. It can be pickled if the function can, and is
        used wherever scikit-learn takes ``scoring``, also beside others in a dict.

    Raises
    ------
    ValueError
        If the name of the function does not tell the direction, the number of arrays does not
        fit the use, or, when called, y is needed and None.
    TypeError
        If the function has no such parameters; when called, if the estimator has none of the
        methods or the function returns no number.

    See Also
    --------
    get_scorer : Scorers by name, such as "cka" or "isoscore".
    make_hubness_scorer : Hubness of the space that an estimator searches.

    Notes
    -----
    Values of most measures depend on the number of samples: compare scores within one ``cv``
    only, and keep the test folds larger than what the measure needs (4 samples for the unbiased
    ones, more than n_neighbors for the neighbour measures). With metadata routing enabled,
    ``scorer.set_score_request(sample_weight=True)`` passes metadata on to the function.
    Time and memory are those of the outputs and of ``score_func``.

    References
    ----------
    .. [1] S. Kornblith, M. Norouzi, H. Lee and G. Hinton (2019). Similarity of neural network
           representations revisited. International Conference on Machine Learning.

    Examples
    --------
    Which number of components keeps the geometry of the full data best?

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.decomposition import PCA
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sksim.metrics import cka_score, make_representation_scorer
    >>> X, _ = load_iris(return_X_y=True)
    >>> scorer = make_representation_scorer(cka_score)
    >>> search = GridSearchCV(PCA(), {"n_components": [1, 2]}, scoring=scorer).fit(X, X)
    >>> search.best_params_
    {'n_components': 2}
    """
    _check_use(score_func, reference, kwargs)
    methods = (response_method,) if isinstance(response_method, str) else tuple(response_method)
    return RepresentationScorer(
        score_func, reference=reference, response_method=methods, kwargs=kwargs
    )

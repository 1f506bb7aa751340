"""Similarity of the layers of two networks, from one pass over the samples."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import functools
import inspect
from collections.abc import Callable, Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sksim.metrics._measure import PairedMeasure
from sksim.metrics._registry import all_measures, get_measure
from sksim.metrics._similarity_accumulator import Axes, SimilarityAccumulator, axes_of
from sksim.metrics._validation import check_value
from sksim.metrics.similarity._pair_sums import PairSums
from sksim.metrics.similarity._pairwise import SimilarityMatrix
from sksim.utils._arrays import naming
from sksim.utils._names import unknown_name_error
from sksim.utils._optional import import_optional
from sksim.utils._sklearn import Interval, validate_params

if TYPE_CHECKING:
    from sksim._torch.layers._stream import LayerStream

__all__ = ["layer_similarity"]


class _Layer:
    """What the comparisons of one layer share: its centred sums and its principal axes."""

    def __init__(self, label: str, network: str, sums: PairSums, rounding: float) -> None:
        self.label = label
        self.rounding = rounding
        with np.errstate(over="ignore", invalid="ignore"):
            self.centered = _at_zero(sums.centered())
        if not np.isfinite(sums.ab + self.centered.ab):
            raise ValueError(
                f"Layer {label!r} of {network} has activations that are NaN, infinite or too "
                "large for sums of their fourth powers."
            )
        if self.centered.a <= sums.n * np.finfo(np.float64).eps * sums.a:
            raise ValueError(
                f"Layer {label!r} of {network} is constant: its activations are equal for all "
                f"{sums.n} samples."
            )

    @functools.cached_property
    def axes(self) -> Axes:
        return axes_of(self.centered.xy, self.rounding)


def _at_zero(sums: PairSums) -> PairSums:
    """Centred sums, without the rounding that is left of the means."""
    return sums._replace(x=np.zeros_like(sums.x), y=np.zeros_like(sums.y))


class _PairOfLayers(SimilarityAccumulator):
    """The accumulator of two layers, with what their other comparisons share."""

    def __init__(self, x: _Layer, y: _Layer, sums: PairSums) -> None:
        super().__init__()
        self._layers = x, y
        self._shift, self._units = (sums.x / sums.n, sums.y / sums.n), (1.0, 1.0)
        self._sums = x.centered, y.centered, _at_zero(sums.centered())

    def _axes(self, side: str) -> Axes:
        return self._layers["xy".index(side)].axes

    def _arrays(self) -> tuple[np.ndarray, np.ndarray]:
        if self._layers[0] is not self._layers[1]:
            return super()._arrays()
        X = self._one_side("x")
        return X, X  # so that a layer is at distance zero from itself, without rounding


class _Streamed(NamedTuple):
    """A measure that the sums determine, and whether it is symmetric."""

    of: Callable[[SimilarityAccumulator], float]
    symmetric: bool


def _method(measure: PairedMeasure) -> Callable[[SimilarityAccumulator], float] | None:
    """The method of the accumulator that has the measure in this form, None if none does."""
    method = getattr(SimilarityAccumulator, measure.function.__name__, None)
    if method is None or all(measure.function is not one.function for one in all_measures()):
        return None
    defaults = inspect.signature(measure.function).parameters
    params = {k: v for k, v in measure.params.items() if v != defaults[k].default}
    try:
        inspect.signature(method).bind(None, **params)
    except TypeError:
        return None
    return functools.partial(method, **params)


def _streamed(metric: str | Callable[..., float]) -> _Streamed:
    if metric == "linear_r2":
        return _Streamed(SimilarityAccumulator.linear_r2, symmetric=False)
    measure = get_measure(metric, PairedMeasure, parameter="metric")
    method = _method(measure)
    if method is None:
        names = [one.name for one in all_measures(PairedMeasure) if _method(one) is not None]
        error = unknown_name_error("metric", measure.name, [*names, "linear_r2"])
        error.add_note(
            "Other measures need all activations at once: sksim.inspection.collect_activations, "
            "then sksim.metrics.cross_similarity."
        )
        raise error
    return _Streamed(method, measure.symmetric)


def _compare_all(stream: "LayerStream", measure: _Streamed) -> np.ndarray:
    """The measure of all pairs; one network with itself, in both orders at once if symmetric."""

    def sums(i: int, j: int) -> PairSums:
        n, numbers = stream.sums.pair(i, j)
        return PairSums(n, *numbers)

    def side(labels: list[str], network: str, first: int) -> list[_Layer]:
        rounding = stream.sums.rounding[first:]
        return [
            _Layer(label, network, sums(first + k, first + k), rounding[k])
            for k, label in enumerate(labels)
        ]

    n_a, n_b = len(stream.labels_a), len(stream.labels_b)
    first = 0 if stream.mirrored else n_a
    a = side(stream.labels_a, "module_a", 0)
    b = a if stream.mirrored else side(stream.labels_b, "module_b", first)
    values = np.empty((n_a, n_b))
    for i, j in np.ndindex(n_a, n_b):
        if stream.mirrored and i > j:
            if measure.symmetric:
                values[i, j] = values[j, i]
                continue
            pair = sums(j, i).swapped()
        else:
            pair = sums(i, first + j)
        with naming(f"Layers {a[i].label!r} and {b[j].label!r}"):
            values[i, j] = check_value(measure.of(_PairOfLayers(a[i], b[j], pair)))
    return values


@validate_params(
    {"batch_size": [Interval(Integral, 1, None, closed="left")], "device": [str, None]},
    prefer_skip_nested_validation=True,
)
def layer_similarity(
    module_a: Any,
    module_b: Any,
    X: Any,
    metric: str | Callable[..., float] = "cka",
    *,
    layers_a: Iterable[str] | None = None,
    layers_b: Iterable[str] | None = None,
    pool: str | Callable[..., Any] = "auto",
    batch_size: int = 256,
    device: str | None = None,
) -> SimilarityMatrix:
    r"""Similarity of each layer of one network with each of another, for the same inputs.

    Batches go through both networks, and sums of products of the activations
    :math:`x^{(i)}, y^{(j)}` of all layers,

    .. math:: \sum x^{(i)}, \quad \sum x^{(i)} x^{(i)\top}, \quad \sum x^{(i)} y^{(j)\top}, \quad
        \sum |x^{(i)}|^2 |y^{(j)}|^2, \quad \sum |x^{(i)}|^2 y^{(j)}, \ldots

    remain. They determine the measure by which layers are compared [1]_ for all samples at once: it
    is not a mean over batches, and does not depend on how the samples are split into them.

    .. versionadded:: 0.1

    Parameters
    ----------
    module_a : torch.nn.Module
        The first network.
    module_b : torch.nn.Module
        The second network, which takes the same inputs; it may be the first one.
    X : array-like, Tensor, Mapping, DataLoader or iterable
        The inputs of both networks, see :func:`sksim.inspection.collect_activations`. A
        DataLoader that shuffles does no harm.
    metric : str or callable, default="cka"
        A measure that :class:`SimilarityAccumulator` has, by its name or as the function, such as
        "cka", "cca", "svcca", "procrustes", ``functools.partial(cca_score, summary="max")``; or
        "linear_r2", the share of the variance of the second layer that the first one explains.
    layers_a : list of str, default=None
        Layers of the first network, see :func:`sksim.inspection.collect_activations`.
    layers_b : list of str, default=None
        Layers of the second network.
    pool : {"auto", "mean", "flatten", "token"} or callable, default="auto"
        From the output of a layer to one vector a sample, see
        :func:`sksim.inspection.collect_activations`.
    batch_size : int, default=256
        Samples in a batch, unless X comes in batches.
    device : str, default=None
        Where the networks compute, such as "cuda"; they go back afterwards. None: where they are.

    Returns
    -------
    similarities : Bunch
        ``values`` (m_a, m_b), with ``values[i, j]`` the measure of layer i of the first network
        and layer j of the second, and the names of the layers, ``labels_a`` and ``labels_b``.
        :meth:`sksim.inspection.SimilarityMatrixDisplay.from_matrix` draws it.

    Raises
    ------
    MemoryError
        If the sums do not fit into the memory, before they are allocated.
    ValueError
        If the name of a layer is unknown, its activations have no row for each sample, are
        constant or not finite, or the sums do not determine the measure.

    Warns
    -----
    UserWarning
        If the activations of a sample depend on the other samples of its batch.

    See Also
    --------
    cross_similarity : Activations that are at hand, by any measure.
    sksim.inspection.collect_activations : The activations themselves.
    SimilarityAccumulator : One pair of representations in batches.

    Notes
    -----
    Memory: one batch of activations and the sums, :math:`8 D_a D_b` bytes for :math:`D_a, D_b`
    features in all layers together, whatever the number of samples n. For n below
    :math:`D_a D_b / (D_a + D_b)` the activations themselves are smaller:
    :func:`sksim.inspection.collect_activations` and :func:`cross_similarity`.

    Time: one forward pass of each network, :math:`2 n D_a D_b` operations in double precision on
    the device of the first network, and for each pair what the measure costs: products of
    :math:`O(d^2)` entries for CKA, a singular value decomposition for the others. The products of
    a layer with itself and its eigenvectors serve all of its pairs. One network with itself costs
    half, for measures that are symmetric.

    Measures that whiten leave out directions that are rounding of the activations, as
    :func:`cca_score` does. The output of a layer normalisation has such a direction, the mean over
    its features, which in single precision is rounding and no zero.

    References
    ----------
    .. [1] S. Kornblith, M. Norouzi, H. Lee and G. Hinton (2019). Similarity of neural network
           representations revisited. International Conference on Machine Learning.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sksim.metrics import layer_similarity
    >>> _ = torch.manual_seed(0)
    >>> def network(width):
    ...     return torch.nn.Sequential(torch.nn.Linear(4, width), torch.nn.Linear(width, 3))
    >>> X = np.random.default_rng(0).standard_normal((100, 4))
    >>> similarities = layer_similarity(network(5), network(8), X, batch_size=32)
    >>> similarities.labels_a, similarities.values.shape
    (['0', '1'], (2, 2))
    """
    measure = _streamed(metric)
    import_optional("torch", extra="torch", purpose="layer_similarity")
    from sksim._torch.layers._stream import stream_layers

    stream = stream_layers(
        module_a,
        module_b,
        X,
        layers=(layers_a, layers_b),
        pool=pool,
        batch_size=batch_size,
        device=device,
    )
    values = _compare_all(stream, measure)
    return SimilarityMatrix(values=values, labels_a=stream.labels_a, labels_b=stream.labels_b)

"""Activations of the layers of a network, as arrays."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Callable, Iterable
from numbers import Integral
from typing import Any

from sksim.utils._optional import import_optional
from sksim.utils._results import Result
from sksim.utils._sklearn import Interval, validate_params

__all__ = ["collect_activations"]


@validate_params(
    {"batch_size": [Interval(Integral, 1, None, closed="left")], "device": [str, None]},
    prefer_skip_nested_validation=True,
)
def collect_activations(
    module: Any,
    X: Any,
    *,
    layers: Iterable[str] | None = None,
    pool: str | Callable[..., Any] = "auto",
    batch_size: int = 256,
    device: str | None = None,
) -> Result:
    r"""Activations of layers of a network, one vector a sample, by forward hooks.

    The output of a layer for n samples, of shape (n, ...), becomes an array (n, d): tokens
    (n, tokens, d) and maps (n, d, height, width) by their means over the positions,

    .. math:: a_i = \frac{1}{|P_i|} \sum_{p \in P_i} h_{i p},

    with the positions :math:`P_i` of sample i that are no padding.

    .. versionadded:: 0.1

    Parameters
    ----------
    module : torch.nn.Module
        The network. Afterwards it is as before: without hooks, each of its modules in training or
        evaluation mode as it was, gradients untouched, on its device.
    X : array-like, Tensor, Mapping, DataLoader or iterable
        The inputs. An array or tensor of any number of axes, samples first. A mapping, such as
        a tokeniser returns, holds arrays that are given to the network as keywords, "labels" left
        out. A DataLoader, data set or another iterable yields batches of these, or tuples of
        which the first entry is the input. Floats take the precision of the network.
    layers : list of str, default=None
        Names as in ``module.named_modules()``, or patterns such as ``"encoder.*.linear1"``. None
        means the blocks: the children of the network, with the members of every ``Sequential``
        and ``ModuleList`` in place of it.
    pool : {"auto", "mean", "flatten", "token"} or callable, default="auto"
        From an output (n, ...) to vectors (n, d). "mean": over tokens without padding, or over all
        positions of a map; "auto" is the same. "token": the first token that is no padding.
        "flatten": all entries. A function is given the output, a tensor with the samples first,
        and returns (n, d).
    batch_size : int, default=256
        Samples in a batch, unless X comes in batches.
    device : str, default=None
        Where the network computes, such as "cuda"; it goes back afterwards. None: where it is.

    Returns
    -------
    activations : Bunch
        For each layer an array (n_samples, d) under its name; of float32, or of float64 if the
        network computes in it. In the order of ``layers`` if these are names, else of the calls.
        A module that is called more than once in a forward pass has an entry for each call,
        "name", "name#2" and so on.

    Raises
    ------
    MemoryError
        If the activations do not fit into the memory, told after the first batch where the number
        of samples is known.
    ValueError
        If a name is unknown; or a layer is not called, puts out no tensor with a row for each
        sample, or values that are NaN or infinite. With ``layers=None`` or by a pattern, layers
        without such a tensor are left out.

    Warns
    -----
    UserWarning
        If the activations of a sample depend on the other samples of its batch, as in layers of
        sequences without ``batch_first=True``.

    See Also
    --------
    sksim.metrics.layer_similarity : Compares the layers without keeping their activations.
    sksim.metrics.pairwise_similarity : Compares what is collected here.

    Notes
    -----
    Memory: the result, :math:`4 n \sum d` bytes, twice for one layer at a time; on the device one
    batch, of which each layer keeps its vectors only. Time: one forward pass, and one for five
    samples, which shows along which axis each layer has its samples.

    Of an output that is a tuple or a mapping the first tensor with a row for each sample counts.
    Padding is told by the input "attention_mask" (0), or "src_key_padding_mask" or
    "key_padding_mask" (True). An output of three axes is taken as tokens, (n, tokens, d), but of
    the one-dimensional layers for convolution, pooling and normalisation as (n, d, positions); for
    what follows these, and for maps with the channels last, give a function.

    Examples
    --------
    >>> import numpy as np
    >>> import torch
    >>> from sksim.inspection import collect_activations
    >>> layer = torch.nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, batch_first=True)
    >>> network = torch.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    >>> X = np.random.default_rng(0).standard_normal((50, 6, 8))
    >>> activations = collect_activations(network, X)
    >>> {name: values.shape for name, values in activations.items()}
    {'layers.0': (50, 8), 'layers.1': (50, 8)}
    >>> collect_activations(network, X, layers=["layers.0"], pool="flatten")["layers.0"].shape
    (50, 48)
    """
    import_optional("torch", extra="torch", purpose="collect_activations")
    from sksim._torch.layers._stream import collect

    return Result(
        **collect(module, X, layers=layers, pool=pool, batch_size=batch_size, device=device)
    )

"""Many small networks of one shape trained at once: parameters stacked, products batched.

Adam works entry by entry, so that training the stack equals training each network alone; each
keeps its own random stream for the order of its batches.
"""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
import time
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from sksim._torch._random import RandomStream
from sksim._torch.embedding._losses import RowLoss
from sksim._torch.embedding._model import EmbeddingModel
from sksim._torch.embedding._net import EmbeddingNet
from sksim.utils._progress import progress

__all__ = ["stacked_logits", "train_side_by_side"]


def _stacked_perceptron(
    layers: nn.Sequential, prefix: str, stack: dict[str, Tensor], x: Tensor
) -> Tensor:
    """Outputs (S, b, out) of S networks with the layers' shape for inputs (S, b, in)."""
    for i, layer in enumerate(layers):
        if not isinstance(layer, nn.Linear):
            x = layer(x)
            continue
        weight = stack[f"{prefix}.{i}.weight"].transpose(1, 2)
        bias = stack.get(f"{prefix}.{i}.bias")
        x = torch.bmm(x, weight) if bias is None else torch.baddbmm(bias[:, None], x, weight)
    return x


def stacked_logits(model: EmbeddingModel, stack: dict[str, Tensor], x: Tensor) -> Tensor:
    """Logits that the loss sees (S, b, ...) of S networks shaped like ``model``.

    The inputs have the shape (S, b, n_features).
    """
    assert isinstance(model.embedding, nn.Sequential)  # no other is stacked
    outputs = _stacked_perceptron(model.embedding, "embedding", stack, x)
    if model.head is None:
        vectors = model.targets.expand(len(x), -1, -1)
    elif isinstance(model.head, nn.Linear):
        vectors = stack["head.weight"]
    else:
        one_hot = model.one_hot.expand(len(x), -1, -1)
        vectors = _stacked_perceptron(model.head, "head", stack, one_hot)
    return model.compare(outputs, vectors)


def _stack_parameters(nets: Sequence[EmbeddingNet]) -> dict[str, Tensor]:
    modules = [dict(net.module_.named_parameters()) for net in nets]
    return {
        name: torch.stack([module[name].detach() for module in modules]).requires_grad_()
        for name in modules[0]
    }


def _unstack(
    nets: Sequence[EmbeddingNet], stack: dict[str, Tensor], optimizer: torch.optim.Optimizer
) -> None:
    """Give each net its weights and the state of its optimizer."""
    for s, net in enumerate(nets):
        for name, parameter in net.module_.named_parameters():
            parameter.data.copy_(stack[name][s].detach())
            state = optimizer.state[stack[name]]
            net.optimizer_.state[parameter] = {
                key: value[s].clone() if value.dim() else value.clone()
                for key, value in state.items()
            }


def _run_epoch(
    model: EmbeddingModel,
    stack: dict[str, Tensor],
    criterion: RowLoss,
    optimizer: torch.optim.Optimizer,
    X: Tensor,
    y: Tensor,
    streams: Sequence[RandomStream],
    batch_size: int,
) -> tuple[Tensor, Tensor]:
    """One pass over the data; losses of the networks (S,): of the first batch, and the mean."""
    orders = [torch.randperm(len(X), generator=stream.generator()) for stream in streams]
    order = torch.stack(orders).to(X.device)
    total = torch.zeros(len(streams), device=X.device)
    first: Tensor | None = None
    for batch in order.split(batch_size, dim=1):
        optimizer.zero_grad()
        logits = stacked_logits(model, stack, X[batch]).flatten(0, 1)
        rows = criterion.nested_rows(logits, y[batch].flatten(0, 1))
        losses = rows.view(batch.shape).mean(dim=1)
        losses.sum().backward()
        optimizer.step()
        losses = losses.detach()
        first = losses if first is None else first
        total += losses * batch.shape[1]
    assert first is not None  # there are rows
    return first, total / len(X)


def _record(
    nets: Sequence[EmbeddingNet], first_losses: Tensor, losses: Tensor, duration: float
) -> None:
    for net, first, loss in zip(nets, first_losses.tolist(), losses.tolist()):
        net.history.new_epoch()
        net.history.new_batch()
        net.history.record_batch("train_loss", first)
        net.history.record("epoch", len(net.history))
        if not math.isfinite(loss):
            net.stop_diverged(loss)
        net.history.record("train_loss", loss)
        net.history.record("dur", duration)


def train_side_by_side(
    nets: Sequence[EmbeddingNet],
    streams: Sequence[RandomStream],
    X: np.ndarray,
    y: np.ndarray,
    n_epochs: int,
) -> None:
    """Train initialised nets of built-in networks, as ``net.partial_fit`` would one by one.

    Parameters
    ----------
    nets : sequence of EmbeddingNet
        Nets of the same shape with an Adam optimizer; trained in place.
    streams : sequence of RandomStream
        The stream of each net.
    X : ndarray of shape (n, n_features), float32
        Inputs.
    y : ndarray of shape (n,) or (n, k)
        Labels, or a teacher's log-probabilities.
    n_epochs : int
        Number of passes.
    """
    first = nets[0]
    model, stack = first.module_, _stack_parameters(nets)
    device = next(iter(stack.values())).device
    inputs, targets = torch.as_tensor(X, device=device), torch.as_tensor(y, device=device)
    options = {key: first.get_params()[f"optimizer__{key}"] for key in ("weight_decay", "fused")}
    optimizer = first.optimizer(list(stack.values()), lr=first.lr, **options)
    for _ in progress(range(n_epochs), "epochs"):
        start = time.perf_counter()
        losses = _run_epoch(
            model, stack, first.criterion_, optimizer, inputs, targets, streams, first.batch_size
        )
        _record(nets, *losses, time.perf_counter() - start)
    _unstack(nets, stack, optimizer)
    for net in nets:
        net.warn_if_diverged()

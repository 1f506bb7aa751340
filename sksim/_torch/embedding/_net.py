"""The skorch net of the embedding classifier, and its exact inference."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from sksim._torch._exact import BLOCK, exact_copy, in_blocks
from sksim._torch._random import RandomStream
from sksim._torch._training import (
    BestWeights,
    TrainingNet,
    resolve_device,
)
from sksim._torch.embedding._convolutions import ImageEmbedding
from sksim._torch.embedding._losses import LOSSES
from sksim._torch.embedding._model import LogitModel, build_embedding_model
from sksim.utils._typing import RandomState

__all__ = [
    "EmbeddingNet",
    "embed_rows",
    "make_embedding_net",
    "model_logits",
    "model_unembeddings",
    "prepare_training",
]


class EmbeddingNet(TrainingNet):
    """Net whose advice on divergence fits the classifier."""

    advice = "Try a smaller lr, or input of unit scale."


def make_embedding_net(
    module_parameters: dict[str, Any],
    *,
    distillation: str | None,
    device: str,
    random_state: RandomState,
    patience: int | None,
    callbacks: Sequence[Any] | None,
    **net_parameters: Any,
) -> tuple[TrainingNet, RandomStream]:
    """Initialised net with Adam, and the random stream that it lives on."""
    device = resolve_device(device)
    stream = RandomStream(random_state, device)
    monitor = "train_loss" if patience is None else "valid_loss"
    best_weights = ("best_weights", BestWeights(monitor, patience))
    weight_decay = net_parameters.pop("weight_decay")
    with stream.active(foreign=True):
        net = EmbeddingNet(
            build_embedding_model,
            LOSSES[distillation],
            **{f"module__{name}": value for name, value in module_parameters.items()},
            optimizer=torch.optim.Adam,
            optimizer__weight_decay=weight_decay,
            optimizer__fused=device.startswith(("cpu", "cuda")),
            device=device,
            callbacks=[*copy.deepcopy(list(callbacks or [])), best_weights],
            **({} if net_parameters["verbose"] else {"callbacks__print_log": None}),
            **net_parameters,
        ).initialize()
    return net, stream


def prepare_training(net: TrainingNet, *, max_epochs: int, batch_size: int, lr: float) -> None:
    """Set what further training may change; the optimizer keeps its moments."""
    net.set_params(max_epochs=max_epochs, batch_size=batch_size)
    net.set_rate(lr)


def _rows_at_once(model: LogitModel) -> int:
    """Fewer images, whose activations are larger than their rows."""
    is_of_images = isinstance(getattr(model, "embedding", None), ImageEmbedding)
    return 128 if is_of_images else BLOCK


def model_logits(net: TrainingNet, X: np.ndarray) -> np.ndarray:
    """Logits (n, k) in float64."""
    model = exact_copy(net.module_)
    return in_blocks(model.logits, model, X, n_rows=_rows_at_once(model))


def embed_rows(net: TrainingNet, X: np.ndarray) -> np.ndarray:
    """Embeddings (n, M) in float64."""
    model = exact_copy(net.module_)
    return in_blocks(model.embed, model, X, n_rows=_rows_at_once(model))


@torch.no_grad()
def model_unembeddings(net: TrainingNet) -> np.ndarray:
    """Unembeddings (k, M) in float64."""
    return exact_copy(net.module_).unembeddings().cpu().numpy().copy()

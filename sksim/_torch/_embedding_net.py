"""The skorch net of the embedding classifier, and its exact inference."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import copy

import numpy as np
import torch
from torch import nn

from sksim._torch._embedding import build_embedding_model
from sksim._torch._embedding_losses import LOSSES
from sksim._torch._training import BestWeights, RandomStream, TrainingNet, resolve_device

__all__ = ["embed_rows", "make_embedding_net", "model_logits", "model_unembeddings"]

_CHUNK = 1024


def make_embedding_net(
    module_parameters: dict,
    *,
    distillation: str | None,
    device: str,
    random_state,
    patience: int | None,
    callbacks,
    **net_parameters,
) -> tuple[TrainingNet, RandomStream]:
    """Initialised net with Adam, and the random stream that it lives on."""
    device = resolve_device(device)
    stream = RandomStream(random_state, device)
    extra = [] if patience is None else [("best_weights", BestWeights("valid_loss", patience))]
    weight_decay = net_parameters.pop("weight_decay")
    with stream.active():
        net = TrainingNet(
            build_embedding_model,
            LOSSES[distillation],
            **{f"module__{name}": value for name, value in module_parameters.items()},
            optimizer=torch.optim.Adam,
            optimizer__weight_decay=weight_decay,
            optimizer__fused=device.startswith(("cpu", "cuda")),
            device=device,
            callbacks=[*copy.deepcopy(list(callbacks or [])), *extra],
            **({} if net_parameters["verbose"] else {"callbacks__print_log": None}),
            **net_parameters,
        ).initialize()
    return net, stream


def _exact_model(net: TrainingNet) -> nn.Module:
    """A copy of the network in float64, on its device where that has float64."""
    model = copy.deepcopy(net.module_).eval()
    device = next(model.parameters()).device
    return model.to(device="cpu" if device.type == "mps" else device).double()


@torch.no_grad()
def _in_chunks(function, model: nn.Module, X: np.ndarray) -> np.ndarray:
    device = next(model.parameters()).device
    rows = torch.as_tensor(X, dtype=torch.float64)
    pieces = [function(part.to(device)).cpu() for part in rows.split(_CHUNK)]
    return torch.cat(pieces).numpy()


def model_logits(net: TrainingNet, X: np.ndarray) -> np.ndarray:
    """Logits (n, k) in float64."""
    model = _exact_model(net)
    return _in_chunks(model, model, X)


def embed_rows(net: TrainingNet, X: np.ndarray) -> np.ndarray:
    """Embeddings (n, M) in float64."""
    model = _exact_model(net)
    return _in_chunks(model.embed, model, X)


@torch.no_grad()
def model_unembeddings(net: TrainingNet) -> np.ndarray:
    """Unembeddings (k, M) in float64."""
    return _exact_model(net).unembeddings().cpu().numpy().copy()

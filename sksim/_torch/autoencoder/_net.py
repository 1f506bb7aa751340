"""The skorch net of the encoders."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from skorch.utils import to_tensor
from torch import Tensor

from sksim._torch._training import BestWeights, EpochAverage, TrainingNet
from sksim._torch.autoencoder._network import EncoderNetwork

__all__ = ["EncoderNet", "Monitors", "Training", "make_encoder_net", "update_encoder_net"]

_WATCHED_ROWS = 512
#: Offsets are no size of a network; values of codes have a place, not a size.
_NO_DECAY = ("*bias", "*offset", "*values", "*noise")


class EncoderNet(TrainingNet):
    """Net whose module gives the parts of the loss, which the history holds, too."""

    advice = "Try a smaller lr, or input without outliers."

    def get_loss(self, y_pred: Any, y_true: Any, X: Any = None, training: bool = False) -> Tensor:
        x, y = (to_tensor(one, device=self.device) for one in (X, y_true))
        parts = torch.stack(self.module_.losses(y_pred, x, y))
        self.record_parts(self.module_.parts, parts, training=training)
        return parts @ parts.new_tensor(self.module_.weights())

    @torch.no_grad()
    def probe(self, X: Any) -> Tensor:
        x = torch.as_tensor(X, device=self.device)
        return self.module_.eval().encode(x)


class Monitors(Callback):
    """Put what tells a collapse into the history, from rows that stand for the others."""

    def on_train_begin(self, net: NeuralNet, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        rows = np.linspace(0, len(X) - 1, min(len(X), _WATCHED_ROWS)).astype(int)
        self._x = torch.as_tensor(X[rows], device=net.device)

    @torch.no_grad()
    def on_epoch_end(self, net: NeuralNet, *args: Any, **kwargs: Any) -> None:
        for name, value in net.module_.eval().monitors(self._x).items():
            net.history.record(name, value)

    def on_train_end(self, net: NeuralNet, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        del self._x  # keeps no rows


@dataclass(frozen=True)
class Training:
    """What may change from one training of a net to the next; the estimator's parameters.

    Parameters
    ----------
    lr, weight_decay, batch_size, verbose
        As in the estimators.
    monitor : {"train_loss", "valid_loss"}
        The loss that tells the best epoch.
    patience : int or None
        Epochs without improvement after which training ends; None: it does not.
    """

    lr: float
    weight_decay: float
    batch_size: int
    verbose: int
    monitor: str
    patience: int | None


def make_encoder_net(
    network: type[EncoderNetwork],
    arguments: Mapping[str, Any],
    training: Training,
    *,
    max_epochs: int,
    device: str,
    callbacks: Sequence[Any] | None,
    **optimizer: Any,
) -> EncoderNet:
    """Initialised net with AdamW, in which offsets and values do not decay."""
    averages = [
        (f"{prefix}_{part}", EpochAverage(f"{prefix}_{part}", on_train=prefix == "train"))
        for prefix in ("train", "valid")
        for part in network.parts
    ]
    return EncoderNet(
        network,
        **{f"module__{name}": value for name, value in arguments.items()},
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=training.weight_decay,
        optimizer__fused=device.startswith(("cpu", "cuda")),
        optimizer__param_groups=[(pattern, {"weight_decay": 0.0}) for pattern in _NO_DECAY],
        **{f"optimizer__{name}": value for name, value in optimizer.items()},
        lr=training.lr,
        batch_size=training.batch_size,
        max_epochs=max_epochs,
        device=device,
        verbose=training.verbose,
        callbacks=[
            *averages,
            ("monitors", Monitors()),
            *copy.deepcopy(list(callbacks or ())),
            ("best_weights", BestWeights(training.monitor, training.patience)),
        ],
    ).initialize()


def update_encoder_net(net: EncoderNet, training: Training, settings: Mapping[str, Any]) -> None:
    """Continue the training with other settings; the optimizer keeps its moments."""
    net.set_rate(training.lr)
    # The last group: the others do not decay.
    net.optimizer_.param_groups[-1]["weight_decay"] = training.weight_decay
    net.batch_size, net.verbose = training.batch_size, training.verbose
    best_weights = dict(net.callbacks_)["best_weights"]
    best_weights.monitor, best_weights.patience = training.monitor, training.patience
    for name, value in settings.items():
        setattr(net.module_, name, value)

"""The nets that learn representations: made with AdamW, and trained on with other settings."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import torch
from skorch.callbacks import Callback
from torch import nn

from sksim._torch._training import BestWeights, EpochAverage, TrainingNet

__all__ = ["AdamWNet", "Training"]


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
    settings : dict
        Further parameters, of the network or of the net's own callbacks.
    """

    lr: float
    weight_decay: float
    batch_size: int
    verbose: int
    monitor: str
    patience: int | None
    settings: Mapping[str, Any]


class AdamWNet(TrainingNet):
    """Net with AdamW, whose loss has parts, and some of whose weights do not decay."""

    #: Patterns of the names of weights that do not decay.
    no_decay: tuple[str, ...]

    @classmethod
    def made(
        cls,
        module: Callable[..., nn.Module],
        training: Training,
        *,
        parts: Iterable[str],
        own_callbacks: Iterable[tuple[str, Callback]],
        callbacks: Sequence[Any] | None,
        device: str,
        **parameters: Any,
    ) -> Self:
        """The net, initialised; the history has an average of each part of the loss."""
        averages = [
            (f"{prefix}_{part}", EpochAverage(f"{prefix}_{part}", on_train=prefix == "train"))
            for prefix in ("train", "valid")
            for part in parts
        ]
        net = cls(
            module,
            optimizer=torch.optim.AdamW,
            optimizer__weight_decay=training.weight_decay,
            optimizer__fused=device.startswith(("cpu", "cuda")),
            optimizer__param_groups=[(pattern, {"weight_decay": 0.0}) for pattern in cls.no_decay],
            lr=training.lr,
            batch_size=training.batch_size,
            verbose=training.verbose,
            device=device,
            callbacks=[
                *averages,
                *own_callbacks,
                *copy.deepcopy(list(callbacks or ())),
                ("best_weights", BestWeights(training.monitor, training.patience)),
            ],
            **parameters,
        )
        net.initialize()
        return net

    def go_on(self, training: Training) -> None:
        """Take other settings for further training; the optimizer keeps its moments."""
        self.set_rate(training.lr)
        # The last group: the others do not decay.
        self.optimizer_.param_groups[-1]["weight_decay"] = training.weight_decay
        self.batch_size, self.verbose = training.batch_size, training.verbose
        best_weights = dict(self.callbacks_)["best_weights"]
        best_weights.monitor, best_weights.patience = training.monitor, training.patience

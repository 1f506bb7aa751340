"""The skorch net of the encoders."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from skorch import NeuralNet
from skorch.callbacks import Callback
from skorch.utils import to_tensor
from torch import Tensor

from sksim._torch._net import AdamWNet, Training
from sksim._torch._spec import Spec
from sksim._torch.autoencoder._network import EncoderNetwork

__all__ = ["EncoderNet", "EncoderSpec", "Monitors", "make_encoder_net"]

_WATCHED_ROWS = 512


@dataclass(frozen=True)
class EncoderSpec(Spec):
    """Everything that determines the weights of an encoder.

    Parameters
    ----------
    network : class
        An :class:`EncoderNetwork`.
    structure : dict
        Its arguments, but for those that further training may change.
    """

    network: type[EncoderNetwork]
    structure: Mapping[str, Any]

    def values(self) -> dict[str, Any]:
        return {"network": self.network, **self.structure}


class EncoderNet(AdamWNet):
    """Net whose module gives the parts of the loss, which the history holds, too."""

    advice = "Try a smaller lr, or input without outliers."
    #: Offsets are no size of a network; values of codes have a place, not a size.
    no_decay = ("*bias", "*offset", "*values", "*noise")

    def get_loss(self, y_pred: Any, y_true: Any, X: Any = None, training: bool = False) -> Tensor:
        x, y = (to_tensor(one, device=self.device) for one in (X, y_true))
        parts = torch.stack(self.module_.losses(y_pred, x, y))
        self.record_parts(self.module_.parts, parts, training=training)
        return parts @ parts.new_tensor(self.module_.weights())

    @torch.no_grad()
    def probe(self, X: Any) -> Tensor:
        x = torch.as_tensor(X, device=self.device)
        return self.module_.eval().encode(x)

    def go_on(self, training: Training) -> None:
        super().go_on(training)
        for name, value in training.settings.items():
            setattr(self.module_, name, value)


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


def make_encoder_net(spec: EncoderSpec, training: Training, **parameters: Any) -> EncoderNet:
    """Initialised net for the network of the specification."""
    arguments = {**spec.structure, **training.settings}
    return EncoderNet.made(
        spec.network,
        training,
        **{f"module__{name}": value for name, value in arguments.items()},
        parts=spec.network.parts,
        own_callbacks=[("monitors", Monitors())],
        **parameters,
    )

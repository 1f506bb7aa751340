"""The skorch net of the diffusion estimators."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, GradientNormClipping
from torch import Tensor

from sksim._torch._training import (
    BestWeights,
    EpochAverage,
    TrainingNet,
    tensor_float_products,
)
from sksim._torch.diffusion._build import build_diffusion
from sksim._torch.diffusion._coded import CODED_TERMS
from sksim._torch.diffusion._spec import NetworkSpec

__all__ = ["TERMS", "DiffusionNet", "Settings", "WarmUp", "make_net", "update_net"]

TERMS = ("prior", "reconstruction", "diffusion")
_NO_DECAY = ("*.bias", "*norm*", "*.gamma_offset", "*.gamma_slope")


class DiffusionNet(TrainingNet):
    """Net whose module gives three terms; the loss is their sum in bits per dimension.

    Further terms have weights of their own, and are in their own units in the history.

    The history holds the terms as ``train_prior``, ``valid_diffusion`` and so on.
    """

    def get_loss(
        self, y_pred: Tensor, y_true: Any, X: Any = None, training: bool = False
    ) -> Tensor:
        model, bit = self.module_.model, math.log(2) * X[0].numel()
        means = y_pred.mean(0)
        bits, others = means[: len(TERMS)] / bit, means[len(TERMS) :]
        self.record_parts(model.terms, torch.cat([bits, others]), training=training)
        if not model.weights:
            return bits.sum()
        return bits.sum() + (others * others.new_tensor(model.weights)).sum() / bit

    def fit_loop(self, *args: Any, **kwargs: Any) -> "DiffusionNet":
        if self.module_.model.denoiser.precision != "bf16":
            return super().fit_loop(*args, **kwargs)
        with tensor_float_products(self.device):
            return super().fit_loop(*args, **kwargs)

    @torch.no_grad()
    def probe(self, X: Any) -> Tensor:
        x = torch.as_tensor(X, device=self.device)
        return self.module_.average.eval().validation_terms(x, n_draws=1)

    def draws_on_its_own(self) -> bool:
        views = getattr(self.module_.model, "views", None)
        return views is not None or super().draws_on_its_own()

    def train_step(self, batch: Any, **fit_params: Any) -> dict[str, Any]:
        step = super().train_step(batch, **fit_params)
        self.module_.update()
        return step


class WarmUp(Callback):
    """Raise the learning rate in a line over the first steps of a net's life, then let it be."""

    def __init__(self, n_steps: int) -> None:
        self.n_steps = n_steps

    def on_batch_begin(
        self, net: NeuralNet, batch: Any = None, training: bool | None = None, **kwargs: Any
    ) -> None:
        step = net.module_.n_updates
        if training and step < self.n_steps:
            for group in net.optimizer_.param_groups:
                group["lr"] = net.lr * (step + 1) / self.n_steps


@dataclass(frozen=True)
class Settings:
    """What may change from one training of a net to the next; the estimator's parameters.

    Parameters
    ----------
    lr, weight_decay, batch_size, verbose, warmup_steps, clip_norm
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
    warmup_steps: int
    clip_norm: float | None
    monitor: str
    patience: int | None


def make_net(
    spec: NetworkSpec,
    settings: Settings,
    *,
    max_epochs: int,
    device: str,
    callbacks: Sequence[Any] | None,
) -> DiffusionNet:
    """Initialised net for the network of the specification.

    AdamW with the papers' betas; biases, norms and the ends of the schedule do not decay.
    """
    averages = [
        (f"{prefix}_{term}", EpochAverage(f"{prefix}_{term}", on_train=prefix == "train"))
        for prefix in ("train", "valid")
        for term in (CODED_TERMS if spec.n_components is not None else TERMS)
    ]
    net = DiffusionNet(
        build_diffusion,
        module__spec=spec,
        optimizer=torch.optim.AdamW,
        optimizer__betas=(0.9, 0.99),
        optimizer__weight_decay=settings.weight_decay,
        optimizer__fused=device.startswith(("cpu", "cuda")),
        optimizer__param_groups=[(pattern, {"weight_decay": 0.0}) for pattern in _NO_DECAY],
        lr=settings.lr,
        batch_size=settings.batch_size,
        max_epochs=max_epochs,
        device=device,
        verbose=settings.verbose,
        callbacks=[
            *averages,
            ("warm_up", WarmUp(settings.warmup_steps)),
            ("clip_norm", GradientNormClipping(settings.clip_norm)),
            *copy.deepcopy(list(callbacks or ())),
            ("best_weights", BestWeights(settings.monitor, settings.patience)),
        ],
    ).initialize()
    # Tensor cores want the channels last. torch's own norm of groups would copy them to the front
    # and back in each block on a GPU; a compiled one does not.
    if spec.compile and device.startswith("cuda") and len(spec.shape) == 3:
        net.module_.to(memory_format=torch.channels_last)
    return net


def update_net(net: DiffusionNet, settings: Settings) -> None:
    """Continue the training with other settings."""
    net.set_rate(settings.lr)
    # The last group: the others do not decay.
    net.optimizer_.param_groups[-1]["weight_decay"] = settings.weight_decay
    net.batch_size, net.verbose = settings.batch_size, settings.verbose
    callbacks = dict(net.callbacks_)
    callbacks["warm_up"].n_steps = settings.warmup_steps
    callbacks["clip_norm"].gradient_clip_value = settings.clip_norm
    callbacks["best_weights"].monitor = settings.monitor
    callbacks["best_weights"].patience = settings.patience

"""The skorch net of the diffusion estimators."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import copy
import math
from collections.abc import Sequence

import torch
from skorch.callbacks import Callback, GradientNormClipping, PassthroughScoring

from sksim._torch._training import BestWeights, TrainingNet
from sksim._torch.diffusion._build import build_diffusion

__all__ = ["TERMS", "DiffusionNet", "WarmUp", "make_net", "update_net"]

TERMS = ("prior", "reconstruction", "diffusion")
_NO_DECAY = ("*.bias", "*norm*", "*.gamma_offset", "*.gamma_slope")


class DiffusionNet(TrainingNet):
    """Net whose module gives three terms; the loss is their sum in bits per dimension.

    The history holds the terms as ``train_prior``, ``valid_diffusion`` and so on.
    """

    def get_loss(self, y_pred, y_true, X=None, training=False) -> torch.Tensor:
        bits = y_pred.mean(0) / (math.log(2) * X[0].numel())
        prefix = "train" if training else "valid"
        for name, value in zip(TERMS, bits.tolist()):
            self.history.record_batch(f"{prefix}_{name}", value)
        return bits.sum()

    @torch.no_grad()
    def probe(self, X) -> torch.Tensor:
        x = torch.as_tensor(X, device=self.device)
        return self.module_.average.eval().validation_terms(x, n_draws=1)

    def train_step(self, batch, **fit_params) -> dict:
        step = super().train_step(batch, **fit_params)
        self.module_.update()
        return step


class WarmUp(Callback):
    """Raise the learning rate in a line over the first steps of a net's life, then let it be."""

    def __init__(self, n_steps: int) -> None:
        self.n_steps = n_steps

    def on_batch_begin(self, net, batch=None, training=None, **kwargs) -> None:
        step = int(net.module_.n_updates)
        if training and step < self.n_steps:
            for group in net.optimizer_.param_groups:
                group["lr"] = net.lr * (step + 1) / self.n_steps


def _term_averages(prefix: str) -> list[tuple[str, Callback]]:
    names = [f"{prefix}_{term}" for term in TERMS]
    return [(name, PassthroughScoring(name, on_train=prefix == "train")) for name in names]


def _callbacks(
    warmup_steps: int, clip_norm: float | None, monitor: str, patience: int | None, extra: Sequence
) -> list:
    return [
        *_term_averages("train"),
        *_term_averages("valid"),
        ("warm_up", WarmUp(warmup_steps)),
        ("clip_norm", GradientNormClipping(clip_norm)),
        *copy.deepcopy(list(extra)),
        ("best_weights", BestWeights(monitor, patience)),
    ]


def make_net(
    spec: dict,
    *,
    lr: float,
    weight_decay: float,
    batch_size: int,
    max_epochs: int,
    device: str,
    verbose: int,
    warmup_steps: int,
    clip_norm: float | None,
    callbacks: Sequence | None,
    monitor: str,
    patience: int | None,
) -> DiffusionNet:
    """Initialised net for the specification of :func:`build_diffusion`.

    AdamW with the papers' betas; biases, norms and the ends of the schedule do not decay.
    """
    return DiffusionNet(
        build_diffusion,
        **{f"module__{name}": value for name, value in spec.items()},
        optimizer=torch.optim.AdamW,
        optimizer__betas=(0.9, 0.99),
        optimizer__weight_decay=weight_decay,
        optimizer__fused=device.startswith(("cpu", "cuda")),
        optimizer__param_groups=[(pattern, {"weight_decay": 0.0}) for pattern in _NO_DECAY],
        lr=lr,
        batch_size=batch_size,
        max_epochs=max_epochs,
        device=device,
        verbose=verbose,
        callbacks=_callbacks(warmup_steps, clip_norm, monitor, patience, callbacks or ()),
    ).initialize()


def update_net(
    net: DiffusionNet,
    *,
    lr: float,
    weight_decay: float,
    batch_size: int,
    verbose: int,
    warmup_steps: int,
    clip_norm: float | None,
    monitor: str,
    patience: int | None,
) -> None:
    """Continue the training with other settings."""
    net.set_rate(lr)
    net.optimizer_.param_groups[-1]["weight_decay"] = weight_decay  # the others do not decay
    net.batch_size, net.verbose = batch_size, verbose
    callbacks = dict(net.callbacks_)
    callbacks["warm_up"].n_steps = warmup_steps
    callbacks["clip_norm"].gradient_clip_value = clip_norm
    callbacks["best_weights"].monitor = monitor
    callbacks["best_weights"].patience = patience

"""The skorch net of the diffusion estimators."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import math
from typing import Any

import torch
from skorch import NeuralNet
from skorch.callbacks import Callback, GradientNormClipping
from torch import Tensor

from sksim._torch._net import AdamWNet, Training
from sksim._torch._training import tensor_float_products
from sksim._torch.diffusion._build import build_diffusion
from sksim._torch.diffusion._coded import CODED_TERMS
from sksim._torch.diffusion._spec import NetworkSpec

__all__ = ["TERMS", "DiffusionNet", "WarmUp", "make_diffusion_net"]

TERMS = ("prior", "reconstruction", "diffusion")


class DiffusionNet(AdamWNet):
    """Net whose module gives three terms; the loss is their sum in bits per dimension.

    Further terms have weights of their own, and are in their own units in the history.

    The history holds the terms as ``train_prior``, ``valid_diffusion`` and so on.
    """

    no_decay = ("*.bias", "*norm*", "*.gamma_offset", "*.gamma_slope")

    @property
    def is_compiled(self) -> bool:
        return self.get_params_for("module")["spec"].compile

    def get_loss(
        self, y_pred: Tensor, y_true: Any, X: Any = None, training: bool = False
    ) -> Tensor:
        model, bit = self.module_.model, math.log(2) * X[0].numel()
        means = y_pred.mean(0)
        if len(means) == len(TERMS):
            bits = means / bit
            self.record_parts(model.terms, bits, training=training)
            return bits.sum()
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

    def go_on(self, training: Training) -> None:
        super().go_on(training)
        callbacks = dict(self.callbacks_)
        callbacks["warm_up"].n_steps = training.settings["warmup_steps"]
        callbacks["clip_norm"].gradient_clip_value = training.settings["clip_norm"]


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


def make_diffusion_net(spec: NetworkSpec, training: Training, **parameters: Any) -> DiffusionNet:
    """Initialised net for the network of the specification, with the papers' betas of AdamW.

    Biases, norms and the ends of the schedule do not decay.
    """
    net = DiffusionNet.made(
        build_diffusion,
        training,
        module__spec=spec,
        optimizer__betas=(0.9, 0.99),
        parts=CODED_TERMS if spec.n_components is not None else TERMS,
        own_callbacks=[
            ("warm_up", WarmUp(training.settings["warmup_steps"])),
            ("clip_norm", GradientNormClipping(training.settings["clip_norm"])),
        ],
        **parameters,
    )
    # Tensor cores want the channels last. torch's own norm of groups would copy them to the front
    # and back in each block on a GPU; a compiled one does not.
    if spec.compile and parameters["device"].startswith("cuda") and len(spec.shape) == 3:
        net.module_.to(memory_format=torch.channels_last)
    return net

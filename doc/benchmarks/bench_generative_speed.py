"""Cost of a training step: encoder against none, skorch against a bare loop, both derivatives.

Writes ``generative_speed.csv``, ``generative_derivative.csv`` and ``generative_environment.csv``.

    python doc/benchmarks/bench_generative_speed.py --rounds 15
"""

import argparse

from _measure import FOLDER, interleaved, write_csv, write_environment  # first: threads

# isort: split
import numpy as np
import skorch
import torch

from sksim._torch.diffusion import _encoder_networks as networks
from sksim._torch.diffusion._encoders import TrainableEncoder, derivative_double_vjp, derivative_jvp
from sksim._torch.diffusion._unet import UNetEncoder
from sksim.generative import DiffEnc, VariationalDiffusion

torch.set_num_threads(1)

N_EPOCHS = 20  # of a fit, which share its beginning and its end
SHAPES = {
    "table, 2 features, batch 512": ((2,), 512),
    "table, 2 features, batch 128": ((2,), 128),
    "images 8 x 8, batch 128": ((8, 8), 128),
    "images 28 x 28, batch 128": ((28, 28), 128),
}


def bare_step(model):
    """A training step without skorch: forward, backward, optimizer, average."""
    net, module = model.net_, model.net_.module_.train()
    x = next(iter(net.get_iterator(net.get_dataset(model.batch), training=True)))[0]

    def step():
        net.optimizer_.zero_grad()
        module(x).mean(0).sum().backward()
        net.optimizer_.step()
        module.update()

    return step


def whole_epochs(model, n_epochs=1):
    """Epochs of one batch through the estimator's net."""
    return lambda: model.net_.partial_fit(model.batch, None, epochs=n_epochs)


def prepare(Model, shape, batch_size, **options):
    """Fitted model that knows one batch of network input."""
    X = np.random.RandomState(0).randint(0, 256, size=(batch_size, *shape)).astype(np.uint8)
    image_shape = shape if len(shape) > 1 else None
    model = Model(image_shape=image_shape, max_epochs=1, batch_size=batch_size, device="cpu",
                  random_state=0, **options).fit(X)  # fmt: skip
    model.batch = model._data.to_network(X.reshape(batch_size, -1))
    return model


def steps(name: str, n_rounds: int) -> dict:
    """Milliseconds of a step, side by side."""
    shape, batch_size = SHAPES[name]
    models = {
        "VDM": prepare(VariationalDiffusion, shape, batch_size),
        "nt": prepare(DiffEnc, shape, batch_size, encoder="nt"),
        "DiffEnc": prepare(DiffEnc, shape, batch_size),
    }
    calls = {key: bare_step(model) for key, model in models.items()}
    calls["epoch"] = whole_epochs(models["VDM"])
    calls["epochs"] = whole_epochs(models["VDM"], N_EPOCHS)
    for call in calls.values():
        call()
    ms = {key: 1e3 * value for key, value in interleaved(calls, n_rounds).items()}
    return {
        "": name,
        "VDM ms": ms["VDM"],
        "nt / VDM": ms["nt"] / ms["VDM"],
        "DiffEnc / VDM": ms["DiffEnc"] / ms["VDM"],
        "epoch of a fit / VDM": ms["epochs"] / N_EPOCHS / ms["VDM"],
        "fit of one epoch / VDM": ms["epoch"] / ms["VDM"],
    }


def derivatives(network, shape, batch_size: int, n_rounds: int) -> dict:
    """All routes to the derivative, in multiples of the encoder without it."""
    network = network(shape)
    network.last.weight.data.normal_(0, 0.01)
    encoder = TrainableEncoder(network, -13.3, 5.0)
    x, gamma = torch.randn(batch_size, *shape), torch.randn(batch_size)

    def target(gamma):
        return encoder.target(x, gamma)

    def own(_, gamma):
        t = (gamma - encoder.gamma_min) / encoder.span
        y, slope = network.value_and_slope(x, t)
        return y, slope / encoder.span

    def train(derivative):
        y, slope = derivative(target, gamma)
        (y + slope).square().sum().backward()

    def evaluate(derivative):
        with torch.no_grad():
            derivative(target, gamma)

    routes = {"forward mode": derivative_jvp, "double product": derivative_double_vjp}
    if hasattr(network, "value_and_slope"):
        routes["its own"] = own
    calls = {"plain": lambda: target(gamma).square().sum().backward()}
    calls |= {f"train, {k}": lambda d=d: train(d) for k, d in routes.items()}
    with torch.no_grad():
        calls["evaluation plain"] = torch.no_grad()(lambda: target(gamma))
    calls |= {f"evaluation, {k}": lambda d=d: evaluate(d) for k, d in routes.items()}
    for call in calls.values():
        call()
    ms = interleaved(calls, n_rounds)
    shown = "x".join(map(str, shape))
    row = {"encoder": f"{type(network).__name__}, {shown}, batch {batch_size}"}
    for stage, base in (("train", "plain"), ("evaluation", "evaluation plain")):
        for route in ("forward mode", "double product", "its own"):
            time = ms.get(f"{stage}, {route}", float("nan"))
            row[f"{stage}, {route}"] = time / ms[base]
    return row


def main(arguments=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--shapes", type=int, default=len(SHAPES))
    parser.add_argument("--folder", default=FOLDER)
    options = parser.parse_args(arguments)
    names = list(SHAPES)[: options.shapes]
    write_csv("generative_speed.csv", [steps(n, options.rounds) for n in names], options.folder)
    cases = [
        (networks.MLPEncoder, (2,), 256),
        (networks.ConvEncoder, (1, 8, 8), 128),
        (networks.ConvEncoder, (1, 28, 28), 64),
        (UNetEncoder, (1, 28, 28), 8),
    ][: options.shapes]
    rows = [derivatives(*case, options.rounds) for case in cases]
    write_csv("generative_derivative.csv", rows, options.folder)
    write_environment("generative_environment.csv", options.folder, torch=torch, skorch=skorch)


if __name__ == "__main__":
    main()

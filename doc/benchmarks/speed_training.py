"""Training and streams of activations: what a step, an epoch and a layer cost."""

from _speed import Comparison

# isort: split
import bench_generative_speed as generative
import torch
from torch import nn

from sksim.generative import DiffEnc, VariationalDiffusion
from sksim.inspection import collect_activations
from sksim.metrics import SimilarityAccumulator, layer_similarity, pairwise_similarity


def _steps(shape):
    """A step of either model, and epochs of one batch, for a batch size."""

    def make(n):
        models = [generative.prepare(Model, shape, n) for Model in (DiffEnc, VariationalDiffusion)]
        steps = [generative.bare_step(model) for model in models]
        return steps, [generative.whole_epochs(model, generative.N_EPOCHS) for model in models]

    return make


def _bare_steps(steps, epochs):
    for _ in range(generative.N_EPOCHS):
        steps[1]()


def _layers(n):
    """Two encoders of 12 layers, and inputs of 6 tokens."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(64, 2, 64, batch_first=True)
    networks = [nn.TransformerEncoder(layer, 12, enable_nested_tensor=False) for _ in range(2)]
    return *networks, torch.randn(n, 6, 64)


def _pair_by_pair(a, b, X):
    """An accumulator for each pair of layers, fed with the same batches."""
    accumulators = {}
    for rows in X.split(256):
        ours = collect_activations(a, rows)
        theirs = collect_activations(b, rows)
        for i, x in ours.items():
            for j, y in theirs.items():
                accumulators.setdefault((i, j), SimilarityAccumulator()).partial_fit(x, y)
    return [accumulator.cka_score() for accumulator in accumulators.values()]


def _forward(a, b, X):
    """The floor: both networks."""
    with torch.no_grad():
        for rows in X.split(256):
            a.eval()(rows)
            b.eval()(rows)


COMPARISONS = [
    Comparison(
        "DiffEnc: a training step, table, 2 features",
        make=_steps((2,)),
        ours=lambda steps, epochs: steps[0](),
        others={"plain diffusion": lambda steps, epochs: steps[1]()},
        n=128,
        before={"plain diffusion": 1.88},
        asked={"plain diffusion": 1.5},
    ),
    Comparison(
        "DiffEnc: a training step, table, 2 features, large batch",
        make=_steps((2,)),
        ours=lambda steps, epochs: steps[0](),
        others={"plain diffusion": lambda steps, epochs: steps[1]()},
        n=512,
        before={"plain diffusion": 1.77},
        asked={"plain diffusion": 1.5},
    ),
    Comparison(
        "DiffEnc: a training step, images 8 x 8",
        make=_steps((8, 8)),
        ours=lambda steps, epochs: steps[0](),
        others={"plain diffusion": lambda steps, epochs: steps[1]()},
        n=128,
        n_small=16,
        before={"plain diffusion": 1.6},
        asked={"plain diffusion": 1.5},
    ),
    Comparison(
        "DiffEnc: a training step, images 28 x 28",
        make=_steps((28, 28)),
        ours=lambda steps, epochs: steps[0](),
        others={"plain diffusion": lambda steps, epochs: steps[1]()},
        n=128,
        n_small=2,
        before={"plain diffusion": 1.42},
        asked={"plain diffusion": 1.5},
    ),
    Comparison(
        "VariationalDiffusion: 20 epochs of one batch, table",
        make=_steps((2,)),
        ours=lambda steps, epochs: epochs[1](),
        others={"bare loop": _bare_steps},
        n=128,
        before={"bare loop": 1.8},
        asked={"bare loop": 1.2},
    ),
    Comparison(
        "VariationalDiffusion: 20 epochs of one batch, images 8 x 8",
        make=_steps((8, 8)),
        ours=lambda steps, epochs: epochs[1](),
        others={"bare loop": _bare_steps},
        n=128,
        n_small=16,
        before={"bare loop": 1.2},
        asked={"bare loop": 1.2},
    ),
    Comparison(
        "layer_similarity: CKA of 12 x 12 layers of 64",
        make=_layers,
        ours=lambda a, b, X: layer_similarity(a, b, X),
        others={"accumulators of pairs": _pair_by_pair, "forward passes alone": _forward},
        n=4096,
        growth=(2048, 4096, 8192, 16384),
    ),
    Comparison(
        "layer_similarity: CKA of 12 layers of 64 with each other",
        make=_layers,
        ours=lambda a, b, X: layer_similarity(a, a, X),
        others={
            "collected, pairwise_similarity": lambda a, b, X: pairwise_similarity(
                collect_activations(a, X)
            )
        },
        n=4096,
    ),
]

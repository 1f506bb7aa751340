import numpy as np
import pytest
import torch
from torch import nn

from sksim._torch.embedding._ensemble import stacked_logits
from sksim._torch.embedding._losses import LOSSES
from sksim._torch.embedding._model import EmbeddingAdapter, EmbeddingModel, build_embedding_model


def _sizes(**options):
    return {
        "n_features": 3,
        "n_components": 2,
        "n_classes": 5,
        "hidden_layer_sizes": (4,),
    } | options


@pytest.mark.parametrize("unembedding", ["mlp", "linear"])
def test_logits_are_products_of_embeddings_and_unembeddings(unembedding):
    model = build_embedding_model(None, **_sizes(unembedding=unembedding))
    x = torch.randn(7, 3)
    assert model.unembeddings().shape == (5, 2)
    torch.testing.assert_close(model(x), model.embed(x) @ model.unembeddings().T)


def test_hidden_layers_have_biases_and_leaky_rectifiers_the_last_has_none():
    embedding = EmbeddingModel(**_sizes(hidden_layer_sizes=(4, 6))).embedding
    assert [type(layer) for layer in embedding] == [
        nn.Linear, nn.LeakyReLU, nn.Linear, nn.LeakyReLU, nn.Linear,
    ]  # fmt: skip
    assert embedding[1].negative_slope == 0.01
    assert [layer.bias is None for layer in embedding[::2]] == [False, False, True]


def test_embedding_is_drawn_before_the_unembedding():
    """Models that differ in g only start from the same f."""
    torch.manual_seed(0)
    first = EmbeddingModel(**_sizes())
    torch.manual_seed(0)
    second = EmbeddingModel(**_sizes(unembedding="linear", n_classes=9))
    for p, q in zip(first.embedding.parameters(), second.embedding.parameters()):
        assert torch.equal(p, q)


@pytest.mark.parametrize("unembedding", ["mlp", "linear"])
def test_stacked_logits_are_those_of_each_network(unembedding):
    models = [EmbeddingModel(**_sizes(unembedding=unembedding)) for _ in range(3)]
    stack = {
        name: torch.stack([dict(model.named_parameters())[name] for model in models])
        for name, _ in models[0].named_parameters()
    }
    x = torch.randn(3, 6, 3)
    logits = stacked_logits(models[0], stack, x)
    expected = torch.stack([model(part) for model, part in zip(models, x)])
    torch.testing.assert_close(logits, expected)


def test_adapter_of_methods_is_preferred_to_parts():
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.head = nn.Linear(3, 2), nn.Linear(2, 5, bias=False)

        def embed(self, x):
            return 2 * self.embedding(x)

        def unembeddings(self):
            return 3 * self.head.weight

    module, x = Both(), torch.randn(4, 3)
    torch.testing.assert_close(EmbeddingAdapter(module)(x), 6 * module.head(module.embedding(x)))


class TestLosses:
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    log_p = torch.log_softmax(
        3 * torch.randn(6, 4, generator=torch.Generator().manual_seed(1)), dim=1
    )

    @pytest.mark.parametrize("name", LOSSES)
    def test_mean_of_the_rows(self, name):
        target = torch.tensor([0, 3, 1, 1, 2, 0]) if name is None else self.log_p
        loss = LOSSES[name]()
        rows = loss.rows(self.logits, target)
        assert rows.shape == (6,)
        torch.testing.assert_close(loss(self.logits, target), rows.mean())

    @pytest.mark.parametrize("name", LOSSES)
    def test_blind_to_what_the_distribution_cannot_see(self, name):
        """A shift of all logits of an input; raw logit differences would penalise it."""
        target = torch.tensor([0, 3, 1, 1, 2, 0]) if name is None else self.log_p
        shifted = self.logits + torch.arange(6.0)[:, None]
        torch.testing.assert_close(
            LOSSES[name]()(shifted, target), LOSSES[name]()(self.logits, target)
        )

    @pytest.mark.parametrize("name", ["kl", "logit_l1", "logit_l2"])
    def test_zero_at_the_teacher(self, name):
        assert float(LOSSES[name]()(self.log_p + 2.0, self.log_p)) == pytest.approx(0, abs=1e-6)

    def test_formulas(self):
        log_q = torch.log_softmax(self.logits, dim=1).double().numpy()
        log_p = self.log_p.double().numpy()
        gap = (log_q - log_p) - (log_q - log_p).mean(axis=1, keepdims=True)
        expected = {
            "kl": np.sum(np.exp(log_p) * (log_p - log_q)) / 6,
            "logit_l1": np.abs(gap).mean(),
            "logit_l2": np.sum(gap**2) / 6,
        }
        for name, value in expected.items():
            loss = float(LOSSES[name]()(self.logits, self.log_p))
            assert loss == pytest.approx(value, rel=1e-5), name

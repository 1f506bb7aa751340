"""Networks of the family p(y|x) ~ exp(f(x).g(y)): embedding f, unembedding g, no bias."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import abc
import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from sksim._torch._perceptron import perceptron

__all__ = [
    "EmbeddingAdapter",
    "EmbeddingModel",
    "LogitModel",
    "build_embedding_model",
]


class LogitModel(nn.Module, abc.ABC):
    """A model of the family: logits f(x).g(y)."""

    @abc.abstractmethod
    def embed(self, x: Tensor) -> Tensor:
        """Embeddings f(x) (n, M)."""

    @abc.abstractmethod
    def unembeddings(self) -> Tensor:
        """Unembeddings g(y) of all labels (k, M)."""

    def forward(self, x: Tensor) -> Tensor:
        """Logits (n, k)."""
        return self.embed(x) @ self.unembeddings().T


class EmbeddingModel(LogitModel):
    """Logits f(x).g(y) of two networks, or of a network and a linear layer.

    Parameters
    ----------
    n_features, n_components, n_classes : int
        Sizes of x, of f and g, and number k of labels.
    hidden_layer_sizes : tuple of int
        Widths of the hidden layers of f, and of g if that is a network.
    unembedding : {"mlp", "linear"}
        "mlp": g is a network on one-hot labels without their last column, so that the last label
        is the zero vector. "linear": g(y) are free parameters.
    """

    head: nn.Sequential | nn.Linear
    one_hot: Tensor

    def __init__(
        self,
        n_features: int,
        n_components: int,
        n_classes: int,
        hidden_layer_sizes: tuple[int, ...] = (32, 32, 32),
        unembedding: str = "mlp",
    ) -> None:
        super().__init__()
        self.embedding = perceptron(n_features, hidden_layer_sizes, n_components)
        if unembedding == "mlp":
            self.head = perceptron(n_classes - 1, hidden_layer_sizes, n_components)
            one_hot = torch.eye(n_classes)[:, :-1].contiguous()
            self.register_buffer("one_hot", one_hot, persistent=False)
        else:
            self.head = nn.Linear(n_components, n_classes, bias=False)

    def embed(self, x: Tensor) -> Tensor:
        """Embeddings f(x) (n, M)."""
        return self.embedding(x)

    def unembeddings(self) -> Tensor:
        """Unembeddings g(y) of all labels (k, M)."""
        if isinstance(self.head, nn.Linear):
            return self.head.weight
        return self.head(self.one_hot)


class EmbeddingAdapter(LogitModel):
    """A network of the family made of a user's parts.

    Parameters
    ----------
    module : torch.nn.Module
        With methods ``embed(x)`` and ``unembeddings()``, or with submodules ``embedding`` and
        ``head``, the latter a linear layer without bias.
    """

    module: Any

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module
        self.has_methods = hasattr(module, "embed") and hasattr(module, "unembeddings")
        if self.has_methods:
            return
        if not (hasattr(module, "embedding") and hasattr(module, "head")):
            raise TypeError(
                "module must have methods embed(x) and unembeddings(), or submodules embedding "
                f"and head; {type(module).__name__} has neither."
            )
        head = module.head
        if not isinstance(head, nn.Linear) or head.bias is not None:
            raise TypeError(
                "The head of module must be a torch.nn.Linear with bias=False: a bias leaves the "
                f"family p(y|x) ~ exp(f(x).g(y)). Got {head}."
            )

    def embed(self, x: Tensor) -> Tensor:
        """Embeddings f(x) (n, M)."""
        return self.module.embed(x) if self.has_methods else self.module.embedding(x)

    def unembeddings(self) -> Tensor:
        """Unembeddings g(y) of all labels (k, M)."""
        return self.module.unembeddings() if self.has_methods else self.module.head.weight


def build_embedding_model(
    module: nn.Module | Callable[..., nn.Module] | None,
    n_features: int,
    n_components: int,
    n_classes: int,
    **sizes: Any,
) -> LogitModel:
    """The built-in network, or a user's module (copied) or factory, adapted and checked."""
    if module is None:
        return EmbeddingModel(n_features, n_components, n_classes, **sizes)
    if isinstance(module, nn.Module):
        module = copy.deepcopy(module)
    else:
        module = module(n_features=n_features, n_components=n_components, n_classes=n_classes)
    model = EmbeddingAdapter(module)
    shape = tuple(model.unembeddings().shape)
    if shape != (n_classes, n_components):
        raise ValueError(
            f"The unembeddings of module must have shape (n_classes, n_components) = "
            f"({n_classes}, {n_components}), got {shape}."
        )
    return model

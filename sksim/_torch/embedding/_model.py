"""Networks of the family p(y|x) ~ exp(f(x).g(y)): embedding f, unembedding g, no bias."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import abc
import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sksim._torch._perceptron import perceptron
from sksim._torch.embedding._convolutions import ImageEmbedding

__all__ = [
    "EmbeddingAdapter",
    "EmbeddingModel",
    "LogitModel",
    "build_embedding_model",
]


class LogitModel(nn.Module, abc.ABC):
    """A model of the family: logits f(x).g(y).

    With ``temperature`` tau, f and g are the outputs scaled to unit length, g divided by tau.
    ``nested_components`` are the numbers of leading components of which the loss sees the logits.
    ``n_reserved`` is the number of further vectors behind those of the labels: the loss sees them,
    the distribution does not.
    """

    temperature: float | None = None
    nested_components: tuple[int, ...] = ()
    n_reserved = 0

    @abc.abstractmethod
    def outputs(self, x: Tensor) -> Tensor:
        """What becomes f(x) (n, M)."""

    @abc.abstractmethod
    def vectors(self) -> Tensor:
        """What becomes g(y) of all labels, and vectors in reserve (k + r, M)."""

    def scaled(self, outputs: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """Scaled f and g, the latter with the vectors in reserve."""
        if self.temperature is None:
            return outputs, vectors
        normalize = nn.functional.normalize
        return normalize(outputs, dim=-1), normalize(vectors, dim=-1) / self.temperature

    def compare(self, outputs: Tensor, vectors: Tensor) -> Tensor:
        """Logits that the loss sees (..., k + r), with one more axis for nested components."""
        if not self.nested_components:
            f, g = self.scaled(outputs, vectors)
            return f @ g.transpose(-1, -2)
        heads = (self.scaled(outputs[..., :m], vectors[..., :m]) for m in self.nested_components)
        return torch.stack([f @ g.transpose(-1, -2) for f, g in heads], dim=-1)

    def embed(self, x: Tensor) -> Tensor:
        """Embeddings f(x) (n, M)."""
        outputs = self.outputs(x)
        return self.scaled(outputs, outputs)[0]

    def unembeddings(self) -> Tensor:
        """Unembeddings g(y) of all labels (k, M)."""
        vectors = self.vectors()
        return self.scaled(vectors, vectors[: len(vectors) - self.n_reserved])[1]

    def logits(self, x: Tensor) -> Tensor:
        """Logits f(x).g(y) (n, k)."""
        return self.embed(x) @ self.unembeddings().T

    def forward(self, x: Tensor) -> Tensor:
        """Logits that the loss sees, see :meth:`compare`."""
        return self.compare(self.outputs(x), self.vectors())


class EmbeddingModel(LogitModel):
    """Logits f(x).g(y) of two networks, or of a network and vectors, learned or fixed.

    Parameters
    ----------
    n_features, n_components, n_classes : int
        Sizes of x, of f and g, and number k of labels.
    hidden_layer_sizes : tuple of int
        Widths of the hidden layers of f, and of g if that is a network.
    unembedding : {"mlp", "linear"} or ndarray of shape (n_classes + r, n_components)
        "mlp": g is a network on one-hot labels without their last column, so that the last label
        is the zero vector. "linear": g(y) are free parameters. An array: fixed vectors.
    image_shape : tuple or None
        Shape of the images that the rows are; f then is convolutional.
    """

    head: nn.Sequential | nn.Linear | None
    one_hot: Tensor
    targets: Tensor

    def __init__(
        self,
        n_features: int,
        n_components: int,
        n_classes: int,
        hidden_layer_sizes: tuple[int, ...] = (32, 32, 32),
        unembedding: str | np.ndarray = "mlp",
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__()
        self.embedding: nn.Module
        if image_shape is None:
            self.embedding = perceptron(n_features, hidden_layer_sizes, n_components)
        else:
            self.embedding = ImageEmbedding(image_shape, hidden_layer_sizes, n_components)
        if not isinstance(unembedding, str):
            self.head = None
            self.register_buffer("targets", torch.as_tensor(unembedding, dtype=torch.float32))
            self.n_reserved = len(unembedding) - n_classes
        elif unembedding == "mlp":
            self.head = perceptron(n_classes - 1, hidden_layer_sizes, n_components)
            one_hot = torch.eye(n_classes)[:, :-1].contiguous()
            self.register_buffer("one_hot", one_hot, persistent=False)
        else:
            self.head = nn.Linear(n_components, n_classes, bias=False)

    def outputs(self, x: Tensor) -> Tensor:
        """What becomes f(x) (n, M)."""
        return self.embedding(x)

    def vectors(self) -> Tensor:
        """What becomes g(y) of all labels, and vectors in reserve (k + r, M)."""
        if self.head is None:
            return self.targets
        return self.head.weight if isinstance(self.head, nn.Linear) else self.head(self.one_hot)


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

    def outputs(self, x: Tensor) -> Tensor:
        """What becomes f(x) (n, M)."""
        return self.module.embed(x) if self.has_methods else self.module.embedding(x)

    def vectors(self) -> Tensor:
        """What becomes g(y) of all labels (k, M)."""
        return self.module.unembeddings() if self.has_methods else self.module.head.weight


def build_embedding_model(
    module: nn.Module | Callable[..., nn.Module] | None,
    n_features: int,
    n_components: int,
    n_classes: int,
    *,
    temperature: float | None = None,
    nested_components: tuple[int, ...] = (),
    **sizes: Any,
) -> LogitModel:
    """The built-in network, or a user's module (copied) or factory, adapted and checked."""
    model: LogitModel
    if module is None:
        model = EmbeddingModel(n_features, n_components, n_classes, **sizes)
    else:
        if isinstance(module, nn.Module):
            module = copy.deepcopy(module)
        else:
            module = module(n_features=n_features, n_components=n_components, n_classes=n_classes)
        model = EmbeddingAdapter(module)
        shape = tuple(model.vectors().shape)
        if shape != (n_classes, n_components):
            raise ValueError(
                f"The unembeddings of module must have shape (n_classes, n_components) = "
                f"({n_classes}, {n_components}), got {shape}."
            )
    model.temperature, model.nested_components = temperature, nested_components
    return model

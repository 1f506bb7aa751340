"""Local rank: published values, both routes alike, linear networks, thresholds, bad input."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier, MLPRegressor

from sksim.metrics import local_rank

X = np.random.RandomState(1).randn(10, 4)


def weights():
    rng = np.random.RandomState(0)
    sizes = ((4, 6), (6, 5), (5, 3))
    drawn = [rng.randn(*shape) for n_in, n_out in sizes for shape in ((n_in, n_out), (n_out,))]
    return drawn[::2], drawn[1::2]


def perceptron(activation="relu"):
    """A fitted perceptron whose weights are replaced."""
    targets = np.random.RandomState(0).randn(10, 3)
    net = MLPRegressor(
        hidden_layer_sizes=(6, 5), activation=activation, tol=1e9, n_iter_no_change=1
    ).fit(X, targets)
    net.coefs_, net.intercepts_ = weights()
    return net


def network(activation):
    torch = pytest.importorskip("torch")
    layers = []
    for i, (W, b) in enumerate(zip(*weights())):
        linear = torch.nn.Linear(*W.shape, dtype=torch.float64)
        linear.weight.data, linear.bias.data = torch.asarray(W.T.copy()), torch.asarray(b)
        layers += [linear] if i == 0 else [activation, linear]
    return torch.nn.Sequential(*layers, torch.nn.Softmax(dim=1))


def literal_ranks(rtol):
    """By finite differences, which are exact within a linear piece."""
    (W1, W2, W3), (b1, b2, b3) = weights()
    layers = [
        lambda x: x @ W1 + b1,
        lambda x: np.maximum(x @ W1 + b1, 0) @ W2 + b2,
        lambda x: np.maximum(np.maximum(x @ W1 + b1, 0) @ W2 + b2, 0) @ W3 + b3,
    ]
    ranks = []
    for f in layers:
        J = [[(f(x + 1e-7 * e) - f(x)) / 1e-7 for e in np.eye(4)] for x in X]
        ranks.append(np.mean([np.linalg.matrix_rank(j, tol=rtol * 10) for j in np.array(J)]))
    return ranks


def test_known_values():
    assert local_rank(perceptron(), X, rtol=1e-6).tolist() == [4, 3.2, 0.4]
    assert literal_ranks(1e-6) == pytest.approx([4, 3.2, 0.4])
    assert local_rank(perceptron(), X, layer=-1, rtol=1e-6) == pytest.approx(0.4)


def test_network_of_torch():
    torch = pytest.importorskip("torch")
    for name, activation in (
        ("relu", torch.nn.ReLU()),
        ("tanh", torch.nn.Tanh()),
        ("logistic", torch.nn.Sigmoid()),
        ("identity", torch.nn.Identity()),
    ):
        net = network(activation)
        for rtol in (1e-6, 0.1):
            expected = local_rank(perceptron(name), X, rtol=rtol)
            np.testing.assert_array_equal(local_rank(net, X, rtol=rtol), expected)
    assert net.training
    np.testing.assert_array_equal(local_rank(net, torch.asarray(X), rtol=0.1), expected)


def test_convolutions_and_estimators():
    torch = pytest.importorskip("torch")
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8, 3)
    )
    ranks = local_rank(net, np.random.RandomState(0).randn(5, 1, 4, 4))
    assert ranks.shape == (2,)
    assert 3 < ranks[0] <= 8
    from sksim.identifiability import EmbeddingClassifier

    model = EmbeddingClassifier(hidden_layer_sizes=(5, 4), max_epochs=1, random_state=0)
    ranks = local_rank(model.fit(X, np.arange(10) % 3), X)
    assert (ranks <= [4, 4, 2]).all()


def test_linear_network_has_the_rank_of_the_product():
    net = perceptron("identity")
    net.coefs_[1] = net.coefs_[1] @ np.diag([1.0, 1, 0, 0, 0])
    assert local_rank(net, X, rtol=1e-9).tolist() == [4, 2, 2]


def test_what_changes_nothing_and_what_does():
    net = perceptron()
    ranks = local_rank(net, X, rtol=1e-9)
    shifted = perceptron()
    shifted.intercepts_[0] = shifted.intercepts_[0] - 7 * shifted.coefs_[0].sum(axis=0)
    np.testing.assert_array_equal(local_rank(shifted, X + 7, rtol=1e-9), ranks)
    A = np.diag([1.0, 1, 1e-4, 1])
    mapped = perceptron()
    mapped.coefs_[0] = np.linalg.inv(A) @ mapped.coefs_[0]
    np.testing.assert_array_equal(local_rank(mapped, X @ A, rtol=1e-9), ranks)
    assert (local_rank(mapped, X @ A, rtol=1e-3) != local_rank(net, X, rtol=1e-3)).any()
    # the absolute rule sees the unit, the relative one does not
    scaled = perceptron()
    scaled.coefs_[0] = 1e-3 * scaled.coefs_[0]
    np.testing.assert_array_equal(local_rank(scaled, 1e3 * X), local_rank(net, X))
    assert (local_rank(scaled, 1e3 * X, rtol=0, atol=0.1) == 0).any()


def test_bad_input():
    with pytest.raises(NotFittedError):
        local_rank(MLPClassifier(), X)
    with pytest.raises(ValueError, match="layer must be one of the 3 layers of model, got 3"):
        local_rank(perceptron(), X, layer=3)
    with pytest.raises(ValueError, match="X must have the 4 features of model, got 3"):
        local_rank(perceptron(), X[:, :3])
    with pytest.raises(TypeError, match="model must be a torch"):
        local_rank("net", X)
    torch = pytest.importorskip("torch")
    with pytest.raises(ValueError, match="model must have linear or convolutional layers"):
        local_rank(torch.nn.ReLU(), X)

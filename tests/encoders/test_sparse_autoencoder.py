import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import logsumexp

from sksim.codes import matching_pursuit
from sksim.encoders import SparseAutoencoder

from .small import MODELS, table

torch = pytest.importorskip("torch")

from sksim._torch.autoencoder._sparse import TopKNetwork, largest, pursue, repulsion

DICTIONARY = torch.tensor([[1.0, 0.0], [0.6, 0.8], [-0.8, 0.6]], dtype=torch.float64)


def pursuit_step_by_step(x, atoms, n_steps):
    """Literal matching pursuit of one row; the code and the residuals."""
    r, z, residuals = np.array(x, float), np.zeros(len(atoms)), []
    for _ in range(n_steps):
        products = [max(0.0, float(np.dot(w, r))) for w in atoms]
        j = int(np.argmax(products))
        z[j] += products[j]
        r = r - products[j] * atoms[j]
        residuals.append(r)
    return z, residuals


def contrast_pair_by_pair(Z, y, T):
    """Literal contrast."""
    U = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    losses = []
    for i in range(len(U)):
        negatives = sum(np.exp(U[i] @ U[j] / T) for j in range(len(U)) if y[j] != y[i])
        positives = [np.exp(U[i] @ U[p] / T) for p in range(len(U)) if y[p] == y[i]]
        losses.append(np.mean([-np.log(e / (e + 2 * negatives)) for e in positives]))
    return np.mean(losses)


# Published and derived values.


def test_pursuit_of_a_known_row():
    codes, residual = pursue(torch.tensor([[2.0, 1.0]], dtype=torch.float64), DICTIONARY, 3)
    np.testing.assert_allclose(codes, [[2.0, 0.8, 0.6]])
    np.testing.assert_allclose(residual, [[0, 0]], atol=1e-12)
    lengths = [
        pursue(torch.tensor([[2.0, 1.0]], dtype=torch.float64), DICTIONARY, k)[1].norm().item()
        for k in range(4)
    ]
    np.testing.assert_allclose(lengths, [2.2360679775, 1, 0.6, 0], atol=1e-9)


@pytest.mark.parametrize(
    ("a", "expected"), [([0.3, -1, 2, 0.5], [0, 0, 2, 0.5]), ([-1, -2, -3, 0.1], [0, 0, 0, 0.1])]
)
def test_largest_entries(a, expected):
    np.testing.assert_array_equal(largest(torch.tensor([a]), 2), torch.tensor([expected]))


def test_contrast_of_known_codes():
    rows = torch.tensor([[1.0, 0, 0], [0, 2, 0], [0, 1, 1]], dtype=torch.float64)
    found = repulsion(rows, torch.arange(3), 0.2).item()
    assert found == pytest.approx(0.268367351712847, abs=1e-12)
    found = repulsion(3 * torch.eye(4, dtype=torch.float64), torch.arange(4), 0.2).item()
    assert found == pytest.approx(0.0396318613073258, abs=1e-12)
    assert found == pytest.approx(np.log(1 + 2 * 3 * np.exp(-1 / 0.2)))


def test_contrast_of_classes(rng):
    Z, y = rng.uniform(size=(12, 5)), rng.randint(3, size=12)
    found = repulsion(torch.from_numpy(Z), torch.from_numpy(y), 0.5).item()
    assert found == pytest.approx(contrast_pair_by_pair(Z, y, 0.5))
    one_class = repulsion(torch.from_numpy(Z), torch.zeros(12), 0.5).item()
    assert one_class == 0 == logsumexp([0.0])


# Properties.


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6))
def test_pursuit_is_the_literal_one_and_that_of_codes(seed, n_steps):
    rng = np.random.RandomState(seed)
    atoms, X = rng.standard_normal((7, 4)), rng.standard_normal((5, 4))
    atoms /= np.linalg.norm(atoms, axis=1, keepdims=True)
    codes, residual = pursue(torch.from_numpy(X), torch.from_numpy(atoms), n_steps)
    for x, z, r in zip(X, codes.numpy(), residual.numpy()):
        expected, residuals = pursuit_step_by_step(x, atoms, n_steps)
        np.testing.assert_allclose(z, expected, atol=1e-12)
        np.testing.assert_allclose(r, residuals[-1], atol=1e-12)
        lengths = np.linalg.norm([x, *residuals], axis=1)
        assert (np.diff(lengths) <= 1e-12).all()
    np.testing.assert_allclose(
        matching_pursuit(X, atoms, n_nonzero=n_steps).toarray(), codes, atol=1e-9
    )


def test_gradient_of_the_pursuit(rng):
    """Through the recursion, at a choice of atoms that does not change nearby."""
    x = torch.from_numpy(rng.standard_normal((3, 4)))
    atoms = torch.from_numpy(rng.standard_normal((6, 4)))

    def left(atoms):
        return (pursue(x, torch.nn.functional.normalize(atoms, dim=1), 3)[1] ** 2).sum()

    assert torch.autograd.gradcheck(left, atoms.requires_grad_())


@pytest.mark.parametrize("name", ["topk", "pursuit"])
def test_codes(name):
    X = table()
    model = MODELS[name]().fit(X)
    for k in (1, 2, 5):
        codes = model.set_params(n_nonzero=k).transform(X)
        assert type(codes) is sparse.csr_matrix
        assert codes.getnnz(axis=1).max() <= k
        assert (codes.data > 0).all()
        assert codes.has_sorted_indices
    np.testing.assert_allclose(np.linalg.norm(model.components_, axis=1), 1)
    decoded = model.inverse_transform(codes)
    np.testing.assert_allclose(decoded, codes.toarray() @ model.components_ + model.mean_)
    np.testing.assert_allclose(model.inverse_transform(codes.toarray()), decoded)
    if name == "pursuit":
        assert not model.mean_.any()
        expected = matching_pursuit(X, model.components_, n_nonzero=5)
        np.testing.assert_allclose(codes.toarray(), expected.toarray(), atol=1e-9)
        scores = [model.set_params(n_nonzero=k).score(X) for k in (1, 2, 3, 4)]
        assert (np.diff(scores) >= 0).all()
    else:
        a = (X - model.mean_) @ model.components_.T + model.encoder_bias_
        kept = np.where(a >= np.sort(a, axis=1)[:, [-5]], np.maximum(a, 0), 0)
        np.testing.assert_allclose(codes.toarray(), kept, atol=1e-9)


def test_pursuit_with_an_orthonormal_dictionary_keeps_the_largest(rng):
    Q = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    both_signs = np.concatenate([Q, -Q])
    X = rng.standard_normal((8, 6))
    codes = pursue(torch.from_numpy(X), torch.from_numpy(both_signs), 3)[0].numpy()
    a = X @ Q.T
    kept = np.where(np.abs(a) >= np.sort(np.abs(a), axis=1)[:, [-3]], a, 0)
    np.testing.assert_allclose(codes[:, :6] - codes[:, 6:], kept, atol=1e-12)


def test_dead_units_take_part():
    network = TopKNetwork(
        n_features=3, n_components=4, n_nonzero=1, contrastive_weight=0.0, temperature=0.2,
        aux_weight=1.0, n_aux=2,
    )  # fmt: skip
    x = torch.randn(10, 3, generator=torch.Generator().manual_seed(0))
    a, residual = network.activations(x), x - 0.1
    assert network.auxiliary(a, residual) == 0
    network.silent_steps[:] = torch.tensor([31, 0, 30, 99])
    W = network.components()[[0, 3]].detach()
    left = residual - torch.relu(a[:, [0, 3]].detach()) @ W
    centered = residual - residual.mean(0)
    expected = (left**2).sum() / (centered**2).sum()
    assert network.auxiliary(a, residual).item() == pytest.approx(expected.item(), rel=1e-5)
    network.count_silence(torch.tensor([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1e-6, 2.0]]))
    assert network.silent_steps.tolist() == [32, 0, 31, 0]


def test_dead_units_are_counted():
    """A unit that points away from all rows stays silent, and is seen."""
    X = np.abs(table())
    model = SparseAutoencoder(
        64, encoder="matching_pursuit", n_nonzero=1, batch_size=12, max_epochs=9, random_state=0
    ).fit(X)
    history = [row["dead_units"] for row in model.history_]
    assert history[0] == 0 < history[-1] < 64
    used = model.transform(X).getnnz(axis=0) > 0
    assert model.history_[-1]["unused_units"] == 64 - used.sum()


def test_labels_draw_their_rows_together():
    rng = np.random.RandomState(0)
    y = np.repeat([0, 1, 2], 40)
    X = rng.standard_normal((120, 6)) + 2 * np.eye(6)[y]

    def spread(weight, labels):
        model = SparseAutoencoder(
            24, n_nonzero=4, contrastive_weight=weight, max_epochs=20, random_state=0
        ).fit(X, labels)
        return repulsion(
            torch.from_numpy(model.transform(X).toarray()), torch.from_numpy(y), 0.2
        ).item()

    assert spread(1.0, np.array(list("abc"))[y]) < spread(0.0, None)
    np.testing.assert_equal(spread(0.0, y), spread(0.0, None))


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array])
@pytest.mark.parametrize("name", ["topk", "pursuit"])
def test_sparse_rows_are_those_of_their_dense_form(name, kind, monkeypatch):
    X = np.maximum(table() - 4, 0).astype(np.float32)
    model, dense = MODELS[name]().fit(kind(X)), MODELS[name]().fit(X)
    np.testing.assert_array_equal(model.components_, dense.components_)
    assert model.score(kind(X)) == dense.score(X)
    monkeypatch.setattr(SparseAutoencoder, "_n_block_rows", lambda self: 7)
    codes = model.transform(kind(X))
    assert codes.dtype == np.float32
    np.testing.assert_array_equal(codes.toarray(), dense.transform(X).toarray())
    with pytest.raises(MemoryError, match="dense form of sparse rows"):
        MODELS[name]().fit(sparse.csr_array((2**20, 2**30)))


def test_bad_input():
    X = table()
    model = MODELS["topk"]().fit(X)
    assert model.set_params(n_nonzero=13).transform(X).getnnz(axis=1).max() <= 12
    with pytest.raises(ValueError, match="Z must hold codes, with 12 columns, got 3"):
        model.inverse_transform(np.ones((2, 3)))
    with pytest.raises(ValueError, match="y must hold a label"):
        MODELS["topk"](contrastive_weight=1.0).fit(X, [None] * len(X))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        MODELS["topk"](contrastive_weight=1.0).fit(X, [0, 1])
    with pytest.raises(MemoryError, match="fewer n_components"):
        SparseAutoencoder(10**13, n_nonzero=1).fit(X)
    pursuit = MODELS["pursuit"]().fit(X)
    assert pursuit.transform(np.zeros((1, 4))).nnz == 0
    with pytest.raises(ValueError, match=r"another network \(TopKNetwork, not PursuitNetwork\)"):
        pursuit.set_params(encoder="topk", warm_start=True).fit(X)

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sksim.encoders import RandomProjectorLearner
from sksim.utils._diverse import greedy_diverse_subset

from .small import MODELS, table

torch = pytest.importorskip("torch")

from sksim._torch.autoencoder._random_projectors import row_twins, similarity_kernel

K = np.array([[1, 0.9, 0.5, 0], [0.9, 1, 0.6, 0.1], [0.5, 0.6, 1, 0.2], [0, 0.1, 0.2, 1]])


def test_known_choice():
    assert greedy_diverse_subset(K, 4).tolist() == [0, 3, 2, 1]
    first = greedy_diverse_subset(K, 3)
    assert np.linalg.det(K[np.ix_(first, first)]) == pytest.approx(0.71)


def test_known_loss():
    p, z = (
        torch.tensor(one, dtype=torch.float64) for one in ([[1.0, 0], [1, 1]], [[1.0, 1], [0, 1]])
    )
    assert row_twins(p, z, 0.01).item() == pytest.approx(0.18157287525381, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 8), st.integers(1, 8))
def test_the_choice_is_greedy_in_determinants(seed, n, n_items):
    A = np.random.RandomState(seed).standard_normal((n, 5))
    A /= np.linalg.norm(A, axis=1, keepdims=True)
    kernel = A @ A.T
    chosen = greedy_diverse_subset(kernel, n_items).tolist()
    assert len(chosen) <= min(n, n_items, 5)
    for done in range(len(chosen)):
        before = chosen[:done]

        def volume(i, before=before):
            return np.linalg.det(kernel[np.ix_([*before, i], [*before, i])])

        best = max(volume(i) for i in range(n) if i not in before)
        assert volume(chosen[done]) == pytest.approx(best, abs=1e-9)


def test_copies_are_not_chosen():
    kernel = np.ones((3, 3))
    assert greedy_diverse_subset(kernel, 2).tolist() == [0]


def test_twins(rng):
    p, z = (torch.from_numpy(rng.standard_normal((5, 7))) for _ in range(2))
    unit = [(one / one.norm(dim=1, keepdim=True)).numpy() for one in (p, z)]
    C = unit[0] @ unit[1].T
    expected = sum(
        (C[i, j] - 1) ** 2 if i == j else 0.1 * C[i, j] ** 2
        for i, j in itertools.product(range(5), repeat=2)
    )
    assert row_twins(p, z, 0.1).item() == pytest.approx(expected)
    lengths = torch.from_numpy(rng.uniform(1, 9, size=(5, 1)))
    assert row_twins(p * lengths, z / lengths, 0.1).item() == pytest.approx(expected)
    Q = torch.linalg.qr(p.T)[0].T
    assert row_twins(Q, Q, 0.1).item() == pytest.approx(0, abs=1e-12)


def test_kernel(rng):
    targets = [rng.standard_normal((9, 4)) for _ in range(3)]
    cosines = []
    for one in targets:
        U = one / np.linalg.norm(one, axis=1, keepdims=True)
        cosines.append((U @ U.T).ravel() / np.linalg.norm(U @ U.T))
    found = similarity_kernel([torch.from_numpy(one) for one in targets])
    np.testing.assert_allclose(found, np.array(cosines) @ np.array(cosines).T)


def test_the_kept_networks_are_frozen_and_differ():
    X = table()
    model = MODELS["projectors"](n_projectors=3).fit(X)
    assert len(set(model.projector_indices_)) == 3
    assert model.projector_indices_.max() < 30
    before = {k: v.clone() for k, v in model.net_.module_.projectors.state_dict().items()}
    model.partial_fit(X)
    for name, value in model.net_.module_.projectors.state_dict().items():
        assert torch.equal(value, before[name])
    plain = MODELS["projectors"](n_projectors=3, selection_ratio=1).fit(X)
    assert plain.projector_indices_.tolist() == [0, 1, 2]


def test_training_raises_the_agreement():
    X = table(200)
    model = RandomProjectorLearner(
        8, hidden_layer_sizes=(16,), max_epochs=30, lr=3e-3, random_state=0
    ).fit(X)
    assert model.history_[-1]["agreement"] > model.history_[0]["agreement"] + 0.2
    assert model.history_[-1]["effective_rank"] > 2
    mlp = MODELS["projectors"](predictor="mlp").fit(X)
    assert len(mlp.net_.module_.predictors[0]) == 3


def test_a_batch_of_one_row_has_no_others():
    with pytest.raises(ValueError, match="batch_size"):
        MODELS["projectors"](batch_size=1).fit(table())

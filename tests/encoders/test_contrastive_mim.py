import numpy as np
import pytest
from scipy.stats import multivariate_normal, ortho_group

from sksim.encoders import ContrastiveMIM

from .small import MODELS, table

torch = pytest.importorskip("torch")

from sksim._torch.autoencoder._contrastive_mim import contrast, log_normal, mim_loss


def contrast_pair_by_pair(Z, T, normalize):
    """Literal -log p_k of each row."""
    U = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    values = []
    for i, u in enumerate(U):
        others = [np.exp(u @ v / T) for j, v in enumerate(U) if j != i]
        negatives = np.mean(others) if normalize else np.sum(others)
        values.append(-np.log(np.exp(u @ u / T) / (np.exp(u @ u / T) + negatives)))
    return np.array(values)


def found(Z, T, normalize):
    return contrast(torch.as_tensor(Z), T, normalize_negatives=normalize).numpy()


@pytest.mark.parametrize(
    ("normalize", "expected"),
    [
        (True, [0.29713842, 0.29713842, 0.44254758]),
        (False, [0.52591315, 0.52591315, 0.74826765]),
    ],
)
def test_known_contrasts(normalize, expected):
    Z = np.array([[1.0, 0], [0, 1], [1, 1]])
    np.testing.assert_allclose(found(Z, 0.5, normalize), expected, atol=1e-8)


def test_known_loss():
    x, decoded = (torch.tensor([row], dtype=torch.float64) for row in ([1.0, 0], [0.5, 0.25]))
    z, mu, log_var = (torch.tensor([[v]], dtype=torch.float64) for v in (0.7, 0.2, -1.0))
    log_p = log_normal(x, decoded, torch.tensor(2 * np.log(0.5)))
    log_prior, log_q = log_normal(z, 0 * z, 0 * z), log_normal(z, mu, log_var)
    assert log_p.item() == pytest.approx(-1.07658270528945, abs=1e-7)
    assert log_prior.item() == pytest.approx(-1.16393853320467, abs=1e-12)
    assert log_q.item() == pytest.approx(-0.758723761762053, abs=1e-12)
    assert mim_loss(log_q, log_p, log_prior).item() == pytest.approx(1.49962250012809, abs=1e-7)


def test_log_density(rng):
    x, mean, log_var = rng.standard_normal((3, 1, 4))
    expected = multivariate_normal(mean[0], np.diag(np.exp(log_var[0]))).logpdf(x[0])
    given = (torch.from_numpy(one) for one in (x, mean, log_var))
    assert log_normal(*given).item() == pytest.approx(expected)


@pytest.mark.parametrize("normalize", [True, False])
def test_contrast(rng, normalize):
    Z = rng.standard_normal((9, 4))
    expected = contrast_pair_by_pair(Z, 0.3, normalize)
    np.testing.assert_allclose(found(Z, 0.3, normalize), expected)
    scaled = Z * rng.uniform(0.1, 9, size=(9, 1)) @ ortho_group.rvs(4, random_state=0)
    np.testing.assert_allclose(found(scaled, 0.3, normalize), expected)
    parallel = np.outer(np.arange(1.0, 10), [1, 2, 0, 1])
    np.testing.assert_allclose(found(parallel, 0.3, normalize), np.log(2 if normalize else 9))
    assert found(Z[:1], 0.3, normalize) == 0


def test_the_mean_form_does_not_grow_with_the_batch(rng):
    Z = rng.standard_normal((2048, 8))

    def mean_of_batches(n, normalize):
        return np.mean([found(Z[i : i + n], 1.0, normalize).mean() for i in range(0, 2048, n)])

    small, large = (mean_of_batches(n, True) for n in (16, 1024))
    assert large == pytest.approx(small, rel=0.02)
    small, large = (mean_of_batches(n, False) for n in (16, 1024))
    assert large > 2 * small


def test_without_weight_it_is_the_plain_machine():
    X = table()
    model = MODELS["mim"](contrastive_weight=0.0).fit(X)
    for row in model.history_:
        assert row["train_contrast"] == 0
        assert row["train_loss"] == pytest.approx(row["train_mim"])
    with_it = MODELS["mim"](contrastive_weight=4.0).fit(X).history_[0]
    expected = with_it["train_mim"] + 2 * with_it["train_contrast"]
    assert with_it["train_loss"] == pytest.approx(expected)


def test_the_variance_falls_to_its_bound():
    """The loss rewards narrow latents without limit: the monitor tells so."""
    model = MODELS["mim"](max_epochs=60, lr=0.02, min_log_var=-1.0).fit(table())
    history = [row["at_min_log_var"] for row in model.history_]
    assert history[0] < history[-1] > 0.9
    mean, log_var = model.net_.module_.posterior(torch.zeros(1, 4))
    assert log_var.min() >= -1


def test_monitors():
    X = table()
    model = MODELS["mim"]().fit(X)
    Z = model.transform(X)
    U = Z / np.linalg.norm(Z, axis=1, keepdims=True)
    cosines = (U @ U.T)[~np.eye(len(U), dtype=bool)]
    assert model.history_[-1]["cosine"] == pytest.approx(cosines.mean(), abs=1e-5)
    assert model.history_[-1]["kl"] > 0


def test_samples():
    X = table()
    model = MODELS["mim"]().fit(X)
    samples = model.sample(5, random_state=0)
    z = np.random.RandomState(0).standard_normal((5, 2))
    np.testing.assert_array_equal(samples, model.inverse_transform(z))
    with pytest.raises(ValueError, match="n_samples must be a positive integer"):
        model.sample(0)


def test_validation_has_the_same_noise_each_time():
    X = table()
    model = ContrastiveMIM(
        2, hidden_layer_sizes=(8,), max_epochs=3, validation_fraction=0.3, lr=1e-12, random_state=0
    ).fit(X)
    losses = [row["valid_loss"] for row in model.history_]
    np.testing.assert_allclose(losses, losses[0], rtol=1e-6)

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")

from hypothesis import given
from hypothesis import strategies as st

from sksim._torch.diffusion._schedules import (
    LearnedLinearSchedule,
    LinearSchedule,
    alpha_sigma,
    make_schedule,
    stratified_times,
)


def test_constants_of_the_papers():
    alpha, sigma = alpha_sigma(torch.tensor([-13.3, 5.0], dtype=torch.float64))
    np.testing.assert_allclose(alpha**2, [0.9999983255, 0.0066928509], rtol=1e-8)
    np.testing.assert_allclose(sigma**2, [1.674490e-6, 0.9933071491], rtol=1e-6)
    np.testing.assert_allclose(alpha**2 + sigma**2, 1, rtol=1e-15)


def test_no_cancellation_in_single_precision():
    gamma = torch.tensor([-30.0, 30.0])
    alpha, sigma = alpha_sigma(gamma)
    expected = np.exp(-15.0)
    np.testing.assert_allclose([sigma[0], alpha[1]], expected, rtol=1e-6)


@pytest.mark.parametrize("kind", [LinearSchedule, LearnedLinearSchedule])
def test_linear_from_end_to_end(kind):
    schedule = kind(-13.3, 5.0)
    t = torch.linspace(0, 1, 11)
    gamma = schedule(t)
    np.testing.assert_allclose(gamma[[0, -1]].detach(), [-13.3, 5.0], rtol=1e-6)
    np.testing.assert_allclose(
        gamma.diff().detach() * 10, schedule.slope(t)[1:].detach(), rtol=1e-5
    )
    assert (gamma.diff() > 0).all()


def test_learned_schedule_increases_for_any_weight():
    schedule = make_schedule("learned_linear", -3.0, 2.0)
    schedule.gamma_slope.data.fill_(-4.0)
    t = torch.tensor([0.0, 1.0])
    np.testing.assert_allclose(schedule(t).detach(), [-3.0, 1.0])
    schedule(t).sum().backward()
    assert schedule.gamma_offset.grad == 2
    assert schedule.gamma_slope.grad == -1


@given(n=st.integers(1, 50), start=st.floats(0, 1, exclude_max=True, width=32))
def test_stratified_times_are_a_shifted_grid(n, start):
    t = stratified_times(n, torch.tensor(start, dtype=torch.float64)).numpy()
    assert ((t >= 0) & (t < 1)).all()
    np.testing.assert_allclose(np.diff(np.sort(t)), 1 / n, atol=1e-12)
    assert np.unique(np.floor(np.sort(t) * n + 1e-9)).size >= n - 1


def test_stratified_times_are_uniform_and_unbiased(generator):
    starts = torch.rand(20000, generator=generator, dtype=torch.float64)
    t = torch.stack([stratified_times(7, start)[3] for start in starts]).numpy()
    counts = np.histogram(t, bins=10, range=(0, 1))[0]
    assert ((counts - 2000) ** 2 / 2000).sum() < 27.9  # chi2(9), 0.1 per cent
    grid = np.stack([stratified_times(7, start) for start in starts[:2000]])
    assert (grid**2).mean() == pytest.approx(1 / 3, abs=2e-3)

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("skorch")


@pytest.fixture(autouse=True)
def one_thread():
    """Sums of floating-point numbers depend on the number of torch's own threads."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)

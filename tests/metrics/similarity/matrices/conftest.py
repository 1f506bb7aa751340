import tracemalloc

import pytest


@pytest.fixture
def peak_memory():
    """The result of a call, and the most bytes that were allocated in it."""

    def measure(call):
        tracemalloc.start()
        try:
            return call(), tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure

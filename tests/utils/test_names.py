import pytest

from sksim.utils._names import unknown_name_error

KNOWN = ["csls", "NICDM", "mutual_proximity"]


@pytest.mark.parametrize(
    ("got", "meant"), [("cslss", "csls"), ("nicdn", "NICDM"), ("mutual_proximty", KNOWN[2])]
)
def test_nearest_name_is_proposed(got, meant):
    error = unknown_name_error("reduction", got, KNOWN, or_else="an estimator or None")
    assert isinstance(error, ValueError)
    assert str(error) == (
        "reduction must be one of ['NICDM', 'csls', 'mutual_proximity'], an estimator or None, "
        f"got {got!r}. Did you mean {meant!r}?"
    )


def test_nothing_is_proposed_for_what_is_far_from_all():
    message = str(unknown_name_error("reduction", "zzz", KNOWN))
    assert message.endswith("got 'zzz'.")

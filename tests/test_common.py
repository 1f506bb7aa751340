"""Every estimator passes scikit-learn's checks, none excepted, and sksim's own."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sksim.utils.discovery import all_estimators
from sksim.utils.estimator_checks import sksim_checks_generator

# The samples of the checks are few and without structure: Top2Vec finds none.
pytestmark = pytest.mark.filterwarnings("ignore:min_cluster_size=15. no region:UserWarning")

ESTIMATORS = [Estimator() for _, Estimator in all_estimators()]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def _check_id(value):
    return getattr(getattr(value, "func", None), "__name__", type(value).__name__)


@pytest.mark.parametrize(
    ("estimator", "check"),
    [pair for estimator in ESTIMATORS for pair in sksim_checks_generator(estimator)],
    ids=_check_id,
)
def test_sksim_checks(estimator, check):
    check(estimator)

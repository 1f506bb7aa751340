import numpy as np
import pytest

from sksim.utils._labels import check_labels


@pytest.mark.parametrize("y", [[1, 2, 2], ["a", "b", "a"], [[True], [False], [True]]])
def test_labels_keep_their_type(y):
    labels = check_labels(y, "y")
    np.testing.assert_array_equal(labels, np.ravel(y))
    assert labels.shape == (3,)
    assert labels.dtype == np.asarray(y).dtype


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([[1, 2], [3, 4]], "y_pred_a must hold one label for each sample"),
        (3, "y_pred_a must hold one label for each sample"),
        ([1.0, np.nan], "y_pred_a contains NaN"),
        ([1.0, np.inf], "y_pred_a contains infinity"),
        (np.array(["a", None], dtype=object), "y_pred_a must hold a label .* got None or NaN"),
    ],
)
def test_missing_labels_and_wrong_shapes(y, message):
    with pytest.raises(ValueError, match=message):
        check_labels(y, "y_pred_a")

"""The common base of all estimators: the link to their documentation page, nothing else."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sklearn.base import BaseEstimator

__all__ = ["SksimEstimator"]


class SksimEstimator(BaseEstimator):
    """Base of all sksim estimators. It carries the documentation link and must not grow."""

    _doc_link_module = "sksim"
    _doc_link_template = (
        "https://sksim.readthedocs.io/en/stable/generated/{estimator_module}.{estimator_name}.html"
    )

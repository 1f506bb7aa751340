"""Variational diffusion as scikit-learn estimators."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

__all__ = []

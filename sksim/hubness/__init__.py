"""Hubness reductions: one published method a module, each from graph to graph."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.hubness._csls import CSLS
from sksim.hubness._local_scaling import LocalScaling
from sksim.hubness._mutual_proximity import MutualProximity
from sksim.hubness._nicdm import NICDM

__all__ = ["CSLS", "LocalScaling", "MutualProximity", "NICDM"]

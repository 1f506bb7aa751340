"""Variational diffusion as scikit-learn estimators."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.generative._diffenc import DiffEnc
from sksim.generative._diffusion_features import DiffusionFeatures
from sksim.generative._dpm_encoder import DPMEncoder
from sksim.generative._info_diffusion import InfoDiffusion
from sksim.generative._variational_diffusion import VariationalDiffusion

__all__ = ["DPMEncoder", "DiffEnc", "DiffusionFeatures", "InfoDiffusion", "VariationalDiffusion"]

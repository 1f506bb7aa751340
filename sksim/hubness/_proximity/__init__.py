"""The strategies of mutual proximity: independent distributions, and joint counts."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

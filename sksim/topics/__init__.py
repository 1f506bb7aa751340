"""Documents and words in one space to topics and labels."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from sksim.topics._lbl2vec import Lbl2Vec
from sksim.topics._top2vec import Top2Vec

__all__ = ["Lbl2Vec", "Top2Vec"]

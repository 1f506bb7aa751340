"""All layers of a real sentence encoder, and an unrelated view of the same texts."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

import numpy as np

from sksim.datasets._files import as_frames, read_arrays, read_description
from sksim.utils._results import Result
from sksim.utils._sklearn import validate_params

__all__ = ["load_encoder_layers"]

_VIEWS = (*(f"layer{depth}" for depth in range(7)), "lsa")


@validate_params({"as_frame": ["boolean"]}, prefer_skip_nested_validation=True)
def load_encoder_layers(*, as_frame: bool = False) -> Result:
    """Hidden states of a sentence encoder for 600 texts, and TF-IDF/SVD vectors of the same texts.

    For comparing the layers of a network, and two representations that have nothing in common
    but the texts of CLINC150 [1]_: the seven hidden states of all-MiniLM-L6-v2 [2]_ (the embedding
    layer and the six transformer layers, mean over the tokens), and latent semantic analysis.

    ==============  ==============================
    Samples         600, 4 of each of 150 intents
    Layers          7, with 384 features each
    lsa             128 features
    ==============  ==============================

    .. versionadded:: 0.1

    Parameters
    ----------
    as_frame : bool, default=False
        Whether the views are pandas DataFrames and ``target`` a Series.

    Returns
    -------
    data : Bunch
        With ``layer0`` ... ``layer6`` (600, 384) float32, ``lsa`` (600, 128) float32, ``layers``,
        a dict of the seven layers by name in their order, ``target`` (600,) int,
        ``target_names`` (150,) str, ``filename`` and ``DESCR`` (source, licence, attribution,
        encoder).

    See Also
    --------
    load_sentence_embeddings : More samples of the last layer.
    sksim.metrics.pairwise_similarity : Compares all of them.

    Notes
    -----
    Licence CC BY 3.0: redistribution must name the source, see ``DESCR``. Stored with half
    precision, which float32 holds without loss. Nothing is downloaded. Loading takes a fraction of
    a second of time and 7 MB of memory.

    References
    ----------
    .. [1] S. Larson, A. Mahendran, J. J. Peper, C. Clarke, A. Lee, P. Hill, J. K. Kummerfeld,
           K. Leach, M. A. Laurenzano, L. Tang and J. Mars (2019). An evaluation dataset for intent
           classification and out-of-scope prediction. Conference on Empirical Methods in Natural
           Language Processing.
    .. [2] N. Reimers and I. Gurevych (2019). Sentence-BERT: sentence embeddings using Siamese
           BERT-networks. Conference on Empirical Methods in Natural Language Processing.

    Examples
    --------
    >>> from sksim.datasets import load_encoder_layers
    >>> from sksim.metrics import cka_score
    >>> data = load_encoder_layers()
    >>> data.layer6.shape, data.lsa.shape
    ((600, 384), (600, 128))
    >>> round(cka_score(data.layer5, data.layer6), 2), round(cka_score(data.layer0, data.layer6), 2)
    (0.69, 0.49)
    """
    filename = "clinc150_layers.npz"
    arrays = read_arrays(filename)
    views = {name: arrays[name].astype(np.float32) for name in _VIEWS}
    target = arrays["y"].astype(np.int64)
    if as_frame:
        frames = {name: as_frames(view, target, f"{name}_") for name, view in views.items()}
        views = {name: view for name, (view, _) in frames.items()}
        target = frames["lsa"][1]
    return Result(
        **views,
        layers={name: view for name, view in views.items() if name != "lsa"},
        target=target,
        target_names=arrays["classes"],
        filename=filename,
        DESCR=read_description("clinc150_layers.rst"),
    )

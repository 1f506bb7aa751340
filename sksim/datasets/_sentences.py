"""Real sentence embeddings with severe hubness, shipped with the package."""

# Authors: The sksim developers
# SPDX-License-Identifier: BSD-3-Clause

from typing import Literal, overload

import numpy as np

from sksim.datasets._files import as_frames, read_arrays, read_description
from sksim.utils._results import Result
from sksim.utils._sklearn import StrOptions, validate_params
from sksim.utils._typing import FloatArray, IntArray

__all__ = ["load_sentence_embeddings"]


def _split_arrays(
    arrays: dict[str, np.ndarray], subset: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Embeddings, classes and PredefinedSplit's test fold of the chosen rows."""
    parts = ["train", "test"] if subset == "all" else [subset]
    data = np.concatenate([arrays[f"X_{part}"] for part in parts]).astype(np.float32)
    target = np.concatenate([arrays[f"y_{part}"] for part in parts]).astype(np.int64)
    folds = [np.full(len(arrays[f"y_{part}"]), -1 if part == "train" else 0) for part in parts]
    return data, target, np.concatenate(folds)


@overload
def load_sentence_embeddings(
    *,
    subset: Literal["train", "test", "all"] = ...,
    return_X_y: Literal[False] = ...,
    as_frame: bool = ...,
) -> Result: ...
@overload
def load_sentence_embeddings(
    *,
    subset: Literal["train", "test", "all"] = ...,
    return_X_y: Literal[True],
    as_frame: bool = ...,
) -> tuple[FloatArray, IntArray]: ...
@validate_params(
    {
        "subset": [StrOptions({"train", "test", "all"})],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_sentence_embeddings(
    *,
    subset: Literal["train", "test", "all"] = "train",
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Result | tuple[FloatArray, IntArray]:
    """Sentence-BERT embeddings of things people say to an assistant, with 150 intents.

    A real space with severe hubness: with Euclidean distance the 10-occurrence of the
    training samples has a skewness of 13.96 (chance: 0.31), and one text is a neighbour of 406
    others. The embeddings are the CLINC150 data set [1]_ seen by the encoder [2]_
    all-MiniLM-L6-v2, before its scaling to unit length. One dimension is nearly constant.

    =============  ===========================
    Classes        150, equally frequent
    Training set   3000 samples, 20 of a class
    Test set       1500 samples, 10 of a class
    Features       384, real
    =============  ===========================

    .. versionadded:: 0.1

    Parameters
    ----------
    subset : {"train", "test", "all"}, default="train"
        Part of the fixed split to load; "all" is the training set followed by the test set.
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Whether ``data`` is a pandas DataFrame and ``target`` a Series; the Bunch then has both
        as one DataFrame, ``frame``.

    Returns
    -------
    embeddings : Bunch
        With ``data`` (n_samples, 384) float32, ``target`` (n_samples,) int, ``target_names``
        (150,) str, ``test_fold`` (n_samples,) int with -1 for training and 0 for test samples
        as :class:`sklearn.model_selection.PredefinedSplit` reads it, ``filename`` and
        ``DESCR`` (source, licence, attribution, encoder).
    (data, target) : tuple of ndarray
        If ``return_X_y`` is True.

    See Also
    --------
    make_gaussian_hubs : Made data with hubness.

    Notes
    -----
    Licence CC BY 3.0: redistribution must name the source, see ``DESCR``. Stored with half
    precision, which float32 holds without loss. Nothing is downloaded. Loading takes a fraction of
    a second of time and 5 MB of memory.

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
    >>> from sksim.datasets import load_sentence_embeddings
    >>> embeddings = load_sentence_embeddings()
    >>> embeddings.data.shape
    (3000, 384)
    >>> str(embeddings.target_names[embeddings.target[0]])
    'tell_joke'
    """
    filename = "clinc150_sbert.npz"
    arrays = read_arrays(filename)
    data, target, test_fold = _split_arrays(arrays, subset)
    frame = {}
    if as_frame:
        data, target = as_frames(data, target)
        frame = {"frame": data.assign(target=target)}
    if return_X_y:
        return data, target
    return Result(
        data=data,
        target=target,
        **frame,
        target_names=arrays["classes"],
        test_fold=test_fold,
        filename=filename,
        DESCR=read_description("clinc150_sbert.rst"),
    )

"""Literal, slow formulas of topics."""

import numpy as np
from sklearn.neighbors import LocalOutlierFactor

__all__ = ["lbl2vec", "merge_smallest_topics"]


def _cosine(a, b):
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


def lbl2vec(documents, keywords, offset=0.1, min_docs=1, max_docs=None, clean_outliers=True):
    """Label vectors of lists of keyword vectors, and the documents of each."""
    vectors, chosen = [], []
    for words in keywords:
        q = np.mean([w / np.linalg.norm(w) for w in words], axis=0)
        cosines = [_cosine(x, q) for x in documents]
        ranked = sorted(range(len(documents)), key=lambda i: (-cosines[i], i))
        kept = [i for i in ranked if cosines[i] > max(cosines) - offset]
        if len(kept) < min_docs:
            kept = ranked[:min_docs]
        kept = kept[:max_docs]
        if clean_outliers and len(kept) > 1:
            outlier = LocalOutlierFactor(min(20, len(kept) - 1)).fit_predict(documents[kept]) == -1
            if not outlier.all():
                kept = [i for i, out in zip(kept, outlier, strict=True) if not out]
        chosen.append(kept)
        vectors.append(np.mean([documents[i] for i in kept], axis=0))
    return np.array(vectors), chosen


def merge_smallest_topics(documents, topics, n_topics):
    """Topics and their members after mergers of the smallest with the one most like it."""
    unit = documents / np.linalg.norm(documents, axis=1, keepdims=True)
    topics, members = list(topics), [[t] for t in range(len(topics))]
    while len(topics) > n_topics:
        labels = np.array([np.argmax([x @ v for v in topics]) for x in unit])
        sizes = [np.sum(labels == t) for t in range(len(topics))]
        small = int(np.argmin(sizes))
        likeness = [-np.inf if t == small else v @ topics[small] for t, v in enumerate(topics)]
        partner = int(np.argmax(likeness))
        merged = sizes[partner] * topics[partner] + sizes[small] * topics[small]
        topics[partner] = merged / np.linalg.norm(merged)
        members[partner] = sorted(members[partner] + members[small])
        del topics[small], members[small]
    return np.array(topics), members

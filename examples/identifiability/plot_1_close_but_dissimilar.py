"""
Do the same predictions need related representations?
=====================================================

Two classifiers agree on every input ever more closely. Must their representations become alike?
No: here are two models whose divergence goes to zero while their embeddings remain exactly as
unrelated as they were. What tells such a pair apart is a distance that looks at small
probabilities too.
"""

# %%
# Two models
# ----------
# Both models are of the family p(y|x) ~ exp(f(x).g(y)), with f and g in the plane. Seven labels sit
# at the corners of a heptagon, and the inputs of each label close to their corner. In the second
# model the labels have other corners: label j moves to corner 2 j + 5, modulo 7.

# sphinx_gallery_thumbnail_panels = [1, 2]
import matplotlib.pyplot as plt
import numpy as np

from sksim.datasets import make_permuted_pair
from sksim.metrics import (
    cca_score,
    cka_score,
    kl_divergence,
    log_likelihood_variance_distance,
    logit_distance,
    max_pls_svd_distance,
)

settings = {"n_per_class": 500, "jitter": 1, "random_state": 0}
pair = make_permuted_pair(rho=3, **settings)

fig, axes = plt.subplots(
    1,
    2,
    figsize=(7.2, 3.8),
    sharex=True,
    sharey=True,
    layout="constrained",
)
for ax, f, g, name in [
    (axes[0], pair.f1, pair.g1, "first model"),
    (axes[1], pair.f2, pair.g2, "second model"),
]:
    ax.scatter(*f.T, c=pair.y, cmap="tab10", vmin=0, vmax=9, s=8)
    for label, (x, y) in enumerate(1.25 * g):
        ax.text(
            x,
            y,
            str(label),
            color=f"C{label}",
            ha="center",
            va="center",
            weight="bold",
        )
    ax.set(title=name, aspect="equal", xlim=(-4.5, 4.5), ylim=(-4.5, 4.5))
_ = fig.supxlabel("embeddings (dots), unembeddings g(y) (numbers)")

# %%
# Each model classifies perfectly: every cloud points at its own number. But neighbours on the left
# are not neighbours on the right, and no linear map takes the one picture to the other. The
# embeddings are uncorrelated: all canonical correlations are zero up to the small noise.
#
# The unembeddings grow
# ---------------------
# Now let the norm rho of the unembeddings grow; the embeddings do not move at all.

rhos = np.arange(1, 21)
rows = []
for rho in rhos:
    pair = make_permuted_pair(rho=rho, **settings)
    rows.append(
        {
            "KL": kl_divergence(pair.log_p, pair.log_q),
            "logit distance": logit_distance(pair.log_p, pair.log_q),
            "d_LLV": log_likelihood_variance_distance(
                pair.log_p, pair.log_q, n_candidates=100, random_state=0
            ),
            "d_f,g": max_pls_svd_distance(
                pair.log_p, pair.log_q, n_candidates=100, random_state=0
            ),
            "mean CCA": cca_score(pair.f1, pair.f2),
            "CKA": cka_score(pair.f1, pair.f2),
        }
    )
table = {name: np.array([row[name] for row in rows]) for name in rows[0]}

print(" rho        KL  logit distance   d_LLV   d_f,g  mean CCA")
for i in (2, 5, 8, 11, 14, 17):
    print(
        f"{rhos[i]:4d} {table['KL'][i]:9.1e} {table['logit distance'][i]:15.1f}"
        f" {table['d_LLV'][i]:7.3f} {table['d_f,g'][i]:7.3f} {table['mean CCA'][i]:9.3f}"
    )

fig, axes = plt.subplots(1, 2, figsize=(7.2, 3.6), layout="constrained")
axes[0].semilogy(rhos, table["KL"], "o-", label="KL divergence, nats")
axes[0].semilogy(
    rhos, table["logit distance"], "s-", label="logit distance, nats"
)
axes[0].set(
    xlabel="norm of the unembeddings, rho",
    title="distance of the distributions",
)
axes[0].legend()
for name, style in [
    ("d_LLV", "o-"),
    ("d_f,g", "s-"),
    ("mean CCA", "^-"),
    ("CKA", "v-"),
]:
    axes[1].plot(
        rhos, table[name], style, label=name, markerfacecolor="none"
    )
axes[1].set(
    xlabel="norm of the unembeddings, rho",
    title="what does not change",
    ylim=(-0.05, 1.45),
)
axes[1].legend(loc="center right")
for ax in axes:
    ax.set_xticks(range(2, 21, 2))

# %%
# On the left the divergence falls by four orders of magnitude; to a user of the predictions the
# models become the same. On the right nothing happens: the representations are unrelated
# throughout (mean CCA and CKA near 0, dissimilarity d_f,g near 1).
#
# The divergence weighs each label by its probability, and the labels that tell these models apart
# are those that neither believes in. The logit distance does not weigh, and grows. The
# log-likelihood variance distance d_LLV divides the growth out, remains at 1.317, and is the one
# that bounds the dissimilarity: ``d_f,g <= 2 * d_LLV**2``. A bound below one needs d_LLV below 0.7.
#
# A warning that follows from this: never smooth or clip the probabilities.

pair = make_permuted_pair(rho=20)
for epsilon in (0, 1e-16, 1e-10, 1e-5):
    smoothed = [
        np.log(np.exp(log_p) + epsilon)
        for log_p in (pair.log_p, pair.log_q)
    ]
    smoothed = [
        log_p - np.logaddexp.reduce(log_p, axis=1)[:, None]
        for log_p in smoothed
    ]
    terms = log_likelihood_variance_distance(
        *smoothed, inputs=[0, 2, 5], return_terms=True
    )
    print(f"epsilon = {epsilon:5.0e}: t1 = {terms.t1:.4f}")

# %%
# An epsilon of 1e-5, invisible in any accuracy, makes two unrelated models look the same. Take
# log-probabilities from logits, in double precision.
#
# In the guide: :ref:`identifiability`.

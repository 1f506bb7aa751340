"""What residual codes of each number of bits find, beside indexes of faiss of equal bytes.

Recall of the 10 nearest of 20 000 rows, and bytes a row: ``residual_codes.csv``. For times see
``speed_codes_binary.py``.
"""

import argparse
import pathlib

from _measure import FOLDER, NOTHING, write_csv

# isort: split
from speed_codes_binary import N_NEIGHBORS, faiss, product_quantizer, rows, scalar_quantizer

from sksim._search._exact import exact_neighbors
from sksim.codes import ResidualBinarizer
from sksim.metrics import recall_at_k_score


def measure(n):
    X, queries = rows(n)
    _, exact = exact_neighbors(queries, X, n_neighbors=N_NEIGHBORS)

    def row(name, n_bytes, found, coded=NOTHING):
        recalls = [
            indices if isinstance(indices, str) else recall_at_k_score(indices, list(exact))
            for indices in (found, coded)
        ]
        return {
            "code": name,
            "bytes": n_bytes,
            "times smaller": X.shape[1] * 4 / n_bytes,
            "recall at 10": recalls[0],
            "of coded queries": recalls[1],
        }

    table = []
    for rotation in (None, "itq"):
        for n_levels in (1, 2, 3, 4):
            binarizer = ResidualBinarizer(
                n_levels, rotation=rotation, packed=True, random_state=0
            ).fit(X)
            codes = binarizer.transform(X)
            found, coded = (
                binarizer.kneighbors(queries, codes, N_NEIGHBORS, metric="cosine", symmetric=s)[1]
                for s in (False, True)
            )
            name = f"residual, {n_levels} levels" + (", itq" if rotation else "")
            table.append(row(name, codes.shape[1], found, coded))
    if faiss:
        for name, index in (
            ("faiss, product quantisation", product_quantizer(X)),
            ("faiss, scalar quantisation of 4 bits", scalar_quantizer(X)),
        ):
            table.append(row(name, index.sa_code_size(), index.search(queries, N_NEIGHBORS)[1]))
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=20_000)
    parser.add_argument("--folder", type=pathlib.Path, default=FOLDER)
    arguments = parser.parse_args()
    table = measure(arguments.n)
    write_csv("residual_codes.csv", table, arguments.folder)
    for line in table:
        print(line)

"""The example of the export to vector indexes and databases runs and finds what it claims."""

import pathlib
import runpy

import numpy as np
import pytest

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "vector_index_export.py"


def test_equal_norms_rank_as_inner_products(rng):
    with_equal_norms = runpy.run_path(str(EXAMPLE))["with_equal_norms"]
    index, queries = rng.standard_normal((50, 4)), rng.standard_normal((7, 4))
    longer, padded = with_equal_norms(index, queries)
    np.testing.assert_allclose(np.ptp(np.linalg.norm(longer, axis=1)), 0, atol=1e-12)
    distances = np.linalg.norm(padded[:, None] - longer, axis=2)
    by_product = np.argsort(-queries @ index.T, axis=1)
    np.testing.assert_array_equal(np.argsort(distances, axis=1), by_product)


@pytest.mark.slow
def test_indexes_return_the_reduced_neighbours(capsys):
    runpy.run_path(str(EXAMPLE))["main"]()
    printed = capsys.readouterr().out
    assert "Every exact index returns the reduced neighbours of sksim" in printed
    lines = {line[:38].strip(): line[38:].split() for line in printed.splitlines()}
    assert lines["sksim, no reduction"][1] == "12.67%"
    assert lines["numpy, inner products"][:2] == ["100.00%", "7.13%"]


def printed_by(name, capsys):
    runpy.run_path(str(EXAMPLE.parent / f"vector_database_{name}.py"))["main"]()
    return capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_lancedb_returns_the_reduced_neighbours(capsys):
    pytest.importorskip("lancedb")
    assert "LanceDB returns the reduced neighbours of sksim (" in printed_by("lancedb", capsys)


@pytest.mark.slow
def test_postgresql_returns_the_reduced_neighbours(capsys, monkeypatch):
    pytest.importorskip("psycopg")
    pytest.importorskip("pgvector")
    servers = runpy.run_path(str(EXAMPLE))
    programs = servers["find_postgresql"]()
    if programs is None:
        pytest.skip("no PostgreSQL with pgvector")
    with servers["LocalDatabase"](programs) as database:
        url = f"postgresql://sksim@/postgres?host={database.folder}"
        monkeypatch.setenv("DATABASE_URL", url)
        printed = printed_by("pgvector", capsys)
    assert "PostgreSQL returns the reduced neighbours of sksim." in printed

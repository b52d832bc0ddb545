"""A filter that names nothing is a fault, never an empty list that looks as if all were well."""

from pathlib import Path

import pytest

from tests.edge.terminal import Terminal
from tests.support.house import House, invoice

BY_COMPANY = (
    ("verify",),
    ("verify", "--json"),
    ("delivery", "list"),
    ("delivery", "list", "--document", "FV-2026-00001"),
    ("delivery", "paid", "FV-2026-00001"),
    ("register",),
    ("audit",),
    ("show", "FV-2026-00001"),
    ("export", "FV-2026-00001", "--format", "cii", "--out", "x.xml"),
    ("replay", "DEMO"),
    ("sample", "1"),
)


@pytest.mark.parametrize("words", BY_COMPANY, ids=" ".join)
def test_a_company_that_is_misspelt_is_named(factotum: Terminal, words: tuple[str, ...]) -> None:
    factotum.post(invoice(company="LILLE")).done()
    said = factotum(*words, "--company", "LILE")
    assert said.exit == 1
    told = said.out if "--json" in words else said.err
    assert "unknown_company" in told and "did you mean 'LILLE'?" in told


@pytest.mark.parametrize("words", [("verify",), ("delivery", "list"), ("register",), ("audit",)], ids=" ".join)
def test_a_company_without_documents_is_a_company(factotum: Terminal, words: tuple[str, ...]) -> None:
    factotum(*words, "--company", "LILLE").done()


def test_a_table_or_an_actor_that_is_misspelt_is_named(factotum: Terminal, sqlite_house: House, tmp_path: Path) -> None:
    said = factotum("audit", "--table", "taxs")
    assert said.exit == 1 and "unknown_table" in said.err and "did you mean 'tax'?" in said.err
    sqlite_house.post(invoice())
    said = factotum("audit", "--actor", "clark")
    assert said.exit == 1 and "unknown_actor" in said.err and "did you mean 'clerk'?" in said.err
    assert factotum("audit", "--actor", "clerk", "--since", "2030-01-01").done().out == ""

"""What a posting costs the database: at most ten statements, the same for one line and for two hundred."""

import pytest

from tests.support.house import House, invoice
from tests.support.statements import Statements, counted

MOST = 10


def statements_of(house: House, lines: int, **changes: str) -> Statements:
    """Of one document, in a process that has posted before."""
    house.post(invoice(lines), **changes)
    with counted(house.database) as statements:
        house.post(invoice(lines), **{name: f"{value}2" for name, value in changes.items()})
    return statements


def test_a_posting_takes_at_most_ten_statements_however_many_lines(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = {lines: len(statements_of(house, lines)) for lines in (1, 10, 200)}
    with capsys.disabled():
        print(f"\nFIGURE statements per posting on {house.database.dialect}: {figures}")
    assert len(set(figures.values())) == 1
    assert figures[10] <= MOST


def test_a_new_key_costs_no_statement(house: House) -> None:
    assert len(statements_of(house, 10, key="K")) == len(statements_of(house, 10)) <= MOST


def test_a_dry_run_opens_no_transaction(house: House) -> None:
    house.post(invoice())
    with counted(house.database) as statements:
        house.post(invoice(10), dry_run=True)
    assert all(one.startswith("SELECT") for one in statements)

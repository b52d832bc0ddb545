"""Whole invoices of public sources, from request to entry lines, through the shipped packs: figures to the cent.

Each file holds a source, a document and what must come of it. Dates are those of the source where it gives one.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.kernel.faults import Faulty
from engine.kernel.money import plain
from tests.packs.shipped import catalog_of
from tests.support.drafts import booked, planned

FOLDER = Path(__file__).parent
INVOICES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))
}


@pytest.mark.parametrize("golden", INVOICES.values(), ids=INVOICES)
def test_an_invoice_comes_to_the_figures_of_its_source(golden: dict[str, Any]) -> None:
    made = planned(catalog_of("DEMO"), golden["document"])
    draft, expect = made.draft, golden["expect"]
    assert [str(line.net) for line in draft.lines] == expect["lines"]
    totals = {name: getattr(draft.totals, name) for name in expect["totals"]}
    assert totals == {name: Decimal(amount) for name, amount in expect["totals"].items()}
    unnamed = set(draft.totals.__dataclass_fields__) - set(totals)
    assert all(getattr(draft.totals, name) == 0 for name in unnamed)
    rows = [(row.code, row.category, plain(row.rate), row.due, row.base, row.amount) for row in draft.taxes]
    assert rows == [
        (row["tax_code"], row["category"], row["rate"], row["due"], Decimal(row["base"]), Decimal(row["amount"]))
        for row in expect["taxes"]
    ]
    assert [{"date": str(row.date), "amount": str(row.amount)} for row in draft.due_dates] == expect["due_dates"]
    for name in ("untdid_code", "national_code"):
        assert getattr(draft.type, name) == expect.get(name, getattr(draft.type, name))
    assert made.series.number(draft.date, 1) == expect["number"]
    (entry,) = made.generated.entries
    wanted = expect["entry"]
    assert booked(made) == {wanted["ledger"]: wanted["lines"]}
    assert (entry.journal, entry.entry_type, str(entry.date)) == (
        wanted["journal"],
        wanted["entry_type"],
        wanted["date"],
    )
    assert entry.currency == "EUR"


def test_the_sources_of_the_first_release_are_all_here() -> None:
    assert set(INVOICES) == {"FR-1", "FR-2", "FR-5", "IT-4", "IT-5", "IT-7"}
    assert all(golden["source"] for golden in INVOICES.values())


@pytest.mark.parametrize(("date", "gross"), [("2013-09-30", "968.00"), ("2013-10-01", "976.00")])
def test_the_deferred_invoice_moves_with_the_rate_in_force(date: str, gross: str) -> None:
    asked = INVOICES["IT-7"]["document"] | {"date": date}
    assert str(planned(catalog_of("DEMO"), asked).draft.totals.gross) == gross


def test_the_credit_note_needs_what_it_corrects() -> None:
    asked = {name: value for name, value in INVOICES["FR-5"]["document"].items() if name != "references"}
    with pytest.raises(Faulty, match="corrects_missing"):
        planned(catalog_of("DEMO"), asked)

"""What paying makes of French and Italian documents: money, what is withheld, cash VAT, advances.

Sources: FR-2 and FR-3 (VAT on receipts), IT-1 and IT-2 (withholding); DL 83/2012 art. 32-bis (one year).
"""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.drafting.paid import read_payments, settling
from engine.journal.settle import deadline, settle
from engine.kernel.faults import Faulty
from engine.kernel.money import rounded
from engine.parametrization import definitions as d
from tests.packs.shipped import booked, catalog_of, drafted, entries
from tests.packs.test_golden_journals import FR_2, IT_2, french, italian, line

D = Decimal
CATALOG = catalog_of("DEMO")


def payment(amount: str, day: str = "2026-04-01", company: str = "LILLE", **more: Any) -> dict[str, Any]:
    return {"company": company, "date": day, "amount": amount, **more}


def settled(document: dict[str, Any], *payments: dict[str, Any], until: date | None = None) -> list[list[str]]:
    """The entries of each step, their lines sorted: `512 D 120.00`."""
    paid = settling(read_payments(list(payments)), document["company"])
    return [
        [
            f"{one.account} {'D' if one.debit else 'C'} {one.debit or one.credit}"
            for entry in step.generated.entries
            for one in entry.lines
        ]
        for step in settle(drafted(CATALOG, document), paid, CATALOG, until)
    ]


def test_fr_2_paid_whole_makes_its_tax_due() -> None:
    assert settled(FR_2, payment("1944.00")) == [["512 D 1944.00", "411 C 1944.00", "44574 D 324.00", "44571 C 324.00"]]


def test_fr_3_in_two_payments_moves_the_tax_pro_rata() -> None:
    fr_3 = french(line("1", "100000", "FR20", "service"))
    assert settled(fr_3, payment("60000"), payment("60000", "2026-05-01")) == [
        ["512 D 60000", "411 C 60000", "44574 D 10000.00", "44571 C 10000.00"],
        ["512 D 60000", "411 C 60000", "44574 D 10000.00", "44571 C 10000.00"],
    ]


def test_goods_have_no_tax_to_move() -> None:
    assert settled(french(line("1", "100", "FR20")), payment("120.00")) == [["512 D 120.00", "411 C 120.00"]]


def test_it_2_pays_what_is_left_and_the_rest_is_withheld() -> None:
    (lines,) = settled(IT_2, payment("1697.28", company="MILANO"))
    assert lines == ["1820 D 1697.28", "1609 D 332.80", "1501 C 2030.08"]


def test_a_credit_note_that_is_paid_back_turns_every_side() -> None:
    credit = french(
        line("1", "100", "FR20", "service"), invoice_type="AVF",
        references=[{"kind": "corrects", "number": "FV-1", "date": "2017-11-01"}],
    )  # fmt: skip
    assert settled(credit, payment("120.00")) == [["512 C 120.00", "411 D 120.00", "44574 C 20.00", "44571 D 20.00"]]


def test_a_purchase_settles_the_supplier_and_deducts_then() -> None:
    bought = french(line("1", "100", "FR20", "service"), invoice_type="PIN")
    bought["supplier"] = bought.pop("customer")
    assert settled(bought, payment("120.00")) == [["512 C 120.00", "401 D 120.00", "44566 D 20.00", "44564 C 20.00"]]


def test_what_is_written_off_settles_too() -> None:
    lines = settled(french(line("1", "100", "FR20")), payment("119.50", allocations=[
        {"document": "X", "amount": "119.50", "write_off": "0.50"}]))  # fmt: skip
    assert lines == [["512 D 119.50", "658 D 0.50", "411 C 120.00"]]


# --- cash VAT -------------------------------------------------------------------------------------------------------

RF17 = italian(line("3", "33.33", "IT22"), company="TORINO", date="2026-03-01")


def cash(company: str) -> Any:
    """MILANO under cash VAT: RF17 is its regime."""
    from dataclasses import replace

    from tests.packs.shipped import located
    from tests.support.packs import catalog

    records = [one.record for one in located("DEMO")]
    found = next(one for one in records if isinstance(one, d.Company) and one.code == company)
    return catalog(replace(found, tax_regime="RF17"), base=records)


def test_cash_vat_is_due_after_a_year_at_the_latest() -> None:
    packs = cash("MILANO")
    draft = drafted(packs, italian(line("1", "100", "IT22")))
    assert deadline(draft, packs) == date(2027, 3, 1)
    paid = settling(read_payments([payment("61.00", "2026-06-01", "MILANO")]), "MILANO")
    before, late = settle(draft, paid, packs)
    shown = [(one.account, one.balance) for entry in late.generated.entries for one in entry.lines]
    assert late.deadline and shown == [("2601S", D("11.00")), ("2601", D("-11.00"))]
    assert late.generated.entries[0].date == date(2027, 3, 1)
    assert [one.settlement.date for one in settle(draft, paid, packs, date(2027, 2, 28))] == [before.settlement.date]


def test_what_is_paid_after_the_deadline_moves_no_tax_again() -> None:
    packs = cash("MILANO")
    draft = drafted(packs, italian(line("1", "100", "IT22")))
    paid = settling(read_payments([payment("122.00", "2027-06-01", "MILANO")]), "MILANO")
    late, after = settle(draft, paid, packs)
    assert late.deadline and [entry.automatic_journal for entry in after.generated.entries] == ["SPAYM/*"]


def test_without_cash_vat_there_is_no_deadline() -> None:
    assert deadline(drafted(CATALOG, italian(line("1", "100", "IT22"))), CATALOG) is None
    assert deadline(drafted(CATALOG, FR_2), CATALOG) is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 99_999), min_size=1, max_size=4),
    st.lists(st.integers(1, 100), min_size=1, max_size=6),
    st.sampled_from(["FR20", "FR10", "FR55", "FR21"]),
)
def test_the_parts_of_the_tax_add_up_to_it_however_it_is_paid(prices: list[int], parts: list[int], tax: str) -> None:
    asked = french(*(line("1", str(D(cents).scaleb(-2)), tax, "service") for cents in prices))
    draft = drafted(CATALOG, asked)
    left, payments = draft.totals.payable, []
    for place, part in enumerate(parts):
        amount = left if place == len(parts) - 1 else min(left, rounded(draft.totals.payable * part / 300, "EUR"))
        left -= amount
        payments.append(payment(str(amount), f"2026-04-{place + 1:02d}"))
    paid = settling(read_payments(payments), "LILLE")
    lines = [one for step in settle(draft, paid, CATALOG) for entry in step.generated.entries for one in entry.lines]
    assert sum((one.balance for one in lines if one.account == "44574"), D(0)) == draft.totals.tax
    assert sum((one.balance for one in lines if one.account == "44571"), D(0)) == -draft.totals.tax
    assert sum((one.balance for one in lines), D(0)) == 0


# --- advances -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "wanted"),
    [
        (french(line("1", "100", "FR20"), invoice_type="FAA"), "411 D 120.00, 4191 C 100.00, 44571 C 20.00"),
        (italian(line("1", "100", "IT22"), invoice_type="FANT"), "1501 D 122.00, 2530 C 100.00, 2601 C 22.00"),
        (
            italian(line("1", "100", "IT22", "service"), invoice_type="PANT"),
            "1501 D 122.00, 2530 C 100.00, 2601 C 22.00",
        ),
    ],
)
def test_an_advance_stands_on_its_account(document: dict[str, Any], wanted: str) -> None:
    assert ", ".join(booked(CATALOG, document)) == wanted


def test_the_final_invoice_takes_the_advance_back_and_matches_it() -> None:
    final = french(
        line("1", "1000", "FR20"), invoice_type="FAS",
        prepaid=[{"amount": "120.00", "tax": "20.00", "reference": "FV-2017-00001"}],
    )  # fmt: skip
    whole, back = entries(CATALOG, final)
    assert [f"{one.account} {one.balance} {one.matching}" for one in whole.lines] == [
        "411 1200.00 a", "707 -1000.00 ", "44571 -200.00 ",
    ]  # fmt: skip
    assert [f"{one.account} {one.balance} {one.reference} {one.matching}" for one in back.lines] == [
        "4191 100.00 FV-2017-00001 ", "44571 20.00  ", "411 -120.00  a",
    ]  # fmt: skip
    assert drafted(CATALOG, final).process_code == "B4"


def test_what_an_advance_paid_has_made_its_tax_due_already() -> None:
    final = french(
        line("1", "1000", "FR20", "service"), invoice_type="FAS", prepaid=[{"amount": "120.00", "tax": "20.00"}]
    )
    assert settled(final, payment("1080.00")) == [
        ["44574 D 20.00", "44571 C 20.00"],
        ["512 D 1080.00", "411 C 1080.00", "44574 D 180.00", "44571 C 180.00"],
    ]


# --- tax the buyer assesses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("company", "tax", "wanted"),
    [
        ("LILLE", "FRRC", "401 C 100.00, 4452 C 20.00, 445662 D 20.00, 607 D 100.00"),
        ("LILLE", "FRICS", "401 C 100.00, 4452 C 20.00, 445662 D 20.00, 607 D 100.00"),
        ("LILLE", "FRRCD", "401 C 100.00, 44566 D 20.00, 44571 C 20.00, 607 D 100.00"),
        ("MILANO", "N6.3", "1601 D 22.00, 2501 C 100.00, 2601 C 22.00, 4101 D 100.00"),
    ],
)
def test_a_reverse_charge_is_owed_and_deducted_at_once(company: str, tax: str, wanted: str) -> None:
    bought = french(line("1", "100", tax), company=company, invoice_type="PIN", date="2026-03-01")
    bought["supplier"] = bought.pop("customer")
    assert ", ".join(booked(CATALOG, bought)) == wanted
    made = drafted(CATALOG, bought)
    assert (made.totals.tax, made.totals.payable) == (0, D("100.00"))


# --- faults ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payments", "code", "path"),
    [
        ([payment("100"), payment("20.01")], "payment_too_large", "payments[1].amount"),
        ([payment("120", currency="USD")], "payment_currency", "payments[0].currency"),
        ([payment("120", settlement_account="NO")], "settlement_account_unknown", "payments[0].settlement_account"),
    ],
)
def test_refused(payments: list[dict[str, Any]], code: str, path: str) -> None:
    with pytest.raises(Faulty) as caught:
        settled(french(line("1", "100", "FR20")), *payments)
    assert [(fault.code, fault.path) for fault in caught.value.faults] == [(code, path)]


def test_a_payment_is_read_at_the_wall() -> None:
    with pytest.raises(Faulty) as caught:
        read_payments([payment("1.0"), {"company": "LILLE", "date": "x", "amount": 1}])
    assert [fault.path.strip() for fault in caught.value.faults] == ["[1] date", "[1] amount"]

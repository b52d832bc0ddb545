"""Random parametrizations whose records name each other: few codes, few legislations, few groups, few days."""

from datetime import date
from typing import Any

from hypothesis import strategies as st

from engine.parametrization import definitions as d
from tests.support.packs import ADDRESS, SALES, company, part

CODES = st.sampled_from(["A", "B"])
MAYBE = st.sampled_from(["", "A", "B"])
DAYS = st.sampled_from([None, None, None, date(2026, 1, 1), date(2026, 3, 1), date(2026, 6, 1), date(2026, 9, 1)])
SCOPE: dict[str, Any] = {
    "legislation": st.sampled_from(["", "", "FRA", "ITA", "PRT"]),
    "company_group": st.sampled_from(["", "", "", "GRP", "FAR", "NIL"]),
    "active": st.sampled_from([True, True, True, False]),
    "valid_from": DAYS,
    "valid_to": DAYS,
}
PARTS = st.lists(
    st.sampled_from(
        [
            part(1, "constant", value="F-"), part(2, "year", 4), part(3, "month", 2), part(4, "site"),
            part(5, "company"), part(6, "period"), part(7, "fiscal_year"), part(8, "complement"),
            part(9, "sequence", 5), part(10, "sequence"), part(11, "formula", value="document.currency"),
        ]
    ),
    max_size=5,
).map(tuple)  # fmt: skip
TEXTS = st.dictionaries(st.sampled_from(["en", "fr", "it"]), st.sampled_from(["", "text"]), max_size=3)

RECORDS: st.SearchStrategy[d.Record] = st.one_of(
    st.builds(
        d.InvoiceType, code=CODES, module=st.sampled_from(["sales", "purchase"]),
        category=st.sampled_from(["invoice", "credit_note", "proforma", "delivery_note"]), description=TEXTS,
        entry_type=MAYBE, journal=MAYBE, automatic_journal=MAYBE, automatic_journal_direct=MAYBE, counter=MAYBE,
        **SCOPE,
    ),
    st.builds(
        d.EntryType, code=CODES, counter=MAYBE, default_journal=MAYBE,
        ledgers=st.dictionaries(CODES, st.sampled_from(["none", "authorized"]), max_size=2), **SCOPE,
    ),
    st.builds(d.AutomaticJournal, code=CODES, entry_type=MAYBE, journal=MAYBE, line=st.just(SALES), **SCOPE),
    st.builds(d.Journal, code=CODES, kind=st.just("sales"), **SCOPE),
    st.builds(
        d.Counter, code=CODES, component=PARTS, start=st.integers(0, 10**6), length=st.integers(0, 12),
        level=st.sampled_from(["folder", "company", "site"]),
        reset=st.sampled_from(["never", "annual", "monthly", "fiscal_year", "period"]), **SCOPE,
    ),
    st.builds(
        d.CounterAssignment, module=st.sampled_from(["", "sales"]), entry_type=MAYBE, counter=CODES,
        company=st.sampled_from(["", "ACME"]), **SCOPE,
    ),
    st.builds(
        d.AccountingCode, kind=st.sampled_from(["customer", "sales", "tax"]), code=st.sampled_from(["STD", "A"]),
        accounts=st.dictionaries(
            st.sampled_from(["control", "goods", "output"]), st.sampled_from(["411", "7x", "xx1"]), max_size=3
        ),
        **SCOPE,
    ),
    st.builds(d.Account, chart=CODES, code=st.sampled_from(["411", "70"]), active=st.booleans(), valid_from=DAYS),
    st.builds(d.Ledger, code=CODES, chart=CODES),
    st.builds(d.Mention, code=CODES, text=TEXTS, **SCOPE),
    st.builds(
        d.Tax, code=CODES, category=st.just("S"), accounting_code=st.sampled_from(["STD", "A"]), text=TEXTS,
        rate=st.just((d.Rate(percent=20),)), **SCOPE,
    ),
)  # fmt: skip
FOUND = (
    company("ACME", "FRA", language="fr"),
    company("LILLE", "FRA", default_type={"sales": {"invoice": "A"}}),
    company("ROMA", "ITA"),
    d.Site(code="S1", company="ACME", name="S1", address=ADDRESS),
    d.CompanyGroup(code="GRP", companies=("ACME", "ROMA")),
    d.CompanyGroup(code="FAR", companies=("ROMA",)),
    d.CompanyGroup(code="NIL", companies=()),
    d.InvoiceType(code="A", module="sales", category="invoice", automatic_journal="A"),
    d.InvoiceType(code="B", module="sales", category="credit_note", automatic_journal="A", entry_type="B"),
    d.AutomaticJournal(code="A", entry_type="A", line=SALES),
    d.EntryType(code="A", counter="A", default_journal="A", ledgers={"A": "mandatory"}),
    d.EntryType(code="B", counter="B", default_journal="A", ledgers={"A": "mandatory"}),
    d.Journal(code="A", kind="sales"),
    d.Counter(code="A", component=(part(1, "sequence", 5),)),
    d.Counter(code="B", component=(part(1, "constant", value="B"), part(2, "sequence", 5))),
    d.Ledger(code="A", chart="A"),
)
"""Three companies, and types that arrive; what comes at random takes the place of its like."""
WORLDS = st.lists(RECORDS, max_size=20).map(lambda made: (*FOUND, *made))

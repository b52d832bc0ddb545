"""The index answers as one SQL statement does, on random parametrizations."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import CompanyGroup, InvoiceType
from tests.support import selection_sql
from tests.support.packs import company, invoice_type

DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 9))
LEGISLATIONS = ("FRA", "ITA", "PRT")
COMPANIES = [company(f"C{place}", legislation) for place, legislation in enumerate(LEGISLATIONS * 2)]
GROUPS = st.lists(st.sampled_from([one.code for one in COMPANIES]), max_size=4).map(tuple)
TYPES = st.builds(
    invoice_type,
    st.sampled_from(["A", "B", "C"]),
    module=st.sampled_from(["sales", "purchase"]),
    legislation=st.sampled_from(["", *LEGISLATIONS]),
    company_group=st.sampled_from(["", "G1", "G2"]),
    active=st.booleans(),
    valid_from=st.none() | DAYS,
    valid_to=st.none() | DAYS,
)


@given(st.lists(TYPES, max_size=20), GROUPS, GROUPS, DAYS)
def test_one_code_means_what_one_statement_says(
    types: list[InvoiceType], first: tuple[str, ...], second: tuple[str, ...], on: date
) -> None:
    groups = [CompanyGroup(code="G1", companies=first), CompanyGroup(code="G2", companies=second)]
    records = {one.key: one for one in types}
    bodies = {"invoice_type": dict(records), "company_group": {group.code: group for group in groups}}
    catalog = Catalog(bodies)
    database = selection_sql.filled(records.values(), groups)
    for asked in COMPANIES:
        for module in ("sales", "purchase"):
            for code in ("A", "B", "C"):
                record = catalog.one(InvoiceType, (module, code), asked, on)
                found = selection_sql.one(database, module, code, asked.code, asked.legislation, on)
                assert (record.legislation if record else None) == found
    database.close()

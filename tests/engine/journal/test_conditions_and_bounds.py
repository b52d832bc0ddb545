"""What an automatic journal may be asked for, and what neither it nor a document may say."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.kernel.faults import Faulty
from engine.parametrization import definitions as d
from engine.parametrization.coherence import incoherences
from engine.parametrization.packs import read_packs
from tests.packs.shipped import catalog_of
from tests.support.drafts import document, line, planned
from tests.support.packs import DAY, catalog, company, journal_line, sihi, tax


def codes(asked: dict[str, Any]) -> list[str]:
    with pytest.raises(Faulty) as faulty:
        planned(catalog_of("DEMO"), asked)
    return [fault.code for fault in faulty.value.faults]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"prepaid": [{"amount": "0.005"}]}, "amount_exponent"),
        ({"due_dates": [{"date": "2026-04-01", "amount": "12.345"}]}, "amount_exponent"),
        ({"prepaid": [{"amount": "9999.00"}]}, "prepaid_too_large"),
        ({"lines": [line("1", "1.00", "FR20", references=[{"kind": "order"}])]}, "reference_shape"),
    ],
)
def test_a_document_that_says_too_much_is_refused(changes: dict[str, Any], code: str) -> None:
    assert code in codes(document(line("1", "100.00", "FR20"), company="PARIS", invoice_type="FACT") | changes)


def test_a_line_beyond_the_columns_of_a_ledger_is_refused_though_the_sums_are_small() -> None:
    lines = [line(quantity, "9999999999", "FREXP") for quantity in ("9999", "-9998")]
    assert codes(document(*lines, currency="USD", exchange_rate="900", company="PARIS", invoice_type="FACT")) == [
        "entry_too_large"
    ]


HEADER = '[pack]\ncode = "{}"\nversion = "1"\n'
PLACE = lambda record: record.key  # noqa: E731


def incoherent(*records: d.Record) -> set[str]:
    return {fault.code for fault in incoherences(catalog(company(), *records), PLACE)}


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (sihi(journal_line("a", "debit", (), "document.gross")), "account_source_needed"),
        (tax("T", rate=()), "tax_rate_needed"),
        (
            d.FiscalYear(
                company="ACME",
                code="2026",
                valid_from=DAY,
                valid_to=DAY.replace(month=12),
                period=(d.Period(code="01", valid_from=DAY.replace(day=5), valid_to=DAY.replace(month=12)),),
            ),
            "periods_apart",
        ),
    ],
)
def test_a_record_that_lacks_what_it_is_for_is_a_fault(record: d.Record, code: str) -> None:
    assert code in incoherent(record)


def test_default_types_and_ledgers_that_do_not_exist_are_faults() -> None:
    named = company("BETA", default_type={"sales": {"invoice": "NONE"}})
    asked = sihi(journal_line("a", "debit", "411", "document.gross", ledgers=("NONE",)))
    assert "unknown_record" in incoherent(named)
    assert "unknown_record" in incoherent(asked)
    assert "unknown_record" in incoherent(d.DeliveryRule(id="R", channel="c", connection="C", invoice_type="NONE"))


def world(folder: Path, **journal: str) -> Any:
    """DEMO with a type of our own whose automatic journal says this."""
    place = folder / "OURS"
    place.mkdir()
    (place / "pack.toml").write_text('[pack]\ncode = "OURS"\nversion = "1"\nrequires = ["DEMO"]\n', encoding="utf-8")
    fields = "".join(f"{name} = '{value}'\n" for name, value in journal.items())
    (place / "own.toml").write_text(
        '[[invoice_type]]\ncode = "OWN"\nlegislation = "FRA"\nmodule = "sales"\ncategory = "invoice"\n'
        'entry_type = "FAC"\nautomatic_journal = "OWN"\n'
        f'[[automatic_journal]]\ncode = "OWN"\nlegislation = "FRA"\n{fields}'
        '[[automatic_journal.line]]\nid = "a"\nside = "debit"\naccount = ["411"]\namount = "document.gross"\n'
        '[[automatic_journal.line]]\nid = "b"\nside = "credit"\naccount = ["707"]\namount = "document.gross"\n',
        encoding="utf-8",
    )
    return catalog_of(str(place))


@pytest.mark.parametrize(
    ("journal", "code"),
    [
        ({"when": "document.is_credit"}, "journal_condition"),
        ({"when": "document.gross / document.prepaid > 1"}, "formula_division_by_zero"),
        ({"module": "purchase"}, "journal_of_other_module"),
    ],
)
def test_a_journal_that_is_not_for_the_document_refuses_it(tmp_path: Path, journal: dict[str, str], code: str) -> None:
    asked = document(line("1", "100.00", "FR20"), company="PARIS", invoice_type="OWN")
    with pytest.raises(Faulty) as faulty:
        planned(world(tmp_path, **journal), asked)
    assert [fault.code for fault in faulty.value.faults] == [code]


def test_a_header_condition_that_holds_lets_the_journal_run(tmp_path: Path) -> None:
    asked = document(line("1", "100.00", "FR20"), company="PARIS", invoice_type="OWN")
    found = planned(world(tmp_path, when="not document.is_credit", module="sales"), asked)
    assert found.generated.entries[0].lines[0].debit == Decimal("120.00")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        (
            {"a.toml": '[pack]\ncode = "A"\nversion = "1"\n', "b.toml": '[pack]\ncode = "B"\nversion = "1"\n'},
            "pack_headers",
        ),
        ({"a.toml": '[[example]]\nid = "E"\ndocument_file = "../outside.json"\nexpect = {}\n'}, "example_file"),
        ({"a.toml": '[[example]]\nid = "E"\ndocument_file = "absent.json"\nexpect = {}\n'}, "example_file"),
        ({"a.toml": '[[override]]\ntable = "tax"\ntarget = "T/*"\n'}, "unknown_field"),
        ({"a.toml": "[[tax]]\ncode = 'T'\ncategory = 'S'\nrate = [{ percent = 1e400 }]\n"}, "toml_syntax"),
        ({"a.toml": "[[tax]]\ncode = 'T'\ncategory = 'S'\nrate = [{ percent = 101 }]\n"}, "bad_value"),
        ({"a.toml": "[[payment_terms]]\ncode = 'N'\npart = [{ days = 10000000000 }]\n"}, "bad_value"),
        ({"a.toml": f"[[tax]]\ncode = 'T'\ncategory = 'S'\nrate = [{{ percent = {'9' * 5000} }}]\n"}, "toml_syntax"),
        ({"a.toml": "[[counter]]\ncode = 'N'\nstart = -7\ncomponent = []\n"}, "bad_value"),
    ],
)
def test_hostile_packs_give_faults(tmp_path: Path, files: dict[str, str], code: str) -> None:
    folder = tmp_path / "PACK"
    folder.mkdir()
    (folder / "pack.toml").write_text('[pack]\ncode = "P"\nversion = "1"\n', encoding="utf-8")
    if code == "pack_headers":
        (folder / "pack.toml").unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    _, faults = read_packs([str(folder)])
    assert code in {fault.code for fault in faults}


def test_a_required_pack_is_taken_from_those_named_then_from_beside_then_from_the_shipped(tmp_path: Path) -> None:
    for code, requires in (("FRA", []), ("OURS", ["FRA"])):
        (tmp_path / code).mkdir()
        head = f'[pack]\ncode = "{code}"\nversion = "our own"\nrequires = {requires}\n'
        (tmp_path / code / "pack.toml").write_text(head, encoding="utf-8")
    beside, faults = read_packs([str(tmp_path / "OURS")])
    assert not faults
    assert [(pack.code, pack.version) for pack in beside] == [("FRA", "our own"), ("OURS", "our own")]
    (tmp_path / "apart").mkdir()
    (tmp_path / "OURS").rename(tmp_path / "apart" / "OURS")
    alone, _ = read_packs([str(tmp_path / "apart" / "OURS")])
    assert {pack.code: pack.version == "our own" for pack in alone} == {"ALL": False, "FRA": False, "OURS": True}
    named, _ = read_packs([str(tmp_path / "apart" / "OURS"), str(tmp_path / "FRA")])
    assert [(pack.code, pack.version) for pack in named] == [("FRA", "our own"), ("OURS", "our own")]

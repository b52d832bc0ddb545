"""What is wrong is listed with its code, its place and a way out; nothing is written and no number is used."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.edge.terminal import Said, Terminal
from tests.support.house import House, invoice, line, without, written

HUGE = "x" * 10 * 1024 * 1024


@pytest.fixture(autouse=True)
def nothing_written(sqlite_house: House) -> Any:
    """A document is there already; whatever a test is refused changes nothing, and the next number is the next."""
    sqlite_house.post(invoice(date="2026-03-02"))
    before = sqlite_house.counts()
    yield
    assert sqlite_house.counts() == before
    assert sqlite_house.post(invoice(date="2026-03-02"))["number"] == "FV-2026-00002"
    assert not sqlite_house.verify()


def refused(said: Said) -> list[dict[str, str]]:
    """The faults of an answer that refuses: each with all it needs, without a traceback, within reason."""
    assert said.exit == 1
    assert "Traceback" not in said.out + said.err
    assert said.faults
    for fault in said.faults:
        assert set(fault) == {"code", "path", "message", "remedy"}
        assert fault["code"] and fault["message"] and fault["remedy"]
        assert len(fault["message"]) < 2_000 and "{" not in fault["remedy"]
    return said.faults


DOCUMENTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unknown company": ({"company": "PARISS"}, "unknown_company", "company"),
    "a type not offered": ({"company": "LILLE", "invoice_type": "FAF"}, "type_not_offered", "invoice_type"),
    "a type of another country": ({"invoice_type": "FATT"}, "type_not_offered", "invoice_type"),
    "a type nobody knows": ({"invoice_type": "FACTT"}, "type_unknown", "invoice_type"),
    "a category nobody knows": ({"category": "invoyce"}, "unknown_code", "category"),
    "a nature nobody knows": ({"lines": [line(nature="good")]}, "unknown_code", "lines[0].nature"),
    "a currency nobody knows": ({"currency": "EUX"}, "bad_value", "currency"),
    "a tax nobody knows": ({"lines": [line(tax_code="FR19")]}, "unknown_reference", "lines[0].tax_code"),
    "terms nobody knows": ({"payment_terms": "NET31"}, "unknown_reference", "payment_terms"),
    "a negative quantity on a credit": (
        {"category": "credit_memo", "lines": [line(), line(quantity="-1")]}, "credit_quantity", "lines[1].quantity"
    ),
    "a negative total": ({"lines": [line(quantity="-1")]}, "negative_total", "lines"),
    "a negative price": ({"lines": [line(unit_price="-1.00")]}, "bad_value", "lines[0].unit_price"),
    "a line without tax": ({"lines": [line(), without(line(), "tax_code")]}, "missing_field", "lines[1].tax_code"),
    "a line with blank tax": ({"lines": [line(tax_code="")]}, "unknown_reference", "lines[0].tax_code"),
    "no lines": ({"lines": []}, "no_lines", "lines"),
    "a date before the last number": ({"date": "2026-03-01"}, "date_before_last", "date"),
    "a day that does not exist": ({"date": "2026-02-30"}, "bad_value", "date"),
    "a float": ({"lines": [line(quantity=0.1)]}, "bad_value", "lines[0].quantity"),
    "a field nobody knows": ({"custommer": {}}, "unknown_field", "custommer"),
    "a credit note that corrects nothing": ({"category": "credit_note"}, "corrects_missing", "references"),
    "dollars without a rate": ({"currency": "USD"}, "exchange_rate_missing", "exchange_rate"),
    "a description of 10 MB": ({"lines": [line(description=HUGE)]}, "bad_value", "lines[0].description"),
    "a typed number": ({"number": "FV-1"}, "manual_number", "number"),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_with(name: str, factotum: Terminal) -> None:
    changes, code, path = DOCUMENTS[name]
    found = [(fault["code"], fault["path"]) for fault in refused(factotum.post(invoice(**changes)))]
    assert (code, path) in found


def test_why_a_type_is_not_offered_is_told_and_what_is_offered_instead(factotum: Terminal) -> None:
    (fault,) = refused(factotum.post(invoice(company="LILLE", invoice_type="FAF")))
    assert "it is for group GRP; the company belongs to NOR" in fault["message"]
    assert "FACT" in fault["remedy"] and "BEF" in fault["remedy"]


def test_the_way_out_names_what_was_meant(factotum: Terminal) -> None:
    (fault,) = refused(factotum.post(invoice(company="PARISS")))
    assert fault["remedy"] == "did you mean 'PARIS'?"


def test_everything_that_is_wrong_is_told_at_once(factotum: Terminal) -> None:
    lines = [line(tax_code="FR19"), line(discounts=[{}]), line()]
    found = refused(factotum.post(invoice(lines=lines, payment_terms="NET31", due_date="2026-04-01")))
    assert {fault["path"] for fault in found} >= {"lines[0].tax_code", "lines[1].discounts[0]"}
    shapes = refused(factotum.post(invoice(date="soon", currency="EUX", lines=[line(quantity="1,5"), {}])))
    assert {fault["path"] for fault in shapes} >= {"date", "currency", "lines[0].quantity", "lines[1].description"}


@pytest.mark.parametrize(
    "text",
    ["{", "", "nothing", '{"company": "PARIS"', "[{}, {]", "\ufeff{}", "[" * 100_000, '{"a": "\\ud800"}', "NaN", "7"],
    ids=lambda text: text[:12] or "empty",
)
def test_what_is_no_document_is_told_in_one_line(factotum: Terminal, text: str) -> None:
    refused(factotum("post", factotum.file(text), "--json"))


def test_bytes_that_are_no_text_are_told(factotum: Terminal) -> None:
    refused(factotum("post", "-", "--json", stdin=b"\xff\xfe{\x00}\x00"))


@pytest.mark.parametrize("words", [(), ("--json",)], ids=["for people", "for programs"])
def test_a_bad_document_is_refused_by_a_process_as_well(factotum: Terminal, words: tuple[str, ...]) -> None:
    """Exit 1, the fault on stdout for programs and on stderr for people."""
    said = factotum.process("post", factotum.file(invoice(company="PARISS")), *words)
    assert said.exit == 1 and "Traceback" not in said.out + said.err
    if words:
        assert [fault["code"] for fault in said.faults] == ["unknown_company"]
    else:
        assert "unknown_company" in said.err and "did you mean 'PARIS'?" in said.err and said.out == ""


# --- packs ----------------------------------------------------------------------------------------------------------

KIOSK = """
[[invoice_type]]
code = "KIOSK"
legislation = "FRA"
module = "sales"
category = "invoice"
entry_type = "FAC"
automatic_journal = "KIOSK"
"""
UNBALANCED = """
[[automatic_journal]]
code = "KIOSK"
module = "sales"
journal = "VTE"

[[automatic_journal.line]]
id = "customer"
side = "debit"
account = ["customer.control"]
amount = "document.gross"

[[automatic_journal.line]]
id = "sales"
side = "credit"
account = ["sales.goods"]
amount = "document.net"
"""
DIVIDING = """
[[mention]]
code = "SHARE"
legislation = "FRA"
when = 'document.gross / document.prepaid > 2'
text = { en = "Less than half was paid before." }
"""

Apply = Callable[..., Said]


@pytest.fixture
def apply(factotum: Terminal, tmp_path: Path) -> Apply:
    return lambda *files: factotum("apply", str(written(tmp_path, "SHOP", *files)), "--json")


def test_a_journal_that_does_not_balance_posts_nothing(factotum: Terminal, apply: Apply) -> None:
    """Found at the latest when a document comes whose entry would not balance."""
    applied = apply(KIOSK, UNBALANCED)
    if applied.exit == 0:
        (fault,) = refused(factotum.post(invoice(invoice_type="KIOSK")))
        assert fault["code"] == "entry_unbalanced"
        assert "120.00 debit and 100.00 credit" in fault["message"]


def test_a_formula_that_divides_by_zero_refuses_the_document_with_its_operands(
    factotum: Terminal, apply: Apply
) -> None:
    apply(DIVIDING).done()
    (fault,) = refused(factotum.post(invoice()))
    assert "mention SHARE/FRA" in fault["message"] and "document.prepaid = 0" in fault["message"]
    assert "document.gross / document.prepaid" in fault["remedy"]
    apply().done()


def test_toml_that_is_broken_is_told_with_its_line_and_the_other_files_are_read(
    factotum: Terminal, tmp_path: Path
) -> None:
    pack = written(tmp_path, "SHOP", KIOSK, "[[mention]\ncode = 1", '[[mention]]\ncode = "A"\nwen = "true"\ntext = {}')
    for command in ("plan", "apply"):
        said = factotum.process(command, str(pack), "--json")
        found = {fault["code"]: fault for fault in refused(said)}
        assert "line 1" in found["toml_syntax"]["message"] and "part1.toml" in found["toml_syntax"]["path"]
        assert found["unknown_field"]["remedy"] == "did you mean 'when'?"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (KIOSK.replace('"sales"', '"sails"'), "unknown_code"),
        (KIOSK.replace('"KIOSK"\nlegislation', '"KIOSKS"\nlegislation'), "bad_value"),
        (KIOSK.replace('automatic_journal = "KIOSK"', 'automatic_journal = "NONE"'), "unknown_record"),
        (DIVIDING.replace("document.prepaid", "document.prepayed"), "formula_unknown_name"),
        (KIOSK + UNBALANCED.replace('"document.net"', '"document.net +"'), "formula_syntax"),
        (KIOSK + UNBALANCED.replace('"document.net"', '"document.date"'), "formula_type"),
        (DIVIDING.replace("[[mention]]", "[mention]"), "table_shape"),
        ("[[mension]]\ncode = 'A'", "unknown_table"),
        (DIVIDING + DIVIDING, "duplicate_key"),
    ],
)
def test_a_pack_that_would_not_work_is_not_applied(apply: Apply, text: str, code: str) -> None:
    found = refused(apply(text))
    assert code in {fault["code"] for fault in found}
    assert all("SHOP/part0.toml" in fault["path"] for fault in found)

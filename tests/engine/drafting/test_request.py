"""The wall of documents: what is right is read exactly; everything else is a fault with a path, whatever it is."""

import hashlib
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.drafting.request import DOCUMENT_LIMIT, LINE_LIMIT, Asked, Request, read_json, read_request
from engine.kernel.faults import Fault, Faulty
from tests.support.drafts import ADDRESS, PARTY, Document, document, line


def faults(data: Any) -> list[Fault]:
    with pytest.raises(Faulty) as caught:
        read_request(data)
    return list(caught.value.faults)


def one_fault(data: Any) -> tuple[str, str]:
    (fault,) = faults(data)
    assert fault.message and fault.remedy
    return fault.code, fault.path


def read(**more: Any) -> Request:
    return read_request(document(**more)).request


# --- read exactly ---------------------------------------------------------------------------------------------------


def test_numbers_are_exact_decimals_and_dates_are_dates() -> None:
    request = read(lines=[line("0.1", "19.99999999")], supply_date="2026-02-28")
    assert (request.lines[0].quantity, request.lines[0].unit_price) == (Decimal("0.1"), Decimal("19.99999999"))
    assert request.supply_date == date(2026, 2, 28)


def test_a_period_has_both_ends_in_order() -> None:
    assert read(period={"from": "2026-01-01", "to": "2026-01-01"}).period == (date(2026, 1, 1),) * 2


@pytest.mark.parametrize(
    ("more", "side"),
    [({}, "sales"), ({"customer": None, "supplier": PARTY}, "purchase"), ({"module": "purchase"}, "purchase")],
)
def test_the_module_is_as_said_else_by_the_partner(more: Document, side: str) -> None:
    assert read(**more).side == side


def test_the_hash_is_of_the_canonical_request_before_defaults() -> None:
    asked = document(number="")
    text = json.dumps(asked, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    turned = {name: asked[name] for name in reversed(asked)}
    assert read_request(asked).text == text
    assert read_request(turned).content_hash == hashlib.sha256(text.encode()).hexdigest()
    assert read_request(document()).content_hash != read_request(asked).content_hash


@pytest.mark.parametrize("key", ["K1", "~", "a" * 200])
def test_a_key_is_printable(key: str) -> None:
    assert read(key=key).key == key


def test_text_keeps_its_letters_tabs_and_line_ends() -> None:
    text = "Café\tà la crème\nZoë 日本 😀"
    assert read(lines=[line(description=text)]).lines[0].description == text


# --- refused --------------------------------------------------------------------------------------------------------

LINE = {"description": "thing", "quantity": "1", "unit_price": "1.00", "tax_code": "FR20"}
WRONG: dict[str, tuple[Document, str, str]] = {
    "a float": ({"lines": [LINE | {"unit_price": 0.1}]}, "bad_value", "lines[0].unit_price"),
    "a JSON integer": ({"lines": [LINE | {"quantity": 1}]}, "bad_value", "lines[0].quantity"),
    "a comma": ({"lines": [LINE | {"quantity": "1,5"}]}, "bad_value", "lines[0].quantity"),
    "an exponent": ({"lines": [LINE | {"quantity": "1e3"}]}, "bad_value", "lines[0].quantity"),
    "spaces": ({"lines": [LINE | {"quantity": " 1"}]}, "bad_value", "lines[0].quantity"),
    "not a number": ({"lines": [LINE | {"quantity": "NaN"}]}, "bad_value", "lines[0].quantity"),
    "true": ({"lines": [LINE | {"quantity": True}]}, "bad_value", "lines[0].quantity"),
    "null": ({"lines": [LINE | {"quantity": None}]}, "bad_value", "lines[0].quantity"),
    "a number of 40 digits": ({"lines": [LINE | {"quantity": "9" * 40}]}, "bad_value", "lines[0].quantity"),
    "a number of 5 MB": ({"lines": [LINE | {"quantity": "9" * 5_000_000}]}, "bad_value", "lines[0].quantity"),
    "a quantity too large": ({"lines": [LINE | {"quantity": "10000000000"}]}, "bad_value", "lines[0].quantity"),
    "a price of 9 decimals": ({"lines": [LINE | {"unit_price": "0.123456789"}]}, "bad_value", "lines[0].unit_price"),
    "a negative price": ({"lines": [LINE | {"unit_price": "-1"}]}, "bad_value", "lines[0].unit_price"),
    "an amount of 5 decimals": ({"prepaid": [{"amount": "0.00001"}]}, "bad_value", "prepaid[0].amount"),
    "an amount of 15 digits": ({"prepaid": [{"amount": "100000000000000"}]}, "bad_value", "prepaid[0].amount"),
    "a percent over 100": ({"withholdings": [{"code": "RT", "rate": "100.1"}]}, "bad_value", "withholdings[0].rate"),
    "an exchange rate of 0": ({"exchange_rate": "0"}, "bad_value", "exchange_rate"),
    "a text of 10 MB": ({"lines": [LINE | {"description": "x" * 10_000_000}]}, "bad_value", "lines[0].description"),
    "a NUL in a text": ({"lines": [LINE | {"description": "a\x00b"}]}, "bad_value", "lines[0].description"),
    "an escape in a subject": ({"subject": "a\x1b[31m"}, "bad_value", "subject"),
    "a newline in a name": ({"customer": PARTY | {"name": "a\nb"}}, "bad_value", "customer.name"),
    "a number with spaces as key": ({"key": "a b"}, "bad_value", "key"),
    "a key like ours": ({"key": "#1"}, "bad_value", "key"),
    "half a character": ({"subject": "\ud800"}, "json_syntax", ""),
    "half a character in a field's name": ({"\ud800": 1}, "wrong_type", ""),
    "an unknown field": ({"custmer": PARTY}, "unknown_field", "custmer"),
    "an unknown field of a line": ({"lines": [LINE | {"unitprice": "1"}]}, "unknown_field", "lines[0].unitprice"),
    "no tax": ({"lines": [{**LINE, "tax_code": None}]}, "wrong_type", "lines[0].tax_code"),
    "a module that does not exist": ({"module": "sale"}, "unknown_code", "module"),
    "a kind of reference": ({"references": [{"kind": "correct"}]}, "unknown_code", "references[0].kind"),
    "a country": ({"customer": PARTY | {"country": "FRA"}}, "bad_value", "customer.country"),
    "a currency": ({"currency": "EURO"}, "bad_value", "currency"),
    "a date that is none": ({"date": "2026-02-29"}, "bad_value", "date"),
    "a date of another shape": ({"date": "20260301"}, "bad_value", "date"),
    "a date with a time": ({"date": "2026-03-01T00:00"}, "bad_value", "date"),
    "a number as date": ({"date": 0}, "bad_value", "date"),
    "a period without end": ({"period": {"from": "2026-01-01"}}, "bad_value", "period"),
    "a period that ends first": ({"period": {"from": "2026-01-02", "to": "2026-01-01"}}, "bad_value", "period"),
    "lines that are no list": ({"lines": {"0": LINE}}, "wrong_type", "lines"),
    "a line that is none": ({"lines": ["x"]}, "wrong_type", "lines[0]"),
    "an account": ({"lines": [LINE | {"account": "411-1"}]}, "bad_value", "lines[0].account"),
    "a type code too long": ({"invoice_type": "FACTURE"}, "bad_value", "invoice_type"),
    "a price that includes tax": ({"prices_include_tax": True}, "not_yet", "prices_include_tax"),
    "an analytic dimension without code": (
        {"lines": [LINE | {"analytic": {"cc": "1"}}]}, "bad_value", "lines[0].analytic.cc",
    ),
    "more lines than are allowed": ({"lines": [LINE] * (LINE_LIMIT + 1)}, "document_too_large", "lines"),
}  # fmt: skip


@pytest.mark.parametrize(("more", "code", "path"), WRONG.values(), ids=WRONG)
def test_refused(more: Document, code: str, path: str) -> None:
    assert one_fault(document(**more)) == (code, path)


@pytest.mark.parametrize("name", ["company", "date", "lines"])
def test_what_is_needed_is_missing(name: str) -> None:
    assert one_fault(document(**{name: None})) == ("missing_field", name)


def test_a_line_without_tax_is_missing_its_tax() -> None:
    bare = {name: value for name, value in LINE.items() if name != "tax_code"}
    assert one_fault(document(lines=[LINE, bare])) == ("missing_field", "lines[1].tax_code")


@pytest.mark.parametrize("data", [None, 3, "x", [], True], ids=str)
def test_a_document_is_an_object(data: Any) -> None:
    assert one_fault(data) == ("not_an_object", "")


def test_an_unknown_field_is_told_with_the_nearest() -> None:
    (fault,) = faults(document(lines=[LINE | {"unitprice": "1"}]))
    assert fault.remedy == "did you mean 'unit_price'?"
    (fault,) = faults(document(customer=PARTY | {"address": ADDRESS | {"post_code": "1"}}))
    assert (fault.path, fault.remedy) == ("customer.address.post_code", "did you mean 'postcode'?")


def test_all_faults_come_at_once() -> None:
    found = faults(document(date="x", currency="E", lines=[LINE | {"quantity": 1, "more": 1}, {}], nonsense=1))
    assert {fault.path for fault in found} == {
        "date", "currency", "lines[0].quantity", "lines[0].more", "lines[1].description", "lines[1].quantity",
        "lines[1].unit_price", "lines[1].tax_code", "nonsense",
    }  # fmt: skip


def test_no_message_is_longer_than_a_screen_line_or_two() -> None:
    huge = "x" * 1_000_000
    for fault in faults({huge: 1} | document(date=huge, currency=huge, module=huge, company=huge, lines=huge)):
        assert len(fault.message) + len(fault.path) + len(fault.remedy) < 1000


# --- JSON -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 200_000, '{"a": 1, "a": 2}', "nul", b"\xff", '{"a": 01}', "9" * 5000 + "x", "{'a': 1}"],
    ids=lambda text: repr(text[:10]),
)
def test_what_is_no_json_is_a_fault(text: str | bytes) -> None:
    with pytest.raises(Faulty) as caught:
        read_json(text)
    assert [fault.code for fault in caught.value.faults] == ["json_syntax"]


def test_a_text_too_long_is_not_parsed() -> None:
    with pytest.raises(Faulty) as caught:
        read_json("[" * (DOCUMENT_LIMIT + 1))
    assert [fault.code for fault in caught.value.faults] == ["document_too_large"]


def test_json_numbers_that_python_would_round_never_become_amounts() -> None:
    text = json.dumps(document()).replace('"100.00"', "100.10")
    assert one_fault(read_json(text)) == ("bad_value", "lines[0].unit_price")


def test_deep_nesting_is_a_fault() -> None:
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    assert one_fault(document(customer=deep)) == ("wrong_type", "customer")


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("2026-01-01"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*Request.__dataclass_fields__, "x"]), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*Request.__dataclass_fields__, "x"]), JSON, max_size=5))
@example({"lines": [{"quantity": float("nan")}]})
@example({"lines": [[]] * 3, "period": {"from": [], "to": {}}})
def test_whatever_comes_is_read_or_refused(changes: dict[str, Any]) -> None:
    try:
        assert isinstance(read_request(document() | changes), Asked)
    except Faulty as faulty:
        assert faulty.faults and all(fault.message and fault.remedy for fault in faulty.faults)

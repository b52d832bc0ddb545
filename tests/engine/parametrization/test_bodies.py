"""Records as canonical text: nothing lost, nothing twice, defaults left out."""

import json
from dataclasses import MISSING, fields, is_dataclass, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel.wall import validated
from engine.parametrization import definitions as d
from engine.parametrization.bodies import content_hash, from_text, to_body, to_text
from tests.engine.parametrization.records import records
from tests.support.packs import tax


def hash_of(record: d.Record) -> str:
    return content_hash(record.TABLE, record.key, to_text(record))


def scaled(value: Any) -> Any:
    """The same value with every Decimal and every mapping written otherwise."""
    if isinstance(value, Decimal):
        return value * Decimal("1.000")
    if isinstance(value, tuple):
        return tuple(scaled(one) for one in value)
    if isinstance(value, dict):
        return {name: value[name] for name in reversed(value)}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{one.name: scaled(getattr(value, one.name)) for one in fields(value)})
    return value


@pytest.mark.parametrize("table", sorted(d.TABLES))
@settings(max_examples=20)
@given(st.data())
def test_a_record_survives_its_text_which_is_a_row_of_a_pack_and_one_for_equal_records(
    table: str, data: st.DataObject
) -> None:
    kind = d.TABLES[table]
    record = data.draw(records(kind))
    text, body = to_text(record), to_body(record)
    assert from_text(table, text) == record
    assert to_text(from_text(table, text)) == text
    assert validated(kind, body) == record
    other = scaled(record)
    assert other == record and hash_of(other) == hash_of(record)
    for one in fields(record):
        default = one.default_factory() if one.default_factory is not MISSING else one.default
        assert (one.name in body) == (getattr(record, one.name) != default)


@settings(max_examples=50)
@given(records(d.Tax), records(d.Tax))
def test_different_records_have_different_hashes(first: d.Tax, second: d.Tax) -> None:
    assert (hash_of(first) == hash_of(second)) == (first == second)


def test_a_default_written_out_is_the_same_record() -> None:
    short = d.Journal(code="VTE", kind="sales")
    long = d.Journal(code="VTE", kind="sales", active=True, legislation="", description={}, valid_from=None)
    assert to_text(short) == to_text(long) == '{"code":"VTE","kind":"sales"}'


def test_a_body_is_canonical_json_with_numbers_as_text() -> None:
    record = tax("FR20", "20.00", description={"it": "città", "fr": "é"})
    assert to_text(record) == (
        '{"category":"S","code":"FR20","description":{"fr":"é","it":"città"},"rate":[{"percent":"20"}]}'
    )
    assert json.loads(to_text(record)) == to_body(record)


def test_the_hash_names_table_key_and_text() -> None:
    one = content_hash("journal", "VTE/*", "{}")
    assert len({one, content_hash("entry_type", "VTE/*", "{}"), content_hash("journal", "ACH/*", "{}")}) == 3


def test_every_table_has_its_name_and_a_key_of_its_own_fields() -> None:
    for table, kind in d.TABLES.items():
        assert table == kind.TABLE
        assert {*kind.KEY} <= {one.name for one in fields(kind)}
    assert d.Folder(language="en").key == "*"
    assert d.InvoiceType(code="FAF", module="sales", category="invoice").key == "sales/FAF/*"

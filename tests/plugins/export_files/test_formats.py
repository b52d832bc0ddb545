"""What is written can be read back, whatever a document says; and no spreadsheet runs any of it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from pydantic import TypeAdapter

from engine.spi import DocumentView
from engine.spi.host import register
from plugins.export_files import plugin
from plugins.export_files.table import COLUMNS, RUN, Csv, harmless
from plugins.export_files.tree import Json
from tests.plugins.export_files.schema import PATH, schema
from tests.plugins.export_files.views import DOCUMENTS, TEXTS
from tests.plugins.facturx.views import french_credit, french_mixed, italian_plain, line

SLOWLY = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None, max_examples=60
)
SAMPLES = [french_mixed(), french_credit(), italian_plain()]


def read(content: bytes) -> list[dict[str, str]]:
    """Rows as a careful reader has them: the `'` that was put before a text is taken off again."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
    return [
        {name: value[1:] if re.match(r"''*[=+\-@\t\r\n＝＋－＠]", value) else value for name, value in row.items()}
        for row in rows
    ]


def test_the_plugin_offers_both_formats() -> None:
    assert set(register([("export_files", plugin)]).formats) == {"csv", "json"}


# --- csv --------------------------------------------------------------------------------------------------------------


def test_a_table_has_a_row_for_all_that_makes_the_total() -> None:
    rows = read(Csv().render(french_mixed()).content)
    assert [row["row"] for row in rows] == ["line"] * 4 + ["charge", "allowance"] + ["tax"] * 3 + ["total"]
    first, total = rows[0], rows[-1]
    assert (first["document"], first["date"], first["quantity"], first["unit_price"]) == (
        "FA-2026-00042", "2026-11-02", "40", "18.905",
    )  # fmt: skip
    assert first["description"] == "Bride inox DN50\nAcier 316L, usinage 5 axes\nLot 2026-118"
    assert total["payable"] == f"{french_mixed().totals.payable:f}"


@pytest.mark.parametrize("document", SAMPLES, ids=lambda one: one.number)
def test_the_rows_add_up_to_the_total(document: DocumentView) -> None:
    rows = read(Csv().render(document).content)
    (total,) = [row for row in rows if row["row"] == "total"]
    parts = [row for row in rows if row["row"] in ("line", "charge", "allowance")]
    assert sum(Decimal(row["net"]) for row in parts) == Decimal(total["net"])
    assert sum(Decimal(row["tax"]) for row in rows if row["row"] == "tax") == Decimal(total["tax"])


@given(DOCUMENTS)
@SLOWLY
def test_any_document_comes_back_from_its_table(document: DocumentView) -> None:
    content = Csv().render(document).content
    assert content == Csv().render(document).content
    rows = read(content)
    lines = [row for row in rows if row["row"] == "line"]
    assert [one["description"] for one in lines] == [one.description for one in document.lines]
    assert [Decimal(one["net"]) for one in lines] == [one.net for one in document.lines]
    assert {row["partner_name"] for row in rows} == {document.partner.name}
    assert [row["description"] for row in rows if row["row"] == "tax"] == [one.reason for one in document.taxes]


@given(DOCUMENTS)
@SLOWLY
def test_no_cell_of_text_begins_like_a_formula(document: DocumentView) -> None:
    rows = list(csv.reader(io.StringIO(Csv().render(document).content.decode(), newline=""), strict=True))
    numbers = {"quantity", "unit_price", "discount", "net", "tax_rate", "tax", "gross", "payable"}
    for row in rows[1:]:
        assert len(row) == len(COLUMNS)
        for name, cell in zip(COLUMNS, row, strict=True):
            assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r") or (name in numbers and Decimal(cell) <= 0)


@given(TEXTS, TEXTS)
def test_two_texts_never_look_the_same(one: str, other: str) -> None:
    assert one == other or harmless(one) != harmless(other)
    assert not RUN.match(harmless(one)) or harmless(one).startswith("'")


def test_lines_end_as_the_standard_says_and_quotes_are_doubled() -> None:
    content = Csv().render(replace(french_mixed(), lines=(line('a "b", c'),), charges=())).content
    assert b',"a ""b"", c",' in content and content.count(b"\r\n") == content.count(b"\n")
    assert not content.startswith(b"\xef\xbb\xbf") and content.endswith(b"\r\n")


# --- json -------------------------------------------------------------------------------------------------------------


def back(content: bytes) -> DocumentView:
    """The document a program reads out of a file."""

    def refuse(number: str) -> Any:
        raise AssertionError(f"{number} is a JSON float")

    told = json.loads(content, parse_float=refuse)["document"]
    if told["period"]:
        told["period"] = [told["period"]["from"], told["period"]["to"]]
    told["company"]["bank_accounts"] = [[one["iban"], one["bic"]] for one in told["company"]["bank_accounts"]]
    return TypeAdapter(DocumentView).validate_python(told)


@given(DOCUMENTS)
@SLOWLY
def test_any_document_comes_back_from_its_json(document: DocumentView) -> None:
    content = Json().render(document).content
    assert back(content) == document and content == Json().render(document).content
    assert wrong(json.loads(content), schema(), schema()) == []


@pytest.mark.parametrize("document", SAMPLES, ids=lambda one: one.number)
def test_a_real_document_comes_back_and_fits_the_schema(document: DocumentView) -> None:
    told = json.loads(Json().render(document).content)
    assert back(Json().render(document).content) == document
    assert wrong(told, json.loads(PATH.read_text("utf-8")), schema()) == []


def test_the_schema_that_ships_is_what_the_views_say() -> None:
    assert json.loads(PATH.read_text("utf-8")) == schema(), "python -m tests.plugins.export_files.schema"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"id": "7"}, "id"), ({"date": "02/11/2026"}, "date"), ({"extra": 1}, "extra"),
        ({"exchange_rate": 1}, "exchange_rate"),
        ({"exchange_rate": "1E3"}, "exchange_rate"), ({"period": ["2026-01-01", "2026-01-31"]}, "period"),
    ],
    ids=range(6),
)  # fmt: skip
def test_the_schema_refuses_what_is_not_so(change: dict[str, Any], place: str) -> None:
    told = json.loads(Json().render(french_mixed()).content)
    assert [one for one in wrong({**told, "document": told["document"] | change}, schema(), schema()) if place in one]


def test_a_file_is_called_like_its_document() -> None:
    assert Json().render(replace(french_mixed(), number="2026/00042")).name == "2026-00042.json"
    assert Csv().render(replace(french_mixed(), number="../..")).name == "7.csv"


def wrong(value: Any, by: dict[str, Any], whole: dict[str, Any], at: str = "") -> list[str]:
    """What is wrong with a value, by the part of JSON Schema that our schema uses."""
    if "$ref" in by:
        return wrong(value, whole["$defs"][by["$ref"].rpartition("/")[2]], whole, at)
    if "anyOf" in by:
        return [] if not all(wrong(value, one, whole, at) for one in by["anyOf"]) else [f"{at}: fits none"]
    if "const" in by:
        return [] if value == by["const"] else [f"{at}: not {by['const']}"]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
    if type(value) is not kinds[by["type"]]:
        return [f"{at}: no {by['type']}"]
    if isinstance(value, str):
        bad = "pattern" in by and not re.search(by["pattern"], value)
        return [f"{at}: {value}"] if bad or (by.get("format") == "date" and not _day(value)) else []
    if isinstance(value, list):
        return [found for place, one in enumerate(value) for found in wrong(one, by["items"], whole, f"{at}.{place}")]
    if isinstance(value, dict):
        odd = [f"{at}.{name}: missing or unknown" for name in {*value} ^ {*by["required"]}]
        return odd + [
            found for name in {*value} & {*by["properties"]}
            for found in wrong(value[name], by["properties"][name], whole, f"{at}.{name}")
        ]  # fmt: skip
    return []


def _day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False

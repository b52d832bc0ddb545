"""Rows are hashed as canonical JSON, whatever way the bytes are made; a canonical text is read, and no other."""

import hashlib
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.posting import canon

VALUES = st.one_of(
    st.text(st.characters(codec="utf-8")),
    st.integers(-(10**18), 10**18),
    st.booleans(),
    st.none(),
    st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=-(10**10), max_value=10**10),
    st.dates(),
    st.datetimes(timezones=st.just(UTC)),
)
ROWS = st.dictionaries(
    st.sampled_from(["id", "company", "description", "number", "100 %", '"%s"', "status", "net"]), VALUES, min_size=1
)


@given(
    st.dictionaries(st.sampled_from(canon.HASHED), st.lists(ROWS, max_size=3)),
    st.integers(1, canon.VERSION),
)
def test_the_hash_is_over_the_canonical_json_of_each_row(
    rows_of: dict[str, list[dict[str, Any]]], version: int
) -> None:
    lines = []
    for table in canon.HASHED:
        later = [since.get(table, {}) for number, since in canon.COLUMNS_SINCE.items() if number > version]
        left_out = {*canon.AFTER_NUMBER.get(table, ()), *(name for columns in later for name in columns)}
        for row in rows_of.get(table, ()):
            kept = {name: value for name, value in row.items() if name not in left_out}
            lines.append(f"{table}{canon.json_text(kept)}\n")
    assert canon.body_hash(rows_of, version) == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_bytes_that_are_hashed_never_change() -> None:
    """Documents of years ago verify only if these stay as they are."""
    row = {
        "id": 1, "net": Decimal("100.00"), "none": None, "yes": True, "day": date(2026, 3, 2),
        "at": datetime(2026, 3, 2, 9, 30, tzinfo=UTC), "text": 'é "x"\n', "number": "never in it",
    }  # fmt: skip
    text = (
        'document{"at":"2026-03-02T09:30:00.000000+00:00","day":"2026-03-02","id":1,"net":"100","none":null,'
        '"text":"é \\"x\\"\\n","yes":true}\n'
    )
    assert canon.body_hash({"document": [row]}) == hashlib.sha256(text.encode()).hexdigest()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(JSON.filter(lambda value: value is not None))
def test_a_canonical_text_is_read(value: Any) -> None:
    assert canon.read(canon.json_text(value)) == value


@pytest.mark.parametrize(
    "text",
    ['{"a": 1}', '{"b":1,"a":1}', '{"a":1,"a":1}', "1.5", "NaN", '"\\u00e9"', "[1,]", "", '"\\ud800"', "[" * 100_000],
)
def test_any_other_text_is_not(text: str) -> None:
    assert canon.read(text) is None


@given(JSON.filter(lambda value: isinstance(value, dict | list) and bool(value)))
def test_a_text_with_other_spaces_is_not(value: Any) -> None:
    spaced = json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1)
    assert canon.read(spaced) is None

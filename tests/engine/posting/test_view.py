"""What plugins see while a document is posted is what they see afterwards."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from engine.posting.view import document_view, view_of
from engine.spi.contracts import DocumentView
from tests.support.house import House, invoice, line


@pytest.fixture
def rows(house: House) -> tuple[Any, ...]:
    house.post(invoice([line(), line(discounts=[{"percent": "10"}])], key="K"))
    stored = house.documents.by_key("PARIS", "K")
    assert stored
    return stored.document, stored.lines, stored.taxes


@pytest.mark.parametrize("first", [field.name for field in fields(DocumentView)])
def test_a_view_made_as_far_as_it_is_looked_at_says_the_same(rows: tuple[Any, ...], first: str) -> None:
    """Whatever is looked at first."""
    whole = document_view(*rows)
    seen = view_of(*rows, content=_content(rows[0]))
    assert getattr(seen, first) == getattr(whole, first)
    assert {one.name: getattr(seen, one.name) for one in fields(DocumentView)} == {
        one.name: getattr(whole, one.name) for one in fields(DocumentView)
    }


def test_it_is_replaced_and_refuses_as_any_view(rows: tuple[Any, ...]) -> None:
    seen = view_of(*rows, content=_content(rows[0]))
    assert replace(seen, number="N").number == "N" and isinstance(seen, DocumentView)
    with pytest.raises(AttributeError):
        seen.nothing  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError):
        seen.number = "N"  # type: ignore[misc]


def _content(document: Any) -> Any:
    return json.loads(document["content"])

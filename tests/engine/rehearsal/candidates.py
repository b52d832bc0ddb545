"""Candidate parametrizations: DEMO with some records changed, added or gone."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeVar

from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Record
from tests.packs.shipped import located

Kind = TypeVar("Kind", bound=Record)


def of_demo(kind: type[Kind], key: str, **changes: Any) -> Kind:
    """A record of DEMO, changed."""
    found = next(one.record for one in located("DEMO") if isinstance(one.record, kind) and one.record.key == key)
    assert isinstance(found, kind)
    return replace(found, **changes)


def candidate(*records: Record, without: Iterable[Record] = ()) -> Catalog:
    """DEMO with these records, each in the place of its like."""
    gone = {(one.TABLE, one.key) for one in without}
    bodies: dict[str, dict[str, Record | str]] = defaultdict(dict)
    for record in (*(one.record for one in located("DEMO")), *records):
        if (record.TABLE, record.key) not in gone:
            bodies[record.TABLE][record.key] = record
    return Catalog(bodies)

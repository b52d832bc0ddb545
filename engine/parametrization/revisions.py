"""Revisions of the whole parametrization: what applying packs to a state would change, field by field. Pure.

Records are kept by content; a revision is the list of what changed, and a hash of everything in force. Counter
values, connections and documents are state of another kind: no pack holds them, so no revision can touch them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, cast

from engine.kernel.errors import EngineError
from engine.kernel.faults import Fault, FaultKind
from engine.parametrization import bodies, merge
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Override, Record

if TYPE_CHECKING:
    from engine.parametrization.packs import ReadPack

TWO_OWNERS = FaultKind(
    "two_owners",
    "{table} {key} is defined by pack {owner}, which owns it",
    "remove it here; to change a field of it write an [[override]] with table and key, or choose another code",
)

Name = tuple[str, str]
"""(table, key)"""


class StateChanged(EngineError):
    code = "state_changed"
    says = "the parametrization is at revision {found}, the plan was made at {planned}"
    remedy = "plan again"


@dataclass(frozen=True, slots=True)
class State:
    """The parametrization at one revision: bodies by table and key, owning packs by name. Revision 0 is empty."""

    revision: int
    bodies: Mapping[str, Mapping[str, str]]
    owners: Mapping[Name, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One record that a revision adds, changes or removes. `hash` and `body` are None when it is removed."""

    table: str
    key: str
    pack: str
    action: str  # add | change | remove
    fields: Mapping[str, tuple[Any, Any]]  # before, after
    hash: str | None
    body: str | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """The parametrization as it would be, and where each record of it was written."""

    parent: int
    catalog: Catalog
    changes: tuple[Change, ...]
    content_hash: str
    faults: tuple[Fault, ...]
    place: Callable[[Record], str]


class ParametrizationStore(Protocol):
    def head(self) -> int:
        """The revision in force; 0 before the first."""

    def state(self, revision: int, tables: Sequence[str] = ()) -> State:
        """Everything in force at a revision, or only records of some tables."""

    def revisions(self) -> Sequence[Mapping[str, Any]]:
        """Every revision: id, parent, content_hash, made_at, actor, message, and how many changes."""

    def period_states(self, revision: int) -> Sequence[Mapping[str, Any]]:
        """Periods that were opened, closed or locked, as they stood: company, fiscal_year, period, journal, state."""

    def seal_settings(self, revision: int) -> Sequence[Mapping[str, Any]]:
        """Which company sealed with what: seal, company, settings as JSON ("" for switched off)."""

    def content_hash(self, at: int) -> str:
        """Of the parametrization at a revision."""

    def proofs(self, hashes: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """Proofs kept of journals, by what they rest on."""

    def write(
        self,
        parent: int,
        changes: Sequence[Change],
        *,
        content_hash: str,
        at: datetime,
        actor: str,
        message: str,
        also: Mapping[str, Sequence[Mapping[str, Any]]] = ...,
    ) -> int:
        """Write one revision in one transaction, and stamp every series with it.

        `also` are rows of state that change with it: journal_proof, period_change, seal_setting.

        Errors: StateChanged when the head is no longer `parent`.
        """


def candidate(before: State, packs: Sequence[ReadPack]) -> Candidate:
    """`before` with these packs read anew: what they owned and no longer define is gone."""
    read = {pack.code for pack in packs}
    after = {name: text for name, text in _named(before).items() if before.owners[name] not in read}
    owners = {name: before.owners[name] for name in after}
    places: dict[Name, str] = {}
    faults: list[Fault] = []
    for pack in packs:
        for one in pack.records:
            name = (one.record.TABLE, one.record.key)
            if owners.get(name, pack.code) != pack.code:
                faults.append(TWO_OWNERS.at(one.place, table=name[0], key=name[1], owner=owners[name]))
                continue
            after[name], owners[name], places[name] = bodies.to_text(one.record), pack.code, one.place
    return _candidate(before, after, owners, places, faults)


def rollback(before: State, target: State) -> Candidate:
    """An older content as a new revision."""
    return _candidate(before, _named(target), target.owners, {}, [])


def difference(old: State, new: State) -> list[Change]:
    """What changed from one revision to another."""
    return list(_changes(_named(old), _named(new), old.owners, new.owners))


def _named(state: State) -> dict[Name, str]:
    return {(table, key): text for table, records in state.bodies.items() for key, text in records.items()}


def _candidate(
    before: State,
    after: Mapping[Name, str],
    owners: Mapping[Name, str],
    places: Mapping[Name, str],
    faults: list[Fault],
) -> Candidate:
    def place(record: Record) -> str:
        return places.get((record.TABLE, record.key), f"{record.TABLE} {record.key}")

    tables: dict[str, dict[str, Record | str]] = {}
    for (table, key), text in after.items():
        tables.setdefault(table, {})[key] = text
    for name, text in after.items():
        if name[0] == Override.TABLE:
            faults += _override(before, after, text, tables, place)
    old = _named(before)
    return Candidate(
        parent=before.revision,
        catalog=Catalog(tables, before.revision),
        changes=tuple(_changes(old, after, before.owners, owners)),
        content_hash=_content_hash(after, owners),
        faults=tuple(faults),
        place=place,
    )


def _override(
    before: State,
    after: Mapping[Name, str],
    text: str,
    tables: dict[str, dict[str, Record | str]],
    place: Callable[[Record], str],
) -> Iterator[Fault]:
    """Apply one override to the candidate's tables; what is wrong with it, and where it meets a changed pack."""
    override = cast(Override, bodies.from_text(Override.TABLE, text))
    body, where = json.loads(text), place(override)
    target = (override.table, override.target)
    base = json.loads(after[target]) if target in after else None
    record, faults = merge.overridden(override, base, body, where)
    yield from faults
    if record is None or base is None:
        return
    tables[override.table][override.target] = record
    was = before.bodies.get(Override.TABLE, {}).get(override.key)
    owned = before.bodies.get(override.table, {}).get(override.target)
    old = merge.Side(json.loads(owned), json.loads(was)) if was and owned else None
    yield from merge.conflicts(old, merge.Side(base, body), where)


def _changes(
    old: Mapping[Name, str], new: Mapping[Name, str], owned: Mapping[Name, str], owns: Mapping[Name, str]
) -> Iterator[Change]:
    """A record that only moves to another pack is a change too, of its `pack`."""
    for name in sorted({*old, *new}):
        found = change(name, old.get(name), new.get(name), owned.get(name, ""), owns.get(name, ""))
        if found:
            yield found


def change(name: Name, was: str | None, becomes: str | None, owned: str, owns: str) -> Change | None:
    """One record before and after, with the packs that own it then; None when nothing of it changes."""
    moved = {"pack": (owned, owns)} if was and becomes and owned != owns else {}
    if was == becomes and not moved:
        return None
    before: dict[str, Any] = json.loads(was) if was else {}
    after: dict[str, Any] = json.loads(becomes) if becomes else {}
    fields = {
        field: (before.get(field), after.get(field))
        for field in sorted({*before, *after})
        if before.get(field) != after.get(field)
    }
    action = "add" if was is None else "remove" if becomes is None else "change"
    digest = bodies.content_hash(*name, becomes) if becomes is not None else None
    return Change(*name, owns if becomes is not None else owned, action, moved | fields, digest, becomes)


def _content_hash(records: Mapping[Name, str], owners: Mapping[Name, str]) -> str:
    digest = hashlib.sha256()
    for (table, key), text in sorted(records.items()):
        digest.update(f"{owners[table, key]}\n{bodies.content_hash(table, key, text)}\n".encode())
    return digest.hexdigest()

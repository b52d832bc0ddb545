"""What a list is narrowed by must exist: an empty list for a name that is misspelt would look as if all were well."""

from __future__ import annotations

from engine.flow.house import House
from engine.kernel.faults import FaultKind, Faulty, nearest

UNKNOWN_ACTOR = FaultKind("unknown_actor", "nothing here was ever done by {actor!r}", "{remedy}")


def known_company(house: House, code: str) -> None:
    """Blank is all of them; one that has documents is known, whatever became of its record.

    Errors: Faulty(unknown_company).
    """
    from engine.selection import company_of

    if code and not house.documents.count(code):
        company_of(house.catalog(), code)


def known_table(table: str) -> None:
    """Errors: Faulty(unknown_table)."""
    from engine.parametrization.definitions import TABLES
    from engine.parametrization.packs import UNKNOWN_TABLE

    if table and table not in TABLES:
        remedy = nearest(table, TABLES, "`factotum tables` lists them")
        raise Faulty([UNKNOWN_TABLE.at("table", table=table, remedy=remedy)])


def known_actor(house: House, actor: str) -> None:
    """Errors: Faulty(unknown_actor)."""
    if actor and actor not in (known := house.history.actors()):
        remedy = nearest(actor, known, "leave it out: each line names who did it")
        raise Faulty([UNKNOWN_ACTOR.at("actor", actor=actor, remedy=remedy)])

"""Which record is meant, for a company, on a date.

The one rule of scope, used for every object: the record defined for the company's legislation hides the one defined
for all, also when it is inactive, out of force, or refused by its group; the survivor must be active, in force on the
date, and its group must hold the company. Source: Sage X3, principles of parametrization by legislation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar, cast

from engine.kernel.periods import in_force
from engine.parametrization import definitions as d
from engine.parametrization.bodies import from_text

Kind = TypeVar("Kind", bound=d.Record)
Made = TypeVar("Made")
ScopedKind = TypeVar("ScopedKind", bound=d.Scoped)

WHY = {
    "unknown": "there is none of this code",
    "other_legislation": "it is defined for other legislations",
    "inactive": "it is not active",
    "not_in_force": "it is not in force",
    "company_group": "its group does not hold the company",
}
"""A verdict in words."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a record may not be used here. `reason` is one of CONTRACT §2; `facts` are for the words."""

    reason: str
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Meant:
    """The record meant by a code, or why none is. `hides` is the generic record that the chosen one hides."""

    table: str
    code: str
    record: d.Scoped | None
    verdict: Verdict | None = None
    hides: str = ""

    def as_step(self) -> dict[str, str]:
        """One step of an explanation, as data."""
        step = {"table": self.table, "code": self.code, "record": self.record.key if self.record else ""}
        if self.verdict:
            step["reason"] = self.verdict.reason
        if self.hides:
            step["hides"] = self.hides
        return step


MOST_REMEMBERED = 50_000


class Catalog:
    """All records of one revision, read lazily, by table and by scope. Immutable: what was meant once stays meant."""

    def __init__(
        self,
        bodies: Mapping[str, Mapping[str, d.Record | str]],
        revision: int = 0,
        period_states: Sequence[Mapping[str, Any]] = (),
        seal_settings: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        self.revision = revision
        self.period_states = period_states  # rows: company, fiscal_year, period, journal, state
        self.seal_settings = {(row["company"], row["seal"]): str(row["settings"]) for row in seal_settings}
        self._bodies = bodies
        self._tables: dict[str, dict[str, d.Record]] = {}
        self._scopes: dict[str, dict[tuple[str, ...], dict[str, d.Scoped]]] = {}
        self._groups: dict[str, frozenset[str]] | None = None
        self._meant: dict[tuple[str, tuple[str, ...] | str, str, date], Meant] = {}
        self._once: dict[Hashable, Any] = {}

    def table(self, kind: type[Kind]) -> Mapping[str, Kind]:
        """Records of one table by key."""
        name = kind.TABLE
        if name not in self._tables:
            self._tables[name] = {
                key: from_text(name, body) if isinstance(body, str) else body
                for key, body in sorted(self._bodies.get(name, {}).items())
            }
        return cast("Mapping[str, Kind]", self._tables[name])

    def company(self, code: str) -> d.Company | None:
        return self.table(d.Company).get(code)

    def groups_of(self, company: str) -> frozenset[str]:
        if self._groups is None:
            groups = defaultdict(set)
            for group in self.table(d.CompanyGroup).values():
                for member in group.companies:
                    groups[member].add(group.code)
            self._groups = {member: frozenset(names) for member, names in groups.items()}
        return self._groups.get(company, frozenset())

    def once(self, asked: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` gives, made once for this catalog: for what follows from its records alone."""
        if asked not in self._once:
            if len(self._once) >= MOST_REMEMBERED:
                self._once.clear()
            self._once[asked] = make()
        return cast("Made", self._once[asked])

    @property
    def language(self) -> str:
        """The folder's language, which translations fall back to."""
        return next((folder.language for folder in self.table(d.Folder).values()), "en")

    def currency_of(self, company: d.Company) -> str:
        """A company's currency: its own, else its legislation's."""
        return company.currency or self._legislation(company).currency

    def language_of(self, company: d.Company) -> str:
        """A company's language: its own, else its legislation's."""
        return company.language or self._legislation(company).language

    def _legislation(self, company: d.Company) -> d.LegislationRecord:
        """Every company has one: a plan without it is refused."""
        return self.table(d.LegislationRecord)[company.legislation]

    def text(self, texts: Mapping[str, str], language: str) -> str:
        """A translation: the language asked for, else the folder's, else any there is."""
        return texts.get(language) or texts.get(self.language) or next(iter(texts.values()), "")

    def scopes(self, kind: type[ScopedKind]) -> Mapping[tuple[str, ...], Mapping[str, ScopedKind]]:
        """Records of one table by what they are called, then by legislation ("" is all)."""
        name = kind.TABLE
        if name not in self._scopes:
            index: dict[tuple[str, ...], dict[str, Any]] = defaultdict(dict)
            for record in self.table(kind).values():
                called = tuple(getattr(record, part) for part in record.KEY if part != "legislation")
                index[called][record.legislation] = record
            self._scopes[name] = dict(index)
        return cast("Mapping[tuple[str, ...], Mapping[str, ScopedKind]]", self._scopes[name])

    def meant(self, kind: type[ScopedKind], called: tuple[str, ...] | str, company: d.Company, on: date) -> Meant:
        """Which record of `kind` a name means for a company on a date.

        Shape: meant(InvoiceType, ("sales", "FAF"), company, date) -> Meant(record=<FAF of FRA>, hides="sales/FAF/*")
        """
        asked = (kind.TABLE, called, company.code, on)
        found = self._meant.get(asked)
        if found is None:
            if len(self._meant) >= MOST_REMEMBERED:
                self._meant.clear()
            found = self._meant[asked] = self._choose(kind, called, company, on)
        return found

    def _choose(self, kind: type[ScopedKind], called: tuple[str, ...] | str, company: d.Company, on: date) -> Meant:
        names = (called,) if isinstance(called, str) else called
        shown = "/".join(names)
        scope = self.scopes(kind).get(names)
        if not scope:
            return Meant(kind.TABLE, shown, None, Verdict("unknown"))
        own, generic = scope.get(company.legislation), scope.get("")
        record = own or generic
        if record is None:
            legislations = ", ".join(sorted(scope))
            return Meant(kind.TABLE, shown, None, Verdict("other_legislation", (("legislations", legislations),)))
        hides = generic.key if own and generic else ""
        verdict = self.refuses(record, company, on)
        return Meant(kind.TABLE, shown, None if verdict else record, verdict, hides)

    def one(
        self, kind: type[ScopedKind], called: tuple[str, ...] | str, company: d.Company, on: date
    ) -> ScopedKind | None:
        """The record meant, or None."""
        return cast("ScopedKind | None", self.meant(kind, called, company, on).record)

    def all_meant(self, kind: type[ScopedKind], company: d.Company, on: date) -> tuple[ScopedKind, ...]:
        """Every record of a table that may be used by a company on a date, in key order."""

        def meant() -> tuple[ScopedKind, ...]:
            found = (self.one(kind, called, company, on) for called in sorted(self.scopes(kind)))
            return tuple(record for record in found if record is not None)

        return self.once(("all meant", kind.TABLE, company.code, on), meant)

    def refuses(self, record: d.Scoped, company: d.Company, on: date) -> Verdict | None:
        """Why a record that survived shadowing may still not be used."""
        if not record.active:
            return Verdict("inactive", (("record", record.key),))
        if not in_force(record.valid_from, record.valid_to, on):
            ends = (("valid_from", str(record.valid_from or "")), ("valid_to", str(record.valid_to or "")))
            return Verdict("not_in_force", (("record", record.key), ("date", str(on)), *ends))
        if record.company_group and record.company_group not in self.groups_of(company.code):
            groups = ", ".join(sorted(self.groups_of(company.code)))
            return Verdict("company_group", (("group", record.company_group), ("groups", groups)))
        return None

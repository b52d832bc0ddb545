"""Which documents each company can make: company x module x category, with the types offered and the holes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.kernel.codes import CATEGORIES, MODULES
from engine.lint.findings import Finding, FindingKind
from engine.lint.survey import Survey
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog

HOLE = FindingKind(
    "lint_coverage_hole",
    "info",
    "on {date} no {module} type of category {category} is offered to it",
    "define one; `factotum types --explain` tells why others are refused",
)
NEEDED = (("sales", "invoice"), ("sales", "credit_note"))
"""What every company that sells has to make."""


@dataclass(frozen=True, slots=True)
class Covered:
    """One field of the matrix: the codes of the types offered there."""

    company: str
    legislation: str
    module: str
    category: str
    offered: tuple[str, ...]

    @property
    def hole(self) -> bool:
        """Nothing is offered where something is needed."""
        return not self.offered and (self.module, self.category) in NEEDED

    def as_json(self) -> dict[str, Any]:
        return {
            "company": self.company, "legislation": self.legislation, "module": self.module,
            "category": self.category, "offered": list(self.offered), "hole": self.hole,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coverage:
    """The whole matrix, by company, module and category."""

    on: date
    fields: tuple[Covered, ...]

    @property
    def holes(self) -> tuple[Covered, ...]:
        return tuple(field for field in self.fields if field.hole)

    def as_json(self) -> dict[str, Any]:
        return {"date": self.on.isoformat(), "coverage": [field.as_json() for field in self.fields]}


def coverage(catalog: Catalog, on: date) -> Coverage:
    """The types offered to each company on a date, for every module and category.

    Shape: coverage(catalog, day).fields[0] -> Covered("ACME", "FRA", "sales", "invoice", ("FAC", "FAF"))
    """
    return _coverage(Survey(catalog, on))


def _coverage(survey: Survey) -> Coverage:
    found: dict[str, list[Covered]] = {}
    for alike in survey.alike:
        codes: dict[tuple[str, str], list[str]] = defaultdict(list)
        for record in survey.offered(alike, survey.on):
            codes[record.module, record.category].append(record.code)
        for company in alike.companies:
            found[company.code] = [
                Covered(company.code, company.legislation, module, category, tuple(codes[module, category]))
                for module in MODULES
                for category in CATEGORIES
            ]
    return Coverage(survey.on, tuple(field for code in sorted(found) for field in found[code]))


def look(survey: Survey) -> Iterator[Finding]:
    for field in _coverage(survey).holes:
        yield HOLE.about(
            d.Company.TABLE, field.company, date=survey.on, module=field.module, category=field.category
        )  # fmt: skip

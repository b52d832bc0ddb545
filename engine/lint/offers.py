"""Records that are meant for nobody, and what kills them; groups that hold nobody or never meet; defaults refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import cast

from engine.kernel.periods import shown
from engine.lint.findings import Finding, FindingKind, listed
from engine.lint.survey import Alike, Survey
from engine.parametrization import definitions as d
from engine.parametrization.catalog import WHY
from engine.parametrization.coherence import REFERENCES, Reference

NO_COMPANY = FindingKind(
    "lint_legislation_without_company",
    "info",
    "no company follows {legislation}; records that wait for one: {count} ({records})",
    "add a company, or leave the pack out",
)
INACTIVE = FindingKind("lint_record_inactive", "info", "it is not active", "activate it, or remove it")
EXPIRED = FindingKind(
    "lint_record_expired", "info", "it was in force {validity} and will not be again", "extend it, or remove it"
)
NEVER_MEETS = FindingKind(
    "lint_record_for_nobody",
    "warning",
    "group {group} holds no company that may use it",
    "add a company of its legislation to the group, or choose another group",
)
SHADOWED = FindingKind(
    "lint_record_always_hidden",
    "info",
    "it is hidden from every company by {hiders}",
    "nothing, if it waits for other legislations; else remove it",
)
HIDES = FindingKind(
    "lint_hides_and_refuses",
    "warning",
    "it hides {generic} from {companies}, and may not be used there itself: {why}",
    "let it hold there, or remove it so that {generic} is meant again",
)
EMPTY_GROUP = FindingKind("lint_group_empty", "warning", "it holds no company", "add companies, or remove it")
APART = FindingKind(
    "lint_groups_apart",
    "warning",
    "{field} names {other} of group {theirs}, which shares no company with its own group {mine}",
    "choose groups that meet",
)
DEFAULT_REFUSED = FindingKind(
    "lint_default_not_offered",
    "warning",
    "its default {module} type for {category}, {code}, is not offered to it as such on {date}",
    "name an offered type; `factotum types --explain` tells why this one is refused",
)

RANKED = frozenset({d.CounterAssignment.TABLE})
"""Tables whose records do not hide each other: the most specific wins."""


def look(survey: Survey) -> Iterator[Finding]:
    waiting: dict[str, list[str]] = defaultdict(list)
    for table in d.TABLES.values():
        if issubclass(table, d.Scoped):
            for record in survey.catalog.table(table).values():
                if record.legislation and record.legislation not in survey.legislations:
                    waiting[record.legislation].append(f"{record.TABLE} {record.key}")
                else:
                    yield from _killed(survey, record)
            if table.TABLE not in RANKED:
                yield from _hiding(survey, table)
    for legislation, records in sorted(waiting.items()):
        yield NO_COMPANY.about(
            d.LegislationRecord.TABLE, legislation, legislation=legislation, count=len(records),
            records=listed(records, 3),
        )  # fmt: skip
    yield from _groups(survey)
    yield from _defaults(survey)


def _killed(survey: Survey, record: d.Scoped) -> Iterator[Finding]:
    """The first reason for which a record can be meant for no company, now or later."""
    if not record.active:
        yield INACTIVE.at(record)
        return
    if record.valid_to and record.valid_to < survey.on:
        yield EXPIRED.at(record, validity=shown(record.valid_from, record.valid_to))
        return
    reached = [alike for alike in survey.alike if record.legislation in ("", alike.one.legislation)]
    if record.company_group:
        reached = [
            alike for alike in reached if record.company_group in survey.catalog.groups_of(alike.one.code)
        ]  # fmt: skip
        if not reached:
            yield NEVER_MEETS.at(record, group=record.company_group)
            return
    if record.legislation or not reached or record.TABLE in RANKED:
        return
    scope = _scope(survey, record)
    if all(alike.one.legislation in scope for alike in reached):
        yield SHADOWED.at(record, hiders=listed(scope[alike.one.legislation].key for alike in reached))


def _scope(survey: Survey, record: d.Scoped) -> Mapping[str, d.Scoped]:
    """The records of one name, by legislation."""
    called = tuple(getattr(record, part) for part in record.KEY if part != "legislation")
    return survey.catalog.scopes(type(record))[called]


def _hiding(survey: Survey, table: type[d.Scoped]) -> Iterator[Finding]:
    """Records of a legislation that hide the one for all, and are refused themselves."""
    by_legislation: dict[str, list[Alike]] = defaultdict(list)
    for alike in survey.alike:
        by_legislation[alike.one.legislation].append(alike)
    for scope in survey.catalog.scopes(table).values():
        generic = scope.get("")
        if generic is None or not survey.usable(generic):
            continue
        for legislation, record in scope.items():
            if not legislation:
                continue
            refused: dict[str, set[str]] = defaultdict(set)
            for alike in by_legislation[legislation]:
                verdict = survey.catalog.refuses(record, alike.one, survey.on)
                if verdict and not survey.catalog.refuses(generic, alike.one, survey.on):
                    refused[verdict.reason].update(alike.names)
            for reason, companies in refused.items():
                yield HIDES.at(record, generic=generic.key, companies=listed(companies), why=WHY[reason])


def _groups(survey: Survey) -> Iterator[Finding]:
    groups = survey.catalog.table(d.CompanyGroup)
    members = {
        code: {one for one in group.companies if survey.catalog.company(one)} for code, group in groups.items()
    }  # fmt: skip
    for code, group in groups.items():
        if not members[code]:
            yield EMPTY_GROUP.at(group)
    for reference in REFERENCES:
        if issubclass(reference.table, d.Scoped) and issubclass(reference.to, d.Scoped):
            yield from _apart(survey, reference, members)


def _apart(survey: Survey, reference: Reference, members: Mapping[str, set[str]]) -> Iterator[Finding]:
    """Records with a group that name records whose group shares no company with it."""
    by_code: dict[str, list[d.Scoped]] = defaultdict(list)
    for record in survey.catalog.table(reference.to).values():
        by_code[str(getattr(record, "code", ""))].append(cast(d.Scoped, record))
    for record in survey.catalog.table(reference.table).values():
        mine, legislation = getattr(record, "company_group", ""), getattr(record, "legislation", "")
        value = getattr(record, reference.field)
        for code in [value] if isinstance(value, str) else value:
            for other in by_code.get(code, ()) if mine in members else ():
                theirs = other.company_group
                meet = not legislation or other.legislation in ("", legislation)
                if meet and theirs in members and not members[mine] & members[theirs]:
                    yield APART.at(
                        record, field=reference.field, other=f"{other.TABLE} {other.key}", theirs=theirs, mine=mine
                    )  # fmt: skip


def _defaults(survey: Survey) -> Iterator[Finding]:
    for alike in survey.alike:
        offered = {(one.module, one.category, one.code) for one in survey.offered(alike, survey.on)}
        for company in alike.companies:
            for module, codes in company.default_type.items():
                for category, code in codes.items():
                    if code and (module, category, code) not in offered:
                        yield DEFAULT_REFUSED.at(
                            company, module=module, category=category, code=code, date=survey.on
                        )  # fmt: skip

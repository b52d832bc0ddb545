"""Texts that somebody will read in another language than theirs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from engine.lint.findings import Finding, FindingKind, listed
from engine.lint.survey import Survey
from engine.parametrization import definitions as d

PRINTED = FindingKind(
    "lint_printed_text_missing",
    "warning",
    "documents of {companies} print its {field} in {instead}: there is none in {languages}",
    "add {field}.<language>",
)
MISSING = FindingKind(
    "lint_translation_missing", "info", "{fields} is missing in {languages}", "add it: the folder's language stands in"
)
NAMELESS = FindingKind(
    "lint_description_missing", "info", "it has no description: staff see its code", "add description.<language>"
)

READ = ("description", "short_description", "text")
ON_PAPER = "text"
"""The field that documents print; the others are read by staff."""


def look(survey: Survey) -> Iterator[Finding]:
    languages = _by_legislation(survey)
    staff = {survey.catalog.language} | {
        user.language for user in survey.catalog.table(d.User).values() if user.language
    }  # fmt: skip
    for table in d.TABLES.values():
        read = [field.name for field in fields(table) if field.name in READ]
        for record in survey.catalog.table(table).values() if read else ():
            if not isinstance(record, d.Scoped) or (survey.usable(record) and record.legislation in ("", *languages)):
                yield from _record(survey, record, read, languages, staff)


def _record(
    survey: Survey, record: d.Record, read: list[str], companies: Mapping[str, Mapping[str, set[str]]], staff: set[str]
) -> Iterator[Finding]:
    legislation = getattr(record, "legislation", "")
    mine = [companies[legislation]] if legislation else list(companies.values())
    own = {language: names for one in mine for language, names in one.items()}
    texts = {name: value for name in read if isinstance(value := getattr(record, name), Mapping)}
    written = {name: {language for language, text in value.items() if text} for name, value in texts.items()}
    if isinstance(record, d.InvoiceType) and not written["description"]:
        yield NAMELESS.at(record)
    lacking = {name: (set(own) | staff) - known for name, known in written.items() if known}
    printed = lacking.pop(ON_PAPER, set())
    if on_paper := printed & set(own):
        instead = survey.catalog.language
        instead = instead if instead in written[ON_PAPER] else next(iter(texts[ON_PAPER]))
        readers = {name for one in mine for language in on_paper for name in one.get(language, ())}
        yield PRINTED.at(
            record, companies=listed(readers), field=ON_PAPER, instead=instead, languages=listed(on_paper)
        )  # fmt: skip
    lacking |= {ON_PAPER: printed - on_paper}
    if missing := {name: found for name, found in lacking.items() if found}:
        yield MISSING.at(record, fields=listed(missing), languages=listed(set().union(*missing.values())))


def _by_legislation(survey: Survey) -> dict[str, dict[str, set[str]]]:
    """The languages of companies, by legislation, with who has them."""
    found: dict[str, dict[str, set[str]]] = {}
    legislations = survey.catalog.table(d.LegislationRecord)
    for alike in survey.alike:
        for company in alike.companies:
            legislation = legislations.get(company.legislation)
            language = company.language or (legislation.language if legislation else survey.catalog.language)
            found.setdefault(company.legislation, {}).setdefault(language, set()).add(company.code)
    return found

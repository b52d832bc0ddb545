"""Counters: does the text tell the series apart, can two counters print one number, is there room, is it legal."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations

from engine.lint.findings import Finding, FindingKind, listed
from engine.lint.legal import NumberRule, number_rules
from engine.lint.readings import can_be_equal, shortest_and_longest, slots
from engine.lint.survey import Survey
from engine.parametrization import definitions as d
from engine.parametrization.catalog import Catalog

REPEATS = FindingKind(
    "lint_numbers_repeat",
    "error",
    "it has a series per {series}, but its text shows no {missing}: two series print the same numbers",
    "add a component of kind {missing}, or have fewer series",
)
SAME_TEXT = FindingKind(
    "lint_counters_print_alike",
    "warning",
    "it and counter {other} can both give {companies} one and the same {module} number",
    "let a constant tell them apart",
)
TOO_SHORT = FindingKind(
    "lint_counter_runs_out",
    "warning",
    "{digits} digits hold {most} documents {time}; then nothing can be numbered",
    "give the sequence {least} digits or more; numbers already given stay",
)
NEVER_STARTS = FindingKind(
    "lint_counter_cannot_start",
    "error",
    "it starts at {start}, which does not fit its {digits} digits",
    "lengthen the sequence, or start lower",
)
OVER_LENGTH = FindingKind(
    "lint_counter_over_length",
    "warning",
    "a number such as {text} has {found} characters, more than its length of {length}",
    "shorten its components, or raise `length`",
)
ILLEGAL = FindingKind(
    "lint_number_not_legal",
    "error",
    "{legislation} wants numbers of {types} to be {says}; it prints such as {text!r} ({source})",
    "change its components",
)
ILLEGAL_SOON = FindingKind(
    "lint_number_not_legal_soon",
    "warning",
    "from {date} {legislation} wants numbers of {types} to be {says}; it prints such as {text!r} ({source})",
    "change its components before that day",
)

LEAST_DIGITS: Mapping[str, tuple[int, str]] = {
    "never": (5, "in all"),
    "annual": (4, "a year"),
    "fiscal_year": (4, "a fiscal year"),
    "monthly": (3, "a month"),
    "period": (3, "a period"),
}
"""Under a thousand documents a year, or ten thousand ever, is soon too few."""


def look(survey: Survey) -> Iterator[Finding]:
    for counter in survey.catalog.table(d.Counter).values():
        yield from _separated(counter, survey.catalog)
        yield from _room(counter)
    yield from _alike(survey)
    yield from _measured(survey)


def _separated(counter: d.Counter, catalog: Catalog) -> Iterator[Finding]:
    """One series per (company or site, period, complement); within a company each number is printed once.

    A folder's series is shared by its companies, a company's numbers need not differ from another company's, and a
    complement makes series only where the text shows it: nothing is missing there.
    """
    kinds: set[str] = {part.kind for part in counter.component}
    if counter.level == "site" and "site" not in kinds:
        yield REPEATS.at(counter, series="site", missing="site")
    if any(part.kind == "formula" and ".date" in part.value for part in counter.component):
        return  # what the formula prints of the date, only a person can tell
    for needed in _shown(counter, kinds, catalog):
        if needed not in kinds:
            yield REPEATS.at(counter, series=counter.reset.replace("_", " "), missing=needed)
    short = [part for part in counter.component if part.kind == "year" and part.length == 1]
    if counter.reset in ("annual", "monthly") and short:
        yield REPEATS.at(counter, series="year", missing="year of two or four digits")


def _shown(counter: d.Counter, kinds: set[str], catalog: Catalog) -> tuple[str, ...]:
    """The components that tell the periods of its series apart."""
    match counter.reset:
        case "annual":
            return ("year",)
        case "monthly":
            return ("year", "month")
        case "fiscal_year":
            return ("year",) if "year" in kinds and _by_calendar(catalog) else ("fiscal_year",)
        case "period":
            return ("fiscal_year", "period") if _periods_recur(catalog) and "year" not in kinds else ("period",)
        case _:
            return ()


def _by_calendar(catalog: Catalog) -> bool:
    """Whether every fiscal year is a calendar year."""
    years = catalog.table(d.FiscalYear).values()
    starts = {company.fiscal_year_start for company in catalog.table(d.Company).values()}
    ends = {(year.valid_from.timetuple().tm_yday, f"{year.valid_to:%m-%d}") for year in years}
    return ends <= {(1, "12-31")} and starts <= {"", "01-01"}


def _periods_recur(catalog: Catalog) -> bool:
    """Whether periods of two fiscal years of a company share a code."""
    codes = [
        (year.company, code)
        for year in catalog.table(d.FiscalYear).values()
        for code in {period.code for period in year.period}
    ]
    return len(codes) != len(set(codes))


def _room(counter: d.Counter) -> Iterator[Finding]:
    least, time = LEAST_DIGITS[counter.reset]
    for part in counter.component:
        if part.kind != "sequence" or part.length <= 0:
            continue
        if len(str(counter.start)) > part.length:
            yield NEVER_STARTS.at(counter, start=counter.start, digits=part.length)
        elif part.length < least:
            most = 10**part.length - max(1, counter.start)
            yield TOO_SHORT.at(counter, digits=part.length, most=f"{most:,}", time=time, least=least)


def _alike(survey: Survey) -> Iterator[Finding]:
    """Two counters that number documents of one module for one company, and can print one text."""
    found: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    counters: dict[str, d.Counter] = {}
    for alike, chains in survey.chains_of:
        used: dict[str, dict[str, d.Counter]] = defaultdict(dict)
        for chain in chains:
            if chain.numbers.series:
                counter = chain.numbers.series.counter
                used[chain.type.module][counter.key] = counters[counter.key] = counter
        for module, mine in used.items():
            read = {key: slots(counter, alike.one) for key, counter in mine.items()}
            for one, other in combinations(sorted(mine), 2):
                if can_be_equal(read[one], read[other]):
                    found[one, other, module].update(alike.names)
    for (one, other, module), companies in found.items():
        yield SAME_TEXT.at(counters[one], other=other, companies=listed(companies), module=module)


def _measured(survey: Survey) -> Iterator[Finding]:
    """Length and alphabet of the numbers each legislation's documents take."""
    wrong: dict[tuple[str, NumberRule], set[str]] = defaultdict(set)
    sample: dict[tuple[str, NumberRule], tuple[d.Counter, str]] = {}
    over: set[str] = set()
    read: dict[tuple[str, str], tuple[str, str] | None] = {}
    for chain in survey.chains:
        if chain.numbers.series is None:
            continue
        counter, company = chain.numbers.series.counter, chain.alike.one
        if (counter.key, company.code) not in read:
            read[counter.key, company.code] = shortest_and_longest(counter, company, survey.catalog)
        texts = read[counter.key, company.code]
        if texts is None:
            continue
        if 0 < counter.length < len(texts[1]) and counter.key not in over:
            over.add(counter.key)
            yield OVER_LENGTH.at(counter, text=texts[1], found=len(texts[1]), length=counter.length)
        for rule in number_rules():
            if not rule.covers(company.legislation, chain.type.module, chain.type.category):
                continue
            bad = next((text for text in texts if not re.fullmatch(rule.pattern, text)), None)
            if bad is not None:
                wrong[counter.key, rule].add(chain.type.key)
                sample[counter.key, rule] = (counter, bad)
    for (key, rule), types in wrong.items():
        counter, text = sample[key, rule]
        kind = ILLEGAL if rule.valid_from <= survey.on else ILLEGAL_SOON
        yield kind.at(
            counter, legislation=rule.legislation, types=listed(types), says=rule.says, text=text,
            source=rule.source, date=rule.valid_from,
        )  # fmt: skip

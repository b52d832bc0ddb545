"""Numbers that people type: where they are allowed, how they must read, and that they never meet an automatic one.

A type or an entry type with `manual_number` lets a number be typed instead of the automatic one; it may not read like
one that a counter of the company gives. A counter with `manual` gives no number itself: each is typed, and must read as
its components say. Typed numbers have a series of their own, so that the automatic one keeps no hole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from engine.kernel.faults import Fault, FaultKind
from engine.numbering import mask
from engine.numbering.counters import Series
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company, Counter, EntryType, InvoiceType

MANUAL_NUMBER = FaultKind(
    "manual_number",
    "type {type} does not take a typed number",
    "leave `number` out: it is given when the document is posted",
)
NUMBER_NEEDED = FaultKind("number_needed", "counter {counter} gives no number: it is typed", "add `number`")
NUMBER_FORMAT = FaultKind(
    "manual_number_format", "{number!r} does not read as counter {counter} says", "write it such as {example!r}"
)
NUMBER_COLLIDES = FaultKind(
    "manual_number_collides",
    "{number!r} reads like a number that counter {counter} gives",
    "type one that no counter of the company gives, or leave it out",
)
NUMBER_LENGTH = FaultKind("manual_number_length", "a number has at most {most} characters, not {found}", "shorten it")
NUMBER_TAKEN = FaultKind(
    "manual_number_taken", "{company} has a document with the number {number!r}", "type another, or leave it out"
)
LONGEST = 60


def typed(
    number: str,
    series: Series,
    company: Company,
    invoice_type: InvoiceType,
    entry_type: EntryType | None,
    catalog: Catalog,
    on: date,
) -> tuple[Series, list[Fault]]:
    """The series a document is numbered from, given what was typed ("" for nothing), and what is wrong with that."""
    counter = series.counter
    if not number:
        return series, [NUMBER_NEEDED.at("number", counter=counter.key)] if counter.manual else []
    own = replace(series, typed=number)
    if counter.manual:
        return own, list(_format(number, series, company, on))
    if not (invoice_type.manual_number or (entry_type and entry_type.manual_number)):
        return own, [MANUAL_NUMBER.at("number", type=invoice_type.key)]
    return own, list(_apart(number, company, catalog, on))


def _length(number: str, most: int) -> Iterator[Fault]:
    if len(number) > most:
        yield NUMBER_LENGTH.at("number", most=most, found=len(number))


def _format(number: str, series: Series, company: Company, on: date) -> Iterator[Fault]:
    counter = series.counter
    yield from _length(number, counter.length or LONGEST)
    if not mask.pattern(counter, company.code).fullmatch(number):
        example = mask.text(counter, company.code, on, counter.start, dict(series.said))
        yield NUMBER_FORMAT.at("number", number=number, counter=counter.key, example=example)


def _apart(number: str, company: Company, catalog: Catalog, on: date) -> Iterator[Fault]:
    yield from _length(number, LONGEST)
    for counter in catalog.all_meant(Counter, company, on):
        if not counter.manual and mask.pattern(counter, company.code).fullmatch(number):
            yield NUMBER_COLLIDES.at("number", number=number, counter=counter.key)
            return

"""What was read, with what a person adds, as a document that can be posted; or every fault that is left.

Pure: in: what an importer found, the parametrization, what was set. Out: a request as CONTRACT §3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from engine.drafting.drafted import Draft
from engine.inbox.matching import company_of_buyer, method_meant, taxes_named
from engine.inbox.received import Found
from engine.kernel.faults import Fault, FaultKind
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import Company
from engine.selection import company_of

BAD_SET = FaultKind(
    "import_set_path", "nothing can be set at {path!r}: {why}", "write FIELD=VALUE, as lines.0.tax_code=FR20"
)
TOTAL_DIFFERS = FaultKind(
    "import_total_differs",
    "{name}: the file says {said}, our arithmetic gives {ours}",
    "mend a line with `--set`, ask for a correct invoice, or take it with --accept-totals",
)
POLICIES = ("refuse", "warn", "accept")
"""What is done with a duplicate, by `extra.inbox_duplicates` of the company."""


@dataclass(frozen=True, slots=True)
class Completed:
    """`request` can be drafted when there are no faults; `company` is None while nobody knows whose it is."""

    request: dict[str, Any]
    company: Company | None
    faults: tuple[Fault, ...] = ()


def completed(
    found: Found, catalog: Catalog, received: date, key: str, sets: Mapping[str, str] | None = None
) -> Completed:
    """`received` is the day it came, in the company's time zone; `sets` are paths and texts, as typed."""
    request, faults = with_sets(found.request, sets or {})
    company = company_of(catalog, request["company"]) if request.get("company") else None
    meant = company or company_of_buyer(catalog, found.buyer)
    if isinstance(meant, Fault):
        return Completed(request, None, (*faults, meant))
    request |= {"company": meant.code, "key": key}
    request.setdefault("received_date", received.isoformat())
    on = _day(request)
    if "payment_method" not in request and (method := method_meant(found.payment_means, catalog, meant, on)):
        request["payment_method"] = method
    named, missing = taxes_named(request, catalog, meant)
    return Completed(named, meant, (*faults, *missing))


def policy_of(company: Company) -> str:
    """refuse | warn | accept."""
    said = company.extra.get("inbox_duplicates", "")
    return said if said in POLICIES else POLICIES[0]


def posts_itself(company: Company) -> bool:
    """Whether what is complete is posted without being asked: `extra.inbox_post = "true"`."""
    return company.extra.get("inbox_post", "") == "true"


def with_sets(request: Mapping[str, Any], sets: Mapping[str, str]) -> tuple[dict[str, Any], list[Fault]]:
    """A copy with values set by path: `lines.0.tax_code`, `lines.*.nature`, `supplier.country`. "" removes."""
    made: dict[str, Any] = deepcopy(dict(request))
    faults = []
    for path, text in sets.items():
        why = _set(made, path.split("."), _value(text))
        if why:
            faults.append(BAD_SET.at(path, path=path, why=why))
    return made, faults


def _value(text: str) -> Any:
    """Objects and lists are written as JSON; everything else is text."""
    if text[:1] in "[{" and text:
        try:
            return json.loads(text, parse_float=str, parse_int=str)
        except ValueError:
            return text
    return text


def _set(at: Any, steps: Sequence[str], value: Any) -> str:
    """ "" when it was set, else why not."""
    step, rest = steps[0], steps[1:]
    if isinstance(at, list):
        if step == "*":
            return next(filter(None, [_set(one, rest, value) for one in at]), "") if rest else "name a field of each"
        if not (step.isascii() and step.isdigit() and len(step) < 6):
            return "a list is counted from 0"
        place = int(step)
        if place > len(at) or (place == len(at) and rest):
            return f"there are {len(at)} of them"
        if not rest:
            at[place : place + 1] = [value]
            return ""
        return _set(at[place], rest, value)
    if not isinstance(at, dict) or not step.isidentifier():
        return "there is no such place"
    if rest:
        return _set(at.setdefault(step, {}), rest, value)
    if value == "":
        at.pop(step, None)
    else:
        at[step] = value
    return ""


def compared(found: Found, drafted: Draft) -> list[Fault]:
    """Where our arithmetic and the file differ. Withheld tax is no matter of the supplier's file."""
    ours: dict[str, Decimal] = {name: getattr(drafted.totals, name) for name in drafted.totals.__dataclass_fields__}
    ours["payable"] += ours["withholding"]
    ours |= {f"lines.{n}": line.net for n, line in enumerate(drafted.lines)}
    told = {name: Decimal(text) for name, text in found.totals.items() if name in ours and name != "rounding"}
    return [
        TOTAL_DIFFERS.at(f"totals.{name}", name=name, said=f"{said:f}", ours=f"{ours[name]:f}")
        for name, said in told.items()
        if said != ours[name]
    ]


def _day(request: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(request.get("date", ""))
    except (ValueError, TypeError):
        return None

"""Step 2: which invoice types may this company use, and why not the others.

In: a Catalog (step 1). Out: a Choice for the draft (step 3). No I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import cast

from engine.kernel.faults import Fault, FaultKind, Faulty, nearest
from engine.kernel.periods import shown
from engine.parametrization.catalog import Catalog, Verdict
from engine.parametrization.definitions import Company, InvoiceType, User

UNKNOWN_COMPANY = FaultKind("unknown_company", "there is no company {code!r}", "{remedy}")
TYPE_NOT_OFFERED = FaultKind("type_not_offered", "invoice type {code} is not offered here: {why}", "{remedy}")
TYPE_UNKNOWN = FaultKind("type_unknown", "there is no {module} invoice type {code!r}", "{remedy}")
TYPE_AMBIGUOUS = FaultKind(
    "type_ambiguous", "several invoice types are offered: {candidates}", "name one in `invoice_type`"
)
NO_TYPE = FaultKind(
    "no_type_offered", "no {module} invoice type of category {category} is offered to {company}", "{remedy}"
)

REASONS = (
    "module", "category", "other_legislation", "shadowed", "inactive", "not_in_force", "company_group", "user_filter",
)  # fmt: skip
"""Why a record is refused: the first that applies, in this order."""


@dataclass(frozen=True, slots=True)
class Refusal:
    record: InvoiceType
    reason: str
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def explanation(self) -> str:
        """The refusal in words."""
        facts = dict(self.facts)
        record = self.record
        match self.reason:
            case "module":
                return f"it is a {record.module} type"
            case "category":
                return f"its category is {record.category}"
            case "other_legislation":
                return f"it is defined for {record.legislation}, the company follows {facts['legislation']}"
            case "shadowed":
                return f"hidden by {facts['hidden_by']}, defined for the company's own legislation"
            case "inactive":
                return "it is not active"
            case "not_in_force":
                return f"on {facts['date']} it is not in force ({shown(record.valid_from, record.valid_to)})"
            case "company_group":
                groups = facts["groups"] or "none"
                return f"it is for group {record.company_group}; the company belongs to {groups}"
            case _:
                return f"the user's legislation filter is {facts['filter']}"


@dataclass(frozen=True, slots=True)
class Choice:
    company: Company
    on: date
    offered: tuple[InvoiceType, ...]
    refused: tuple[Refusal, ...]


def company_of(catalog: Catalog, code: str) -> Company:
    """Errors: Faulty(unknown_company)."""
    company = catalog.company(code)
    if company is None:
        remedy = nearest(code, catalog.table(Company), "apply a pack that defines companies, such as DEMO")
        raise Faulty([UNKNOWN_COMPANY.at("company", code=code, remedy=remedy)])
    return company


def choose(
    catalog: Catalog, company: Company, on: date, *, module: str = "", category: str = "", user: User | None = None
) -> Choice:
    """Every invoice type, either offered or refused with the first reason that applies.

    With `module`, types of the other module are left out of both lists. Shadowing is computed before the category
    filter. `user` narrows lists by the legislation filter; pass None where a posting is decided.
    """
    offered, refused = [], []
    types = catalog.scopes(InvoiceType)
    for called in sorted(types):
        for legislation in sorted(types[called]):
            record = types[called][legislation]
            if module and record.module != module:
                continue
            refusal = _refusal(catalog, record, types[called].get(company.legislation), company, on, category, user)
            if refusal:
                refused.append(refusal)
            else:
                offered.append(record)
    return Choice(company, on, tuple(offered), tuple(refused))


def _refusal(
    catalog: Catalog,
    record: InvoiceType,
    own: InvoiceType | None,
    company: Company,
    on: date,
    category: str,
    user: User | None,
) -> Refusal | None:
    if category and record.category != category:
        return Refusal(record, "category", (("category", category),))
    if record.legislation and record.legislation != company.legislation:
        return Refusal(record, "other_legislation", (("legislation", company.legislation),))
    if own is not None and own is not record:
        return Refusal(record, "shadowed", (("hidden_by", own.key),))
    verdict: Verdict | None = catalog.refuses(record, company, on)
    if verdict:
        return Refusal(record, verdict.reason, verdict.facts)
    if user and user.legislation_filter and record.legislation not in ("", user.legislation_filter):
        return Refusal(record, "user_filter", (("filter", user.legislation_filter),))
    return None


def pick(
    catalog: Catalog,
    company: Company,
    on: date,
    *,
    module: str,
    category: str,
    code: str = "",
    user: User | None = None,
) -> InvoiceType | Fault:
    """The one type a document is posted with: named, else the user's or company's default, else the only one offered.

    Shape: pick(catalog, ACME, 2026-03-01, module="sales", category="invoice", code="FAF") -> <FAF of FRA>
    A blank category is `invoice`, unless a code is given, which then decides.
    """
    if code:
        return _named(catalog, company, on, module, category, code)
    category = category or "invoice"
    users = cast("Mapping[str, str]", user.default_type if user else {})
    companys = cast("Mapping[str, Mapping[str, str]]", company.default_type)
    for default in (users.get(module, ""), companys.get(module, {}).get(category, "")):
        usual = catalog.one(InvoiceType, (module, default), company, on)
        if usual and usual.category == category:
            return usual
    offered = {record.code: record for record in choose(catalog, company, on, module=module, category=category).offered}
    if len(offered) == 1:
        return next(iter(offered.values()))
    if offered:
        return TYPE_AMBIGUOUS.at("invoice_type", candidates=", ".join(sorted(offered)))
    remedy = "`factotum types --explain` tells why each is refused"
    return NO_TYPE.at("invoice_type", module=module, category=category, company=company.code, remedy=remedy)


def _named(catalog: Catalog, company: Company, on: date, module: str, category: str, code: str) -> InvoiceType | Fault:
    """The type a code means; only when it may not be used are the others looked at, to tell why and what instead."""
    record = catalog.one(InvoiceType, (module, code), company, on)
    if record and category in ("", record.category):
        return record
    choice = choose(catalog, company, on, module=module)
    others = [one.code for one in choice.offered if not category or one.category == category]
    remedy = "offered here: " + ", ".join(sorted(others)) if others else "no type of this kind is offered here"
    if record:
        why = Refusal(record, "category").explanation + f", the document's is {category}"
        return TYPE_NOT_OFFERED.at("invoice_type", code=code, why=why, remedy=remedy)
    refusals = [one for one in choice.refused if one.record.code == code]
    if not refusals:
        return TYPE_UNKNOWN.at("invoice_type", module=module, code=code, remedy=nearest(code, others, remedy))
    why = "; ".join(f"{one.record.key}: {one.explanation}" for one in refusals)
    return TYPE_NOT_OFFERED.at("invoice_type", code=code, why=why, remedy=remedy)

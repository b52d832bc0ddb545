"""Packs become revisions; which types a company may use under the one in force."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.flow.house import INSTALL, Context, House, allowed
from engine.kernel.clock import today
from engine.kernel.faults import Fault, FaultKind, Faulty, nearest
from engine.parametrization.catalog import Catalog
from engine.parametrization.definitions import (
    Company,
    DeliveryRule,
    Example,
    InvoiceType,
    Override,
    Record,
    User,
)
from engine.selection import Choice, choose, company_of

if TYPE_CHECKING:
    from engine.journal.proofs import Kept
    from engine.lint import Finding
    from engine.parametrization.packs import ReadPack
    from engine.parametrization.revisions import Candidate, Change, State
    from engine.rehearsal.examples import ExampleResult

UNKNOWN_USER = FaultKind("unknown_user", "there is no user {code!r}", "{remedy}")
TEMPLATE_KIND = FaultKind(
    "template_kind",
    "template {template} has no words for {channel}, which takes those of kind {kind}",
    "add a [[template]] of kind {kind} with that code, or name another one",
)
UNKNOWN_FORMAT = FaultKind("unknown_format", "no plugin offers the format {name!r}", "{remedy}")
USED = FaultKind(
    "used_record_removed",
    "{table} {key} was used by posted documents and would be gone",
    "keep it, and close it with active = false or valid_to",
)
USED_CATEGORY = FaultKind(
    "used_category_changed",
    "type {key} has posted documents as {was}, and would become {becomes}",
    "define a new type, and close this one",
)
EXAMPLE_FAILED = FaultKind(
    "example_failed",
    "example {id} comes out otherwise: {words}",
    "mend the pack or the example; `factotum test --update` writes what comes out",
)
UNKNOWN_REVISION = FaultKind(
    "unknown_revision", "there is no revision {revision}; the last is {head}", "see `factotum revisions`"
)
PLAN_DIFFERS = FaultKind(
    "plan_differs",
    "the packs now say something else than the plan that was agreed on",
    "plan again, and look at it again",
)
UNKNOWN_CHANNEL = FaultKind("unknown_channel", "no plugin offers the channel {name!r}", "{remedy}")


@dataclass(frozen=True, slots=True)
class PackPlan:
    """What applying would do. With faults it cannot be applied."""

    packs: tuple[str, ...]
    candidate: Candidate
    faults: tuple[Fault, ...]
    failing: tuple[ExampleResult, ...] = ()
    """Examples that do not come out as they say."""
    proofs: tuple[Kept, ...] = ()
    """Of every automatic journal: that it balances."""

    @property
    def parent(self) -> int:
        return self.candidate.parent

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.candidate.changes

    @property
    def content_hash(self) -> str:
        """Of everything that would be in force."""
        return self.candidate.content_hash


STEPS = (
    "reading packs", "merging", "checking records", "checking formulas and chains", "proving that journals balance",
    "running examples",
)  # fmt: skip
"""What a plan goes through; `progress` is told each as it begins."""


def plan_packs(
    house: House, context: Context, names: Sequence[str], progress: Callable[[str], None] = lambda step: None
) -> PackPlan:
    """Read packs with what they require; tell what would change, and every fault. Writes nothing."""
    plan, packs = read_and_plan(house, context, names, progress)
    progress(STEPS[5])
    failing = () if plan.faults else tuple(one for one in run_examples(plan, packs) if not one.passed)
    return replace(plan, failing=failing)


def read_and_plan(
    house: House, context: Context, names: Sequence[str], progress: Callable[[str], None] = lambda step: None
) -> tuple[PackPlan, Sequence[ReadPack]]:
    """A plan whose examples were not run, and the packs it comes from."""
    from engine.parametrization.packs import read_packs
    from engine.parametrization.revisions import candidate

    allowed(context, "read")
    progress(STEPS[0])
    before = _in_force(house)
    packs, faults = read_packs(names, set(before.bodies.get("pack", ())))
    progress(STEPS[1])
    found = candidate(before, packs)
    return _planned(house, context, tuple(pack.code for pack in packs), found, faults, progress), packs


def run_examples(plan: PackPlan, packs: Sequence[ReadPack]) -> Iterator[ExampleResult]:
    """The examples of packs just read, on the parametrization they would make."""
    from engine.rehearsal import examples

    located = [
        examples.LocatedExample(one.record, one.place, one.record.document)
        for pack in packs
        for one in pack.records
        if isinstance(one.record, Example)
    ]
    return examples.run_examples(plan.candidate.catalog, located)


def plan_rollback(house: House, context: Context, revision: int) -> PackPlan:
    """What going back to an older content would change: it is checked like any other."""
    from engine.parametrization.revisions import rollback

    allowed(context, "read")
    target = house.parametrization.state(_revision(house, revision))
    return _planned(house, context, (), rollback(_in_force(house), target), [])


def _planned(
    house: House,
    context: Context,
    packs: tuple[str, ...],
    found: Candidate,
    faults: list[Fault],
    progress: Callable[[str], None] = lambda step: None,
) -> PackPlan:
    """Faults come in waves, each asked only when the one before found nothing: what is written, whether records fit
    each other and what was posted, whether every formula and chain holds, whether every journal balances."""
    from engine.journal.check import check
    from engine.journal.proofs import refusals
    from engine.outbox import templates
    from engine.parametrization.coherence import incoherences

    faults = [*faults, *found.faults]
    if not faults:
        progress(STEPS[2])
        faults += incoherences(found.catalog, found.place)
        faults += _unknown_endpoints(house, found)
        faults += _words_of_another_kind(house, found)
        faults += templates.faults(found.catalog, found.place)
        faults += _used(house, found)
    if not faults:
        progress(STEPS[3])
        faults += check(found.catalog, context.clock.now().date(), found.place)
    proofs: tuple[Kept, ...] = ()
    if not faults:
        progress(STEPS[4])
        proofs = proofs_of(house, context, found.catalog)
        faults += refusals(found.catalog, proofs, found.place)
    return PackPlan(packs, found, tuple(dict.fromkeys(faults)), proofs=proofs)


def proofs_of(house: House, context: Context, catalog: Catalog) -> tuple[Kept, ...]:
    """That every journal balances: by proofs kept, else made now."""
    from engine.journal.proofs import kept_of, proved

    def known(hashes: Sequence[str]) -> Mapping[str, Kept]:
        return {row["hash"]: kept_of(row) for row in house.parametrization.proofs(hashes)}

    return tuple(proved(catalog, context.clock.now().date(), known))


def apply_packs(
    house: House,
    context: Context,
    plan: PackPlan,
    message: str = "",
    *,
    agreed: tuple[int, str] | None = None,
    despite_examples: bool = False,
) -> int:
    """Write a plan as one new revision, in one transaction; the revision in force afterwards.

    A plan without changes writes nothing. `agreed` is (parent, content hash) of a plan that was looked at before.
    Errors: Faulty when the plan has faults, is not the one agreed on, or an example fails (unless `despite_examples`);
    StateChanged when the parametrization moved.
    """
    from engine.parametrization.revisions import StateChanged

    allowed(context, "apply")
    if agreed and agreed[0] != plan.parent:
        raise StateChanged(found=plan.parent, planned=agreed[0])
    if agreed and agreed[1] != plan.content_hash:
        raise Faulty([PLAN_DIFFERS.at("plan")])
    if plan.faults:
        raise Faulty(plan.faults)
    since = tuple(_used(house, plan.candidate))  # posted since we planned
    if since:
        raise Faulty(since)
    if plan.failing and not despite_examples:
        raise Faulty([_failing(one) for one in plan.failing])
    if not plan.changes:
        return plan.parent
    return house.parametrization.write(
        plan.parent,
        plan.changes,
        content_hash=plan.content_hash,
        at=context.clock.now(),
        actor=context.actor.name,
        message=message,
        also={"journal_proof": [one.as_row() for one in plan.proofs]},
    )


def foreseen(plan: PackPlan, on: date) -> list[Finding]:
    """The errors that `check` would find once the plan is applied."""
    from engine.lint import lint

    return [] if plan.faults else [one for one in lint(plan.candidate.catalog, on) if one.severity == "error"]


def revisions(house: House, context: Context) -> Sequence[Mapping[str, Any]]:
    """Every revision: who, when, why."""
    allowed(context, "read")
    return house.parametrization.revisions()


def diff(house: House, context: Context, old: int, new: int) -> list[Change]:
    """What changed from one revision to another, field by field."""
    from engine.parametrization.revisions import difference

    allowed(context, "read")
    stored = house.parametrization
    return difference(stored.state(_revision(house, old)), stored.state(_revision(house, new)))


def export_parametrization(house: House, context: Context, folder: Path, revision: int | None = None) -> list[Path]:
    """What is in force, back to packs in `folder`: applied to an empty database they give the same content hash."""
    from engine.parametrization.writer import write_packs

    allowed(context, "read")
    at = house.parametrization.head() if revision is None else _revision(house, revision)
    return write_packs(house.parametrization.state(at), folder)


@dataclass(frozen=True, slots=True)
class Affected:
    """Whom a plan touches: types whose record, or a record they lead to, changes; and who may use them.

    A changed tax, accounting code, mention … touches every type of the companies of its legislation.
    """

    types: tuple[str, ...]
    companies: tuple[str, ...]


def affected(house: House, plan: PackPlan, on: date) -> Affected:
    """Shape: Affected(types=("sales/FAF/FRA",), companies=("PARIS",))"""
    before, after = house.catalog(), plan.candidate.catalog
    changed = {(change.table, change.key) for change in plan.changes}
    changed |= {(body["table"], body["target"]) for body in _override_bodies(plan)}
    shared = _legislations_of(plan, changed)
    types, companies = set(), set()
    for code in {*before.table(Company), *after.table(Company)}:
        was, becomes = _led_to(before, code, on), _led_to(after, code, on)
        company = after.company(code) or before.company(code)
        everything = bool(company and shared & {"", company.legislation})
        touched = {key for key in {*was, *becomes} if everything or was.get(key) != becomes.get(key)}
        types |= touched
        companies |= {code} if touched else set()
    types |= {change.key for change in plan.changes if change.table == InvoiceType.TABLE}
    return Affected(tuple(sorted(types)), tuple(sorted(companies)))


def _led_to(catalog: Catalog, company: str, on: date) -> dict[str, tuple[Record | None, ...]]:
    """The types offered to a company, each with the records it leads to."""
    from engine.journal.determine import determine
    from engine.numbering.counters import numbering

    found = catalog.company(company)
    if found is None:
        return {}
    result: dict[str, tuple[Record | None, ...]] = {}
    for kind in choose(catalog, found, on).offered:
        chain = determine(catalog, found, kind, on)
        numbers = numbering(catalog, found, kind, chain.entry_type, on)
        counter = numbers.series.counter if numbers.series else None
        result[kind.key] = (kind, chain.automatic_journal, chain.entry_type, chain.journal, counter)
    return result


SHARED = ("tax", "accounting_code", "formula", "mention", "payment_terms", "payment_method", "withholding")
"""Tables that any document of a legislation may lead to."""


def _legislations_of(plan: PackPlan, changed: Iterable[tuple[str, str]]) -> set[str]:
    """The legislations whose shared records change; "" is all of them. A first revision changes everything anyway."""
    if not plan.parent:
        return set()
    return {key.rpartition("/")[2].replace("*", "") for table, key in changed if table in SHARED}


def _override_bodies(plan: PackPlan) -> Iterator[Mapping[str, Any]]:
    for change in plan.changes:
        if change.table == Override.TABLE and change.body:
            yield json.loads(change.body)


def _failing(result: ExampleResult) -> Fault:
    words = "; ".join(one.words for one in result.differences[:5])
    return EXAMPLE_FAILED.at(result.place, id=result.id, words=words)


def _in_force(house: House) -> State:
    return house.parametrization.state(house.parametrization.head())


def _revision(house: House, revision: int) -> int:
    head = house.parametrization.head()
    if not 0 <= revision <= head:
        raise Faulty([UNKNOWN_REVISION.at("revision", revision=revision, head=head)])
    return revision


def _used(house: House, found: Candidate) -> Iterator[Fault]:
    """What a posted document used cannot be deleted, only closed; a used type keeps its category."""
    removed = {(change.table, change.key) for change in found.changes if change.action == "remove"}
    before, after = house.catalog().table(InvoiceType), found.catalog.table(InvoiceType)
    moved = {key: kind for key, kind in before.items() if key in after and after[key].category != kind.category}
    asked = removed | {(InvoiceType.TABLE, key) for key in moved}
    used = house.documents.used(asked) if asked else frozenset()
    for table, key in sorted(used & removed):
        yield USED.at(f"{table} {key}", table=table, key=key)
    for key, kind in moved.items():
        if (InvoiceType.TABLE, key) in used:
            becomes = after[key].category
            yield USED_CATEGORY.at(f"invoice_type {key} category", key=key, was=kind.category, becomes=becomes)


def _unknown_endpoints(house: House, found: Candidate) -> Iterator[Fault]:
    """Delivery rules name channels, providers and formats that plugins offer."""
    for rule in found.catalog.table(DeliveryRule).values():
        place, plugins = found.place(rule), house.plugins
        named = {*plugins.channels, *plugins.providers}
        if rule.channel not in named:
            yield UNKNOWN_CHANNEL.at(
                f"{place} channel", name=rule.channel, remedy=nearest(rule.channel, named, INSTALL)
            )
        for field, format in (("format", rule.format), *(("attachments", one) for one in rule.attachments)):
            if format and format not in plugins.formats:
                remedy = nearest(format, plugins.formats, INSTALL)
                yield UNKNOWN_FORMAT.at(f"{place} {field}", name=format, remedy=remedy)


def _words_of_another_kind(house: House, found: Candidate) -> Iterator[Fault]:
    """The template that a delivery rule names is there in the kind its channel takes: a mail, or an SMS."""
    from engine.flow.messages import kinds_of
    from engine.outbox.templates import EMAIL
    from engine.parametrization.definitions import Template

    kinds, there = kinds_of(house.plugins), defaultdict[str, set[str]](set)
    for template in found.catalog.table(Template).values():
        there[template.code].add(template.kind)
    for rule in found.catalog.table(DeliveryRule).values():
        wanted = kinds.get(rule.channel, EMAIL)
        if there[rule.template] and wanted not in there[rule.template]:
            told = {"template": rule.template, "kind": wanted, "channel": rule.channel}
            yield TEMPLATE_KIND.at(f"{found.place(rule)} template", **told)


def offered(
    house: House,
    context: Context,
    company: str,
    *,
    module: str = "",
    on: date | None = None,
    category: str = "",
    user: str = "",
) -> Choice:
    """Which invoice types a company may use on a date (today where it is), and why not the others."""
    catalog = house.catalog()
    found = company_of(catalog, company)
    allowed(context, "read", found.code)
    users = catalog.table(User)
    if user and user not in users:
        raise Faulty([UNKNOWN_USER.at("user", code=user, remedy=nearest(user, users, "add a [[user]] to a pack"))])
    day = on or today(context.clock, found.time_zone)
    return choose(catalog, found, day, module=module, category=category, user=users.get(user))


def prefilled(house: House, context: Context, user: str) -> dict[str, str]:
    """What a record a user begins starts with: the legislation of their filter (LEGFIL), which they may change."""
    allowed(context, "read")
    found = house.catalog().table(User).get(user)
    return {"legislation": found.legislation_filter} if found and found.legislation_filter else {}


def language_of(house: House, user: str) -> str:
    """What a user reads: their language, else the folder's."""
    catalog = house.catalog()
    found = catalog.table(User).get(user)
    return found.language if found and found.language else catalog.language

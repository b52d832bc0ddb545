"""Packs become revisions; which types a company may use under the one in force."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from engine.flow.house import INSTALL, Context, House, allowed, company_of
from engine.kernel.clock import today
from engine.kernel.faults import Fault, FaultKind, Faulty, nearest
from engine.parametrization.definitions import DeliveryRule, InvoiceType, User
from engine.selection import Choice, choose

if TYPE_CHECKING:
    from engine.parametrization.revisions import Candidate, Change

UNKNOWN_USER = FaultKind("unknown_user", "there is no user {code!r}", "{remedy}")
UNKNOWN_FORMAT = FaultKind("unknown_format", "no plugin offers the format {name!r}", "{remedy}")
UNKNOWN_CHANNEL = FaultKind("unknown_channel", "no plugin offers the channel {name!r}", "{remedy}")


@dataclass(frozen=True, slots=True)
class PackPlan:
    """What applying packs would do. With faults it cannot be applied."""

    packs: tuple[str, ...]
    candidate: Candidate
    faults: tuple[Fault, ...]

    @property
    def parent(self) -> int:
        return self.candidate.parent

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.candidate.changes

    @property
    def types(self) -> tuple[str, ...]:
        """The invoice types it touches."""
        return tuple(sorted({change.key for change in self.changes if change.table == InvoiceType.TABLE}))


def plan_packs(house: House, context: Context, names: Sequence[str]) -> PackPlan:
    """Read packs with what they require; tell what would change, and every fault. Writes nothing.

    Faults come in three waves, each asked only when the one before found nothing: what is written, whether records
    fit each other, whether every formula and chain holds.
    """
    from engine.journal.check import check
    from engine.parametrization.coherence import incoherences
    from engine.parametrization.packs import read_packs
    from engine.parametrization.revisions import candidate

    allowed(context, "read")
    packs, faults = read_packs(names)
    found = candidate(house.parametrization.state(house.parametrization.head()), packs)
    faults += found.faults
    if not faults:
        faults += incoherences(found.catalog, found.place)
        faults += _unknown_endpoints(house, found)
    if not faults:
        faults += check(found.catalog, context.clock.now().date(), found.place)
    return PackPlan(tuple(pack.code for pack in packs), found, tuple(dict.fromkeys(faults)))


def apply_packs(house: House, context: Context, plan: PackPlan, message: str = "") -> int:
    """Write a plan as one new revision, in one transaction; the revision in force afterwards.

    A plan without changes writes nothing. Errors: Faulty when the plan has faults; StateChanged when the
    parametrization moved since.
    """
    allowed(context, "apply")
    if plan.faults:
        raise Faulty(plan.faults)
    if not plan.changes:
        return plan.parent
    return house.parametrization.write(
        plan.parent,
        plan.changes,
        content_hash=plan.candidate.content_hash,
        at=context.clock.now(),
        actor=context.actor.name,
        message=message,
    )


def _unknown_endpoints(house: House, found: Candidate) -> Iterator[Fault]:
    """Delivery rules name channels and formats that plugins offer."""
    for rule in found.catalog.table(DeliveryRule).values():
        place, plugins = found.place(rule), house.plugins
        if rule.channel not in plugins.channels:
            yield UNKNOWN_CHANNEL.at(
                f"{place} channel", name=rule.channel, remedy=nearest(rule.channel, plugins.channels, INSTALL)
            )
        if rule.format and rule.format not in plugins.formats:
            remedy = nearest(rule.format, plugins.formats, INSTALL)
            yield UNKNOWN_FORMAT.at(f"{place} format", name=rule.format, remedy=remedy)


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


def language_of(house: House, user: str) -> str:
    """What a user reads: their language, else the folder's."""
    catalog = house.catalog()
    found = catalog.table(User).get(user)
    return found.language if found and found.language else catalog.language

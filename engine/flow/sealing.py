"""Legal seals: which company seals with what, what a posting is sealed with, and records that are cancelled."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.flow.house import INSTALL, Context, House, allowed
from engine.kernel.faults import FaultKind, Faulty, nearest
from engine.parametrization.catalog import Catalog
from engine.selection import company_of

if TYPE_CHECKING:
    from engine.posting.post import Plan
    from engine.posting.sealing import Sealing
    from engine.spi.contracts import DocumentView
    from engine.spi.seals import SealInUse

UNKNOWN_SEAL = FaultKind("unknown_seal", "no plugin offers the seal {name!r}", "{remedy}")
NOT_SEALED = FaultKind(
    "not_sealed", "{number} of {company} carries no seal {seal}", "only what was sealed is cancelled"
)
NOT_CANCELLED = FaultKind("seal_without_cancellation", "seal {seal} knows no cancellation", "post a credit note")
CANCELLED = FaultKind("cancelled_before", "{number} of {company} was cancelled before", "nothing is left to do")


def seals(house: House, context: Context) -> list[dict[str, Any]]:
    """Which company seals with what."""
    allowed(context, "read")
    return [
        {"company": company, "seal": seal, "settings": json.loads(settings)}
        for (company, seal), settings in sorted(house.catalog().seal_settings.items())
        if settings
    ]


def configure_seal(
    house: House, context: Context, name: str, company: str, settings: Mapping[str, Any] | None, message: str = ""
) -> int:
    """Seal the documents of a company from now on (None: no more); the revision in force afterwards.

    Keys are read and proved before anything is changed. Errors: Faulty.
    """
    catalog = house.catalog()
    whose = company_of(catalog, company)
    allowed(context, "configure", whose.code)
    if name not in house.plugins.seals:
        raise Faulty([UNKNOWN_SEAL.at("seal", name=name, remedy=nearest(name, house.plugins.seals, INSTALL))])
    text = "" if settings is None else json.dumps(dict(settings), sort_keys=True, default=str)
    if text:
        house.seal_in_use(name, whose.code, text)
    stored, said = house.parametrization, f"seal {name} of {company} {'set' if text else 'switched off'}"
    return stored.write(
        catalog.revision, (), content_hash=stored.content_hash(catalog.revision), at=context.clock.now(),
        actor=context.actor.name, message=f"{said}: {message}" if message else said,
        also={"seal_setting": [{"seal": name, "company": whose.code, "settings": text}]},
    )  # fmt: skip


def sealing_of(house: House, planned: Plan, view: DocumentView, catalog: Catalog, now: datetime) -> Sealing | None:
    """What a posting is to be sealed with, asked before its number is taken. Errors: Faulty."""
    company = planned.draft.company.code
    if not any(whose == company and settings for (whose, _), settings in catalog.seal_settings.items()):
        return None
    from engine.posting.sealing import sealing

    return sealing(view, _uses(house, company, view, catalog), planned.series, planned.draft.date, now)


def _uses(house: House, company: str, view: DocumentView, catalog: Catalog) -> Iterator[SealInUse]:
    for (whose, name), settings in catalog.seal_settings.items():
        if whose != company or not settings:
            continue
        seal = house.plugins.seals.get(name)
        if seal is None:  # a document that must be sealed is never posted without
            raise Faulty([UNKNOWN_SEAL.at("seal", name=name, remedy=INSTALL)])
        if seal.seals(view):
            yield house.seal_in_use(name, company, settings)


def cancel_seal(house: House, context: Context, called: str, seal: str, *, company: str = "") -> dict[str, Any]:
    """Annul the record of a posted document with a seal's authority: a record of its own on the same chain.

    The document itself stays as it is. Errors: Faulty.
    """
    from engine.flow.afterwards import stored_document
    from engine.posting.sealing import seal_row
    from engine.posting.view import document_view
    from engine.spi.contracts import SealKind, SealRecord

    stored = stored_document(house, context, called, company, "")
    document = stored.document
    allowed(context, "post", document["company"], document["invoice_type"])
    told = {"number": document["number"], "company": document["company"], "seal": seal}
    mine = {row["kind"]: row for row in stored.seals if row["seal"] == seal}
    if "issue" not in mine:
        raise Faulty([NOT_SEALED.at("document", **told)])
    if "cancellation" in mine:
        raise Faulty([CANCELLED.at("document", **told)])
    settings = house.catalog().seal_settings.get((document["company"], seal), "")
    if not settings or seal not in house.plugins.seals:
        raise Faulty([UNKNOWN_SEAL.at("seal", name=seal, remedy=INSTALL)])
    use = house.seal_in_use(seal, document["company"], settings)
    if SealKind.CANCELLATION not in use.kinds:
        raise Faulty([NOT_CANCELLED.at("seal", seal=seal)])
    issued = mine["issue"]
    view = document_view(document, stored.lines, stored.taxes)
    with house.posting.transaction() as work:
        previous, position = work.lock_chain(seal, issued["chain"])
        record = SealRecord(
            SealKind.CANCELLATION, view, issued["series"], issued["value"], context.clock.now(), previous or None
        )
        sealed = use.seal(record)
        row = seal_row(seal, issued["chain"], position, document["id"], document["company"], record, sealed)
        work.insert("document_seal", [row])
        work.set_chain(seal, issued["chain"], sealed.link)
    return {"number": document["number"], "seal": seal, "kind": "cancellation", "printed": dict(sealed.printed),
            "fingerprint": sealed.fingerprint}  # fmt: skip

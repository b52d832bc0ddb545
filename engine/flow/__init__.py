"""The story, one call per step; read this first.

    plan_packs · apply_packs    packs → records → faults → a new revision            parametrization.py
    revisions · diff · plan_rollback · export_parametrization
    offered                     which types a company may use, and why not the others
    check · test_packs · replay try without doing: lint, examples, posted documents  rehearsal.py
    post                        request → type → draft → number, entries,            posting.py
                                deliveries: one transaction
    post_batch                  many of them, some hundred in one transaction        batch.py
    try_journal · run_due       entries of a journal, of payments, of a deadline     trying.py
    next_numbers                the numbers that would come
    show · export               what was posted, as data, as a file                  afterwards.py
    relay · worker              handed over: what is due now; as it falls due        afterwards.py
    list_deliveries · hold_delivery · resolve_delivery …  looked after by people       deliveries.py
    configure · test_connection · activate · pause · retest   connections of plugins   connecting.py
    periods · set_periods       open, closed, locked                                 closing.py
    receive · fetch · upload · received · take · dismiss   what comes in             inbox.py
    archive_files · archive_list · archive_get · archive_verify   files, for years   archive.py
    seals · configure_seal · cancel_seal   legal signatures                          sealing.py
    verify                      is everything still what it was                      integrity.py
    anchor                      the heads of all series, to be kept outside          anchoring.py
    register · audit            every number, its document; who changed what, when   history.py

Every command takes the house it works in and the context of its caller (house.py), and asks what that caller may do.
Nothing is loaded before it is called: a command that lists types does not load what posts.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.flow.afterwards import export, relay, show, worker
    from engine.flow.anchoring import anchor
    from engine.flow.archive import archive_files, archive_get, archive_list, archive_verify
    from engine.flow.batch import CHUNK, post_batch
    from engine.flow.closing import periods, set_periods
    from engine.flow.connecting import (
        activate,
        authorize,
        configure,
        connections,
        deactivate,
        pause,
        resume,
        retest,
        rotate_secrets,
        test_connection,
    )
    from engine.flow.deliveries import (
        cancel_delivery,
        delivery,
        hold_delivery,
        list_deliveries,
        paid,
        release_delivery,
        resend_delivery,
        resolve_delivery,
        retry_delivery,
    )
    from engine.flow.history import audit, register
    from engine.flow.house import Actor, Context, House
    from engine.flow.inbox import dismiss, fetch, receive, received, show_received, take
    from engine.flow.integrity import Verified, verify
    from engine.flow.parametrization import (
        Affected,
        PackPlan,
        affected,
        apply_packs,
        diff,
        export_parametrization,
        foreseen,
        language_of,
        offered,
        plan_packs,
        plan_rollback,
        prefilled,
        revisions,
    )
    from engine.flow.posting import drafted, explained, post, post_many, post_one_of_many
    from engine.flow.rehearsal import check, replay, test_packs
    from engine.flow.sealing import cancel_seal, configure_seal, seals
    from engine.flow.trying import next_numbers, run_due, try_journal
    from engine.flow.uploading import upload

__all__ = [
    "CHUNK",
    "Actor",
    "Affected",
    "Context",
    "House",
    "PackPlan",
    "Verified",
    "activate",
    "affected",
    "anchor",
    "apply_packs",
    "archive_files",
    "archive_get",
    "archive_list",
    "archive_verify",
    "audit",
    "authorize",
    "cancel_delivery",
    "cancel_seal",
    "check",
    "configure",
    "configure_seal",
    "connections",
    "deactivate",
    "delivery",
    "diff",
    "dismiss",
    "drafted",
    "explained",
    "export",
    "export_parametrization",
    "fetch",
    "foreseen",
    "hold_delivery",
    "language_of",
    "list_deliveries",
    "next_numbers",
    "offered",
    "paid",
    "pause",
    "periods",
    "plan_packs",
    "plan_rollback",
    "post",
    "post_batch",
    "post_many",
    "post_one_of_many",
    "prefilled",
    "receive",
    "received",
    "register",
    "relay",
    "release_delivery",
    "replay",
    "resend_delivery",
    "resolve_delivery",
    "resume",
    "retest",
    "retry_delivery",
    "revisions",
    "rotate_secrets",
    "run_due",
    "seals",
    "set_periods",
    "show",
    "show_received",
    "take",
    "test_connection",
    "test_packs",
    "try_journal",
    "upload",
    "verify",
    "worker",
]

_TOLD_IN = {
    name: room
    for room, names in {
        "afterwards": "export relay show worker",
        "anchoring": "anchor",
        "archive": "archive_files archive_get archive_list archive_verify",
        "batch": "CHUNK post_batch",
        "closing": "periods set_periods",
        "connecting": "activate authorize configure connections deactivate pause resume retest rotate_secrets "
        "test_connection",
        "deliveries": "cancel_delivery delivery hold_delivery list_deliveries paid release_delivery resend_delivery "
        "resolve_delivery retry_delivery",
        "history": "audit register",
        "house": "Actor Context House",
        "inbox": "dismiss fetch receive received show_received take",
        "integrity": "Verified verify",
        "parametrization": "Affected PackPlan affected apply_packs diff export_parametrization foreseen language_of "
        "offered plan_packs plan_rollback prefilled revisions",
        "posting": "drafted explained post post_many post_one_of_many",
        "rehearsal": "check replay test_packs",
        "sealing": "cancel_seal configure_seal seals",
        "trying": "next_numbers run_due try_journal",
        "uploading": "upload",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> Any:
    if name not in _TOLD_IN:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_TOLD_IN[name]}"), name)
    return found

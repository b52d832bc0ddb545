"""Groups connection, delivery, idempotency, errors, timeouts, privacy: what talks to another side.

The other side is a stand-in the author gives (engine/spi/samples.py). Each check starts one of its own.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from engine.conformance.documents import all_documents, invoice, pdf
from engine.conformance.general import CONNECTABLE, given_any
from engine.conformance.kit import NotAsked, Subject, Unfit, context, holds, pure
from engine.outbox.connections import secret_fields
from engine.spi.contracts import (
    AuthExpired,
    ConfigError,
    DeliveryEvent,
    DeliveryPolicy,
    DocumentView,
    File,
    Message,
    OutcomeUnknown,
    Parcel,
    PermissionDenied,
    PluginError,
    Receipt,
    Rejected,
    RemoteRef,
    TestReport,
    TryLater,
)
from engine.spi.samples import Remote, Trouble

KEY = "5b1f6a52-2c4b-5d6e-8f70-1a2b3c4d5e6f"
PDF = File("FV-2026-00007.pdf", "application/pdf", pdf())
BIG = 20_000_000
LONGEST_TEST = 60
SENDING = ("channels", "providers")
EXPECTED: dict[Trouble, tuple[type[PluginError], ...]] = {
    Trouble.DOWN: (TryLater, ConfigError),
    Trouble.RESET: (TryLater, OutcomeUnknown),
    Trouble.SILENT: (TryLater, OutcomeUnknown),
    Trouble.LOST: (OutcomeUnknown, TryLater),
    Trouble.LATER: (TryLater,),
    Trouble.REFUSED: (Rejected,),
    Trouble.LOGIN: (AuthExpired, PermissionDenied, ConfigError),
    Trouble.GARBAGE: (PluginError,),
}


@dataclass
class Bench:
    """A plugin, a stand-in, and what was noted between them."""

    subject: Subject
    remote: Remote
    settings: Any
    notes: list[str] = field(default_factory=list)

    @property
    def context(self) -> Any:
        return context(self.notes)

    @property
    def policy(self) -> DeliveryPolicy:
        found: DeliveryPolicy = self.subject.offer.policy_of(self.settings)
        return found

    def parcel(self, document: DocumentView | None = None, key: str = KEY, files: tuple[File, ...] = (PDF,)) -> Parcel:
        shown = document or invoice()
        with pure():
            recipients = self.subject.offer.recipients(shown)
        words = Message("Bonjour,\nvoici la facture.", f"Facture {shown.number}", "<p>Bonjour</p>")
        return Parcel(key, shown, files, tuple(recipients), self.settings, words)

    def send(self, document: DocumentView | None = None, key: str = KEY, files: tuple[File, ...] = (PDF,)) -> Any:
        """Hand over by channel, or push by provider."""
        offer = self.subject.offer
        if hasattr(offer, "push"):
            with pure():
                prepared = offer.prepare(document or invoice(), self.settings)
            return offer.push(prepared, key, self.settings, self.context)
        return offer.deliver(self.parcel(document, key, files), self.context)

    def trouble(self, kind: Trouble | None) -> bool:
        """False when that cannot happen to this one. Its settings may have another time-out from now on."""
        happens = self.remote.trouble(kind)
        self.settings = self.subject.offer.settings_model.model_validate(dict(self.remote.settings))
        return happens

    def find(self, key: str) -> Any:
        offer = self.subject.offer
        if hasattr(offer, "push"):
            return offer.find(offer.prepare(invoice(), self.settings), key, self.settings, self.context)
        return offer.find(self.parcel(key=key), self.context)


@contextmanager
def bench(subject: Subject) -> Iterator[Bench]:
    given_any(subject)
    start = subject.samples.remotes.get(subject.name)
    if start is None:
        raise Unfit(f"the samples hold no stand-in for {subject.name}: Samples(remotes={{name: start}})")
    with TemporaryDirectory(dir=subject.folder) as folder, start(Path(folder)) as remote:
        yield Bench(subject, remote, subject.offer.settings_model.model_validate(dict(remote.settings)))


def troubled(made: Bench, kind: Trouble) -> PluginError:
    """What the plugin raises when something goes wrong. Errors: NotAsked when that cannot happen to it."""
    if not made.trouble(kind):
        raise NotAsked(f"{kind.value} cannot happen to this one")
    try:
        came = made.send()
    except PluginError as told:
        return told
    except Exception as bug:
        raise Unfit(f"{kind.value}: {type(bug).__name__}: {bug}") from bug
    raise Unfit(f"{kind.value}: it gave {came!r:.200} as if all were well")


# --- connection -------------------------------------------------------------------------------------------------------


@holds("connection", *CONNECTABLE)
def passes_its_test_and_leaves_nothing(subject: Subject) -> None:
    """the connection test passes against a good stand-in, in time, and leaves it as it was"""
    with bench(subject) as made:
        before, began = list(made.remote.held()), time.monotonic()
        report = subject.offer.test(made.settings, made.context)
        if not isinstance(report, TestReport) or not report.passed:
            raise Unfit(f"it does not pass: {report!r:.400}")
        if time.monotonic() - began > LONGEST_TEST:
            raise Unfit(f"it took more than {LONGEST_TEST} s")
        if list(made.remote.held()) != before:
            raise Unfit("after the test the other side holds something else than before")


@holds("connection", *CONNECTABLE)
def fails_its_test_with_a_code_and_a_way_out(subject: Subject) -> None:
    """what is wrong makes the test fail, with a code of its own, words and a hint; it raises nothing"""
    codes: dict[Trouble, str] = {}
    for kind in (Trouble.DOWN, Trouble.LOGIN):
        with bench(subject) as made:
            if not made.trouble(kind):
                continue
            report = subject.offer.test(made.settings, made.context)
            failed = [step for step in report.steps if step.state.value == "fail"]
            if not failed:
                raise Unfit(f"{kind.value}: the test passes")
            if not failed[0].code or not failed[0].words or not failed[0].hint:
                raise Unfit(f"{kind.value}: step {failed[0].name} has no code, words or hint")
            codes[kind] = failed[0].code
    if not codes:
        raise NotAsked("neither down nor login can happen to it")
    if len({*codes.values()}) < len(codes):
        raise Unfit(f"different troubles have one code: {codes}")


# --- delivery ---------------------------------------------------------------------------------------------------------


@holds("delivery", *SENDING)
def arrives_once_with_a_receipt(subject: Subject) -> None:
    """a document arrives, once, and there is a receipt with a reference"""
    with bench(subject) as made:
        before = len(made.remote.held())
        came = made.send()
        reference = came.reference if isinstance(came, Receipt) else came.id if isinstance(came, RemoteRef) else ""
        if not reference:
            raise Unfit(f"it gave {came!r:.200}, which is no receipt with a reference")
        if (held := len(made.remote.held()) - before) < 1:
            raise Unfit("it gave a receipt, and nothing arrived")
        recipients = len(made.parcel().recipients) if subject.name in subject.plugins.channels else 1
        if held > max(recipients, 1):
            raise Unfit(f"it arrived {held} times")


@holds("delivery", "channels")
def names_recipients_without_asking_anybody(subject: Subject) -> None:
    """recipients are found by looking at the document alone, the same each time; nobody is no error"""
    for _, document in all_documents():
        with pure():
            first, second = subject.offer.recipients(document), subject.offer.recipients(document)
        if first != second or not isinstance(first, tuple) or not all(isinstance(one, str) for one in first):
            raise Unfit(f"recipients are {first!r}, then {second!r}")
    partner = replace(invoice().partner, email="", phone="", electronic_address="", name="")
    with pure():
        subject.offer.recipients(replace(invoice(), partner=partner))


@holds("delivery", *SENDING)
def survives_hostile_texts(subject: Subject) -> None:
    """names with line breaks, tags, paths and direction marks arrive or are Rejected, and break out of nothing"""
    with bench(subject) as made:
        for what, document in all_documents():
            try:
                made.send(document, key=f"{KEY[:-2]}{document.id:02}")
            except Rejected as refused:
                if not refused.reason:
                    raise Unfit(f"{what} is rejected without a word") from refused
        outside = [one.name for one in subject.folder.iterdir() if "evil" in one.name or one.name in ("x", "etc")]
        if outside:
            raise Unfit(f"it wrote outside: {outside}")


@holds("delivery", "channels")
def carries_big_files(subject: Subject) -> None:
    """a file of 20 MB arrives or is Rejected in words"""
    with bench(subject) as made:
        try:
            made.send(files=(File("big.pdf", "application/pdf", b"%PDF-1.7\n" + b"x" * BIG),))
        except Rejected as refused:
            raise NotAsked(f"it refuses it: {refused.reason}") from refused


@holds("delivery", "channels")
def reads_what_became_of_it(subject: Subject) -> None:
    """`events` can be read; each has an id, and names the parcel by its key or by the receipt's reference"""
    if not hasattr(subject.offer, "events"):
        raise NotAsked("it hears nothing later")
    with bench(subject) as made:
        receipt = made.send()
        for one in subject.offer.events(made.settings, made.context):
            if not isinstance(one, DeliveryEvent) or not one.id:
                raise Unfit(f"it gave {one!r:.200}, which is no DeliveryEvent with an id")
            if one.key != KEY and one.reference != receipt.reference:
                raise Unfit(f"event {one.id} names neither the key of the parcel nor the reference of its receipt")


# --- idempotency ------------------------------------------------------------------------------------------------------


@holds("idempotency", *SENDING)
def keeps_its_policy(subject: Subject) -> None:
    """idempotent: one key, sent twice, arrives once; reconcilable: what arrived is found"""
    with bench(subject) as made:
        if made.policy in (DeliveryPolicy.AT_LEAST_ONCE, DeliveryPolicy.AT_MOST_ONCE):
            raise NotAsked(f"its policy is {made.policy.value}")
        if made.policy is DeliveryPolicy.RECONCILABLE:
            if not hasattr(subject.offer, "find"):
                raise Unfit("its policy is reconcilable, and it has no `find`")
            if made.find(KEY) is not None:
                raise Unfit("it finds what was never sent")
            made.send()
            if made.find(KEY) is None:
                raise Unfit("it does not find what it sent")
            return
        made.send()
        held = len(made.remote.held())
        made.send()
        if len(made.remote.held()) != held:
            raise Unfit(f"the same key sent twice makes {len(made.remote.held())} of {held}")


@holds("idempotency", *SENDING)
def a_lost_answer_makes_no_twin(subject: Subject) -> None:
    """after an answer was lost, the way its policy goes on leaves one document there"""
    with bench(subject) as made:
        before = len(made.remote.held())
        lost = troubled(made, Trouble.LOST)
        if made.policy is DeliveryPolicy.AT_LEAST_ONCE:
            raise NotAsked("its policy is at_least_once: a twin is possible")
        if made.policy is DeliveryPolicy.AT_MOST_ONCE:
            if not isinstance(lost, OutcomeUnknown):
                raise Unfit(f"a lost answer is {type(lost).__name__}; with at_most_once it must be OutcomeUnknown")
            return
        once = len(made.remote.held()) - before
        made.trouble(None)
        if made.policy is DeliveryPolicy.RECONCILABLE:
            if (made.find(KEY) is None) != (once == 0):
                raise Unfit(f"{once} arrived, and it finds {'nothing' if once else 'something'}")
            return
        made.send()
        if len(made.remote.held()) - before != max(once, 1):
            raise Unfit("sending again after a lost answer makes a twin")


@holds("idempotency", *SENDING)
def two_keys_are_two_documents(subject: Subject) -> None:
    """another key is another hand-over"""
    with bench(subject) as made:
        made.send()
        once = len(made.remote.held())
        made.send(invoice(number="FV-2026-00008", identity=8), key=KEY[:-1] + "0")
        if len(made.remote.held()) <= once:
            raise Unfit("a second document of another key did not arrive")


# --- errors and time-outs ---------------------------------------------------------------------------------------------


def _error(kind: Trouble) -> Callable[[Subject], None]:
    def check(subject: Subject) -> None:
        with bench(subject) as made:
            began = time.monotonic()
            told = troubled(made, kind)
            spent = time.monotonic() - began
        if spent > LONGEST_TEST:
            raise Unfit(f"{kind.value}: it came back after {spent:.0f} s; its stand-in gives it a time-out of seconds")
        if not isinstance(told, EXPECTED[kind]):
            expected = " or ".join(one.__name__ for one in EXPECTED[kind])
            raise Unfit(f"{kind.value}: it raises {type(told).__name__}, expected {expected}")
        if not told.reason.strip():
            raise Unfit(f"{kind.value}: it raises {type(told).__name__} without a reason")

    check.__name__ = f"tells_{kind.value}"
    check.__doc__ = f"trouble `{kind.value}` is {' or '.join(one.__name__ for one in EXPECTED[kind])}, with a reason"
    return check


for _kind in Trouble:
    holds("timeouts" if _kind is Trouble.SILENT else "errors", *SENDING)(_error(_kind))


@holds("errors", *SENDING)
def goes_on_after_trouble(subject: Subject) -> None:
    """nothing is kept from a parcel that failed: once the trouble is over, the next one arrives"""
    with bench(subject) as made:
        try:
            troubled(made, Trouble.LATER)
        except NotAsked:
            troubled(made, Trouble.REFUSED)
        held = len(made.remote.held())
        made.trouble(None)
        made.send()
        if len(made.remote.held()) <= held:
            raise Unfit("after the trouble nothing arrives any more")


# --- privacy ----------------------------------------------------------------------------------------------------------


@holds("privacy", *CONNECTABLE)
def tells_no_secret(subject: Subject) -> None:
    """secrets of the settings are in no error, traceback message, note, receipt, report or printed settings"""
    told: list[str] = []
    with bench(subject) as made:
        secrets = _secrets(subject, made)
        if not secrets:
            raise NotAsked("it has no secrets")
        told += [repr(made.settings), str(made.settings)]
    for kind in (None, *Trouble):
        with bench(subject) as made:
            if kind is not None and not made.trouble(kind):
                continue
            told.append(repr(subject.offer.test(made.settings, made.context)))
            if hasattr(subject.offer, "deliver") or hasattr(subject.offer, "push"):
                try:
                    told.append(repr(made.send()))
                except Exception as error:
                    told.append("".join(traceback.format_exception_only(error)) + repr(vars(error)))
            told += made.notes
    leaking = [one for one in told if any(secret in one for secret in secrets)]
    if leaking:
        shown = leaking[0][:200]
        for secret in secrets:
            shown = shown.replace(secret, "<the secret>")
        raise Unfit(f"a secret is told: {shown}")


def _secrets(subject: Subject, made: Bench) -> list[str]:
    names = secret_fields(subject.offer.settings_model)
    return [
        str(made.remote.settings[name]) for name in sorted(names) if len(str(made.remote.settings.get(name, ""))) > 3
    ]


# --- through the relay ------------------------------------------------------------------------------------------------


@holds("relay", "channels")
def works_through_the_relay(subject: Subject) -> None:
    """posted, relayed, sent: the whole way on a database of its own, with trouble on the way"""
    from engine.conformance.house import relayed

    with bench(subject) as made:
        states = relayed(subject, made.remote)
        if states not in (["sent"], ["rejected"]):
            raise Unfit(f"a posted invoice came to {states}")
        if states == ["sent"] and not made.remote.held():
            raise Unfit("the relay says sent, and nothing arrived")

"""Stand-ins for what stands outside: a clock, a channel, a format, a database that breaks, a bad neighbour."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection, event

from engine.kernel.errors import EngineError
from engine.numbering.counters import Series
from engine.posting.batch import BatchStore, BatchWork, Chain
from engine.posting.ports import PostingStore, PostingWork
from engine.spi import (
    ChainScope,
    DeliveryPolicy,
    DocumentView,
    File,
    Manifest,
    NotFound,
    Parcel,
    PluginContext,
    PluginKind,
    ReadySeal,
    Receipt,
    Rejected,
    Sealed,
    SealKind,
    SealNotReady,
    SealProblem,
    SealRecord,
    SealRefused,
    StepState,
    TestReport,
    TestStep,
)
from engine.spi.net import GuardedNetwork, networks
from engine.storage.database import Database
from engine.storage.documents import SqlDocumentStore

Result = TypeVar("Result")


class FixedClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def goes_on(self, **by: float) -> None:
        self.at += timedelta(**by)


# --- plugins --------------------------------------------------------------------------------------------------------


class PlainFormat:
    """A document in one line of text: number, what it refers to, total."""

    extension = "txt"

    def __init__(self, name: str = "plain", rejects: str = "", bug: Exception | None = None) -> None:
        self.name, self._rejects, self._bug = name, rejects, bug

    def render(self, document: DocumentView) -> File:
        if self._bug:
            raise self._bug
        if self._rejects:
            raise Rejected(self._rejects)
        references = " ".join(f"{one.kind} {one.number}" for one in document.references)
        words = f"{document.number} {references} {document.totals.gross:.2f} {document.currency}"
        return File(f"{document.number}.txt", "text/plain", words.encode(), "nothing to check")


class MemorySettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    box: str
    weight: int = 0


def manifest(*capabilities: str) -> Manifest:
    return Manifest(
        id="sample", version="1.0", title="A sample", kind=PluginKind.DELIVERY, capabilities=frozenset(capabilities)
    )


class MemoryState:
    """What a plugin keeps, in memory."""

    def __init__(self) -> None:
        self.kept: Mapping[str, Any] = {}

    def get(self) -> Mapping[str, Any]:
        return self.kept

    def put(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        same = self.kept == before
        self.kept = after if same else self.kept
        return same


def plugin_context(at: datetime | None = None, notes: list[str] | None = None) -> PluginContext:
    """What a plugin is given: the clock stands still, this machine may be reached, notes land in `notes`."""
    return PluginContext(
        connection="TEST",
        now=FixedClock(at or datetime(2026, 11, 3, 9, 30, tzinfo=UTC)).now,
        network=GuardedNetwork(networks("127.0.0.0/8, ::1/128")),
        state=MemoryState(),
        note=(notes if notes is not None else []).append,
    )


REACHED = TestReport((TestStep("reach", StepState.OK, "it is there"),))
Behaviour = Callable[[Parcel], Receipt]


def takes(parcel: Parcel) -> Receipt:
    return Receipt(f"ref-{parcel.document.number}", "taken")


def fails(error: BaseException) -> Behaviour:
    """Down, rejecting or buggy, by the error."""

    def behaviour(parcel: Parcel) -> Receipt:
        raise error

    return behaviour


def answers(something: object) -> Behaviour:
    """Returns what no channel should."""
    return lambda parcel: cast(Receipt, something)


def waits_for(event: threading.Event) -> Behaviour:
    """Slow: nothing comes of it before `event`; after half a minute the test has failed, and it gives up."""

    def behaviour(parcel: Parcel) -> Receipt:
        if not event.wait(120):
            raise AssertionError("nobody set the event")
        return takes(parcel)

    return behaviour


class MemoryChannel:
    """Keeps what it is given; what it does with it is its `behaviour`, which a test may change on the way."""

    settings_model = MemorySettings

    def __init__(
        self,
        name: str = "memory",
        behaviour: Behaviour = takes,
        policy: DeliveryPolicy = DeliveryPolicy.IDEMPOTENT,
        report: TestReport = REACHED,
    ) -> None:
        self.name, self.behaviour, self.policy, self.report = name, behaviour, policy, report
        self.parcels: list[Parcel] = []
        self._lock = threading.Lock()

    def recipients(self, document: DocumentView) -> tuple[str, ...]:
        return (document.partner.email,) if document.partner.email else ()

    def policy_of(self, settings: MemorySettings) -> DeliveryPolicy:
        return self.policy

    def test(self, settings: MemorySettings, context: PluginContext) -> TestReport:
        return self.report

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        with self._lock:
            self.parcels.append(parcel)
        return self.behaviour(parcel)


class AskedChannel(MemoryChannel):
    """Can be asked what it has: the documents whose numbers are in `has`, or whatever its `finding` does."""

    def __init__(self, name: str = "memory", has: Iterable[str] = ()) -> None:
        super().__init__(name, policy=DeliveryPolicy.RECONCILABLE)
        self.has = {*has}
        self.finding: Behaviour = self._look

    def _look(self, parcel: Parcel) -> Receipt:
        if parcel.document.number not in self.has:
            raise NotFound("it is not there")
        return takes(parcel)

    def find(self, parcel: Parcel, context: PluginContext) -> Receipt | None:
        return self.finding(parcel)


class StampSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    word: str  # what a real seal would keep in a file: "lost" stands for a key that is not there


@dataclass(frozen=True)
class ReadyStamp:
    """Hashes the word, the number and the link before it. `refused`: a subject that cannot be sealed."""

    word: str
    scope: ChainScope
    refused: str

    def chain(self, document: DocumentView, series: str) -> str:
        return series if self.scope is ChainScope.SERIES else document.company.code

    def problems(self, record: SealRecord) -> Sequence[SealProblem]:
        if self.refused and record.document.subject == self.refused:
            return [SealProblem("subject", f"{self.refused!r} is not stamped", "call it something else")]
        return []

    def seal(self, record: SealRecord) -> Sealed:
        if problems := self.problems(record):
            raise SealRefused(problems)
        facts = {"kind": record.kind.value, "number": record.document.number, "at": record.at.isoformat()}
        text = "|".join((self.word, *facts.values(), record.previous or ""))
        fingerprint = hashlib.sha256(text.encode()).hexdigest()
        return Sealed(fingerprint, fingerprint, {"stamp": fingerprint[:4]}, facts)


class Stamp:
    """A seal of no country: it stamps the sales of a legislation."""

    settings_model = StampSettings
    kinds = frozenset(SealKind)

    def __init__(
        self, name: str = "stamp", scope: ChainScope = ChainScope.SERIES, legislation: str = "FRA", refused: str = ""
    ) -> None:
        self.name, self.chain_scope, self._legislation, self._refused = name, scope, legislation, refused

    def seals(self, document: DocumentView) -> bool:
        return document.module == "sales" and document.company.legislation == self._legislation

    def load(self, settings: StampSettings) -> ReadySeal:
        if settings.word == "lost":
            raise SealNotReady([SealProblem("settings.word", "it was lost", "find it")])
        return ReadyStamp(settings.word, self.chain_scope, self._refused)

    def verify_chain(
        self, records: Iterable[tuple[SealRecord, Sealed]], settings: StampSettings, head: str | None = None
    ) -> Iterator[str]:
        ready, previous = self.load(settings), None
        for record, sealed in records:
            if record.previous != previous or ready.seal(record) != sealed:
                yield f"{record.document.number} is not what was stamped"
            previous = sealed.link
        if head is not None and head != previous:
            yield "the last one is missing"


# --- a database that breaks -----------------------------------------------------------------------------------------


class Broken(EngineError):
    """What the database says when a test breaks it."""

    code = "broken"
    says = "statement {at} failed"


@dataclass
class Breaking:
    """`seen`: statements and commits that were reached; `broke` tells whether one of them failed."""

    at: int
    seen: int = 0
    broke: bool = False

    def step(self) -> None:
        place, self.seen = self.seen, self.seen + 1
        if place == self.at:
            self.broke = True
            raise Broken(at=place)


@contextmanager
def breaking(database: Database, at: int) -> Iterator[Breaking]:
    """The statement or commit number `at`, from 0, fails before it reaches the database."""
    state = Breaking(at)

    def on_execute(*_: Any) -> None:
        state.step()

    def on_commit(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("reading") and options.get("isolation_level") != "AUTOCOMMIT":
            state.step()

    event.listen(database.engine, "before_cursor_execute", on_execute)
    event.listen(database.engine, "commit", on_commit)
    try:
        yield state
    finally:
        event.remove(database.engine, "before_cursor_execute", on_execute)
        event.remove(database.engine, "commit", on_commit)


class DocumentsWithin(SqlDocumentStore):
    """Documents as one open transaction sees them, so that a test can spoil rows and roll back."""

    @contextmanager
    def snapshot(self) -> Iterator[SqlDocumentStore]:
        yield self


# --- somebody else, at the wrong moment ------------------------------------------------------------------------------


@dataclass
class InterruptedStore:
    """A posting store at which something happens between plan and write: each of `happens`, one per attempt.

    `late` has it happen after the series is open, right before the transaction.
    """

    store: PostingStore
    happens: list[Callable[[], object]]
    late: bool = False
    attempts: int = field(default=0, init=False)

    def next_id(self, name: str) -> int:
        return self.store.next_id(name)

    def preview(self, series: Series, on: date) -> int:
        return self.store.preview(series, on)

    def open_series(self, series: Series, revision: int) -> None:
        self.attempts += 1
        if not self.late:
            self._interrupt()
        self.store.open_series(series, revision)

    def transaction(self) -> AbstractContextManager[PostingWork]:
        if self.late:
            self._interrupt()
        return self.store.transaction()

    def _interrupt(self) -> None:
        if self.happens:
            self.happens.pop(0)()


@dataclass
class InterruptedBatches:
    """A batch store at which something happens before each transaction: each of `happens`, one per attempt."""

    store: BatchStore
    happens: list[Callable[[], object]]
    attempts: int = field(default=0, init=False)

    def reserve(self, wanted: Mapping[str, int]) -> None:
        self.store.reserve(wanted)

    def open_all(self, series: Iterable[Series], chains: Iterable[Chain], revision: int) -> None:
        self.store.open_all(series, chains, revision)

    def transaction(self, work: Callable[[BatchWork], Result]) -> Result:
        self.attempts += 1
        if self.happens:
            self.happens.pop(0)()
        return self.store.transaction(work)

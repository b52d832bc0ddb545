"""What posting needs of storage: one transaction, and answers that exist already."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from engine.kernel.errors import EngineError
from engine.kernel.faults import Fault, FaultKind
from engine.numbering.counters import Series

BEFORE_LAST = FaultKind(
    "date_before_last",
    "series {series} is chronological and has a document of {last}; this one is of {date}",
    "date it {last} or later",
)
SERIES_CLOSED = FaultKind("series_closed", "series {series} is closed", "use another period or counter")

if TYPE_CHECKING:
    from engine.spi.contracts import DocumentView, Sealed, SealRecord

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """Every row of one posted document. `content` is what its column of that name says, where that is known."""

    document: Row
    lines: Sequence[Row]
    taxes: Sequence[Row]
    entries: Sequence[Row]
    entry_lines: Sequence[Row]
    deliveries: Sequence[Row]
    audit: Sequence[Row] = ()
    seals: Sequence[Row] = ()
    content: Row | None = None

    @property
    def by_table(self) -> dict[str, Sequence[Row]]:
        return {
            "document": [self.document], "document_line": self.lines, "document_tax": self.taxes,
            "entry": self.entries, "entry_line": self.entry_lines, "delivery": self.deliveries, "audit": self.audit,
            "document_seal": self.seals,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document of which some row cannot be read, in the place where it would come."""

    document: int
    value: int
    reason: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A number taken: the series row, the value, and the hash of the document before it."""

    series: int
    value: int
    previous_hash: str


class StalePlan(EngineError):
    """The parametrization changed between plan and write."""

    code = "plan_stale"
    says = "the parametrization changed while the document was being posted"
    remedy = "post it again"


class KeyTaken(EngineError):
    """Another posting with this key was committed first."""

    code = "key_taken"
    says = "a document with this key was posted at the same moment"
    remedy = "post it again: the first answer comes back"


class NumberTaken(EngineError):
    """Two series of a company print the same text."""

    code = "number_given_before"
    says = "the company has given this number before, from another series"
    remedy = "let the counter's text hold what separates its series, such as the year"


class SealInUse(Protocol):
    """A legal seal with a company's settings and keys (spi.seals makes it)."""

    @property
    def name(self) -> str: ...

    def chain(self, document: DocumentView, series: str) -> str:
        """The name of the chain a document is on."""

    def faults(self, record: SealRecord) -> list[Fault]:
        """All that keeps a document from being sealed."""

    def seal(self, record: SealRecord) -> Sealed:
        """Seal one record, its chain being locked. Errors: Faulty, SealBroken."""


class PostingWork(Protocol):
    """One write transaction."""

    def insert(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write rows in one statement."""

    def take(self, series: Series, on: date, revision: int) -> Taken:
        """Take the next number of a series; the series stays locked until commit.

        Errors: StalePlan; Faulty (date_before_last, series_closed).
        """

    def use(self, taken: Taken) -> None:
        """Count a value as given to a document that is the head of another series."""

    def advance(self, series: int, head_hash: str) -> None:
        """Make this document the head of its chain."""

    def lock_chain(self, seal: str, chain: str) -> tuple[str, int]:
        """(the link before, the position of the next) on a seal's chain, which stays locked until commit."""

    def set_chain(self, seal: str, chain: str, link: str) -> None:
        """Make a link the last of its chain."""


class PostingStore(Protocol):
    def transaction(self) -> AbstractContextManager[PostingWork]:
        """Commits at the end, rolls back on any error. Errors: KeyTaken, NumberTaken."""

    def open_series(self, series: Series, revision: int) -> None:
        """Make sure that the series' row exists; it is remembered, so it costs nothing later.

        Errors: StalePlan.
        """

    def open_chain(self, seal: str, chain: str) -> None:
        """Make sure that a chain's row exists; it is remembered."""

    def take_ahead(self, series: Series, on: date, revision: int, *, at: datetime, actor: str, key: str) -> Taken:
        """Take a value of a fast series in a transaction of its own, and write down who took it for what.

        Errors: as `take`.
        """

    def give_up(self, taken: Taken, cause: str) -> None:
        """Write down why a value taken ahead has no document."""

    def next_id(self, name: str) -> int:
        """A technical id, from a block; gaps are harmless."""

    def preview(self, series: Series, on: date) -> int:
        """The value the next document would get, were it posted now. Consumes nothing.

        Errors: Faulty, as `take` would.
        """


class DocumentStore(Protocol):
    """Posted documents, read back."""

    def by_key(self, company: str, key: str) -> Stored | None:
        """The document posted with a key."""

    def by_keys(self, keys: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Stored]:
        """The documents posted with some of these keys, by (company, key); as few statements as for one."""

    def find(self, called: str, company: str = "", series: str = "") -> Sequence[Row]:
        """Document rows by number, else by id."""

    def by_id(self, id: int) -> Row | None:
        """One document row."""

    def corrections(self, document: Row) -> Sequence[Row]:
        """Document rows of the same company and partner that say they correct this one, whole or in a line."""

    def posted(self, since: date | None = None, company: str = "") -> Iterator[Stored]:
        """Documents dated since a day, of a company or of all, in the order of their ids; memory stays flat."""

    def referred(self, company: str, ids: Iterable[int], module: str, numbers: Iterable[str]) -> Sequence[Row]:
        """Document rows of a company: by id, and those of one module by number, the second number included."""

    def whole(self, document: Row) -> Stored:
        """All rows of a document whose own row is known."""

    def used(self, names: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Which of these records, by (table, key), posted documents have used."""

    def count(self, company: str = "") -> int:
        """How many there are, of a company or of all."""

    def snapshot(self) -> AbstractContextManager[DocumentStore]:
        """The same store, as of one moment: what is posted meanwhile is not seen."""

    def all_series(self) -> Sequence[Row]:
        """Every series row."""

    def seal_chains(self) -> Sequence[Row]:
        """Every chain of a legal seal, with its head."""

    def chain_owners(self, chain: Row) -> Sequence[Row]:
        """The companies whose documents are on a chain."""

    def of_chain(self, seal: str, chain: str) -> Iterator[tuple[Row, Stored]]:
        """Every seal of a chain in order, with its document; memory stays flat."""

    def second_numbers(self, series: int) -> Iterator[Row]:
        """Every document whose second number is of a series, in order of its value; memory stays flat.

        Shape: as of `numbers`, with `content`; value and number are the second.
        """

    def taken_ahead(self, series: int) -> Iterator[Row]:
        """Values of a fast series that no document has, in order, with who took them and the cause if it is known."""

    def of_series(self, series: int, after: int | None = None) -> Iterator[Stored | Unreadable]:
        """Every document of a series, or those after a value, in order, without deliveries; memory stays flat."""

    def numbers(self, series: int) -> Iterator[Row]:
        """What a register tells of every document of a series, in order of value; memory stays flat.

        Shape: {"value", "number", "document", "company", "invoice_type", "date", "revision", "posted_at", "actor",
        "key", "hash"}
        """

    def at(self, series: int, value: int) -> Row | None:
        """The same of one document."""

    def survey(self, company: str = "") -> Survey:
        """What belongs to no series, of a company or of all."""


class Survey(Protocol):
    """What a walk through the series cannot meet. Every answer is read some rows at a time."""

    def strays(self) -> Iterator[Row]:
        """{"table", "document", "count"} of rows whose document is not there."""

    def without_series(self) -> Iterator[Row]:
        """Documents whose series is not there."""

    def numbers_twice(self) -> Iterator[Row]:
        """{"company", "module", "number", "count"} of numbers that several documents have."""

    def files_missing(self) -> Iterator[Row]:
        """Deliveries that handed over a file that is not there."""

    def count_files(self) -> int:
        """How many `files` there are."""

    def files(self) -> Iterator[Row]:
        """{"hash", "name", "content"} of every file that was handed over."""


class HistoryStore(Protocol):
    """What was changed, by whom, when: each stream in order of time, memory flat."""

    def unguarded(self) -> list[str]:
        """Tables whose rows may be changed, because what refuses it is gone; by name."""

    def changes(
        self, since: datetime | None = None, actor: str = "", table: str = "", key: str = "", company: str = ""
    ) -> Iterator[Row]:
        """Records that revisions changed: revision, at, actor, message, table_name, key, pack, pack_before, body,
        body_before. `company` is for what is its own."""

    def period_changes(self, since: datetime | None = None, actor: str = "", company: str = "") -> Iterator[Row]:
        """Periods that revisions opened, closed or locked: revision, at, actor, message, company, fiscal_year, period,
        journal, state, state_before."""

    def seal_changes(self, since: datetime | None = None, actor: str = "", company: str = "") -> Iterator[Row]:
        """Seals that revisions set or switched off: revision, at, actor, message, seal, company, settings,
        settings_before; JSON, or "" when it is off."""

    def events(self, since: datetime | None = None, actor: str = "", company: str = "") -> Iterator[Row]:
        """Audit rows, with the `number` of the document they are about."""

    def actors(self) -> Sequence[str]:
        """Everybody who ever changed or posted anything."""

    def records(self) -> Iterator[Row]:
        """Every record of every revision: hash, table_name, key, body."""

    def revision_hashes(self) -> Iterator[Row]:
        """What each revision changed, by hash, in order: id, content_hash, table_name, key, pack, hash."""

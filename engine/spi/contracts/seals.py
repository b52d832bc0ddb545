"""Seals: what a law wants signed or hashed with the number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pydantic import BaseModel

    from engine.spi.contracts.views import DocumentView


class ChainScope(StrEnum):
    """What one chain of seals runs through. The engine keeps its last link, and locks it while the next is made."""

    SERIES = "series"  # the documents of one number series, which posting has locked anyway
    ISSUER = "issuer"  # all records of one issuer, whatever their series


class SealKind(StrEnum):
    ISSUE = "issue"  # a document is posted
    CANCELLATION = "cancellation"  # the record of a posted document is annulled; the document itself stays


@dataclass(frozen=True, slots=True)
class SealRecord:
    """What is sealed: a document that has just taken its number, or one that is annulled."""

    kind: SealKind
    document: DocumentView  # with its number
    series: str  # name of its number series, such as LISBOA/FT/2026
    value: int  # its place in the series
    at: datetime  # UTC: when it was posted, or annulled
    previous: str | None  # the link of the record before it on its chain; None when it is the first


@dataclass(frozen=True, slots=True)
class Sealed:
    """A seal. It is kept beside the document as it is, and never made again."""

    fingerprint: str  # the signature or hash the law names
    link: str  # what the next record of the chain gets as `previous`; opaque to the engine
    printed: Mapping[str, str]  # what paper and screen must show, such as qr, atcud, characters, mention
    facts: Mapping[str, str]  # what was signed or hashed, under its national names: for exports and verification


@dataclass(frozen=True, slots=True)
class SealProblem:
    """Why something cannot be sealed. `field` points into the document's request or the seal's settings."""

    field: str
    reason: str
    remedy: str


class Seal(Protocol):
    name: str  # stored with every seal, so it never changes
    chain_scope: ChainScope
    kinds: frozenset[SealKind]  # what it can seal

    @property
    def settings_model(self) -> type[BaseModel]:
        """The pydantic model of a company's settings. Secrets are references to files or variables, never values."""

    def seals(self, document: DocumentView) -> bool:
        """Is this a document of this law: legislation, module, category, codes? It has no number yet. Pure."""

    def load(self, settings: Any) -> ReadySeal:
        """Read keys from where the settings say, and prove that they fit. The one place where a seal does I/O.

        Called before any number is taken; what it gives serves many documents, from several threads at once.
        Errors: SealNotReady(problems).
        """

    def verify_chain(
        self, records: Iterable[tuple[SealRecord, Sealed]], settings: Any, head: str | None = None
    ) -> Iterator[str]:
        """What is wrong with a whole chain, in words; nothing when all is well. Pure, needs no secret, memory flat.

        `records` are in the order of the chain, from its first; `head` is the last link the engine kept, if it is to
        be compared. A seal is proved by what it holds: settings that have changed since make no old seal wrong.
        """


class ReadySeal(Protocol):
    """A seal with its settings and keys. Pure from here on: no file, network, clock or chance."""

    def chain(self, document: DocumentView, series: str) -> str:
        """The name of the chain the document is on, up to 200 signs; stored, so it never changes. No number needed."""

    def problems(self, record: SealRecord) -> Sequence[SealProblem]:
        """All that is wrong with a document, whatever came before it on the chain: `previous` is not looked at.

        Called before the number is taken, with a number of the series it will be of.
        """

    def seal(self, record: SealRecord) -> Sealed:
        """Seal one record. Called inside the posting transaction, with its chain locked: CPU only, and quick.

        The same record gives the same seal. Errors: SealRefused(problems), and the posting is rolled back, number
        included. Anything else is a plugin's bug, and rolls back too.
        """


class SealError(Exception):
    """Carries everything that is wrong, from a seal to whoever lists it."""

    def __init__(self, problems: Iterable[SealProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{one.field}: {one.reason}" for one in self.problems))


class SealNotReady(SealError):
    """Settings or keys do not do."""


class SealRefused(SealError):
    """This record cannot be sealed."""

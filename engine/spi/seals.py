"""A seal in use: a plugin's seal with its settings and keys, and whatever it does told in our own words.

`in_use` is called before a number is taken, `SealInUse.seal` inside the posting transaction. What a plugin finds wrong
becomes listed faults; what it does wrong becomes SealBroken. Either way nothing is written and no number is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from engine.kernel.errors import EngineError
from engine.kernel.faults import Fault, FaultKind, Faulty, clipped
from engine.kernel.refused import in_plain_words
from engine.spi.contracts import (
    ChainScope,
    Sealed,
    SealError,
    SealKind,
    SealNotReady,
    SealProblem,
    SealRefused,
)

if TYPE_CHECKING:
    from engine.spi.contracts import DocumentView, ReadySeal, Seal, SealRecord

SEAL_NOT_READY = FaultKind("seal_not_ready", "seal {seal} cannot be used: {reason}", "{remedy}")
SEAL_REFUSES = FaultKind("seal_refuses", "seal {seal} cannot be put on this document: {reason}", "{remedy}")
LONGEST_CHAIN = 200
"""Signs of a chain's name, as it is stored."""

Result = TypeVar("Result")


class SealBroken(EngineError):
    """A seal did what no seal may."""

    code = "seal_broken"
    says = "seal {seal} failed: {cause}"
    remedy = "that is a bug of its plugin, tell who made it; nothing was written and no number was used"


@dataclass(frozen=True, slots=True)
class SealInUse:
    """A seal of one company, ready to be put on documents."""

    name: str
    chain_scope: ChainScope
    kinds: frozenset[SealKind]
    ready: ReadySeal

    def chain(self, document: DocumentView, series: str) -> str:
        """The name of the chain a document is on. Errors: SealBroken."""
        chain: object = _kept(self.name, lambda: self.ready.chain(document, series))
        if not isinstance(chain, str) or not 0 < len(chain) <= LONGEST_CHAIN:
            raise _broken(self.name, f"its chain is called {chain!r}")
        return chain

    def faults(self, record: SealRecord) -> list[Fault]:
        """All that keeps a document from being sealed, told before its number is taken. Errors: SealBroken."""
        return _faults(SEAL_REFUSES, self.name, _kept(self.name, lambda: tuple(self.ready.problems(record))))

    def seal(self, record: SealRecord) -> Sealed:
        """Seal one record, its chain being locked. Errors: Faulty(seal_refuses), SealBroken."""
        try:
            sealed = _kept(self.name, lambda: self.ready.seal(record), SealRefused)
        except SealRefused as refused:
            raise Faulty(_faults(SEAL_REFUSES, self.name, _told(refused))) from refused
        if not _is_seal(sealed):
            raise _broken(self.name, f"it gave {sealed!r}, which is no seal")
        return sealed


def in_use(seal: Seal, settings: Mapping[str, Any]) -> SealInUse:
    """A seal with the settings a company has for it, its keys read.

    Errors: Faulty(seal_not_ready), with everything that is wrong; SealBroken.
    """
    model = _kept(seal.name, lambda: seal.settings_model)
    try:
        accepted = _kept(seal.name, lambda: model.model_validate(settings), ValueError)
        ready = _kept(seal.name, lambda: seal.load(accepted), SealNotReady)
    except ValueError as wrong:
        raise Faulty(_faults(SEAL_NOT_READY, seal.name, _wrong_settings(wrong, model.model_fields))) from wrong
    except SealNotReady as wrong:
        raise Faulty(_faults(SEAL_NOT_READY, seal.name, _told(wrong))) from wrong
    return SealInUse(seal.name, seal.chain_scope, seal.kinds, ready)


def _wrong_settings(wrong: ValueError, known: Iterable[str]) -> list[SealProblem]:
    """One problem per field that pydantic refused; its words, never the value, which may be a secret."""
    from pydantic import ValidationError

    remedy = "correct the seal's settings"
    if not isinstance(wrong, ValidationError):
        return [SealProblem("settings", str(wrong), remedy)]
    found = wrong.errors(include_input=False, include_url=False)
    return [
        SealProblem(
            ".".join(map(str, ("settings", *one["loc"]))), in_plain_words(one, known), remedy
        )
        for one in found
    ]  # fmt: skip


def _faults(kind: FaultKind, seal: str, problems: Iterable[SealProblem]) -> list[Fault]:
    return [kind.at(str(one.field), seal=seal, reason=one.reason, remedy=one.remedy) for one in problems]


def _told(error: SealError) -> tuple[SealProblem, ...]:
    """A seal that refuses without a word still refuses."""
    return error.problems or (SealProblem("", "it does not say why", "ask who made its plugin"),)


def _kept(seal: str, call: Callable[[], Result], *expected: type[Exception]) -> Result:
    """What a call gives; anything but the expected errors is the plugin's bug."""
    try:
        return call()
    except expected:
        raise
    except (Exception, SystemExit) as bug:
        raise _broken(seal, f"{type(bug).__name__}: {bug}") from bug


def _is_seal(given: object) -> bool:
    if not isinstance(given, Sealed):
        return False
    needed: tuple[object, ...] = (given.fingerprint, given.link)
    shown: tuple[object, ...] = (given.printed, given.facts)
    return all(isinstance(text, str) and text for text in needed) and all(
        isinstance(texts, Mapping) and all(isinstance(word, str) for pair in texts.items() for word in pair)
        for texts in shown
    )


def _broken(seal: str, cause: str) -> SealBroken:
    return SealBroken(seal=seal, cause=clipped(cause))

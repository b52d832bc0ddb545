"""A seal in use: what it finds wrong is listed before a number is taken, and what it does wrong is told by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from pydantic import model_validator

from engine.kernel.faults import Fault, Faulty
from engine.spi import ChainScope, DocumentView, ReadySeal, Sealed, SealKind, SealNotReady, SealRecord, SealRefused
from engine.spi.seals import SealBroken, SealInUse, in_use
from tests.plugins.facturx.views import document
from tests.support.fakes import Stamp, StampSettings

AT = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
SEALED = Sealed("f", "l", {"qr": "q"}, {"number": "n"})


def record(view: DocumentView | None = None, **changes: Any) -> SealRecord:
    given = SealRecord(SealKind.ISSUE, view or document(), "PARIS/FV/2026", 42, AT, None)
    return replace(given, **changes)


def faults(call: Callable[[], object]) -> tuple[Fault, ...]:
    with pytest.raises(Faulty) as raised:
        call()
    return raised.value.faults


def test_a_seal_in_use_seals_and_chains() -> None:
    used = in_use(Stamp(), {"word": "red"})
    first = used.seal(record())
    second = used.seal(record(value=43, previous=first.link))
    assert used.seal(record()) == first != second
    assert (used.name, used.chain_scope, used.kinds) == ("stamp", ChainScope.SERIES, frozenset(SealKind))
    assert used.chain(document(), "PARIS/FV/2026") == "PARIS/FV/2026"
    assert in_use(Stamp(scope=ChainScope.ISSUER), {"word": "red"}).chain(document(), "PARIS/FV/2026") == "FR01"


def test_settings_that_the_model_refuses_are_listed_by_field_and_never_shown() -> None:
    found = faults(lambda: in_use(Stamp(), {"wrod": "s3cret", "word": 7}))
    assert [(one.code, one.path) for one in found] == [
        ("seal_not_ready", "settings.word"),
        ("seal_not_ready", "settings.wrod"),
    ]
    assert "s3cret" not in str(found) and "seal stamp cannot be used" in found[0].message


def test_settings_that_do_not_fit_together_are_listed_too() -> None:
    class Paired(StampSettings):
        @model_validator(mode="after")
        def _fits(self) -> Paired:
            raise ValueError("one of two is missing")

    class Picky(Stamp):
        settings_model = Paired

    (found,) = faults(lambda: in_use(Picky(), {"word": "red"}))
    assert (found.path, found.message) == ("settings", "seal stamp cannot be used: one of two is missing")


def test_keys_that_cannot_be_read_are_listed_with_the_way_out() -> None:
    (found,) = faults(lambda: in_use(Stamp(), {"word": "lost"}))
    assert (found.path, found.message, found.remedy) == (
        "settings.word",
        "seal stamp cannot be used: it was lost",
        "find it",
    )


def test_what_cannot_be_sealed_is_told_before_and_refused_after_the_number() -> None:
    used = in_use(Stamp(refused="secret"), {"word": "red"})
    bad = record(document(subject="secret"))
    before = used.faults(bad)
    assert [(one.code, one.path, one.remedy) for one in before] == [
        ("seal_refuses", "subject", "call it something else")
    ]
    assert faults(lambda: used.seal(bad)) == tuple(before)
    assert used.faults(record()) == []


@dataclass
class Odd:
    """A ready seal that gives, or raises, what it is told to."""

    gives: object

    def _do(self) -> Any:
        if isinstance(self.gives, BaseException):
            raise self.gives
        return self.gives

    def chain(self, document: DocumentView, series: str) -> str:
        return cast(str, self._do())

    def problems(self, record: SealRecord) -> Any:
        return self._do()

    def seal(self, record: SealRecord) -> Sealed:
        return cast(Sealed, self._do())


def odd(gives: object) -> SealInUse:
    return SealInUse("odd", ChainScope.SERIES, frozenset(SealKind), cast(ReadySeal, Odd(gives)))


def sealed_but(**changes: Any) -> Sealed:
    return replace(SEALED, **changes)


NO_SEAL = [
    None,
    "sealed",
    sealed_but(fingerprint=""),
    sealed_but(link=""),
    sealed_but(link=None),
    sealed_but(printed=None),
    sealed_but(printed={"qr": 1}),
    sealed_but(facts={1: "x"}),
    RuntimeError("boom"),
    SystemExit(3),
]


@pytest.mark.parametrize("gives", NO_SEAL, ids=str)
def test_a_seal_that_gives_no_seal_is_told_by_name(gives: object) -> None:
    with pytest.raises(SealBroken, match="seal_broken seal odd failed") as broken:
        odd(gives).seal(record())
    assert "no number was used" in broken.value.way_out


@pytest.mark.parametrize("gives", [None, "", "x" * 201, 7, RuntimeError("boom")], ids=str)
def test_a_chain_without_a_name_that_can_be_stored_is_told_by_seal(gives: object) -> None:
    with pytest.raises(SealBroken, match="odd"):
        odd(gives).chain(document(), "PARIS/FV/2026")


@pytest.mark.parametrize(
    "gives", [None, 7, RuntimeError("boom\x1b[2J" + "x" * 2000)], ids=lambda one: type(one).__name__
)
def test_a_seal_that_fails_to_check_is_told_by_name_and_cannot_write_over_the_screen(gives: object) -> None:
    with pytest.raises(SealBroken, match="odd") as broken:
        odd(gives).faults(record())
    assert "\x1b" not in str(broken.value) and len(str(broken.value)) < 500


@pytest.mark.parametrize("error", [SealRefused([]), SealRefused(iter(()))], ids=repr)
def test_a_seal_that_refuses_without_a_word_still_refuses(error: SealRefused) -> None:
    (found,) = faults(lambda: odd(error).seal(record()))
    assert "does not say why" in found.message


def test_a_seal_that_fails_to_load_is_told_by_name() -> None:
    class Failing(Stamp):
        def load(self, settings: StampSettings) -> ReadySeal:
            raise OSError("disk on fire")

    class Silent(Stamp):
        def load(self, settings: StampSettings) -> ReadySeal:
            raise SealNotReady([])

    with pytest.raises(SealBroken, match="stamp failed: OSError: disk on fire"):
        in_use(Failing(), {"word": "red"})
    (found,) = faults(lambda: in_use(Silent(), {"word": "red"}))
    assert found.code == "seal_not_ready"


def test_a_chain_is_verified_from_what_is_kept() -> None:
    seal, chain, previous = Stamp(), [], None
    used = in_use(seal, {"word": "red"})
    for value in range(1, 6):
        one = record(document(number=f"FV-{value}"), value=value, previous=previous)
        sealed = used.seal(one)
        chain.append((one, sealed))
        previous = sealed.link
    settings = StampSettings(word="red")
    assert not [*seal.verify_chain(chain, settings, previous)]
    assert [*seal.verify_chain(chain[:2] + chain[3:], settings, previous)]
    assert [*seal.verify_chain(chain[:4], settings, previous)] == ["the last one is missing"]

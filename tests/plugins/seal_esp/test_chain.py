"""A chain holds, and whatever is done to it is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spi import Sealed, SealKind, SealRecord, SealRefused
from plugins.seal_esp import huella
from plugins.seal_esp.chain import verify_chain
from plugins.seal_esp.seal import SpanishSeal
from tests.plugins.seal_esp.builders import AT, COMPANY, Chain, chained, document, invoices, ready, record, settings

NUMBERS = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'<>="), min_size=1, max_size=60
)
AMOUNTS = st.decimals(0, 10**9, places=2)


def wrong(chain: Chain, head: str | None = None) -> list[str]:
    return [*verify_chain(chain, head)]


@given(st.integers(1, 12), st.sets(st.integers(1, 12)))
def test_a_chain_of_invoices_and_annulments_holds(count: int, cancelled: set[int]) -> None:
    chain = chained(invoices(count, sorted(cancelled)))
    assert wrong(chain) == [] == wrong(chain, chain[-1][1].link)
    assert [*SpanishSeal().verify_chain(iter(chain), settings(), chain[-1][1].link)] == []


@given(st.integers(2, 9), st.data())
def test_a_record_that_is_removed_is_found(count: int, data: st.DataObject) -> None:
    """Inside the chain by the next one, at its end by the head."""
    chain = chained(invoices(count, [2]))
    gone = data.draw(st.integers(0, len(chain) - 1))
    head = chain[-1][1].link
    assert wrong(chain[:gone] + chain[gone + 1 :], head)
    assert bool(wrong(chain[:gone] + chain[gone + 1 :])) == (gone < len(chain) - 1)


@given(st.integers(2, 9), st.data())
def test_two_records_that_are_swapped_or_one_told_twice_are_found(count: int, data: st.DataObject) -> None:
    chain = chained(invoices(count, [1]))
    place = data.draw(st.integers(0, len(chain) - 2))
    swapped = [*chain]
    swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
    assert wrong(swapped) and wrong(chain[: place + 1] + chain[place:])


def dearer(record_: SealRecord, total: str) -> SealRecord:
    """By a cent, in its tax or in its net."""
    totals = record_.document.totals
    more = {total: getattr(totals, total) + Decimal("0.01")}
    return replace(record_, document=replace(record_.document, totals=replace(totals, **more)))


def other(record_: SealRecord, **changes: Any) -> SealRecord:
    return replace(record_, document=replace(record_.document, **changes))


CHANGES: dict[str, Callable[[SealRecord], SealRecord]] = {
    "number": lambda one: other(one, number=one.document.number + "9"),
    "date": lambda one: other(one, date=one.document.date + timedelta(1)),
    "issuer": lambda one: other(one, company=replace(COMPANY, vat_number="89890001K")),
    "tax": lambda one: dearer(one, "tax"),
    "net": lambda one: dearer(one, "net"),
    "credit": lambda one: other(one, is_credit=True, national_code="R1"),
    "moment": lambda one: replace(one, at=one.at + timedelta(seconds=1)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_of_what_is_sealed_changes_the_fingerprint_and_is_found(
    change: Callable[[SealRecord], SealRecord],
) -> None:
    chain = chained(invoices(4))
    record_, sealed = chain[1]
    changed = change(record_)
    assert ready().seal(changed).fingerprint != sealed.fingerprint
    assert wrong([chain[0], (changed, sealed), *chain[2:]])
    assert wrong([chain[0], (changed, ready().seal(changed)), *chain[2:]]), "rebuilt, it no longer fits the next one"


@pytest.mark.parametrize("name", [field for field in Sealed.__dataclass_fields__])
def test_any_change_of_a_seal_that_is_kept_is_found(name: str) -> None:
    chain = chained(invoices(3, [2]))
    for place, (record_, sealed) in enumerate(chain):
        kept = getattr(sealed, name)
        spoilt: list[Any] = [kept + " ", ""] if isinstance(kept, str) else [kept | {"new": "x"}]
        if isinstance(kept, dict):
            spoilt += [{key: text for key, text in kept.items() if key != gone} for gone in kept]
            spoilt += [kept | {key: kept[key] + "1"} for key in kept if key != "NumeroInstalacion"]
        for worse in spoilt:
            assert wrong([*chain[:place], (record_, replace(sealed, **{name: worse})), *chain[place + 1 :]]), worse


@given(NUMBERS, NUMBERS, AMOUNTS, AMOUNTS)
def test_two_records_have_one_fingerprint_only_if_they_say_the_same(
    one: str, other: str, tax: Decimal, net: Decimal
) -> None:
    first, second = (ready().seal(record(document(str(tax), str(net), number=number))) for number in (one, other))
    assert (first.fingerprint == second.fingerprint) == (one == other)
    assert first == ready().seal(record(document(str(tax), str(net), number=one)))


def test_a_record_is_never_dated_before_the_one_it_follows() -> None:
    """Who waited for the chain read the clock before; a minute is what the law lets clocks differ."""
    seal = ready()
    first = seal.seal(record())
    late = record(document(number="FV-2"), at=AT - timedelta(seconds=60), previous=first.link)
    second = seal.seal(late)
    assert second.facts[huella.MOMENT] == first.facts[huella.MOMENT] == "2027-01-04T09:30:00+01:00"
    assert wrong([(record(), first), (late, second)]) == []
    with pytest.raises(SealRefused, match="more than a minute after now"):
        seal.seal(replace(late, at=AT - timedelta(seconds=61)))


def test_the_hour_that_comes_twice_is_told_by_its_offset() -> None:
    summer, winter = (datetime(2027, 10, 31, hour, 30, tzinfo=UTC) for hour in (0, 1))
    chain = chained([record(at=summer), record(document(number="FV-2"), at=winter)])
    assert [sealed.facts[huella.MOMENT] for _, sealed in chain] == [
        "2027-10-31T02:30:00+02:00", "2027-10-31T02:30:00+01:00"
    ]  # fmt: skip
    assert wrong(chain) == []


def test_settings_that_changed_since_make_no_old_record_wrong() -> None:
    """Zone, service and types were of their day; the chain is the installation's own."""
    chain = chained(invoices(2), ready(service="test", time_zone="Atlantic/Canary", types={"FACT": "F2"}))
    last = record(document(number="FV-9"), at=AT + timedelta(hours=1), previous=chain[-1][1].link)
    chain.append((last, ready().seal(last)))
    assert wrong(chain) == []


def test_what_was_never_sealed_cannot_be_annulled() -> None:
    with pytest.raises(SealRefused, match="nothing was ever sealed"):
        ready().seal(record(kind=SealKind.CANCELLATION))


@pytest.mark.parametrize("link", ["", "x", "{}", "[]", '{"Huella": 1}', '"IDEmisorFactura"'])
def test_a_link_that_is_none_of_ours_is_refused_and_found(link: str) -> None:
    with pytest.raises(SealRefused, match="cannot be read"):
        ready().seal(record(previous=link))
    (first, sealed), second = chained(invoices(2))
    spoilt = replace(sealed, link=link)
    assert wrong([(first, spoilt), (replace(second[0], previous=link), second[1])])


@pytest.mark.parametrize("dated", ["", "yesterday", "2027-01-04T09:31:00", "2027-01-04", "9999-99-99T00:00:00+01:00"])
def test_a_moment_that_is_none_is_found(dated: str) -> None:
    (first, sealed), *rest = chained(invoices(2))
    assert wrong([(first, replace(sealed, facts={**sealed.facts, huella.MOMENT: dated})), *rest])


def test_an_empty_chain_holds_only_if_nothing_was_kept() -> None:
    assert wrong([]) == [] and wrong([], "left")


def test_dates_far_away_are_written_with_four_digits() -> None:
    assert ready().seal(record(document(date=date(987, 3, 4)))).facts[huella.DATE] == "04-03-0987"

"""A chain holds, and whatever is done to it is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spi import Sealed, SealKind, SealRecord, SealRefused
from plugins.seal_prt import signature
from plugins.seal_prt.chain import verify_chain
from plugins.seal_prt.ready import ReadyPortugueseSeal
from plugins.seal_prt.seal import PortugueseSeal
from tests.plugins.seal_prt.builders import (
    AT,
    COMPANY,
    Chain,
    another_key,
    chained,
    document,
    invoices,
    public_pem,
    ready,
    record,
    settings,
    signing_key,
    tax,
)

PUBLIC = {1: public_pem(signing_key())}
CENTS = st.decimals(0, 10**9, places=2)


def wrong(chain: Chain, head: str | None = None) -> list[str]:
    return [*verify_chain(chain, PUBLIC, head)]


@given(st.integers(1, 12))
def test_a_chain_holds_with_the_public_key_alone(count: int) -> None:
    chain = chained(invoices(count))
    assert wrong(chain) == [] == wrong(chain, chain[-1][1].link)
    assert [*PortugueseSeal().verify_chain(iter(chain), settings(), chain[-1][1].link)] == []


def test_the_same_record_gives_the_same_seal() -> None:
    assert ready().seal(record()) == ready().seal(record())


@given(st.integers(2, 9), st.data())
def test_a_document_that_is_removed_is_found(count: int, data: st.DataObject) -> None:
    """Inside the chain by the next one, at its end by the head."""
    chain = chained(invoices(count))
    gone = data.draw(st.integers(0, count - 1))
    head = chain[-1][1].link
    assert wrong(chain[:gone] + chain[gone + 1 :], head)
    assert bool(wrong(chain[:gone] + chain[gone + 1 :])) == (gone < count - 1)


@given(st.integers(2, 9), st.data())
def test_two_that_are_swapped_or_one_told_twice_are_found(count: int, data: st.DataObject) -> None:
    chain = chained(invoices(count))
    place = data.draw(st.integers(0, count - 2))
    swapped = [*chain]
    swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
    assert wrong(swapped) and wrong(chain[: place + 1] + chain[place:])


def other(record_: SealRecord, **changes: Any) -> SealRecord:
    return replace(record_, document=replace(record_.document, **changes))


CHANGES: dict[str, Callable[[SealRecord], SealRecord]] = {
    "date": lambda one: other(one, date=one.document.date + timedelta(1)),
    "moment": lambda one: replace(one, at=one.at + timedelta(seconds=1)),
    "number": lambda one: other(one, number="FT 2026A/02"),
    "base": lambda one: document_of(one, "200.01", "46.00"),
    "tax": lambda one: document_of(one, "200.00", "46.01"),
}


def document_of(one: SealRecord, base: str, amount: str) -> SealRecord:
    view = document(tax(base, amount), number=one.document.number)
    return replace(one, document=view)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_of_what_is_signed_changes_the_signature_and_is_found(
    change: Callable[[SealRecord], SealRecord],
) -> None:
    chain = chained(invoices(4))
    signed, sealed = chain[1]
    changed = change(signed)
    again = ready().seal(changed)
    assert again.fingerprint != sealed.fingerprint
    assert wrong([chain[0], (changed, sealed), *chain[2:]])
    assert wrong([chain[0], (changed, again), *chain[2:]]), "signed again, it no longer fits the next one"


def test_a_change_that_is_not_signed_is_found_all_the_same() -> None:
    chain = chained(invoices(2))
    for changed in (
        other(chain[0][0], company=replace(COMPANY, vat_number="500000000")),
        other(chain[0][0], self_billed=True),
        other(chain[0][0], partner=replace(chain[0][0].document.partner, vat_number="PT111111111")),
        replace(chain[0][0], kind=SealKind.CANCELLATION),
    ):
        assert wrong([(changed, chain[0][1]), chain[1]])


@pytest.mark.parametrize("name", Sealed.__dataclass_fields__)
def test_any_change_of_a_seal_that_is_kept_is_found(name: str) -> None:
    chain = chained(invoices(3))
    for place, (signed, sealed) in enumerate(chain):
        kept = getattr(sealed, name)
        spoilt: list[Any] = [kept + " ", ""] if isinstance(kept, str) else [kept | {"new": "x"}]
        if isinstance(kept, dict):
            spoilt += [{key: text for key, text in kept.items() if key != gone} for gone in kept]
            spoilt += [kept | {key: kept[key] + "1"} for key in kept]
        for worse in spoilt:
            assert wrong([*chain[:place], (signed, replace(sealed, **{name: worse})), *chain[place + 1 :]]), worse


def test_any_change_of_a_qr_code_but_the_name_of_a_space_is_found() -> None:
    (signed, sealed), *_ = chain = chained(invoices(1))
    parts = sealed.printed["qr"].split("*")
    assert wrong(chain) == []
    for place, part in enumerate(parts):
        for worse in (part + "1", part[:-1], part.replace(":", ""), ""):
            code = "*".join([*parts[:place], worse, *parts[place + 1 :]])
            spoilt = replace(sealed, printed={**sealed.printed, "qr": code})
            assert bool(wrong([(signed, spoilt)])) == (not worse.startswith("I1:")), worse
    for added in ("S:x*", "Z:1*", "*R:9999", "*"):
        code = added + sealed.printed["qr"] if added.endswith("*") else sealed.printed["qr"] + added
        assert wrong([(signed, replace(sealed, printed={**sealed.printed, "qr": code}))])


@given(CENTS, CENTS, CENTS, CENTS)
def test_two_documents_have_one_signature_only_if_their_totals_are_the_same(
    base: Decimal, amount: Decimal, other_base: Decimal, other_amount: Decimal
) -> None:
    one, two = (
        ready().seal(record(document(tax(f"{left:.2f}", f"{right:.2f}"))))
        for left, right in ((base, amount), (other_base, other_amount))
    )
    assert (one.fingerprint == two.fingerprint) == (base + amount == other_base + other_amount)


def test_a_signature_of_another_key_does_not_hold() -> None:
    forged = chained(invoices(2), ReadyPortugueseSeal(settings(), another_key()))
    assert "FT 2026A/1: its signature does not hold" in wrong(forged)
    assert [*verify_chain(forged, {1: public_pem(another_key())})] == []


def test_each_document_is_proved_with_the_key_of_its_day() -> None:
    """HashControl tells which: the program got a new key, the chain goes on."""
    first, second = invoices(2)
    one = ready().seal(first)
    renewed = ReadyPortugueseSeal(settings(key_version=2), another_key())
    second = replace(second, previous=one.link)
    two = renewed.seal(second)
    chain = [(first, one), (second, two)]
    assert two.facts["HashControl"] == "2"
    assert [*verify_chain(chain, PUBLIC | {2: public_pem(another_key())})] == []
    assert [*verify_chain(chain, PUBLIC)] == ["FT 2026A/2: there is no public key of version 2 that can be read"]
    assert any("version 1" in words for words in verify_chain(chain, {1: "no key"}))


@pytest.mark.parametrize("spoilt", ["", "=", "é", "AAAA", "A" * 172, "A" * 171 + "=", "\n"])
def test_what_is_no_signature_does_not_hold(spoilt: str) -> None:
    assert not signature.holds("text", spoilt, signing_key().public_key())


def test_a_signature_in_another_spelling_does_not_hold() -> None:
    """The last sign of base64 has bits to spare; only one spelling is ours."""
    text = signature.sign("text", signing_key())
    assert signature.holds("text", text, signing_key().public_key()) and text.endswith("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    spelt = text[:-2] + alphabet[alphabet.index(text[-2]) ^ 1] + "="
    assert not signature.holds("text", spelt, signing_key().public_key())
    assert not signature.holds("text", text + "\n", signing_key().public_key())


# --- what may follow what -------------------------------------------------------------------------------------------


def test_who_waited_for_the_series_is_entered_after_the_one_before() -> None:
    """The clock was read before the series was locked."""
    first = ready().seal(record())
    late = record(document(number="FT 2026A/2"), value=2, at=AT - timedelta(seconds=3), previous=first.link)
    second = ready().seal(late)
    assert second.facts["SystemEntryDate"] == first.facts["SystemEntryDate"] == "2026-03-02T10:15:30"
    assert wrong([(record(), first), (late, second)]) == []


def test_the_hour_that_comes_twice_goes_not_back() -> None:
    """On 25 October 2026 at 2:00 Lisbon's clocks show 1:00 again; the entry date has no offset and may not fall."""
    twice = [datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC), datetime(2026, 10, 25, 1, 0, tzinfo=UTC)]
    after = datetime(2026, 10, 25, 2, 30, tzinfo=UTC)
    chain = chained([replace(one, at=at) for one, at in zip(invoices(3), [*twice, after], strict=True)])
    assert [sealed.facts["SystemEntryDate"] for _, sealed in chain] == [
        "2026-10-25T01:59:59", "2026-10-25T01:59:59", "2026-10-25T02:30:00"
    ]  # fmt: skip
    assert wrong(chain) == []


def test_a_clock_that_went_wrong_stops_the_series() -> None:
    first = ready().seal(record(at=AT + timedelta(days=300)))
    with pytest.raises(SealRefused, match="after now"):
        ready().seal(record(document(number="FT 2026A/2"), value=2, previous=first.link))


NC = {"number": "NC 2026A/1", "national_code": "NC", "is_credit": True}


@pytest.mark.parametrize(
    ("changes", "value", "words"),
    [
        ({"number": "FT 2026A/3"}, 3, "would follow FT 2026A/1"),
        ({"number": "FT 2026A/1"}, 1, "would follow FT 2026A/1"),
        ({"number": "FAC 001/2"}, 2, "would follow FT 2026A/1 "),
        (NC | {"number": "NC 2026A/2"}, 2, "FT 2026A/1 "),
        (NC | {"number": "FT 2026A/2"}, 2, r"\(NC\) would follow FT 2026A/1 \(FT\)"),
        ({"number": "FT 2026A/2", "date": AT.date() - timedelta(1)}, 2, "this one of 2026-03-01"),
    ],
    ids=["gap", "twice", "other series", "other type and series", "other type", "date goes back"],
)
def test_what_may_not_follow_is_refused(changes: dict[str, Any], value: int, words: str) -> None:
    first = ready().seal(record())
    with pytest.raises(SealRefused, match=words):
        ready().seal(record(document(**changes), value=value, previous=first.link))


@pytest.mark.parametrize(("number", "value"), [("FT 2026A/2", 2), ("FAC 001/13", 13), ("FAC 001/1", 1)])
def test_a_series_begins_at_the_number_that_was_communicated(number: str, value: int) -> None:
    """Documents posted before the seal was in use are missing from its chain."""
    with pytest.raises(SealRefused, match="would be the first that is signed"):
        ready().seal(record(document(number=number), value=value))


@pytest.mark.parametrize("link", ["", "x", "{}", "[]", '{"Hash": 1}', "7", "[" * 100_000])
def test_a_link_that_is_none_of_ours_is_refused_and_found(link: str) -> None:
    with pytest.raises(SealRefused, match="cannot be read"):
        ready().seal(record(previous=link))
    (first, sealed), second = chained(invoices(2))
    assert wrong([(first, replace(sealed, link=link)), (replace(second[0], previous=link), second[1])])


@pytest.mark.parametrize("entry", ["", "yesterday", "2026-03-02T10:15:30+00:00", "2026-13-02T10:15:30"])
def test_a_link_with_no_moment_in_it_is_found(entry: str) -> None:
    (first, sealed), second = chained(invoices(2))
    spoilt = sealed.link.replace(sealed.facts["SystemEntryDate"], entry)
    assert wrong([(first, replace(sealed, link=spoilt)), (replace(second[0], previous=spoilt), second[1])])
    with pytest.raises(SealRefused, match="cannot be read"):
        ready().seal(replace(second[0], previous=spoilt))


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../../etc/passwd", "\x00"])
def test_a_zone_that_is_none_is_found(zone: str) -> None:
    (first, sealed), *rest = chained(invoices(2))
    assert wrong([(first, replace(sealed, facts={**sealed.facts, "TimeZone": zone})), *rest])


def test_settings_that_changed_since_make_no_old_document_wrong() -> None:
    """Zone, certificate, taxes and codes were of their day."""
    islands = ready(
        time_zone="Atlantic/Azores", certificate="0177", region="PT-AC", taxes={"S23": {"level": "normal"}}, other="x",
        types={"FAT": "FT"},
    )  # fmt: skip
    assert wrong(chained(invoices(3), islands)) == []


def test_a_cancellation_is_not_signed() -> None:
    with pytest.raises(SealRefused, match="signs no cancellations"):
        ready().seal(record(kind=SealKind.CANCELLATION))


def test_an_empty_chain_holds_only_if_nothing_was_kept() -> None:
    assert wrong([]) == [] and wrong([], "left")

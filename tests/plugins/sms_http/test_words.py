"""Numbers, segments, texts and settings: what is pure."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from engine.spi import Message, Rejected, Validation
from plugins.sms_http.mapping import own_words, sender_for, text_of
from plugins.sms_http.phones import phone, split
from plugins.sms_http.segments import DEFAULT, EXTENSION, Segments, segments
from plugins.sms_http.settings import SmsSettings
from tests.plugins.facturx.views import french_mixed, italian_plain
from tests.plugins.parcels import CANARY, parcel

GOOD: dict[str, Any] = {
    "preset": "custom", "url": "https://sms.example.com/send", "secret": "x", "senders": {"+": "Acme"}, "prefix": "+39",
}  # fmt: skip
TWILIO = {"preset": "twilio", "url": "", "user": "AC" + "0a" * 16}


def settings(**changes: Any) -> SmsSettings:
    return SmsSettings.model_validate(GOOD | changes)


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "prefix", "number"),
    [
        ("+39 333 123 4567", "+33", "+393331234567"), ("0039 333.123.4567", "+33", "+393331234567"),
        ("06 12 34 56 78", "+33", "+33612345678"), ("+33 (0)6 12 34 56 78", "+39", "+33612345678"),
        ("333 1234567", "+39", "+393331234567"), ("051 000000", "+39", "+39051000000"),
        ("0549 882345", "+378", "+3780549882345"),
        ("612-345-678", "+34", "+34612345678"), ("912\u00a0345\u202f678", "+351", "+351912345678"),
        ("020 7946 0000", "+44", "+442079460000"), ("(415) 555-0100", "+1", "+14155550100"),
        ("", "+39", None), ("ask Anna", "+39", None), ("+39", "+39", None),
        ("12", "+39", None), ("+0123456789", "+39", None),
        ("+39 333 1234567 ext 5", "+39", None), ("+39" + "3" * 14, "+39", None), ("++393331234567", "+39", None),
        ("٣٣٣١٢٣٤٥٦٧", "+39", None), ("+39 333 1234567\r\nBcc", "+39", None), ("3331234567;333", "+39", None),
    ],
)  # fmt: skip
def test_a_number_is_read_as_people_write_it(written: str, prefix: str, number: str | None) -> None:
    assert phone(written, prefix) == number


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.sampled_from(["+39", "+33", "+1"]))
def test_what_is_e164_stays_as_it_is(number: str, prefix: str) -> None:
    assert phone(number, prefix) == number
    assert phone(f" 00{number[1:4]} {number[4:]} ", prefix) == number


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_none(text: str) -> None:
    found = phone(text, "+39")
    assert found is None or (found[0] == "+" and found[1:].isascii() and found[1:].isdigit() and len(found) <= 16)


def test_a_field_may_hold_several_numbers() -> None:
    assert split("+39 333 1; +39 333 2,+39 333 1\n") == ("+39 333 1", "+39 333 2")


# --- segments ---------------------------------------------------------------------------------------------------------

GSM = st.text(st.sampled_from(sorted(DEFAULT)), min_size=1, max_size=500)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", Segments("gsm", 0, 0)), ("a" * 160, Segments("gsm", 160, 1)), ("a" * 161, Segments("gsm", 161, 2)),
        ("a" * 306, Segments("gsm", 306, 2)), ("a" * 307, Segments("gsm", 307, 3)), ("€" * 80, Segments("gsm", 160, 1)),
        ("€" * 81, Segments("gsm", 162, 2)), ("a" * 152 + "€" + "a" * 152, Segments("gsm", 306, 3)),
        ("ê" * 70, Segments("ucs2", 70, 1)), ("ê" * 71, Segments("ucs2", 71, 2)), ("ê" * 135, Segments("ucs2", 135, 3)),
        ("😀" * 35, Segments("ucs2", 70, 1)), ("😀" * 36, Segments("ucs2", 72, 2)),
        ("a" * 66 + "😀" * 34, Segments("ucs2", 134, 3)),
        ("Total: 5 €", Segments("gsm", 11, 1)), ("ç", Segments("ucs2", 1, 1)), ("Ç", Segments("gsm", 1, 1)),
    ],
    ids=range(17),
)  # fmt: skip
def test_a_text_is_counted_as_it_is_paid(text: str, size: Segments) -> None:
    assert segments(text) == size


@given(GSM)
def test_signs_of_the_default_alphabet_count_one(text: str) -> None:
    size = segments(text)
    assert size.units == len(text) and size.count == (1 if len(text) <= 160 else -(-len(text) // 153))


@given(st.text(st.sampled_from(sorted(DEFAULT | EXTENSION)), min_size=1, max_size=500))
def test_the_extension_counts_two_and_is_not_cut(text: str) -> None:
    size = segments(text)
    extended = sum(sign in EXTENSION for sign in text)
    assert size.alphabet == "gsm" and size.units == len(text) + extended
    if size.units > 160:
        assert -(-size.units // 153) <= size.count <= -(-size.units // 152)


@given(st.text(st.characters(codec="utf-16", exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_other_texts_are_utf_16(text: str) -> None:
    size = segments(text)
    if size.alphabet == "ucs2":
        assert size.units == len(text.encode("utf-16-be")) // 2
        assert size.count == 1 if size.units <= 70 else -(-size.units // 67) <= size.count <= -(-size.units // 66)


@given(st.text(max_size=200), st.text(max_size=50))
def test_more_text_never_takes_fewer_messages(text: str, more: str) -> None:
    assert segments(text).count <= segments(text + more).count


# --- texts ------------------------------------------------------------------------------------------------------------


def test_without_a_message_the_document_speaks_its_own_language() -> None:
    french, italian = french_mixed(), italian_plain()
    assert own_words(french).startswith("Ateliers Duval SAS : Facture FA-2026-00042 du 02/11/2026, ")
    assert own_words(italian).startswith("Officine Bianchi S.r.l.: Fattura 2026/00042 del 02/11/2026, ")
    assert own_words(replace(french, language="xx")).startswith(
        "Ateliers Duval SAS: Facture FA-2026-00042 of 2026-11-02, "
    )
    assert f"{french.totals.payable:f}".replace(".", ",") + " EUR." in own_words(french)
    assert "EUR" not in own_words(replace(french, category="delivery_note"))


@pytest.mark.parametrize("language", ["en", "fr", "it", "es", "pt", "de"])
def test_a_default_text_fits_into_one_message(language: str) -> None:
    document = replace(french_mixed(), language=language)
    document = replace(document, totals=replace(document.totals, payable=Decimal("123456789.00")))
    assert segments(own_words(document)).count == 1


def test_a_text_that_costs_too_much_is_refused_by_its_field() -> None:
    given = parcel(settings(most_segments=2), message=Message("a" * 307))
    with pytest.raises(Validation, match="takes 3 messages") as refused:
        text_of(given)
    assert [issue.path for issue in refused.value.issues] == ["message.text"]
    assert text_of(parcel(settings(most_segments=2), message=Message("a" * 306))) == "a" * 306


def test_control_signs_leave_a_text_and_line_breaks_stay() -> None:
    assert text_of(parcel(settings(), message=Message(" a\x00b\u202ec\nd "))) == "abc\nd"


# --- senders ----------------------------------------------------------------------------------------------------------


def test_the_sender_follows_the_recipients_country() -> None:
    given = settings(senders="+39=Acme|Acme Srl, +1=+15005550006, +1415=54321")
    assert [sender_for(number, given) for number in ("+393331234567", "+12125550100", "+14155550100")] == [
        "Acme", "+15005550006", "54321",
    ]  # fmt: skip
    assert sender_for("+393331234567", given, "Acme Srl") == "Acme Srl"
    with pytest.raises(Rejected, match="allowed: Acme, Acme Srl"):
        sender_for("+393331234567", given, "Bank")
    with pytest.raises(Rejected, match="add its country"):
        sender_for("+33612345678", given)
    assert sender_for("+33612345678", settings(senders="+=Acme,+39=Other")) == "Acme"


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("preset", "other"), ("url", "sms.example.com"), ("url", "https://127.1/"), ("health_url", "ftp://x"),
        ("user", "a:b"), ("user", "a b"), ("account", "../x"), ("senders", {}), ("senders", {"39": "Acme"}),
        ("senders", {"+39": "much too long a name"}), ("senders", {"+39": "A\r\nB"}), ("senders", {"+39": "Àcme"}),
        ("senders", {"+39": ""}), ("prefix", "39"), ("prefix", "+"), ("most_segments", 0), ("most_segments", 11),
        ("quality", "XX"), ("body", "xml"), ("login", "digest"), ("login_header", "X Y"), ("to_field", "a b"),
        ("more_fields", {"a b": "x"}), ("reference", "a b"), ("timeout", 0), ("timeout", 301), ("token", "x"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_work_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**{field: value})
    assert refused.value.errors()[0]["loc"][0] == field


@pytest.mark.parametrize(
    "given",
    [
        {"url": ""}, {"secret": ""}, {"secret": f"{CANARY}\r\nX: y"}, {"login": "basic"}, {"url": "http://10.0.0.1/"},
        {"recipients": "nobody"}, {**TWILIO, "user": "anna"}, {"preset": "skebby"}, {**TWILIO, "user": ""},
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_together_are_refused_without_their_secret(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**({"secret": CANARY} | given))
    assert CANARY not in str(refused.value)


def test_settings_may_come_from_the_command_line_and_survive_being_kept() -> None:
    given = settings(
        senders="+39=Acme|Acme Srl, +=+15005550006", recipients="0039 333 1234567",
        more_fields="type=text", most_segments="2",
    )  # fmt: skip
    assert given.senders == {"+39": ("Acme", "Acme Srl"), "+": ("+15005550006",)}
    assert given.recipients == ("0039 333 1234567",) and given.more_fields == {"type": "text"}
    kept = given.model_dump(mode="json", exclude={"secret"})
    assert SmsSettings.model_validate(kept | {"secret": "x"}) == given


def test_presets_know_their_addresses() -> None:
    assert settings(**TWILIO).send_url == f"https://api.twilio.com/2010-04-01/Accounts/{TWILIO['user']}/Messages.json"
    assert settings(**TWILIO).test_url == f"https://api.twilio.com/2010-04-01/Accounts/{TWILIO['user']}.json"
    assert settings(preset="skebby", url="", user="1").send_url == "https://api.skebby.it/API/v1.0/REST/sms"
    assert settings().test_url == ""

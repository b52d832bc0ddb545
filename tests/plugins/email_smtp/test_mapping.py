from dataclasses import replace
from datetime import date
from decimal import Decimal
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.spi import DueDateView, File, Parcel
from plugins.email_smtp.mapping import compose, money, write
from tests.plugins.email_smtp.builders import COMPANY, DOCUMENT, PARTNER, PDF, connection, document, parcel

HEADERS = [
    "From", "To", "Subject", "Message-ID", "X-Factotum-Parcel", "Auto-Submitted", "MIME-Version", "Content-Type",
    "Content-Language",
]  # fmt: skip


def received(sent: Parcel) -> EmailMessage:
    """The mail as another program reads it."""
    return message_from_bytes(compose(sent).as_bytes(), policy=default)


def sender_name(sent: Parcel) -> str:
    """By the rules of RFC 2047; `policy.default` adds blanks between encoded words when it reads a name (gh-92081)."""
    raw = message_from_bytes(compose(sent).as_bytes())["From"]
    return str(make_header(decode_header(parseaddr(raw)[0])))


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_an_invoice_in_french() -> None:
    mail = received(parcel())
    assert mail["Subject"] == "Facture FV-2026-00007 – Acmé Société, S.A.S."
    assert mail["From"].addresses[0].display_name == "Acmé Société, S.A.S."
    assert mail["From"].addresses[0].addr_spec == "invoices@acme.example"
    assert [one.addr_spec for one in mail["To"].addresses] == ["anna@client.example"]
    assert mail["Message-ID"] == "<0d3adb33-7f1e-5c7c-9d3f-1f0a2b3c4d5e@acme.example>"
    assert mail["Content-Language"] == "fr"
    assert body(mail, "plain") == (
        "Bonjour,\n\n"
        "Veuillez trouver ci-joint : Facture n° FV-2026-00007 du 1er mars 2026, "
        "à l'attention de Rossi & Figli <S.r.l.>.\n\n"
        "Total HT: 1\u202f000,50 EUR\nTVA: 200,10 EUR\nTotal TTC: 1\u202f200,60 EUR\nNet à payer: 1\u202f200,60 EUR\n"
        "Échéance: 31 mars 2026\n\n"
        "Cordialement,\nAcmé Société, S.A.S.\n"
    )
    html = body(mail, "html")
    assert '<html lang="fr">' in html and "Rossi &amp; Figli &lt;S.r.l.&gt;" in html and "1\u202f200,60 EUR" in html


@pytest.mark.parametrize(
    ("language", "told", "amount", "due"),
    [
        ("fr", "ci-joint", "Total TTC: 1\u202f200,60 EUR", "Échéance: 31 mars 2026"),
        ("it", "in allegato", "Totale: 1.200,60 EUR", "Scadenza: 31 marzo 2026"),
        ("it-CH", "in allegato", "Totale: 1.200,60 EUR", "Scadenza: 31 marzo 2026"),
        ("en", "attached", "Total: EUR 1,200.60", "Due date: 31 March 2026"),
        ("pt", "attached", "Total: EUR 1,200.60", "Due date: 31 March 2026"),
        ("itx", "attached", "Total: EUR 1,200.60", "Due date: 31 March 2026"),
        ("", "attached", "Total: EUR 1,200.60", "Due date: 31 March 2026"),
    ],
)
def test_a_mail_speaks_the_documents_language_else_english(language: str, told: str, amount: str, due: str) -> None:
    text = body(received(parcel(document=document(language=language))), "plain")
    assert told in text and amount in text.split("\n") and due in text.split("\n")


def test_a_credit_says_in_whose_favour_and_a_delivery_note_names_no_price() -> None:
    credit = write(document(category="credit_note", is_credit=True), True)
    assert ("Net en votre faveur", "1\u202f200,60 EUR") in credit.rows
    assert write(document(category="delivery_note"), True).rows == ()
    assert "<table>" not in body(received(parcel(document=document(category="delivery_note"))), "html")


def test_what_is_to_be_paid_is_told_where_it_differs_or_has_a_date() -> None:
    assert [label for label, _ in write(document(due_dates=()), True).rows] == ["Total HT", "TVA", "Total TTC"]
    withheld = replace(DOCUMENT.totals, payable=Decimal("1000.60"))
    assert write(document(due_dates=(), totals=withheld), True).rows[-1] == ("Net à payer", "1\u202f000,60 EUR")


def test_several_due_dates_each_tell_their_amount() -> None:
    dues = (DueDateView(date(2026, 4, 1), Decimal("600.30"), ""), DueDateView(date(2026, 5, 2), Decimal("600.30"), ""))
    assert write(document(due_dates=dues, language="it"), True).rows[-2:] == (
        ("Scadenza", "1º aprile 2026 (600,30 EUR)"),
        ("Scadenza", "2 maggio 2026 (600,30 EUR)"),
    )


@pytest.mark.parametrize(
    ("amount", "currency", "language", "shown"),
    [
        ("1234567.5", "EUR", "fr", "1\u202f234\u202f567,50 EUR"),
        ("1234567.50", "EUR", "it", "1.234.567,50 EUR"),
        ("-1234.5", "EUR", "en", "EUR -1,234.50"),
        ("1E+3", "EUR", "en", "EUR 1,000.00"),
        ("0", "EUR", "it", "0,00 EUR"),
        ("1000.0000", "JPY", "en", "JPY 1,000"),
        ("1.2", "KWD", "fr", "1,200 KWD"),
        ("0.0305", "EUR", "fr", "0,0305 EUR"),
        ("99999999999999.99", "EUR", "it", "99.999.999.999.999,99 EUR"),
    ],
)
def test_an_amount_reads_as_its_language_writes_it(amount: str, currency: str, language: str, shown: str) -> None:
    assert money(Decimal(amount), currency, language) == shown


def test_the_file_is_attached_byte_for_byte_under_its_name() -> None:
    (attached,) = received(parcel()).iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("FV-2026-00007.pdf", "application/pdf")
    assert attached.get_content() == PDF.content


@pytest.mark.parametrize(
    ("name", "media_type", "shown_name", "shown_type"),
    [
        ("../../etc/passwd", "text/xml", "-..-etc-passwd", "text/xml"),
        ("fattura–àè.pdf", "application/pdf", "fattura–àè.pdf", "application/pdf"),
        ('x.pdf"\r\nBcc: b@x.it', "application/pdf\r\nBcc: b@x.it", "x.pdf- Bcc- b@x.it", "application/octet-stream"),
        (
            "=?utf-8?q?=0D=0ABcc:_b@x.it?=.pdf",
            "multipart/mixed",
            "=-utf-8-q-=0D=0ABcc-_b@x.it-=.pdf",
            "application/octet-stream",
        ),
        ("\u202efdp.exe", "message/rfc822", "fdp.exe", "application/octet-stream"),
        ("", "", "document", "application/octet-stream"),
    ],
)
def test_a_file_with_an_odd_name_or_type_is_attached_all_the_same(
    name: str, media_type: str, shown_name: str, shown_type: str
) -> None:
    mail = received(parcel(files=(File(name, media_type, b"\r\n.\r\n--x\x00"),)))
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == (shown_name, shown_type)
    assert attached.get_payload(decode=True) == b"\r\n.\r\n--x\x00"
    assert mail.keys() == HEADERS


def test_without_a_file_the_mail_says_nothing_of_an_attachment() -> None:
    mail = received(parcel(files=()))
    assert list(mail.iter_attachments()) == [] and "ci-joint" not in body(mail, "plain")
    assert "émission" in body(mail, "plain") and "émission" in body(mail, "html")


def test_a_parcel_always_makes_the_same_bytes() -> None:
    assert compose(parcel()).as_bytes() == compose(parcel()).as_bytes()
    other = compose(parcel(key="other"))
    assert other["Message-ID"] == "<other@acme.example>" != compose(parcel())["Message-ID"]


def test_sender_name_and_reply_to_come_from_the_connection() -> None:
    mail = received(parcel(connection(sender_name="Comptabilité, Acme", reply_to="claims@acme.example")))
    assert mail["From"].addresses[0].display_name == "Comptabilité, Acme"
    assert str(mail["Reply-To"]) == "claims@acme.example"


def test_lines_are_short_and_ascii() -> None:
    long = "très long " * 40
    many = tuple(f"somebody-with-a-long-name-{number}@client-of-ours.example" for number in range(30))
    sent = compose(parcel(document=document(type_description=long), recipients=many)).as_bytes()
    assert sent.isascii() and max(map(len, sent.split(b"\r\n"))) <= 998
    assert b"\n" not in sent.replace(b"\r\n", b"")


PAYLOADS = (
    "x\r\nBcc: evil@x.it", "x\nBcc: evil@x.it", "x\rBcc: evil@x.it", "x\r\n\r\n<script>",
    "x\r\n.\r\nMAIL FROM:<evil@x.it>",
    "=?utf-8?q?x=0D=0ABcc:_evil@x.it?=", "=?utf-8?b?eA0KQmNjOiBldmlsQHguaXQ=?=", "x\u2028Bcc: evil@x.it",
    "x\x85Bcc: evil@x.it",
    "x\x0bBcc: evil@x.it", "evil@x.it, x", "x <evil@x.it>,", '"x" <evil@x.it>', "\\\"",
    "$company ${number} {0.__class__}", "\udcff\x00",
    "<script>alert(1)</script>", "", "è" * 5000, "x" * 5000,
)  # fmt: skip
hostile = st.sampled_from(PAYLOADS) | st.text(st.characters(codec=None), max_size=300)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize(
    "where", ["type_description", "number", "currency", "language", "subject", "company", "partner", "key", "file"]
)
def test_no_text_makes_a_header_a_recipient_or_a_tag(where: str, payload: str) -> None:
    changes: dict[str, Any] = {"document": document()}
    if where == "key":
        changes["key"] = payload
    elif where == "file":
        changes["files"] = (File(payload, payload, b"x"),)
    elif where in ("company", "partner"):
        party: Any = COMPANY if where == "company" else PARTNER
        changes["document"] = document(**{where: replace(party, name=payload)})
    else:
        changes["document"] = document(**{where: payload})
    holds_its_shape(parcel(**changes))


@given(hostile, hostile, hostile, hostile, hostile)
@example("Società Société " * 8, "è " * 30, "a  b", "=?", "?=")
def test_whatever_the_texts_the_mail_keeps_its_shape(kind: str, number: str, name: str, key: str, file: str) -> None:
    changed = document(type_description=kind, number=number, company=replace(COMPANY, name=name))
    sent = parcel(document=changed, key=key, files=(File(file, file, b"x"),))
    holds_its_shape(sent)
    mail = received(sent)
    assert mail["Subject"] == write(changed, True).subject
    assert sender_name(sent) == write(changed, True).company


def holds_its_shape(sent: Parcel) -> None:
    mail = received(sent)
    assert mail.keys() == HEADERS and not mail.defects
    assert [one.addr_spec for one in mail["To"].addresses] == ["anna@client.example"]
    assert [one.addr_spec for one in mail["From"].addresses] == ["invoices@acme.example"]
    assert str(mail["Message-ID"]).endswith("@acme.example>") and str(mail["Message-ID"]).count("@") == 1
    assert [part.get_content_type() for part in mail.walk()][:4] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip
    assert len(list(mail.iter_attachments())) == 1
    assert "<script" not in body(mail, "html")

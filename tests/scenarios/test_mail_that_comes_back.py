"""An invoice goes out by mail to two people; one address is wrong and is corrected. Another customer never answers,
and gets the invoice by post."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import flow
from engine.edge.cli.mailbox import Mailbox
from engine.flow.bounces import bounces, correct, run_bounces
from engine.flow.messages import edit_message, message
from engine.outbox.vault import new_key
from engine.spi.host import Plugins, register
from plugins.email_smtp import plugin as email_smtp
from plugins.facturx import plugin as facturx
from plugins.postal_folder import plugin as postal_folder
from tests.support.house import House, invoice, new_house, written
from tests.support.imap import PASSWORD, USER, Imap, dovecot

RULES = """
    [[delivery_rule]]
    id = "BY-MAIL"
    channel = "email"
    format = "facturx"
    connection = "MAIL"
    recipients = ["accounts@epicerie-horizon.example"]
    copies = ["archive@paris.example"]
    correction_days = 5
    postal = "LETTERS"
    [[override]]
    table = "delivery_rule"
    key = "MAIL-FRA/FRA"
    set = { active = false }
    """


def plugins() -> Plugins:
    return register([("email_smtp", email_smtp), ("facturx", facturx), ("postal_folder", postal_folder)])


@pytest.fixture
def imap(tmp_path: Path) -> Iterator[Imap]:
    with dovecot(tmp_path / "dovecot") as server:
        yield server


@pytest.fixture
def office(
    sqlite_house: House, imap: Imap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[House, Mailbox, Path]]:
    """PARIS sends its invoices by mail; what comes back lands in a mailbox, letters in a folder."""
    monkeypatch.setenv("FACTOTUM_KEY", new_key())
    letters = tmp_path / "letters"
    letters.mkdir()
    with Mailbox(tmp_path / "sent") as out, new_house(sqlite_house.url, plugins()) as house:
        house.apply_packs(str(written(tmp_path, "OFFICE", RULES, requires=("DEMO",))))
        house.connect(
            "MAIL", "email", host="127.0.0.1", port=out.port, sender_address="billing@paris.example", starttls="none",
            local_hostname="erp.example", bounce_address="bounce@paris.example", imap_host="127.0.0.1",
            imap_port=imap.port, imap_tls="none", imap_user=USER, imap_password=PASSWORD,
        )  # fmt: skip
        house.connect("LETTERS", "postal_folder", folder=str(letters))
        yield house, out, letters


def comes_back(imap: Imap, mark: str, recipient: str, action: str = "failed", status: str = "5.1.1") -> None:
    """What a mail server writes when it cannot deliver."""
    imap.put(
        f"Return-Path: <>\nTo: {mark}\nFrom: MAILER-DAEMON@mx.example\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n'
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; 550 {status} no such user\n\n--b--\n".encode()
    )


def state_of(house: House, number: str) -> list[tuple[str, str]]:
    return [(one["channel"], one["state"]) for one in flow.show(house, house.context, number)["deliveries"]]


def test_a_wrong_address_is_corrected_in_time_and_who_never_answers_gets_a_letter(
    office: tuple[House, Mailbox, Path], imap: Imap
) -> None:
    house, sent, letters = office
    mine = house.context

    # The clerk posts an invoice, and writes a friendlier mail before it leaves.
    posted = house.post(invoice())
    (delivery,) = (one["id"] for one in posted["deliveries"])
    text = "Bonjour {{ customer.name }},\nmerci pour votre visite ! Votre facture {{ document.number }} est jointe."
    edit_message(house, mine, delivery, {"subject": "Merci !", "text": text}, {})
    house.relay()
    (mail,) = sent.messages
    assert mail["To"] == "achats@epicerie-horizon.example, accounts@epicerie-horizon.example"
    assert mail["Cc"] == "archive@paris.example" and mail["Subject"] == "Merci !"
    body = mail.get_body(("plain",))
    assert body is not None and "Bonjour Épicerie Horizon SARL," in body.get_content()
    assert "Votre facture FV-2026-00001 est jointe." in body.get_content()
    assert [one.get_content_type() for one in mail.iter_attachments()] == ["application/pdf"]

    # Two days later it comes back from one of the two.
    house.clock.goes_on(days=2)
    comes_back(imap, mail["Return-Path"].strip("<>"), "accounts@epicerie-horizon.example")
    assert run_bounces(house, mine) == ({"reports": 1}, [])
    (task,) = bounces(house, mine)
    (listed,) = flow.list_deliveries(house, mine, document="FV-2026-00001")
    assert listed["words"].startswith("came back: ") and "; handed over: " in listed["words"]
    assert (task["number"], task["recipient"]) == ("FV-2026-00001", "accounts@epicerie-horizon.example")
    assert task["code"] == "5.1.1" and task["deadline"] == "2026-11-10T22:59:59+00:00"  # five days, in Paris
    assert state_of(house, "FV-2026-00001") == [("email", "sent")]

    # The clerk finds the right address; the same words go there, and to nobody else.
    house.clock.goes_on(days=1)
    correct(house, mine, delivery, "accounts@epicerie-horizon.example", "compta@epicerie-horizon.example")
    house.relay()
    again = sent.messages[-1] if sent.messages[0]["To"] == mail["To"] else sent.messages[0]
    assert again["Delivered-To"] == "compta@epicerie-horizon.example" and again["Subject"] == "Merci !"
    assert bounces(house, mine) == []
    comes_back(imap, again["Return-Path"].strip("<>"), "compta@epicerie-horizon.example", "delivered", "2.0.0")
    run_bounces(house, mine)
    shown = flow.show(house, mine, "FV-2026-00001")
    assert [(one["state"], one["next"]) for one in shown["undelivered"]] == [
        ("corrected", shown["deliveries"][1]["id"])
    ]
    assert shown["deliveries"][1]["sent_at"] == "2026-11-06T09:30:00+00:00"
    assert [one["kind"] for one in message(house, mine, shown["deliveries"][1]["id"])["events"]] == ["delivered"]

    # Another customer's address is gone too, and nobody corrects it.
    house.post(invoice(key="SECOND"))
    house.relay()
    last = next(one for one in sent.messages if "FV-2026-00002" in str(one["Subject"]))
    comes_back(imap, last["Return-Path"].strip("<>"), "achats@epicerie-horizon.example")
    run_bounces(house, mine)
    house.clock.goes_on(days=5)
    assert run_bounces(house, mine)[0] == {} and not [*letters.iterdir()]
    house.clock.goes_on(days=1)
    assert run_bounces(house, mine) == ({"letters": 1}, [])
    house.relay()
    assert state_of(house, "FV-2026-00002") == [("email", "sent"), ("postal_folder", "sent")]
    (told,) = letters.glob("*.json")
    letter = json.loads(told.read_text())
    assert letter["document"] == "FV-2026-00002"
    assert letter["address"] == ["Épicerie Horizon SARL", "8 place du Marché", "35000 Rennes"]
    assert (letters / letter["file"]).read_bytes().startswith(b"%PDF")


def test_a_letter_that_lies_ready_is_cancelled_when_the_mail_arrives_after_all(
    office: tuple[House, Mailbox, Path], imap: Imap
) -> None:
    house, sent, letters = office
    house.post(invoice())
    house.relay()
    back = sent.messages[0]["Return-Path"].strip("<>")
    comes_back(imap, back, "achats@epicerie-horizon.example")
    run_bounces(house, house.context)
    house.clock.goes_on(days=6)
    run_bounces(house, house.context)
    assert state_of(house, "FV-2026-00001") == [("email", "sent"), ("postal_folder", "pending")]
    comes_back(imap, back, "achats@epicerie-horizon.example", "delivered", "2.0.0")
    assert run_bounces(house, house.context) == ({"reports": 1}, [])
    house.relay()
    assert state_of(house, "FV-2026-00001") == [("email", "sent"), ("postal_folder", "cancelled")]
    (task,) = flow.show(house, house.context, "FV-2026-00001")["undelivered"]
    assert task["state"] == "delivered" and not [*letters.iterdir()]

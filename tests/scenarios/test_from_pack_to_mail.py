"""A company describes its invoices, posts one, the customer's mail arrives, and everything can be explained."""

import hashlib
from decimal import Decimal
from pathlib import Path

import pikepdf

from engine.edge.cli.mailbox import Mailbox
from tests.edge.terminal import Terminal
from tests.support.house import House, invoice, line
from tests.support.mailbox import RefusingMailbox


def connect(factotum: Terminal, port: int) -> None:
    settings = (f"port={port}", "sender_address=billing@example.com", "starttls=none", "local_hostname=erp.example")
    words = ("plugin", "configure", "DEMO-MAIL", "--channel", "email", "host=127.0.0.1", *settings)
    assert "DEMO-MAIL" in factotum(*words).done().out
    assert "passed" in factotum("plugin", "test", "DEMO-MAIL").done().out
    assert "all companies" in factotum("plugin", "activate", "DEMO-MAIL").done().out


def test_from_an_empty_disk_to_a_mail_with_the_invoice_attached(tmp_path: Path) -> None:
    factotum = Terminal(f"sqlite:///{tmp_path / 'books.db'}", tmp_path)
    factotum("init").done()
    assert factotum("plan", "DEMO", "--json").done().json["faults"] == []
    assert factotum("apply", "DEMO", "--message", "first day", "--json").done().json["revision"] == 1
    offered = factotum("types", "--company", "PARIS", "--module", "sales", "--json").done().json["offered"]
    assert "FACT" in {one["code"] for one in offered}

    lines = [line(quantity="20", unit_price="4.55", discounts=[{"percent": "10"}]), line(nature="service")]
    posted = factotum.post(invoice(lines=lines, key="ORDER-4471")).done().json
    assert posted["number"] == "FV-2026-00001" and posted["totals"]["gross"] == "218.28"
    assert [one["state"] for one in posted["deliveries"]] == ["pending"]

    with Mailbox(tmp_path / "mail") as mailbox:
        connect(factotum, mailbox.port)
        assert factotum("relay", "--json").done().json == {"sent": 1}
        (mail,) = mailbox.messages
    assert "achats@epicerie-horizon.example" in mail["To"] and "FV-2026-00001" in mail["Subject"]
    (attached,) = mail.iter_attachments()
    assert attached.get_content_type() == "application/pdf"
    content = attached.get_content()
    (tmp_path / "arrived.pdf").write_bytes(content)
    with pikepdf.open(tmp_path / "arrived.pdf") as pdf:
        (xml,) = [pdf.attachments[name].get_file().read_bytes() for name in pdf.attachments]
    assert b"FV-2026-00001" in xml and b"218.28" in xml

    factotum("export", "FV-2026-00001", "--format", "facturx", "--out", str(tmp_path / "exported.pdf")).done()
    exported = (tmp_path / "exported.pdf").read_bytes()
    assert hashlib.sha256(exported).hexdigest() == hashlib.sha256(content).hexdigest()

    shown = factotum("show", "FV-2026-00001", "--explain", "--json").done().json
    assert [one["state"] for one in shown["deliveries"]] == ["sent"]
    why = shown["explanation"]
    assert why["type"]["record"] == "sales/FACT/FRA" and why["numbering"]["series"] == "PARIS/FV/FRA/2026"
    assert {one["line"] for one in why["lines"]} >= {"customer", "goods", "services", "tax", "tax_suspended"}
    assert all(one["formula"] and one["account"] and one["sources"] for one in why["lines"])
    assert "document.gross" in factotum("show", "FV-2026-00001", "--explain").done().out
    assert factotum("verify", "--json").done().json == {"documents": 1, "series": 1, "broken": []}


def test_a_mail_server_that_is_down_costs_time_and_no_invoice(
    sqlite_house: House, factotum: Terminal, tmp_path: Path
) -> None:
    factotum.post(invoice()).done()
    with Mailbox(tmp_path / "mail") as mailbox:
        connect(factotum, mailbox.port)
    assert factotum("relay", "--json").done().json == {"retry": 1}
    (waiting,) = factotum("show", "FV-2026-00001", "--json").done().json["deliveries"]
    assert waiting["tries"] == 1 and "again in 30 s" in waiting["detail"]
    assert factotum("relay", "--json").done().json == {}


def test_a_customer_whose_address_is_gone_is_rejected_in_the_servers_words(factotum: Terminal, tmp_path: Path) -> None:
    nobody = {"achats@epicerie-horizon.example": "550 5.1.1 no such user here"}
    factotum.post([invoice(), invoice(customer=invoice()["customer"] | {"email": "ok@client.example"})]).done()
    with RefusingMailbox(tmp_path / "mail", recipients=nobody) as mailbox:
        connect(factotum, mailbox.port)
        assert factotum("relay", "--json").done().json == {"rejected": 1, "sent": 1}
    (rejected,) = factotum("show", "FV-2026-00001", "--json").done().json["deliveries"]
    assert rejected["state"] == "rejected" and "no such user here" in rejected["detail"]


def test_what_the_demo_would_refuse_to_lose_is_kept_as_a_file_by_its_hash(
    sqlite_house: House, factotum: Terminal, tmp_path: Path
) -> None:
    from engine.storage import tables

    factotum.post(invoice()).done()
    with Mailbox(tmp_path / "mail") as mailbox:
        connect(factotum, mailbox.port)
        factotum("relay").done()
    file = sqlite_house.row(tables.file)
    kept = tmp_path / "kept.pdf"
    factotum("archive", "get", file["hash"], "--out", str(kept)).done()
    assert kept.read_bytes().startswith(b"%PDF") and file["media_type"] == "application/pdf"
    assert file["hash"] == hashlib.sha256(kept.read_bytes()).hexdigest()


def test_a_quarter_of_a_small_company(factotum: Terminal) -> None:
    """An offer, the invoice, its correction, a purchase: each its own series, and the books balance."""
    customer = invoice()["customer"]
    offer = factotum.post(invoice(category="quote", date="2026-01-05")).done().json
    sold = factotum.post(invoice(2, date="2026-01-20", key="SALE")).done().json
    references = [{"kind": "corrects", "id": sold["id"], "reason": "broken"}]
    credit = factotum.post(invoice(category="credit_note", date="2026-02-03", references=references)).done().json
    bought = invoice(date="2026-02-10", supplier=customer, supplier_number="S-77")
    del bought["customer"]
    purchase = factotum.post(bought).done().json
    assert [one["number"] for one in (offer, sold, credit, purchase)] == [
        "QUO-2026-00001", "FV-2026-00001", "AV-2026-00001", "HA-2026-00001"
    ]  # fmt: skip
    assert offer["entries"] == [] and purchase["entries"][0]["journal"] == "ACH"
    for answer in (sold, credit, purchase):
        for entry in answer["entries"]:
            assert sum(Decimal(one["debit"]) - Decimal(one["credit"]) for one in entry["lines"]) == 0
    assert factotum.post(invoice(2, date="2026-01-20", key="SALE")).done().json["number"] == sold["number"]
    assert "all as posted" in factotum("verify").done().out

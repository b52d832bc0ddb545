"""The demo's own mail server."""

import os
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest

from engine.edge.cli.mailbox import Mailbox
from plugins.email_smtp.client import EmailChannel
from tests.plugins.email_smtp.builders import HERE, connection, document, parcel
from tests.support.fakes import plugin_context

ROOT = Path(__file__).resolve().parents[3]


def send(port: int, to: str, subject: str) -> None:
    with smtplib.SMTP("127.0.0.1", port, "erp.example", timeout=20) as client:
        client.sendmail("a@x.it", [to], f"Subject: {subject}\r\n\r\n.\r\nhello\r\n")


def test_a_file_is_named_by_whom_and_what(tmp_path: Path) -> None:
    with Mailbox(tmp_path / "mail") as mailbox:
        settings = connection(mailbox.port)
        EmailChannel().deliver(
            parcel(settings, document=document(language="it", type_description="Fattura")), plugin_context()
        )
        EmailChannel().deliver(parcel(settings), HERE)
        EmailChannel().deliver(parcel(settings), HERE)
    assert sorted(path.name for path in mailbox.folder.iterdir()) == [
        "anna@client.example_Facture-FV-2026-00007-Acmé-Société-S.A.S-2.eml",
        "anna@client.example_Facture-FV-2026-00007-Acmé-Société-S.A.S.eml",
        "anna@client.example_Fattura-FV-2026-00007-Acmé-Société-S.A.S.eml",
    ]


@pytest.mark.parametrize("subject", ["../../etc/passwd", "", "..", "/", "a\x00b", "=?utf-8?q?=2E=2E=2Fx?=", "x" * 900])
def test_a_hostile_subject_stays_in_the_folder(tmp_path: Path, subject: str) -> None:
    with Mailbox(tmp_path / "mail") as mailbox:
        send(mailbox.port, "../../b@x.it", subject)
    (kept,) = mailbox.folder.iterdir()
    assert kept.suffix == ".eml" and len(mailbox.messages) == 1
    assert list(tmp_path.iterdir()) == [mailbox.folder]


def test_two_mailboxes_listen_each_on_its_own_port_of_this_machine(tmp_path: Path) -> None:
    with Mailbox(tmp_path / "1") as one, Mailbox(tmp_path / "2") as two:
        assert one.port != two.port and one.host == "127.0.0.1"
        send(two.port, "b@x.it", "second")
    assert one.messages == () and two.messages[0]["Subject"] == "second"
    with pytest.raises(ConnectionRefusedError):
        send(two.port, "b@x.it", "too late")


def test_it_ends_while_someone_is_still_talking(tmp_path: Path) -> None:
    with Mailbox(tmp_path) as mailbox:
        client = smtplib.SMTP("127.0.0.1", mailbox.port, "erp.example", timeout=20)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.docmd("NOOP")
    client.close()


def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FileExistsError), Mailbox(tmp_path / "file"):
        pass


def test_the_module_loads_without_aiosmtpd() -> None:
    asks = "import sys, engine.edge.cli.mailbox; sys.exit('aiosmtpd' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asks], env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0

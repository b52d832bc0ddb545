"""`factotum delivery …` and `factotum worker`, as people use them."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.edge.cli.mailbox import Mailbox
from tests.edge.terminal import COMMAND, Terminal
from tests.scenarios.test_from_pack_to_mail import connect
from tests.support.house import House, invoice


@pytest.fixture
def posted(factotum: Terminal) -> int:
    """The id of a delivery that waits."""
    answer = factotum.post(invoice()).done().json
    return int(answer["deliveries"][0]["id"])


@pytest.fixture
def mailbox(factotum: Terminal, tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mail") as opened:
        connect(factotum, opened.port)
        yield opened


def test_a_worker_hands_over_what_is_due_and_ends(factotum: Terminal, mailbox: Mailbox, posted: int) -> None:
    assert factotum("worker", "--once", "--json").done().json == {"sent": 1}
    assert len(mailbox.messages) == 1
    assert "now: nothing; all in all: 1 sent" in factotum("worker", "--once").done().out


def test_a_worker_goes_on_until_it_is_asked_to_stop(factotum: Terminal, mailbox: Mailbox, posted: int) -> None:
    command = [*COMMAND, "--database", factotum.url, "worker", "--every", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
        finally:
            process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
    assert "now: 1 sent" in first
    assert process.returncode == 0 and "all in all: 1 sent" in rest


def test_the_queue_needs_its_tables_and_a_postgresql(factotum: Terminal) -> None:
    said = factotum("worker", "--once", "--executor", "procrastinate")
    assert said.exit == 1 and "queue_missing" in said.err and "is no PostgreSQL" in said.err
    assert factotum("worker", "--concurrency", "0").exit == 2


def test_the_life_of_a_delivery_is_told(factotum: Terminal, mailbox: Mailbox, posted: int) -> None:
    id = str(posted)
    assert "held until a person lets it go: wait" in factotum("delivery", "hold", id, "--message", "wait").done().out
    (listed,) = [one for one in factotum("delivery", "list").done().out.splitlines() if "FV-2026-00001" in one]
    assert " held " in listed and "pending" not in listed
    assert [one["id"] for one in factotum("delivery", "list", "--state", "held", "--json").done().json] == [posted]
    assert factotum("relay", "--json").done().json == {}
    factotum("delivery", "release", id).done()
    assert factotum("delivery", "list", "--state", "held", "--json").done().json == []
    assert factotum("relay", "--json").done().json == {"sent": 1}
    shown = factotum("delivery", "show", id).done().out
    assert "achats@epicerie-horizon.example" in shown and "sent" in shown
    assert ": handed over: 250" in shown and "by rule " in shown and ", as facturx, through DEMO-MAIL" in shown
    assert re.search(r" 20\d\d-\d\d-\d\d \d\d:\d\d UTC ", shown) and "+00:00" not in shown
    told = factotum("delivery", "show", id, "--json").done().json
    assert [one["state"] for one in told["tries"]] == ["sent"] and told["events"] == []
    (listed,) = factotum("delivery", "list", "--state", "sent", "--json").done().json
    assert listed["id"] == posted
    assert id in factotum("delivery", "list", "--document", "FV-2026-00001").done().out


def test_sending_again_says_first_what_would_happen(factotum: Terminal, mailbox: Mailbox, posted: int) -> None:
    factotum("relay").done()
    said = factotum("delivery", "resend", str(posted))
    assert said.exit == 1 and "would go out once more, to achats@epicerie-horizon.example" in said.err
    again = factotum("delivery", "resend", str(posted), "--yes", "--json").done().json
    assert again["resent_of"] == posted
    factotum("relay").done()
    assert len(mailbox.messages) == 2


def test_one_that_waits_is_cancelled_or_tried_now(factotum: Terminal, posted: int) -> None:
    assert factotum("relay", "--json").done().json == {"retry": 1}
    assert "as soon as a worker comes to it" in factotum("delivery", "retry", str(posted)).done().out
    assert "cancelled" in factotum("delivery", "cancel", str(posted)).done().out
    said = factotum("delivery", "retry", str(posted))
    assert said.exit == 1 and "delivery_state" in said.err


def test_one_in_doubt_is_settled(factotum: Terminal, sqlite_house: House, posted: int) -> None:
    from engine.storage import tables

    sqlite_house.change(tables.delivery, {"state": "uncertain"})
    for wrong in ((), ("--sent", "--failed"), ("--sent", "--failed", "--again")):
        assert factotum("delivery", "resolve", str(posted), *wrong).exit == 2
    assert "arrived, says" in factotum("delivery", "resolve", str(posted), "--sent").done().out


def test_nothing_that_waits_for_its_payment_is_told(factotum: Terminal, posted: int) -> None:
    said = factotum("delivery", "paid", "FV-2026-00001")
    assert said.exit == 1 and "not_waiting_for_payment" in said.err

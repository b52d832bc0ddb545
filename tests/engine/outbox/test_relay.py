"""Every hand-over ends in words on its row: sent, tried again, rejected, or failed; none is lost or sent twice."""

import asyncio
import hashlib
import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.flow.archive import file_of
from engine.outbox.leases import LEASE
from engine.outbox.outcomes import MOST_TRIES
from engine.outbox.store import Lease
from engine.spi import Parcel, Receipt, Rejected, TryLater
from engine.spi.host import Plugins
from engine.storage import tables
from tests.support.fakes import MemoryChannel, PlainFormat, answers, breaking, fails, takes, waits_for
from tests.support.house import AT, CUSTOMER, House, invoice, new_house, without

NOBODY = without(CUSTOMER, "email")


def delivery(house: House) -> dict[str, Any]:
    return house.row(tables.delivery)


def posted(house: House, count: int = 1) -> None:
    house.connect()
    for _ in range(count):
        house.post(invoice())


def test_what_is_due_is_rendered_handed_over_and_written_down(house: House) -> None:
    posted(house)
    assert house.relay() == {"sent": 1}
    row = delivery(house)
    assert (row["state"], row["reference"], row["detail"]) == ("sent", "ref-FV-2026-00001", "taken")
    assert (row["tries"], row["lease_until"], row["lease_token"]) == (1, None, None)
    (parcel,) = house.channel.parcels
    assert parcel.recipients == (CUSTOMER["email"],) and parcel.settings.box == "out"
    assert parcel.document.number == "FV-2026-00001"
    assert parcel.file is not None and parcel.file.content.decode() == "FV-2026-00001  120.00 EUR"
    assert house.relay() == {} and len(house.channel.parcels) == 1


def test_the_file_is_kept_under_its_hash(house: House) -> None:
    posted(house)
    house.relay()
    file = house.row(tables.file)
    content = file_of(house, house.context, file["hash"]).content  # here, or in the archive by now
    assert file["hash"] == delivery(house)["file"] == hashlib.sha256(content).hexdigest()
    assert (file["name"], file["media_type"]) == ("FV-2026-00001.txt", "text/plain")


def test_the_same_parcel_has_the_same_key_however_often_it_comes(house: House) -> None:
    posted(house, 2)
    house.channel.behaviour = fails(TryLater("closed for lunch"))
    house.relay()
    house.clock.goes_on(hours=1)
    house.relay()
    keys = Counter(parcel.key for parcel in house.channel.parcels)
    assert [*keys.values()] == [2, 2]


# --- later ----------------------------------------------------------------------------------------------------------


def test_who_is_down_is_tried_again_ever_more_slowly(house: House) -> None:
    posted(house)
    house.channel.behaviour = fails(TryLater("no answer"))
    pauses, words = [], []
    for _ in range(9):
        assert house.relay() == {"retry": 1}
        row = delivery(house)
        pauses.append((row["due_at"] - house.clock.at).total_seconds())
        words.append(row["detail"])
        house.clock.at = row["due_at"] - timedelta(seconds=1)
        assert house.relay() == {}
        house.clock.at = row["due_at"]
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert words[0] == "no answer; try 1, again in 30 s"
    assert words[3] == "no answer; try 4, again in 4 min"
    assert words[7] == "no answer; try 8, again in 1 h"
    house.channel.behaviour = takes
    assert house.relay() == {"sent": 1}
    assert delivery(house)["tries"] == 10


def test_what_the_other_side_asks_to_wait_is_waited(house: House) -> None:
    posted(house)
    house.channel.behaviour = fails(TryLater("quota", after=timedelta(minutes=17)))
    house.relay()
    row = delivery(house)
    assert row["due_at"] == AT + timedelta(minutes=17)
    assert row["detail"] == "quota; try 1, again in 17 min"


@pytest.mark.parametrize("after", [timedelta(0), timedelta(seconds=-60), timedelta.max], ids=["none", "past", "ever"])
def test_a_pause_that_makes_no_sense_is_not_taken_at_its_word(house: House, after: timedelta) -> None:
    posted(house)
    house.channel.behaviour = fails(TryLater("odd", after=after))
    assert house.relay() == {"retry": 1}
    assert len(house.channel.parcels) == 1
    assert AT < delivery(house)["due_at"] <= AT + timedelta(days=7)


def test_after_about_a_day_of_trying_a_person_looks(house: House) -> None:
    posted(house)
    house.channel.behaviour = fails(TryLater("no answer"))
    for _ in range(MOST_TRIES - 1):
        assert house.relay() == {"retry": 1}
        house.clock.goes_on(hours=1)
    assert house.relay() == {"failed": 1}
    assert delivery(house)["detail"] == f"given up after {MOST_TRIES} tries: no answer"
    house.clock.goes_on(days=1)
    assert house.relay() == {}


def test_without_its_connection_a_delivery_waits_and_says_what_to_do(house: House) -> None:
    house.post(invoice())
    assert house.relay() == {"retry": 1}
    assert "connection DEMO-MAIL is not configured: `factotum plugin configure`" in delivery(house)["detail"]
    house.connect()
    house.clock.goes_on(seconds=30)
    assert house.relay() == {"sent": 1}


def test_a_connection_of_another_channel_waits(house: House) -> None:
    house.plugins.channels["fax"] = MemoryChannel("fax")  # type: ignore[index]
    house.connect(channel="fax")
    house.post(invoice())
    assert house.relay() == {"retry": 1}
    assert "is for fax, not for email" in delivery(house)["detail"]


def test_settings_that_no_longer_fit_wait(house: House) -> None:
    posted(house)
    house.change(tables.connection, {"settings": '{"letterbox": "old"}'})
    assert house.relay() == {"retry": 1}
    assert "is not well configured" in delivery(house)["detail"] and house.channel.parcels == []


def test_a_plugin_that_was_missing_at_the_posting_is_waited_for_and_names_its_recipients_then(house: House) -> None:
    house.connect()
    without = house.beside(Plugins(house.plugins.formats, {}))
    without.post(invoice())
    assert delivery(house)["state"] == "pending" and without.relay() == {"retry": 1}
    assert "no plugin offers the channel email" in delivery(house)["detail"]
    house.clock.goes_on(hours=1)
    assert house.relay() == {"sent": 1}
    assert delivery(house)["recipients"] == '["achats@epicerie-horizon.example"]'
    without.close()


@pytest.mark.parametrize("missing", ["format", "channel"])
def test_a_plugin_that_was_uninstalled_is_waited_for(house: House, missing: str) -> None:
    posted(house)
    plugins = house.plugins
    left = Plugins({}, plugins.channels) if missing == "format" else Plugins(plugins.formats, {})
    without_it = house.beside(left)
    assert without_it.relay() == {"retry": 1}
    assert f"no plugin offers the {missing} " in delivery(house)["detail"]
    house.clock.goes_on(minutes=1)
    assert house.relay() == {"sent": 1}


# --- never ----------------------------------------------------------------------------------------------------------


def test_what_is_rejected_is_not_tried_again(house: House) -> None:
    posted(house)
    house.channel.behaviour = fails(Rejected("no such user"))
    assert house.relay() == {"rejected": 1}
    assert delivery(house)["detail"] == "no such user"
    house.clock.goes_on(days=2)
    assert house.relay() == {}


def test_a_format_that_cannot_tell_the_document_rejects_it(house: House) -> None:
    posted(house)
    formats = {"facturx": PlainFormat("facturx", rejects="no VAT number")}
    assert house.beside(Plugins(formats, house.plugins.channels)).relay() == {"rejected": 1}
    assert delivery(house)["detail"] == "no VAT number" and house.channel.parcels == []


def test_a_document_that_names_nobody_gets_a_rejected_row(house: House, tmp_path: Path) -> None:
    house.apply(tmp_path, "RULES", ALWAYS)
    answer = house.post(invoice(), customer=NOBODY)
    (row,) = answer["deliveries"]
    assert (row["state"], row["detail"]) == ("rejected", "the document names nobody this channel can reach")
    assert house.relay() == {}


ALWAYS = """
[[delivery_rule]]
id = "ALWAYS"
company = "PARIS"
channel = "email"
connection = "DEMO-MAIL"
"""

BUGS: dict[str, Callable[[Parcel], Receipt]] = {
    "an_exception": fails(ZeroDivisionError("division by zero")),
    "no_receipt": answers(None),
    "sys_exit": fails(SystemExit(1)),
    "cancelled": fails(asyncio.CancelledError()),
    "an_endless_message": fails(ValueError("x" * 1_000_000)),
    "a_null_character": fails(ValueError("a\x00b")),
    "half_a_character": fails(ValueError("a\udcffb")),
}


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_a_plugin_bug_parks_its_delivery_and_nothing_else(house: House, bug: Callable[[Parcel], Receipt]) -> None:
    posted(house, 3)
    house.channel.behaviour = lambda parcel: (bug if parcel.document.number.endswith("2") else takes)(parcel)
    assert house.relay() == {"failed": 1, "sent": 2}
    (row,) = house.rows(tables.delivery, state="failed")
    assert row["detail"].startswith("plugin fault: ") and len(row["detail"]) <= 2100
    house.clock.goes_on(days=2)
    assert house.relay() == {} and len(house.channel.parcels) == 3


@pytest.mark.parametrize("words", ["550 \x00", "550 \udcff", "5" * 100_000], ids=["null", "half", "long"])
@pytest.mark.parametrize("error", [Rejected, TryLater])
def test_whatever_the_other_side_says_can_be_written_down(
    house: House, error: Callable[[str], Exception], words: str
) -> None:
    posted(house)
    house.channel.behaviour = fails(error(words))
    assert sum(house.relay().values()) == 1
    assert delivery(house)["state"] in ("rejected", "retry") and "5" in delivery(house)["detail"]


def test_a_receipt_without_words_is_a_receipt(house: House) -> None:
    posted(house)
    house.channel.behaviour = answers(Receipt(None, None))  # type: ignore[arg-type]
    assert house.relay() == {"sent": 1}
    assert (delivery(house)["detail"], delivery(house)["reference"]) == ("handed over", "")


def test_a_bug_of_a_format_parks_the_delivery(house: House) -> None:
    posted(house)
    formats = {"facturx": PlainFormat("facturx", bug=KeyError("page"))}
    assert house.beside(Plugins(formats, house.plugins.channels)).relay() == {"failed": 1}
    assert delivery(house)["detail"] == "plugin fault: KeyError: 'page'"


def test_a_channel_that_cannot_tell_recipients_does_not_stop_the_posting(house: House) -> None:
    class Forgetful(MemoryChannel):
        def recipients(self, document: object) -> tuple[str, ...]:
            raise KeyError("address book")

    working = house.beside(Plugins(house.plugins.formats, {"email": Forgetful("email")}))
    (row,) = working.post(invoice())["deliveries"]
    assert row["state"] == "failed" and row["detail"].startswith("plugin fault: KeyError")


# --- leases ---------------------------------------------------------------------------------------------------------


def test_a_relay_that_lost_its_lease_writes_nothing(house: House) -> None:
    """While the first one sends, its lease ends, and a second one takes over and finishes."""
    posted(house)
    second = house.beside(Plugins(house.plugins.formats, {"email": MemoryChannel("email", fails(Rejected("mine")))}))

    def slow(parcel: Parcel) -> Receipt:
        house.clock.at += LEASE + timedelta(seconds=1)
        assert second.relay() == {"rejected": 1}
        return takes(parcel)

    house.channel.behaviour = slow
    assert house.relay() == {}
    row = delivery(house)
    assert (row["state"], row["detail"], row["tries"]) == ("rejected", "mine", 2)


def test_a_delivery_whose_sender_died_is_due_again_when_its_lease_ends(house: House) -> None:
    posted(house)
    claimed = house.deliveries.claim(("email", "DEMO-MAIL"), AT, Lease("elsewhere", "dead", AT, AT + LEASE))
    assert claimed is not None and delivery(house)["state"] == "sending"
    house.clock.at += LEASE
    assert house.relay() == {}
    house.clock.goes_on(seconds=1)
    assert house.relay() == {"sent": 1}
    assert delivery(house)["tries"] == 2


def test_every_statement_of_a_relay_may_fail_and_nothing_is_lost(house: House) -> None:
    """What was not written down comes again when the lease has ended: at least once, never never."""
    posted(house, 2)
    for at in range(100):
        with breaking(house.database, at) as state:
            try:
                house.relay()
            except Exception:
                assert state.broke
        house.clock.at += timedelta(hours=2)
        states = {row["state"] for row in house.rows(tables.delivery)}
        if states == {"sent"}:
            break
        assert states <= {"pending", "sending", "retry", "sent"}
    sent = Counter(parcel.document.number for parcel in house.channel.parcels)
    assert set(sent) == {"FV-2026-00001", "FV-2026-00002"}


# --- together -------------------------------------------------------------------------------------------------------

TWO_CHANNELS = """
[[delivery_rule]]
id = "BY-SHIP"
company = "LYON"
channel = "ship"
connection = "HARBOUR"

[[delivery_rule]]
id = "BY-TRAIN"
company = "LYON"
channel = "train"
format = "facturx"
connection = "STATION"
"""


def test_a_channel_that_hangs_delays_no_other(demo_url: str, tmp_path: Path) -> None:
    """The ship does not move before every parcel of the train has been seen sent."""
    arrived = threading.Event()
    ship, train = MemoryChannel("ship", waits_for(arrived)), MemoryChannel("train")
    plugins = Plugins(
        {"facturx": PlainFormat("facturx")}, {"email": MemoryChannel("email"), "ship": ship, "train": train}
    )
    with new_house(demo_url, plugins) as house:
        house.apply(tmp_path, "RULES", TWO_CHANNELS)
        house.connect("HARBOUR", "ship")
        house.connect("STATION", "train")
        house.connect()
        for _ in range(3):
            house.post(invoice(), company="LYON")

        def watch() -> None:
            for _ in range(12_000):
                if len(house.rows(tables.delivery, channel="train", state="sent")) == 3:
                    assert not house.rows(tables.delivery, channel="ship", state="sent")
                    arrived.set()
                    return
                threading.Event().wait(0.01)

        watching = threading.Thread(target=watch)
        watching.start()
        assert house.relay() == {"sent": 9}
        watching.join()
    assert arrived.is_set()


def test_relays_at_once_never_send_one_delivery_twice(house: House) -> None:
    posted(house, 40)
    gate, done = threading.Barrier(4), []

    def run() -> None:
        other = house.beside()
        gate.wait(120)
        done.append(Counter(other.relay()))
        other.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(done, Counter()) == {"sent": 40}
    assert len({parcel.key for parcel in house.channel.parcels}) == len(house.channel.parcels) == 40
    assert {row["tries"] for row in house.rows(tables.delivery)} == {1}


def test_deliveries_go_out_in_the_order_they_fell_due(house: House) -> None:
    posted(house, 3)
    house.clock.goes_on(minutes=1)
    house.post(invoice())
    house.relay()
    assert [parcel.document.number for parcel in house.channel.parcels] == [f"FV-2026-0000{n}" for n in (1, 2, 3, 4)]


def test_nothing_of_the_document_changes_by_its_delivery(house: House) -> None:
    posted(house)
    before = house.rows(tables.document)
    house.relay()
    assert house.rows(tables.document) == before and not house.verify()

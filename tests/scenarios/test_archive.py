"""Files are kept for years: moved once, never replaced, found by hash; whoever is stopped on the way loses nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine import flow
from engine.app import BuiltHouse
from engine.flow.archive import StoreShelf
from engine.kernel.faults import Faulty
from engine.outbox import archiving
from engine.outbox.archiving import keep_until, move, place_of, year_end
from engine.outbox.connections import Ready
from engine.outbox.vault import new_key
from engine.spi import Conflict, DocumentView, File, NotFound, TryLater
from engine.spi.host import Plugins, register
from engine.storage import tables
from engine.storage.archive_folder import FolderShelf, NoArchive, folder_for
from plugins.archive_fsspec import plugin as archive_fsspec
from tests.support import hostile
from tests.support.fakes import MemoryChannel, PlainFormat, fails, plugin_context, takes
from tests.support.house import House, invoice
from tests.support.invoices_in import cii, inbox_house


@pytest.fixture
def archive(demo_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("FACTOTUM_ARCHIVE", str(tmp_path / "archive"))
    opened = inbox_house(demo_url)
    yield opened
    opened.close()


def issued(house: House) -> str:
    """The hash of a file that was handed over."""
    house.connect()
    house.post(invoice())
    assert house.relay() == {"sent": 1}
    digest: str = house.row(tables.delivery)["file"]
    return digest


def files(folder: Path) -> list[Path]:
    return sorted(one for one in folder.rglob("*") if one.is_file())


def test_what_was_handed_over_and_what_came_in_lies_in_the_archive(archive: House, tmp_path: Path) -> None:
    digest = issued(archive)
    (told,) = flow.receive(archive, archive.context, [cii()])
    assert flow.archive_files(archive, archive.context).moved == 1
    for row in archive.rows(tables.file):
        assert row["content"] == b"" and row["archived_at"] and row["archive"] == ""
        kept = tmp_path / "archive" / row["place"]
        assert hashlib.sha256(kept.read_bytes()).hexdigest() == row["hash"]
        assert kept.stat().st_mode & 0o222 == 0
    by_hash = {row["hash"]: row for row in archive.rows(tables.file)}
    assert by_hash[digest]["keep_until"] == date(2036, 12, 31) == by_hash[told["file"]]["keep_until"]
    assert archive.verify() == ()
    assert flow.archive_get(archive, archive.context, told["file"]).content == cii().content


def test_a_document_is_exported_as_it_was_handed_over(archive: House) -> None:
    digest = issued(archive)
    found = flow.export(archive, archive.context, "FV-2026-00001", "facturx")
    assert hashlib.sha256(found.content).hexdigest() == digest
    assert flow.export(archive, archive.context, "FV-2026-00001", "plain").content


def test_a_received_file_can_be_taken_after_it_was_archived(archive: House) -> None:
    (told,) = flow.receive(archive, archive.context, [cii()])
    flow.archive_files(archive, archive.context)
    assert flow.take(archive, archive.context, told["id"])["state"] == "imported"


def test_verify_finds_what_is_missing_or_changed(archive: House, tmp_path: Path) -> None:
    issued(archive)
    flow.receive(archive, archive.context, [cii()])
    flow.archive_files(archive, archive.context)
    one, other = files(tmp_path / "archive")
    one.chmod(0o644)
    one.write_bytes(b"changed")
    other.unlink()
    _, _, found = flow.archive_verify(archive, archive.context)
    assert {finding.fault.code for finding in found} == {"file_changed", "archived_file_missing"}
    assert {*flow.verify(archive, archive.context).broken} == {finding.words for finding in found}
    for digest in (one.stem, other.stem):
        with pytest.raises(Faulty) as refused:
            flow.archive_get(archive, archive.context, digest)
        assert refused.value.faults[0].code == "archived_file_unreadable"
    with pytest.raises(Faulty) as unknown:
        flow.archive_get(archive, archive.context, "0" * 64)
    assert unknown.value.faults[0].code == "unknown_file"


def test_the_hand_over_does_not_need_the_archive(archive: House, tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file where a folder should be")
    digest = issued(archive)
    row = archive.row(tables.file, hash=digest)
    assert row["content"] and row["archived_at"] is None
    moved = flow.archive_files(archive, archive.context)
    assert moved.moved == 0 and moved.failed[0][0] == digest
    assert archive.verify() == ()


# --- stopped between two steps ---------------------------------------------------------------------------------------


class Stopped(BaseException):
    """The program ends here."""


class Breaking:
    """A shelf that stops the program before or after it has written, or after it was read."""

    def __init__(self, inner: FolderShelf, where: str) -> None:
        self.inner, self.where = inner, where

    def put(self, place: str, content: bytes) -> None:
        if self.where == "before":
            raise Stopped
        self.inner.put(place, content)
        if self.where == "after":
            raise Stopped

    def get(self, place: str) -> bytes:
        found = self.inner.get(place)
        if self.where == "read":
            raise Stopped
        return found[:-1] if self.where == "lies" else found


def shelf(house: BuiltHouse) -> FolderShelf:
    found = house.shelf()
    assert isinstance(found, FolderShelf)
    return found


@pytest.mark.parametrize("where", ["before", "after", "read"])
def test_whoever_is_stopped_loses_nothing_and_it_is_moved_later(archive: House, tmp_path: Path, where: str) -> None:
    flow.receive(archive, archive.context, [cii()])
    catalog, now = archive.catalog(), archive.clock.now
    with pytest.raises(Stopped):
        move(archive.files, Breaking(shelf(archive), where), "", catalog, now, 10)
    row = archive.row(tables.file)
    assert row["content"] == cii().content and row["archived_at"] is None
    assert flow.archive_files(archive, archive.context).moved == 1
    assert archive.row(tables.file)["content"] == b"" and len(files(tmp_path / "archive")) == 1
    assert archive.verify() == ()


def test_a_row_that_could_not_be_written_leaves_the_content_in_both_places(archive: House) -> None:
    flow.receive(archive, archive.context, [cii()])

    class NotWritten:
        def __getattr__(self, name: str) -> Any:
            return getattr(archive.files, name)

        def archived(self, *told: Any) -> None:
            raise Stopped

    with pytest.raises(Stopped):
        move(NotWritten(), shelf(archive), "", archive.catalog(), archive.clock.now, 10)
    assert archive.row(tables.file)["content"] == cii().content
    assert flow.archive_files(archive, archive.context).moved == 1 and archive.verify() == ()


def test_an_archive_that_gives_back_other_bytes_is_not_believed(archive: House) -> None:
    flow.receive(archive, archive.context, [cii()])
    moved = move(archive.files, Breaking(shelf(archive), "lies"), "", archive.catalog(), archive.clock.now, 10)
    assert moved.moved == 0 and "other bytes" in moved.failed[0][1]
    assert archive.row(tables.file)["content"] == cii().content


def test_a_plugin_that_breaks_leaves_the_content_where_it_is(archive: House) -> None:
    flow.receive(archive, archive.context, [cii()])

    class Bug:
        def put(self, *told: Any) -> None:
            raise ZeroDivisionError("oops")

    broken = StoreShelf(Bug(), Ready(None, plugin_context(), str))
    moved = move(archive.files, broken, "X", archive.catalog(), archive.clock.now, 10)
    assert "plugin fault" in moved.failed[0][1] and archive.row(tables.file)["content"]


def test_bytes_that_changed_in_the_database_are_not_archived(archive: House) -> None:
    flow.receive(archive, archive.context, [cii()])
    archive.change(tables.file, {"content": b"other"})
    assert "hash" in flow.archive_files(archive, archive.context).failed[0][1]


# --- the folder -----------------------------------------------------------------------------------------------------


def test_what_is_there_is_never_replaced(tmp_path: Path) -> None:
    kept = FolderShelf(tmp_path, iter("abc").__next__)
    kept.put("2026/ab/x.pdf", b"one")
    kept.put("2026/ab/x.pdf", b"one")
    with pytest.raises(Conflict):
        kept.put("2026/ab/x.pdf", b"two")
    assert kept.get("2026/ab/x.pdf") == b"one" and len(files(tmp_path)) == 1
    with pytest.raises(NotFound):
        kept.get("2026/ab/y.pdf")


@pytest.mark.parametrize("place", ["../x", "/etc/passwd", "a/../../x", ""])
def test_a_place_stays_inside(tmp_path: Path, place: str) -> None:
    with pytest.raises(Conflict):
        FolderShelf(tmp_path, lambda: "t").put(place, b"x")


@pytest.mark.parametrize("name", hostile.worst_names())
def test_a_place_is_made_of_the_hash_and_a_plain_extension(name: str) -> None:
    place = place_of("ab" * 32, name, date(2026, 3, 2))
    assert place.startswith(f"2026/ab/{'ab' * 32}") and place.count("/") == 2 and place.isprintable()
    assert len(place) <= 8 + 64 + 9 and ".." not in place


def test_the_folder_lies_beside_the_database_or_where_it_is_said(tmp_path: Path) -> None:
    assert folder_for(tmp_path / "books.db", {}, "") == tmp_path / "books-archive"
    assert folder_for(None, {"FACTOTUM_ARCHIVE": "/srv/a"}, "") == Path("/srv/a")
    with pytest.raises(NoArchive):
        folder_for(None, {}, "postgresql://x")


def test_without_a_place_files_stay_and_that_is_said(archive: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACTOTUM_ARCHIVE")
    flow.receive(archive, archive.context, [cii()])
    moved = flow.archive_files(archive, archive.context)
    if archive.database.dialect == "postgresql":
        assert moved.moved == 0 and "no_archive" in moved.failed[0][1]
    else:
        assert moved.moved == 1


# --- how long -------------------------------------------------------------------------------------------------------


def test_retention_counts_from_the_end_of_the_fiscal_year(archive: House) -> None:
    catalog = archive.catalog()
    paris = catalog.company("PARIS")
    assert paris is not None
    assert keep_until([("PARIS", date(2026, 3, 2))], catalog) == date(2036, 12, 31)
    april = replace(paris, fiscal_year_start="04-01")
    assert year_end(april, date(2026, 3, 2), catalog) == date(2026, 3, 31)
    assert year_end(april, date(2026, 4, 1), catalog) == date(2027, 3, 31)
    assert year_end(replace(paris, fiscal_year_start="nonsense"), date(2026, 3, 2), catalog) == date(2026, 12, 31)
    assert keep_until([("NOBODY", date(2026, 3, 2))], catalog) is None
    both = [("PARIS", date(2026, 3, 2)), ("MILANO", date(2027, 3, 2))]
    assert keep_until(both, catalog) == date(2037, 12, 31)


def test_a_file_that_gets_one_more_document_is_kept_longer_never_shorter(archive: House) -> None:
    (told,) = flow.receive(archive, archive.context, [cii()])
    flow.archive_files(archive, archive.context)
    files = archive.files
    files.kept_longer(told["file"], date(2050, 1, 1))
    files.kept_longer(told["file"], date(2040, 1, 1))
    assert archive.row(tables.file)["keep_until"] == date(2050, 1, 1)


# --- connections ----------------------------------------------------------------------------------------------------


def test_an_active_connection_takes_the_place_of_the_folder(archive: House, tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    from plugins.archive_fsspec.store import FsspecStore

    archive.plugins.archives  # noqa: B018 - read before it is replaced
    house = archive.beside(replace(archive.plugins, archives={"archive_fsspec": FsspecStore()}))
    house.connect("SAFE", "archive_fsspec", url="memory://books")
    (told,) = flow.receive(house, house.context, [cii()])
    assert flow.archive_files(house, house.context).moved == 1
    assert house.row(tables.file)["archive"] == "SAFE" and files(tmp_path / "archive") == []
    flow.pause(house, house.context, "SAFE")
    assert flow.archive_get(house, house.context, told["file"]).content == cii().content  # reading goes on
    assert house.verify() == ()
    (without,) = flow.verify(archive, archive.context).findings  # a house whose plugin is missing cannot look
    assert without.fault.code == "archive_not_checked"


def test_many_files_are_moved_in_turns(archive: House) -> None:
    for number in range(3):
        flow.receive(archive, archive.context, [File(f"{number}.bin", "x", str(number).encode())])
    assert flow.archive_files(archive, archive.context, most=2).moved >= 2
    flow.archive_files(archive, archive.context)
    assert archive.files.counted() == (3, 0)
    assert [one["archive"] for one in flow.archive_list(archive, archive.context)] == ["", "", ""]


def test_errors_of_a_store_are_told_and_later_is_later() -> None:
    def fetch(row: Any) -> bytes:
        raise NotFound("gone")

    assert archiving.broken({"hash": "x"}, fetch) == "missing"
    assert issubclass(TryLater, Exception)


@pytest.mark.parametrize("start", ["", "01-01", "02-29", "12-31", "13-45"])
@pytest.mark.parametrize("on", [date(2023, 2, 28), date(2024, 2, 29), date(2025, 3, 1), date(9999, 12, 31), date.min])
def test_every_day_lies_in_a_fiscal_year_and_is_kept_until_some_day(archive: House, start: str, on: date) -> None:
    catalog = archive.catalog()
    paris = catalog.company("PARIS")
    assert paris is not None
    assert on <= year_end(replace(paris, fiscal_year_start=start), on, catalog) <= date.max
    assert keep_until([("PARIS", on)], catalog) == archiving._until(paris, on, catalog) >= on


def test_a_document_of_the_last_day_there_is_stops_no_archive(archive: House) -> None:
    archive.connect()
    archive.post(invoice(date="9999-12-31"))
    assert archive.relay() == {"sent": 1}
    assert archive.row(tables.file)["keep_until"] == date.max


# --- an archive that cannot be used now -----------------------------------------------------------------------------


@pytest.fixture
def remote(archive: House, tmp_path: Path) -> House:
    """A house whose files go to an archive of a plugin."""
    offered = replace(archive.plugins, archives=register([("archive_fsspec", archive_fsspec)]).archives)
    house = archive.beside(offered)
    house.connect()
    house.connect("SAFE", "archive_fsspec", url=f"file://{tmp_path}/safe")
    return house


def test_files_wait_for_an_archive_that_is_paused_and_never_go_elsewhere(remote: House) -> None:
    flow.pause(remote, remote.context, "SAFE", "it moves")
    remote.post(invoice())
    assert remote.relay() == {"sent": 1}
    ((_, words),) = flow.archive_files(remote, remote.context).failed
    assert words.startswith("archive_away") and "connection SAFE is paused: it moves" in words
    assert remote.row(tables.file)["archived_at"] is None
    flow.resume(remote, remote.context, "SAFE")
    assert flow.archive_files(remote, remote.context).moved == 1
    assert remote.row(tables.file)["archive"] == "SAFE"


def test_settings_that_a_newer_plugin_refuses_make_files_wait_and_tell_no_secret(
    remote: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACTOTUM_KEY", new_key())
    flow.configure(
        remote, remote.context, "SAFE", "archive_fsspec", {"url": "s3://b/x", "account": "k", "secret": "hunter2"}
    )
    remote.change(tables.connection, {"settings": '{"bucket": "old"}', "state": "active", "tested_hash": "x",
                                      "settings_hash": "x"}, code="SAFE")  # fmt: skip
    remote.post(invoice())
    assert remote.relay() == {"sent": 1}
    ((_, words),) = flow.archive_files(remote, remote.context).failed
    assert "url: it is needed" in words and "hunter2" not in words


def test_once_it_is_deactivated_the_folder_of_the_installation_is_the_archive(remote: House) -> None:
    flow.deactivate(remote, remote.context, "SAFE")
    remote.post(invoice())
    assert remote.relay() == {"sent": 1}
    assert remote.row(tables.file)["archive"] == "" and remote.row(tables.file)["archived_at"]


# --- what goes along ------------------------------------------------------------------------------------------------

ALONG = """
[[delivery_rule]]
id = "ALONG"
channel = "train"
format = "facturx"
attachments = ["csv"]
connection = "STATION"
"""


class Csv(PlainFormat):
    def render(self, document: DocumentView) -> File:
        return File("x.csv", "text/csv", f"{document.number};{document.totals.payable}".encode())


def test_each_file_that_went_is_kept_as_its_document_and_exported_as_it_went(archive: House, tmp_path: Path) -> None:
    train = MemoryChannel("train", fails(TryLater("busy")))
    formats = {"facturx": PlainFormat("facturx"), "csv": Csv("csv")}
    house = archive.beside(Plugins(formats, {"email": archive.channel, "train": train}))
    house.apply(tmp_path, "ALONG", ALONG)
    house.connect("STATION", "train")
    house.connect()
    house.post(invoice())
    assert house.relay() == {"sent": 1, "retry": 1}
    train.behaviour = takes
    house.clock.goes_on(minutes=5)
    assert house.relay() == {"sent": 1}
    sent = {one.name: hashlib.sha256(one.content).hexdigest() for one in train.parcels[-1].files}
    assert house.row(tables.delivery, channel="train")["file"] == sent["FV-2026-00001.txt"]
    for form, name in (("facturx", "FV-2026-00001.txt"), ("csv", "x.csv")):
        assert (
            hashlib.sha256(flow.export(house, house.context, "FV-2026-00001", form).content).hexdigest() == sent[name]
        )
    assert {row["hash"]: row["keep_until"] for row in house.rows(tables.file)} == dict.fromkeys(
        sent.values(), date(2036, 12, 31)
    )

"""Files come from folders, mailboxes and programs: kept first, each once; a source that fails stops no other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from engine import flow
from engine.flow import Actor, Context
from engine.flow.inbox import resume
from engine.flow.uploading import STATUS, status_of, upload
from engine.kernel.faults import Faulty
from engine.outbox.vault import new_key
from engine.spi import AuthExpired, File, Incoming, PluginContext, StepState, TestReport, TestStep, TransientError
from engine.storage import tables
from plugins.inbox_folder.source import FolderSource
from plugins.inbox_imap.source import MailSource
from tests.plugins.facturx import views
from tests.plugins.inbox_imap.test_source import mail
from tests.support import hostile
from tests.support.fakes import MemorySettings
from tests.support.house import House
from tests.support.imap import PASSWORD, USER, dovecot
from tests.support.invoices_in import cii, inbox_house, settings_of


class MemorySource:
    """Brings what it is given, and remembers what it was told; `error` is raised after the first."""

    settings_model = MemorySettings

    def __init__(self, name: str = "memory", *incoming: Incoming, error: BaseException | None = None) -> None:
        self.name, self.incoming, self.error = name, incoming, error
        self.told: list[tuple[str, bool, str]] = []

    def test(self, settings: Any, context: PluginContext) -> TestReport:
        return TestReport((TestStep("reach", StepState.OK),))

    def fetch(self, settings: Any, context: PluginContext) -> Iterable[Incoming]:
        yield from self.incoming[:1]
        if self.error:
            raise self.error
        yield from self.incoming[1:]

    def done(self, incoming: Incoming, taken: bool, words: str, settings: Any, context: PluginContext) -> None:
        self.told.append((incoming.id, taken, words))


@pytest.fixture
def inbox(sqlite_house: House) -> Iterator[House]:
    opened = inbox_house(sqlite_house.url)
    yield opened
    opened.close()


def with_sources(house: House, *sources: Any) -> House:
    return house.beside(replace(house.plugins, sources={one.name: one for one in sources}))


def fetched(house: House, connection: str = "", post: bool = True) -> list[dict[str, Any]]:
    return list(flow.fetch(house, house.context, connection, post))


def codes(caught: pytest.ExceptionInfo[Faulty]) -> list[str]:
    return [one.code for one in caught.value.faults]


def test_files_dragged_into_a_folder_are_posted_and_moved(inbox: House, tmp_path: Path) -> None:
    folder = tmp_path / "drag"
    folder.mkdir()
    house = with_sources(inbox, FolderSource())
    house.connect("DRAG", "inbox_folder", folder=str(folder))
    (folder / "good.xml").write_bytes(cii().content)
    (folder / "bad.xml").write_bytes(hostile.cii("<!DOCTYPE a>").encode())
    assert fetched(house) == []
    told = {row["name"]: row["state"] for row in fetched(house)}
    assert told == {"good.xml": "imported", "bad.xml": "refused"}
    assert "posted as" in (folder / "taken" / "good.xml.txt").read_text()
    assert "DOCTYPE" in (folder / "refused" / "bad.xml.txt").read_text()
    assert fetched(house) == [] and len(house.rows(tables.received)) == 2


def test_mail_is_posted_moved_and_taken_once(inbox: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTOTUM_ALLOWED_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("FACTOTUM_KEY", "A" * 43 + "=")
    with dovecot(tmp_path / "d") as server:
        house = with_sources(inbox, MailSource())
        told = {"host": "127.0.0.1", "port": server.port, "tls": "none", "user": USER, "password": PASSWORD}
        house.connect("BOX", "inbox_imap", **told, trusted_senders=["@supplier.example"])
        file = ("invoice.xml", "application/xml", cii().content)
        both = (file, ("terms.pdf", "application/pdf", b"%PDF-1.7\nno invoice"))
        server.put(mail(files=both))
        server.put(mail("<other@x>", sender="eve@other.example", files=(file,)))
        found = fetched(house)
        assert [row["state"] for row in found] == ["imported", "refused"]
        assert found[0]["sender"] == "billing@supplier.example"
        assert server.count() == 1 and server.count("Taken") == 1
        server.put(mail(files=both))  # the same mail again
        assert [row["id"] for row in fetched(house)] == [row["id"] for row in found]
        assert len(house.rows(tables.document)) == 1 and server.count("Taken") == 2
        other = ("other.xml", "application/xml", cii(number="S-2").content)
        server.put(mail(files=(other,)))  # a mailer that gives one id twice
        assert [row["supplier_number"] for row in fetched(house)] == ["S-2"]
        for number in ("S-3", "S-4"):
            named = (f"{number}.xml", "application/xml", cii(number=number).content)
            server.put(mail(files=(named,)))  # two of one id that lie there together
        assert [row["supplier_number"] for row in fetched(house)] == ["S-3", "S-4"]
        assert server.count() == 1


def test_a_source_is_told_only_after_its_files_are_kept(inbox: House) -> None:
    source = MemorySource("memory", Incoming("1", (cii(),)), Incoming("2", (), subject="too large"))
    house = with_sources(inbox, source)
    house.connect("MEM", "memory")
    fetched(house)
    assert [(id, taken) for id, taken, _ in source.told] == [("1", True), ("2", False)]
    assert "posted as" in source.told[0][2] and "too large" in source.told[1][2]
    fetched(house)  # a source that forgets to move what is done
    assert len(house.rows(tables.received)) == 1 and len(source.told) == 4


@pytest.mark.parametrize("error", [TransientError("down"), AuthExpired("no more"), ZeroDivisionError("bug")])
def test_one_that_fails_stops_no_other(inbox: House, error: BaseException) -> None:
    bad = MemorySource("bad", Incoming("1", (cii(),)), error=error)
    good = MemorySource("good", Incoming("1", (cii(number="S-2"),)))
    house = with_sources(inbox, bad, good)
    house.connect("BAD", "bad")
    house.connect("GOOD", "good")
    found = fetched(house)
    assert [row.get("state") for row in found] == ["imported", None, "imported"]
    assert found[1]["connection"] == "BAD" and found[1]["faults"][0]["code"] == "source_failed"
    state = "needs_reauth" if isinstance(error, AuthExpired) else "active"
    assert house.row(tables.connection, code="BAD")["state"] == state


def test_one_that_is_paused_is_not_visited(inbox: House) -> None:
    source = MemorySource("memory", Incoming("1", (cii(),)))
    house = with_sources(inbox, source)
    house.connect("MEM", "memory")
    flow.pause(house, house.context, "MEM")
    assert "paused" in fetched(house)[0]["faults"][0]["message"] and source.told == []
    with pytest.raises(Faulty) as unknown:
        fetched(house, "NOWHERE")
    assert codes(unknown) == ["source_unknown"]


def test_a_source_brings_only_what_it_is_active_for(inbox: House) -> None:
    source = MemorySource("memory", Incoming("1", (cii(),)))
    house = with_sources(inbox, source)
    flow.configure(house, house.context, "MEM", "memory", {"box": "in"})
    flow.test_connection(house, house.context, "MEM")
    flow.activate(house, house.context, "MEM", ("LYON",))
    (told,) = fetched(house)
    assert told["state"] == "new" and told["faults"][0]["code"] == "import_other_company"


# --- what was stopped, and what is damaged --------------------------------------------------------------------------


class Stopped(BaseException):
    """The program ends here."""


class Stops:
    name = "stops"

    def recognises(self, file: File) -> bool:
        raise Stopped


def stopping(house: House) -> House:
    """The same house, ended when it begins to read a file."""
    return house.beside(replace(house.plugins, importers={"stops": Stops()}))


@pytest.mark.parametrize("companies", [("LYON",), ()])
def test_what_was_kept_before_a_stop_speaks_for_the_same_companies(
    inbox: House, tmp_path: Path, companies: tuple[str, ...]
) -> None:
    settings_of(inbox, tmp_path, inbox_post="true")
    house = with_sources(inbox, MemorySource("memory", Incoming("1", (cii(),))))
    flow.configure(house, house.context, "MEM", "memory", {"box": "in"})
    flow.test_connection(house, house.context, "MEM")
    flow.activate(house, house.context, "MEM", companies)
    with pytest.raises(Stopped):
        fetched(stopping(house))
    assert list(resume(house, house.context)) == []
    (told,) = flow.received(house, house.context, ["new", "imported"])
    assert [one["code"] for one in told["faults"]] == (["import_other_company"] if companies else [])
    assert told["state"] == ("new" if companies else "imported")


def test_what_a_connection_brought_that_is_used_for_nobody_now_waits(inbox: House, tmp_path: Path) -> None:
    settings_of(inbox, tmp_path, inbox_post="true")
    house = with_sources(inbox, MemorySource("memory", Incoming("1", (cii(),))))
    house.connect("MEM", "memory")
    with pytest.raises(Stopped):
        fetched(stopping(house))
    flow.deactivate(house, house.context, "MEM")
    assert list(resume(house, house.context)) == []
    (told,) = flow.received(house, house.context)
    assert told["faults"][0]["code"] == "import_other_company"


def archived_and_spoiled(house: House, folder: Path) -> None:
    assert flow.archive_files(house, house.context).moved == 1
    (copy,) = (one for one in folder.rglob("*") if one.is_file())
    copy.chmod(0o644)
    copy.write_bytes(b"spoiled")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FACTOTUM_ARCHIVE", str(tmp_path / "archive"))
    return tmp_path / "archive"


def test_a_damaged_file_is_told_and_stops_no_source(inbox: House, shelf: Path) -> None:
    with pytest.raises(Stopped):
        flow.receive(stopping(inbox), inbox.context, [cii()])
    archived_and_spoiled(inbox, shelf)
    house = with_sources(inbox, MemorySource("memory", Incoming("1", (cii(number="S-2"),))))
    house.connect("MEM", "memory")
    damaged, good = fetched(house)
    assert damaged["faults"][0]["code"] == "archived_file_unreadable" and damaged["state"] == "new"
    assert (good["supplier_number"], good["state"]) == ("S-2", "imported")


def test_a_good_copy_is_read_and_kept_though_the_archived_one_is_spoiled(inbox: House, shelf: Path) -> None:
    with pytest.raises(Stopped):
        flow.receive(stopping(inbox), inbox.context, [cii()])
    archived_and_spoiled(inbox, shelf)
    house = with_sources(inbox, MemorySource("memory", Incoming("1", (cii(),)), Incoming("2", (cii(number="S-2"),))))
    house.connect("MEM", "memory")
    states = {row["supplier_number"]: row["state"] for row in fetched(house) if not row["faults"]}
    assert states == {"S-1001": "imported", "S-2": "imported"}
    digest = house.rows(tables.received, supplier_number="S-1001")[0]["file"]
    assert flow.archive_get(house, house.context, digest).content == cii().content
    (again,) = flow.archive_files(house, house.context).failed  # what lies there is never replaced, and that is said
    assert again[0] == digest and "other bytes" in again[1]


def test_what_is_whole_in_the_archive_is_not_put_back(inbox: House, shelf: Path) -> None:
    flow.receive(inbox, inbox.context, [cii()])
    assert flow.archive_files(inbox, inbox.context).moved == 1
    flow.receive(inbox, inbox.context, [cii()])
    assert inbox.row(tables.file)["content"] == b""


# --- programs -------------------------------------------------------------------------------------------------------


def send(house: House, content: bytes, key: str = "k1", media: str = "application/xml", name: str = "a.xml") -> Any:
    return upload(house, house.context, name, media, content, key)


def test_what_is_complete_waits_or_is_posted_and_comes_once_under_a_key(inbox: House, tmp_path: Path) -> None:
    first = send(inbox, cii().content)
    assert (first["status"], first["received"]["state"]) == (202, "new")
    again = send(inbox, cii().content)
    assert again == {"status": 200, "received": first["received"]}
    override = '[[override]]\ntable = "company"\nkey = "PARIS"\nset = { extra = { inbox_post = "true" } }\n'
    inbox.apply(tmp_path, "POSTS", override, requires=("DEMO",))
    assert send(inbox, cii(number="S-2").content, "k2")["status"] == 201


def refusal(house: House, *told: Any, **more: Any) -> tuple[str, int]:
    with pytest.raises(Faulty) as refused:
        send(house, *told, **more)
    return refused.value.faults[0].code, status_of(refused.value.faults)


def test_every_refusal_has_its_status(inbox: House) -> None:
    good = cii().content
    assert refusal(inbox, good, key="") == ("upload_key", 400)
    assert refusal(inbox, good, key="a b") == ("upload_key", 400)
    assert refusal(inbox, good, media="text/html; charset=utf-8") == ("upload_media_type", 415)
    assert refusal(inbox, b"") == ("import_empty", 400)
    assert refusal(inbox, b"x" * (20 * 1024 * 1024 + 1)) == ("import_too_large", 413)
    assert refusal(inbox, b"PK\x03\x04", "k2") == ("import_unknown_file", 415)
    assert refusal(inbox, hostile.cii("<!DOCTYPE a>").encode(), "k3") == ("import_unreadable", 422)
    assert refusal(inbox, hostile.cii(TOTAL="1e3").encode(), "k4") == ("import_field_refused", 422)
    send(inbox, good, "k5")
    assert refusal(inbox, b"<other/>", "k5") == ("upload_key_other_content", 409)
    assert refusal(inbox, good, "k6") == ("import_duplicate", 409)
    assert refusal(inbox, good, "k6") == ("import_duplicate", 409)  # and so again
    nobody = Context(Actor("guest"), inbox.clock)
    with pytest.raises(Faulty) as refused:
        upload(inbox, nobody, "a.xml", "text/xml", good, "k7")
    assert (codes(refused)[0], status_of(refused.value.faults)) == ("not_allowed", 403)


def test_the_table_of_statuses_is_the_one_in_the_words() -> None:
    rows = re.findall(r"\| (\d{3})\s+\| (\w+)\s", upload.__doc__ or "")
    assert {code: int(status) for status, code in rows} == STATUS


def test_a_name_that_leads_elsewhere_is_a_name(inbox: House) -> None:
    for number, name in enumerate(hostile.worst_names()):
        told = send(inbox, cii(number=f"N-{number}").content, f"n{number}", name=name)
        assert told["received"]["state"] == "new" and "\x00" not in told["received"]["name"]


def test_a_line_may_be_named_by_hand_after_an_upload(inbox: House) -> None:
    told = send(inbox, cii(views.line("Lampe", "1", "100", "19")).content)
    assert (told["status"], told["received"]["faults"][0]["code"]) == (202, "import_tax_unknown")
    assert isinstance(File("a", "b", b"").content, bytes)


class Guarded(MemorySettings):
    password: SecretStr = SecretStr("")


@pytest.mark.parametrize("error", [TransientError, AuthExpired, ValueError])
def test_what_a_source_says_when_it_fails_tells_no_secret(
    inbox: House, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACTOTUM_KEY", new_key())
    source = MemorySource("memory", error=error("LOGIN bob hunter2-canary failed"))
    source.settings_model = Guarded
    house = with_sources(inbox, source)
    house.connect("BOX", "memory", box="in", password="hunter2-canary")  # noqa: S106 - to be looked for
    told = list(flow.fetch(house, house.context))
    assert "LOGIN bob *** failed" in str(told)
    assert "hunter2" not in str([told, house.rows(tables.connection), house.rows(tables.audit)])

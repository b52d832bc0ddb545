"""Files dragged into a folder: taken when they have settled, moved away afterwards, never lost, never replaced."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.spi import ConfigError, Incoming, PluginContext
from engine.spi.host import register
from plugins.inbox_folder import plugin
from plugins.inbox_folder.source import FolderSettings, FolderSource
from tests.support.fakes import plugin_context

SOURCE = FolderSource()


@pytest.fixture
def context() -> PluginContext:
    return plugin_context()


def fetch(folder: Path, context: PluginContext) -> list[Incoming]:
    return list(SOURCE.fetch(FolderSettings(folder=folder), context))


def settled(folder: Path, context: PluginContext) -> list[Incoming]:
    fetch(folder, context)
    return fetch(folder, context)


def done(incoming: Incoming, taken: bool, folder: Path, context: PluginContext, words: str = "posted as 7") -> None:
    SOURCE.done(incoming, taken, words, FolderSettings(folder=folder), context)


def test_a_file_is_taken_at_the_second_look_when_it_has_not_changed(tmp_path: Path, context: PluginContext) -> None:
    file = tmp_path / "a.xml"
    file.write_bytes(b"<a")
    assert fetch(tmp_path, context) == []
    file.write_bytes(b"<a/>")  # it was still being written
    assert fetch(tmp_path, context) == []
    (found,) = fetch(tmp_path, context)
    assert (found.files[0].name, found.files[0].content) == ("a.xml", b"<a/>")
    assert found.files[0].media_type == "application/xml"


@pytest.mark.parametrize(("taken", "where"), [(True, "taken"), (False, "refused")])
def test_it_is_moved_with_words_beside_it(tmp_path: Path, context: PluginContext, taken: bool, where: str) -> None:
    (tmp_path / "a.pdf").write_bytes(b"%PDF-")
    (found,) = settled(tmp_path, context)
    done(found, taken, tmp_path, context)
    done(found, taken, tmp_path, context)  # it may come twice
    assert sorted(one.name for one in (tmp_path / where).iterdir()) == ["a.pdf", "a.pdf.txt"]
    assert (tmp_path / where / "a.pdf").read_bytes() == b"%PDF-"
    assert (tmp_path / where / "a.pdf.txt").read_text() == "posted as 7\n"
    assert settled(tmp_path, context) == []


def test_nothing_is_ever_replaced(tmp_path: Path, context: PluginContext) -> None:
    for content in (b"one", b"two", b"three"):
        (tmp_path / "a.xml").write_bytes(content)
        (found,) = settled(tmp_path, context)
        done(found, True, tmp_path, context)
    kept = {one.name: one.read_bytes() for one in (tmp_path / "taken").glob("*.xml")}
    assert kept == {"a.xml": b"one", "a-1.xml": b"two", "a-2.xml": b"three"}
    assert len(list((tmp_path / "taken").glob("*.txt"))) == 3


def test_a_file_that_changed_after_it_was_taken_is_another_one(tmp_path: Path, context: PluginContext) -> None:
    (tmp_path / "a.xml").write_bytes(b"one")
    (found,) = settled(tmp_path, context)
    (tmp_path / "a.xml").write_bytes(b"more")
    done(found, True, tmp_path, context)
    assert (tmp_path / "a.xml").read_bytes() == b"more"
    (again,) = settled(tmp_path, context)
    assert again.id != found.id


def test_who_was_stopped_between_link_and_unlink_goes_on(tmp_path: Path, context: PluginContext) -> None:
    (tmp_path / "a.xml").write_bytes(b"one")
    (found,) = settled(tmp_path, context)
    (tmp_path / "taken").mkdir()
    os.link(tmp_path / "a.xml", tmp_path / "taken" / "a.xml")
    done(found, True, tmp_path, context)
    assert not (tmp_path / "a.xml").exists() and len(list((tmp_path / "taken").glob("*.xml"))) == 1


def test_what_is_no_file_of_a_person_is_left_alone(tmp_path: Path, context: PluginContext) -> None:
    (tmp_path / "folder.xml").mkdir()
    (tmp_path / "outside").write_bytes(b"secret")
    inner = tmp_path / "in"
    inner.mkdir()
    (inner / "link.xml").symlink_to(tmp_path / "outside")
    for name in (".hidden.xml", "~$a.pdf", "b.pdf.part", "c.xml.crdownload"):
        (inner / name).write_bytes(b"x")
    os.mkfifo(inner / "pipe.xml")
    assert settled(inner, context) == []


def test_names_are_data(tmp_path: Path, context: PluginContext) -> None:
    for name in (b"\xff\xfe.xml", "\u202efdp.exe".encode(), b"CON", b"a\nb.xml", b"-rf"):
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).write_bytes(b"x")
    found = settled(tmp_path, context)
    assert len(found) == 5
    for one in found:
        assert one.files[0].name.encode()
        done(one, True, tmp_path, context)
    assert len(list((tmp_path / "taken").glob("*"))) == 10 and settled(tmp_path, context) == []


def test_a_huge_file_is_told_and_not_read(tmp_path: Path, context: PluginContext) -> None:
    with (tmp_path / "big.pdf").open("wb") as file:
        file.truncate(30 * 1024 * 1024)
    (found,) = settled(tmp_path, context)
    assert found.files == () and "bytes" in found.subject


def test_a_test_leaves_no_trace_and_says_what_is_wrong(tmp_path: Path, context: PluginContext) -> None:
    assert SOURCE.test(FolderSettings(folder=tmp_path), context).passed
    assert list(tmp_path.iterdir()) == []
    assert not SOURCE.test(FolderSettings(folder=tmp_path / "no"), context).passed
    with pytest.raises(ConfigError):
        fetch(tmp_path / "no", context)


def test_the_plugin_offers_its_source() -> None:
    assert {*register([("inbox_folder", plugin)]).sources} == {"inbox_folder"}


@pytest.mark.parametrize("name", ["../up", "a/b", "", "."])
def test_inner_folders_stay_inside(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError):
        FolderSettings(folder=tmp_path, taken=name)

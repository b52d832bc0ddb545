"""An archive anywhere: written once, compared, never replaced; what is missing is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from engine.spi import ConfigError, Conflict, NotFound, PluginError, Unsupported
from engine.spi.host import register
from plugins.archive_fsspec import plugin
from plugins.archive_fsspec.settings import ArchiveSettings
from plugins.archive_fsspec.store import FsspecStore
from tests.support.fakes import plugin_context

STORE, CONTEXT = FsspecStore(), plugin_context()


@pytest.fixture(params=["memory", "file"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArchiveSettings]:
    url = f"memory://{tmp_path.name}" if request.param == "memory" else f"file://{tmp_path}/books"
    yield ArchiveSettings.model_validate({"url": url})
    fsspec.filesystem("memory").store.clear()


def put(settings: ArchiveSettings, place: str, content: bytes) -> None:
    STORE.put(place, content, settings, CONTEXT)


def test_what_is_put_comes_back_and_is_never_replaced(settings: ArchiveSettings) -> None:
    for _ in range(2):
        put(settings, "2026/ab/x.pdf", b"one")
    with pytest.raises(Conflict):
        put(settings, "2026/ab/x.pdf", b"two")
    assert STORE.get("2026/ab/x.pdf", settings, CONTEXT) == b"one"


def test_what_is_not_there_is_said(settings: ArchiveSettings) -> None:
    with pytest.raises(NotFound):
        STORE.get("2026/ab/none.pdf", settings, CONTEXT)


@pytest.mark.parametrize("place", ["../x", "/x", "a/../../x", ""])
def test_a_place_stays_inside(settings: ArchiveSettings, place: str) -> None:
    with pytest.raises(Conflict):
        put(settings, place, b"x")


def test_a_test_leaves_nothing_behind(settings: ArchiveSettings) -> None:
    report = STORE.test(settings, CONTEXT)
    assert report.passed and [one.name for one in report.steps] == ["reach", "write", "read", "remove"]
    system, root = fsspec.core.url_to_fs(settings.url)
    assert system.find(root) == []


def test_a_half_written_file_has_never_its_name(settings: ArchiveSettings) -> None:
    put(settings, "a.pdf", b"one")
    system, root = fsspec.core.url_to_fs(settings.url)
    assert [one.rpartition("/")[2] for one in system.find(root)] == ["a.pdf"]


def test_a_store_whose_library_is_missing_says_so_and_what_to_do() -> None:
    if fsspec.utils.get_protocol and "s3" in fsspec.available_protocols():
        try:
            import s3fs  # noqa: F401
        except ImportError:
            pass
        else:
            pytest.skip("s3fs is installed here")
    with pytest.raises(Unsupported, match="s3fs"):
        put(ArchiveSettings.model_validate({"url": "s3://bucket/books"}), "a", b"x")
    report = STORE.test(ArchiveSettings.model_validate({"url": "s3://bucket/books"}), CONTEXT)
    assert not report.passed and "not installed" in report.steps[-1].words


def test_an_unknown_place_is_a_setting_to_mend() -> None:
    with pytest.raises(PluginError) as refused:
        put(ArchiveSettings.model_validate({"url": "nowhere://x"}), "a", b"x")
    assert isinstance(refused.value, ConfigError)


@pytest.mark.parametrize("url", [
    "books", "http://x/y", "zip://a::file:///b", "s3://key:secret@bucket/x", "file:///a/../b", "data:,x",
])  # fmt: skip
def test_addresses_that_are_no_store_are_refused(url: str) -> None:
    told: dict[str, Any] = {"url": url}
    with pytest.raises(ValueError):
        ArchiveSettings.model_validate(told)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "books").write_text("a file")
    settings = ArchiveSettings.model_validate({"url": f"file://{tmp_path}/books"})
    with pytest.raises(PluginError):
        put(settings, "a/b", b"x")
    assert not STORE.test(settings, CONTEXT).passed


def test_the_plugin_offers_its_store() -> None:
    assert {*register([("archive_fsspec", plugin)]).archives} == {"archive_fsspec"}

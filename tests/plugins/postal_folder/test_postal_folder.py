"""Letters that lie in a folder."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from engine.spi import (
    AddressView,
    Conflict,
    DeliveryPolicy,
    File,
    Parcel,
    PluginKind,
    Rejected,
    TransientError,
    Validation,
)
from engine.spi.host import register
from plugins.postal_folder import plugin
from plugins.postal_folder.client import PostalFolderChannel
from plugins.postal_folder.settings import PostalSettings
from tests.plugins.email_smtp.builders import DOCUMENT, PARTNER
from tests.support.fakes import plugin_context

channel, HERE = PostalFolderChannel(), plugin_context()
ADDRESS = AddressView("Via Roma 1", "Scala B", "20121", "Milano", "MI", "IT")
LETTER = replace(DOCUMENT, partner=replace(PARTNER, name="Rossi\r\n& Figli", address=ADDRESS))


def pdf(count: int = 1, size: tuple[float, float] = (595.28, 841.89)) -> File:
    made, out = pikepdf.new(), io.BytesIO()
    for _ in range(count):
        made.add_blank_page(page_size=size)
    made.save(out)
    return File("FV-7.pdf", "application/pdf", out.getvalue())


def parcel(folder: Path, **changes: Any) -> Parcel:
    given: dict[str, Any] = {
        "key": "k-1", "document": LETTER, "files": (pdf(),), "recipients": ("x",),
        "settings": PostalSettings(folder=folder),
    } | changes  # fmt: skip
    return Parcel(**given)


def test_a_letter_is_a_pdf_and_beside_it_the_address_its_window_shows(tmp_path: Path) -> None:
    receipt = channel.deliver(parcel(tmp_path), HERE)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["k-1.json", "k-1.pdf"]
    told = json.loads((tmp_path / "k-1.json").read_text())
    assert told["address"] == ["Rossi & Figli", "Via Roma 1", "Scala B", "20121 Milano MI", "IT"]
    assert (told["file"], told["pages"], told["country"]) == ("k-1.pdf", 1, "IT")
    assert told["sender"] == ["Acmé Société, S.A.S.", "1 rue Haute", "75001 Paris", "FR"]
    assert (tmp_path / "k-1.pdf").read_bytes() == pdf().content
    assert receipt.reference == "k-1.pdf" and receipt.detail == "1 page to Rossi & Figli"


def test_a_letter_is_laid_once(tmp_path: Path) -> None:
    assert channel.policy_of(PostalSettings(folder=tmp_path)) is DeliveryPolicy.AT_MOST_ONCE
    channel.deliver(parcel(tmp_path), HERE)
    with pytest.raises(Conflict):
        channel.deliver(parcel(tmp_path), HERE)


def test_the_country_is_told_to_another_country_only(tmp_path: Path) -> None:
    home = replace(LETTER, company=replace(LETTER.company, country="IT"))
    assert channel.recipients(home) == ("Rossi & Figli, Via Roma 1, Scala B, 20121 Milano MI",)


@pytest.mark.parametrize("field", ["street", "postcode", "city", "country"])
def test_an_address_that_is_not_whole_reaches_nobody(tmp_path: Path, field: str) -> None:
    document = replace(LETTER, partner=replace(LETTER.partner, address=replace(ADDRESS, **{field: ""})))
    assert channel.recipients(document) == ()
    with pytest.raises(Validation, match="not whole"):
        channel.deliver(parcel(tmp_path, document=document), HERE)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (None, "a letter is a PDF"),
        (File("a.xml", "application/xml", b"<a/>"), "a letter is a PDF"),
        (File("a.pdf", "application/pdf", b"%PDF-1.7 nothing"), "cannot be read"),
        (pdf(11), "11 pages; 10 are allowed"),
        (pdf(1, (842, 595)), "page 1 is not A4 upright"),
    ],
)
def test_what_cannot_be_printed_is_refused(tmp_path: Path, file: File | None, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        channel.deliver(parcel(tmp_path, files=(file,) if file else ()), HERE)
    assert not [*tmp_path.iterdir()]


def test_a_name_that_the_window_does_not_show_is_refused(tmp_path: Path) -> None:
    document = replace(LETTER, partner=replace(LETTER.partner, name="x" * 46))
    with pytest.raises(Validation, match="the window shows"):
        channel.deliver(parcel(tmp_path, document=document), HERE)


def test_a_folder_that_is_away_comes_back(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="cannot write"):
        channel.deliver(parcel(tmp_path / "away"), HERE)
    report = channel.test(PostalSettings(folder=tmp_path / "away"), HERE)
    assert not report.passed and report.steps[0].code == "no_folder"
    assert channel.test(PostalSettings(folder=tmp_path), HERE).passed and not [*tmp_path.iterdir()]


def test_a_key_is_no_path(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    channel.deliver(parcel(tmp_path / "in", key="../../evil"), HERE)
    assert sorted(one.name for one in (tmp_path / "in").iterdir()) == ["------evil.json", "------evil.pdf"]


def test_the_plugin_offers_the_channel() -> None:
    offered = register([("postal_folder", plugin)])
    assert "postal_folder" in offered.channels and offered.manifests["postal_folder"].kind is PluginKind.POSTAL

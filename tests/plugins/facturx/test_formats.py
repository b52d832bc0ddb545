"""The two formats as the engine meets them."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pluggy
import pytest
from lxml import etree

from engine.spi import DocumentFormat, DocumentView, Rejected
from engine.spi.hookspecs import PROJECT, Hooks
from plugins.facturx import hybrid, plugin
from plugins.facturx.formats import Cii, FacturX
from tests.plugins.facturx import views

HOUSE = Path(__file__).resolve().parents[3]


def opened(document: DocumentView) -> pikepdf.Pdf:
    return pikepdf.open(BytesIO(FacturX().render(document).content))


def python(code: str, seed: str = "0") -> str:
    env = {**os.environ, "PYTHONPATH": str(HOUSE), "PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=HOUSE, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_hook_registers_both_formats() -> None:
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(Hooks)
    manager.register(plugin)
    (offered,) = manager.hook.register_formats()
    found: list[DocumentFormat] = list(offered)
    assert [(f.name, f.extension) for f in found] == [("facturx", "pdf"), ("cii", "xml")]


def test_registering_loads_none_of_the_heavy_packages() -> None:
    code = """
import sys
from plugins.facturx import plugin
list(plugin.register_formats())
print(sorted({"lxml", "typst", "pikepdf"} & set(sys.modules)))
"""
    assert python(code) == "[]"


def test_the_same_document_gives_the_same_bytes_in_every_process_and_thread() -> None:
    code = """
import hashlib
from plugins.facturx.formats import Cii, FacturX
from tests.plugins.facturx import views
for make in (FacturX(), Cii()):
    for build in (views.french_mixed, views.hostile, views.italian_plain):
        print(hashlib.sha256(make.render(build()).content).hexdigest())
"""
    first, second = python(code, "1"), python(code, "2")
    assert first == second
    with ThreadPoolExecutor(8) as pool:
        assert len({f.content for f in pool.map(FacturX().render, [views.french_mixed()] * 24)}) == 1


def test_the_pdf_carries_the_very_xml_of_the_other_format() -> None:
    document = views.french_mixed()
    with opened(document) as pdf:
        assert list(pdf.attachments) == ["factur-x.xml"]
        attached = pdf.attachments["factur-x.xml"]
        assert attached.get_file().read_bytes() == Cii().render(document).content
        assert attached.obj.AFRelationship == "/Alternative"
        assert len(pdf.Root.AF) == 1


def test_the_xmp_is_plain_and_declares_factur_x_once() -> None:
    with opened(views.french_mixed()) as pdf:
        metadata = pdf.Root.Metadata
        assert "/Filter" not in metadata
        xmp = metadata.read_bytes()
    etree.fromstring(xmp)
    assert xmp.count(b"<pdfaExtension:schemas>") == 1
    assert b"<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in xmp
    assert b"<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>" in xmp
    assert b"2026-11-02T00:00:00" in xmp


def test_an_xmp_we_do_not_know_is_not_patched_blindly() -> None:
    with pytest.raises(ValueError, match="no place"):
        hybrid.declared(b"<x:xmpmeta/>")


def test_only_fonts_inside_typst_are_used_and_embedded() -> None:
    with opened(views.hostile()) as pdf:
        fonts = [font for page in pdf.pages for font in page.Resources.Font.values()]
        names = [str(font.BaseFont) for font in fonts]
        assert names and all("Libertinus" in name or "DejaVu" in name or "NewCM" in name for name in names), names
        assert all("/FontFile3" in part.FontDescriptor for font in fonts for part in font.DescendantFonts)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"untdid_code": "325", "type_description": "Facture proforma"}, "325"),
        ({"untdid_code": "383", "type_description": "Note de débit"}, "BR-FR-04"),
        ({"untdid_code": ""}, "no UNTDID 1001 code"),
    ],
)
def test_what_is_no_invoice_is_a_plain_page_and_no_xml(changes: dict[str, str], why: str) -> None:
    document = replace(views.document(), **changes)  # type: ignore[arg-type]
    file = FacturX().render(document)
    assert file.verdict.startswith("plain PDF without XML") and why in file.verdict
    with pikepdf.open(BytesIO(file.content)) as pdf:
        assert not list(pdf.attachments) and b"factur-x" not in pdf.Root.Metadata.read_bytes()
    with pytest.raises(Rejected, match=why):
        Cii().render(document)


def test_the_verdict_never_claims_what_was_not_run() -> None:
    for build in (*views.FRENCH_SET.values(), *views.OTHER_SET.values()):
        for make in (FacturX(), Cii()):
            said = make.render(build()).verdict
            assert "not checked here" in said and "valid" not in said


def test_the_verdict_tells_how_split_payment_is_written() -> None:
    assert "written as S" in Cii().render(views.italian_split()).verdict


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("2026/00042", "2026-00042.pdf"),
        ("FA_2026+1.2", "FA_2026+1.2.pdf"),
        ("../../etc/passwd", "etc-passwd.pdf"),
        ('A\\B:C*?"<>|\n', "A-B-C.pdf"),
        ("Fattura n° 7", "Fattura-n-7.pdf"),
    ],
)
def test_the_file_is_named_by_the_number(number: str, name: str) -> None:
    assert FacturX().render(views.document(number=number)).name == name


def test_a_number_of_nothing_but_signs_still_names_a_file() -> None:
    assert FacturX().render(views.document(number="///", untdid_code="325")).name == "document-7.pdf"

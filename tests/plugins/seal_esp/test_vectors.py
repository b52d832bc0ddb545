"""What the AEAT and others published, byte for byte (shared/legislations/ESP.md §8 and §9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from engine.spi import SealKind
from plugins.seal_esp import huella
from tests.plugins.seal_esp.builders import COMPANY, document, ready, record

V1 = "3C464DAF61ACB827C65FDA19F352A4E3BDC2C640E9E9FC4CC058073F38F12F60"
V2 = "F7B94CFD8924EDFF273501B01EE5153E4CE8F259766F88CF6ACB8935802A2B97"
V3 = "177547C0D57AC74748561D054A9CEC14B4C4EA23D1BEFD6F2E69E3A388F90C68"
V4 = "F5D2E033EEB82E06908BE1F7059D84F1A0DCA49FB7CC383E7F11D119FF36370F"
ES5 = "B0A61CC81520D1155A4FADEDB0F6973EAAB923B8DF1D8FF53788ACA5FFCA2A04"
BEFORE_V4 = "0123456789ABCDEF" * 4


def test_the_published_chain_of_three_comes_out_of_documents() -> None:
    """V1 to V3: two invoices and the annulment of the second, in one chain."""
    company = replace(COMPANY, vat_number="89890001K")
    seal, on = ready(), date(2024, 1, 1)
    invoice = document(tax="12.35", net="111.10", number="12345678/G33", company=company, date=on)
    one = seal.seal(record(invoice, at=datetime(2024, 1, 1, 18, 20, 30, 999, tzinfo=UTC)))
    assert one.fingerprint == V1 and one.facts["PrimerRegistro"] == "S"
    assert one.facts["FechaHoraHusoGenRegistro"] == "2024-01-01T19:20:30+01:00"

    second = record(replace(invoice, number="12345679/G34"), at=datetime(2024, 1, 1, 18, 20, 35, tzinfo=UTC))
    two = seal.seal(replace(second, previous=one.link))
    assert two.fingerprint == V2
    assert {name: text for name, text in two.facts.items() if name.startswith("RegistroAnterior")} == {
        "RegistroAnterior.IDEmisorFactura": "89890001K",
        "RegistroAnterior.NumSerieFactura": "12345678/G33",
        "RegistroAnterior.FechaExpedicionFactura": "01-01-2024",
        "RegistroAnterior.Huella": V1,
    }

    at = datetime(2024, 1, 1, 18, 20, 40, tzinfo=UTC)
    three = seal.seal(replace(second, kind=SealKind.CANCELLATION, at=at, previous=two.link))
    assert three.fingerprint == V3 and three.printed == {} and "TipoFactura" not in three.facts


@pytest.mark.parametrize(
    ("changes", "tax", "net", "found"),
    [
        ({"number": "SAMPLE-004", "date": date(2024, 11, 13)}, "378.00", "1800.00", V4),
        (
            {"number": "FR-012", "date": date(2022, 2, 1), "national_code": "R1", "is_credit": True},
            "340.20",
            "1620.00",
            ES5,
        ),
    ],
    ids=["V4", "ES-5"],
)
def test_a_record_within_a_chain(changes: dict[str, object], tax: str, net: str, found: str) -> None:
    """ES-5 is a credit: positive in the document, negative in the record."""
    at = datetime(2024, 11, 26, 4, 0, tzinfo=UTC)
    before = {huella.ISSUER: "B85905495", huella.NUMBER: "SAMPLE-003", huella.DATE: "13-11-2024"}
    previous = huella.link(before | {huella.MOMENT: "2024-11-26T04:59:59+01:00"}, BEFORE_V4)
    assert ready().seal(record(document(tax, net, **changes), at=at, previous=previous)).fingerprint == found


def test_the_hashed_text_is_the_one_of_the_specification() -> None:
    facts = {
        huella.ISSUER: " 89890001K ", huella.NUMBER: "12345678/G33", huella.DATE: "01-01-2024", huella.KIND: "F1",
        huella.TAX: "12.35", huella.TOTAL: "123.45", huella.MOMENT: "2024-01-01T19:20:30+01:00",
    }  # fmt: skip
    assert huella.hashed_text(SealKind.ISSUE, facts) == (
        "IDEmisorFactura=89890001K&NumSerieFactura=12345678/G33&FechaExpedicionFactura=01-01-2024&TipoFactura=F1"
        "&CuotaTotal=12.35&ImporteTotal=123.45&Huella=&FechaHoraHusoGenRegistro=2024-01-01T19:20:30+01:00"
    )
    assert huella.fingerprint(SealKind.ISSUE, facts) == V1
    assert huella.fingerprint(SealKind.ISSUE, facts | {huella.TAX: "12.350"}) != V1


@pytest.mark.parametrize(
    ("service", "number", "query"),
    [
        ("production", "12345678-G33", "nif=89890001K&numserie=12345678-G33&fecha=01-09-2024&importe=241.40"),
        ("test", "A 1/2&3", "nif=89890001K&numserie=A+1%2F2%263&fecha=01-09-2024&importe=241.40"),
    ],
)
def test_the_address_in_the_qr_code_is_encoded_as_the_examples_are(service: str, number: str, query: str) -> None:
    view = document(
        "41.40", "200.00", number=number, date=date(2024, 9, 1), company=replace(COMPANY, vat_number="89890001K")
    )
    host = {"production": "www2.agenciatributaria.gob.es", "test": "prewww2.aeat.es"}[service]
    printed = ready(service=service).seal(record(view)).printed
    assert printed["qr"] == f"https://{host}/wlpl/TIKE-CONT/ValidarQR?{query}"
    assert printed["label"] == "VERI*FACTU"
    assert printed["mention"] == "Factura verificable en la sede electrónica de la AEAT"


def test_what_is_withheld_is_no_part_of_the_total() -> None:
    """ES-4: 1 960.20 with 243.00 of IRPF withheld. ES-1: VAT and recargo are one CuotaTotal."""
    totals = replace(document("340.20", "1620.00").totals, withholding=Decimal("243.00"), payable=Decimal("1717.20"))
    facts = ready().seal(record(replace(document(), totals=totals))).facts
    assert (facts["CuotaTotal"], facts["ImporteTotal"]) == ("340.20", "1960.20")
    facts = ready().seal(record(document("13.10", "50.00"))).facts
    assert (facts["CuotaTotal"], facts["ImporteTotal"]) == ("13.10", "63.10")

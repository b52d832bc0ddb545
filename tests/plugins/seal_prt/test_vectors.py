"""Known answers, byte for byte: signatures of shared/legislations/PRT.md §8, and the QR codes the AT published."""

from __future__ import annotations

import base64
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.spi import DocumentView, TaxView
from plugins.seal_prt import qr, signature
from plugins.seal_prt.chain import verify_chain
from tests.plugins.seal_prt.builders import (
    BUYER,
    COMPANY,
    document,
    public_pem,
    ready,
    record,
    settings,
    signing_key,
    tax,
)

H1 = (
    "KN1+G5W9M8gghB9IDSbwd8rOKngBA9wvAaQx6Ym8CVp+aW//vhaM03oicsN87PlZ1o5LMxtEm+KyNnokJsBw1RESib7Wf9H0hWtYtbE+yxQOnn6MRqLJ"
    "yrbqSi7B2WAU+9ebFhjA6O2uT/duQV+XYTRU8xBEiupg2ycpNPNmRhs="
)
H2 = (
    "I8fOec7ul9wuLpqgPqE9etfIYTD1eXFlbALU5DU0LbAPfuz+D7ezQL9J+rpfCgDL4DPGk5gB3jwvUh4p2gJphgSIMn9bRyypTPLsIlNUxJ6M2CvaT56q"
    "klU0+OnPFcW7uZy9jka2s1zq3IHDL3Pn81QyJmWiDWIkSDiXd6jMuN0="
)
M1 = "2010-05-18;2010-05-18T11:22:19;FAC 001/14;3.12;"


def test_the_two_signatures_come_out_of_documents() -> None:
    """In May Lisbon is an hour ahead of UTC."""
    day = date(2010, 5, 18)
    one = record(
        document(tax("2.54", "0.58"), number="FAC 001/14", date=day),
        value=14,
        at=datetime(2010, 5, 18, 10, 22, 19, 999999, tzinfo=UTC),
    )
    first = ready().seal(one)
    assert (first.fingerprint, first.printed["characters"]) == (H1, "Kgdw")
    two = record(
        document(tax("20.83", "4.79"), number="FAC 001/15", date=day),
        value=15,
        at=datetime(2010, 5, 18, 14, 43, 25, tzinfo=UTC),
        previous=first.link,
    )
    second = ready().seal(two)
    assert (second.fingerprint, second.printed["characters"]) == (H2, "IweF")
    assert [*verify_chain([(one, first), (two, second)], {1: public_pem(signing_key())}, second.link)] == []


def test_the_message_is_the_text_of_the_despacho() -> None:
    facts = {
        signature.DATE: "2010-05-18", signature.ENTRY: "2010-05-18T11:22:19", signature.NUMBER: "FAC 001/14",
        signature.GROSS: "3.12",
    }  # fmt: skip
    assert signature.message(facts, "") == M1
    assert signature.sign(M1, signing_key()) == H1 and len(H1) == signature.LENGTH
    assert signature.sign(M1.replace("3.12", "3.120"), signing_key()) != H1


def test_characters_1_11_21_and_31_are_printed() -> None:
    """The AT's own sample, of which the rest of the signature is not known."""
    assert signature.characters("oso2FoOw4V" + "9" + "a" * 9 + "x" + "a" * 9 + "C" + "a" * 141) == "o9xC"
    assert signature.characters(H1) == "Kgdw" and signature.characters(H2) == "IweF"


def test_openssl_holds_the_signature_good(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl program")
    (tmp_path / "public.pem").write_text(public_pem(signing_key()))
    (tmp_path / "message").write_bytes(M1.encode())
    (tmp_path / "signature").write_bytes(base64.b64decode(signature.sign(M1, signing_key())))
    command = [openssl, "dgst", "-sha1", "-verify", "public.pem", "-signature", "signature", "message"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


CONSUMER = replace(BUYER, vat_number="")
REGIONS = {
    code: {"region": region}
    for region, codes in {
        "PT-AC": "AC4 AC9 AC18 ACE", "PT-MA": "MA5 MA12 MA22 MAE", "FR": "FR20",
    }.items()
    for code in codes.split()
} | {"IS": {"level": "stamp_duty"}, "MARGIN": {"level": "not_subject"}}  # fmt: skip

SAMPLES: dict[str, tuple[str, tuple[TaxView, ...], dict[str, Any], dict[str, Any], str, str]] = {
    "1 invoice": (
        "FT AB2019/0035",
        (
            tax("12000.00", "0", "0", "E"), tax("15000.00", "900.00", "6"), tax("50000.00", "6500.00", "13"),
            tax("80000.00", "18400.00", "23"),
            tax("5000.00", "0", "0", "E", "MAE"), tax("12500.00", "625.00", "5", code="MA5"),
            tax("25000.00", "3000.00", "12", code="MA12"), tax("40000.00", "8800.00", "22", code="MA22"),
            tax("10000.00", "0", "0", "E", "ACE"), tax("25000.56", "1000.02", "4", code="AC4"),
            tax("75000.00", "6750.00", "9", code="AC9"), tax("100000.00", "18000.00", "18", code="AC18"),
            tax("100.00", "0", "0", "O"), tax("0.00", "25.00", "0", "E", "IS"),
        ),
        {"partner": CONSUMER, "date": date(2019, 12, 31), "withheld": "100.00"},
        {"other": "TB;PT00000000000000000000000;513500.58"},
        "CSDF7T5H kLp0",
        "A:123456789*B:999999990*C:PT*D:FT*E:N*F:20191231*G:FT AB2019/0035*H:CSDF7T5H-0035*I1:PT*I2:12000.00"
        "*I3:15000.00*I4:900.00*I5:50000.00*I6:6500.00*I7:80000.00*I8:18400.00*J1:PT-AC*J2:10000.00*J3:25000.56*J4:1000.02"
        "*J5:75000.00*J6:6750.00*J7:100000.00*J8:18000.00*K1:PT-MA*K2:5000.00*K3:12500.00*K4:625.00*K5:25000.00"
        "*K6:3000.00*K7:40000.00*K8:8800.00*L:100.00*M:25.00*N:64000.02*O:513600.58*P:100.00*Q:kLp0*R:9999"
        "*S:TB;PT00000000000000000000000;513500.58",
    ),
    "2 simplified invoice": (
        "FS CDVF/12345",
        (tax("0.65", "0.15"),),
        {"partner": CONSUMER, "date": date(2019, 8, 12), "national_code": "FS"},
        {"other": "NU;0.80"},
        "CDF7T5HD YhGV",
        "A:123456789*B:999999990*C:PT*D:FS*E:N*F:20190812*G:FS CDVF/12345*H:CDF7T5HD-12345*I1:PT*I7:0.65*I8:0.15*N:0.15"
        "*O:0.80*Q:YhGV*R:9999*S:NU;0.80",
    ),
    "3 pro forma": (
        "PF G2019CB/145789",
        (tax("12345.34", "0", "0", "E"), tax("12532.65", "751.96", "6"), tax("52789.00", "6862.57", "13"),
         tax("32425.69", "7457.91")),
        {"company": "500000000", "partner": "123456789", "date": date(2019, 1, 23), "national_code": "PF"},
        {},
        "HB6FT7RV r/fY",
        "A:500000000*B:123456789*C:PT*D:PF*E:N*F:20190123*G:PF G2019CB/145789*H:HB6FT7RV-145789*I1:PT*I2:12345.34"
        "*I3:12532.65*I4:751.96*I5:52789.00*I6:6862.57*I7:32425.69*I8:7457.91*N:15072.44*O:125165.12*Q:r/fY*R:9999",
    ),
    "5 foreign tax": (
        "ABC BNH/4561",
        (tax("100.00", "20.00", "20", code="FR20"),),
        {"partner": replace(BUYER, country="FR", vat_number="FR4443332215"), "date": date(2019, 5, 26)},
        {},
        "DK5ZJ2HN YJRE",
        "A:123456789*B:4443332215*C:FR*D:FT*E:N*F:20190526*G:ABC BNH/4561*H:DK5ZJ2HN-4561*I1:FR*I7:100.00*I8:20.00"
        "*N:20.00*O:120.00*Q:YJRE*R:9999",
    ),
    "6 tax only": (
        "M1F KLG/6145",
        (tax("0.00", "26.50", "12"),),
        {"partner": "500000000", "date": date(2019, 2, 16), "national_code": "ND"},
        {"region": "PT-MA"},
        "RQD8L6DG h1rB",
        "A:123456789*B:500000000*C:PT*D:ND*E:N*F:20190216*G:M1F KLG/6145*H:RQD8L6DG-6145*I1:PT-MA*I6:26.50*N:26.50"
        "*O:26.50*Q:h1rB*R:9999",
    ),
    "7 margin": (
        "NF 19A/789145",
        (tax("50.00", "9.00", "18"), tax("1000.00", "0", "0", "E", "MARGIN")),
        {"company": "500000000", "partner": "123456789", "date": date(2019, 11, 24)},
        {"region": "PT-AC"},
        "JL9DS4TT d8/K",
        "A:500000000*B:123456789*C:PT*D:FT*E:N*F:20191124*G:NF 19A/789145*H:JL9DS4TT-789145*I1:PT-AC*I7:50.00*I8:9.00"
        "*L:1000.00*N:9.00*O:1059.00*Q:d8/K*R:9999",
    ),
}  # fmt: skip
"""The examples of the AT's specification: number, taxes, document, settings, code and characters, text. Its example 6
has a blank after `H:`, which is a slip."""


def sample(number: str, taxes: tuple[TaxView, ...], changes: dict[str, Any]) -> DocumentView:
    if isinstance(nif := changes.get("company"), str):
        changes = changes | {"company": replace(COMPANY, vat_number=nif)}
    if isinstance(nif := changes.get("partner"), str):
        changes = changes | {"partner": replace(BUYER, vat_number=nif)}
    return document(*taxes, number=number, **changes)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_qr_codes_that_the_at_published_come_out_of_documents(name: str) -> None:
    number, taxes, changes, given, told, text = SAMPLES[name]
    code, characters = told.split()
    view = sample(number, taxes, changes)
    used = settings(taxes=REGIONS, **given)
    atcud = f"{code}-{number.rpartition('/')[2]}"
    assert qr.text(view, used, view.national_code, atcud, characters, "9999") == text
    assert qr.is_whole(text)


def test_a_transport_document_without_amounts_has_no_fiscal_space() -> None:
    """Example 4."""
    view = replace(
        sample("GT G234CB/50987", (), {"company": "500000000", "partner": "123456789", "date": date(2019, 7, 20)}),
        taxes=(), national_code="GT", totals=replace(document().totals, tax=Decimal(0), gross=Decimal(0)),
    )  # fmt: skip
    text = qr.text(view, settings(), "GT", "GTVX4Y8B-50987", "5uIg", "9999")
    assert text == (
        "A:500000000*B:123456789*C:PT*D:GT*E:N*F:20190720*G:GT G234CB/50987*H:GTVX4Y8B-50987*I1:0*N:0.00*O:0.00*Q:5uIg"
        "*R:9999"
    )
    assert qr.is_whole(text)


def test_what_is_printed() -> None:
    printed = ready().seal(record()).printed
    assert set(printed) == {"characters", "atcud", "qr", "mention"}
    assert printed["atcud"] == "CSDF7T5H-1" and f"*Q:{printed['characters']}*R:9999" in printed["qr"]
    assert printed["mention"] == f"{printed['characters']}-Processado por programa certificado n.º 9999/AT"

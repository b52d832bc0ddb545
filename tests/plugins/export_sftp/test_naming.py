"""Names of files: whatever a document is called, one word that is safe on any system."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from plugins.export_sftp.naming import ending, names, safe
from plugins.export_sftp.settings import SftpSettings
from tests.plugins.parcels import CANARY, PDF, parcel

GOOD = {"host": "sftp.example.com", "user": "acme", "password": "x"}
HOSTILE = st.one_of(
    st.text(),
    st.lists(
        st.sampled_from(
            ["..", "/", "\\", "\x00", "CON", "nul", ".", " ", "\u202e", "\ufeff", "COM1", "\r\n", "~", "é", "漢"]
        )
    ).map("".join),
)


@given(HOSTILE, st.sampled_from(["", ".pdf", ".xml"]))
@example("../../etc/passwd", "")
@example("CON", ".pdf")
@example("a" * 400, ".pdf")
@example("漢" * 400, ".pdf")
@example("", "")
@example("\x00", "")
def test_a_name_is_one_safe_word(stem: str, ending: str) -> None:
    name = safe(stem, ending)
    assert name and len(name.encode()) <= 180 and name.endswith(ending)
    assert not {*name} & {*'<>:"/\\|?*'}
    assert not [sign for sign in name if unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert name[0] not in ". ~" and name[-1] not in ". "
    assert name.partition(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}


@given(HOSTILE, HOSTILE)
def test_two_documents_never_get_one_name(one: str, other: str) -> None:
    same = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
    assert same or safe(one) != safe(other)


@given(st.from_regex(r"[A-Za-z0-9]{1,5}-[0-9]{4}-[0-9]{5}", fullmatch=True))
def test_an_ordinary_number_stays_as_it_is(number: str) -> None:
    assert safe(number, ".pdf") == f"{number}.pdf"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a.pdf", ".pdf"),
        ("a.b.XML", ".xml"),
        ("a", ""),
        ("a.", ""),
        ("a.p/f", ""),
        ("a.\u202epdf", ""),
        ("a." + "x" * 11, ""),
    ],
)
def test_the_ending_is_that_of_the_file_if_it_is_plain(name: str, found: str) -> None:
    assert ending(replace(PDF, name=name)) == found


def test_files_of_one_document_have_names_of_their_own() -> None:
    settings = SftpSettings.model_validate(GOOD | {"file_name": "{date} {type} {number} {key}"})
    files = (PDF, replace(PDF, name="b.pdf"), replace(PDF, name="B.PDF"), replace(PDF, name="c.xml"))
    found = names(parcel(settings, files=files, key="K"))
    stem = "2026-11-02 FAC FA-2026-00042 K"
    assert found == (f"{stem}.pdf", f"{stem}-2.pdf", f"{stem}-3.pdf", f"{stem}.xml")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", ""), ("host", "a b"), ("host", "127.1"), ("host", "x:22"), ("port", 0), ("port", 65536), ("user", ""),
        ("user", "a\nb"), ("fingerprint", "MD5:aa:bb"), ("fingerprint", "SHA256:short"), ("fingerprint", "AAAA*"),
        ("folder", ""), ("folder", "a\x00b"), ("file_name", ""), ("file_name", "{company}"),
        ("file_name", "../{number}"),
        ("file_name", "{number.real}"), ("file_name", "{number!r}"), ("file_name", "{number:>99999999}"),
        ("file_name", "{0}"), ("file_name", "{number"), ("file_name", "a\\{key}"), ("check", "none"), ("timeout", 0),
        ("timeout", 1201), ("overwrite", "perhaps"), ("agent", "yes"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_work_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        SftpSettings.model_validate(GOOD | {field: value})
    assert refused.value.errors()[0]["loc"] == (field,)


@pytest.mark.parametrize("given", [{"password": ""}, {"private_key": CANARY}])
def test_one_login_is_given_and_no_refusal_repeats_it(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refused:
        SftpSettings.model_validate(GOOD | {"password": CANARY} | given)
    assert CANARY not in str(refused.value)

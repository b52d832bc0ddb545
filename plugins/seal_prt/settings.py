"""What a company's seal is told. The private key is named, never written here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from plugins.seal_prt.codes import Level, Signed

_REFERENCE = re.compile(r"file:[^\x00-\x1f\x7f]+|env:[A-Za-z_][A-Za-z0-9_]*")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError("not a time zone; write one such as Europe/Lisbon or Atlantic/Azores") from error
    return name


def _reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        raise ValueError("write file:/path/of/the/key.pem or env:NAME_OF_A_VARIABLE, never the secret itself")
    return text


def _reference_or_blank(text: str) -> str:
    return _reference(text) if text else ""


_STRICT = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)


class SeriesSettings(BaseModel):
    """A series as the AT knows it."""

    model_config = _STRICT

    validation_code: str = Field(
        pattern=r"^[0-9A-Z]{8,40}$", description="what the AT answered when the series was communicated"
    )
    first: int = Field(default=1, ge=1, description="the first number that was communicated")


class TaxSettings(BaseModel):
    """Where a tax code stands in the QR code."""

    model_config = _STRICT

    region: str = Field(default="", pattern=r"^(PT|PT-AC|PT-MA|[A-Z]{2})?$", description="blank: the company's")
    level: Level | Literal[""] = Field(default="", description="blank: by category and rate")


class PortugueseSettings(BaseModel):
    """Settings of seal `prt`."""

    model_config = _STRICT

    certificate: str = Field(pattern=r"^[0-9]{1,4}$", description="number of the program's certificate, 0 if none")
    private_key: Annotated[str, AfterValidator(_reference)] = Field(
        description="PEM of the program's RSA key of 1024 bits: file:… or env:…"
    )
    passphrase: Annotated[str, AfterValidator(_reference_or_blank)] = Field(
        default="", description="of the private key, if it has one: file:… or env:…"
    )
    key_version: int = Field(default=1, ge=1, description="HashControl: which of the public keys it belongs to")
    public_keys: Mapping[int, str] = Field(min_length=1, description="PEM of every public key the AT was given")
    series: Mapping[str, SeriesSettings] = Field(
        default={}, description="by what a number says before its slash, such as `FT 2026A`"
    )
    types: Mapping[str, Signed] = Field(
        default={}, description="SAF-T code by invoice type, where neither its national_code nor its own code is one"
    )
    region: Literal["PT", "PT-AC", "PT-MA"] = Field(default="PT", description="fiscal space of taxes not listed below")
    taxes: Mapping[str, TaxSettings] = Field(default={}, description="by tax code, where region or level differ")
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(default="Europe/Lisbon", description="of SystemEntryDate")
    other: str = Field(default="", pattern=r"^[^*\x00-\x1f\x7f]{0,65}$", description="field S of the QR code")

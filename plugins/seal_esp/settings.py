"""What a company's seal is told. There is no secret in it: a hash needs no key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from plugins.seal_esp.fields import InvoiceKind


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError("not a time zone; write one such as Europe/Madrid or Atlantic/Canary") from error
    return name


class SpanishSettings(BaseModel):
    """Settings of seal `esp`."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    installation: Annotated[
        str,
        Field(
            min_length=1,
            max_length=100,
            pattern=r"^[!-~]( ?[!-~])*$",
            description="NumeroInstalacion, which tells this installation from others: it never changes",
        ),
    ]
    service: Literal["production", "test"] = Field(default="production", description="where the QR code leads to")
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(default="Europe/Madrid", description="of the records")
    types: Mapping[str, InvoiceKind] = Field(
        default={}, description="TipoFactura by invoice type, where the type's national_code does not say it"
    )

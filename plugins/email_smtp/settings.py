"""What a connection to an SMTP server is told."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from plugins.email_smtp.addresses import address, one_line

_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"({_LABEL}\.)*{_LABEL}\.?")


def _address(text: str) -> str:
    found = address(text)
    if found is None:
        raise ValueError("not an e-mail address; write one such as invoices@example.com")
    return found


def _address_or_blank(text: str) -> str:
    return _address(text) if text else ""


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        try:
            ip_address(text)
        except ValueError:
            raise ValueError("not a host name or IP address; write one such as mail.example.com, no port") from None
    return text


def _host_or_blank(text: str) -> str:
    return _host(text) if text else ""


def _name(text: str) -> str:
    if text != one_line(text):
        raise ValueError("line breaks, control signs, double spaces and more than 200 signs are not allowed")
    return text


class EmailSettings(BaseModel):
    """Settings of channel `email`."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    host: Annotated[str, AfterValidator(_host), Field(max_length=253, description="SMTP server")]
    port: int = Field(default=25, ge=1, le=65535, description="25 to a relay of your own, 587 for submission")
    sender_address: Annotated[str, AfterValidator(_address), Field(description="the mail's From; gets the bounces")]
    sender_name: Annotated[str, AfterValidator(_name)] = Field(default="", description="blank: the company's name")
    reply_to: Annotated[str, AfterValidator(_address_or_blank)] = Field(
        default="", description="where answers go; blank: to the sender"
    )
    starttls: Literal["none", "required"] = Field(
        default="required", description="required: nothing is sent before the server has proved its name over TLS"
    )
    timeout: float = Field(
        default=30, gt=0, le=600, description="seconds to connect, and again for the whole conversation"
    )
    local_hostname: Annotated[str, AfterValidator(_host_or_blank)] = Field(
        default="", max_length=253, description="our name in EHLO; blank: this machine's name, looked up each time"
    )

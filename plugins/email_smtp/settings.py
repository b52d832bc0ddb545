"""What a connection to an SMTP server is told."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

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


def _bounces(text: str) -> str:
    if len(text.partition("@")[0]) > 27:
        raise ValueError("the part before the @ takes a mark, so it has 27 signs at most")
    return _address_or_blank(text)


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

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    host: Annotated[
        str,
        AfterValidator(_host),
        Field(max_length=253, description="SMTP server; FACTOTUM_ALLOWED_NETWORKS allows one that is not public"),
    ]
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
    implicit_tls: bool = Field(default=False, description="TLS from the first sign on, usually port 465")
    user: Annotated[str, AfterValidator(_name)] = Field(
        default="", description="login; blank: the server asks for none"
    )
    password: SecretStr | None = Field(default=None, description="of `user`; only ever sent over TLS")
    bounce_address: Annotated[str, AfterValidator(_bounces)] = Field(
        default="", description="mail that comes back goes to bounce+<mark>@example.com; blank: to the sender, unmarked"
    )
    imap_host: Annotated[str, AfterValidator(_host_or_blank)] = Field(
        default="", max_length=253, description="where mail that comes back is read; blank: it is not"
    )
    imap_port: int = Field(default=993, ge=1, le=65535, description="993 with TLS, 143 with STARTTLS")
    imap_tls: Literal["implicit", "starttls", "none"] = Field(
        default="implicit", description="none: only within one machine or a closed network"
    )
    imap_user: Annotated[str, AfterValidator(_name)] = Field(default="", description="login of that mailbox")
    imap_password: SecretStr | None = Field(default=None, description="of `imap_user`")
    imap_folder: Annotated[str, AfterValidator(_name), Field(min_length=1)] = Field(
        default="INBOX", description="the folder mail comes back to"
    )
    imap_done: Annotated[str, AfterValidator(_name)] = Field(
        default="", description="folder to move it to once it is read; blank: it is left where it is"
    )

    @field_validator("password")
    @classmethod
    def _over_tls(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if password is not None and not info.data.get("user"):
            raise ValueError("a password without a user; give `user` too")
        if password is not None and not (info.data.get("implicit_tls") or info.data.get("starttls") == "required"):
            raise ValueError("a password is only sent over TLS; set starttls=required or implicit_tls=true")
        return password

    @field_validator("imap_password")
    @classmethod
    def _of_a_mailbox(cls, password: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if password is not None and not (info.data.get("imap_host") and info.data.get("imap_user")):
            raise ValueError("a password of no mailbox; give `imap_host` and `imap_user` too")
        return password

"""What a connection to an SMS gateway is told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from engine.spi import url_problem
from plugins.sms_http.phones import PREFIX, phone

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,80}")
_SIGNS = re.compile(r"[\x21-\x7e]{1,1000}")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,60}")
_SENDER = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ._&-]{1,11}|\+[1-9][0-9]{6,14}|[0-9]{3,8}|MG[0-9a-f]{32}")
PRESET_URLS = {
    "twilio": "https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json",
    "skebby": "https://api.skebby.it/API/v1.0/REST/sms",
}
PRESET_HEALTH = {
    "twilio": "https://api.twilio.com/2010-04-01/Accounts/{account}.json",
    "skebby": "https://api.skebby.it/API/v1.0/REST/status",
}


def _url(text: str) -> str:
    if text and (wrong := url_problem(text.replace("{account}", "x"), plain=True)):
        raise ValueError(wrong)
    return text


def _prefix(text: str) -> str:
    if not PREFIX.fullmatch(text):
        raise ValueError("a country's prefix is written like +39")
    return text


def _pairs(value: Any) -> Any:
    """As the command line gives it: `+39=Acme|Acme Srl, +=+15005550006`."""
    if not isinstance(value, str):
        return value
    return {name.strip(): held.strip() for name, _, held in (one.partition("=") for one in value.split(",")) if name}


def _senders(given: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Shape: {"+39": "Acme|Acme Srl"} -> {"+39": ("Acme", "Acme Srl")}"""
    found = {}
    for prefix, names in given.items():
        if prefix != "+":
            _prefix(prefix)
        several = tuple(one.strip() for one in (names.split("|") if isinstance(names, str) else names))
        if wrong := [one for one in several if not _SENDER.fullmatch(one)]:
            raise ValueError(
                f"{wrong[0]!r} is no sender: up to 11 letters and digits, a number like +39…, or a short code"
            )
        found[prefix] = several
    if not found:
        raise ValueError("name at least one sender, such as +39=Acme, or +=Acme for every country")
    return found


def _phones(value: Any) -> Any:
    return [one for one in re.split(r"[;,\n]", value) if one.strip()] if isinstance(value, str) else value


def _fields(given: dict[str, str]) -> dict[str, str]:
    if wrong := [name for name in given if not _FIELD.fullmatch(name)]:
        raise ValueError(f"{wrong[0]!r} is no name of a field")
    return given


Name = Annotated[str, Field(pattern=f"^{_FIELD.pattern}$")]


class SmsSettings(BaseModel):
    """Settings of channel `sms`."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    preset: Literal["twilio", "skebby", "custom"] = Field(
        description="the gateway; custom: any that takes one POST per message"
    )
    url: Annotated[str, AfterValidator(_url), Field(max_length=2000)] = Field(
        default="", description="where messages are posted; blank: the preset's"
    )
    health_url: Annotated[str, AfterValidator(_url), Field(max_length=2000)] = Field(
        default="", description="what a test reads; blank: the preset's. Custom without one: the login is not tried"
    )
    user: str = Field(default="", max_length=200, pattern=r"^[\x21-\x39\x3b-\x7e]*$",
                      description="Twilio's account SID or API key, Skebby's user_key")  # fmt: skip
    account: str = Field(default="", pattern=r"^[A-Za-z0-9]*$", description="Twilio: when user is an API key")
    secret: SecretStr = Field(description="Twilio's auth token, Skebby's access token, a password or key")
    senders: Annotated[dict[str, tuple[str, ...]], BeforeValidator(lambda given: _senders(_pairs(given)))] = Field(
        description="who may be shown as sender, by the recipient's prefix: +39=Acme|Acme Srl, +=Acme for all others"
    )
    prefix: Annotated[str, AfterValidator(_prefix)] = Field(
        description="of numbers written without a country, such as +39"
    )
    recipients: Annotated[tuple[str, ...], BeforeValidator(_phones)] = Field(
        default=(), max_length=20, description="who gets every message too, such as +39 333 1234567"
    )
    most_segments: int = Field(default=3, ge=1, le=10, description="a text that takes more messages is refused")
    quality: Literal["GP", "TI", "SI"] = Field(
        default="TI", description="Skebby: GP classic plus, TI classic, SI basic"
    )
    body: Literal["form", "json"] = Field(default="json", description="custom: how the request is written")
    login: Literal["basic", "bearer", "header"] = Field(default="bearer", description="custom")
    login_header: str = Field(default="X-Api-Key", pattern=f"^{_NAME.pattern}$", description="custom, for login header")
    to_field: Name = Field(default="to", description="custom: the field of the number")
    sender_field: Name = Field(default="from", description="custom: the field of the sender")
    text_field: Name = Field(default="text", description="custom: the field of the text")
    more_fields: Annotated[dict[str, str], BeforeValidator(_pairs), AfterValidator(_fields)] = Field(
        default={}, description="custom: further fields, none of them secret: type=text"
    )
    reference: str = Field(
        default="id", pattern=r"^[\w.-]*$", max_length=80, description="custom: where in the answer their id is"
    )
    plain_http: bool = Field(
        default=False, description="let http without TLS through; to networks the installation allows, no others"
    )
    timeout: float = Field(default=30, gt=0, le=300, description="seconds for all messages of a hand-over together")

    @model_validator(mode="after")
    def _fits(self) -> SmsSettings:
        if self.preset == "custom" and not self.url:
            raise ValueError("preset custom needs a url")
        if self.preset == "twilio" and not re.fullmatch(r"AC[0-9a-f]{32}", self.account or self.user):
            raise ValueError("Twilio's account SID is AC and 32 digits and letters a to f")
        if (self.preset != "custom" or self.login == "basic") and not self.user:
            raise ValueError("user is missing")
        if not _SIGNS.fullmatch(self.secret.get_secret_value()):
            raise ValueError("secret is missing, or holds a sign no header may hold")
        if not self.plain_http and any(one.startswith("http:") for one in (self.url, self.health_url)):
            raise ValueError("http without TLS; write https, or set plain_http")
        if bad := [one for one in self.recipients if phone(one, self.prefix) is None]:
            raise ValueError(f"{bad[0]!r} is no phone number")
        return self

    @property
    def send_url(self) -> str:
        return (self.url or PRESET_URLS[self.preset]).replace("{account}", self.account or self.user)

    @property
    def test_url(self) -> str:
        """Blank when nothing can be read there."""
        found = self.health_url or ("" if self.url else PRESET_HEALTH.get(self.preset, ""))
        return found.replace("{account}", self.account or self.user)

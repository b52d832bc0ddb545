"""What a connection to a web address is told."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from engine.spi import url_problem

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,80}")
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,998}[\x21-\x7e])?")
_OURS = frozenset(
    "host content-length content-type content-disposition content-digest transfer-encoding connection keep-alive te "
    "trailer upgrade expect authorization proxy-authorization cookie accept-encoding idempotency-key x-connector-test "
    "webhook-id webhook-timestamp webhook-signature".split()
)


def _url(text: str) -> str:
    if text and (wrong := url_problem(text, plain=True)):
        raise ValueError(wrong)
    return text


def _header_name(text: str) -> str:
    if not _NAME.fullmatch(text) or text.lower() in _OURS:
        raise ValueError(f"{text!r} is no header that can be set here")
    return text


def _listed(value: Any) -> Any:
    """As the command line gives it: `200, 201`, or a header per line; JSON gives lists and objects."""
    return [one.strip() for one in value.replace(",", " ").split()] if isinstance(value, str) else value


def _by_line(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    rows = [row.partition(":") for row in value.splitlines() if row.strip()]
    return {name.strip(): held.strip() for name, _, held in rows}


def _headers(given: dict[str, str]) -> dict[str, str]:
    for name, value in given.items():
        _header_name(name)
        if not _VALUE.fullmatch(value):
            raise ValueError(f"header {name} holds a sign no header may hold, or nothing")
    if len({name.lower() for name in given}) < len(given):
        raise ValueError("a header is written twice")
    return given


def _statuses(given: tuple[int, ...]) -> tuple[int, ...]:
    if not given or not all(200 <= one <= 299 or one == 409 for one in given):
        raise ValueError("statuses that mean `taken` are 200 to 299, and 409 where that means `there already`")
    return given


def _certificate(text: str) -> str:
    import ssl

    if text:
        try:
            ssl.create_default_context(cadata=text)
        except (ssl.SSLError, ValueError):
            raise ValueError("no certificate in PEM form") from None
    return text


class HttpSettings(BaseModel):
    """Settings of channel `http`."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(_url), Field(min_length=1, max_length=2000, description="where to send it")]
    method: Literal["POST", "PUT"] = Field(default="POST", description="how it is sent")
    body: Literal["json", "file", "multipart"] = Field(
        default="json",
        description="json: an envelope with the files in base64; file: the one file as it is; multipart: both",
    )
    login: Literal["none", "basic", "bearer", "api_key", "signature"] = Field(
        default="none", description="signature: HMAC-SHA256 over id.timestamp.body, as of standardwebhooks.com"
    )
    user: str = Field(default="", max_length=200, description="for basic")
    secret: SecretStr = Field(default=SecretStr(""), description="password, token, API key, or key of the signature")
    login_header: Annotated[str, AfterValidator(_header_name)] = Field(
        default="X-Api-Key", description="the header an API key goes into"
    )
    headers: Annotated[dict[str, str], BeforeValidator(_by_line), AfterValidator(_headers)] = Field(
        default={}, description="more headers, none of them secret; on the command line one per line, Name: value"
    )
    expected: Annotated[tuple[int, ...], BeforeValidator(_listed), AfterValidator(_statuses)] = Field(
        default=(200, 201, 202, 204), description="answers that mean it was taken"
    )
    answer: Literal["any", "json"] = Field(default="any", description="json: any other answer is refused")
    reference: str = Field(
        default="", max_length=80, pattern=r"^[\w.-]*$",
        description="where in a JSON answer their name for the document is, such as data.id",
    )  # fmt: skip
    drops_twins: bool = Field(
        default=False, description="the receiver honours Idempotency-Key: the same key twice is taken once"
    )
    health_url: Annotated[str, AfterValidator(_url), Field(max_length=2000)] = Field(
        default="", description="what a test reads; blank: it sends a probe with X-Connector-Test: 1 to the address"
    )
    plain_http: bool = Field(
        default=False, description="let http without TLS through; to networks the installation allows, no others"
    )
    trusted_certificate: Annotated[str, AfterValidator(_certificate)] = Field(
        default="", description="in PEM: trust this authority, and no other; blank: those of this machine"
    )
    timeout: float = Field(default=30, gt=0, le=600, description="seconds for the whole of a hand-over")

    @model_validator(mode="after")
    def _fits(self) -> HttpSettings:
        plain = [one for one in (self.url, self.health_url) if one.startswith("http:")]
        if plain and not self.plain_http:
            raise ValueError(f"{plain[0]} is http without TLS; write https, or set plain_http")
        secret = self.secret.get_secret_value()
        if self.login != "none" and not secret:
            raise ValueError(f"login {self.login} needs a secret")
        if self.login in ("bearer", "api_key") and not _VALUE.fullmatch(secret):
            raise ValueError("the secret holds a sign no header may hold")
        if self.login == "basic" and (":" in self.user or not self.user.isprintable()):
            raise ValueError("the user of login basic holds no colon and no control sign")
        if self.login == "signature" and secret.startswith("whsec_"):
            from base64 import b64decode

            try:
                b64decode(secret.removeprefix("whsec_"), validate=True)
            except ValueError:
                raise ValueError("what follows whsec_ is no base64") from None
        return self

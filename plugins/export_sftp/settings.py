"""What a connection to an SFTP server is told."""

from __future__ import annotations

import re
from base64 import b64decode
from hashlib import sha256
from string import Formatter
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from engine.spi import ConfigError, host_of

PARTS = ("number", "date", "type", "company", "key")
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")


def _host(text: str) -> str:
    try:
        return host_of(text)
    except ConfigError as wrong:
        raise ValueError(wrong.reason) from None


def _plain(text: str) -> str:
    if not text.isprintable():
        raise ValueError("control signs are not allowed")
    return text


def _pattern(text: str) -> str:
    try:
        found = [(name, form, turn) for _, name, form, turn in Formatter().parse(text) if name is not None]
    except ValueError:
        raise ValueError("a brace is not closed") from None
    if any(name not in PARTS or form or turn for name, form, turn in found):
        raise ValueError(f"a name is made of {', '.join(f'{{{name}}}' for name in PARTS)} and plain text")
    if not {"number", "key"} & {name for name, _, _ in found}:
        raise ValueError("without {number} or {key} every document would have the same name")
    if "/" in text or "\\" in text:
        raise ValueError("a name holds no folder; set folder")
    return _plain(text)


def _fingerprints(text: str) -> str:
    """Each as `SHA256:…`, or a key line as a known_hosts file has it; kept as fingerprints."""
    found = []
    for one in re.split(r"[,\n]", text):
        if pin := one.strip():
            found.append(pin.rstrip("=") if _FINGERPRINT.fullmatch(pin) else _of_line(pin))
    return ", ".join(dict.fromkeys(found))


def _of_line(line: str) -> str:
    """Shape: "[host] ssh-ed25519 AAAA… [comment]" -> "SHA256:…"."""
    for word in line.split():
        if word.startswith("AAAA"):
            try:
                digest = sha256(b64decode(word, validate=True)).digest()
            except ValueError:
                break
            from base64 import b64encode

            return f"SHA256:{b64encode(digest).decode().rstrip('=')}"
    raise ValueError("write the fingerprint as SHA256:…, or the key's line as ssh-keyscan prints it")


class SftpSettings(BaseModel):
    """Settings of channel `sftp`."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)

    host: Annotated[str, AfterValidator(_host), Field(description="SFTP server")]
    port: int = Field(default=22, ge=1, le=65535, description="of the server")
    user: Annotated[str, AfterValidator(_plain), Field(min_length=1, max_length=200, description="who logs in")]
    password: SecretStr = Field(default=SecretStr(""), description="blank when there is a private key")
    private_key: SecretStr = Field(default=SecretStr(""), description="the text of the key, in PEM or OpenSSH form")
    passphrase: SecretStr = Field(default=SecretStr(""), description="of the private key")
    fingerprint: Annotated[str, AfterValidator(_fingerprints)] = Field(
        default="",
        description="SHA256:… of the server's key, or the key's line; more than one with commas; a test tells it",
    )
    folder: Annotated[str, AfterValidator(_plain)] = Field(
        default=".", min_length=1, max_length=1000, description="where files go; it has to be there"
    )
    file_name: Annotated[str, AfterValidator(_pattern)] = Field(
        default="{company}-{number}", max_length=120, description="of {number}, {date}, {type}, {company}, {key}"
    )
    overwrite: bool = Field(default=False, description="replace a file of this name that holds something else")
    check: Literal["content", "size"] = Field(
        default="content", description="content: each file is read back and compared; size: for folders nobody may read"
    )
    timeout: float = Field(default=60, gt=0, le=1200, description="seconds for the whole of a hand-over")

    @model_validator(mode="after")
    def _fits(self) -> SftpSettings:
        if bool(self.password.get_secret_value()) == bool(self.private_key.get_secret_value()):
            raise ValueError("give a password or a private key, and not both")
        return self

    @property
    def pins(self) -> tuple[str, ...]:
        return tuple(self.fingerprint.split(", ")) if self.fingerprint else ()

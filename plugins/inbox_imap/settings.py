"""What a connection to a mailbox is told, and which mail it lets in."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator


class MailboxSettings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(description="IMAP server", min_length=1)
    port: int = Field(993, ge=1, le=65535)
    tls: Literal["implicit", "starttls", "none"] = Field("implicit", description="How the line is encrypted")
    user: str = Field(description="Login")
    password: SecretStr = Field(SecretStr(""), description="Password, or an app password")
    folder: str = Field("INBOX", description="Where mail arrives")
    subject_code: str = Field("", max_length=100, description="Mail whose subject holds this is taken")
    trusted_senders: tuple[str, ...] = Field(
        (), description="Mail from these is taken: ada@example.com, or @example.com for all of a domain"
    )
    both: bool = Field(False, description="A mail needs the code and a trusted sender, not one of the two")
    after: Literal["move", "flag"] = Field("move", description="What is done with a mail that was taken in")
    taken: str = Field("Taken", min_length=1, description="Folder of mail that was taken, with `move`")
    refused: str = Field("Refused", min_length=1, description="Folder of mail that was refused, with `move`")
    timeout: int = Field(30, ge=1, le=300, description="Seconds to wait for an answer")

    @field_validator("trusted_senders", mode="before")
    @classmethod
    def in_one_text(cls, given: object) -> object:
        """From a command line they come in one text, with commas."""
        return tuple(one.strip() for one in given.split(",") if one.strip()) if isinstance(given, str) else given

    @model_validator(mode="after")
    def lets_in_somebody(self) -> MailboxSettings:
        if not (self.subject_code or self.trusted_senders):
            raise ValueError("give a subject_code or trusted_senders: else anybody's mail would be taken")
        if self.both and not (self.subject_code and self.trusted_senders):
            raise ValueError("both wants a subject_code and trusted_senders")
        if any("@" not in one for one in self.trusted_senders):
            raise ValueError("a trusted sender is an address, or @ and a domain")
        return self

    def lets_in(self, sender: str, subject: str) -> bool:
        """Whether a mail is taken. A sender can be forged: with `both` a code is asked for as well."""
        coded = bool(self.subject_code) and self.subject_code.casefold() in subject.casefold()
        address = sender.casefold()
        trusted = any(
            address.endswith(one.casefold()) if one.startswith("@") else address == one.casefold()
            for one in self.trusted_senders
        )
        return coded and trusted if self.both else coded or trusted

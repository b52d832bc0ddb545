"""A setting that is refused is told in words of people, without what it holds."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from engine.outbox.words import wrong_settings


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    host: str
    port: int = Field(25, ge=1, le=65535)
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    again: bool = False
    folder: Path = Path()
    password: SecretStr | None = None

    @field_validator("host")
    @classmethod
    def _known(cls, host: str) -> str:
        if " " in host:
            raise ValueError("a host holds no blank")
        return host


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        ({}, "host", "it is needed"),
        ({"host": "a", "hots": "b"}, "hots", "there is no such setting; did you mean 'host'?"),
        ({"host": "a", "port": "a canary"}, "port", "a whole number is wanted, such as 25"),
        ({"host": "a", "port": "70000"}, "port", "at most 65535"),
        ({"host": "a", "port": "0"}, "port", "at least 1"),
        ({"host": "a", "tls": "a canary"}, "tls", "write one of 'implicit', 'starttls', 'none'"),
        ({"host": "a", "again": "a canary"}, "again", "write yes or no"),
        ({"host": "a canary"}, "host", "a host holds no blank"),
        ({"host": 7}, "host", "a text is wanted"),
        ({"host": "a", "folder": 7}, "folder", "the path of a file or folder is wanted"),
    ],
)
def test_what_is_wrong_is_said_plainly(given: dict[str, object], field: str, words: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        Settings.model_validate(given)
    assert wrong_settings(wrong.value, Settings.model_fields) == [(field, words)]
    assert "canary" not in words
